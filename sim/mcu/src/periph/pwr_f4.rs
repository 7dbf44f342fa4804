//! Power control of the F4: voltage scale, over-drive, backup regulator.
//!
//! Sources: svd/STM32F429.svd (offsets, bits, reset values), cmsis_device_f4 headers for the F405; RM0090 ch. 5 from memory \[M\].
//!
//! | register or behaviour | source | test |
//! |---|---|---|
//! | CR after reset: VOS at its highest scale | SVD 0xC000; stm32f405xx.h, one bit: 0x4000 | `reset_values` |
//! | VOSRDY is 1 while the main PLL is locked: the regulator takes its scale only then | RM0090 §5.1.4, PWR_CR.VOS | `the_scale_is_ready_when_the_pll_is_locked` |
//! | VOS is writable only while the PLL is off; a finding | RM0090 PWR_CR.VOS | `vos_is_frozen_while_the_pll_is_on` |
//! | ODEN, then ODRDY; ODSWEN, then ODSWRDY, only where there is over-drive | RM0090 §5.1.4; time: DS9405 Tod_swen 45 us \[M\] | `over_drive_is_ready_after_its_time`, `the_f405_has_no_over_drive` |
//! | ODSWEN without ODRDY does not switch; a finding | RM0090 PWR_CR.ODSWEN "when ODRDY is set"; the reaction is a choice | `switching_needs_over_drive` |
//! | HCLK above what scale and over-drive allow: a finding | DS9405, DS8626 general operating conditions; chip file | `a_clock_above_the_scale_is_told` |
//! | DBP opens the backup domain | RM0090 PWR_CR.DBP | `dbp_opens_the_backup_domain` |
//! | BRE, then BRR | RM0090 PWR_CSR.BRE | `the_backup_regulator_becomes_ready` |
//! | CWUF, CSBF read 0; WUF, SBF and PVDO stay 0 | RM0090 PWR_CSR; the supply is good and nothing sleeps that deep | `reset_values` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | Stop and Standby (LPDS, PDDS, FPDS, UDEN) | a simulator of a stalled flash has no use for them | bits are kept; the core sleeps in Sleep mode |
//! | PVD | the supply is good | PVDE and PLS are kept, PVDO stays 0 |
//! | the core standing still while over-drive switches | a few microseconds at start-up | it goes on |
//! | backup contents without regulator | VDD stays on | kept |

use bitflags::bitflags;

use crate::Picos;
use crate::chip::PeripheralSpec;
use crate::periph::build::{BuildError, int};
use crate::periph::registers::{Names, field, name_of};
use crate::periph::{Cx, Peripheral, Refusal, Register, Signal};
use crate::sched::EventId;

const CR: u32 = 0x00;
const CSR: u32 = 0x04;

const NAMES: Names = &[(CR, "CR"), (CSR, "CSR")];

/// From ODEN to ODRDY, and from ODSWEN to ODSWRDY.
const OVER_DRIVE: Picos = Picos::from_micros(45);
/// From BRE to BRR \[M\].
const BACKUP_REGULATOR: Picos = Picos::from_micros(100);

bitflags! {
    /// PWR_CR, the bits that stay.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    struct Cr: u32 {
        const LPDS = 1 << 0;
        const PDDS = 1 << 1;
        const PVDE = 1 << 4;
        const PLS = 7 << 5;
        const DBP = 1 << 8;
        const FPDS = 1 << 9;
        const LPLVDS = 1 << 10;
        const MRLVDS = 1 << 11;
        const ADCDC1 = 1 << 13;
        const VOS = 3 << 14;
        const ODEN = 1 << 16;
        const ODSWEN = 1 << 17;
        const UDEN = 3 << 18;
    }

    /// PWR_CSR.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    struct Csr: u32 {
        const BRR = 1 << 3;
        const EWUP = 1 << 8;
        const BRE = 1 << 9;
        const VOSRDY = 1 << 14;
        const ODRDY = 1 << 16;
        const ODSWRDY = 1 << 17;
    }
}

impl Csr {
    /// The bits that can be written.
    const WRITABLE: Self = Self::EWUP.union(Self::BRE);
}

/// A ready bit that follows a switch; the number is its event token.
const SWITCHES: [(Csr, Picos); 3] = [
    (Csr::ODRDY, OVER_DRIVE),
    (Csr::ODSWRDY, OVER_DRIVE),
    (Csr::BRR, BACKUP_REGULATOR),
];

/// PWR of an F4.
#[derive(Clone, Debug)]
pub(super) struct PwrF4 {
    /// VOS as it exists: one bit or two, at its highest scale.
    vos: u32,
    /// Highest HCLK in scales 3, 2 and 1 (with one bit of VOS in scales 2 and 1), in hertz.
    limits: [u64; 3],
    /// The same with over-drive; 0: no over-drive in this scale.
    over_limits: [u64; 3],
    cr: Cr,
    csr: Csr,
    starting: [Option<EventId>; 3],
}

