//! Every integer encoding of ARMv7-M (ARMv7-M ARM, A5 and A7.7), the DSP extension in a table of its own, with the
//! conditions under which it is neither UNDEFINED nor UNPREDICTABLE.
//!
//! Left out: MRS, MSR, CPS, SVC, BKPT, WFI, WFE, SEV, YIELD and the exclusives. They act on state that
//! only the native core has.

use flashstall_cpu::Extensions;

use super::pattern::Fields;

/// Where an encoding may stand with respect to an IT block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum It {
    /// Anywhere.
    Any,
    /// Outside, or as the last instruction of a block: what writes the PC.
    Last,
    /// Outside only.
    Outside,
}

/// What the instruction needs of registers so that its accesses stay inside the data window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It reads and writes no memory, or only what lies near the PC.
    None,
    /// One base register; all accesses lie in base ± 4095.
    Base {
        /// The register.
        register: u32,
        /// The base must be a multiple of 4.
        aligned: bool,
    },
    /// Base plus index shifted left.
    Index {
        /// Base register.
        base: u32,
        /// Index register.
        index: u32,
        /// Shift of the index.
        shift: u32,
        /// The base must be a multiple of 4.
        aligned: bool,
    },
}

/// One encoding.
#[derive(Clone, Copy, Debug)]
pub struct Encoding {
    /// Name and number as in the manual.
    pub name: &'static str,
    /// The bits, see [`pattern`](super::pattern).
    pub pattern: &'static str,
    /// Is this instance of it valid? Positions in IT blocks apart.
    pub valid: fn(&Fields) -> bool,
    /// Where it may stand.
    pub it: fn(&Fields) -> It,
    /// What it accesses.
    pub access: fn(&Fields) -> Access,
}

const fn e(name: &'static str, pattern: &'static str, valid: fn(&Fields) -> bool) -> Encoding {
    Encoding {
        name,
        pattern,
        valid,
        it: |_| It::Any,
        access: |_| Access::None,
    }
}

impl Encoding {
    const fn it(mut self, it: fn(&Fields) -> It) -> Self {
        self.it = it;
        self
    }

    const fn access(mut self, access: fn(&Fields) -> Access) -> Self {
        self.access = access;
        self
    }
}

fn always(_: &Fields) -> bool {
    true
}

fn last(_: &Fields) -> It {
    It::Last
}

fn outside(_: &Fields) -> It {
    It::Outside
}

/// Last in a block if the transferred register is the PC.
fn last_if_pc(f: &Fields) -> It {
    if f.get('t') == 15 { It::Last } else { It::Any }
}

fn last_if_d_is_pc(f: &Fields) -> It {
    if f.get('d') == 15 { It::Last } else { It::Any }
}

fn base(f: &Fields) -> Access {
    Access::Base {
        register: f.get('n'),
        aligned: false,
    }
}

/// A word load: the PC must come from an aligned address.
fn base_word(f: &Fields) -> Access {
    Access::Base {
        register: f.get('n'),
        aligned: f.get('t') == 15,
    }
}

fn aligned_pc_load(f: &Fields) -> bool {
    f.get('t') != 15 || f.get('i') & 3 == 0
}

fn base_aligned(f: &Fields) -> Access {
    Access::Base {
        register: f.get('n'),
        aligned: true,
    }
}

fn sp(_: &Fields) -> Access {
    Access::Base {
        register: 13,
        aligned: true,
    }
}

/// See [`base_word`].
fn index_word(f: &Fields) -> Access {
    match index(f) {
        Access::Index {
            base, index, shift, ..
        } => Access::Index {
            base,
            index,
            shift,
            aligned: f.get('t') == 15,
        },
        other => other,
    }
}

fn index(f: &Fields) -> Access {
    Access::Index {
        base: f.get('n'),
        index: f.get('m'),
        shift: f.get('i'),
        aligned: false,
    }
}

/// The first operand of a wide instruction, also where the pattern fixes it.
fn rn(f: &Fields) -> u32 {
    f.bits >> 16 & 15
}

/// Neither SP nor PC in any of `letters`.
fn plain(f: &Fields, letters: &str) -> bool {
    !letters.chars().any(|letter| f.is_sp_or_pc(letter))
}

/// AND, EOR and their comparisons with PC as destination.
fn logic_or_test(f: &Fields) -> bool {
    plain(f, "nm") && f.get('d') != 13 && (f.get('d') != 15 || f.get('S') == 1)
}

/// ADD and SUB (register): comparisons with PC as destination, and the forms with SP.
fn add_or_compare(f: &Fields) -> bool {
    let (d, n) = (f.get('d'), rn(f));
    if n == 15 || f.is_sp_or_pc('m') {
        return false;
    }
    if d == 15 {
        return f.get('S') == 1;
    }
    // ADD (SP plus register) T3: into SP only LSL by up to 3.
    if d == 13 {
        n == 13 && f.get('k') == 0 && f.get('i') <= 3
    } else {
        true
    }
}

fn add_or_compare_immediate(f: &Fields) -> bool {
    let (d, n) = (f.get('d'), rn(f));
    let destination = if d == 15 {
        f.get('S') == 1
    } else {
        d != 13 || n == 13
    };
    n != 15 && destination && expandable(f)
}

/// ThumbExpandImm: a repeated byte of zero is UNPREDICTABLE.
fn expandable(f: &Fields) -> bool {
    let imm12 = f.get('i');
    imm12 >> 10 != 0 || imm12 >> 8 == 0 || imm12 & 0xFF != 0
}

