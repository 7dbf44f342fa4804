//! A small generator of random numbers: the same seed gives the same instructions for ever.

/// SplitMix64 (Steele, Lea and Flood, 2014).
#[derive(Clone, Debug)]
pub struct Rng(u64);

/// Words at which arithmetic and shifts change their behaviour.
const SPECIAL: [u32; 20] = [
    0,
    1,
    2,
    3,
    0xFF,
    0x100,
    31,
    32,
    33,
    64,
    255,
    0x7FFF,
    0x8000,
    0xFFFF,
    0x1_0000,
    0x7FFF_FFFF,
    0x8000_0000,
    0x8000_0001,
    0xFFFF_FFFE,
    0xFFFF_FFFF,
];

/// Magnitudes at which floating-point arithmetic changes its behaviour.
const FLOATS: [u32; 20] = [
    0,
    1,
    0x0040_0000,
    0x007F_FFFF,
    0x0080_0000,
    0x0080_0001,
    0x3300_0000,
    0x3380_0000,
    0x387F_FFFF,
    0x3F00_0000,
    0x3F80_0000,
    0x3FC0_0000,
    0x477F_F000,
    0x4F00_0000,
    0x4F80_0000,
    0x7F7F_FFFF,
    0x7F80_0000,
    0x7FC0_0000,
    0x7FC1_2345,
    0x7F81_2345,
];

impl Rng {
    /// A sequence that depends on `seed` only.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// 32 random bits.
    pub const fn word(&mut self) -> u32 {
        (self.next() >> 32) as u32
    }

    /// A number below `bound`, which is not 0.
    pub const fn below(&mut self, bound: u32) -> u32 {
        ((self.word() as u64 * bound as u64) >> 32) as u32
    }

    /// True once in `n` times.
    pub const fn one_in(&mut self, n: u32) -> bool {
        self.below(n) == 0
    }

    /// A single-precision number: special, denormal, near another one, or anything.
    pub const fn float(&mut self) -> u32 {
        let sign = self.word() & 1 << 31;
        match self.below(8) {
            0..=1 => sign | FLOATS[self.below(FLOATS.len() as u32) as usize],
            2 => sign | self.word() & 0x00FF_FFFF,
            3 => sign | (0x3C00_0000 + (self.word() & 0x07FF_FFFF)),
            4 => sign | (0x3F80_0000 + (self.word() & 0x0080_000F)),
            // Where conversions to halves, halfwords and words saturate.
            5 => sign | (0x3300_0000 + (self.word() & 0x1FFF_FFFF)),
            // Few bits: exact results and ties.
            6 => sign | (self.word() & 0x7FF0_0000),
            _ => self.word(),
        }
    }

    /// A register value: one that instructions treat in a special way about half of the time.
    pub const fn operand(&mut self) -> u32 {
        match self.below(8) {
            0..=3 => SPECIAL[self.below(SPECIAL.len() as u32) as usize],
            4 => self.word() & 0xFF,
            5 => 1 << self.below(32),
            _ => self.word(),
        }
    }
}