impl PwrF4 {
    pub(super) fn build(spec: &PeripheralSpec) -> Result<Self, BuildError> {
        let vos = match int(spec, "vos_bits")? {
            Some(1) => 1 << 14,
            Some(2) => Cr::VOS.bits(),
            _ => return Err(BuildError::missing(spec, "`vos_bits`, 1 or 2")),
        };
        let three = |keys: [&str; 3]| -> Result<[u64; 3], BuildError> {
            let mut values = [0; 3];
            for (value, key) in values.iter_mut().zip(keys) {
                *value = int(spec, key)?.unwrap_or(0);
            }
            Ok(values)
        };
        let limits = three(["scale3", "scale2", "scale1"])?;
        if limits[1] == 0 || limits[2] == 0 {
            return Err(BuildError::missing(
                spec,
                "`scale2` and `scale1`, the highest HCLK in hertz",
            ));
        }
        Ok(Self {
            vos,
            limits,
            over_limits: three(["over_drive3", "over_drive2", "over_drive1"])?,
            cr: Cr::from_bits_retain(vos),
            csr: Csr::empty(),
            starting: [None; 3],
        })
    }

    fn has_over_drive(&self) -> bool {
        self.over_limits.iter().any(|&limit| limit != 0)
    }

    /// Index into the limits. VOS 1 to 3 are scales 3 to 1, 0 is taken as 1; the one bit of an F405 is scale 2 or 1.
    fn scale(&self) -> usize {
        let vos = field(self.cr.bits(), 14, 2) as usize;
        if self.vos == Cr::VOS.bits() {
            vos.saturating_sub(1)
        } else {
            1 + vos
        }
    }

    fn read_csr(&self, cx: &Cx<'_>) -> u32 {
        let mut csr = self.csr;
        csr.set(Csr::VOSRDY, cx.shared.pll_locked);
        csr.bits()
    }

    fn write_cr(&mut self, cx: &mut Cx<'_>, value: u32) {
        let vos = Cr::from_bits_retain(self.vos);
        let mut new = Cr::from_bits_truncate(value) - (Cr::VOS - vos);
        if !self.has_over_drive() {
            new -= Cr::ODEN | Cr::ODSWEN | Cr::UDEN;
        }
        if cx.shared.pll_locked && (new ^ self.cr).intersects(vos) {
            cx.find("vos-changed-while-pll-on", || {
                "PWR_CR.VOS was written while the PLL is on: ignored".into()
            });
            new = (new - vos) | (self.cr & vos);
        }
        if new.contains(Cr::ODSWEN) && !self.csr.contains(Csr::ODRDY) {
            cx.find("over-drive-not-ready", || {
                "PWR_CR.ODSWEN was written before ODRDY: nothing switches".into()
            });
            new.remove(Cr::ODSWEN);
        }
        self.cr = new;
        cx.shared.backup_access = new.contains(Cr::DBP);
        self.follow(cx);
    }

    /// Ready bits follow their switches.
    fn follow(&mut self, cx: &mut Cx<'_>) {
        let on = [
            self.cr.contains(Cr::ODEN),
            self.cr.contains(Cr::ODEN | Cr::ODSWEN),
            self.csr.contains(Csr::BRE),
        ];
        for (n, (ready, delay)) in SWITCHES.into_iter().enumerate() {
            if !on[n] {
                self.csr.remove(ready);
                if let Some(event) = self.starting[n].take() {
                    cx.cancel(event);
                }
            } else if !self.csr.contains(ready) && self.starting[n].is_none() {
                self.starting[n] = Some(cx.schedule(cx.time + delay, n as u32));
            }
        }
    }

    fn check_clock(&self, cx: &mut Cx<'_>) {
        let over = self.csr.contains(Csr::ODSWRDY);
        let limits = if over { self.over_limits } else { self.limits };
        let limit = limits[self.scale().min(2)].max(self.limits[self.scale().min(2)]);
        let hclk = cx.shared.clocks.hclk;
        if hclk.whole() > limit {
            let with = if over { "with" } else { "without" };
            cx.find("voltage-scale-too-low", || {
                format!("HCLK is {hclk}, the voltage scale {with} over-drive allows {limit} Hz")
            });
        }
    }
}

impl Peripheral for PwrF4 {
    fn read(&mut self, cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        match reg.offset {
            CR => Ok(self.cr.bits()),
            CSR => Ok(self.read_csr(cx)),
            _ => Err(Refusal::Unmodelled),
        }
    }

    fn write(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        match reg.offset {
            CR => self.write_cr(cx, reg.merge(self.cr.bits(), value)),
            CSR => {
                let new = Csr::from_bits_truncate(reg.merge(self.csr.bits(), value));
                self.csr = (new & Csr::WRITABLE) | (self.csr - Csr::WRITABLE);
                self.follow(cx);
            }
            _ => return Err(Refusal::Unmodelled),
        }
        Ok(())
    }

    fn event(&mut self, _cx: &mut Cx<'_>, token: u32) {
        if let Some((ready, _)) = SWITCHES.get(token as usize) {
            self.csr.insert(*ready);
            self.starting[token as usize] = None;
        }
    }