fn orr_or_mov(f: &Fields) -> bool {
    if rn(f) != 15 {
        return plain(f, "dnm");
    }
    let (d, m) = (f.get('d'), f.get('m'));
    if f.get('S') == 0 && f.get('k') == 0 && f.get('i') == 0 {
        // MOV (register) T3.
        return d != 15 && m != 15 && !(d == 13 && m == 13);
    }
    plain(f, "dm")
}

fn orn_or_mvn(f: &Fields) -> bool {
    plain(f, "dm") && rn(f) != 13
}

/// Loads and stores of bytes and halfwords, immediate offset of 8 bits with P, U and W.
fn narrow_puw(f: &Fields) -> bool {
    f.get('n') != 15 && plain(f, "t") && puw(f)
}

fn word_puw(f: &Fields) -> bool {
    f.get('n') != 15 && puw(f)
}

/// P=1, U=1, W=0 is the unprivileged form, P=0, W=0 is undefined, and write-back needs another base.
fn puw(f: &Fields) -> bool {
    let (p, u, w) = (f.get('P'), f.get('U'), f.get('W'));
    if w == 0 {
        p == 1 && u == 0
    } else {
        f.get('n') != f.get('t')
    }
}

fn multiple(f: &Fields) -> bool {
    let (n, list) = (f.get('n'), f.get('r'));
    n != 15
        && list.count_ones() >= 2
        && list & 0x2000 == 0
        && list & 0xC000 != 0xC000
        && (f.get('W') == 0 || list & (1 << n) == 0)
}

/// The list of a store must not hold the PC.
fn store_multiple(f: &Fields) -> bool {
    multiple(f) && f.get('r') & 0x8000 == 0
}

fn double(f: &Fields) -> bool {
    let (n, t, t2) = (f.get('n'), f.get('t'), f.get('T'));
    f.get('n') != 15
        && plain(f, "tT")
        && !(f.get('P') == 0 && f.get('W') == 0)
        && !(f.get('W') == 1 && (n == t || n == t2))
}

fn load_double(f: &Fields) -> bool {
    double(f) && f.get('t') != f.get('T')
}

fn word_register_offset(f: &Fields) -> bool {
    f.get('n') != 15 && plain(f, "m")
}

fn narrow_register_offset(f: &Fields) -> bool {
    f.get('n') != 15 && plain(f, "tm")
}

fn both_sources(f: &Fields) -> bool {
    plain(f, "dm") && f.get('n') == f.get('m')
}

fn long_multiply(f: &Fields) -> bool {
    plain(f, "lhnm") && f.get('l') != f.get('h')
}

fn pc_in_list(f: &Fields) -> It {
    if f.get('r') & 0x8000 != 0 {
        It::Last
    } else {
        It::Any
    }
}

