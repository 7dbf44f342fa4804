//! What an instruction costs: one table a core, with its sources.
//!
//! Cycles have four parts. `base` and `refill` are in the table and copied into the op when it is decoded;
//! what depends on operands (divide, the M3's long multiplies) is a function here; what depends on the
//! transfer (alignment, one cycle a register of a multiple) is counted where the transfer happens; and wait
//! states are the bus's.
//!
//! **Where the pipeline rules fit in** (`reference/pipeline.md`; another issue brings them). Every instruction
//! passes one point, the top of `interpret` in `exec/dispatch.rs`, with its op in hand. The rules need: the class
//! (load chains, store then load, IT folding), the registers that form the address
//! ([`Op::address_registers`](crate::Op::address_registers): interlock), the register written just before, size and address (the
//! three-word fetch queue and its slot holds, straddling targets). All of that is in the op, so for
//! straight-line code the total can be computed when a run of ops is decoded and stored in `cycles`, as §8 of that page
//! proposes; only what depends on memory block and operand stays for run time, in `exec/mem.rs` and in
//! [`CostTable::by_operand`]. Flash lines are already asked for one window at a time ([`Bus::fetch`](crate::Bus::fetch)).

use crate::{CpuModel, Op};

/// Instructions that cost the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum CostClass {
    /// ALU, MOV, CMP, shifts, bit-field, extension, saturation, NOP.
    Alu,
    /// B, Bcc, CBZ, CBNZ, BL, BX, BLX and writes of the PC by MOV and ADD.
    Branch,
    /// IT.
    It,
    /// MUL.
    Multiply,
    /// MLA, MLS.
    MultiplyAdd,
    /// UMULL.
    LongMultiply,
    /// SMULL.
    LongMultiplySigned,
    /// UMLAL.
    LongMultiplyAdd,
    /// SMLAL.
    LongMultiplyAddSigned,
    /// UDIV.
    Divide,
    /// SDIV.
    DivideSigned,
    /// A load of one register.
    Load,
    /// A load of the PC alone.
    LoadPc,
    /// A store of one register with an immediate offset.
    Store,
    /// A store of one register with a register offset.
    StoreRegister,
    /// LDM, POP, LDRD, STM, PUSH, STRD: the cycles besides one for each register.
    Multiple,
    /// TBB, TBH.
    TableBranch,
    /// LDREX, STREX and their narrower forms.
    Exclusive,
    /// MRS, MSR.
    Special,
    /// CPS, CLREX, SEV, WFI, WFE (sleep not counted), SVC and BKPT (what follows not counted).
    System,
    /// DMB, DSB, ISB.
    Barrier,
    /// The DSP extension: SIMD, packing, saturation, halfword and dual multiplies.
    Dsp,
    /// VADD to VSQRT but for the slow ones, VMOV of one register, VCMP, VCVT, VMRS, VMSR.
    FpAlu,
    /// VMOV of two registers.
    FpMovePair,
    /// VMLA, VFMA and their like.
    FpMultiplyAdd,
    /// VDIV, VSQRT.
    FpDivide,
    /// VLDR of a single.
    FpLoad,
    /// VLDR of a double.
    FpLoadDouble,
    /// VSTR of a single.
    FpStore,
    /// VSTR of a double.
    FpStoreDouble,
    /// VLDM, VSTM: the cycles besides one for each word.
    FpMultiple,
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CostRow {
    /// The instructions.
    pub class: CostClass,
    /// Cycles in any case.
    pub base: u8,
    /// Cycles more when the PC is written (the P of the TRMs: pipeline refill).
    pub refill: u8,
    /// Most cycles that the operands can add; 0 if they do not matter.
    pub by_operand: u8,
    /// Where the numbers come from.
    pub source: &'static str,
}

const fn row(
    class: CostClass,
    base: u8,
    refill: u8,
    by_operand: u8,
    source: &'static str,
) -> CostRow {
    CostRow {
        class,
        base,
        refill,
        by_operand,
        source,
    }
}

