//! One decoded instruction: what the loop executes.
//!
//! An op depends on its address (PC-relative operands are resolved) and on nothing else: not on the IT state,
//! which is looked at when the op executes, so that an IT block entered by an exception return works like any other.

use crate::CostClass;

/// One decoded instruction, 16 bytes.
///
/// The fields mean what the instruction makes of them; the comments name the usual content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Op {
    /// What it does.
    pub kind: OpKind,
    /// What it does in an IT block, for narrow instructions that set flags only outside one; for
    /// [`OpKind::ToSp`], the operation whose result goes to SP. Otherwise the same as `kind`.
    pub alt: OpKind,
    /// Size in bytes, 2 or 4.
    pub size: u8,
    /// Cycles, without those that depend on operands, on the bus, or on a branch being taken.
    pub cycles: u8,
    /// Cycles more when the PC is written.
    pub refill: u8,
    /// Destination, or the register that is transferred.
    pub rd: u8,
    /// First operand, or base register.
    pub rn: u8,
    /// Second operand, index, or second register that is transferred.
    pub rm: u8,
    /// Third operand, or a variant of the operation.
    pub ra: u8,
    /// Shift or rotate amount, width, or a flag of the operation.
    pub shift: u8,
    /// What it costs.
    pub class: CostClass,
    /// A branch back by so little that it may close a poll loop.
    pub closes_loop: bool,
    /// Immediate: operand, offset, absolute address of a branch target or literal, register list.
    pub imm: u32,
}

/// Size of a code window in which a backward branch is looked at as the end of a poll loop.
pub(crate) const POLL_LOOP_BYTES: u32 = 256;

/// Register list bits of [`OpKind::Ldm`] and [`OpKind::Stm`] above the 16 registers.
pub(crate) const WRITE_BACK: u32 = 1 << 16;
/// See [`WRITE_BACK`]: the lowest register goes to base - 4n.
pub(crate) const DECREMENT: u32 = 1 << 17;

/// How a generic load or store forms its address ([`Op::ra`], bits 1:0).
pub(crate) mod addressing {
    pub(crate) const OFFSET: u8 = 0;
    pub(crate) const PRE: u8 = 1;
    pub(crate) const POST: u8 = 2;
    pub(crate) const LITERAL: u8 = 3;
}

/// What a generic load or store transfers ([`Op::shift`]).
pub(crate) mod width {
    pub(crate) const BYTE: u8 = 0;
    pub(crate) const HALF: u8 = 1;
    pub(crate) const WORD: u8 = 2;
    /// Or-ed to a width: sign-extend.
    pub(crate) const SIGNED: u8 = 4;
}

/// Shift types as encoded in bits 1:0 ([`Op::ra`] of the `…Shift` kinds), and RRX.
pub(crate) mod shift_type {
    pub(crate) const LSL: u8 = 0;
    pub(crate) const LSR: u8 = 1;
    pub(crate) const ASR: u8 = 2;
    pub(crate) const ROR: u8 = 3;
    pub(crate) const RRX: u8 = 4;
}

impl Op {
    /// What fills a table before anything is decoded.
    pub(crate) const UNDECODED: Self = Self::new(OpKind::Undecoded, 2);

    /// An op of this kind and size, everything else zero.
    #[must_use]
    pub(crate) const fn new(kind: OpKind, size: u8) -> Self {
        Self {
            kind,
            alt: kind,
            size,
            cycles: 1,
            refill: 0,
            rd: 0,
            rn: 0,
            rm: 0,
            ra: 0,
            shift: 0,
            class: CostClass::Alu,
            closes_loop: false,
            imm: 0,
        }
    }

    /// The registers that form an address, one bit each: what the address-generation interlock looks at.
    #[must_use]
    pub fn address_registers(&self) -> u16 {
        use OpKind as K;
        let (n, m) = (1u16 << (self.rn & 15), 1u16 << (self.rm & 15));
        match self.kind {
            K::LdrReg | K::LdrbReg | K::LdrhReg | K::LdrsbReg | K::LdrshReg => n | m,
            K::StrReg | K::StrbReg | K::StrhReg | K::Tbb | K::Tbh | K::LdrPcReg => n | m,
            K::LdrPc | K::Ldrd if self.ra == addressing::LITERAL => 0,
            K::Vldr if self.rn == 15 => 0,
            kind if kind.is_load() || kind.is_store() => n,
            _ => 0,
        }
    }
}

impl OpKind {
    /// Stands for an instruction that is looked at before it executes.
    #[inline(always)]
    pub(crate) const fn is_placeholder(self) -> bool {
        matches!(self, Self::Undecoded | Self::Stop)
    }

    /// Reads memory and writes registers.
    #[must_use]
    pub const fn is_load(self) -> bool {
        (self as u8) >= Self::LdrImm as u8 && (self as u8) <= Self::Ldm as u8
    }

