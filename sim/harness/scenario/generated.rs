//! Frames that a generator makes: content cut to length, identifiers in turn, and their times.

use std::path::Path;

use flashstall_mcu::wire::{CanFrame, CanId, TimedFrame};
use flashstall_mcu::{Hertz, Picos};

use super::Located;
use super::bursts::{self, Bursts};
use super::diagnostic::ScenarioError;
use super::file::TrafficTable;
use super::frames::{MAX_FRAMES, identifier, too_many};
use super::mix::Mix;
use super::traffic::{self, Random};

type Result<T> = std::result::Result<T, ScenarioError>;

/// Generators that `pattern` knows for CAN.
const PATTERNS: [&str; 3] = ["counter", "midi-notes", "random"];

/// Frames cut from what a uart would send, or counted.
pub(super) fn generated(
    table: &Located<TrafficTable>,
    rate: Hertz,
    base: &Path,
) -> Result<Vec<TimedFrame>> {
    let t = &table.value;
    bursts::check(table)?;
    check_times(table)?;
    let mut mix = Mix::of(table)?;
    let ids = ids(table)?;
    if let Some(count) = &t.count
        && count.value as usize > MAX_FRAMES
    {
        return Err(ScenarioError::at(count, too_many(count.value as usize)));
    }
    let content: Vec<Vec<u8>> = match t.pattern.as_ref() {
        Some(pattern) if pattern.as_str() == "counter" => {
            let Some(count) = &t.count else {
                return Err(ScenarioError::at(
                    pattern,
                    "the pattern `counter` needs a `count`",
                ));
            };
            let numbers = 0..u64::from(count.value);
            let mut one = |n: u64| n.to_le_bytes().into_iter().take(mix.length()).collect();
            numbers.map(&mut one).collect()
        }
        Some(pattern) if !PATTERNS.contains(&pattern.as_str()) => {
            let message = format!("no pattern `{}`", pattern.value);
            return Err(ScenarioError::at(pattern, message).suggest(pattern, PATTERNS));
        }
        _ if mix.longest == 0 => {
            let message = "frames without data hold no content";
            return Err(ScenarioError::at(table, message).help("pattern = \"counter\""));
        }
        _ => cut(&content(table, mix.longest, base)?, &mut mix, t),
    };
    let mut times = Times::of(t, rate);
    content
        .iter()
        .zip(ids.iter().cycle())
        .map(|(bytes, id)| {
            let frame = mix
                .frame(*id, bytes)
                .ok_or_else(|| ScenarioError::at(table, "a frame has at most 8 bytes"))?;
            let offset = times.next(&frame);
            Ok(TimedFrame { offset, frame })
        })
        .collect()
}

/// Content in frames of the lengths that the mix draws: `count` frames, or until nothing is left.
fn cut(content: &[u8], mix: &mut Mix, t: &TrafficTable) -> Vec<Vec<u8>> {
    let most = t.count.as_ref().map_or(MAX_FRAMES, |c| c.value as usize);
    let mut rest = content;
    let mut frames = Vec::new();
    while !rest.is_empty() && frames.len() < most {
        let (frame, later) = rest.split_at(mix.length().min(rest.len()));
        frames.push(frame.to_vec());
        rest = later;
    }
    frames
}

fn check_times(table: &Located<TrafficTable>) -> Result<()> {
    let t = &table.value;
    if t.jitter.is_some() && t.period.is_none() {
        return Err(ScenarioError::at(
            table,
            "`jitter` of a can wire needs a `period`",
        ));
    }
    if let (Some(period), true) = (&t.period, t.gap.is_some()) {
        return Err(ScenarioError::at(
            period,
            "a can wire has a `period` or a `gap`, not both",
        ));
    }
    Ok(())
}

/// When each frame is due.
struct Times {
    rate: Hertz,
    /// From one frame to the next; without it they follow each other.
    period: Option<Picos>,
    gap: Picos,
    jitter: Picos,
    random: Random,
    bursts: Bursts,
    /// Frames so far, their bits on an idle bus, and the idle time before the next one.
    count: u64,
    bits: u64,
    idle: Picos,
    /// Neither `gap` nor `burst`: all are due at once, and go out as the bus lets them.
    at_once: bool,
}