    fn signal(&mut self, cx: &mut Cx<'_>, signal: &Signal) {
        if *signal == Signal::ClocksChanged {
            self.check_clock(cx);
        }
    }

    fn reset(&mut self, cx: &mut Cx<'_>) {
        self.cr = Cr::from_bits_retain(self.vos);
        // The backup regulator belongs to the backup domain.
        self.csr &= Csr::BRE | Csr::BRR;
        self.follow(cx);
        cx.shared.backup_access = false;
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
    use crate::Hertz;
    use crate::periph::testbench::Bench;

    fn bench() -> Bench {
        let mut b = Bench::on("stm32f429xi", "PWR");
        b.reset();
        b
    }

    fn found(b: &Bench, rule: &str) -> bool {
        b.shared.log.findings.iter().any(|f| f.rule == rule)
    }

    #[test]
    fn reset_values() {
        let mut b = bench();
        assert_eq!((b.read(CR), b.read(CSR)), (0xC000, 0));
        b.write(CR, 0xC00C);
        assert_eq!(b.read(CR), 0xC000, "CWUF and CSBF");
        let mut f405 = Bench::on("stm32f405xg", "PWR");
        assert_eq!(f405.read(CR), 0x4000);
    }

    #[test]
    fn the_scale_is_ready_when_the_pll_is_locked() {
        let mut b = bench();
        assert_eq!(b.read(CSR) & Csr::VOSRDY.bits(), 0);
        b.shared.pll_locked = true;
        assert_ne!(b.read(CSR) & Csr::VOSRDY.bits(), 0);
    }

    #[test]
    fn vos_is_frozen_while_the_pll_is_on() {
        let mut b = bench();
        b.write(CR, 1 << 14);
        assert_eq!(b.read(CR), 1 << 14);
        b.shared.pll_locked = true;
        b.write(CR, 3 << 14);
        assert_eq!(b.read(CR), 1 << 14);
        assert!(found(&b, "vos-changed-while-pll-on"));
    }

    #[test]
    fn over_drive_is_ready_after_its_time() {
        let mut b = bench();
        b.write(CR, 0xC000 | Cr::ODEN.bits());
        b.run_for(OVER_DRIVE - Picos(1));
        assert_eq!(b.read(CSR), 0);
        b.run_for(Picos(1));
        assert_eq!(b.read(CSR), Csr::ODRDY.bits());
        b.write(CR, 0xC000 | (Cr::ODEN | Cr::ODSWEN).bits());
        b.run_for(OVER_DRIVE);
        assert_eq!(b.read(CSR), (Csr::ODRDY | Csr::ODSWRDY).bits());
        b.write(CR, 0xC000);
        assert_eq!(b.read(CSR), 0);
    }

    #[test]
    fn switching_needs_over_drive() {
        let mut b = bench();
        b.write(CR, 0xC000 | (Cr::ODEN | Cr::ODSWEN).bits());
        assert_eq!(b.read(CR), 0xC000 | Cr::ODEN.bits());
        assert!(found(&b, "over-drive-not-ready"));
    }

    #[test]
    fn the_f405_has_no_over_drive() {
        let mut b = Bench::on("stm32f405xg", "PWR");
        b.write(CR, 0xFFFF_FFFF);
        b.run_for(OVER_DRIVE);
        assert_eq!(b.read(CR) >> 14, 1, "one bit of VOS, no over-drive");
        assert_eq!(b.read(CSR), 0);
    }

    #[test]
    fn a_clock_above_the_scale_is_told() {
        let told = |vos: u32, over: bool, mhz: u64| {
            let mut b = bench();
            b.write(CR, vos << 14);
            if over {
                b.write(CR, vos << 14 | 1 << 16);
                b.run_for(OVER_DRIVE);
                b.write(CR, vos << 14 | 3 << 16);
                b.run_for(OVER_DRIVE);
            }
            b.shared.clocks.hclk = Hertz::new(mhz * 1_000_000);
            b.signal(&Signal::ClocksChanged);
            found(&b, "voltage-scale-too-low")
        };
        assert_eq!([told(1, false, 120), told(1, false, 121)], [false, true]);
        assert_eq!([told(2, false, 144), told(2, false, 145)], [false, true]);
        assert_eq!([told(2, true, 168), told(2, true, 169)], [false, true]);
        assert_eq!([told(3, false, 168), told(3, false, 180)], [false, true]);
        assert!(!told(3, true, 180));
    }

    #[test]
    fn dbp_opens_the_backup_domain() {
        let mut b = bench();
        b.write(CR, 0xC000 | Cr::DBP.bits());
        assert!(b.shared.backup_access);
        b.reset();
        assert!(!b.shared.backup_access);
    }

    #[test]
    fn the_backup_regulator_becomes_ready() {
        let mut b = bench();
        b.write(CSR, Csr::BRE.bits());
        b.run_for(BACKUP_REGULATOR);
        assert_eq!(b.read(CSR), (Csr::BRE | Csr::BRR).bits());
        b.reset();
        assert_eq!(b.read(CSR), (Csr::BRE | Csr::BRR).bits(), "backup domain");
    }
}
