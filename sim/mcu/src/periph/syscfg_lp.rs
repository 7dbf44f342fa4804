//! System configuration controller of L1 and L4.
//!
//! Sources: svd/STM32L151.svd, svd/STM32L451.svd (offsets, bits, reset values: S); RM0440 s10 as proxy for RM0394 and, from memory \[M\],
//! RM0038.
//!
//! | register or behaviour | source | test |
//! |---|---|---|
//! | MEMRMP.MEM_MODE remaps address 0; its reset value is the boot mode; L1 shows the pins in BOOT_MODE | RM0440 SYSCFG_MEMRMP; dev_l1 | `mem_mode_remaps_address_zero` |
//! | L4 with two banks: MEMRMP.FB_MODE shows them in each other's place; the boot loader in ROM sets it | dev_l4 (S); RM0440 SYSCFG_MEMRMP (S proxy) | `fb_mode_swaps_the_banks` |
//! | EXTICR1 to 4 route ports to lines; value 5 is port H on the L1, 7 on the L4 | dev_l1, dev_l4 | `exticr_routes_ports_to_lines` |
//! | L4: CFGR1 and the rest are kept; CFGR2's locks and SWPR can only be set; SKR reads 0 | RM0440 SYSCFG_CFGR2, SWPR | `locks_can_only_be_set` |
//! | L4: SCSR.SRAM2ER erases nothing, BSY stays 0 | no firmware was seen to use it | `mem_mode_remaps_address_zero` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | FM+ pins, FPU interrupts, USB pull-up (PMC) | nothing that is modelled hangs on them | bits are kept |
//! | write protection and erase of SRAM2 | no firmware was seen to use it | bits are kept; finding |

use crate::chip::PeripheralSpec;
use crate::periph::build::{BuildError, word};
use crate::periph::registers::{Names, field, left_out, name_of};
use crate::periph::{Cx, Peripheral, Refusal, Register, Signal};

const MEMRMP: u32 = 0x00;
/// CFGR1 of the L4, PMC of the L1.
const CFGR1: u32 = 0x04;
const EXTICR1: u32 = 0x08;
const EXTICR4: u32 = 0x14;
const SCSR: u32 = 0x18;
const CFGR2: u32 = 0x1C;
const SWPR: u32 = 0x20;
const SKR: u32 = 0x24;

/// MEMRMP.FB_MODE.
const FB_MODE: u32 = 1 << 8;
/// CFGR2: CLL, SPL, PVDL, ECCL.
const CFGR2_LOCKS: u32 = 0xF;
/// Port H, as pins are counted here.
const PORT_H: u8 = 7;

/// What differs.
#[derive(Debug)]
struct Variant {
    names: Names,
    mem_mode: u32,
    /// Writable bits of MEMRMP.
    memrmp: u32,
    /// BOOT_MODE shows the pins here (L1).
    boot_shift: Option<u32>,
    cfgr1_reset: u32,
    /// Value of EXTICR for port H.
    port_h: u8,
}

const L1: Variant = Variant {
    names: &[
        (MEMRMP, "MEMRMP"),
        (CFGR1, "PMC"),
        (EXTICR1, "EXTICR1"),
        (0x0C, "EXTICR2"),
        (0x10, "EXTICR3"),
        (EXTICR4, "EXTICR4"),
    ],
    mem_mode: 3,
    memrmp: 3,
    boot_shift: Some(8),
    cfgr1_reset: 0,
    port_h: 5,
};

const L4: Variant = Variant {
    names: &[
        (MEMRMP, "MEMRMP"),
        (CFGR1, "CFGR1"),
        (EXTICR1, "EXTICR1"),
        (0x0C, "EXTICR2"),
        (0x10, "EXTICR3"),
        (EXTICR4, "EXTICR4"),
        (SCSR, "SCSR"),
        (CFGR2, "CFGR2"),
        (SWPR, "SWPR"),
        (SKR, "SKR"),
    ],
    mem_mode: 7,
    memrmp: 7 | FB_MODE,
    boot_shift: None,
    cfgr1_reset: 0x7C00_0001,
    port_h: PORT_H,
};

/// SYSCFG of L1 and L4.
#[derive(Clone, Debug)]
pub(super) struct SyscfgLp {
    v: &'static Variant,
    boot_mode: u32,
    memrmp: u32,
    cfgr1: u32,
    exticr: [u32; 4],
    cfgr2: u32,
    swpr: u32,
}

impl SyscfgLp {
    pub(super) fn l1(spec: &PeripheralSpec) -> Result<Self, BuildError> {
        Self::build(spec, &L1)
    }

    pub(super) fn l4(spec: &PeripheralSpec) -> Result<Self, BuildError> {
        Self::build(spec, &L4)
    }

    fn build(spec: &PeripheralSpec, v: &'static Variant) -> Result<Self, BuildError> {
        let boot_mode = word(spec, "boot_mode")?;
        if boot_mode > v.mem_mode {
            return Err(BuildError::bad(spec, "`boot_mode` is no value of MEM_MODE"));
        }
        Ok(Self {
            v,
            boot_mode,
            memrmp: boot_mode,
            cfgr1: v.cfgr1_reset,
            exticr: [0; 4],
            cfgr2: 0,
            swpr: 0,
        })
    }

