//! FPv4-SP: what each instruction does to the registers of the unit, to memory and to FPSCR.
//!
//! | instructions | source | test that proves it |
//! |---|---|---|
//! | VADD to VSQRT, VABS, VNEG, VMOV | ARMv7-M A7.7.225 and on | `tests::arithmetic` |
//! | VMLA, VMLS, VNMLA, VNMLS round twice; VFMA, VFMS, VFNMA, VFNMS once | A7.7.229, A7.7.238 | `tests::multiply_accumulate_in_eight_forms` |
//! | VCMP, VCMPE, VMRS to APSR | A7.7.226, A7.7.246 | `tests::comparison_reaches_the_apsr` |
//! | VCVT, VCVTR, VCVTB, VCVTT | A7.7.227–231 | `tests::conversions` |
//! | VMOV to and from core registers | A7.7.241–245 | `tests::moves` |
//! | VMSR keeps FPSCR's bits | B5.2, A2.5.3 | `tests::moves` |
//! | VLDR, VSTR, VLDM, VSTM, VPUSH, VPOP; word-aligned only | A7.7.235–256, A3.2.1 | `tests::loads_and_stores`, `tests::unaligned_transfers_fault` |
//! | NOCP unless CPACR allows it | B1.4.7 | `tests::cpacr_opens_the_unit` |
//! | the first use opens a context: FPCA, FPDSCR | B1.5.7 `ExecuteFPCheck` | `tests::the_first_use_opens_a_context` |
//! | 1, 3, 14, 2, 1+N cycles | M4 TRM table 7-1 | `tests::cycles` |
//!
//! All of it against unicorn on random operands: `sim/unicorn/tests/random.rs`.
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | continuing an interrupted VLDM or VSTM | the architecture lets it start again | it starts again; its base has not moved |
//! | a result that is used in the next cycle costs one more | a pipeline rule | [`CostTable`](crate::CostTable) says where those go |

use crate::fp::convert::Fixed;
use crate::fp::{FLAGS, Fpscr, Rounding, SIGN};
use crate::op::{DECREMENT, Op, OpKind as K, WRITE_BACK};
use crate::{Bus, Cpu, Cycles, Fault, Size};

/// The bits of FPSCR that exist.
const FPSCR: Fpscr = Fpscr::all();

impl Cpu {
    /// Executes a floating-point op. False: a multiple transfer was interrupted, and starts again later.
    #[inline(never)]
    pub(super) fn floating_point<B: Bus>(&mut self, bus: &mut B, op: &Op) -> Result<bool, Fault> {
        self.use_fpu(bus)?;
        match op.kind {
            K::Vldr => self.fp_load(bus, op)?,
            K::Vstr => self.fp_store(bus, op)?,
            K::Vldm | K::Vstm => return self.fp_multiple(bus, op),
            K::FpUndefined => return Err(Fault::Undefined),
            K::VmovCore => {
                if op.ra != 0 {
                    self.core.put(op.rn, self.core.fp.get(op.rd));
                } else {
                    self.core.fp.put(op.rd, self.core.reg(op.rn));
                }
            }
            K::VmovPair => {
                let (first, second) = (op.rd, op.rd + 1);
                if op.ra != 0 {
                    self.core.put(op.rn, self.core.fp.get(first));
                    self.core.put(op.rm, self.core.fp.get(second));
                } else {
                    self.core.fp.put(first, self.core.reg(op.rn));
                    self.core.fp.put(second, self.core.reg(op.rm));
                }
            }
            K::Vmrs => {
                let fpscr = self.core.fp.fpscr.bits();
                if op.rn == 15 {
                    self.core
                        .set_apsr(self.core.apsr() & !FLAGS.bits() | fpscr & FLAGS.bits());
                } else {
                    self.core.put(op.rn, fpscr);
                }
            }
            K::Vmsr => self.core.fp.fpscr = Fpscr::from_bits_retain(self.core.reg(op.rn)) & FPSCR,
            _ => self.core.fp.data_processing(op),
        }
        Ok(true)
    }

    fn fp_address(&self, op: &Op) -> Result<u32, Fault> {
        let addr = if op.rn == 15 {
            op.imm
        } else {
            self.core.reg(op.rn).wrapping_add(op.imm)
        };
        if addr & 3 == 0 {
            Ok(addr)
        } else {
            Err(Fault::Unaligned)
        }
    }

    /// Both words of a double are loaded before any register changes.
    fn fp_load<B: Bus>(&mut self, bus: &mut B, op: &Op) -> Result<(), Fault> {
        let addr = self.fp_address(op)?;
        let first = self.load(bus, addr, Size::Word)?;
        if op.ra == 2 {
            let second = self.load(bus, addr.wrapping_add(4), Size::Word)?;
            self.core.fp.put(op.rd + 1, second);
        }
        self.core.fp.put(op.rd, first);
        Ok(())
    }