impl Times {
    fn of(t: &TrafficTable, rate: Hertz) -> Self {
        Self {
            rate,
            period: t.period.as_ref().map(|p| p.value.0),
            gap: t.gap.unwrap_or_default().0,
            jitter: t.jitter.unwrap_or_default().0,
            random: Random::new(t.seed.unwrap_or(0) ^ 0x4A49_5454_4552),
            bursts: Bursts::of(t),
            count: 0,
            bits: 0,
            idle: Picos::ZERO,
            at_once: t.gap.is_none() && t.burst.is_none(),
        }
    }

    /// When `frame` is due, which is the next one.
    fn next(&mut self, frame: &CanFrame) -> Picos {
        if self.jitter > Picos::ZERO {
            self.idle += self.random.up_to(self.jitter);
        }
        let offset = match self.period {
            Some(period) => Picos(period.0.saturating_mul(self.count)) + self.idle,
            None if self.at_once => Picos::ZERO,
            None => self.rate.periods(self.bits) + self.idle,
        };
        self.count += 1;
        self.bits += u64::from(frame.bits().to_idle());
        self.idle += self.gap + self.bursts.after_unit();
        offset
    }
}

/// The bytes of a uart wire with the same traffic; `count` counts frames here.
fn content(table: &Located<TrafficTable>, dlc: usize, base: &Path) -> Result<Vec<u8>> {
    let mut t = table.value.clone();
    t.period = None;
    if let Some(count) = &mut t.count {
        count.value = count.value.saturating_mul(dlc as u32);
    }
    let table = Located {
        value: t,
        span: table.span.clone(),
    };
    traffic::bytes(&table, base)
}

