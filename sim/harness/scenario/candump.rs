//! Logs of `candump -l`: `(1436509052.249713) can0 123#DEADBEEF`, one frame a line.
//!
//! `123#R3` is a remote frame, eight digits are an extended identifier, dots may stand between bytes, and `R` or `T` at the end
//! (received, transmitted) changes nothing. Times count from the first frame that is taken.

use std::ops::Range;

use flashstall_mcu::Picos;
use flashstall_mcu::wire::{CanFrame, CanId, TimedFrame};

/// Set in the identifier of an error frame (linux/can.h `CAN_ERR_FLAG`).
const ERROR_FRAME: u32 = 0x2000_0000;
/// Nanoseconds a second: the last digit of a time is one.
const SECOND: u64 = 1_000_000_000;
const DIGITS: usize = 9;

/// What is wrong, and where in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bad {
    pub(super) span: Range<usize>,
    pub(super) message: String,
    /// What was expected.
    pub(super) expected: &'static str,
}

type Result<T> = std::result::Result<T, Bad>;

const LINE: &str = "a line like (1436509052.249713) can0 123#DEADBEEF";
const TIME: &str = "seconds with up to nine decimals in brackets, like (1436509052.249713)";
const ID: &str = "three hex digits (up to 7FF) or eight (up to 1FFFFFFF)";
const DATA: &str = "up to eight bytes of two hex digits, or R and a length from 0 to 8";

/// A piece of the text and where it stands.
#[derive(Clone, Copy, Debug)]
struct Piece<'a> {
    text: &'a str,
    start: usize,
}

impl<'a> Piece<'a> {
    fn bad<T>(self, message: impl Into<String>, expected: &'static str) -> Result<T> {
        Err(Bad {
            span: self.start..self.start + self.text.len(),
            message: message.into(),
            expected,
        })
    }

    /// From byte `from` on.
    fn rest(self, from: usize) -> Self {
        Self {
            text: self.text.get(from..).unwrap_or_default(),
            start: self.start + from,
        }
    }

    fn head(self, to: usize) -> Self {
        Self {
            text: self.text.get(..to).unwrap_or_default(),
            start: self.start,
        }
    }

    /// Its words.
    fn words(self) -> impl Iterator<Item = Self> + 'a {
        self.text.split_whitespace().map(move |word| Self {
            text: word,
            start: self.start + (word.as_ptr() as usize - self.text.as_ptr() as usize),
        })
    }
}

/// The frames of a log, those of `interface` only if there is one. Without it the log must be of one interface.
pub(super) fn parse(text: &str, interface: Option<&str>) -> Result<Vec<TimedFrame>> {
    let mut frames = Vec::new();
    let mut first: Option<u64> = None;
    let mut last = 0;
    let mut only: Option<&str> = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let line = Piece { text: line, start };
        start += line.text.len();
        let mut words = line.words();
        let Some(time) = words.next() else { continue };
        let end = Piece {
            text: "",
            start: line.start + line.text.trim_end().len(),
        };
        let Some(name) = words.next() else {
            return end.bad("the line ends after the time", LINE);
        };
        let Some(frame) = words.next() else {
            return end.bad("the line ends after the interface", LINE);
        };
        if let Some(more) = words.next()
            && !matches!(more.text, "R" | "T")
        {
            return more.bad(format!("`{}` after the frame", more.text), LINE);
        }
        let at = self::time(time)?;
        let frame = self::frame(frame)?;
        if at < last {
            return time.bad(
                "times run backwards",
                "a time not before that of the line above",
            );
        }
        last = at;
        match interface {
            Some(wanted) if wanted != name.text => continue,
            Some(_) => {}
            None if *only.get_or_insert(name.text) != name.text => {
                return name.bad(
                    format!(
                        "frames of `{}` after frames of `{}`",
                        name.text,
                        only.unwrap_or("")
                    ),
                    "one interface: `interface` in the traffic says which",
                );
            }
            None => {}
        }
        let zero = *first.get_or_insert(at);
        frames.push(TimedFrame {
            offset: Picos::from_nanos(at - zero),
            frame,
        });
    }
    Ok(frames)
}

