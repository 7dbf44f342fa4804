//! What is sent, and when: traffic tables turned into timed bytes and edges.

use std::path::Path;

use flashstall_mcu::wire::{TimedByte, TimedEdge};
use flashstall_mcu::{Hertz, Picos};

use super::Located;
use super::bursts::{self, Bursts};
use super::diagnostic::ScenarioError;
use super::file::TrafficTable;

/// No more units than this on one wire: it bounds memory, and 16 M bytes are 39 hours at 31250 baud.
pub const MAX_UNITS: u32 = 1 << 24;

/// Generators that `pattern` knows.
pub const PATTERNS: [&str; 2] = ["midi-notes", "random"];

/// SplitMix64 (Steele, Lea, Flood 2014): small, seedable, the same everywhere.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Evenly in `0..=max`.
    pub(super) fn up_to(&mut self, max: Picos) -> Picos {
        let wide = u128::from(self.next()) * (u128::from(max.0) + 1);
        Picos((wide >> 64) as u64)
    }
}

/// A note on and a note off for one key after the other, over five octaves; three bytes each, as a keyboard without
/// running status sends them.
fn midi_note(index: u32) -> u8 {
    let (message, byte) = (index / 3, index % 3);
    let key = 36 + (message / 2) % 61;
    let on = message.is_multiple_of(2);
    match byte {
        0 => {
            if on {
                0x90
            } else {
                0x80
            }
        }
        1 => key as u8,
        _ => {
            if on {
                1 + (message.wrapping_mul(37) % 127) as u8
            } else {
                0x40
            }
        }
    }
}

/// Refuses what is not for uarts, and more or less than one kind of content.
fn check(table: &Located<TrafficTable>) -> Result<(), ScenarioError> {
    let t = &table.value;
    for (given, key) in [
        (t.pulses.is_some(), "pulses"),
        (t.period.is_some(), "period"),
        (t.width.is_some(), "width"),
        (t.idle_high.is_some(), "idle-high"),
        (t.edges.is_some(), "edges"),
    ] {
        if given {
            return Err(ScenarioError::at(
                table,
                format!("`{key}` is for pins, this wire is a uart"),
            ));
        }
    }
    let kinds = [
        t.hex.is_some(),
        t.text.is_some(),
        t.file.is_some(),
        t.chunks.is_some(),
        t.commands.is_some(),
        t.counter.is_some(),
        t.pattern.is_some(),
    ];
    if kinds.iter().filter(|k| **k).count() != 1 {
        return Err(ScenarioError::at(
            table,
            "a uart sends exactly one of `hex`, `text`, `file`, `commands`, `chunks`, `counter`, `pattern`",
        ));
    }
    bursts::check(table)
}

/// The bytes of a UART wire.
pub(super) fn bytes(table: &Located<TrafficTable>, base: &Path) -> Result<Vec<u8>, ScenarioError> {
    check(table)?;
    let t = &table.value;
    if t.chunks.is_some() {
        return Err(ScenarioError::at(table, "`chunks` are for uart wires"));
    }
    let fixed = if let Some(hex) = &t.hex {
        Some(parse_hex(hex)?)
    } else if let Some(text) = &t.text {
        Some(text.as_bytes().to_vec())
    } else if let Some(file) = &t.file {
        let path = base.join(&file.value);
        let data = std::fs::read(&path)
            .map_err(|e| ScenarioError::at(file, format!("cannot read `{}`: {e}", file.value)))?;
        Some(data)
    } else if t.commands.is_some() {
        Some(bursts::commands(t)?.concat())
    } else {
        None
    };
    let count = match (&t.count, &fixed) {
        (Some(count), _) => count.value,
        (None, Some(fixed)) => u32::try_from(fixed.len()).unwrap_or(u32::MAX),
        (None, None) => {
            return Err(ScenarioError::at(
                table,
                "`counter` and `pattern` need a `count`",
            ));
        }
    };
    if count > MAX_UNITS {
        let message = format!("{count} bytes are too many, a wire sends at most {MAX_UNITS}");
        return Err(t.count.as_ref().map_or_else(
            || ScenarioError::at(table, message.clone()),
            |c| ScenarioError::at(c, message.clone()),
        ));
    }
    if let Some(fixed) = fixed {
        if fixed.is_empty() && count > 0 {
            return Err(ScenarioError::at(
                table,
                "nothing to send: the content is empty",
            ));
        }
        return Ok(fixed.iter().copied().cycle().take(count as usize).collect());
    }
    if let Some(first) = t.counter {
        return Ok((0..count).map(|n| first.wrapping_add(n as u8)).collect());
    }
    match t.pattern.as_ref().map(|p| p.as_str()) {
        Some("midi-notes") => Ok((0..count).map(midi_note).collect()),
        Some("random") => {
            let mut random = Random::new(t.seed.unwrap_or(0));
            Ok((0..count).map(|_| (random.next() >> 32) as u8).collect())
        }
        _ => {
            let pattern = t.pattern.clone().unwrap_or_default();
            Err(
                ScenarioError::at(&pattern, format!("no pattern `{}`", pattern.value))
                    .suggest(&pattern, PATTERNS),
            )
        }
    }
}

