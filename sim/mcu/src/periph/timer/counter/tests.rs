use super::*;
use proptest::prelude::*;

/// The same counter, one clock at a time, written without looking at the other one.
#[derive(Clone)]
struct Reference {
    c: Counter,
}

impl Reference {
    fn clock(&mut self, passed: &mut Passed) {
        let c = &mut self.c;
        if !c.enabled || c.arr.active == 0 {
            return;
        }
        if c.prescaled < c.psc.active {
            c.prescaled += 1;
            return;
        }
        c.prescaled = 0;
        let (arr, mut update) = (c.arr.active, false);
        let mut moved_down = c.down;
        match c.alignment {
            Alignment::Edge => {
                if c.down {
                    update = c.count == 0;
                    if !update {
                        c.count -= 1;
                    }
                } else if c.count == arr {
                    update = true;
                } else {
                    c.count = if c.count == c.max { 0 } else { c.count + 1 };
                }
            }
            Alignment::Centre { .. } => {
                if c.count == arr {
                    c.down = true;
                } else if c.count == 0 {
                    c.down = false;
                }
                moved_down = c.down;
                if c.down {
                    c.count -= 1;
                    update = c.count == 0;
                } else {
                    c.count = if c.count == c.max { 0 } else { c.count + 1 };
                    update = c.count == arr;
                }
            }
        }
        if update {
            if c.to_skip > 0 {
                c.to_skip -= 1;
            } else if !c.update_disabled {
                passed.updates += 1;
                c.load_shadows();
                c.enabled &= !c.one_pulse;
            }
            if c.alignment == Alignment::Edge {
                c.count = if moved_down { c.arr.active } else { 0 };
            }
        }
        for n in 0..4 {
            let ccr = c.ccr[n].active;
            let direction = match c.alignment {
                Alignment::Edge => true,
                Alignment::Centre { up, down } => {
                    if moved_down {
                        down
                    } else {
                        up
                    }
                }
            };
            if c.compares[n]
                && (direction && c.count == ccr || update && ccr > arr && ccr > c.arr.active)
            {
                passed.matches[n] += 1;
            }
        }
    }
}

fn alignment() -> impl Strategy<Value = Alignment> {
    prop_oneof![
        2 => Just(Alignment::Edge),
        1 => (any::<bool>(), any::<bool>()).prop_map(|(up, down)| Alignment::Centre { up, down }),
    ]
}

prop_compose! {
    fn counter()(
        max in prop_oneof![Just(15u32), Just(63)],
        count in 0u32..64,
        psc in (0u32..4, 0u32..4),
        arr in (0u32..20, 0u32..20),
        ccr in proptest::array::uniform4((0u32..24, 0u32..24)),
        compares in any::<[bool; 4]>(),
        down in any::<bool>(),
        alignment in alignment(),
        update_disabled in proptest::bool::weighted(0.2),
        one_pulse in proptest::bool::weighted(0.2),
        repeats in (0u32..4, 0u32..4),
    ) -> Counter {
        let pre = |(written, active): (u32, u32)| Preloaded { written: written.min(max), active: active.min(max) };
        Counter {
            max,
            enabled: true,
            count: count.min(max),
            prescaled: 0,
            psc: Preloaded { written: psc.0, active: psc.1 },
            arr: pre(arr),
            ccr: ccr.map(pre),
            compares,
            down,
            alignment,
            update_disabled,
            one_pulse,
            repetition: repeats.0,
            to_skip: repeats.1,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn advancing_is_counting_one_clock_at_a_time(start in counter(), parts in proptest::collection::vec(0u64..300, 1..5)) {
        let mut fast = start;
        let mut slow = Reference { c: start };
        for n in parts {
            let passed = fast.advance(n);
            let mut expected = Passed::default();
            (0..n).for_each(|_| slow.clock(&mut expected));
            prop_assert_eq!(passed, expected);
            prop_assert_eq!(fast, slow.c);
        }
    }

    #[test]
    fn nothing_happens_before_the_announced_clock(start in counter()) {
        let Some(boundary) = start.clocks_to_boundary() else { return Ok(()) };
        let mut c = start;
        prop_assert_eq!(c.advance(boundary - 1).updates, 0);
        for n in (0..4).filter(|&n| start.compares[n]) {
            let first = start.clocks_to_match(n).unwrap_or(u64::MAX);
            prop_assert!(first <= boundary);
            let mut c = start;
            prop_assert_eq!(c.advance(first - 1).matches[n], 0);
        }
    }
}

#[test]
fn a_second_of_the_fastest_counter_costs_nothing() {
    let mut c = Counter::new(0xFFFF);
    c.enabled = true;
    c.arr.write(1, false);
    assert_eq!(c.advance(72_000_000 * 3600).updates, 36_000_000 * 3600);
}

#[test]
fn a_32_bit_counter_wraps_at_its_end() {
    let mut c = Counter::new(u32::MAX);
    c.enabled = true;
    c.count = u32::MAX - 1;
    assert_eq!(c.advance(1).updates, 0);
    assert_eq!(c.advance(1).updates, 1);
    assert_eq!(c.count, 0);
}