    fn fp_store<B: Bus>(&mut self, bus: &mut B, op: &Op) -> Result<(), Fault> {
        let addr = self.fp_address(op)?;
        for i in 0..op.ra {
            self.store(
                bus,
                addr.wrapping_add(4 * u32::from(i)),
                Size::Word,
                self.core.fp.get(op.rd + i),
            )?;
        }
        Ok(())
    }

    /// No register changes before all words are there.
    fn fp_multiple<B: Bus>(&mut self, bus: &mut B, op: &Op) -> Result<bool, Fault> {
        let (base, bytes) = (self.core.reg(op.rn), 4 * u32::from(op.ra));
        let goes_down = op.imm & DECREMENT != 0;
        let start = if goes_down {
            base.wrapping_sub(bytes)
        } else {
            base
        };
        if start & 3 != 0 {
            return Err(Fault::Unaligned);
        }
        let mut loaded = self.core.fp.s;
        for i in 0..op.ra {
            if self.core.now >= self.deadline {
                self.service_events(bus);
                if self.preemption(None).is_some() {
                    return Ok(false);
                }
            }
            let addr = start.wrapping_add(4 * u32::from(i));
            if op.kind == K::Vldm {
                loaded[usize::from((op.rd + i) & 31)] = self.load(bus, addr, Size::Word)?;
            } else {
                self.store(bus, addr, Size::Word, self.core.fp.get(op.rd + i))?;
            }
            self.core.now += Cycles(1);
        }
        self.core.fp.s = loaded;
        if op.imm & WRITE_BACK != 0 {
            self.core.put(
                op.rn,
                if goes_down {
                    start
                } else {
                    base.wrapping_add(bytes)
                },
            );
        }
        Ok(true)
    }
}

impl crate::core::FpRegisters {
    fn data_processing(&mut self, op: &Op) {
        let (d, n, m) = (self.get(op.rd), self.get(op.rn), self.get(op.rm));
        let f = &mut self.fpscr;
        // What VMLA and its like negate: bit 0 the product, bit 1 the addend.
        let (sign0, sign1) = (
            if op.shift & 1 != 0 { SIGN } else { 0 },
            if op.shift & 2 != 0 { SIGN } else { 0 },
        );
        let result = match op.kind {
            K::Vadd => f.add(n, m),
            K::Vsub => f.subtract(n, m),
            K::Vmul => f.multiply(n, m),
            K::Vnmul => f.multiply(n, m) ^ SIGN,
            K::Vmla => {
                let product = f.multiply(n, m) ^ sign0;
                f.add(d ^ sign1, product)
            }
            K::Vfma => f.multiply_add(d ^ sign1, n ^ sign0, m),
            K::Vdiv => f.divide(n, m),
            K::Vsqrt => f.square_root(m),
            K::Vabs => m & !SIGN,
            K::Vneg => m ^ SIGN,
            K::VmovImm => op.imm,
            K::Vcmp => {
                return f.compare(d, if op.shift & 2 != 0 { 0 } else { m }, op.shift & 1 != 0);
            }
            K::VcvtFromInteger => f.fixed_to_float(m, integer(op), f.rounding()),
            K::VcvtToInteger => {
                let rounding = if op.imm & 2 != 0 {
                    f.rounding()
                } else {
                    Rounding::Zero
                };
                f.float_to_fixed(m, integer(op), rounding)
            }
            K::VcvtFixed => {
                let fixed = Fixed {
                    bits: op.ra.into(),
                    fraction: op.shift.into(),
                    ..integer(op)
                };
                if op.imm & 2 != 0 {
                    f.float_to_fixed(m, fixed, Rounding::Zero)
                } else {
                    f.fixed_to_float(m, fixed, Rounding::Nearest)
                }
            }
            K::VcvtHalf => {
                let position = if op.shift & 1 != 0 { 16 } else { 0 };
                if op.shift & 2 != 0 {
                    d & !(0xFFFF << position) | u32::from(f.single_to_half(m)) << position
                } else {
                    f.half_to_single((m >> position) as u16)
                }
            }
            _ => m,
        };
        self.put(op.rd, result);
    }
}

/// The integer of a conversion: `imm` bit 0 is its sign.
const fn integer(op: &Op) -> Fixed {
    Fixed {
        is_signed: op.imm & 1 != 0,
        bits: 32,
        fraction: 0,
    }
}

#[cfg(test)]
mod tests;
