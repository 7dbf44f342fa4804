use super::Fpscr;
use super::convert::Fixed;
use super::{DEFAULT_NAN, INFINITY, Rounding, SIGN};
use proptest::prelude::*;

/// Zeros, denormals, the ends of every range, infinities, quiet and signalling NaNs.
const SPECIAL: [u32; 22] = [
    0,
    SIGN,
    1,
    0x8000_0001,
    0x0040_0000,
    0x007F_FFFF,
    0x807F_FFFF,
    0x0080_0000,
    0x0080_0001,
    0x3F7F_FFFF,
    0x3F80_0000,
    0xBF80_0000,
    0x3F80_0001,
    0x4B00_0001,
    0x4F00_0000,
    0x7F7F_FFFF,
    0xFF7F_FFFF,
    INFINITY,
    0xFF80_0000,
    DEFAULT_NAN,
    0xFFC1_2345,
    0x7F81_2345,
];

fn operand() -> impl Strategy<Value = u32> {
    prop_oneof![
        any::<u32>(),
        (0..SPECIAL.len()).prop_map(|i| SPECIAL[i]),
        // Near one another, so that sums cancel and products do not overflow.
        (any::<u32>(), 120u32..136)
            .prop_map(|(bits, exponent)| bits & 0x807F_FFFF | exponent << 23),
        // Near the denormal numbers.
        (any::<u32>(), 0u32..28).prop_map(|(bits, exponent)| bits & 0x807F_FFFF | exponent << 23),
    ]
}

/// Equal, or both NaN: the host chooses its NaNs by its own rules.
fn same(ours: u32, host: f32) -> bool {
    ours == host.to_bits() || f32::from_bits(ours).is_nan() && host.is_nan()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn as_the_host_does(a in operand(), b in operand(), c in operand()) {
        let (x, y, z) = (f32::from_bits(a), f32::from_bits(b), f32::from_bits(c));
        let f = &mut Fpscr::empty();
        prop_assert!(same(f.add(a, b), x + y), "{a:08x} + {b:08x}");
        prop_assert!(same(f.subtract(a, b), x - y), "{a:08x} - {b:08x}");
        prop_assert!(same(f.multiply(a, b), x * y), "{a:08x} * {b:08x}");
        prop_assert!(same(f.divide(a, b), x / y), "{a:08x} / {b:08x}");
        prop_assert!(same(f.square_root(a), x.sqrt()), "sqrt {a:08x}");
        prop_assert!(same(f.multiply_add(c, a, b), x.mul_add(y, z)), "{a:08x} * {b:08x} + {c:08x}");
        let word = Fixed { is_signed: true, bits: 32, fraction: 0 };
        prop_assert_eq!(f.float_to_fixed(a, word, Rounding::Zero), x as i32 as u32);
        prop_assert_eq!(f.float_to_fixed(a, Fixed { is_signed: false, ..word }, Rounding::Zero), x as u32);
        prop_assert_eq!(f.fixed_to_float(a, word, Rounding::Nearest), (a as i32 as f32).to_bits());
        prop_assert_eq!(f.fixed_to_float(a, Fixed { is_signed: false, ..word }, Rounding::Nearest), (a as f32).to_bits());
        f.compare(a, b, false);
        prop_assert_eq!(f.contains(Fpscr::Z), x == y);
        prop_assert_eq!(f.contains(Fpscr::N), x < y);
        prop_assert_eq!(f.contains(Fpscr::V), x.is_nan() || y.is_nan());
    }

    #[test]
    fn directed_rounding_brackets_the_result(a in operand(), b in operand()) {
        let with = |mode: Fpscr| {
            let mut f = mode;
            (f.add(a, b), f.multiply(a, b), f.divide(a, b), f.contains(Fpscr::IXC))
        };
        let (up, down) = (with(Fpscr::RMODE0), with(Fpscr::RMODE1));
        let (zero, nearest) = (with(Fpscr::RMODE0 | Fpscr::RMODE1), with(Fpscr::empty()));
        let each = |r: (u32, u32, u32, bool)| [r.0, r.1, r.2].map(f32::from_bits);
        for (((up, down), zero), nearest) in each(up).into_iter().zip(each(down)).zip(each(zero)).zip(each(nearest)) {
            if nearest.is_nan() {
                continue;
            }
            prop_assert!(down <= nearest && nearest <= up);
            prop_assert!(nearest == up || nearest == down);
            prop_assert_eq!(zero, if nearest > 0.0 || up > 0.0 && down >= 0.0 { down } else { up });
        }
    }
}

