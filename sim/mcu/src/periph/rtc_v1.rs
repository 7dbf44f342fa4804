//! Real-time clock of the F1, as far as start-up code polls it.
//!
//! Sources: svd/STM32F103.svd (offsets, reset values); RM0008 ch. 18, from memory \[M\].
//!
//! | register or behaviour | source | test |
//! |---|---|---|
//! | CRL.RTOFF reads 1: no write is under way | RM0008 RTC_CRL | `what_start_up_polls_is_there` |
//! | CRL.RSF becomes 1 again after it was cleared | RM0008 RTC_CRL | `what_start_up_polls_is_there` |
//! | CRH, PRL, CNT, ALR keep what is written, over a system reset | RM0008 §RTC | `what_start_up_polls_is_there` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | counting, alarm and second flags and interrupts | no firmware under test tells the time | CNT and DIV stand, a read of them is counted as unmodelled |
//! | the cycles of LSE in which RTOFF is 0 and RSF comes back | start-up polls for them to be over | at once |
//! | writes need DBP and CNF | not seen to matter | they take effect |

use crate::periph::registers::{Names, name_of};
use crate::periph::{Cx, Peripheral, Refusal, Register};

const CRH: u32 = 0x00;
const CRL: u32 = 0x04;
const PRLH: u32 = 0x08;
const PRLL: u32 = 0x0C;
const DIVH: u32 = 0x10;
const CNTL: u32 = 0x1C;
const ALRL: u32 = 0x24;

const NAMES: Names = &[
    (CRH, "CRH"),
    (CRL, "CRL"),
    (PRLH, "PRLH"),
    (PRLL, "PRLL"),
    (DIVH, "DIVH"),
    (0x14, "DIVL"),
    (0x18, "CNTH"),
    (CNTL, "CNTL"),
    (0x20, "ALRH"),
    (ALRL, "ALRL"),
];

/// CRL.RSF and CRL.RTOFF.
const READY: u32 = 1 << 3 | 1 << 5;
/// CRL.CNF.
const CNF: u32 = 1 << 4;
/// Words up to ALRL.
const WORDS: usize = 10;

/// RTC.
#[derive(Clone, Debug)]
pub(super) struct RtcV1 {
    words: [u32; WORDS],
}

impl RtcV1 {
    pub(super) const fn new() -> Self {
        let mut words = [0; WORDS];
        words[(PRLL / 4) as usize] = 0x8000;
        words[0x14 / 4] = 0x8000;
        words[0x20 / 4] = 0xFFFF;
        words[(ALRL / 4) as usize] = 0xFFFF;
        Self { words }
    }
}

impl Peripheral for RtcV1 {
    fn read(&mut self, _cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        match reg.offset {
            CRL => Ok(self.words[1] | READY),
            // They would run on silicon.
            DIVH..=CNTL => Err(Refusal::Unmodelled),
            CRH..=ALRL => Ok(self.words[(reg.offset / 4) as usize]),
            _ => Err(Refusal::Unmodelled),
        }
    }

    fn write(&mut self, _cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        if reg.offset > ALRL {
            return Err(Refusal::Unmodelled);
        }
        let word = &mut self.words[(reg.offset / 4) as usize];
        let kept = if reg.offset == CRL { CNF } else { 0xFFFF };
        *word = reg.merge(*word, value) & kept;
        Ok(())
    }

    fn reset(&mut self, _cx: &mut Cx<'_>) {}

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
        let mut b = Bench::on("stm32f103xb", "RTC");
        b.write(CRL, CNF);
        b.write(PRLL, 32_767);
        b.write(CRL, 0);
        b.reset();
        assert_eq!((b.read(CRL), b.read(PRLL)), (READY, 32_767));
        assert_eq!(
            b.try_read(CNTL),
            Err(Refusal::Unmodelled),
            "it does not count"
        );
    }
}