/// The 16-bit encodings.
#[rustfmt::skip]
pub const NARROW: &[Encoding] = &[
    e("LSL imm T1",     "00000iiiiimmmddd", |f| f.get('i') != 0),
    e("MOV reg T2",     "0000000000mmmddd", always).it(outside),
    e("LSR imm T1",     "00001iiiiimmmddd", always),
    e("ASR imm T1",     "00010iiiiimmmddd", always),
    e("ADD reg T1",     "0001100mmmnnnddd", always),
    e("SUB reg T1",     "0001101mmmnnnddd", always),
    e("ADD imm T1",     "0001110iiinnnddd", always),
    e("SUB imm T1",     "0001111iiinnnddd", always),
    e("MOV imm T1",     "00100dddiiiiiiii", always),
    e("CMP imm T1",     "00101nnniiiiiiii", always),
    e("ADD imm T2",     "00110dddiiiiiiii", always),
    e("SUB imm T2",     "00111dddiiiiiiii", always),
    e("AND reg T1",     "0100000000mmmddd", always),
    e("EOR reg T1",     "0100000001mmmddd", always),
    e("LSL reg T1",     "0100000010mmmddd", always),
    e("LSR reg T1",     "0100000011mmmddd", always),
    e("ASR reg T1",     "0100000100mmmddd", always),
    e("ADC reg T1",     "0100000101mmmddd", always),
    e("SBC reg T1",     "0100000110mmmddd", always),
    e("ROR reg T1",     "0100000111mmmddd", always),
    e("TST reg T1",     "0100001000mmmnnn", always),
    e("RSB imm T1",     "0100001001nnnddd", always),
    e("CMP reg T1",     "0100001010mmmnnn", always),
    e("CMN reg T1",     "0100001011mmmnnn", always),
    e("ORR reg T1",     "0100001100mmmddd", always),
    e("MUL T1",         "0100001101nnnddd", always),
    e("BIC reg T1",     "0100001110mmmddd", always),
    e("MVN reg T1",     "0100001111mmmddd", always),
    e("ADD reg T2",     "01000100dmmmmddd", |f| !(f.get('d') == 15 && f.get('m') == 15)).it(last_if_d_is_pc),
    e("CMP reg T2",     "01000101nmmmmnnn", |f| f.get('n') != 15 && f.get('m') != 15 && (f.get('n') >= 8 || f.get('m') >= 8)),
    e("MOV reg T1",     "01000110dmmmmddd", always).it(last_if_d_is_pc),
    e("BX T1",          "010001110mmmm000", |f| f.get('m') != 15).it(last),
    e("BLX reg T1",     "010001111mmmm000", |f| f.get('m') != 15).it(last),
    e("LDR lit T1",     "01001tttiiiiiiii", always),
    e("STR reg T1",     "0101000mmmnnnttt", always).access(index),
    e("STRH reg T1",    "0101001mmmnnnttt", always).access(index),
    e("STRB reg T1",    "0101010mmmnnnttt", always).access(index),
    e("LDRSB reg T1",   "0101011mmmnnnttt", always).access(index),
    e("LDR reg T1",     "0101100mmmnnnttt", always).access(index),
    e("LDRH reg T1",    "0101101mmmnnnttt", always).access(index),
    e("LDRB reg T1",    "0101110mmmnnnttt", always).access(index),
    e("LDRSH reg T1",   "0101111mmmnnnttt", always).access(index),
    e("STR imm T1",     "01100iiiiinnnttt", always).access(base),
    e("LDR imm T1",     "01101iiiiinnnttt", always).access(base),
    e("STRB imm T1",    "01110iiiiinnnttt", always).access(base),
    e("LDRB imm T1",    "01111iiiiinnnttt", always).access(base),
    e("STRH imm T1",    "10000iiiiinnnttt", always).access(base),
    e("LDRH imm T1",    "10001iiiiinnnttt", always).access(base),
    e("STR imm T2",     "10010tttiiiiiiii", always).access(sp),
    e("LDR imm T2",     "10011tttiiiiiiii", always).access(sp),
    e("ADR T1",         "10100dddiiiiiiii", always),
    e("ADD SP imm T1",  "10101dddiiiiiiii", always),
    e("ADD SP imm T2",  "101100000iiiiiii", always),
    e("SUB SP imm T1",  "101100001iiiiiii", always),
    e("CBZ/CBNZ T1",    "1011o0i1iiiiinnn", always).it(outside),
    e("SXTH T1",        "1011001000mmmddd", always),
    e("SXTB T1",        "1011001001mmmddd", always),
    e("UXTH T1",        "1011001010mmmddd", always),
    e("UXTB T1",        "1011001011mmmddd", always),
    e("PUSH T1",        "1011010Mrrrrrrrr", |f| f.bits & 0x1FF != 0).access(sp),
    e("POP T1",         "1011110Prrrrrrrr", |f| f.bits & 0x1FF != 0).access(sp).it(|f| if f.get('P') == 1 { It::Last } else { It::Any }),
    e("REV T1",         "1011101000mmmddd", always),
    e("REV16 T1",       "1011101001mmmddd", always),
    e("REVSH T1",       "1011101011mmmddd", always),
    e("NOP T1",         "1011111100000000", always),
    e("STM T1",         "11000nnnrrrrrrrr", |f| { let (n, list) = (f.get('n'), f.get('r')); list != 0 && (list & (1 << n) == 0 || list.trailing_zeros() == n) }).access(base_aligned),
    e("LDM T1",         "11001nnnrrrrrrrr", |f| f.get('r') != 0).access(base_aligned),
    e("B T1",           "1101cccciiiiiiii", |f| f.get('c') < 14).it(outside),
    e("B T2",           "11100iiiiiiiiiii", always).it(last),
];

