//! Who is at a port: a state machine of the wire whose input and output are a pseudo-terminal.
//!
//! | behaviour | source | test |
//! |---|---|---|
//! | input is looked for every [`PERIOD`], and then so much is taken that the line has two periods' work: a client that writes faster is held back by the terminal, as by an adapter | adapters have small FIFOs \[M\] | `tests/serve.rs`: `a_client_sends_and_hears` |
//! | a character of the chip that cannot be understood arrives as 0 | what the bits would be is not decoded \[D\] | `garbage_is_a_zero` |

use std::sync::{Arc, Mutex, MutexGuard};

use flashstall_mcu::wire::{CanFrame, LineFormat, Orders, Peer, PeerAccount, PeerEvent};
use flashstall_mcu::{Hertz, Picos};

use super::pace::Pacer;
use super::pty::Pty;
use super::slcan::Slcan;
use crate::scenario::file::{ChunkTable, FrameTable, ScenarioFile};
use crate::scenario::{Rate, Time};

/// From one look for input to the next: half a millisecond, but for a bit that keeps these events apart from all that happens at round times.
pub(super) const PERIOD: Picos = Picos(499_999_793);

/// What a terminal and its line have in common.
#[derive(Debug)]
struct Line {
    pty: Arc<Pty>,
    pacer: Arc<Pacer>,
    /// The line has work until then.
    free: Picos,
    notes: Vec<String>,
}

impl Line {
    fn new(pty: &Arc<Pty>, pacer: &Arc<Pacer>) -> Self {
        Self {
            pty: Arc::clone(pty),
            pacer: Arc::clone(pacer),
            free: Picos::ZERO,
            notes: Vec::new(),
        }
    }

    /// `busy` more picoseconds of work from `at` on.
    fn add(&mut self, at: Picos, busy: Picos) {
        self.free = self.free.max(at) + busy;
        self.pacer.busy(self.free);
    }

    /// How much time of work the line should be given at `at`.
    fn want(&self, at: Picos) -> Picos {
        Picos((at.0 + 2 * PERIOD.0).saturating_sub(self.free.0))
    }
}

/// A UART line.
#[derive(Clone, Debug)]
pub(super) struct LiveUart(Arc<Mutex<Uart>>);

#[derive(Debug)]
struct Uart {
    line: Line,
    format: LineFormat,
    /// The rate that the client has set counts.
    honoured: bool,
    /// Its rate was looked at when it sent its first byte.
    settled: bool,
    /// Bytes that were taken, by the time.
    taken: Vec<(Picos, Vec<u8>)>,
}

impl LiveUart {
    pub(super) fn new(
        pty: &Arc<Pty>,
        pacer: &Arc<Pacer>,
        format: LineFormat,
        honoured: bool,
    ) -> Self {
        Self(Arc::new(Mutex::new(Uart {
            line: Line::new(pty, pacer),
            format,
            honoured,
            settled: false,
            taken: Vec::new(),
        })))
    }
}

impl Uart {
    fn look(&mut self, at: Picos, orders: &mut Orders<u8>) {
        orders.timer = Some(Some(PERIOD));
        self.line.pacer.hold(at);
        // Something may be kept from when the client did not read.
        self.line.pty.write(&[]);
        let character = self.format.characters(1);
        let room = (self.line.want(at).0 / character.0.max(1)) as usize;
        if room == 0 {
            return;
        }
        let bytes = self.line.pty.read(room);
        if bytes.is_empty() {
            return;
        }
        if !self.settled {
            self.settle(orders);
        }
        orders.send.clone_from(&bytes);
        // What comes while the line is busy follows back to back, so it belongs to the chunk before.
        match self.taken.last_mut() {
            Some((_, chunk)) if at < self.line.free => chunk.extend(bytes),
            _ => self.taken.push((at, bytes)),
        }
        let count = orders.send.len() as u64;
        self.line.add(at, self.format.characters(count));
    }