fn ids(table: &Located<TrafficTable>) -> Result<Vec<CanId>> {
    let t = &table.value;
    let extended = t.extended.unwrap_or(false);
    match (&t.id, &t.ids) {
        (Some(id), None) => Ok(vec![identifier(id, id.value, extended)?]),
        (None, Some(ids)) if !ids.value.is_empty() => ids
            .value
            .iter()
            .map(|id| identifier(ids, *id, extended))
            .collect(),
        _ => Err(ScenarioError::at(
            table,
            "frames need an `id`, or `ids` that they have in turn",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::super::frames::frames;
    use super::*;

    const RATE: Hertz = Hertz::new(500_000);

    fn table(change: impl FnOnce(&mut TrafficTable)) -> Located<TrafficTable> {
        let mut t = TrafficTable::default();
        change(&mut t);
        t.into()
    }

    #[test]
    fn bytes_are_cut_into_frames_and_identifiers_go_in_turn() {
        let frames = frames(
            &table(|t| {
                t.counter = Some(0);
                t.count = Some(3.into());
                t.dlc = Some(2.into());
                t.ids = Some(vec![0x101, 0x103].into());
                t.period = Some("1ms".parse::<crate::scenario::Time>().unwrap().into());
            }),
            RATE,
            Path::new("."),
        )
        .unwrap();
        let seen: Vec<_> = frames
            .iter()
            .map(|f| (f.offset.0, f.frame.id.raw(), f.frame.bytes().to_vec()))
            .collect();
        let ms = 1_000_000_000;
        assert_eq!(
            seen,
            [
                (0, 0x101, vec![0, 1]),
                (ms, 0x103, vec![2, 3]),
                (2 * ms, 0x101, vec![4, 5])
            ]
        );
    }

    #[test]
    fn the_last_frame_of_a_file_is_as_short_as_it_must_be() {
        let frames = frames(
            &table(|t| {
                t.hex = Some("00 01 02 03 04 05 06 07 08 09".into());
                t.id = Some(0x12345.into());
                t.extended = Some(true);
            }),
            RATE,
            Path::new("."),
        )
        .unwrap();
        assert_eq!(frames[1].frame.bytes(), [8, 9]);
        assert_eq!(frames[1].frame.id, CanId::Extended(0x12345));
    }

    #[test]
    fn the_pattern_counter_numbers_the_frames() {
        let frames = frames(
            &table(|t| {
                t.pattern = Some("counter".into());
                t.count = Some(300.into());
                t.id = Some(1.into());
            }),
            RATE,
            Path::new("."),
        )
        .unwrap();
        assert_eq!(frames[299].frame.bytes(), 299_u64.to_le_bytes());
        assert!(frames.iter().all(|f| f.offset == Picos::ZERO));
    }

    fn counted(change: impl FnOnce(&mut TrafficTable)) -> Result<Vec<TimedFrame>> {
        let table = table(|t| {
            t.pattern = Some("counter".into());
            t.count = Some(1_000.into());
            t.id = Some(0x101.into());
            change(t);
        });
        frames(&table, RATE, Path::new("."))
    }

    #[test]
    fn shares_are_kept_and_drawn_independently() {
        let extended = |frames: &[TimedFrame]| -> Vec<bool> {
            let all = frames.iter();
            all.map(|f| matches!(f.frame.id, CanId::Extended(_)))
                .collect()
        };
        let count = |all: &[bool]| all.iter().filter(|one| **one).count();
        let quarter = counted(|t| t.extended_share = Some(25.into())).unwrap();
        let drawn = extended(&quarter);
        assert!((200..300).contains(&count(&drawn)), "{}", count(&drawn));
        let both = counted(|t| {
            t.extended_share = Some(25.into());
            t.remote_share = Some(50.into());
            t.dlc_min = Some(0.into());
        })
        .unwrap();
        assert_eq!(
            extended(&both),
            drawn,
            "the other shares do not move this one"
        );
        let remote = both.iter().filter(|f| f.frame.remote).count();
        assert!((450..550).contains(&remote), "{remote}");
        let mut lengths: Vec<usize> = both.iter().map(|f| f.frame.len()).collect();
        lengths.sort_unstable();
        lengths.dedup();
        assert_eq!(lengths, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
        let all = counted(|t| t.extended_share = Some(100.into())).unwrap();
        assert_eq!(count(&extended(&all)), 1_000);
    }

    #[test]
    fn a_gap_counts_from_the_end_of_a_frame_and_a_pause_from_that_of_a_burst() {
        // A standard frame without data has 1+11+1+1+1+4+15+1+1+1+7 = 44 bits and 3 of intermission, and what is stuffed.
        let frames = counted(|t| {
            t.dlc = Some(0.into());
            t.gap = Some("100us".parse().unwrap());
            t.burst = Some(2.into());
            t.pause = Some("1ms".parse::<crate::scenario::Time>().unwrap().into());
        })
        .unwrap();
        let length = RATE.periods(u64::from(frames[0].frame.bits().to_idle()));
        assert!(length >= Picos::from_micros(94) && length < Picos::from_micros(120));
        let gap = Picos::from_micros(100);
        assert_eq!(frames[1].offset, length + gap);
        assert_eq!(
            frames[2].offset,
            length + length + gap + gap + Picos::from_millis(1)
        );
    }

    #[test]
    fn a_mix_that_cannot_be_is_refused() {
        let complaint = |change: fn(&mut TrafficTable)| counted(change).unwrap_err().message;
        assert!(complaint(|t| t.extended_share = Some(101.into())).contains("too many"));
        assert!(complaint(|t| t.dlc_min = Some(9.into())).contains("at most 8 bytes"));
        let crossed = |t: &mut TrafficTable| (t.dlc, t.dlc_min) = (Some(2.into()), Some(3.into()));
        assert!(complaint(crossed).contains("is more than `dlc` 2"));
        let twice = |t: &mut TrafficTable| {
            (t.extended, t.extended_share) = (Some(true), Some(5.into()));
        };
        assert!(complaint(twice).contains("say the same"));
        let times = |t: &mut TrafficTable| {
            t.period = Some(crate::scenario::Time(Picos(1)).into());
            t.gap = Some(crate::scenario::Time(Picos(1)));
        };
        assert!(complaint(times).contains("not both"));
    }
}
