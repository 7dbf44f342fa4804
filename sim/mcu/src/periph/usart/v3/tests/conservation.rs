//! Every byte has exactly one fate.

use proptest::prelude::*;

use super::*;

/// What the firmware may do between two bytes.
#[derive(Clone, Copy, Debug)]
enum Act {
    Wait(u64),
    Read,
    ClearErrors,
    Flush,
    Cr1(bool, bool),
    Ovrdis(bool),
    Clock(u64),
    Reset,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        12 => (1u64..40).prop_map(Act::Wait),
        6 => Just(Act::Read),
        1 => Just(Act::ClearErrors),
        1 => Just(Act::Flush),
        2 => any::<(bool, bool)>().prop_map(|(ue, re)| Act::Cr1(ue, re)),
        1 => any::<bool>().prop_map(Act::Ovrdis),
        1 => (1u64..4).prop_map(Act::Clock),
        1 => Just(Act::Reset),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever firmware, clock and baud error do: every byte has exactly one fate, and what firmware read is what was counted.
    #[test]
    fn every_byte_is_accounted_for_exactly_once(
        acts in proptest::collection::vec(act(), 1..60),
        values in proptest::collection::vec(any::<u8>(), 1..80),
        ppm in -150_000i64..150_000,
        gap in 0u64..30,
    ) {
        let mut b = bench();
        let mut line = wire(&b, &values);
        line.bit_rate = Hertz::new(MIDI).scaled((1_000_000 + ppm) as u64, 1_000_000);
        for (n, byte) in line.bytes.iter_mut().enumerate() {
            byte.offset = bits(gap * n as u64);
        }
        b.attach(line);
        let mut reads = 0;
        for act in acts {
            match act {
                Act::Wait(n) => b.run_for(bits(n)),
                Act::Read => {
                    reads += usize::from(isr(&mut b).contains(Isr::RXNE));
                    b.read(RDR);
                }
                Act::ClearErrors => b.write(ICR, Isr::CLEARABLE.bits()),
                Act::Flush => b.write(RQR, Rqr::RXFRQ.bits()),
                Act::Cr1(ue, re) => b.write(CR1, u32::from(ue) | u32::from(re) << 2),
                Act::Ovrdis(on) => b.write(CR3, u32::from(on) << 12),
                Act::Clock(n) => {
                    b.shared.clocks.usart[0] = Hertz::new(4_000_000 * n);
                    b.signal(&Signal::ClocksChanged);
                }
                Act::Reset => {
                    b.reset();
                    b.write(BRR, BRR_MIDI);
                }
            }
            let decided = b.fates().iter().filter(|f| !matches!(f, Fate::InFlight | Fate::Waiting)).count();
            let waiting = b.fates().iter().filter(|f| **f == Fate::Waiting).count();
            prop_assert!(waiting <= 1, "one receive register");
            prop_assert!(decided + waiting + 3 >= b.fates().len(), "at most the frames on the line are undecided");
        }
        b.run_for(bits(values.len() as u64 * 50));
        let fates = b.fates();
        prop_assert_eq!(fates.len(), values.len());
        prop_assert!(!fates.contains(&Fate::InFlight));
        let of = |fate| fates.iter().filter(|f| **f == fate).count();
        let read = of(Fate::Delivered) + units(&b).iter().filter(|u| u.fate == Fate::Corrupted && u.received.is_some()).count();
        prop_assert!(read <= reads, "nothing is delivered that was not read");
        for unit in units(&b).iter().filter(|u| u.fate == Fate::Delivered) {
            prop_assert_eq!(unit.received, Some(unit.value));
        }
        prop_assert!(b.wires[WireId(0).0].is_done(&b.shared));
    }
}