/// The 32-bit encodings.
#[rustfmt::skip]
pub const WIDE: &[Encoding] = &[
    e("STMIA T2",       "1110100010W0nnnn rrrrrrrrrrrrrrrr", store_multiple).access(base_aligned),
    e("LDMIA T2",       "1110100010W1nnnn rrrrrrrrrrrrrrrr", multiple).access(base_aligned).it(pc_in_list),
    e("STMDB T1",       "1110100100W0nnnn rrrrrrrrrrrrrrrr", store_multiple).access(base_aligned),
    e("LDMDB T1",       "1110100100W1nnnn rrrrrrrrrrrrrrrr", multiple).access(base_aligned).it(pc_in_list),
    e("STRD imm T1",    "1110100PU1W0nnnn ttttTTTTiiiiiiii", double).access(base_aligned),
    e("LDRD imm T1",    "1110100PU1W1nnnn ttttTTTTiiiiiiii", load_double).access(base_aligned),
    e("LDRD lit T1",    "11101001U1011111 ttttTTTTiiiiiiii", |f| plain(f, "tT") && f.get('t') != f.get('T')),
    e("TBB T1",         "111010001101nnnn 111100000000mmmm", |f| f.get('n') != 13 && plain(f, "m")).it(last).access(index),
    e("TBH T1",         "111010001101nnnn 111100000001mmmm", |f| f.get('n') != 13 && plain(f, "m")).it(last).access(|f| Access::Index { base: f.get('n'), index: f.get('m'), shift: 1, aligned: false }),

    e("AND/TST reg",    "11101010000Snnnn 0iiiddddiikkmmmm", logic_or_test),
    e("BIC reg T2",     "11101010001Snnnn 0iiiddddiikkmmmm", |f| plain(f, "dnm")),
    e("ORR/MOV reg",    "11101010010Snnnn 0iiiddddiikkmmmm", orr_or_mov),
    e("MOV/shift",      "11101010010S1111 0iiiddddiikkmmmm", orr_or_mov),
    e("ORN/MVN reg",    "11101010011Snnnn 0iiiddddiikkmmmm", orn_or_mvn),
    e("MVN reg T2",     "11101010011S1111 0iiiddddiikkmmmm", orn_or_mvn),
    e("EOR/TEQ reg",    "11101010100Snnnn 0iiiddddiikkmmmm", logic_or_test),
    e("ADD/CMN reg",    "11101011000Snnnn 0iiiddddiikkmmmm", add_or_compare),
    e("ADC reg T2",     "11101011010Snnnn 0iiiddddiikkmmmm", |f| plain(f, "dnm")),
    e("SBC reg T2",     "11101011011Snnnn 0iiiddddiikkmmmm", |f| plain(f, "dnm")),
    e("SUB/CMP reg",    "11101011101Snnnn 0iiiddddiikkmmmm", add_or_compare),
    e("RSB reg T1",     "11101011110Snnnn 0iiiddddiikkmmmm", |f| plain(f, "dnm")),
    e("TST reg T2",     "111010100001nnnn 0iii1111iikkmmmm", |f| plain(f, "nm")),
    e("TEQ reg T1",     "111010101001nnnn 0iii1111iikkmmmm", |f| plain(f, "nm")),
    e("CMN reg T2",     "111010110001nnnn 0iii1111iikkmmmm", |f| f.get('n') != 15 && plain(f, "m")),
    e("CMP reg T3",     "111010111011nnnn 0iii1111iikkmmmm", |f| f.get('n') != 15 && plain(f, "m")),
    e("ADD SP reg T3",  "11101011000S1101 0iiiddddiikkmmmm", add_or_compare),
    e("SUB SP reg T1",  "11101011101S1101 0iiiddddiikkmmmm", add_or_compare),

    e("AND/TST imm",    "11110i00000Snnnn 0iiiddddiiiiiiii", |f| logic_or_test(f) && expandable(f)),
    e("BIC imm T1",     "11110i00001Snnnn 0iiiddddiiiiiiii", |f| plain(f, "dn") && expandable(f)),
    e("ORR imm T1",     "11110i00010Snnnn 0iiiddddiiiiiiii", |f| plain(f, "dn") && expandable(f)),
    e("MOV imm T2",     "11110i00010S1111 0iiiddddiiiiiiii", |f| plain(f, "d") && expandable(f)),
    e("ORN imm T1",     "11110i00011Snnnn 0iiiddddiiiiiiii", |f| plain(f, "dn") && expandable(f)),
    e("MVN imm T1",     "11110i00011S1111 0iiiddddiiiiiiii", |f| plain(f, "d") && expandable(f)),
    e("EOR/TEQ imm",    "11110i00100Snnnn 0iiiddddiiiiiiii", |f| logic_or_test(f) && expandable(f)),
    e("ADD/CMN imm",    "11110i01000Snnnn 0iiiddddiiiiiiii", add_or_compare_immediate),
    e("ADC imm T1",     "11110i01010Snnnn 0iiiddddiiiiiiii", |f| plain(f, "dn") && expandable(f)),
    e("SBC imm T1",     "11110i01011Snnnn 0iiiddddiiiiiiii", |f| plain(f, "dn") && expandable(f)),
    e("SUB/CMP imm",    "11110i01101Snnnn 0iiiddddiiiiiiii", add_or_compare_immediate),
    e("RSB imm T2",     "11110i01110Snnnn 0iiiddddiiiiiiii", |f| plain(f, "dn") && expandable(f)),
    e("TST imm T1",     "11110i000001nnnn 0iii1111iiiiiiii", |f| plain(f, "n") && expandable(f)),
    e("TEQ imm T1",     "11110i001001nnnn 0iii1111iiiiiiii", |f| plain(f, "n") && expandable(f)),
    e("CMN imm T1",     "11110i010001nnnn 0iii1111iiiiiiii", |f| f.get('n') != 15 && expandable(f)),
    e("CMP imm T2",     "11110i011011nnnn 0iii1111iiiiiiii", |f| f.get('n') != 15 && expandable(f)),

    e("ADD imm T4",     "11110i100000nnnn 0iiiddddiiiiiiii", add_wide),
    e("SUB imm T4",     "11110i101010nnnn 0iiiddddiiiiiiii", add_wide),
    e("ADD SP imm T4",  "11110i1000001101 0iiiddddiiiiiiii", add_wide),
    e("SUB SP imm T3",  "11110i1010101101 0iiiddddiiiiiiii", add_wide),
    e("ADR T3",         "11110i1000001111 0iiiddddiiiiiiii", add_wide),
    e("ADR T2",         "11110i1010101111 0iiiddddiiiiiiii", add_wide),
    e("MOVW T3",        "11110i100100iiii 0iiiddddiiiiiiii", |f| plain(f, "d")),
    e("MOVT T1",        "11110i101100iiii 0iiiddddiiiiiiii", |f| plain(f, "d")),
    e("SSAT T1",        "1111001100s0nnnn 0iiiddddii0bbbbb", |f| plain(f, "dn") && (f.get('s') == 0 || f.get('i') != 0)),
    e("USAT T1",        "1111001110s0nnnn 0iiiddddii0bbbbb", |f| plain(f, "dn") && (f.get('s') == 0 || f.get('i') != 0)),
    e("SBFX T1",        "111100110100nnnn 0iiiddddii0bbbbb", |f| plain(f, "dn") && f.get('i') + f.get('b') <= 31),
    e("UBFX T1",        "111100111100nnnn 0iiiddddii0bbbbb", |f| plain(f, "dn") && f.get('i') + f.get('b') <= 31),
    e("BFI T1",         "111100110110nnnn 0iiiddddii0bbbbb", |f| plain(f, "dn") && f.get('b') >= f.get('i')),
    e("BFC T1",         "1111001101101111 0iiiddddii0bbbbb", |f| plain(f, "d") && f.get('b') >= f.get('i')),

    e("B T3",           "11110icccciiiiii 10i0iiiiiiiiiiii", |f| f.get('c') < 14).it(outside),
    e("B T4",           "11110iiiiiiiiiii 10i1iiiiiiiiiiii", always).it(last),
    e("BL T1",          "11110iiiiiiiiiii 11i1iiiiiiiiiiii", always).it(last),
    e("NOP T2",         "1111001110101111 1000000000000000", always),
    e("DSB",            "1111001110111111 100011110100iiii", always),
    e("DMB",            "1111001110111111 100011110101iiii", always),
    e("ISB",            "1111001110111111 100011110110iiii", always),

    e("STR imm T3",     "111110001100nnnn ttttiiiiiiiiiiii", |f| f.get('n') != 15 && f.get('t') != 15).access(base),
    e("STRB imm T2",    "111110001000nnnn ttttiiiiiiiiiiii", |f| f.get('n') != 15 && plain(f, "t")).access(base),
    e("STRH imm T2",    "111110001010nnnn ttttiiiiiiiiiiii", |f| f.get('n') != 15 && plain(f, "t")).access(base),
    e("STR imm T4",     "111110000100nnnn tttt1PUWiiiiiiii", |f| word_puw(f) && f.get('t') != 15).access(base),
    e("STRB imm T3",    "111110000000nnnn tttt1PUWiiiiiiii", narrow_puw).access(base),
    e("STRH imm T3",    "111110000010nnnn tttt1PUWiiiiiiii", narrow_puw).access(base),
    e("STR reg T2",     "111110000100nnnn tttt000000iimmmm", |f| word_register_offset(f) && f.get('t') != 15).access(index),
    e("STRB reg T2",    "111110000000nnnn tttt000000iimmmm", narrow_register_offset).access(index),
    e("STRH reg T2",    "111110000010nnnn tttt000000iimmmm", narrow_register_offset).access(index),
    e("STRT",           "111110000100nnnn tttt1110iiiiiiii", |f| f.get('n') != 15 && plain(f, "t")).access(base),
    e("STRBT",          "111110000000nnnn tttt1110iiiiiiii", |f| f.get('n') != 15 && plain(f, "t")).access(base),
    e("STRHT",          "111110000010nnnn tttt1110iiiiiiii", |f| f.get('n') != 15 && plain(f, "t")).access(base),

    e("LDR imm T3",     "111110001101nnnn ttttiiiiiiiiiiii", |f| f.get('n') != 15 && aligned_pc_load(f)).access(base_word).it(last_if_pc),
    e("LDRB imm T2",    "111110001001nnnn ttttiiiiiiiiiiii", |f| f.get('n') != 15 && plain(f, "t")).access(base),
    e("LDRH imm T2",    "111110001011nnnn ttttiiiiiiiiiiii", |f| f.get('n') != 15 && plain(f, "t")).access(base),
    e("LDRSB imm T1",   "111110011001nnnn ttttiiiiiiiiiiii", |f| f.get('n') != 15 && plain(f, "t")).access(base),
    e("LDRSH imm T1",   "111110011011nnnn ttttiiiiiiiiiiii", |f| f.get('n') != 15 && plain(f, "t")).access(base),
    e("LDR imm T4",     "111110000101nnnn tttt1PUWiiiiiiii", |f| word_puw(f) && aligned_pc_load(f)).access(base_word).it(last_if_pc),
    e("LDRB imm T3",    "111110000001nnnn tttt1PUWiiiiiiii", narrow_puw).access(base),
    e("LDRH imm T3",    "111110000011nnnn tttt1PUWiiiiiiii", narrow_puw).access(base),
    e("LDRSB imm T2",   "111110010001nnnn tttt1PUWiiiiiiii", narrow_puw).access(base),
    e("LDRSH imm T2",   "111110010011nnnn tttt1PUWiiiiiiii", narrow_puw).access(base),
    e("LDR reg T2",     "111110000101nnnn tttt000000iimmmm", |f| word_register_offset(f) && (f.get('t') != 15 || f.get('i') >= 2 && f.get('n') != f.get('m'))).access(index_word).it(last_if_pc),
    e("LDRB reg T2",    "111110000001nnnn tttt000000iimmmm", narrow_register_offset).access(index),
    e("LDRH reg T2",    "111110000011nnnn tttt000000iimmmm", narrow_register_offset).access(index),
    e("LDRSB reg T2",   "111110010001nnnn tttt000000iimmmm", narrow_register_offset).access(index),
    e("LDRSH reg T2",   "111110010011nnnn tttt000000iimmmm", narrow_register_offset).access(index),
    e("LDRT",           "111110000101nnnn tttt1110iiiiiiii", |f| f.get('n') != 15 && plain(f, "t")).access(base),
    e("LDRBT",          "111110000001nnnn tttt1110iiiiiiii", |f| f.get('n') != 15 && plain(f, "t")).access(base),
    e("LDRHT",          "111110000011nnnn tttt1110iiiiiiii", |f| f.get('n') != 15 && plain(f, "t")).access(base),
    e("LDRSBT",         "111110010001nnnn tttt1110iiiiiiii", |f| f.get('n') != 15 && plain(f, "t")).access(base),
    e("LDRSHT",         "111110010011nnnn tttt1110iiiiiiii", |f| f.get('n') != 15 && plain(f, "t")).access(base),
    e("LDR lit T2",     "11111000U1011111 ttttiiiiiiiiiiii", aligned_pc_load).it(last_if_pc),
    e("LDRB lit T1",    "11111000U0011111 ttttiiiiiiiiiiii", |f| plain(f, "t")),
    e("LDRH lit T1",    "11111000U0111111 ttttiiiiiiiiiiii", |f| plain(f, "t")),
    e("LDRSB lit T1",   "11111001U0011111 ttttiiiiiiiiiiii", |f| plain(f, "t")),
    e("LDRSH lit T1",   "11111001U0111111 ttttiiiiiiiiiiii", |f| plain(f, "t")),
    e("PLD imm T1",     "111110001001nnnn 1111iiiiiiiiiiii", always),
    e("PLD imm T2",     "111110000001nnnn 11111100iiiiiiii", always),
    e("PLD reg T1",     "111110000001nnnn 1111000000iimmmm", |f| f.get('n') != 15 && plain(f, "m")),
    e("PLI imm T1",     "111110011001nnnn 1111iiiiiiiiiiii", always),

    e("LSL reg T2",     "11111010000Snnnn 1111dddd0000mmmm", |f| plain(f, "dnm")),
    e("LSR reg T2",     "11111010001Snnnn 1111dddd0000mmmm", |f| plain(f, "dnm")),
    e("ASR reg T2",     "11111010010Snnnn 1111dddd0000mmmm", |f| plain(f, "dnm")),
    e("ROR reg T2",     "11111010011Snnnn 1111dddd0000mmmm", |f| plain(f, "dnm")),
    e("SXTH T2",        "1111101000001111 1111dddd10rrmmmm", |f| plain(f, "dm")),
    e("UXTH T2",        "1111101000011111 1111dddd10rrmmmm", |f| plain(f, "dm")),
    e("SXTB T2",        "1111101001001111 1111dddd10rrmmmm", |f| plain(f, "dm")),
    e("UXTB T2",        "1111101001011111 1111dddd10rrmmmm", |f| plain(f, "dm")),
    e("REV T2",         "111110101001nnnn 1111dddd1000mmmm", both_sources),
    e("REV16 T2",       "111110101001nnnn 1111dddd1001mmmm", both_sources),
    e("RBIT T1",        "111110101001nnnn 1111dddd1010mmmm", both_sources),
    e("REVSH T2",       "111110101001nnnn 1111dddd1011mmmm", both_sources),
    e("CLZ T1",         "111110101011nnnn 1111dddd1000mmmm", both_sources),
    e("MUL T2",         "111110110000nnnn 1111dddd0000mmmm", |f| plain(f, "dnm")),
    e("MLA T1",         "111110110000nnnn aaaadddd0000mmmm", |f| plain(f, "dnma")),
    e("MLS T1",         "111110110000nnnn aaaadddd0001mmmm", |f| plain(f, "dnma")),
    e("SMULL T1",       "111110111000nnnn llllhhhh0000mmmm", long_multiply),
    e("UMULL T1",       "111110111010nnnn llllhhhh0000mmmm", long_multiply),
    e("SMLAL T1",       "111110111100nnnn llllhhhh0000mmmm", long_multiply),
    e("UMLAL T1",       "111110111110nnnn llllhhhh0000mmmm", long_multiply),
    e("SDIV T1",        "111110111001nnnn 1111dddd1111mmmm", |f| plain(f, "dnm")),
    e("UDIV T1",        "111110111011nnnn 1111dddd1111mmmm", |f| plain(f, "dnm")),
];

