//! USB OTG (full speed of F4 and L4, high speed of F4), as far as start-up code polls it: nothing is ever plugged in.
//!
//! Sources: RM0090 ch. 34 and 35, from memory \[M\]; what is polled: ST's `USB_CoreReset`, libopencm3's `usbd_init` \[S\].
//!
//! | register or behaviour | source | test |
//! |---|---|---|
//! | GRSTCTL.AHBIDL reads 1: the AHB master is idle | RM0090 OTG_FS_GRSTCTL | `what_start_up_polls_is_there` |
//! | CSRST, HSRST, RXFFLSH, TXFFLSH clear themselves when the reset or flush is done | RM0090 OTG_FS_GRSTCTL | `what_start_up_polls_is_there` |
//! | TXFNUM keeps what is written, CSRST clears it | RM0090 OTG_FS_GRSTCTL | `what_start_up_polls_is_there` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | every other register, and USB | bytes come over UART and CAN | unmodelled: reads give 0, as of a port that nobody uses |
//! | the clocks that a core reset or a flush takes | start-up waits for it to be over | at once |

use crate::periph::registers::{Names, name_of};
use crate::periph::{Cx, Peripheral, Refusal, Register};

const GRSTCTL: u32 = 0x10;

const NAMES: Names = &[
    (0x00, "GOTGCTL"),
    (0x04, "GOTGINT"),
    (0x08, "GAHBCFG"),
    (0x0C, "GUSBCFG"),
    (GRSTCTL, "GRSTCTL"),
    (0x14, "GINTSTS"),
    (0x18, "GINTMSK"),
    (0x24, "GRXFSIZ"),
    (0x28, "DIEPTXF0"),
    (0x38, "GCCFG"),
    (0x3C, "CID"),
    (0x800, "DCFG"),
    (0x804, "DCTL"),
    (0x808, "DSTS"),
    (0xE00, "PCGCCTL"),
];

/// GRSTCTL.CSRST.
const CSRST: u32 = 1 << 0;
/// GRSTCTL.TXFNUM.
const TXFNUM: u32 = 0x1F << 6;
/// GRSTCTL.AHBIDL.
const AHBIDL: u32 = 1 << 31;

/// OTG_FS or OTG_HS.
#[derive(Clone, Debug, Default)]
pub(super) struct Otg {
    fifo: u32,
}

impl Peripheral for Otg {
    fn read(&mut self, _cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        match reg.offset {
            GRSTCTL => Ok(AHBIDL | self.fifo),
            _ => Err(Refusal::Unmodelled),
        }
    }

    fn write(&mut self, _cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        if reg.offset != GRSTCTL {
            return Err(Refusal::Unmodelled);
        }
        let value = reg.merge(self.fifo, value);
        self.fifo = if value & CSRST == 0 {
            value & TXFNUM
        } else {
            0
        };
        Ok(())
    }

    fn reset(&mut self, _cx: &mut Cx<'_>) {
        self.fifo = 0;
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
    fn what_start_up_polls_is_there() {
        for (part, name) in [
            ("stm32f407xg", "OTG_FS"),
            ("stm32f446xe", "OTG_HS"),
            ("stm32l476xg", "OTG_FS"),
        ] {
            let mut b = Bench::on(part, name);
            b.reset();
            assert_eq!(b.read(GRSTCTL), AHBIDL);
            let flush_all = 0x10 << 6 | 3 << 4;
            b.write(GRSTCTL, flush_all);
            assert_eq!(b.read(GRSTCTL), AHBIDL | 0x10 << 6, "the flush is over");
            b.write(GRSTCTL, CSRST | 0x10 << 6);
            assert_eq!(b.read(GRSTCTL), AHBIDL, "so is the reset");
            assert_eq!(b.try_read(0x14), Err(Refusal::Unmodelled));
        }
    }
}