/// Rows in the order of [`CostClass`].
type Rows = [CostRow; 31];

/// Cortex-M3.
#[rustfmt::skip]
const CORTEX_M3_ROWS: Rows = [
    row(CostClass::Alu,                   1, 0, 0, "M3 TRM table 3-1: 1"),
    row(CostClass::Branch,                1, 1, 0, "M3 TRM table 3-1: 1+P taken, 1 not; P=1 fitted to published counts (pipeline.md 1.4)"),
    row(CostClass::It,                    1, 0, 0, "M3 TRM table 3-1: 1 (folding is a pipeline rule)"),
    row(CostClass::Multiply,              1, 0, 0, "M3 TRM table 3-1: 1"),
    row(CostClass::MultiplyAdd,           2, 0, 0, "M3 TRM table 3-1: 2"),
    row(CostClass::LongMultiply,          3, 0, 1, "M3 TRM table 3-1: 3-5, signed one longer than unsigned"),
    row(CostClass::LongMultiplySigned,    4, 0, 1, "M3 TRM table 3-1: 3-5, signed one longer than unsigned"),
    row(CostClass::LongMultiplyAdd,       4, 0, 2, "M3 TRM table 3-1: 4-7, signed one longer than unsigned"),
    row(CostClass::LongMultiplyAddSigned, 5, 0, 2, "M3 TRM table 3-1: 4-7, signed one longer than unsigned"),
    row(CostClass::Divide,                2, 0, 10, "M3 TRM table 3-1: 2-12; about 3 + quotient bits/4 (pipeline.md 3)"),
    row(CostClass::DivideSigned,          2, 0, 10, "M3 TRM table 3-1: 2-12; about 3 + quotient bits/4 (pipeline.md 3)"),
    row(CostClass::Load,                  2, 0, 0, "M3 TRM table 3-1: 2"),
    row(CostClass::LoadPc,                2, 3, 0, "core.md 1: LDR PC >= 5"),
    row(CostClass::Store,                 1, 0, 0, "M3 TRM table 3-1: 2, effective 1 through the write buffer; 1 measured (pipeline.md 2.4)"),
    row(CostClass::StoreRegister,         2, 0, 0, "M3 TRM table 3-1: 2; 2 measured (pipeline.md 2.4)"),
    row(CostClass::Multiple,              1, 2, 0, "M3 TRM table 3-1: 1+N; with PC +2 (pipeline.md 1.4)"),
    row(CostClass::TableBranch,           2, 4, 0, "core.md 1: TBB/TBH >= 6"),
    row(CostClass::Exclusive,             2, 0, 0, "M3 TRM table 3-1: 2"),
    row(CostClass::Special,               2, 0, 0, "M3 TRM table 3-1: 1-2; the larger, as it waits for the pipeline"),
    row(CostClass::System,                1, 0, 0, "M3 TRM table 3-1: 1"),
    row(CostClass::Barrier,               1, 0, 0, "M3 TRM table 3-1: 1 + wait; the bus adds the wait"),
    row(CostClass::Dsp,                   1, 0, 0, "not fitted: UNDEFINSTR"),
    row(CostClass::FpAlu,                 1, 0, 0, "not fitted: NOCP"),
    row(CostClass::FpMovePair,            1, 0, 0, "not fitted: NOCP"),
    row(CostClass::FpMultiplyAdd,         1, 0, 0, "not fitted: NOCP"),
    row(CostClass::FpDivide,              1, 0, 0, "not fitted: NOCP"),
    row(CostClass::FpLoad,                1, 0, 0, "not fitted: NOCP"),
    row(CostClass::FpLoadDouble,          1, 0, 0, "not fitted: NOCP"),
    row(CostClass::FpStore,               1, 0, 0, "not fitted: NOCP"),
    row(CostClass::FpStoreDouble,         1, 0, 0, "not fitted: NOCP"),
    row(CostClass::FpMultiple,            1, 0, 0, "not fitted: NOCP"),
];