pub(super) fn parse_hex(hex: &Located<String>) -> Result<Vec<u8>, ScenarioError> {
    digits(hex).map_err(|message| ScenarioError::at(hex, message))
}

/// The bytes of hex digits, or what is wrong with them.
pub(super) fn digits(hex: &str) -> std::result::Result<Vec<u8>, String> {
    let mut digits = Vec::new();
    for c in hex.chars().filter(|c| !c.is_whitespace() && *c != '_') {
        let Some(digit) = c.to_digit(16) else {
            return Err(format!("`{c}` is not a hex digit"));
        };
        digits.push(digit as u8);
    }
    if digits.len() % 2 != 0 {
        return Err(format!("{} hex digits are not whole bytes", digits.len()));
    }
    Ok(digits
        .chunks_exact(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect())
}

/// Bytes with times of their own; `None` if the traffic has none. All bytes of a chunk are due at once: the line sends one at a time.
pub(super) fn chunks(
    table: &Located<TrafficTable>,
) -> Result<Option<Vec<TimedByte>>, ScenarioError> {
    let t = &table.value;
    let Some(chunks) = &t.chunks else {
        return Ok(None);
    };
    check(table)?;
    for (given, key) in [
        (t.count.is_some(), "count"),
        (t.burst.is_some(), "burst"),
        (t.gap.is_some(), "gap"),
        (t.jitter.is_some(), "jitter"),
        (t.seed.is_some(), "seed"),
    ] {
        if given {
            let message = format!("`{key}` does not go with `chunks`, which have their own times");
            return Err(ScenarioError::at(table, message));
        }
    }
    let mut bytes = Vec::new();
    let mut last = Picos::ZERO;
    for chunk in &chunks.value {
        let at = chunk.at.value.0;
        if at < last {
            let message = format!("{at} is before the chunk ahead of it, at {last}");
            return Err(ScenarioError::at(&chunk.at, message));
        }
        last = at;
        let values = parse_hex(&chunk.hex)?;
        bytes.extend(
            values
                .into_iter()
                .map(|value| TimedByte { offset: at, value }),
        );
    }
    if bytes.len() > MAX_UNITS as usize {
        let message = format!(
            "{} bytes are too many, a wire sends at most {MAX_UNITS}",
            bytes.len()
        );
        return Err(ScenarioError::at(chunks, message));
    }
    Ok(Some(bytes))
}

/// Start bits of `bytes`, frame after frame: offset n is exact, rounding does not add up.
pub(super) fn schedule(
    bytes: &[u8],
    rate: Hertz,
    half_bits: u64,
    t: &TrafficTable,
) -> Vec<TimedByte> {
    let half_rate = rate.scaled(2, 1);
    let mut random = Random::new(t.seed.unwrap_or(0) ^ 0x4A49_5454_4552);
    let (gap, jitter) = (t.gap.unwrap_or_default().0, t.jitter.unwrap_or_default().0);
    let mut bursts = Bursts::of(t);
    let mut idle = Picos::ZERO;
    let mut timed = Vec::with_capacity(bytes.len());
    for (n, value) in bytes.iter().enumerate() {
        if jitter > Picos::ZERO {
            idle += random.up_to(jitter);
        }
        timed.push(TimedByte {
            offset: half_rate.periods(n as u64 * half_bits) + idle,
            value: *value,
        });
        idle += gap + bursts.after_unit();
    }
    timed
}

/// The edges of a pin wire, in order of time.
pub(super) fn edges(table: &Located<TrafficTable>) -> Result<Vec<TimedEdge>, ScenarioError> {
    let t = &table.value;
    for (given, key) in [
        (t.hex.is_some(), "hex"),
        (t.chunks.is_some(), "chunks"),
        (t.text.is_some(), "text"),
        (t.file.is_some(), "file"),
        (t.counter.is_some(), "counter"),
        (t.pattern.is_some(), "pattern"),
        (t.commands.is_some(), "commands"),
        (t.count.is_some(), "count"),
        (t.gap.is_some(), "gap"),
        (t.burst.is_some(), "burst"),
        (t.pause.is_some(), "pause"),
    ] {
        if given {
            return Err(ScenarioError::at(
                table,
                format!("`{key}` is for uarts, this wire is a pin"),
            ));
        }
    }
    match (&t.pulses, &t.edges) {
        (Some(pulses), None) => train(pulses, t),
        (None, Some(edges)) => {
            let mut last: Option<Picos> = None;
            let mut timed = Vec::new();
            for edge in &edges.value {
                if last.is_some_and(|last| edge.at.0 <= last) {
                    return Err(ScenarioError::at(
                        &edge.at,
                        "edges must be in order of time, each later than the one before",
                    ));
                }
                last = Some(edge.at.0);
                timed.push(TimedEdge {
                    offset: edge.at.0,
                    high: edge.high,
                });
            }
            Ok(timed)
        }
        _ => Err(ScenarioError::at(
            table,
            "a pin moves by exactly one of `pulses` and `edges`",
        )),
    }
}

fn train(pulses: &Located<u32>, t: &TrafficTable) -> Result<Vec<TimedEdge>, ScenarioError> {
    if pulses.value > MAX_UNITS / 2 {
        return Err(ScenarioError::at(
            pulses,
            format!(
                "{} pulses are too many, a wire sends at most {}",
                pulses.value,
                MAX_UNITS / 2
            ),
        ));
    }
    let period = match &t.period {
        Some(period) => period.value.0,
        None if pulses.value <= 1 => Picos::from_millis(2),
        None => {
            return Err(ScenarioError::at(
                pulses,
                "more than one pulse needs a `period`",
            ));
        }
    };
    let width = t.width.as_ref().map_or(Picos(period.0 / 2), |w| w.value.0);
    if width == Picos::ZERO || (pulses.value > 1 && width >= period) {
        let message = format!("a pulse of {width} does not fit a period of {period}");
        return Err(t.width.as_ref().map_or_else(
            || ScenarioError::at(pulses, message.clone()),
            |w| ScenarioError::at(w, message.clone()),
        ));
    }
    let active = !t.idle_high.unwrap_or(false);
    let mut random = Random::new(t.seed.unwrap_or(0) ^ 0x4A49_5454_4552);
    let jitter = t.jitter.unwrap_or_default().0;
    let mut late = Picos::ZERO;
    let mut timed = Vec::with_capacity(pulses.value as usize * 2);
    for n in 0..u64::from(pulses.value) {
        if jitter > Picos::ZERO {
            late += random.up_to(jitter);
        }
        let offset = Picos(period.0.saturating_mul(n)) + late;
        timed.push(TimedEdge {
            offset,
            high: active,
        });
        timed.push(TimedEdge {
            offset: offset + width,
            high: !active,
        });
    }
    Ok(timed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_to_back_bytes_at_31250_baud_are_320_us_apart_with_no_drift() {
        let timed = schedule(
            &[0; 10_001],
            Hertz::new(31_250),
            20,
            &TrafficTable::default(),
        );
        assert_eq!(timed[10_000].offset, Picos::from_micros(3_200_000));
    }

    #[test]
    fn jitter_stays_inside_its_limit_and_depends_on_the_seed_only() {
        let table = |seed| TrafficTable {
            jitter: Some("10us".parse().unwrap()),
            seed: Some(seed),
            ..Default::default()
        };
        let run = |seed| schedule(&[0; 100], Hertz::new(1_000_000), 20, &table(seed));
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
        for pair in run(3).windows(2) {
            let distance = pair[1].offset - pair[0].offset;
            assert!(distance >= Picos::from_micros(10) && distance <= Picos::from_micros(20));
        }
    }

    #[test]
    fn midi_notes_are_whole_messages() {
        let notes: Vec<u8> = (0..9).map(midi_note).collect();
        assert_eq!(notes, [0x90, 36, 1, 0x80, 36, 0x40, 0x90, 37, 75]);
    }
}