/// In nanoseconds, since 1970 as a rule.
fn time(word: Piece<'_>) -> Result<u64> {
    let inner = word
        .text
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'));
    let Some(inner) = inner else {
        return word.bad(format!("`{}` is not a time", word.text), TIME);
    };
    let (seconds, fraction) = inner.split_once('.').unwrap_or((inner, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(seconds) || !digits(fraction) || fraction.len() > DIGITS {
        return word.bad(format!("`{}` is not a time", word.text), TIME);
    }
    let seconds: Option<u64> = seconds.parse().ok();
    let whole = seconds.and_then(|seconds| seconds.checked_mul(SECOND));
    let nanos: Option<u64> = format!("{fraction:0<DIGITS$}").parse().ok();
    let time = whole.zip(nanos);
    match time.and_then(|(whole, nanos)| whole.checked_add(nanos)) {
        Some(time) => Ok(time),
        None => word.bad(format!("`{}` is out of range", word.text), TIME),
    }
}

fn frame(word: Piece<'_>) -> Result<CanFrame> {
    let Some(hash) = word.text.find('#') else {
        return word.bad(format!("`{}` has no `#`", word.text), LINE);
    };
    let id = identifier(word.head(hash))?;
    let data = word.rest(hash + 1);
    if data.text.starts_with('#') {
        return data.bad("a CAN FD frame", "classic frames: bxCAN knows no others");
    }
    if let Some(length) = data.text.strip_prefix('R') {
        let dlc = match length {
            "" => Some(0),
            _ => length.parse().ok().filter(|_| length.len() == 1),
        };
        let frame = dlc.and_then(|dlc| CanFrame::remote(id, dlc));
        return match frame {
            Some(frame) => Ok(frame),
            None => data
                .rest(1)
                .bad(format!("`{length}` is no length of a remote frame"), DATA),
        };
    }
    let bytes = bytes(data)?;
    match CanFrame::new(id, &bytes) {
        Some(frame) => Ok(frame),
        None => data.bad(
            format!("{} bytes are more than a frame has", bytes.len()),
            DATA,
        ),
    }
}

fn identifier(word: Piece<'_>) -> Result<CanId> {
    let hex = word.text.bytes().all(|b| b.is_ascii_hexdigit());
    let value = u32::from_str_radix(word.text, 16).ok().filter(|_| hex);
    let id = match (word.text.len(), value) {
        (8, Some(value)) if value & ERROR_FRAME != 0 => {
            return word.bad(
                format!("`{}` is an error frame: nobody can send it", word.text),
                ID,
            );
        }
        (8, Some(value)) => CanId::extended(value),
        (3, Some(value)) => CanId::standard(value),
        _ => None,
    };
    match id {
        Some(id) => Ok(id),
        None => word.bad(format!("`{}` is not an identifier", word.text), ID),
    }
}

fn bytes(data: Piece<'_>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut high: Option<u8> = None;
    for (at, c) in data.text.char_indices() {
        if c == '.' && high.is_none() {
            continue;
        }
        let Some(digit) = c.to_digit(16) else {
            let here = data.rest(at).head(c.len_utf8());
            return here.bad(format!("`{c}` is not a hex digit"), DATA);
        };
        match high.take() {
            None => high = Some(digit as u8),
            Some(first) => bytes.push(first << 4 | digit as u8),
        }
    }
    if high.is_some() {
        return data.bad("an odd number of hex digits", DATA);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "(1436509052.249713) can0 123#DEADBEEF\n\
        (1436509052.449847) can0 044#R\n\
        \n\
        (1436509052.649004123) can0 12345678#01.02.03 T\n\
        (1436509053.000000) can0 7FF#\n\
        (1436509053.000000) can0 7FF#R8 R\n";

    #[test]
    fn a_log_is_read_with_times_from_its_first_frame() {
        let frames = parse(LOG, None).unwrap();
        let new = |id, bytes: &[u8]| CanFrame::new(id, bytes).unwrap();
        let expected = [
            (0, new(CanId::Standard(0x123), &[0xDE, 0xAD, 0xBE, 0xEF])),
            (
                200_134_000,
                CanFrame::remote(CanId::Standard(0x44), 0).unwrap(),
            ),
            (399_291_123, new(CanId::Extended(0x1234_5678), &[1, 2, 3])),
            (750_287_000, new(CanId::Standard(0x7FF), &[])),
            (
                750_287_000,
                CanFrame::remote(CanId::Standard(0x7FF), 8).unwrap(),
            ),
        ];
        let expected = expected.map(|(nanos, frame)| TimedFrame {
            offset: Picos::from_nanos(nanos),
            frame,
        });
        assert_eq!(frames, expected);
    }

    #[test]
    fn one_interface_of_several() {
        let log = "(1.0) can0 001#\n(2.0) can1 002#\n(4.5) can1 003#\n";
        let frames = parse(log, Some("can1")).unwrap();
        assert_eq!(frames.len(), 2);
        assert_eq!(frames[1].offset, Picos(2_500_000_000_000));
        let bad = parse(log, None).unwrap_err();
        assert_eq!(&log[bad.span], "can1");
    }

    /// The piece of the line that is marked, and the message.
    #[test]
    fn each_mistake_is_marked_where_it_is() {
        for (line, marked, message) in [
            ("1.0 can0 123#", "1.0", "`1.0` is not a time"),
            ("(1,0) can0 123#", "(1,0)", "`(1,0)` is not a time"),
            (
                "(1.0123456789) can0 123#",
                "(1.0123456789)",
                "is not a time",
            ),
            ("(1.0)", "", "ends after the time"),
            ("(1.0) can0", "", "ends after the interface"),
            ("(1.0) can0 123", "123", "has no `#`"),
            ("(1.0) can0 800#", "800", "not an identifier"),
            ("(1.0) can0 12#", "12", "not an identifier"),
            ("(1.0) can0 +12#", "+12", "not an identifier"),
            ("(1.0) can0 20000004#00", "20000004", "error frame"),
            ("(1.0) can0 FFFFFFFF#00", "FFFFFFFF", "error frame"),
            ("(1.0) can0 123##1AABB", "#1AABB", "CAN FD"),
            ("(1.0) can0 123#ABC", "ABC", "odd number"),
            ("(1.0) can0 123#ABXD", "X", "`X` is not a hex digit"),
            (
                "(1.0) can0 123#001122334455667788",
                "001122334455667788",
                "9 bytes are more",
            ),
            ("(1.0) can0 123#R9", "9", "no length"),
            ("(1.0) can0 123#R08", "08", "no length"),
            ("(1.0) can0 123#00 X", "X", "`X` after the frame"),
            ("(0.5) can0 123#", "(0.5)", "times run backwards"),
            (
                "(18446744073.9) can0 123#",
                "(18446744073.9)",
                "out of range",
            ),
        ] {
            let good = "(1.0) can0 001#00\n";
            let text = format!("{good}{line}\n");
            let bad = parse(&text, None).unwrap_err();
            assert_eq!(&text[bad.span.clone()], marked, "{line}");
            assert!(bad.span.start >= good.len(), "{line}: in the second line");
            assert!(bad.message.contains(message), "{line}: {}", bad.message);
        }
    }
}