static CORTEX_M3: Rows = CORTEX_M3_ROWS;

/// Cortex-M4: as the M3 but for the multiplier and the extensions.
static CORTEX_M4: Rows = {
    let mut rows = CORTEX_M3_ROWS;
    const ONE: &str = "M4 TRM table 3-1 (TI SWCU192 table 3-25): 1";
    rows[CostClass::MultiplyAdd as usize] = row(CostClass::MultiplyAdd, 1, 0, 0, ONE);
    rows[CostClass::LongMultiply as usize] = row(CostClass::LongMultiply, 1, 0, 0, ONE);
    rows[CostClass::LongMultiplySigned as usize] = row(CostClass::LongMultiplySigned, 1, 0, 0, ONE);
    rows[CostClass::LongMultiplyAdd as usize] = row(CostClass::LongMultiplyAdd, 1, 0, 0, ONE);
    rows[CostClass::LongMultiplyAddSigned as usize] =
        row(CostClass::LongMultiplyAddSigned, 1, 0, 0, ONE);
    rows[CostClass::Dsp as usize] = row(
        CostClass::Dsp,
        1,
        0,
        0,
        "M4 TRM table 3-1, DSP part: all 1 (pipeline.md 3)",
    );
    const FPU: &str = "M4 TRM table 7-1 (TI SWCU192 table 3-27)";
    rows[CostClass::FpAlu as usize] = row(CostClass::FpAlu, 1, 0, 0, FPU);
    rows[CostClass::FpMovePair as usize] = row(CostClass::FpMovePair, 2, 0, 0, FPU);
    rows[CostClass::FpMultiplyAdd as usize] = row(CostClass::FpMultiplyAdd, 3, 0, 0, FPU);
    rows[CostClass::FpDivide as usize] = row(CostClass::FpDivide, 14, 0, 0, FPU);
    rows[CostClass::FpLoad as usize] = row(CostClass::FpLoad, 2, 0, 0, FPU);
    rows[CostClass::FpLoadDouble as usize] = row(CostClass::FpLoadDouble, 3, 0, 0, FPU);
    rows[CostClass::FpStore as usize] = row(CostClass::FpStore, 2, 0, 0, FPU);
    rows[CostClass::FpStoreDouble as usize] = row(CostClass::FpStoreDouble, 3, 0, 0, FPU);
    rows[CostClass::FpMultiple as usize] = row(CostClass::FpMultiple, 1, 0, 0, FPU);
    rows
};

/// The cost table of one core.
#[derive(Clone, Copy, Debug)]
pub struct CostTable {
    rows: &'static Rows,
}

impl CostTable {
    /// The table of this core.
    #[must_use]
    pub const fn for_model(model: CpuModel) -> Self {
        match model {
            CpuModel::CortexM3 => Self { rows: &CORTEX_M3 },
            CpuModel::CortexM4 => Self { rows: &CORTEX_M4 },
        }
    }

    /// All rows, for documentation and reports.
    #[must_use]
    pub fn rows(&self) -> &'static [CostRow] {
        self.rows
    }

    /// The row of this class.
    #[must_use]
    pub const fn row(&self, class: CostClass) -> &'static CostRow {
        &self.rows[class as usize]
    }

    /// Writes the constant part into a decoded op.
    pub(crate) const fn assign(&self, op: &mut Op) {
        let row = self.row(op.class);
        op.cycles = row.base;
        op.refill = row.refill;
    }

    /// Cycles that operands `a` (dividend) and `b` (divisor) add to the base of this class.
    ///
    /// The TRMs give ranges and say that the divider and the M3's multiplier stop early by the leading zeroes
    /// and ones of the operands; the rules that fill these ranges are:
    /// * divide: 2 if the quotient is zero, else 3 + ceil(quotient bits / 4);
    /// * long multiply (M3): one more if either operand needs more than 16 bits;
    /// * long multiply and add (M3): one more for each operand that needs more than 16 bits.
    #[must_use]
    pub const fn by_operand(&self, class: CostClass, a: u32, b: u32) -> u64 {
        let most = self.row(class).by_operand as u32;
        let extra = match class {
            CostClass::Divide => divide(a, b),
            CostClass::DivideSigned => divide((a as i32).unsigned_abs(), (b as i32).unsigned_abs()),
            CostClass::LongMultiply => (a > 0xFFFF || b > 0xFFFF) as u32,
            CostClass::LongMultiplyAdd => (a > 0xFFFF) as u32 + (b > 0xFFFF) as u32,
            CostClass::LongMultiplySigned => (is_long(a) || is_long(b)) as u32,
            CostClass::LongMultiplyAddSigned => is_long(a) as u32 + is_long(b) as u32,
            _ => 0,
        };
        (if extra < most { extra } else { most }) as u64
    }
}

