//! Every frame has exactly one fate, and what firmware took is what was counted.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// What the firmware may do between two frames.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// So many bits pass: the core is busy, or stands still.
    Wait(u64),
    /// The oldest frame of a FIFO is read and released.
    Take(u32),
    /// It is released unread.
    Drop(u32),
    ClearOverrun(u32),
    /// MCR is written: RFLM or not, and whether it is in initialisation mode.
    Mode {
        locked: bool,
        init: bool,
    },
    Filter(Filter),
    Clock(u64),
    Reset,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Filter {
    None,
    AllTo(u32),
    /// Even identifiers to FIFO 0, odd ones to FIFO 1.
    Split,
    /// Even identifiers to FIFO 0, odd ones nowhere.
    EvenOnly,
}

fn filter() -> impl Strategy<Value = Filter> {
    prop_oneof![
        1 => Just(Filter::None),
        3 => (0u32..2).prop_map(Filter::AllTo),
        4 => Just(Filter::Split),
        2 => Just(Filter::EvenOnly),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        14 => (1u64..900).prop_map(Act::Wait),
        10 => (0u32..2).prop_map(Act::Take),
        2 => (0u32..2).prop_map(Act::Drop),
        3 => (0u32..2).prop_map(Act::ClearOverrun),
        2 => (any::<bool>(), prop::bool::weighted(0.2)).prop_map(|(locked, init)| Act::Mode { locked, init }),
        2 => filter().prop_map(Act::Filter),
        1 => (1u64..3).prop_map(Act::Clock),
        1 => Just(Act::Reset),
    ]
}

fn set_filter(bench: &mut Bench, filter: Filter) {
    bench.write(FMR, 1);
    bench.write(FA1R, 0);
    bench.write(FM1R, 0);
    bench.write(FS1R, 0b11);
    let odd = 1 << 21;
    let (mask, fifo1, active) = match filter {
        Filter::None => (0, 0, 0),
        Filter::AllTo(fifo) => (0, fifo, 0b01),
        Filter::Split => (odd, 0b10, 0b11),
        Filter::EvenOnly => (odd, 0, 0b01),
    };
    for (at, value) in [(0, 0), (4, mask), (8, odd), (12, odd)] {
        bench.write(F0R1 + at, value);
    }
    bench.write(FFA1R, fifo1);
    bench.write(FA1R, active);
    bench.write(FMR, 0);
}

const fn fmr(fifo: u32) -> u32 {
    if fifo == 0 { RF0R } else { RF1R }
}

fn pending(bench: &mut Bench) -> usize {
    ((bench.read(RF0R) & 3) + (bench.read(RF1R) & 3)) as usize
}

/// Settled for good: nothing but time comes after it.
const fn is_final(fate: Fate) -> bool {
    !matches!(
        fate,
        Fate::InFlight | Fate::Waiting | Fate::NotAcknowledged | Fate::BitRate
    )
}

