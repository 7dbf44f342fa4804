//! The loop, and what each op does.
//!
//! One `match` on the kind, compiled to one jump table. The same body serves the hot loop and single instructions
//! (`ONE`), so they cannot differ. Arms are one line each: arithmetic is in [`operand`](super::operand), everything
//! that is not on the path of ordinary code in [`rare`](super::rare), [`multiple`](super::multiple) and
//! [`system`](super::system).
//!
//! What was measured (`cargo bench -p flashstall-cpu`, million instructions a second from RAM, CPU time): the op
//! copied, and PC, cycles and count in memory, where handlers behind function pointers would need them: 223. The op by
//! reference, the three in registers: 324. Rare paths marked cold, so that the common one falls through: 400. A branch
//! on the size instead of an addition keeps the next PC from waiting for the op to be loaded. IT blocks leave the loop no
//! longer: half as fast again on code that is full of them. The bus is asked for a line at one place: at two or three, or
//! behind a call, all code got slower. None of it needs
//! `unsafe`; a table of function pointers was not built after that.

use std::hint::cold_path;

use super::multiple::Transferred;
use super::operand::{asr_c, condition_holds, lsl_c, lsr_c, ror_c};
use crate::op::{Op, OpKind as K};
use crate::{Bus, Cpu, Cycles, Fault, Size};

impl Cpu {
    /// Runs until the deadline, or until something happens that the boundary must look at.
    #[inline(never)]
    pub(crate) fn hot<B: Bus>(&mut self, bus: &mut B) {
        self.interpret::<B, false>(bus, Op::UNDECODED);
    }

    /// Executes one op that has been fetched. True: it completed, and the PC stands on the next
    /// instruction. False: a fault, an exception return or an interruption has already set the PC.
    #[inline(never)]
    pub(super) fn execute<B: Bus>(&mut self, bus: &mut B, op: Op) -> bool {
        self.interpret::<B, true>(bus, op)
    }