    /// Writes memory.
    #[must_use]
    pub const fn is_store(self) -> bool {
        (self as u8) >= Self::StrImm as u8 && (self as u8) <= Self::Stm as u8
    }

    /// Load or store multiple: can be interrupted between two transfers.
    #[must_use]
    pub const fn is_multiple(self) -> bool {
        matches!(self, Self::Ldm | Self::Stm)
    }

    /// Belongs to the DSP extension.
    #[must_use]
    pub const fn is_dsp(self) -> bool {
        (self as u8) >= Self::ParallelAdd as u8 && (self as u8) <= Self::Umaal as u8
    }

    /// Belongs to the FPU.
    #[must_use]
    pub const fn is_floating_point(self) -> bool {
        (self as u8) >= Self::Vadd as u8 && (self as u8) <= Self::FpUndefined as u8
            || matches!(self, Self::Vldr | Self::Vldm | Self::Vstr | Self::Vstm)
    }

    /// What only the native core can execute: it changes or reads state outside registers, flags and memory.
    /// The other kinds an [`Executor`](crate::Executor) may take over.
    #[must_use]
    pub const fn is_system(self) -> bool {
        matches!(
            self,
            Self::Undecoded
                | Self::Stop
                | Self::Undefined
                | Self::NoCp
                | Self::FpUndefined
                | Self::It
                | Self::Svc
                | Self::Bkpt
                | Self::Mrs
                | Self::Msr
                | Self::Cps
                | Self::Wfi
                | Self::Wfe
                | Self::Sev
                | Self::Barrier
                | Self::Ldrex
                | Self::Strex
                | Self::Clrex
                | Self::LoadUnprivileged
                | Self::StoreUnprivileged
        )
    }
}

