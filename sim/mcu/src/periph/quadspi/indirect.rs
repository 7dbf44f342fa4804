//! Indirect mode: firmware gives and takes the data through the FIFO. Automatic polling: the QUADSPI reads a status by itself.

use super::bits::{Cr, Mode, Sr};
use super::link::Link;
use super::{BYTE, OVER, POLL, QuadSpi, State};
use crate::Picos;
use crate::nor::Lines;
use crate::periph::Cx;
use crate::sched::EventId;

/// DLR that means: to the end of the device.
const TO_THE_END: u32 = u32::MAX;

/// A command with its data under way.
#[derive(Clone, Debug)]
pub(super) struct Transfer {
    link: Link,
    lines: Lines,
    /// Bytes that are not through yet.
    left: u64,
    /// To the device: the byte that is on the lines.
    sending: Option<u8>,
    /// The byte on the lines is through then; `None`: the clock stands, the FIFO is full or empty.
    event: Option<EventId>,
}

impl QuadSpi {
    /// Firmware has written all that the command needs.
    pub(super) fn start(&mut self, cx: &mut Cx<'_>) {
        let (size, with_address) = (super::bits::fsize(self.dcr), self.ccr.address_lines());
        if with_address.is_some() && u64::from(self.ar) >= size {
            self.flags.insert(Sr::TEF);
            return;
        }
        self.fifo.clear_if(self.ccr.mode() != Mode::IndirectWrite);
        if self.ccr.mode() == Mode::AutomaticPolling {
            self.poll(cx);
            return;
        }
        let link = self.begin(cx, self.ar);
        let Some(lines) = self.ccr.data_lines() else {
            self.state = State::Closing(link, cx.schedule(link.now(), OVER));
            return;
        };
        let left = match self.dlr {
            TO_THE_END => size.saturating_sub(self.ar.into()),
            length => u64::from(length) + 1,
        };
        self.state = State::Transfer(Transfer {
            link,
            lines,
            left,
            sending: None,
            event: None,
        });
        self.go_on(cx);
    }

    /// Lets the clock run, if the FIFO allows it.
    pub(super) fn go_on(&mut self, cx: &mut Cx<'_>) {
        let writes = self.ccr.mode() == Mode::IndirectWrite;
        let State::Transfer(t) = &mut self.state else {
            return;
        };
        if t.event.is_some() {
            return;
        }
        if writes {
            t.sending = self.fifo.pop();
            if t.sending.is_none() {
                return;
            }
        } else if self.fifo.free() == 0 {
            return;
        }
        t.link.resume(cx.time);
        t.event = Some(cx.schedule(t.link.after(1, t.lines), BYTE));
    }

    /// A byte is through.
    pub(super) fn byte_through(&mut self, cx: &mut Cx<'_>) {
        let State::Transfer(mut t) = self.state.clone() else {
            return;
        };
        t.event = None;
        match t.sending.take() {
            Some(byte) => self.send(cx, &mut t.link, byte.into(), 8, t.lines),
            None => {
                let byte = self.receive(cx, &mut t.link, t.lines);
                self.fifo.push(byte);
            }
        }
        t.left = t.left.saturating_sub(1);
        if t.left == 0 {
            self.close(cx, &t.link);
        } else {
            self.state = State::Transfer(t);
            self.go_on(cx);
        }
    }

    /// The command is through: chip select rises.
    pub(super) fn close(&mut self, cx: &mut Cx<'_>, link: &Link) {
        self.release(cx, link, cx.time);
        self.state = State::Idle;
        self.flags.insert(Sr::TCF);
    }

    /// When DR will hold `count` bytes that a running read brings; `None` if it does or never will.
    pub(super) fn data_at(&self, count: usize) -> Option<Picos> {
        let State::Transfer(t) = &self.state else {
            return None;
        };
        let missing = (count.saturating_sub(self.fifo.len()) as u64).min(t.left);
        let reads = self.ccr.mode() == Mode::IndirectRead;
        (reads && missing > 0 && t.event.is_some()).then(|| t.link.after(missing, t.lines))
    }

    /// When there is room for `count` more bytes that a running write makes; `None` if there is or never will be.
    pub(super) fn room_at(&self, count: usize) -> Option<Picos> {
        let State::Transfer(t) = &self.state else {
            return None;
        };
        let missing = count.saturating_sub(self.fifo.free()) as u64;
        (missing > 0 && t.event.is_some()).then(|| t.link.after(missing, t.lines))
    }

    /// Reads the status once: its data is there at the event.
    pub(super) fn poll(&mut self, cx: &mut Cx<'_>) {
        let mut link = self.begin(cx, self.ar);
        let mut status = 0;
        if let Some(lines) = self.ccr.data_lines() {
            for n in 0..self.dlr.min(3) + 1 {
                status |= u32::from(self.receive(cx, &mut link, lines)) << (8 * n);
            }
        }
        let over = link.now();
        self.release(cx, &link, over);
        self.state = State::Polling {
            link,
            status: Some(status),
            event: cx.schedule(over, POLL),
        };
    }

    /// The status is there, or it is time to read it again.
    pub(super) fn polled(&mut self, cx: &mut Cx<'_>, link: Link, status: Option<u32>) {
        let Some(status) = status else {
            self.poll(cx);
            return;
        };
        self.fifo.clear();
        for n in 0..self.dlr.min(3) + 1 {
            self.fifo.push((status >> (8 * n)) as u8);
        }
        self.flags.insert(Sr::FTF);
        let different = (status ^ self.psmar) & self.psmkr;
        let matches = if self.cr.contains(Cr::PMM) {
            different != self.psmkr
        } else {
            different == 0
        };
        if matches {
            self.flags.insert(Sr::SMF);
            if self.cr.contains(Cr::APMS) {
                self.state = State::Idle;
                return;
            }
        }
        let again = (cx.time + link.span(self.pir.into())).max(self.free_at);
        self.state = State::Polling {
            link,
            status: None,
            event: cx.schedule(again, POLL),
        };
    }

    /// Everything stops: chip select rises, the FIFO is empty.
    pub(super) fn stop(&mut self, cx: &mut Cx<'_>) {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Idle => {}
            State::Closing(link, event) | State::Polling { link, event, .. } => {
                cx.cancel(event);
                self.release(cx, &link, cx.time);
            }
            State::Transfer(t) => {
                if let Some(event) = t.event {
                    cx.cancel(event);
                }
                self.release(cx, &t.link, cx.time);
            }
            State::Mapped(stream) => {
                if let Some(stream) = stream {
                    self.end_stream(cx, stream, cx.time);
                }
            }
        }
        self.fifo.clear();
        if self.ccr.mode() == Mode::MemoryMapped && self.cr.contains(Cr::EN) {
            self.state = State::Mapped(None);
        }
    }
}
