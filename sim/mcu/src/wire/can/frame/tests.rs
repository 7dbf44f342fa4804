use super::*;

fn text(frame: &CanFrame) -> String {
    let bits = frame.bits();
    (0..bits.stuffed())
        .map(|n| if bits.level(n, false) { '1' } else { '0' })
        .collect()
}

fn standard(id: u16, bytes: &[u8]) -> CanFrame {
    CanFrame::new(CanId::Standard(id), bytes).expect("at most eight bytes")
}

fn extended(id: u32, bytes: &[u8]) -> CanFrame {
    CanFrame::new(CanId::Extended(id), bytes).expect("at most eight bytes")
}

/// Computed apart from this crate, in Python: the CRC by long division of the whole frame by 0xC599, as integers.
#[test]
fn bits_of_known_frames() {
    let known = [
        (
            standard(0x14, &[1]),
            "000001001010000010001000001001111011101010011",
        ),
        (standard(0, &[]), "0000010000010000010000010000010000010000"),
        (
            standard(0x7FF, &[0xFF; 8]),
            "01111101111101000100011111011111011111011111011111011111011111011111011111011111011111011111011111000110010001001",
        ),
        (
            standard(0x123, &[0xDE, 0xAD, 0xBE, 0xEF]),
            "00010010001100001001101111010101101101111100111011111000111001101011",
        ),
        (
            extended(0x1234_5678, &[1, 2, 3]),
            "0100100011011100010101100111100000100011000001001000001010000010011101101110000100",
        ),
        (
            extended(0, &[0; 8]),
            "00000100000100110000010000010000010000010100000100000100000100000100000100000100000100000100000100000100000100000100000100011110110101111",
        ),
        (
            CanFrame::remote(CanId::Standard(0x456), 5).expect("a length"),
            "010001010110100010110101111101000001",
        ),
        (
            CanFrame::remote(CanId::Extended(0x1FFF_FFFF), 8).expect("a length"),
            "0111110111110111110111110111110111110110010000011101101001010",
        ),
    ];
    for (frame, bits) in known {
        assert_eq!(text(&frame), bits, "{frame:?}");
    }
}

/// can.md §5: shortest and longest frame on the wire for 0 to 8 bytes, with the space after it.
const STANDARD: [(u32, u32); 9] = [
    (47, 55),
    (55, 65),
    (63, 75),
    (71, 85),
    (79, 95),
    (87, 105),
    (95, 115),
    (103, 125),
    (111, 135),
];
const EXTENDED: [(u32, u32); 9] = [
    (67, 80),
    (75, 90),
    (83, 100),
    (91, 110),
    (99, 120),
    (107, 130),
    (115, 140),
    (123, 150),
    (131, 160),
];

#[test]
fn no_six_equal_bits_and_lengths_as_in_the_table() {
    // A linear congruential generator: the same frames each time.
    let mut state = 1_u64;
    let mut next = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u32
    };
    let mut shortest = [[u32::MAX; 9]; 2];
    for round in 0..40_000 {
        let length = round % 9;
        // Zeros and ones in long runs now and then: that is where the stuff bits are.
        let mut data = [0; 8];
        data.fill_with(|| match next() % 3 {
            0 => 0,
            1 => 0xFF,
            _ => next() as u8,
        });
        let is_extended = round / 9 % 2 == 1;
        let frame = if is_extended {
            extended(next() & 0x1FFF_FFFF, &data[..length])
        } else {
            standard((next() & 0x7FF) as u16, &data[..length])
        };
        let bits = text(&frame);
        assert!(
            !bits.contains("000000") && !bits.contains("111111"),
            "{bits}"
        );
        let (min, max) = if is_extended { EXTENDED } else { STANDARD }[length];
        let all = frame.bits().to_idle();
        assert!((min..=max).contains(&all), "{all} bits: {frame:?}");
        let least = &mut shortest[usize::from(is_extended)][length];
        *least = all.min(*least);
    }
    // A frame without a stuff bit is rare, but is found. Not with 0 to 2 bytes: RTR, IDE, r0 and the length are five zeros
    // or more then.
    assert_eq!((shortest[0][0], shortest[0][4]), (48, 79));
    assert_eq!(
        standard(0, &[]).bits().to_idle(),
        40 + 13,
        "six stuff bits in 34 zeros"
    );
}

#[test]
fn who_wins() {
    let order = [
        standard(0x100, &[]),
        CanFrame::remote(CanId::Standard(0x100), 0).expect("a length"),
        extended(0x100 << 18, &[]),
        CanFrame::remote(CanId::Extended(0x100 << 18), 0).expect("a length"),
        extended(0x100 << 18 | 1, &[]),
        standard(0x101, &[]),
    ];
    for pair in order.windows(2) {
        assert!(pair[0].priority() < pair[1].priority(), "{pair:?}");
    }
    // On the wire it is the first bit that differs: the dominant one wins.
    for pair in order.windows(2) {
        let (a, b) = (text(&pair[0]), text(&pair[1]));
        let first = a.bytes().zip(b.bytes()).find(|(a, b)| a != b);
        assert_eq!(first, Some((b'0', b'1')), "{pair:?}");
    }
}

#[test]
fn the_slot_is_dominant_when_somebody_acknowledges() {
    let bits = standard(0x14, &[1]).bits();
    let slot = bits.to_acknowledgement() - 1;
    assert_eq!(
        (bits.level(slot, true), bits.level(slot, false)),
        (false, true)
    );
    assert!((bits.stuffed()..bits.to_idle()).all(|n| bits.level(n, false)));
    assert_eq!(bits.to_idle() - bits.to_valid(), 4);
}

#[test]
fn what_does_not_fit_is_no_frame() {
    assert_eq!(CanFrame::new(CanId::Standard(1), &[0; 9]), None);
    assert_eq!(CanFrame::remote(CanId::Standard(1), 9), None);
    assert_eq!(CanId::standard(0x800), None);
    assert_eq!(CanId::extended(0x2000_0000), None);
    let odd = CanFrame {
        dlc: 15,
        ..standard(1, &[7; 8])
    };
    assert_eq!(odd.bytes(), [7; 8], "codes above 8 mean eight bytes");
}
