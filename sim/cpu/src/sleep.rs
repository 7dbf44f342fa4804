//! WFI, WFE, SEV and what wakes the core.
//!
//! | register or behaviour | source | test that proves it |
//! |---|---|---|
//! | WFI wakes on what would pre-empt, PRIMASK not considered | ARMv7-M B1.5.19 | `tests::wfi_wakes_with_primask_set`, `tests::wfi_honours_basepri_and_enables` |
//! | WFE falls through if the event register is set, and clears it | B1.5.18 | `tests::wfe_consumes_the_event` |
//! | WFE wakes on SEV, SEVONPEND, and on what pre-empts | B1.5.18 | `tests::sevonpend_wakes_wfe_for_a_disabled_interrupt`, `tests::wfe_is_not_woken_with_primask_set` |
//! | SLEEPONEXIT sleeps as WFI does | B1.5.20 | `exception::leave::tests::sleeponexit_sleeps_at_the_base_level` |
//! | the bus is told of each piece of a sleep | for timelines | `tests/timeline.rs`: `pins_and_sleep_are_there` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | SLEEPDEEP | clocks belong to the chip | sleeps as SLEEPDEEP = 0 does; [`Scb::sleep_deep`](crate::Scb::sleep_deep) tells the chip |

use crate::{Bus, Cpu};

/// Whether the core sleeps, and what put it to sleep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sleep {
    /// Executing.
    #[default]
    Awake,
    /// Asleep in WFI.
    Wfi,
    /// Asleep in WFE.
    Wfe,
    /// Asleep after an exception return with SCR.SLEEPONEXIT.
    OnExit,
}

impl Cpu {
    /// WFI: sleeps, unless something is pending that would wake it.
    pub(crate) fn wfi<B: Bus>(&mut self, bus: &mut B) {
        self.fall_asleep(Sleep::Wfi);
        self.refresh_deadline(bus);
    }

    /// WFE: clears the event register if it is set, else sleeps.
    pub(crate) fn wfe<B: Bus>(&mut self, bus: &mut B) {
        self.fall_asleep(Sleep::Wfe);
        self.refresh_deadline(bus);
    }

    /// SEV: sets the event register.
    pub(crate) fn sev(&mut self) {
        self.event_register = true;
    }

    /// Goes to sleep, and wakes at once if there is a reason to.
    pub(crate) fn fall_asleep(&mut self, sleep: Sleep) {
        self.sleeping = sleep;
        self.wake_if_due();
    }

    /// Ends the sleep the core is in if something wakes it. Returns whether the core is awake.
    pub(crate) fn wake_if_due(&mut self) -> bool {
        if self.sleeping != Sleep::Awake && self.wakes() {
            if self.sleeping == Sleep::Wfe {
                self.event_register = false;
            }
            self.sleeping = Sleep::Awake;
        }
        self.sleeping == Sleep::Awake
    }

    /// Does what is pending now end the sleep the core is in?
    pub(crate) fn wakes(&self) -> bool {
        match self.sleeping {
            Sleep::Awake => true,
            Sleep::Wfe => self.event_register || self.preemption(None).is_some(),
            Sleep::Wfi | Sleep::OnExit => self.nvic.highest_pending().is_some_and(|number| {
                self.nvic.group_priority(number) < self.execution_priority_but_primask()
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Sleep;
    use crate::ExceptionNumber;
    use crate::testbus::{cpu, enable};

    #[test]
    fn wfi_wakes_with_primask_set() {
        let (mut cpu, mut bus) = cpu();
        enable(&mut cpu, 5, 0x40);
        cpu.core.primask = true;
        cpu.wfi(&mut bus);
        assert!(!cpu.wake_if_due(), "nothing is pending");
        bus.irq.pulse(5);
        cpu.service_events(&mut bus);
        assert!(cpu.wake_if_due());
        assert_eq!(
            cpu.preemption(None),
            None,
            "awake, but the handler waits for PRIMASK"
        );
    }

    #[test]
    fn wfi_honours_basepri_and_enables() {
        let (mut cpu, mut bus) = cpu();
        enable(&mut cpu, 5, 0x40);
        cpu.core.basepri = 0x40;
        cpu.wfi(&mut bus);
        bus.irq.pulse(5);
        bus.irq.pulse(6);
        cpu.service_events(&mut bus);
        assert!(
            !cpu.wake_if_due(),
            "IRQ 5 is masked by BASEPRI, IRQ 6 is disabled"
        );
        cpu.core.basepri = 0x50;
        assert!(cpu.wake_if_due());
    }

    #[test]
    fn wfi_does_not_sleep_on_something_pending() {
        let (mut cpu, mut bus) = cpu();
        enable(&mut cpu, 5, 0x40);
        cpu.core.primask = true;
        bus.irq.pulse(5);
        cpu.service_events(&mut bus);
        cpu.wfi(&mut bus);
        assert_eq!(cpu.sleeping, Sleep::Awake);
    }

    #[test]
    fn wfe_consumes_the_event() {
        let (mut cpu, mut bus) = cpu();
        cpu.sev();
        cpu.wfe(&mut bus);
        assert_eq!(cpu.sleeping, Sleep::Awake);
        cpu.wfe(&mut bus);
        assert_eq!(cpu.sleeping, Sleep::Wfe);
        cpu.sev();
        assert!(cpu.wake_if_due());
        assert!(!cpu.event_register);
    }

    #[test]
    fn sevonpend_wakes_wfe_for_a_disabled_interrupt() {
        let (mut cpu, mut bus) = cpu();
        cpu.ppb_write(&mut bus, 0xE000_ED10, crate::Size::Word, 1 << 4)
            .unwrap();
        cpu.wfe(&mut bus);
        bus.irq.pulse(5);
        cpu.service_events(&mut bus);
        assert!(cpu.wake_if_due());
        cpu.wfe(&mut bus);
        bus.irq.pulse(5);
        cpu.service_events(&mut bus);
        assert!(!cpu.wake_if_due(), "already pending: no new event");
        assert!(cpu.nvic.is_pending(ExceptionNumber::irq(5)));
    }

    #[test]
    fn wfe_is_not_woken_with_primask_set() {
        let (mut cpu, mut bus) = cpu();
        enable(&mut cpu, 5, 0x40);
        cpu.core.primask = true;
        cpu.wfe(&mut bus);
        bus.irq.pulse(5);
        cpu.service_events(&mut bus);
        assert!(!cpu.wake_if_due());
        cpu.core.primask = false;
        assert!(cpu.wake_if_due());
    }
}
