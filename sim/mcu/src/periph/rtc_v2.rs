//! Real-time clock with calendar (F4; the same block is in F3, L1 and L4), as far as start-up code polls it, and its backup registers.
//!
//! Sources: svd/STM32F429.svd (offsets, reset values); RM0090 ch. 26 from memory \[M\].
//!
//! | register or behaviour | source | test |
//! |---|---|---|
//! | reset values, kept over a system reset | SVD; RM0090 §RTC reset | `reset_values_and_what_a_reset_leaves` |
//! | writes need PWR_CR.DBP; a finding | RM0090 §RTC register write protection | `the_backup_domain_is_closed_without_dbp` |
//! | WPR: 0xCA, 0x53 open, anything else closes; a write while closed is ignored, a finding | RM0090 §RTC register write protection | `wpr_opens_and_closes` |
//! | BKPxR, TAFCR and the flags of ISR need no key | RM0090 §RTC register write protection | `wpr_opens_and_closes` |
//! | INIT gives INITF; PRER, TR and DR are writable only then | RM0090 §calendar initialization | `the_calendar_is_set_in_init_mode` |
//! | RSF comes back after it was cleared, out of INIT | RM0090 RTC_ISR | `what_start_up_polls_is_there` |
//! | ALRAWF, ALRBWF, WUTWF while the alarm or timer is off | RM0090 RTC_ISR | `what_start_up_polls_is_there` |
//! | INITS once a year is set | RM0090 RTC_ISR | `the_calendar_is_set_in_init_mode` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | counting, alarms, wake-up timer, time stamps, tampering | no firmware under test tells the time | TR, DR stand as set, SSR is 0; a finding when they are read |
//! | the cycles of RTCCLK until INITF, RSF, xWF | start-up polls for them to come | at once, even with RTCEN at 0 |
//! | `RCC_BDCR.BDRST` | no firmware was seen that depends on it | registers keep their values |

use crate::periph::registers::{Names, name_of};
use crate::periph::{Cx, Peripheral, Refusal, Register};

const TR: u32 = 0x00;
const DR: u32 = 0x04;
const CR: u32 = 0x08;
const ISR: u32 = 0x0C;
const PRER: u32 = 0x10;
const WUTR: u32 = 0x14;
const WPR: u32 = 0x24;
const SSR: u32 = 0x28;
const TAFCR: u32 = 0x40;
const BKP0R: u32 = 0x50;
const BKP19R: u32 = 0x9C;

const NAMES: Names = &[
    (TR, "TR"),
    (DR, "DR"),
    (CR, "CR"),
    (ISR, "ISR"),
    (PRER, "PRER"),
    (WUTR, "WUTR"),
    (0x18, "CALIBR"),
    (0x1C, "ALRMAR"),
    (0x20, "ALRMBR"),
    (WPR, "WPR"),
    (SSR, "SSR"),
    (0x2C, "SHIFTR"),
    (0x30, "TSTR"),
    (0x34, "TSDR"),
    (0x38, "TSSSR"),
    (0x3C, "CALR"),
    (TAFCR, "TAFCR"),
    (0x44, "ALRMASSR"),
    (0x48, "ALRMBSSR"),
];

/// ISR.RSF, INITF, INIT.
const RSF: u32 = 1 << 5;
const INITF: u32 = 1 << 6;
const INIT: u32 = 1 << 7;
/// ISR.INITS.
const INITS: u32 = 1 << 4;
/// DR: the year.
const YEAR: u32 = 0xFF << 16;
/// CR.ALRAE, ALRBE, WUTE: eight bits below them in ISR is the flag that says that its register may be written.
const UNITS: u32 = 7 << 8;
/// Words up to BKP19R.
const WORDS: usize = 40;

/// How far the keys have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keys {
    Closed,
    First,
    Open,
}

/// RTC.
#[derive(Clone, Debug)]
pub(super) struct RtcV2 {
    words: [u32; WORDS],
    keys: Keys,
    init: bool,
}

impl RtcV2 {
    pub(super) const fn new() -> Self {
        let mut words = [0; WORDS];
        words[1] = 0x2101;
        words[4] = 0x007F_00FF;
        words[5] = 0xFFFF;
        Self {
            words,
            keys: Keys::Closed,
            init: false,
        }
    }

    const fn isr(&self) -> u32 {
        let free = (!self.words[2] & UNITS) >> 8;
        let state = if self.init { INIT | INITF } else { RSF };
        let year = if self.words[1] & YEAR != 0 { INITS } else { 0 };
        free | state | year
    }

    fn write_key(&mut self, value: u32) {
        self.keys = match (self.keys, value & 0xFF) {
            (_, 0xCA) => Keys::First,
            (Keys::First, 0x53) => Keys::Open,
            _ => Keys::Closed,
        };
    }

    const fn exists(offset: u32) -> bool {
        offset <= 0x48 || (offset >= BKP0R && offset <= BKP19R)
    }