/// The result of an operation and the flags it set.
fn run(modes: Fpscr, operation: impl Fn(&mut Fpscr) -> u32) -> (u32, Fpscr) {
    let mut f = modes;
    let result = operation(&mut f);
    (result, f - modes)
}

const MOST: u32 = 0x7F7F_FFFF;
const ONE: u32 = 0x3F80_0000;
const TWO: u32 = 0x4000_0000;
const NONE: Fpscr = Fpscr::empty();

#[test]
fn flush_to_zero() {
    assert_eq!(run(Fpscr::FZ, |f| f.add(1, 1)), (0, Fpscr::IDC), "inputs");
    assert_eq!(
        run(Fpscr::FZ, |f| f.multiply(0x8080_0000, 0x3F00_0000)),
        (SIGN, Fpscr::UFC),
        "results, without IXC"
    );
    assert_eq!(
        run(NONE, |f| f.multiply(0x0080_0000, 0x3F00_0000)),
        (0x0040_0000, NONE),
        "exact: no underflow"
    );
}

#[test]
fn nans() {
    let (quiet, signalling) = (0xFFC1_2345, 0x7F81_2345);
    assert_eq!(
        run(NONE, |f| f.add(quiet, DEFAULT_NAN)),
        (quiet, NONE),
        "the first"
    );
    assert_eq!(
        run(NONE, |f| f.add(quiet, signalling)),
        (0x7FC1_2345, Fpscr::IOC),
        "signalling before quiet"
    );
    assert_eq!(run(Fpscr::DN, |f| f.add(quiet, ONE)), (DEFAULT_NAN, NONE));
    assert_eq!(
        run(NONE, |f| f.subtract(ONE, quiet)),
        (quiet, NONE),
        "keeps its sign"
    );
    assert_eq!(
        run(NONE, |f| f.multiply_add(signalling, quiet, ONE)),
        (0x7FC1_2345, Fpscr::IOC)
    );
}

#[test]
fn overflow_and_underflow() {
    let flags = Fpscr::OFC | Fpscr::IXC;
    assert_eq!(run(NONE, |f| f.add(MOST, MOST)), (INFINITY, flags));
    assert_eq!(run(Fpscr::RMODE1, |f| f.add(MOST, MOST)), (MOST, flags));
    assert_eq!(
        run(Fpscr::RMODE0, |f| f.add(MOST | SIGN, MOST | SIGN)),
        (MOST | SIGN, flags)
    );
    let flags = Fpscr::UFC | Fpscr::IXC;
    assert_eq!(
        run(NONE, |f| f.multiply(0x0080_0001, 0x3F00_0000)),
        (0x0040_0000, flags),
        "a tie to even"
    );
    assert_eq!(
        run(NONE, |f| f.multiply(0x00FF_FFFF, 0x3F00_0000)),
        (0x0080_0000, flags),
        "tiny before rounding"
    );
    assert_eq!(run(Fpscr::RMODE0, |f| f.multiply(1, 1)), (1, flags));
}