    fn value(&self, offset: u32) -> Option<u32> {
        name_of(self.v.names, offset)?;
        Some(match offset {
            MEMRMP => {
                let pins = self.v.boot_shift.map_or(0, |shift| self.boot_mode << shift);
                self.memrmp | pins
            }
            CFGR1 => self.cfgr1,
            EXTICR1..=EXTICR4 => self.exticr[((offset - EXTICR1) / 4) as usize],
            CFGR2 => self.cfgr2,
            SWPR => self.swpr,
            _ => 0,
        })
    }

    fn write_memrmp(&mut self, cx: &mut Cx<'_>, value: u32) {
        let before = self.memrmp;
        self.memrmp = value & self.v.memrmp;
        if cx.shared.flash.geometry.banks() < 2 {
            self.memrmp &= !FB_MODE;
        }
        let changed = before ^ self.memrmp;
        if changed & FB_MODE != 0 {
            cx.send(Signal::SwapBanks(self.memrmp & FB_MODE != 0));
        }
        if changed & self.v.mem_mode != 0 {
            cx.send(Signal::Remap((self.memrmp & self.v.mem_mode) as u8));
        }
    }

    fn route(&self, cx: &mut Cx<'_>) {
        for (line, port) in cx.shared.exti_port.iter_mut().enumerate() {
            let value = field(self.exticr[line / 4], 4 * (line as u32 % 4), 4) as u8;
            *port = if value == self.v.port_h {
                PORT_H
            } else {
                value
            };
        }
    }
}

impl Peripheral for SyscfgLp {
    fn read(&mut self, _cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        self.value(reg.offset).ok_or(Refusal::Unmodelled)
    }

    fn write(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        let new = reg.merge(self.value(reg.offset).ok_or(Refusal::Unmodelled)?, value);
        match reg.offset {
            MEMRMP => self.write_memrmp(cx, new),
            CFGR1 => self.cfgr1 = new,
            EXTICR1..=EXTICR4 => {
                self.exticr[((reg.offset - EXTICR1) / 4) as usize] = new & 0xFFFF;
                self.route(cx);
            }
            CFGR2 => self.cfgr2 |= new & CFGR2_LOCKS,
            SWPR => {
                self.swpr |= new;
                if self.swpr != 0 {
                    return left_out(cx, "write protection of SRAM2 (SYSCFG_SWPR)");
                }
            }
            SCSR if new & 1 != 0 => return left_out(cx, "erase of SRAM2 (SYSCFG_SCSR)"),
            _ => {}
        }
        Ok(())
    }

    fn signal(&mut self, cx: &mut Cx<'_>, signal: &Signal) {
        if let Signal::BootedByRom { bank2: true } = signal {
            self.write_memrmp(cx, self.memrmp | FB_MODE);
        }
    }

    fn reset(&mut self, cx: &mut Cx<'_>) {
        self.write_memrmp(cx, self.boot_mode);
        self.cfgr1 = self.v.cfgr1_reset;
        (self.exticr, self.cfgr2, self.swpr) = ([0; 4], 0, 0);
        self.route(cx);
    }

    fn register_name(&self, offset: u32) -> Option<&'static str> {
        name_of(self.v.names, offset)
    }

    fn boxed_clone(&self) -> Box<dyn Peripheral> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::periph::testbench::Bench;

    fn bench(part: &str) -> Bench {
        let mut b = Bench::on(part, "SYSCFG");
        b.reset();
        b
    }

    #[test]
    fn mem_mode_remaps_address_zero() {
        for part in ["stm32l151xc", "stm32l451xe"] {
            let mut b = bench(part);
            b.write(MEMRMP, 3);
            b.write(MEMRMP, 3);
            assert_eq!(b.sent, [Signal::Remap(3)], "told once");
            b.reset();
            assert_eq!(b.sent.last(), Some(&Signal::Remap(0)));
        }
        let mut b = bench("stm32l451xe");
        assert_eq!((b.read(CFGR1), b.read(SCSR)), (0x7C00_0001, 0));
        assert_eq!(b.try_read(0x28), Err(Refusal::Unmodelled));
        assert_eq!(
            bench("stm32l151xc").try_read(SCSR),
            Err(Refusal::Unmodelled)
        );
    }

    #[test]
    fn fb_mode_swaps_the_banks() {
        let mut b = bench("stm32l476xg");
        b.write(MEMRMP, FB_MODE);
        b.write(MEMRMP, FB_MODE);
        assert_eq!(b.sent, [Signal::SwapBanks(true)], "told once");
        b.reset();
        assert_eq!(
            (b.read(MEMRMP), b.sent.last()),
            (0, Some(&Signal::SwapBanks(false)))
        );
        b.signal(&Signal::BootedByRom { bank2: true });
        assert_eq!(
            (b.read(MEMRMP), b.sent.last()),
            (FB_MODE, Some(&Signal::SwapBanks(true)))
        );
        for part in ["stm32l451xe", "stm32l151xe"] {
            let mut other = bench(part);
            other.write(MEMRMP, FB_MODE);
            assert_eq!(other.read(MEMRMP), 0, "{part} has no such bit");
        }
    }

    #[test]
    fn exticr_routes_ports_to_lines() {
        for (part, h) in [("stm32l151xc", 5), ("stm32l451xe", 7)] {
            let mut b = bench(part);
            b.write(EXTICR1, h << 4 | 2);
            assert_eq!(b.shared.exti_port[..2], [2, PORT_H], "{part}");
        }
    }

    #[test]
    fn locks_can_only_be_set() {
        let mut b = bench("stm32l451xe");
        b.write(CFGR2, 0x105);
        b.write(CFGR2, 0);
        assert_eq!(b.read(CFGR2), 5);
    }
}