    /// The client has sent its first byte: what rate is it?
    fn settle(&mut self, orders: &mut Orders<u8>) {
        self.settled = true;
        let Some(speed) = self.line.pty.speed().filter(|s| *s > 0) else {
            return;
        };
        let theirs = Hertz::new(u64::from(speed));
        if self.honoured {
            self.format.bit_rate = theirs;
            orders.bit_rate = Some(theirs);
        } else if !near(theirs, self.format.bit_rate) {
            self.line.notes.push(format!(
                "the client has set {speed} baud; the line runs at {} (--speed client honours what it sets)",
                self.format.bit_rate
            ));
        }
    }
}

impl Peer<u8, u8> for LiveUart {
    fn event(&mut self, at: Picos, event: PeerEvent<u8>, orders: &mut Orders<u8>) {
        let mut uart = lock(&self.0);
        match event {
            PeerEvent::Start | PeerEvent::TimeOut => uart.look(at, orders),
            PeerEvent::Heard(byte) => uart.line.pty.write(&[byte]),
            PeerEvent::Garbled => uart.line.pty.write(&[0]),
            PeerEvent::Sent => {}
        }
    }

    fn account(&self) -> PeerAccount {
        PeerAccount::default()
    }

    /// A copy shares the terminal: a served machine is not forked.
    fn boxed_clone(&self) -> Box<dyn Peer<u8, u8>> {
        Box::new(self.clone())
    }
}

/// A node on a CAN bus that speaks slcan with its client.
#[derive(Clone, Debug)]
pub(super) struct LiveCan(Arc<Mutex<Can>>);

#[derive(Debug)]
struct Can {
    line: Line,
    slcan: Slcan,
    bit_rate: Hertz,
    taken: Vec<(Picos, CanFrame)>,
}

impl LiveCan {
    pub(super) fn new(pty: &Arc<Pty>, pacer: &Arc<Pacer>, bit_rate: Hertz) -> Self {
        Self(Arc::new(Mutex::new(Can {
            line: Line::new(pty, pacer),
            slcan: Slcan::new(bit_rate),
            bit_rate,
            taken: Vec::new(),
        })))
    }
}

impl Can {
    fn look(&mut self, at: Picos, orders: &mut Orders<CanFrame>) {
        /// Bytes of text at a time: more than a bus at 1 Mbit/s carries frames in two periods.
        const ROOM: usize = 1024;
        orders.timer = Some(Some(PERIOD));
        self.line.pacer.hold(at);
        self.line.pty.write(&[]);
        if self.line.want(at) == Picos::ZERO {
            return;
        }
        let text = self.line.pty.read(ROOM);
        let answer = self.slcan.take(&text);
        self.line.pty.write(&answer.text);
        for frame in answer.frames {
            let bits = u64::from(frame.bits().to_idle());
            self.line.add(at, self.bit_rate.periods(bits));
            self.taken.push((at, frame));
            orders.send.push(frame);
        }
    }
}

impl Peer<CanFrame, CanFrame> for LiveCan {
    fn event(&mut self, at: Picos, event: PeerEvent<CanFrame>, orders: &mut Orders<CanFrame>) {
        let mut can = lock(&self.0);
        match event {
            PeerEvent::Start | PeerEvent::TimeOut => can.look(at, orders),
            PeerEvent::Heard(frame) => {
                let text = can.slcan.tell(&frame, at);
                can.line.pty.write(&text);
            }
            PeerEvent::Sent | PeerEvent::Garbled => {}
        }
    }

    fn account(&self) -> PeerAccount {
        PeerAccount::default()
    }

    /// As for a UART.
    fn boxed_clone(&self) -> Box<dyn Peer<CanFrame, CanFrame>> {
        Box::new(self.clone())
    }
}

/// Would ends with these rates understand each other?
pub(super) fn near(one: Hertz, other: Hertz) -> bool {
    /// In parts of a hundred.
    const APART: u64 = 2;
    let (one, other) = (one.whole(), other.whole());
    one.abs_diff(other) * 100 <= other * APART
}

/// A state that nobody else holds; one that a panic left behind is as good.
fn lock<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// A port that is served, from outside.
pub(super) enum Port {
    /// A UART, and its wire's name.
    Uart(String, LiveUart),
    /// A CAN bus, and its wire's name.
    Can(String, LiveCan),
}

