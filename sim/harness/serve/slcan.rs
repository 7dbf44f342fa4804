//! The serial-line protocol of CAN adapters (LAWICEL), as `slcand`, python-can and most tools speak it.
//!
//! | command | meaning | answer | source |
//! |---|---|---|---|
//! | `Sn` | bit rate: 10, 20, 50, 100, 125, 250, 500, 800 kbit/s, 1 Mbit/s for n = 0 … 8 | CR; the bus keeps the scenario's rate, another one is told at the end | LAWICEL CAN232 manual \[M\], can.md |
//! | `O`, `L`, `C` | open, listen only, close | CR | same |
//! | `tIIILDD…`, `TIIIIIIIILDD…` | send a data frame, 11 or 29 bits | `z` CR, `Z` CR | same |
//! | `rIIIL`, `RIIIIIIIIL` | send a remote frame | `z` CR, `Z` CR | same |
//! | `V`, `v`, `N` | version, serial number | `V1013` CR, `vflsh` CR, `NF5T0` CR | same |
//! | `F` | status flags | `F00` CR | same |
//! | `Zn` | time stamps on received frames | CR | same |
//! | anything else, and frames while closed | | BEL | same |
//!
//! A frame of the chip is `t…` or `T…`, `r…` or `R…` and CR; with time stamps four hex digits of milliseconds follow, which wrap at 60 000.

use flashstall_mcu::wire::{CanFrame, CanId};
use flashstall_mcu::{Hertz, Picos};

use super::live::near;

const CR: u8 = b'\r';
const BEL: u8 = 7;
/// Bit rates of `S0` to `S8`.
const RATES: [u32; 9] = [
    10_000, 20_000, 50_000, 100_000, 125_000, 250_000, 500_000, 800_000, 1_000_000,
];
/// No command is longer: `T`, eight digits, one, sixteen.
const LONGEST: usize = 32;

/// One end of the serial line.
#[derive(Debug)]
pub(super) struct Slcan {
    bit_rate: Hertz,
    open: bool,
    listen_only: bool,
    stamps: bool,
    /// A command that has no CR yet.
    command: Vec<u8>,
    /// A rate that the client asked for and did not get.
    refused_rate: Option<u32>,
}

/// What becomes of text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    /// To the client.
    pub(super) text: Vec<u8>,
    /// To the bus.
    pub(super) frames: Vec<CanFrame>,
}

impl Slcan {
    pub(super) const fn new(bit_rate: Hertz) -> Self {
        Self {
            bit_rate,
            open: false,
            listen_only: false,
            stamps: false,
            command: Vec::new(),
            refused_rate: None,
        }
    }

    /// What to tell at the end.
    pub(super) fn notes(&self) -> impl Iterator<Item = String> {
        let bus = self.bit_rate;
        self.refused_rate
            .map(|rate| format!("the client asked for {rate} bit/s; the bus runs at {bus}"))
            .into_iter()
    }

    /// Text of the client.
    pub(super) fn take(&mut self, text: &[u8]) -> Answer {
        let mut answer = Answer::default();
        for byte in text {
            match *byte {
                CR => {
                    let command = std::mem::take(&mut self.command);
                    self.command(&command, &mut answer);
                }
                // Some programs end lines with both.
                b'\n' => {}
                other if self.command.len() < LONGEST => self.command.push(other),
                _ => {}
            }
        }
        answer
    }

    fn command(&mut self, command: &[u8], answer: &mut Answer) {
        let done: Option<&[u8]> = match command {
            [] => Some(b""),
            [b'S', n] => self.rate(*n).then_some(b"".as_slice()),
            [b'O'] => {
                (self.open, self.listen_only) = (true, false);
                Some(b"")
            }
            [b'L'] => {
                (self.open, self.listen_only) = (true, true);
                Some(b"")
            }
            [b'C'] => {
                self.open = false;
                Some(b"")
            }
            [b'Z', n @ (b'0' | b'1')] => {
                self.stamps = *n == b'1';
                Some(b"")
            }
            [b'V'] => Some(b"V1013"),
            [b'v'] => Some(b"vflsh"),
            [b'N'] => Some(b"NF5T0"),
            [b'F'] => Some(b"F00"),
            [kind @ (b't' | b'T' | b'r' | b'R'), rest @ ..] if self.open && !self.listen_only => {
                frame(*kind, rest).map(|frame| {
                    answer.frames.push(frame);
                    if kind.is_ascii_uppercase() {
                        b"Z".as_slice()
                    } else {
                        b"z"
                    }
                })
            }
            _ => None,
        };
        match done {
            Some(text) => {
                answer.text.extend_from_slice(text);
                answer.text.push(CR);
            }
            None => answer.text.push(BEL),
        }
    }

    fn rate(&mut self, n: u8) -> bool {
        let Some(rate) = RATES.get(usize::from(n.wrapping_sub(b'0'))) else {
            return false;
        };
        if !near(Hertz::new(u64::from(*rate)), self.bit_rate) {
            self.refused_rate = Some(*rate);
        }
        true
    }