#[test]
fn fused_rounds_once() {
    // (1 + 2^-23)^2 - (1 + 2^-22) is 2^-46.
    assert_eq!(
        run(NONE, |f| f.multiply_add(
            0xBF80_0002,
            0x3F80_0001,
            0x3F80_0001
        )),
        (0x2880_0000, NONE)
    );
    assert_eq!(
        run(NONE, |f| f.multiply_add(0xFFC1_2345, INFINITY, 0)),
        (DEFAULT_NAN, Fpscr::IOC)
    );
    assert_eq!(
        run(NONE, |f| f.multiply_add(INFINITY | SIGN, INFINITY, ONE)),
        (DEFAULT_NAN, Fpscr::IOC)
    );
    assert_eq!(run(NONE, |f| f.multiply_add(0, 0, SIGN)), (0, NONE));
}

#[test]
fn the_sign_of_zero() {
    assert_eq!(run(NONE, |f| f.add(ONE, ONE | SIGN)), (0, NONE));
    assert_eq!(run(Fpscr::RMODE1, |f| f.add(ONE, ONE | SIGN)), (SIGN, NONE));
    assert_eq!(run(NONE, |f| f.add(SIGN, SIGN)), (SIGN, NONE));
    assert_eq!(run(Fpscr::RMODE1, |f| f.add(0, SIGN)), (SIGN, NONE));
}

#[test]
fn invalid_operations() {
    let invalid = (DEFAULT_NAN, Fpscr::IOC);
    assert_eq!(run(NONE, |f| f.subtract(INFINITY, INFINITY)), invalid);
    assert_eq!(run(NONE, |f| f.multiply(0, INFINITY)), invalid);
    assert_eq!(run(NONE, |f| f.divide(0, 0)), invalid);
    assert_eq!(run(NONE, |f| f.square_root(ONE | SIGN)), invalid);
    assert_eq!(run(NONE, |f| f.square_root(SIGN)), (SIGN, NONE));
    assert_eq!(
        run(NONE, |f| f.divide(ONE, SIGN)),
        (INFINITY | SIGN, Fpscr::DZC)
    );
}

#[test]
fn comparisons() {
    let flags = |a, b, signals| {
        let mut f = Fpscr::N | Fpscr::Z;
        f.compare(a, b, signals);
        f
    };
    assert_eq!(flags(0, SIGN, false), Fpscr::Z | Fpscr::C);
    assert_eq!(flags(ONE | SIGN, ONE, false), Fpscr::N);
    assert_eq!(flags(TWO, ONE, false), Fpscr::C);
    assert_eq!(flags(DEFAULT_NAN, ONE, false), Fpscr::C | Fpscr::V);
    assert_eq!(
        flags(DEFAULT_NAN, ONE, true),
        Fpscr::C | Fpscr::V | Fpscr::IOC
    );
    assert_eq!(
        flags(ONE, 0x7F81_2345, false),
        Fpscr::C | Fpscr::V | Fpscr::IOC
    );
}

#[test]
fn integers() {
    let (signed, unsigned) = (
        Fixed {
            is_signed: true,
            bits: 32,
            fraction: 0,
        },
        Fixed {
            is_signed: false,
            bits: 32,
            fraction: 0,
        },
    );
    let to = |bits, to, rounding| run(NONE, |f| f.float_to_fixed(bits, to, rounding));
    let half = 0x3F00_0000;
    assert_eq!(to(half, signed, Rounding::Nearest), (0, Fpscr::IXC));
    assert_eq!(
        to(half | SIGN, signed, Rounding::Minus),
        (u32::MAX, Fpscr::IXC)
    );
    assert_eq!(
        to(half | SIGN, unsigned, Rounding::Minus),
        (0, Fpscr::IOC),
        "saturation is not inexact"
    );
    assert_eq!(to(half | SIGN, unsigned, Rounding::Zero), (0, Fpscr::IXC));
    assert_eq!(
        to(0x4F00_0000, signed, Rounding::Zero),
        (0x7FFF_FFFF, Fpscr::IOC)
    );
    assert_eq!(to(0xCF00_0000, signed, Rounding::Zero), (0x8000_0000, NONE));
    assert_eq!(to(DEFAULT_NAN, signed, Rounding::Zero), (0, Fpscr::IOC));
    assert_eq!(
        to(INFINITY | SIGN, signed, Rounding::Zero),
        (0x8000_0000, Fpscr::IOC)
    );
    assert_eq!(
        run(NONE, |f| f.fixed_to_float(
            0x0100_0001,
            signed,
            Rounding::Nearest
        )),
        (0x4B80_0000, Fpscr::IXC)
    );
    assert_eq!(
        run(NONE, |f| f.fixed_to_float(
            0x0100_0001,
            signed,
            Rounding::Plus
        )),
        (0x4B80_0001, Fpscr::IXC)
    );
}

