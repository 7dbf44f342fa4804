//! System configuration controller of the F4.
//!
//! Sources: svd/STM32F429.svd (offsets, bits); RM0090 §2.4, ch. 9 as quoted in reference/chips.md §3.
//!
//! | register or behaviour | source | test |
//! |---|---|---|
//! | MEMRMP.MEM_MODE remaps address 0; its reset value is the boot mode | RM0090 s2.4, s9.2.1 (S) | `mem_mode_remaps_address_zero` |
//! | MEMRMP.FB_MODE shows the banks in each other's place, on a part that has two; the boot loader in ROM sets it | RM0090 s2.4, s9.2.1 (S) | `fb_mode_swaps_the_banks` |
//! | EXTICR1 to 4 route ports A to K to lines | SVD; RM0090 s9.2 | `exticr_routes_ports_to_lines` |
//! | CMPCR.READY follows CMP_PD | SVD; RM0090 s9.2.7 \[M\] | `the_compensation_cell_is_ready_once_on` |
//! | PMC is kept | SVD | `exticr_routes_ports_to_lines` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | SWP_FMC, FMC shown at 0 | no FMC | bits are kept; a MEM_MODE of FMC shows nothing |
//! | MII/RMII, ADC sampling options in PMC | no Ethernet, no ADC | bits are kept |
//! | an edge at EXTI when EXTICR moves a line to a pin with another level | rare | none |
//! | the start-up of the compensation cell | no figure | READY at once |
//! | a reset of SYSCFG alone (`APB2RSTR`) brings the boot mode back | as for the system reset \[M\] | the same |

use crate::chip::PeripheralSpec;
use crate::periph::build::{BuildError, word};
use crate::periph::registers::{Names, field, name_of};
use crate::periph::{Cx, Peripheral, Refusal, Register, Signal};

const MEMRMP: u32 = 0x00;
const PMC: u32 = 0x04;
const EXTICR1: u32 = 0x08;
const EXTICR4: u32 = 0x14;
const CMPCR: u32 = 0x20;

const NAMES: Names = &[
    (MEMRMP, "MEMRMP"),
    (PMC, "PMC"),
    (EXTICR1, "EXTICR1"),
    (0x0C, "EXTICR2"),
    (0x10, "EXTICR3"),
    (EXTICR4, "EXTICR4"),
    (CMPCR, "CMPCR"),
];

/// MEMRMP.MEM_MODE.
const MEM_MODE: u32 = 7;
/// MEMRMP.FB_MODE.
const FB_MODE: u32 = 1 << 8;
/// MEMRMP bits that exist: MEM_MODE, FB_MODE, SWP_FMC.
const MEMRMP_WRITABLE: u32 = MEM_MODE | FB_MODE | 3 << 10;
/// CMPCR.CMP_PD.
const CMP_PD: u32 = 1;
/// CMPCR.READY.
const READY: u32 = 1 << 8;

/// SYSCFG of an F4.
#[derive(Clone, Debug)]
pub(super) struct SyscfgF4 {
    boot_mode: u32,
    memrmp: u32,
    pmc: u32,
    exticr: [u32; 4],
    cmpcr: u32,
}

impl SyscfgF4 {
    pub(super) fn build(spec: &PeripheralSpec) -> Result<Self, BuildError> {
        let boot_mode = word(spec, "boot_mode")?;
        if boot_mode > MEM_MODE {
            return Err(BuildError::bad(spec, "`boot_mode` must be 0 to 7"));
        }
        Ok(Self {
            boot_mode,
            memrmp: boot_mode,
            pmc: 0,
            exticr: [0; 4],
            cmpcr: 0,
        })
    }

    fn value(&self, offset: u32) -> Option<u32> {
        Some(match offset {
            MEMRMP => self.memrmp,
            PMC => self.pmc,
            EXTICR1..=EXTICR4 => self.exticr[((offset - EXTICR1) / 4) as usize],
            CMPCR => self.cmpcr | if self.cmpcr & CMP_PD != 0 { READY } else { 0 },
            _ => return None,
        })
    }