/// Does this signed number need more than 16 bits?
const fn is_long(a: u32) -> bool {
    a as i32 != a as i16 as i32
}

/// Cycles of a divide beyond 2.
const fn divide(dividend: u32, divisor: u32) -> u32 {
    if divisor == 0 || dividend < divisor {
        return 0;
    }
    1 + (32 - (dividend / divisor).leading_zeros()).div_ceil(4)
}

#[cfg(test)]
mod tests {
    use super::{CostClass, CostTable};
    use crate::CpuModel;

    #[test]
    fn rows_stand_in_the_order_of_their_classes() {
        for model in [CpuModel::CortexM3, CpuModel::CortexM4] {
            for (index, row) in CostTable::for_model(model).rows().iter().enumerate() {
                assert_eq!(row.class as usize, index);
                assert!(row.base >= 1, "{:?}: time must advance", row.class);
            }
        }
    }

    #[test]
    fn division_takes_2_to_12_cycles() {
        let table = CostTable::for_model(CpuModel::CortexM4);
        let cycles = |a, b| 2 + table.by_operand(CostClass::Divide, a, b);
        assert_eq!(cycles(1, 2), 2, "quotient zero");
        assert_eq!(cycles(5, 0), 2, "by zero");
        assert_eq!(cycles(100, 100), 4, "one quotient bit");
        assert_eq!(cycles(0xFFFF_FFFF, 1), 11, "32 quotient bits");
        let signed =
            |a: i32, b: i32| 2 + table.by_operand(CostClass::DivideSigned, a as u32, b as u32);
        assert_eq!(signed(-100, 100), 4);
        assert_eq!(signed(i32::MIN, -1), 11, "the quotient that overflows");
    }

    #[test]
    fn only_the_m3_multiplies_by_operand() {
        let (m3, m4) = (
            CostTable::for_model(CpuModel::CortexM3),
            CostTable::for_model(CpuModel::CortexM4),
        );
        let all = |table: &CostTable, class, a, b| {
            u64::from(table.row(class).base) + table.by_operand(class, a, b)
        };
        assert_eq!(all(&m3, CostClass::LongMultiply, 3, 5), 3);
        assert_eq!(all(&m3, CostClass::LongMultiply, 3, 0x1_0000), 4);
        assert_eq!(
            all(&m3, CostClass::LongMultiplySigned, 3, 0xFFFF_FFFF),
            4,
            "-1 is short"
        );
        assert_eq!(
            all(&m3, CostClass::LongMultiplySigned, 3, 0x8000),
            5,
            "0x8000 needs 17 bits signed"
        );
        assert_eq!(all(&m3, CostClass::LongMultiplyAdd, 0x1_0000, 0x1_0000), 6);
        assert_eq!(
            all(&m3, CostClass::LongMultiplyAddSigned, 0x1_0000, 0x1_0000),
            7
        );
        assert_eq!(
            all(&m4, CostClass::LongMultiplyAddSigned, 0x1_0000, 0x1_0000),
            1
        );
    }
}