impl Port {
    pub(super) fn uart(name: &str, live: &LiveUart) -> Self {
        Self::Uart(name.to_owned(), live.clone())
    }

    pub(super) fn can(name: &str, live: &LiveCan) -> Self {
        Self::Can(name.to_owned(), live.clone())
    }

    /// What a user should know.
    pub(super) fn notes(&self) -> Vec<String> {
        let tell = |name: &str, line: &Line, units: String| {
            let pty = &line.pty;
            let mut notes = vec![format!("{name}: opened {}, {units}", times(pty.clients()))];
            if pty.dropped() > 0 {
                notes.push(format!(
                    "{name}: {} bytes for the client were dropped: nobody took them",
                    pty.dropped()
                ));
            }
            notes.extend(line.notes.iter().map(|n| format!("{name}: {n}")));
            notes
        };
        match self {
            Self::Uart(name, live) => {
                let uart = lock(&live.0);
                let count: usize = uart.taken.iter().map(|(_, bytes)| bytes.len()).sum();
                tell(name, &uart.line, format!("{count} bytes came"))
            }
            Self::Can(name, live) => {
                let can = lock(&live.0);
                let mut notes = tell(name, &can.line, format!("{} frames came", can.taken.len()));
                notes.extend(can.slcan.notes().map(|n| format!("{name}: {n}")));
                notes
            }
        }
    }

    /// Writes what came into the wire of `file`.
    pub(super) fn record(&self, file: &mut ScenarioFile) {
        let (Self::Uart(name, _) | Self::Can(name, _)) = self;
        let Some(wire) = file.wire.iter_mut().find(|w| w.name.value == *name) else {
            return;
        };
        let traffic = &mut wire.traffic.value;
        match self {
            Self::Uart(_, live) => {
                let uart = lock(&live.0);
                let chunks = uart.taken.iter().map(|(at, bytes)| ChunkTable {
                    at: Time(*at).into(),
                    hex: hex(bytes).into(),
                });
                traffic.chunks = Some(chunks.collect::<Vec<_>>().into());
                if uart.honoured && uart.settled {
                    wire.baud = Some(Rate(uart.format.bit_rate.whole() as u32).into());
                    wire.clock_error = None;
                }
            }
            Self::Can(_, live) => {
                let can = lock(&live.0);
                let frames = can
                    .taken
                    .iter()
                    .map(|(at, frame)| FrameTable::of(*at, frame));
                traffic.frames = Some(frames.collect::<Vec<_>>().into());
            }
        }
    }
}

fn times(count: u64) -> String {
    match count {
        0 => "by nobody".to_owned(),
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        n => format!("{n} times"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::sync::atomic::AtomicBool;

    use flashstall_mcu::wire::Parity;

    use super::super::pace::Pace;
    use super::*;

    #[test]
    fn garbage_is_a_zero_and_nobody_hears_what_is_said_before_he_comes() {
        let pty = Arc::new(Pty::open(None).unwrap());
        let pacer = Arc::new(Pacer::new(Pace::Fast, Arc::new(AtomicBool::new(false))));
        let format = LineFormat {
            bit_rate: Hertz::new(115_200),
            data_bits: 8,
            parity: Parity::None,
            stop_halves: 2,
        };
        let mut live = LiveUart::new(&pty, &pacer, format, false);
        let mut orders = Orders::default();
        live.event(Picos::ZERO, PeerEvent::Heard(7), &mut orders);
        assert_eq!((pty.dropped(), pty.clients()), (1, 0));
        let mut client = std::fs::File::open(pty.describe()).unwrap();
        live.event(Picos::ZERO, PeerEvent::Heard(9), &mut orders);
        live.event(Picos::ZERO, PeerEvent::Garbled, &mut orders);
        let mut heard = [0xFF; 2];
        client.read_exact(&mut heard).unwrap();
        assert_eq!(heard, [9, 0]);
        assert_eq!((pty.dropped(), pty.clients()), (1, 1));
        drop(client);
        assert!(!pty.is_open());
        let _again = std::fs::File::open(pty.describe()).unwrap();
        assert!(pty.is_open());
        assert_eq!(pty.clients(), 2);
    }
}