#[test]
fn fixed_point() {
    let q15 = Fixed {
        is_signed: true,
        bits: 16,
        fraction: 15,
    };
    assert_eq!(
        run(NONE, |f| f.float_to_fixed(0xBF00_0000, q15, Rounding::Zero)),
        (0xFFFF_C000, NONE)
    );
    assert_eq!(
        run(NONE, |f| f.float_to_fixed(ONE, q15, Rounding::Zero)),
        (0x7FFF, Fpscr::IOC)
    );
    assert_eq!(
        run(NONE, |f| f.fixed_to_float(
            0x1234_C000,
            q15,
            Rounding::Nearest
        )),
        (0xBF00_0000, NONE)
    );
    let u32_32 = Fixed {
        is_signed: false,
        bits: 32,
        fraction: 32,
    };
    assert_eq!(
        run(NONE, |f| f.fixed_to_float(1, u32_32, Rounding::Nearest)),
        (0x2F80_0000, NONE)
    );
}

#[test]
fn half_precision() {
    let narrow = |modes, bits| run(modes, |f| f.single_to_half(bits).into());
    let widen = |modes, half| run(modes, |f| f.half_to_single(half));
    assert_eq!(narrow(NONE, ONE), (0x3C00, NONE));
    assert_eq!(
        narrow(NONE, 0x4780_0000),
        (0x7C00, Fpscr::OFC | Fpscr::IXC),
        "65536"
    );
    assert_eq!(
        narrow(Fpscr::AHP, 0x4780_0000),
        (0x7C00, NONE),
        "which the alternative format has"
    );
    assert_eq!(narrow(Fpscr::AHP, 0x4800_0000), (0x7FFF, Fpscr::IOC));
    assert_eq!(narrow(Fpscr::AHP, 0xFFC1_2345), (0x8000, Fpscr::IOC));
    assert_eq!(narrow(NONE, 0xFFC1_2345), (0xFE09, NONE));
    assert_eq!(narrow(NONE, 0x7F81_2345), (0x7E09, Fpscr::IOC));
    assert_eq!(
        narrow(Fpscr::FZ, 0x3380_0000),
        (1, NONE),
        "half precision is not flushed"
    );
    assert_eq!(narrow(Fpscr::FZ, 1), (0, Fpscr::IDC));
    assert_eq!(widen(NONE, 1), (0x3380_0000, NONE));
    assert_eq!(widen(NONE, 0x7C00), (INFINITY, NONE));
    assert_eq!(widen(Fpscr::AHP, 0x7C00), (0x4780_0000, NONE));
    assert_eq!(widen(NONE, 0xFC01), (0xFFC0_2000, Fpscr::IOC));
    assert_eq!(widen(Fpscr::DN, 0xFE01), (DEFAULT_NAN, NONE));
    for half in 0..=u16::MAX {
        let mut f = NONE;
        let single = f.half_to_single(half);
        let is_signalling = half & 0x7C00 == 0x7C00 && half & 0x3FF != 0 && half & 0x200 == 0;
        assert_eq!(
            f.single_to_half(single),
            if is_signalling { half | 0x200 } else { half }
        );
    }
}
