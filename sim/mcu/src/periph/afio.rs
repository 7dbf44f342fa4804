//! Alternate-function I/O of the F1: which pins peripherals are on, and which ports EXTI hears.
//!
//! Sources: svd/STM32F103.svd (offsets, bits); RM0008 ch. 9.4, from memory \[M\].
//!
//! | register or behaviour | source | test |
//! |---|---|---|
//! | EXTICR1 to 4 route ports to lines | RM0008 AFIO_EXTICRx | `exticr_routes_ports_to_lines` |
//! | MAPR moves peripherals to other pins | RM0008 AFIO_MAPR; the pins are in the chip file | `mapr_is_published`, `usart_v1` tests |
//! | SWJ_CFG is write-only | RM0008 AFIO_MAPR | `mapr_is_published` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | EVENTOUT, MAPR2 | nothing that is modelled hangs on them | bits are kept |
//! | switching debug pins off by SWJ_CFG | no debugger here | no effect |

use crate::periph::registers::{Names, field, name_of};
use crate::periph::{Cx, Peripheral, Refusal, Register};

const EVCR: u32 = 0x00;
const MAPR: u32 = 0x04;
const EXTICR1: u32 = 0x08;
const EXTICR4: u32 = 0x14;
const MAPR2: u32 = 0x1C;

const NAMES: Names = &[
    (EVCR, "EVCR"),
    (MAPR, "MAPR"),
    (EXTICR1, "EXTICR1"),
    (0x0C, "EXTICR2"),
    (0x10, "EXTICR3"),
    (EXTICR4, "EXTICR4"),
    (MAPR2, "MAPR2"),
];

/// MAPR bits that read back: all but SWJ_CFG.
const MAPR_READABLE: u32 = 0x001F_FFFF;
/// EVCR: pin, port, EVOE.
const EVCR_WRITABLE: u32 = 0xFF;
/// MAPR2 of high-density parts: remaps of TIM9 to TIM14, FSMC_NADV.
const MAPR2_WRITABLE: u32 = 0x7E0;

/// AFIO.
#[derive(Clone, Debug, Default)]
pub(super) struct Afio {
    evcr: u32,
    mapr: u32,
    exticr: [u32; 4],
    mapr2: u32,
}

impl Afio {
    fn value(&self, offset: u32) -> Option<u32> {
        Some(match offset {
            EVCR => self.evcr,
            MAPR => self.mapr,
            EXTICR1..=EXTICR4 => self.exticr[((offset - EXTICR1) / 4) as usize],
            MAPR2 => self.mapr2,
            _ => return None,
        })
    }

    fn publish(&self, cx: &mut Cx<'_>) {
        cx.shared.remap = self.mapr;
        for (line, port) in cx.shared.exti_port.iter_mut().enumerate() {
            *port = field(self.exticr[line / 4], 4 * (line as u32 % 4), 4) as u8;
        }
    }
}

impl Peripheral for Afio {
    fn read(&mut self, _cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        self.value(reg.offset).ok_or(Refusal::Unmodelled)
    }

    fn write(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        let new = reg.merge(self.value(reg.offset).ok_or(Refusal::Unmodelled)?, value);
        match reg.offset {
            EVCR => self.evcr = new & EVCR_WRITABLE,
            MAPR => self.mapr = new & MAPR_READABLE,
            MAPR2 => self.mapr2 = new & MAPR2_WRITABLE,
            _ => self.exticr[((reg.offset - EXTICR1) / 4) as usize] = new & 0xFFFF,
        }
        self.publish(cx);
        Ok(())
    }

    fn reset(&mut self, cx: &mut Cx<'_>) {
        *self = Self::default();
        self.publish(cx);
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

    #[test]
    fn exticr_routes_ports_to_lines() {
        let mut b = Bench::on("stm32f103xb", "AFIO");
        b.write(EXTICR4, 0xFFFF_0001);
        assert_eq!(b.read(EXTICR4), 1);
        assert_eq!(b.shared.exti_port[12], 1, "line 12 from port B");
        b.reset();
        assert_eq!(b.shared.exti_port[12], 0);
    }

    #[test]
    fn mapr_is_published() {
        let mut b = Bench::on("stm32f103xb", "AFIO");
        b.write(MAPR, 2 << 24 | 1 << 2);
        assert_eq!(b.read(MAPR), 1 << 2, "SWJ_CFG is write-only");
        assert_eq!(b.shared.remap, 1 << 2);
    }
}