/// The DSP extension: Cortex-M4 only.
#[rustfmt::skip]
pub const DSP: &[Encoding] = &[
    e("SADD8 and like", "111110101000nnnn 1111dddd0U00mmmm", |f| plain(f, "dnm")),
    e("QADD8 and like", "111110101000nnnn 1111dddd0U01mmmm", |f| plain(f, "dnm")),
    e("SHADD8, UHADD8", "111110101000nnnn 1111dddd0U10mmmm", |f| plain(f, "dnm")),
    e("SADD16, UADD16", "111110101001nnnn 1111dddd0U00mmmm", |f| plain(f, "dnm")),
    e("QADD16, UQADD16","111110101001nnnn 1111dddd0U01mmmm", |f| plain(f, "dnm")),
    e("SHADD16,UHADD16","111110101001nnnn 1111dddd0U10mmmm", |f| plain(f, "dnm")),
    e("SASX, UASX",     "111110101010nnnn 1111dddd0U00mmmm", |f| plain(f, "dnm")),
    e("QASX, UQASX",    "111110101010nnnn 1111dddd0U01mmmm", |f| plain(f, "dnm")),
    e("SHASX, UHASX",   "111110101010nnnn 1111dddd0U10mmmm", |f| plain(f, "dnm")),
    e("SSUB8, USUB8",   "111110101100nnnn 1111dddd0U00mmmm", |f| plain(f, "dnm")),
    e("QSUB8, UQSUB8",  "111110101100nnnn 1111dddd0U01mmmm", |f| plain(f, "dnm")),
    e("SHSUB8, UHSUB8", "111110101100nnnn 1111dddd0U10mmmm", |f| plain(f, "dnm")),
    e("SSUB16, USUB16", "111110101101nnnn 1111dddd0U00mmmm", |f| plain(f, "dnm")),
    e("QSUB16, UQSUB16","111110101101nnnn 1111dddd0U01mmmm", |f| plain(f, "dnm")),
    e("SHSUB16,UHSUB16","111110101101nnnn 1111dddd0U10mmmm", |f| plain(f, "dnm")),
    e("SSAX, USAX",     "111110101110nnnn 1111dddd0U00mmmm", |f| plain(f, "dnm")),
    e("QSAX, UQSAX",    "111110101110nnnn 1111dddd0U01mmmm", |f| plain(f, "dnm")),
    e("SHSAX, UHSAX",   "111110101110nnnn 1111dddd0U10mmmm", |f| plain(f, "dnm")),
    e("SEL T1",         "111110101010nnnn 1111dddd1000mmmm", |f| plain(f, "dnm")),
    e("QADD T1",        "111110101000nnnn 1111dddd1000mmmm", |f| plain(f, "dnm")),
    e("QDADD T1",       "111110101000nnnn 1111dddd1001mmmm", |f| plain(f, "dnm")),
    e("QSUB T1",        "111110101000nnnn 1111dddd1010mmmm", |f| plain(f, "dnm")),
    e("QDSUB T1",       "111110101000nnnn 1111dddd1011mmmm", |f| plain(f, "dnm")),
    e("PKHBT, PKHTB",   "111010101100nnnn 0iiiddddiit0mmmm", |f| plain(f, "dnm")),
    e("SXTAH T1",       "111110100000nnnn 1111dddd10rrmmmm", |f| plain(f, "dm") && f.get('n') != 13),
    e("UXTAH T1",       "111110100001nnnn 1111dddd10rrmmmm", |f| plain(f, "dm") && f.get('n') != 13),
    e("SXTAB16 T1",     "111110100010nnnn 1111dddd10rrmmmm", |f| plain(f, "dm") && f.get('n') != 13),
    e("SXTB16 T1",      "1111101000101111 1111dddd10rrmmmm", |f| plain(f, "dm")),
    e("UXTAB16 T1",     "111110100011nnnn 1111dddd10rrmmmm", |f| plain(f, "dm") && f.get('n') != 13),
    e("UXTB16 T1",      "1111101000111111 1111dddd10rrmmmm", |f| plain(f, "dm")),
    e("SXTAB T1",       "111110100100nnnn 1111dddd10rrmmmm", |f| plain(f, "dm") && f.get('n') != 13),
    e("UXTAB T1",       "111110100101nnnn 1111dddd10rrmmmm", |f| plain(f, "dm") && f.get('n') != 13),
    e("SSAT16 T1",      "111100110010nnnn 0000dddd0000bbbb", |f| plain(f, "dn")),
    e("USAT16 T1",      "111100111010nnnn 0000dddd0000bbbb", |f| plain(f, "dn")),
    e("SMLAxy T1",      "111110110001nnnn aaaadddd00xymmmm", |f| plain(f, "dnm") && f.get('a') != 13),
    e("SMULxy T1",      "111110110001nnnn 1111dddd00xymmmm", |f| plain(f, "dnm")),
    e("SMLAD T1",       "111110110010nnnn aaaadddd000xmmmm", |f| plain(f, "dnm") && f.get('a') != 13),
    e("SMUAD T1",       "111110110010nnnn 1111dddd000xmmmm", |f| plain(f, "dnm")),
    e("SMLAWy T1",      "111110110011nnnn aaaadddd000ymmmm", |f| plain(f, "dnm") && f.get('a') != 13),
    e("SMULWy T1",      "111110110011nnnn 1111dddd000ymmmm", |f| plain(f, "dnm")),
    e("SMLSD T1",       "111110110100nnnn aaaadddd000xmmmm", |f| plain(f, "dnm") && f.get('a') != 13),
    e("SMUSD T1",       "111110110100nnnn 1111dddd000xmmmm", |f| plain(f, "dnm")),
    e("SMMLA T1",       "111110110101nnnn aaaadddd000rmmmm", |f| plain(f, "dnm") && f.get('a') != 13),
    e("SMMUL T1",       "111110110101nnnn 1111dddd000rmmmm", |f| plain(f, "dnm")),
    e("SMMLS T1",       "111110110110nnnn aaaadddd000rmmmm", |f| plain(f, "dnma")),
    e("USADA8 T1",      "111110110111nnnn aaaadddd0000mmmm", |f| plain(f, "dnm") && f.get('a') != 13),
    e("USAD8 T1",       "111110110111nnnn 1111dddd0000mmmm", |f| plain(f, "dnm")),
    e("SMLALxy T1",     "111110111100nnnn llllhhhh10xymmmm", long_multiply),
    e("SMLALD T1",      "111110111100nnnn llllhhhh110xmmmm", long_multiply),
    e("SMLSLD T1",      "111110111101nnnn llllhhhh110xmmmm", long_multiply),
    e("UMAAL T1",       "111110111110nnnn llllhhhh0110mmmm", long_multiply),
];