    #[inline(always)]
    fn interpret<B: Bus, const ONE: bool>(&mut self, bus: &mut B, given: Op) -> bool {
        // PC, time and count stay in registers; `sync!` writes them back before anything else can look.
        let mut pc = self.core.pc;
        let mut now = self.core.now.0;
        let mut instructions = self.core.instructions;
        loop {
            macro_rules! sync {
                () => {{
                    self.core.pc = pc;
                    self.core.now = Cycles(now);
                    self.core.instructions = instructions;
                }};
            }
            macro_rules! resume {
                () => {{
                    pc = self.core.pc;
                    now = self.core.now.0;
                    instructions = self.core.instructions;
                    continue;
                }};
            }
            macro_rules! leave {
                ($completed:expr) => {{
                    sync!();
                    return $completed;
                }};
            }
            // A branch on the size, not an addition: the next PC must not wait for the op to be loaded.
            let mut next = pc.wrapping_add(2);
            let op = if ONE {
                if given.size == 4 {
                    next = pc.wrapping_add(4);
                }
                &given
            } else {
                if now >= self.deadline.0 {
                    cold_path();
                    leave!(true);
                }
                let mut op = self.code.get(pc);
                let mut fetched = self.core.window.contains(pc);
                if op.size == 4 {
                    cold_path();
                    fetched &= self.core.window.contains(next);
                    next = pc.wrapping_add(4);
                }
                if !fetched {
                    sync!();
                    if !self.fetch_decoded(bus) {
                        cold_path();
                        return true;
                    }
                    now = self.core.now.0;
                    op = self.code.get(pc);
                    next = pc.wrapping_add(op.size.into());
                }
                op
            };
            // In an IT block an op is skipped, or executes as one that does not set flags. `issue` has seen to single
            // instructions.
            let mut kind = op.kind;
            let conditional = !ONE && self.core.itstate != 0;
            if conditional {
                cold_path();
                if kind.is_placeholder() {
                    sync!();
                    self.one(bus);
                    return true;
                }
                if !condition_holds(&self.core, self.core.itstate >> 4) && kind != K::Bkpt {
                    now = now.wrapping_add(1);
                    instructions = instructions.wrapping_add(1);
                    pc = next;
                    self.core.advance_it();
                    continue;
                }
                if kind != K::ToSp {
                    kind = op.alt;
                }
            }
            // The point where an instruction issues: timing rules that look at its neighbours belong here.
            let mut cycles = u64::from(op.cycles);

            macro_rules! n {
                () => {
                    self.core.reg(op.rn)
                };
            }
            macro_rules! m {
                () => {
                    self.core.reg(op.rm)
                };
            }
            macro_rules! put {
                ($value:expr) => {{
                    let value = $value;
                    self.core.put(op.rd, value)
                }};
            }
            macro_rules! logic {
                ($value:expr, $carry:expr) => {{
                    let (value, carry) = ($value, $carry);
                    self.core.put_logic(op.rd, value, carry)
                }};
            }
            // A shifted operand with its carry goes through `f`.
            macro_rules! logic_shift {
                ($f:expr) => {{
                    let (operand, carry) = self.core.shifted_c(op);
                    let f: fn(u32, u32) -> u32 = $f;
                    self.core.put_logic(op.rd, f(n!(), operand), carry)
                }};
            }
            // A call that may take time or fault.
            macro_rules! ok {
                ($result:expr) => {{
                    sync!();
                    match $result {
                        Ok(value) => {
                            now = self.core.now.0;
                            value
                        }
                        Err(fault) => {
                            self.raise(bus, fault);
                            return false;
                        }
                    }
                }};
            }
            // Ends the borrow of the table: for the arms that hand the whole core on.
            // Operands are taken out of the op first: the calls need the whole core, the table with it.
            macro_rules! load {
                ($addr:expr, $size:ident, $extend:ty) => {{
                    let (addr, rd) = ($addr, op.rd);
                    let value = ok!(self.load(bus, addr, Size::$size));
                    self.core.put(rd, value as $extend as u32);
                }};
            }
            macro_rules! load_pre {
                ($size:ident, $extend:ty) => {{
                    let (addr, rd, rn) = (n!().wrapping_add(op.imm), op.rd, op.rn);
                    let value = ok!(self.load(bus, addr, Size::$size));
                    self.core.put(rn, addr);
                    self.core.put(rd, value as $extend as u32);
                }};
            }
            macro_rules! load_post {
                ($size:ident, $extend:ty) => {{
                    let (addr, rd, rn, imm) = (n!(), op.rd, op.rn, op.imm);
                    let value = ok!(self.load(bus, addr, Size::$size));
                    self.core.put(rn, addr.wrapping_add(imm));
                    self.core.put(rd, value as $extend as u32);
                }};
            }
            macro_rules! store {
                ($addr:expr, $size:ident) => {{
                    let (addr, value) = ($addr, self.core.reg(op.rd));
                    ok!(self.store(bus, addr, Size::$size, value))
                }};
            }
            macro_rules! store_pre {
                ($size:ident) => {{
                    let (addr, rn) = (n!().wrapping_add(op.imm), op.rn);
                    store!(addr, $size);
                    self.core.put(rn, addr);
                }};
            }
            macro_rules! store_post {
                ($size:ident) => {{
                    let (addr, rn, imm) = (n!(), op.rn, op.imm);
                    store!(addr, $size);
                    self.core.put(rn, addr.wrapping_add(imm));
                }};
            }
            macro_rules! offset {
                () => {
                    n!().wrapping_add(op.imm)
                };
            }
            macro_rules! index {
                () => {
                    n!().wrapping_add(m!() << (op.shift & 31))
                };
            }
            // What leaves the loop from within an op. `issue` advances the IT state of single instructions.
            macro_rules! return_completed {
                ($completed:expr) => {{
                    let completed = $completed;
                    if conditional && completed {
                        self.core.advance_it();
                    }
                    return completed;
                }};
            }
            macro_rules! branch {
                ($taken:expr) => {
                    if $taken {
                        next = op.imm;
                        cycles += u64::from(op.refill);
                        if !ONE && op.closes_loop && self.poll.tick() {
                            now = now.wrapping_add(cycles);
                            instructions = instructions.wrapping_add(1);
                            pc = next;
                            sync!();
                            return_completed!(true);
                        }
                    }
                };
            }
            // An interworking branch; those that leave the ordinary are rare.
            macro_rules! exchange {
                ($op:expr, $target:expr, $may_return:expr) => {{
                    let target = $target;
                    if target & 1 == 0 || target >= 0xF000_0000 {
                        let op = $op;
                        sync!();
                        return_completed!(self.branch_and_exchange(bus, &op, target, $may_return));
                    }
                    next = target & !1;
                    cycles += u64::from($op.refill);
                }};
            }

            match kind {
                K::Undecoded | K::Stop => {
                    sync!();
                    if !ONE {
                        self.one(bus);
                    }
                    return false;
                }

                K::AndImm => put!(n!() & op.imm),
                K::AndReg => put!(n!() & m!()),
                K::AndShift => put!(n!() & self.core.shifted(op)),
                K::AndImmS => logic!(n!() & op.imm, self.core.immediate_c(op)),
                K::AndRegS => logic!(n!() & m!(), self.core.c),
                K::AndShiftS => logic_shift!(|a, b| a & b),
                K::BicImm => put!(n!() & !op.imm),
                K::BicReg => put!(n!() & !m!()),
                K::BicShift => put!(n!() & !self.core.shifted(op)),
                K::BicImmS => logic!(n!() & !op.imm, self.core.immediate_c(op)),
                K::BicRegS => logic!(n!() & !m!(), self.core.c),
                K::BicShiftS => logic_shift!(|a, b| a & !b),
                K::OrrImm => put!(n!() | op.imm),
                K::OrrReg => put!(n!() | m!()),
                K::OrrShift => put!(n!() | self.core.shifted(op)),
                K::OrrImmS => logic!(n!() | op.imm, self.core.immediate_c(op)),
                K::OrrRegS => logic!(n!() | m!(), self.core.c),
                K::OrrShiftS => logic_shift!(|a, b| a | b),
                K::OrnImm => put!(n!() | !op.imm),
                K::OrnReg => put!(n!() | !m!()),
                K::OrnShift => put!(n!() | !self.core.shifted(op)),
                K::OrnImmS => logic!(n!() | !op.imm, self.core.immediate_c(op)),
                K::OrnRegS => logic!(n!() | !m!(), self.core.c),
                K::OrnShiftS => logic_shift!(|a, b| a | !b),
                K::EorImm => put!(n!() ^ op.imm),
                K::EorReg => put!(n!() ^ m!()),
                K::EorShift => put!(n!() ^ self.core.shifted(op)),
                K::EorImmS => logic!(n!() ^ op.imm, self.core.immediate_c(op)),
                K::EorRegS => logic!(n!() ^ m!(), self.core.c),
                K::EorShiftS => logic_shift!(|a, b| a ^ b),

                K::AddImm => put!(n!().wrapping_add(op.imm)),
                K::AddReg => put!(n!().wrapping_add(m!())),
                K::AddShift => put!(n!().wrapping_add(self.core.shifted(op))),
                K::AddImmS => put!(self.core.add_flags(n!(), op.imm)),
                K::AddRegS => put!(self.core.add_flags(n!(), m!())),
                K::AddShiftS => put!(self.core.add_flags(n!(), self.core.shifted(op))),
                K::AdcImm => put!(self.core.adc(n!(), op.imm)),
                K::AdcReg => put!(self.core.adc(n!(), m!())),
                K::AdcShift => put!(self.core.adc(n!(), self.core.shifted(op))),
                K::AdcImmS => put!(self.core.adc_flags(n!(), op.imm)),
                K::AdcRegS => put!(self.core.adc_flags(n!(), m!())),
                K::AdcShiftS => put!(self.core.adc_flags(n!(), self.core.shifted(op))),
                K::SbcImm => put!(self.core.adc(n!(), !op.imm)),
                K::SbcReg => put!(self.core.adc(n!(), !m!())),
                K::SbcShift => put!(self.core.adc(n!(), !self.core.shifted(op))),
                K::SbcImmS => put!(self.core.adc_flags(n!(), !op.imm)),
                K::SbcRegS => put!(self.core.adc_flags(n!(), !m!())),
                K::SbcShiftS => put!(self.core.adc_flags(n!(), !self.core.shifted(op))),
                K::SubImm => put!(n!().wrapping_sub(op.imm)),
                K::SubReg => put!(n!().wrapping_sub(m!())),
                K::SubShift => put!(n!().wrapping_sub(self.core.shifted(op))),
                K::SubImmS => put!(self.core.sub_flags(n!(), op.imm)),
                K::SubRegS => put!(self.core.sub_flags(n!(), m!())),
                K::SubShiftS => put!(self.core.sub_flags(n!(), self.core.shifted(op))),
                K::RsbImm => put!(op.imm.wrapping_sub(n!())),
                K::RsbReg => put!(m!().wrapping_sub(n!())),
                K::RsbShift => put!(self.core.shifted(op).wrapping_sub(n!())),
                K::RsbImmS => put!(self.core.sub_flags(op.imm, n!())),
                K::RsbRegS => put!(self.core.sub_flags(m!(), n!())),
                K::RsbShiftS => put!(self.core.sub_flags(self.core.shifted(op), n!())),

                K::MovImm => put!(op.imm),
                K::MovReg => put!(m!()),
                K::MovShift => put!(self.core.shifted(op)),
                K::MovImmS => logic!(op.imm, self.core.immediate_c(op)),
                K::MovRegS => logic!(m!(), self.core.c),
                K::MovShiftS => logic_shift!(|_, b| b),
                K::MvnImm => put!(!op.imm),
                K::MvnReg => put!(!m!()),
                K::MvnShift => put!(!self.core.shifted(op)),
                K::MvnImmS => logic!(!op.imm, self.core.immediate_c(op)),
                K::MvnRegS => logic!(!m!(), self.core.c),
                K::MvnShiftS => logic_shift!(|_, b| !b),

                K::TstImm => {
                    let carry = self.core.immediate_c(op);
                    self.core.set_nz(n!() & op.imm);
                    self.core.c = carry;
                }
                K::TstReg => self.core.set_nz(n!() & m!()),
                K::TstShift => {
                    let (operand, carry) = self.core.shifted_c(op);
                    self.core.set_nz(n!() & operand);
                    self.core.c = carry;
                }
                K::TeqImm => {
                    let carry = self.core.immediate_c(op);
                    self.core.set_nz(n!() ^ op.imm);
                    self.core.c = carry;
                }
                K::TeqReg => self.core.set_nz(n!() ^ m!()),
                K::TeqShift => {
                    let (operand, carry) = self.core.shifted_c(op);
                    self.core.set_nz(n!() ^ operand);
                    self.core.c = carry;
                }
                K::CmpImm => _ = self.core.sub_flags(n!(), op.imm),
                K::CmpReg => _ = self.core.sub_flags(n!(), m!()),
                K::CmpShift => _ = self.core.sub_flags(n!(), self.core.shifted(op)),
                K::CmnImm => _ = self.core.add_flags(n!(), op.imm),
                K::CmnReg => _ = self.core.add_flags(n!(), m!()),
                K::CmnShift => _ = self.core.add_flags(n!(), self.core.shifted(op)),

                // Narrow shifts by a constant have 1..=31 here; 0 and 32 decode to other kinds.
                K::LslImm => put!(m!() << (op.shift & 31)),
                K::LslImmS => {
                    let (value, carry) = lsl_c(m!(), op.shift.into(), self.core.c);
                    logic!(value, carry);
                }
                K::LsrImm => put!(m!() >> (op.shift & 31)),
                K::LsrImmS => {
                    let (value, carry) = lsr_c(m!(), op.shift.into(), self.core.c);
                    logic!(value, carry);
                }
                K::AsrImm => put!(((m!() as i32) >> (op.shift & 31)) as u32),
                K::AsrImmS => {
                    let (value, carry) = asr_c(m!(), op.shift.into(), self.core.c);
                    logic!(value, carry);
                }
                K::LslReg => put!(lsl_c(n!(), m!() & 0xFF, false).0),
                K::LslRegS => {
                    let (value, carry) = lsl_c(n!(), m!() & 0xFF, self.core.c);
                    logic!(value, carry);
                }
                K::LsrReg => put!(lsr_c(n!(), m!() & 0xFF, false).0),
                K::LsrRegS => {
                    let (value, carry) = lsr_c(n!(), m!() & 0xFF, self.core.c);
                    logic!(value, carry);
                }
                K::AsrReg => put!(asr_c(n!(), m!() & 0xFF, false).0),
                K::AsrRegS => {
                    let (value, carry) = asr_c(n!(), m!() & 0xFF, self.core.c);
                    logic!(value, carry);
                }
                K::RorReg => put!(n!().rotate_right(m!() & 31)),
                K::RorRegS => {
                    let (value, carry) = ror_c(n!(), m!() & 0xFF, self.core.c);
                    logic!(value, carry);
                }

                K::MovSp => self.core.r[13] = m!() & !3,
                K::ToSp => {
                    let inner = Op {
                        kind: op.alt,
                        ..*op
                    };
                    sync!();
                    let completed = self.execute_to_sp(bus, inner);
                    if ONE || !completed {
                        return completed;
                    }
                    if conditional {
                        self.core.advance_it();
                    }
                    resume!();
                }

                K::Movt => put!(self.core.reg(op.rd) & 0xFFFF | op.imm << 16),
                K::Bfi => put!(self.core.reg(op.rd) & !op.imm | (n!() << (op.shift & 31)) & op.imm),
                K::Bfc => put!(self.core.reg(op.rd) & !op.imm),
                K::Ubfx => put!(n!() >> (op.shift & 31) & op.imm),
                // Shifted up so that the field ends at bit 31 (`ra` places), then down by 32 - width.
                K::Sbfx => put!((((n!() << (op.ra & 31)) as i32) >> (op.shift & 31)) as u32),
                K::Clz => put!(m!().leading_zeros()),
                K::Rbit => put!(m!().reverse_bits()),
                K::Rev => put!(m!().swap_bytes()),
                K::Rev16 => put!(m!().swap_bytes().rotate_right(16)),
                K::Revsh => put!((m!() as u16).swap_bytes() as i16 as u32),
                K::Sxtb => put!(m!().rotate_right(op.shift.into()) as i8 as u32),
                K::Sxth => put!(m!().rotate_right(op.shift.into()) as i16 as u32),
                K::Uxtb => put!(m!().rotate_right(op.shift.into()) as u8 as u32),
                K::Uxth => put!(m!().rotate_right(op.shift.into()) as u16 as u32),
                K::Ssat => self.core.signed_saturate(op),
                K::Usat => self.core.unsigned_saturate(op),

                K::Mul => put!(n!().wrapping_mul(m!())),
                K::MulS => {
                    let product = n!().wrapping_mul(m!());
                    put!(product);
                    self.core.set_nz(product);
                }
                K::Mla => put!(n!().wrapping_mul(m!()).wrapping_add(self.core.reg(op.ra))),
                K::Mls => put!(self.core.reg(op.ra).wrapping_sub(n!().wrapping_mul(m!()))),
                K::Umull | K::Smull | K::Umlal | K::Smlal => {
                    let op = *op;
                    sync!();
                    match self.occupied(bus, &op) {
                        Some(remaining) => cycles = remaining,
                        None => return false,
                    }
                    now = self.core.now.0;
                    self.core.long_multiply(&op);
                }
                K::Udiv | K::Sdiv => {
                    let op = *op;
                    sync!();
                    if self.core.reg(op.rm) == 0 && self.scb.traps_divide_by_zero() {
                        self.raise(bus, Fault::DivByZero);
                        return false;
                    }
                    match self.occupied(bus, &op) {
                        Some(remaining) => cycles = remaining,
                        None => return false,
                    }
                    now = self.core.now.0;
                    self.core.divide(&op);
                }
                K::ParallelAdd
                | K::Sel
                | K::Pkh
                | K::ExtendAdd
                | K::SaturatingAdd
                | K::Ssat16
                | K::Usat16
                | K::Usada8
                | K::Smlaxy
                | K::Smlawy
                | K::Smlad
                | K::Smmla
                | K::Smlalxy
                | K::Smlald
                | K::Umaal => self.core.dsp(op),

                K::Vadd
                | K::Vsub
                | K::Vmul
                | K::Vnmul
                | K::Vmla
                | K::Vfma
                | K::Vdiv
                | K::Vsqrt
                | K::Vabs
                | K::Vneg
                | K::Vmov
                | K::VmovImm
                | K::VmovCore
                | K::VmovPair
                | K::Vcmp
                | K::VcvtFromInteger
                | K::VcvtToInteger
                | K::VcvtFixed
                | K::VcvtHalf
                | K::Vmrs
                | K::Vmsr
                | K::FpUndefined
                | K::Vldr
                | K::Vldm
                | K::Vstr
                | K::Vstm => {
                    let op = *op;
                    if !ok!(self.floating_point(bus, &op)) {
                        return false;
                    }
                }

                K::B => branch!(true),
                K::Beq => branch!(self.core.z()),
                K::Bne => branch!(!self.core.z()),
                K::Bcs => branch!(self.core.c),
                K::Bcc => branch!(!self.core.c),
                K::Bmi => branch!(self.core.n()),
                K::Bpl => branch!(!self.core.n()),
                K::Bvs => branch!(self.core.v),
                K::Bvc => branch!(!self.core.v),
                K::Bhi => branch!(self.core.c && !self.core.z()),
                K::Bls => branch!(!self.core.c || self.core.z()),
                K::Bge => branch!(self.core.n() == self.core.v),
                K::Blt => branch!(self.core.n() != self.core.v),
                K::Bgt => branch!(self.core.n() == self.core.v && !self.core.z()),
                K::Ble => branch!(self.core.n() != self.core.v || self.core.z()),
                K::Cbz => branch!(n!() == 0),
                K::Cbnz => branch!(n!() != 0),
                K::Bl => {
                    self.core.r[14] = next | 1;
                    next = op.imm;
                    cycles += u64::from(op.refill);
                }
                K::Bx => exchange!(*op, m!(), true),
                K::BlxReg => {
                    let target = m!();
                    self.core.r[14] = next | 1;
                    exchange!(*op, target, false);
                }
                K::MovPc => {
                    next = m!() & !1;
                    cycles += u64::from(op.refill);
                }
                K::AddPc => {
                    next = op.imm.wrapping_add(m!()) & !1;
                    cycles += u64::from(op.refill);
                }

                K::LdrImm => load!(offset!(), Word, u32),
                K::LdrReg => load!(index!(), Word, u32),
                K::LdrPre => load_pre!(Word, u32),
                K::LdrPost => load_post!(Word, u32),
                K::LdrbImm => load!(offset!(), Byte, u32),
                K::LdrbReg => load!(index!(), Byte, u32),
                K::LdrbPre => load_pre!(Byte, u32),
                K::LdrbPost => load_post!(Byte, u32),
                K::LdrhImm => load!(offset!(), Half, u32),
                K::LdrhReg => load!(index!(), Half, u32),
                K::LdrhPre => load_pre!(Half, u32),
                K::LdrhPost => load_post!(Half, u32),
                K::LdrsbImm => load!(offset!(), Byte, i8),
                K::LdrsbReg => load!(index!(), Byte, i8),
                K::LdrsbPre => load_pre!(Byte, i8),
                K::LdrsbPost => load_post!(Byte, i8),
                K::LdrshImm => load!(offset!(), Half, i16),
                K::LdrshReg => load!(index!(), Half, i16),
                K::LdrshPre => load_pre!(Half, i16),
                K::LdrshPost => load_post!(Half, i16),
                K::LdrLit => load!(op.imm, Word, u32),
                K::LoadLit => {
                    let op = *op;
                    let value = ok!(self.load_width(bus, op.imm, op.shift));
                    self.core.put(op.rd, value);
                }
                K::LoadUnprivileged => {
                    let op = *op;
                    let value = ok!(self.load_unprivileged(bus, &op));
                    self.core.put(op.rd, value);
                }
                K::LdrPc | K::LdrPcReg => {
                    let op = *op;
                    let target = ok!(self.load_pc(bus, &op));
                    exchange!(op, target, true);
                }
                K::Tbb | K::Tbh => {
                    let op = *op;
                    let distance = ok!(self.table_branch(bus, &op));
                    next = pc.wrapping_add(4).wrapping_add(distance);
                    cycles += u64::from(op.refill);
                }
                K::Ldrd => {
                    let op = *op;
                    ok!(self.load_dual(bus, &op));
                }
                K::Ldrex => {
                    let op = *op;
                    ok!(self.load_exclusive(bus, &op));
                }
                K::Ldm => {
                    let op = *op;
                    match ok!(self.load_multiple(bus, &op)) {
                        Transferred::All => {}
                        Transferred::Pc(target) => exchange!(op, target, true),
                        Transferred::Interrupted => return false,
                    }
                }

                K::StrImm => store!(offset!(), Word),
                K::StrReg => store!(index!(), Word),
                K::StrPre => store_pre!(Word),
                K::StrPost => store_post!(Word),
                K::StrbImm => store!(offset!(), Byte),
                K::StrbReg => store!(index!(), Byte),
                K::StrbPre => store_pre!(Byte),
                K::StrbPost => store_post!(Byte),
                K::StrhImm => store!(offset!(), Half),
                K::StrhReg => store!(index!(), Half),
                K::StrhPre => store_pre!(Half),
                K::StrhPost => store_post!(Half),
                K::StoreUnprivileged => {
                    let op = *op;
                    ok!(self.store_unprivileged(bus, &op));
                }
                K::Strd => {
                    let op = *op;
                    ok!(self.store_dual(bus, &op));
                }
                K::Strex => {
                    let op = *op;
                    ok!(self.store_exclusive(bus, &op));
                }
                K::Stm => {
                    let op = *op;
                    if !ok!(self.store_multiple(bus, &op)) {
                        return false;
                    }
                }

                K::Nop | K::Barrier => {}
                K::It => {
                    self.core.itstate = op.imm as u8;
                    if !ONE {
                        now = now.wrapping_add(cycles);
                        instructions = instructions.wrapping_add(1);
                        pc = next;
                        continue;
                    }
                }
                K::Undefined
                | K::NoCp
                | K::Clrex
                | K::Svc
                | K::Bkpt
                | K::Mrs
                | K::Msr
                | K::Cps
                | K::Wfi
                | K::Wfe
                | K::Sev => {
                    let op = *op;
                    sync!();
                    return_completed!(self.system(bus, &op));
                }
            }
            now = now.wrapping_add(cycles);
            instructions = instructions.wrapping_add(1);
            pc = next;
            if conditional {
                self.core.advance_it();
            }
            if ONE {
                leave!(true);
            }
        }
    }
}