/// The frame's number, which is what it holds.
fn number(bench: &mut Bench, fifo: u32) -> usize {
    bench.read(RI0R + 16 * fifo + 8) as usize & 0xFFFF
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever firmware, filters, clocks, gaps and bit rates do: every frame has exactly one fate, which stays, and time never runs back.
    #[test]
    fn every_frame_is_accounted_for_exactly_once(
        acts in prop::collection::vec(act(), 1..80),
        ids in prop::collection::vec((0u16..0x800, 2usize..=8, 0u64..600), 1..60),
        brp in prop::sample::select(vec![0u64, 1, 3]),
        ppm in prop_oneof![4 => Just(0i64), 1 => -30_000i64..30_000],
        retransmit: bool,
        others: bool,
        first in filter(),
    ) {
        let timing = BTR_500K | brp as u32;
        let mut b = normal(0);
        b.write(MCR, INRQ);
        b.run_for(bits(1));
        b.write(BTR, timing);
        set_filter(&mut b, first);
        b.write(MCR, 0);
        b.run_for(bits(12 * (brp + 1)));
        let mut offset = 0;
        let mut wire = node(&b, 1, &[]);
        for (n, &(id, length, gap)) in ids.iter().enumerate() {
            let mut data = [0; 8];
            data[..2].copy_from_slice(&(n as u16).to_le_bytes());
            offset += gap;
            wire.frames.push(TimedFrame { offset: bits(offset), frame: frame(id, &data[..length]) });
        }
        wire.bit_rate = Hertz::new(500_000 / (brp + 1)).scaled((1_000_000 + ppm) as u64, 1_000_000);
        wire.retransmit = retransmit;
        wire.acknowledged_by_others = others;
        b.attach_can(wire);

        let (mut taken, mut dropped) = (BTreeSet::new(), BTreeSet::new());
        let mut before = Vec::new();
        for act in acts {
            match act {
                Act::Wait(n) => b.run_for(bits(n)),
                Act::Take(fifo) if b.read(fmr(fifo)) & 3 != 0 => {
                    prop_assert!(taken.insert(number(&mut b, fifo)), "a frame is taken once");
                    b.write(fmr(fifo), 1 << 5);
                }
                Act::Drop(fifo) if b.read(fmr(fifo)) & 3 != 0 => {
                    // A copy looks, so that the frame stays unread.
                    let seen = number(&mut b.clone(), fifo);
                    prop_assert!(dropped.insert(seen), "a frame is dropped once");
                    b.write(fmr(fifo), 1 << 5);
                }
                Act::Take(fifo) | Act::Drop(fifo) => b.write(fmr(fifo), 1 << 5),
                Act::ClearOverrun(fifo) => b.write(fmr(fifo), 0b1_1000),
                Act::Mode { locked, init } => b.write(MCR, u32::from(locked) << 3 | u32::from(init)),
                Act::Filter(filter) => set_filter(&mut b, filter),
                Act::Clock(n) => {
                    b.shared.clocks.pclk1 = Hertz::new(8_000_000 * n);
                    b.signal(&Signal::ClocksChanged);
                }
                Act::Reset => {
                    b.reset();
                    b.write(MCR, INRQ);
                    b.run_for(bits(1));
                    b.write(BTR, timing);
                    set_filter(&mut b, first);
                    b.write(MCR, 0);
                }
            }
            let units = b.shared.log.wires[0].units.clone();
            let waiting = units.iter().filter(|u| u.fate == Fate::Waiting).count();
            prop_assert_eq!(waiting, pending(&mut b), "what waits is what the FIFOs hold");
            prop_assert!(units.len() <= ids.len());
            for pair in units.windows(2) {
                prop_assert!(pair[0].sent < pair[1].sent, "frames go one after the other");
            }
            for unit in &units {
                prop_assert!(unit.arrived.is_none_or(|at| at > unit.sent), "{unit:?}");
                prop_assert!(!is_final(unit.fate) || (unit.settled <= b.now() && unit.settled >= unit.sent), "{unit:?}");
            }
            // A fate that is final stays, with its time.
            for (old, new) in std::iter::zip(&before, &units) {
                let old: &crate::log::Unit = old;
                prop_assert!(!is_final(old.fate) || old == new, "{old:?} became {new:?}");
            }
            before = units;
        }
        b.run_for(bits((offset + ids.len() as u64 * 200) * (brp + 1) * 2 + 1_000));

        let units = b.shared.log.wires[0].units.clone();
        let of = |fate| units.iter().filter(|u| u.fate == fate).count();
        let numbers = |fate| units.iter().enumerate().filter(|(_, u)| u.fate == fate).map(|(n, _)| n).collect::<BTreeSet<_>>();
        prop_assert_eq!(numbers(Fate::Delivered), taken, "what was delivered is what was taken");
        prop_assert_eq!(numbers(Fate::Flushed), dropped, "what was flushed is what was dropped");
        prop_assert_eq!(of(Fate::Waiting), pending(&mut b));
        for unit in units.iter().filter(|u| u.fate == Fate::Delivered) {
            prop_assert_eq!(unit.received, Some(unit.value));
        }
        let fates = [
            Fate::Delivered, Fate::Flushed, Fate::Waiting, Fate::FifoOverrun, Fate::Filtered, Fate::NotListening,
            Fate::NotAcknowledged, Fate::BitRate, Fate::Reset,
        ];
        let in_flight = of(Fate::InFlight);
        prop_assert_eq!(fates.into_iter().map(of).sum::<usize>() + in_flight, units.len(), "no other fate");
        // A node that nobody acknowledges stays at its frame for ever, if it may; else all are out.
        let stuck = retransmit && !others && units.last().is_some_and(|u| matches!(u.fate, Fate::NotAcknowledged | Fate::BitRate | Fate::InFlight));
        if !stuck {
            prop_assert_eq!((units.len(), in_flight), (ids.len(), 0), "{:?}", units.last());
        }
    }
}