/// What an op does. `…Imm`: second operand is an immediate; `…Reg`: a register; `…Shift`: a register shifted by a
/// constant; a final `S`: sets flags.
#[expect(
    missing_docs,
    reason = "the names are those of the instructions in the ARMv7-M manual, A7.7"
)]
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OpKind {
    /// Nothing decoded here yet.
    Undecoded,
    /// A stop address is set here.
    Stop,
    /// No such instruction: UsageFault UNDEFINSTR.
    Undefined,
    /// A coprocessor or floating-point instruction: UsageFault NOCP.
    NoCp,

    // Data processing with two operands.
    AndImm,
    AndReg,
    AndShift,
    AndImmS,
    AndRegS,
    AndShiftS,
    BicImm,
    BicReg,
    BicShift,
    BicImmS,
    BicRegS,
    BicShiftS,
    OrrImm,
    OrrReg,
    OrrShift,
    OrrImmS,
    OrrRegS,
    OrrShiftS,
    OrnImm,
    OrnReg,
    OrnShift,
    OrnImmS,
    OrnRegS,
    OrnShiftS,
    EorImm,
    EorReg,
    EorShift,
    EorImmS,
    EorRegS,
    EorShiftS,
    AddImm,
    AddReg,
    AddShift,
    AddImmS,
    AddRegS,
    AddShiftS,
    AdcImm,
    AdcReg,
    AdcShift,
    AdcImmS,
    AdcRegS,
    AdcShiftS,
    SbcImm,
    SbcReg,
    SbcShift,
    SbcImmS,
    SbcRegS,
    SbcShiftS,
    SubImm,
    SubReg,
    SubShift,
    SubImmS,
    SubRegS,
    SubShiftS,
    RsbImm,
    RsbReg,
    RsbShift,
    RsbImmS,
    RsbRegS,
    RsbShiftS,
    // Data processing with one operand.
    MovImm,
    MovReg,
    MovShift,
    MovImmS,
    MovRegS,
    MovShiftS,
    MvnImm,
    MvnReg,
    MvnShift,
    MvnImmS,
    MvnRegS,
    MvnShiftS,
    // Comparisons.
    TstImm,
    TstReg,
    TstShift,
    TeqImm,
    TeqReg,
    TeqShift,
    CmpImm,
    CmpReg,
    CmpShift,
    CmnImm,
    CmnReg,
    CmnShift,
    // Shifts.
    LslImm,
    LslImmS,
    LsrImm,
    LsrImmS,
    AsrImm,
    AsrImmS,
    LslReg,
    LslRegS,
    LsrReg,
    LsrRegS,
    AsrReg,
    AsrRegS,
    RorReg,
    RorRegS,
    // Stack pointer as destination.
    /// MOV SP, Rm.
    MovSp,
    /// `alt`, then SP\[1:0\] are cleared.
    ToSp,
    // Bits, extension, saturation.
    Movt,
    Bfi,
    Bfc,
    Ubfx,
    Sbfx,
    Clz,
    Rbit,
    Rev,
    Rev16,
    Revsh,
    Sxtb,
    Sxth,
    Uxtb,
    Uxth,
    Ssat,
    Usat,
    // Multiplication and division.
    Mul,
    MulS,
    Mla,
    Mls,
    Umull,
    Smull,
    Umlal,
    Smlal,
    Udiv,
    Sdiv,
    // The DSP extension: from here to `Umaal`. [`exec::dsp`](crate::exec) says what the fields mean.
    /// SADD16 and its 35 relatives.
    ParallelAdd,
    /// SEL.
    Sel,
    /// PKHBT, PKHTB.
    Pkh,
    /// SXTAB, SXTAH, SXTAB16, UXTAB, UXTAH, UXTAB16; SXTB16 and UXTB16.
    ExtendAdd,
    /// QADD, QSUB, QDADD, QDSUB.
    SaturatingAdd,
    /// SSAT16.
    Ssat16,
    /// USAT16.
    Usat16,
    /// USAD8, USADA8.
    Usada8,
    /// SMULBB to SMULTT, SMLABB to SMLATT.
    Smlaxy,
    /// SMULWB, SMULWT, SMLAWB, SMLAWT.
    Smlawy,
    /// SMUAD, SMUSD, SMLAD, SMLSD and their X forms.
    Smlad,
    /// SMMUL, SMMLA, SMMLS and their R forms.
    Smmla,
    /// SMLALBB to SMLALTT.
    Smlalxy,
    /// SMLALD, SMLSLD and their X forms.
    Smlald,
    /// UMAAL.
    Umaal,
    // FPv4-SP: from here to `FpUndefined`, and VLDR to VSTM below. `exec/fp.rs` says what the fields mean.
    Vadd,
    Vsub,
    Vmul,
    Vnmul,
    /// VMLA, VMLS, VNMLA, VNMLS.
    Vmla,
    /// VFMA, VFMS, VFNMA, VFNMS.
    Vfma,
    Vdiv,
    Vsqrt,
    Vabs,
    Vneg,
    /// VMOV between registers.
    Vmov,
    VmovImm,
    /// VMOV between a core register and a single register or half of a double one.
    VmovCore,
    /// VMOV between two core registers and two single registers or a double one.
    VmovPair,
    /// VCMP, VCMPE.
    Vcmp,
    VcvtFromInteger,
    /// VCVT, VCVTR.
    VcvtToInteger,
    VcvtFixed,
    /// VCVTB, VCVTT.
    VcvtHalf,
    Vmrs,
    Vmsr,
    /// In the space of the FPU, and nothing it has.
    FpUndefined,
    // Branches. `imm` is the target.
    B,
    Beq,
    Bne,
    Bcs,
    Bcc,
    Bmi,
    Bpl,
    Bvs,
    Bvc,
    Bhi,
    Bls,
    Bge,
    Blt,
    Bgt,
    Ble,
    Cbz,
    Cbnz,
    Bl,
    Bx,
    BlxReg,
    /// MOV PC, Rm.
    MovPc,
    /// ADD PC, Rm.
    AddPc,
    // Loads: from here to `Ldm`.
    LdrImm,
    LdrReg,
    LdrPre,
    LdrPost,
    LdrbImm,
    LdrbReg,
    LdrbPre,
    LdrbPost,
    LdrhImm,
    LdrhReg,
    LdrhPre,
    LdrhPost,
    LdrsbImm,
    LdrsbReg,
    LdrsbPre,
    LdrsbPost,
    LdrshImm,
    LdrshReg,
    LdrshPre,
    LdrshPost,
    /// LDR from the absolute address `imm`.
    LdrLit,
    /// LDRB, LDRH, LDRSB, LDRSH from the absolute address `imm`.
    LoadLit,
    /// LDRT and its narrower forms.
    LoadUnprivileged,
    /// LDR PC with an immediate offset; `ra` says how the address is formed.
    LdrPc,
    /// LDR PC with a register offset.
    LdrPcReg,
    Tbb,
    Tbh,
    /// `rd` and `rm` are loaded; `ra` says how the address is formed.
    Ldrd,
    Ldrex,
    /// VLDR of one or two words.
    Vldr,
    /// VLDM, VPOP.
    Vldm,
    /// LDM, POP: `imm` is the register list, with bit 16 for write-back and bit 17 for decrement before.
    Ldm,
    // Stores: from here to `Stm`.
    StrImm,
    StrReg,
    StrPre,
    StrPost,
    StrbImm,
    StrbReg,
    StrbPre,
    StrbPost,
    StrhImm,
    StrhReg,
    StrhPre,
    StrhPost,
    StoreUnprivileged,
    Strd,
    /// `rd` gets the status, `rm` is stored.
    Strex,
    /// VSTR of one or two words.
    Vstr,
    /// VSTM, VPUSH.
    Vstm,
    /// STM, PUSH, as [`Ldm`](Self::Ldm).
    Stm,
    // System.
    Clrex,
    Nop,
    It,
    Svc,
    Bkpt,
    Mrs,
    Msr,
    Cps,
    Wfi,
    Wfe,
    Sev,
    /// DMB, DSB, ISB.
    Barrier,
}