/// FPv4-SP: Cortex-M4 with FPU only.
#[rustfmt::skip]
pub const FP: &[Encoding] = &[
    e("VMLA, VMLS",     "111011100D00nnnn dddd1010NoM0mmmm", always),
    e("VNMLA, VNMLS",   "111011100D01nnnn dddd1010NoM0mmmm", always),
    e("VMUL, VNMUL",    "111011100D10nnnn dddd1010NoM0mmmm", always),
    e("VADD, VSUB",     "111011100D11nnnn dddd1010NoM0mmmm", always),
    e("VDIV T1",        "111011101D00nnnn dddd1010N0M0mmmm", always),
    e("VFNMA, VFNMS",   "111011101D01nnnn dddd1010NoM0mmmm", always),
    e("VFMA, VFMS",     "111011101D10nnnn dddd1010NoM0mmmm", always),
    e("VMOV imm T1",    "111011101D11iiii dddd10100000iiii", always),
    e("VMOV reg T2",    "111011101D110000 dddd101001M0mmmm", always),
    e("VABS T2",        "111011101D110000 dddd101011M0mmmm", always),
    e("VNEG T2",        "111011101D110001 dddd101001M0mmmm", always),
    e("VSQRT T1",       "111011101D110001 dddd101011M0mmmm", always),
    e("VCVTB, VCVTT",   "111011101D11001o dddd1010t1M0mmmm", always),
    e("VCMP T1",        "111011101D110100 dddd1010e1M0mmmm", always),
    e("VCMP T2",        "111011101D110101 dddd1010e1000000", always),
    e("VCVT from int",  "111011101D111000 dddd1010s1M0mmmm", always),
    e("VCVT to int",    "111011101D11110s dddd1010r1M0mmmm", always),
    e("VCVT fixed",     "111011101D111o1u dddd1010x1i0iiii", |f| (f.bits & 15) << 1 | f.bits >> 5 & 1 <= 16 + 16 * f.get('x')),
    e("VMOV core",      "11101110000onnnn tttt1010N0010000", |f| plain(f, "t")),
    e("VMOV scalar",    "1110111000ionnnn tttt101100010000", |f| plain(f, "t")),
    e("VMOV two",       "11101100010oTTTT tttt101000M1mmmm", |f| two_words(f) && f.bits & 0x2F != 0x2F),
    e("VMOV double",    "11101100010oTTTT tttt10110001mmmm", two_words),
    e("VMRS T1",        "1110111011110001 tttt101000010000", |f| f.get('t') != 13),
    e("VMSR T1",        "1110111011100001 tttt101000010000", |f| plain(f, "t")),
    e("VLDR T2",        "11101101UD01nnnn dddd1010iiiiiiii", |f| f.get('n') != 15).access(base_aligned),
    e("VLDR T1",        "11101101U001nnnn dddd1011iiiiiiii", |f| f.get('n') != 15).access(base_aligned),
    e("VLDR lit T2",    "11101101UD011111 dddd1010iiiiiiii", always),
    e("VLDR lit T1",    "11101101U0011111 dddd1011iiiiiiii", always),
    e("VSTR T2",        "11101101UD00nnnn dddd1010iiiiiiii", |f| f.get('n') != 15).access(base_aligned),
    e("VSTR T1",        "11101101U000nnnn dddd1011iiiiiiii", |f| f.get('n') != 15).access(base_aligned),
    e("VLDMIA T2",      "111011001DW1nnnn dddd1010iiiiiiii", singles).access(base_aligned),
    e("VLDMIA T1",      "1110110010W1nnnn dddd1011iiiiiiii", doubles).access(base_aligned),
    e("VLDMDB T2",      "111011010D11nnnn dddd1010iiiiiiii", singles).access(base_aligned),
    e("VLDMDB T1",      "111011010011nnnn dddd1011iiiiiiii", doubles).access(base_aligned),
    e("VSTMIA T2",      "111011001DW0nnnn dddd1010iiiiiiii", singles).access(base_aligned),
    e("VSTMIA T1",      "1110110010W0nnnn dddd1011iiiiiiii", doubles).access(base_aligned),
    e("VSTMDB T2",      "111011010D10nnnn dddd1010iiiiiiii", singles).access(base_aligned),
    e("VSTMDB T1",      "111011010010nnnn dddd1011iiiiiiii", doubles).access(base_aligned),
];