    /// A frame of the chip for the client, if it listens.
    pub(super) fn tell(&self, frame: &CanFrame, at: Picos) -> Vec<u8> {
        if !self.open {
            return Vec::new();
        }
        let (lower, upper) = if frame.remote { ('r', 'R') } else { ('t', 'T') };
        let head = match frame.id {
            CanId::Standard(_) => format!("{lower}{:03X}", frame.id.raw()),
            CanId::Extended(_) => format!("{upper}{:08X}", frame.id.raw()),
        };
        let data: String = frame.bytes().iter().map(|b| format!("{b:02X}")).collect();
        let stamp = if self.stamps {
            format!("{:04X}", at.0 / Picos::from_millis(1).0 % 60_000)
        } else {
            String::new()
        };
        format!("{head}{:X}{data}{stamp}\r", frame.dlc.min(8)).into_bytes()
    }
}

/// The frame that a command after its letter says.
fn frame(kind: u8, rest: &[u8]) -> Option<CanFrame> {
    let text = std::str::from_utf8(rest).ok()?;
    let digits = if kind.is_ascii_uppercase() { 8 } else { 3 };
    let number = |text: &str| {
        u32::from_str_radix(text, 16)
            .ok()
            .filter(|_| !text.starts_with('+'))
    };
    let id = number(text.get(..digits)?)?;
    let id = if digits == 8 {
        CanId::extended(id)?
    } else {
        CanId::standard(id)?
    };
    let length = number(text.get(digits..=digits)?)? as u8;
    let data = text.get(digits + 1..)?;
    if kind.eq_ignore_ascii_case(&b'r') {
        return CanFrame::remote(id, length).filter(|_| data.is_empty());
    }
    if length > 8 || data.len() != 2 * usize::from(length) {
        return None;
    }
    let bytes: Option<Vec<u8>> = (0..data.len())
        .step_by(2)
        .map(|n| number(data.get(n..n + 2)?).map(|b| b as u8))
        .collect();
    CanFrame::new(id, &bytes?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slcan() -> Slcan {
        Slcan::new(Hertz::new(500_000))
    }

    #[test]
    fn frames_go_out_when_it_is_open() {
        let mut line = slcan();
        assert_eq!(
            line.take(b"t1230\r"),
            Answer {
                text: vec![BEL],
                frames: Vec::new()
            }
        );
        let answer = line.take(b"S6\rO\rt1232AbCd\rT1234567810f\rr7FF4\r");
        let data = |id, bytes: &[u8]| CanFrame::new(id, bytes).unwrap();
        assert_eq!(answer.text, b"\r\rz\rZ\rz\r");
        assert_eq!(
            answer.frames,
            [
                data(CanId::Standard(0x123), &[0xAB, 0xCD]),
                data(CanId::Extended(0x1234_5678), &[0x0F]),
                CanFrame::remote(CanId::Standard(0x7FF), 4).unwrap(),
            ]
        );
        assert_eq!(line.take(b"C\rt1230\r").text, [CR, BEL]);
        assert_eq!(line.notes().count(), 0);
    }

    #[test]
    fn what_is_no_command_rings_and_does_no_harm() {
        let mut line = slcan();
        line.take(b"O\r");
        for bad in [
            "t12",
            "t8000",
            "t1239",
            "t123",
            "t1232ab",
            "t12310",
            "T200000000",
            "S9",
            "Q",
            "t+120",
            "r1238ff",
            "t1232a\u{e9}",
        ] {
            let mut text = bad.as_bytes().to_vec();
            text.push(CR);
            let answer = line.take(&text);
            assert_eq!(
                (answer.text.as_slice(), answer.frames.len()),
                ([BEL].as_slice(), 0),
                "{bad}"
            );
        }
        let long = vec![b'x'; 10_000];
        assert_eq!(line.take(&long).text, b"");
        assert_eq!(line.take(b"\rV\r").text, b"\x07V1013\r");
    }

    #[test]
    fn commands_come_in_pieces() {
        let mut line = slcan();
        assert_eq!(
            line.take(b"O\rt1"),
            Answer {
                text: vec![CR],
                frames: Vec::new()
            }
        );
        assert_eq!(line.take(b"230").frames.len(), 0);
        assert_eq!(line.take(b"\r\n").frames.len(), 1);
    }

    #[test]
    fn the_client_hears_the_chip() {
        let mut line = slcan();
        let frame = CanFrame::new(CanId::Standard(0x180), &[6]).unwrap();
        assert_eq!(line.tell(&frame, Picos::ZERO), b"", "closed");
        line.take(b"S4\rZ1\rO\r");
        assert_eq!(
            line.tell(&frame, Picos::from_millis(60_010)),
            b"t180106000A\r"
        );
        line.take(b"Z0\r");
        let remote = CanFrame::remote(CanId::Extended(0xABCDE), 2).unwrap();
        assert_eq!(line.tell(&remote, Picos::ZERO), b"R000ABCDE2\r");
        assert_eq!(
            line.notes().collect::<Vec<_>>(),
            ["the client asked for 125000 bit/s; the bus runs at 500 kHz"]
        );
    }
}