    /// May this write of a register that is guarded by the keys happen? A finding says why not.
    fn may_write(&self, cx: &mut Cx<'_>, offset: u32) -> bool {
        if self.keys != Keys::Open {
            cx.find("rtc-write-protected", || {
                "an RTC register was written without the keys in WPR: ignored".into()
            });
            return false;
        }
        let calendar = matches!(offset, TR | DR | PRER);
        if calendar && !self.init {
            cx.find("rtc-not-in-init", || {
                "RTC_TR, DR or PRER was written outside of initialisation mode: ignored".into()
            });
            return false;
        }
        true
    }
}

impl Peripheral for RtcV2 {
    fn read(&mut self, cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        if !Self::exists(reg.offset) {
            return Err(Refusal::Unmodelled);
        }
        match reg.offset {
            ISR => return Ok(self.isr()),
            WPR => return Ok(0),
            TR | DR | SSR if !self.init => cx.find("not-modelled", || {
                "the calendar of the RTC stands still: counting is not modelled".into()
            }),
            _ => {}
        }
        Ok(self.words[(reg.offset / 4) as usize])
    }

    fn write(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        if !Self::exists(reg.offset) {
            return Err(Refusal::Unmodelled);
        }
        if reg.offset == WPR {
            self.write_key(value);
            return Ok(());
        }
        if !cx.shared.backup_access {
            cx.find("backup-domain-closed", || {
                "an RTC register was written with PWR_CR.DBP = 0: ignored".into()
            });
            return Ok(());
        }
        let keyless = reg.offset == TAFCR || reg.offset >= BKP0R;
        if !keyless && !self.may_write(cx, reg.offset) {
            return Ok(());
        }
        if reg.offset == ISR {
            self.init = reg.merge(self.isr(), value) & INIT != 0;
        } else {
            let word = &mut self.words[(reg.offset / 4) as usize];
            *word = reg.merge(*word, value);
        }
        Ok(())
    }

    fn reset(&mut self, _cx: &mut Cx<'_>) {
        // The registers belong to the backup domain; the keys do not \[M\].
        self.keys = Keys::Closed;
    }

    fn register_name(&self, offset: u32) -> Option<&'static str> {
        if (BKP0R..=BKP19R).contains(&offset) {
            return Some("BKPxR");
        }
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
        let mut b = Bench::on("stm32f429xi", "RTC");
        b.shared.backup_access = true;
        b
    }

    fn unlock(b: &mut Bench) {
        b.write(WPR, 0xCA);
        b.write(WPR, 0x53);
    }

    #[test]
    fn reset_values_and_what_a_reset_leaves() {
        let mut b = bench();
        let values = [DR, PRER, WUTR].map(|at| b.read(at));
        assert_eq!(values, [0x2101, 0x007F_00FF, 0xFFFF]);
        b.write(BKP19R, 7);
        b.reset();
        assert_eq!(b.read(BKP19R), 7);
        assert_eq!(b.try_read(0xA0), Err(Refusal::Unmodelled));
    }

    #[test]
    fn the_backup_domain_is_closed_without_dbp() {
        let mut b = bench();
        b.shared.backup_access = false;
        b.write(BKP0R, 1);
        assert_eq!(b.read(BKP0R), 0);
        assert_eq!(b.shared.log.findings[0].rule, "backup-domain-closed");
    }

    #[test]
    fn wpr_opens_and_closes() {
        let mut b = bench();
        b.write(CR, 1 << 6);
        assert_eq!(b.read(CR), 0);
        assert_eq!(b.shared.log.findings[0].rule, "rtc-write-protected");
        unlock(&mut b);
        b.write(CR, 1 << 6);
        assert_eq!(b.read(CR), 1 << 6);
        b.write(WPR, 0xFF);
        b.write(CR, 0);
        assert_eq!(b.read(CR), 1 << 6);
        b.write(WPR, 0x53);
        b.write(CR, 0);
        assert_eq!(b.read(CR), 1 << 6, "the second key alone");
        b.write(TAFCR, 1 << 18);
        assert_eq!(b.read(TAFCR), 1 << 18, "needs no key");
    }

    #[test]
    fn the_calendar_is_set_in_init_mode() {
        let mut b = bench();
        unlock(&mut b);
        b.write(TR, 0x123456);
        assert_eq!(b.read(TR), 0);
        b.write(ISR, INIT);
        assert_eq!(b.read(ISR) & (INIT | INITF | RSF), INIT | INITF);
        b.write(TR, 0x123456);
        b.write(DR, 0x26_2101);
        b.write(ISR, 0);
        assert_eq!(b.read(TR), 0x123456);
        assert_eq!(b.read(ISR) & (INITF | INITS), INITS);
        assert!(
            b.shared
                .log
                .findings
                .iter()
                .any(|f| f.rule == "not-modelled")
        );
    }

    #[test]
    fn what_start_up_polls_is_there() {
        let mut b = bench();
        unlock(&mut b);
        b.write(ISR, !RSF & !INIT);
        assert_eq!(b.read(ISR) & RSF, RSF);
        assert_eq!(b.read(ISR) & 7, 7, "ALRAWF, ALRBWF, WUTWF");
        b.write(CR, 1 << 10);
        assert_eq!(b.read(ISR) & 7, 3, "the wake-up timer runs");
    }
}