/// VMOV of two words, into different core registers.
fn two_words(f: &Fields) -> bool {
    plain(f, "tT") && (f.get('o') == 0 || f.get('t') != f.get('T'))
}

fn singles(f: &Fields) -> bool {
    let (start, count) = (f.get('d') << 1 | f.get('D'), f.get('i'));
    f.get('n') != 15 && count != 0 && start + count <= 32
}

fn doubles(f: &Fields) -> bool {
    let (start, count) = (f.get('d') << 1, f.get('i'));
    f.get('n') != 15 && count != 0 && count % 2 == 0 && start + count <= 32
}

/// The tables of a core, narrow encodings first.
pub fn tables(extensions: Extensions) -> impl Iterator<Item = &'static Encoding> + Clone {
    let dsp = if extensions.dsp { DSP } else { &[] };
    let fp = if extensions.fpu { FP } else { &[] };
    NARROW.iter().chain(WIDE).chain(dsp).chain(fp)
}

/// ADDW, SUBW and ADR.
fn add_wide(f: &Fields) -> bool {
    if rn(f) == 13 {
        f.get('d') != 15
    } else {
        plain(f, "d")
    }
}

/// Is `code` a valid instruction of a core with these extensions by these tables? Exclusives and system instructions,
/// which are not in them, are not.
#[must_use]
pub fn is_valid(extensions: Extensions, code: crate::code::Code) -> bool {
    tables(extensions).any(|encoding| {
        super::pattern::width(encoding.pattern) == 8 * code.size()
            && super::pattern::matching(encoding.pattern, code.bits())
                .is_some_and(|fields| (encoding.valid)(&fields))
    })
}
