//! System configuration controller of the F3.
//!
//! Sources: svd/STM32F303.svd (offsets, bits), RM0364 ch. 10.
//! Offsets, bits and reset values were compared with the SVD. Behaviour that is cited by manual section is from memory \[M\] unless
//! the row says otherwise: neither RM0316 nor these chapters of RM0364 were available.
//!
//! | register or behaviour | source | test |
//! |---|---|---|
//! | CFGR1.MEM_MODE remaps address 0; its reset value is the boot mode | RM0364 SYSCFG_CFGR1 | `mem_mode_remaps_address_zero` |
//! | EXTICR1 to 4 route ports to lines | RM0364 SYSCFG_EXTICR | `exticr_routes_ports_to_lines` |
//! | RCR, CFGR2 are kept; CFGR2's locks can only be set | RM0364 SYSCFG_CFGR2 | `locks_of_cfgr2_can_only_be_set` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | comparators and amplifiers at the offsets above | analog | unmodelled |
//! | DMA and trigger remaps, FM+ pins, FPU interrupts in CFGR1 | nothing that is modelled hangs on them | bits are kept |
//! | an edge at EXTI when EXTICR moves a line to a pin with another level | rare | none |
//! | CCM write protection by RCR | no firmware was seen to use it | bits are kept, nothing is protected; finding |
//! | SRAM parity | no bit flips here | SRAM_PEF stays 0 |

use crate::chip::PeripheralSpec;
use crate::periph::build::{BuildError, word};
use crate::periph::registers::{Names, field, left_out, name_of};
use crate::periph::{Cx, Peripheral, Refusal, Register, Signal};

const CFGR1: u32 = 0x00;
const RCR: u32 = 0x04;
const EXTICR1: u32 = 0x08;
const EXTICR4: u32 = 0x14;
const CFGR2: u32 = 0x18;

const NAMES: Names = &[
    (CFGR1, "CFGR1"),
    (RCR, "RCR"),
    (EXTICR1, "EXTICR1"),
    (0x0C, "EXTICR2"),
    (0x10, "EXTICR3"),
    (EXTICR4, "EXTICR4"),
    (CFGR2, "CFGR2"),
];

/// CFGR1.MEM_MODE.
const MEM_MODE: u32 = 3;
/// CFGR1 bits that exist: MEM_MODE, remaps, FM+ pins, ENCODER_MODE, FPU_IT.
const CFGR1_WRITABLE: u32 = MEM_MODE | 0xF << 5 | 0xF << 11 | 0xFF << 16 | 0x3F << 26;
/// CFGR2: LOCUP_LOCK, SRAM_PARITY_LOCK, PVD_LOCK.
const CFGR2_LOCKS: u32 = 7;
/// CFGR2.BYP_ADD_PAR.
const CFGR2_BYP_ADD_PAR: u32 = 1 << 4;
/// One bit for each KB of CCM of the F303xC.
const RCR_WRITABLE: u32 = 0xFF;
/// CFGR1.FPU_IT after reset is 0x1F \[M\]; the SVD gives 0 for the whole register and is followed.
const CFGR1_RESET: u32 = 0;

/// SYSCFG of the F3.
#[derive(Clone, Debug)]
pub(super) struct Syscfg {
    boot_mode: u32,
    cfgr1: u32,
    rcr: u32,
    exticr: [u32; 4],
    cfgr2: u32,
}

impl Syscfg {
    pub(super) fn build(spec: &PeripheralSpec) -> Result<Self, BuildError> {
        let boot_mode = word(spec, "boot_mode")?;
        if boot_mode > MEM_MODE {
            return Err(BuildError::bad(spec, "`boot_mode` must be 0 to 3"));
        }
        Ok(Self {
            boot_mode,
            cfgr1: CFGR1_RESET | boot_mode,
            rcr: 0,
            exticr: [0; 4],
            cfgr2: 0,
        })
    }

    fn value(&self, offset: u32) -> Option<u32> {
        Some(match offset {
            CFGR1 => self.cfgr1,
            RCR => self.rcr,
            EXTICR1..=EXTICR4 => self.exticr[((offset - EXTICR1) / 4) as usize],
            CFGR2 => self.cfgr2,
            _ => return None,
        })
    }

    fn write_cfgr1(&mut self, cx: &mut Cx<'_>, value: u32) {
        let before = self.cfgr1 & MEM_MODE;
        self.cfgr1 = value & CFGR1_WRITABLE;
        let mode = self.cfgr1 & MEM_MODE;
        if mode != before {
            cx.send(Signal::Remap(mode as u8));
        }
    }

    fn route(&self, cx: &mut Cx<'_>) {
        for (line, port) in cx.shared.exti_port.iter_mut().enumerate() {
            *port = field(self.exticr[line / 4], 4 * (line as u32 % 4), 4) as u8;
        }
    }
}

impl Peripheral for Syscfg {
    fn read(&mut self, _cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        self.value(reg.offset).ok_or(Refusal::Unmodelled)
    }

    fn write(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        let new = reg.merge(self.value(reg.offset).ok_or(Refusal::Unmodelled)?, value);
        match reg.offset {
            CFGR1 => self.write_cfgr1(cx, new),
            RCR => {
                self.rcr |= new & RCR_WRITABLE;
                if self.rcr != 0 {
                    return left_out(cx, "write protection of CCM (SYSCFG_RCR)");
                }
            }
            CFGR2 => {
                self.cfgr2 = self.cfgr2 & CFGR2_LOCKS | new & (CFGR2_LOCKS | CFGR2_BYP_ADD_PAR)
            }
            _ => {
                self.exticr[((reg.offset - EXTICR1) / 4) as usize] = new & 0xFFFF;
                self.route(cx);
            }
        }
        Ok(())
    }

    fn reset(&mut self, cx: &mut Cx<'_>) {
        self.write_cfgr1(cx, CFGR1_RESET | self.boot_mode);
        (self.rcr, self.exticr, self.cfgr2) = (0, [0; 4], 0);
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
    use crate::periph::testbench::{Bench, spec};

    #[test]
    fn mem_mode_remaps_address_zero() {
        let mut b = Bench::new(&spec("SYSCFG"));
        b.write(CFGR1, 3);
        b.write(CFGR1, 3);
        assert_eq!(b.sent, [Signal::Remap(3)], "told once");
        b.reset();
        assert_eq!(b.read(CFGR1), 0);
        assert_eq!(b.sent.last(), Some(&Signal::Remap(0)));
    }

    #[test]
    fn exticr_routes_ports_to_lines() {
        let mut b = Bench::new(&spec("SYSCFG"));
        b.write(EXTICR4, 0xFFFF_0001);
        b.write(EXTICR1, 0x0030);
        assert_eq!(b.read(EXTICR4), 1);
        assert_eq!(b.shared.exti_port[12], 1, "line 12 from port B");
        assert_eq!(b.shared.exti_port[1], 3, "line 1 from port D");
    }

    #[test]
    fn locks_of_cfgr2_can_only_be_set() {
        let mut b = Bench::new(&spec("SYSCFG"));
        b.write(CFGR2, 0x15);
        b.write(CFGR2, 0);
        assert_eq!(b.read(CFGR2), 5);
    }
}