    fn write_memrmp(&mut self, cx: &mut Cx<'_>, value: u32) {
        let before = self.memrmp;
        self.memrmp = value & MEMRMP_WRITABLE;
        if cx.shared.flash.geometry.banks() < 2 {
            self.memrmp &= !FB_MODE;
        }
        let changed = before ^ self.memrmp;
        if changed & FB_MODE != 0 {
            cx.send(Signal::SwapBanks(self.memrmp & FB_MODE != 0));
        }
        if changed & MEM_MODE != 0 {
            cx.send(Signal::Remap((self.memrmp & MEM_MODE) as u8));
        }
    }

    fn route(&self, cx: &mut Cx<'_>) {
        for (line, port) in cx.shared.exti_port.iter_mut().enumerate() {
            *port = field(self.exticr[line / 4], 4 * (line as u32 % 4), 4) as u8;
        }
    }
}

impl Peripheral for SyscfgF4 {
    fn read(&mut self, _cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        self.value(reg.offset).ok_or(Refusal::Unmodelled)
    }

    fn write(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        let new = reg.merge(self.value(reg.offset).ok_or(Refusal::Unmodelled)?, value);
        match reg.offset {
            MEMRMP => self.write_memrmp(cx, new),
            PMC => self.pmc = new,
            CMPCR => self.cmpcr = new & CMP_PD,
            _ => {
                self.exticr[((reg.offset - EXTICR1) / 4) as usize] = new & 0xFFFF;
                self.route(cx);
            }
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
        (self.pmc, self.exticr, self.cmpcr) = (0, [0; 4], 0);
        self.route(cx);
    }

    fn register_name(&self, offset: u32) -> Option<&'static str> {
        name_of(NAMES, offset)
    }

    fn boxed_clone(&self) -> Box<dyn Peripheral> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::periph::testbench::Bench;

    fn bench() -> Bench {
        Bench::on("stm32f429xi", "SYSCFG")
    }

    #[test]
    fn mem_mode_remaps_address_zero() {
        let mut b = bench();
        b.write(MEMRMP, 3);
        b.write(MEMRMP, 3 | 1 << 10);
        assert_eq!(b.sent, [Signal::Remap(3)], "told once");
        b.write(MEMRMP, 4);
        b.reset();
        assert_eq!(b.read(MEMRMP), 0);
        assert_eq!(b.sent.last(), Some(&Signal::Remap(0)));
    }

    #[test]
    fn fb_mode_swaps_the_banks() {
        let mut b = bench();
        b.write(MEMRMP, FB_MODE);
        b.write(MEMRMP, FB_MODE | 1 << 10);
        assert_eq!(b.read(MEMRMP), FB_MODE | 1 << 10);
        assert_eq!(b.sent, [Signal::SwapBanks(true)], "told once");
        b.reset();
        assert_eq!(b.sent.last(), Some(&Signal::SwapBanks(false)));
        b.signal(&Signal::BootedByRom { bank2: false });
        assert_eq!(b.read(MEMRMP), 0);
        b.signal(&Signal::BootedByRom { bank2: true });
        assert_eq!(b.read(MEMRMP), FB_MODE);
        assert_eq!(b.sent.last(), Some(&Signal::SwapBanks(true)));
        let mut one_bank = Bench::on("stm32f446xe", "SYSCFG");
        one_bank.write(MEMRMP, FB_MODE | 3);
        assert_eq!(one_bank.read(MEMRMP), 3, "it has no such bit");
    }

    #[test]
    fn exticr_routes_ports_to_lines() {
        let mut b = bench();
        b.write(EXTICR4, 0xFFFF_0001);
        b.write(EXTICR1, 0x00A0);
        b.write(PMC, 1 << 23);
        assert_eq!((b.read(EXTICR4), b.read(PMC)), (1, 1 << 23));
        assert_eq!(b.shared.exti_port[12], 1, "line 12 from port B");
        assert_eq!(b.shared.exti_port[1], 10, "line 1 from port K");
    }

    #[test]
    fn the_compensation_cell_is_ready_once_on() {
        let mut b = bench();
        assert_eq!(b.read(CMPCR), 0);
        b.write(CMPCR, CMP_PD);
        assert_eq!(b.read(CMPCR), CMP_PD | READY);
    }
}
