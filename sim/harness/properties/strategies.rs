//! Strategies for single quantities.

use std::ops::RangeInclusive;

use ::proptest::collection::vec;
use ::proptest::prelude::*;
use flashstall_mcu::Picos;
use flashstall_mcu::chip::Chip;

use crate::scenario::{Deviation, Rate, Time};
use crate::vary::{Point, Value, Variation};

/// A point of `variation`: one value of each axis. Each shrinks towards the first value of its axis.
pub fn point(variation: &Variation) -> BoxedStrategy<Point> {
    let axes = variation.axes().iter().map(|axis| {
        let values = axis.values.clone();
        any::<u64>().prop_map(move |share| values.pick(share))
    });
    axes.collect::<Vec<_>>().boxed()
}

/// A bit rate in bits a second. Shrinks towards the slowest of the range.
pub fn baud(range: RangeInclusive<u32>) -> impl Strategy<Value = Rate> {
    range.prop_map(Rate)
}

/// A clock error of at most so many parts per million, either way; for the clock of each end one. Shrinks towards none.
pub fn clock_error(ppm: u32) -> impl Strategy<Value = Deviation> {
    let most = i64::from(ppm) * 1_000;
    (-most..=most).prop_map(Deviation)
}

/// A span of time: of a gap, a pause, jitter, a latency. Shrinks towards the shortest of the range.
pub fn time(range: RangeInclusive<Picos>) -> impl Strategy<Value = Time> {
    (range.start().0..=range.end().0).prop_map(|ps| Time(Picos(ps)))
}

/// How long the erase of a page takes, within what the datasheet of `chip` allows. Shrinks towards the shortest. `None` for a part whose
/// sectors have a time each: vary `erase=datasheet` of those.
#[must_use]
pub fn erase(chip: &Chip) -> Option<BoxedStrategy<Time>> {
    let spec = chip.flash.timing.page_erase.as_ref()?;
    Some(time(spec.shortest()..=spec.max).boxed())
}

/// How long the programming of a unit takes, within what the datasheet of `chip` allows. Shrinks towards the shortest.
pub fn program(chip: &Chip) -> impl Strategy<Value = Time> {
    let spec = &chip.flash.timing.program;
    time(spec.shortest()..=spec.max)
}

/// How much later than the scenario says a wire starts, in `of`ths of a character time; `of` of 0 counts as 1. Shrinks towards no later.
pub fn phase(of: u32) -> impl Strategy<Value = Value> {
    let of = of.max(1);
    (0..of).prop_map(move |step| Value::Phase { step, of })
}

/// Up to `most` bytes, at least one. Shrinks towards fewer, then towards zeros.
pub fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 1..=most.max(1))
}

/// `things` in any order: commands, frames, start times. Shrinks towards the order in which they were given.
pub fn order<T: Clone + std::fmt::Debug + 'static>(
    things: Vec<T>,
) -> impl Strategy<Value = Vec<T>> {
    Just(things).prop_shuffle()
}
