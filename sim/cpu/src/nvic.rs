//! The nested vectored interrupt controller: what is enabled, pending and active, and what is most urgent.
//!
//! System exceptions are kept here too, under their exception numbers, because priorities, pending and
//! active states work alike for them; [`Scb`](crate::Scb) shows them in SHCSR, SHPR and ICSR.
//!
//! | register or behaviour | source | test that proves it |
//! |---|---|---|
//! | ISER, ICER: set and clear enable | ARMv7-M B3.4.4–5 | `registers::tests::enable_and_disable` |
//! | ISPR, ICPR: set and clear pending | B3.4.6–7 | `registers::tests::software_pends_and_clears` |
//! | ICPR while the line is high: stays pending | B3.4.1 | `registers::tests::clearing_a_high_line_leaves_it_pending` |
//! | IABR | B3.4.8 | `nesting_shows_in_iabr` (tests/exceptions) |
//! | IPR by byte, half-word and word; only the implemented bits | B3.4.9 | `registers::tests::priorities_by_byte_half_and_word` |
//! | STIR, with USERSETMPEND | B3.2.26 | `registers::tests::stir_pends`, `ppb::tests::unprivileged_access_is_a_bus_fault` |
//! | ICTR | B3.4.3 | `registers::tests::ictr_counts_groups_of_32` |
//! | lower value first, then lower number | B1.5.4 | `tests::the_lowest_value_then_the_lowest_number_wins` |
//! | PRIGROUP: sub-priority orders, does not pre-empt | B1.5.4 | `tests::grouping_masks_the_sub_priority` |
//! | execution priority from the active exceptions | B1.5.4 `ExecutionPriority` | `tests::active_priority_is_that_of_the_most_urgent` |
//! | pending is latched on a rise, and on a return with the line high | B3.4.1 | `a_level_still_high_at_return_pends_again` (tests/exceptions) |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | sub-word writes of ISER … ICPR | the architecture leaves them unpredictable | counted as unmodelled, ignored |

mod bits;
mod registers;

pub(crate) use bits::Bits;

use crate::{CpuConfig, ExceptionNumber};

/// Number of IRQ 0's exception.
pub(crate) const FIRST_IRQ: u16 = 16;

/// Urgency of an exception: the lower, the more urgent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Priority(pub(crate) i16);

impl Priority {
    /// Thread mode with nothing active and nothing masked.
    pub(crate) const BASE: Self = Self(256);
    /// What PRIMASK raises the execution priority to.
    pub(crate) const PRIMASK: Self = Self(0);
    /// HardFault's, and what FAULTMASK raises the execution priority to.
    pub(crate) const HARD_FAULT: Self = Self(-1);

    /// The part that decides about pre-emption. Fixed priorities are their own group.
    const fn group(self, prigroup: u8) -> Self {
        if self.0 < 0 {
            self
        } else {
            Self(self.0 & !((2 << prigroup) - 1))
        }
    }
}

/// The nested vectored interrupt controller.
#[derive(Clone, Debug)]
pub struct Nvic {
    enabled: Bits,
    pending: Bits,
    active: Bits,
    /// Interrupt lines that exist.
    fitted: Bits,
    /// Configurable priorities by exception number.
    priority: [u8; 256],
    priority_mask: u8,
    prigroup: u8,
    lines: u16,
    /// Group priority of the most urgent active exception.
    active_priority: Priority,
}

impl Nvic {
    /// As after reset: nothing enabled that can be disabled, nothing pending, all priorities 0.
    #[must_use]
    pub fn new(config: &CpuConfig) -> Self {
        let lines = config.irqs.clamp(1, 240);
        let mut enabled = Bits::default();
        for always in [
            ExceptionNumber::NMI,
            ExceptionNumber::HARD_FAULT,
            ExceptionNumber::SVCALL,
            ExceptionNumber::PENDSV,
            ExceptionNumber::SYSTICK,
        ] {
            enabled.insert(always.0);
        }
        Self {
            enabled,
            pending: Bits::default(),
            active: Bits::default(),
            fitted: Bits::range(FIRST_IRQ, lines),
            priority: [0; 256],
            priority_mask: !(0xFFu8.checked_shr(config.priority_bits.into()).unwrap_or(0)),
            prigroup: 0,
            lines,
            active_priority: Priority::BASE,
        }
    }

    /// Is this exception pending?
    #[must_use]
    pub const fn is_pending(&self, exception: ExceptionNumber) -> bool {
        self.pending.contains(exception.0)
    }

    /// Is this exception's handler running or pre-empted?
    #[must_use]
    pub const fn is_active(&self, exception: ExceptionNumber) -> bool {
        self.active.contains(exception.0)
    }

    /// Is this exception enabled? NMI, HardFault, SVCall, PendSV and SysTick always are.
    #[must_use]
    pub const fn is_enabled(&self, exception: ExceptionNumber) -> bool {
        self.enabled.contains(exception.0)
    }

    /// The configured priority value of this exception: its IPR or SHPR byte.
    #[must_use]
    pub const fn priority_value(&self, exception: ExceptionNumber) -> u8 {
        self.priority[exception.0 as usize & 0xFF]
    }

    /// Latches a request. Returns whether it was pending already.
    pub(crate) fn pend(&mut self, number: u16) -> bool {
        let merged = self.pending.contains(number);
        self.pending.insert(number);
        merged
    }

    pub(crate) fn unpend(&mut self, number: u16) {
        self.pending.remove(number);
    }

    pub(crate) fn set_enabled(&mut self, number: u16, enabled: bool) {
        self.enabled.put(number, enabled);
    }

    /// Is interrupt line `irq` fitted?
    pub(crate) const fn has_line(&self, irq: u16) -> bool {
        irq < self.lines
    }

    /// Makes an exception active or inactive.
    pub(crate) fn set_active(&mut self, number: u16, active: bool) {
        self.active.put(number, active);
        self.update_active_priority();
    }

    /// Nothing is active any more (AIRCR.VECTCLRACTIVE).
    pub(crate) fn clear_active(&mut self) {
        self.active = Bits::default();
        self.update_active_priority();
    }

    pub(crate) fn active_count(&self) -> u32 {
        self.active.len()
    }

    pub(crate) const fn prigroup(&self) -> u8 {
        self.prigroup
    }

    pub(crate) fn set_prigroup(&mut self, prigroup: u8) {
        self.prigroup = prigroup & 7;
        self.update_active_priority();
    }

    /// Writes a priority byte; bits that are not implemented read as zero.
    pub(crate) fn set_priority(&mut self, number: u16, value: u8) {
        self.priority[usize::from(number) & 0xFF] = value & self.priority_mask;
        self.update_active_priority();
    }

    /// The implemented bits of a priority byte.
    pub(crate) const fn priority_mask(&self) -> u8 {
        self.priority_mask
    }

    /// Priority of an exception, sub-priority included.
    pub(crate) const fn priority(&self, number: u16) -> Priority {
        match number {
            1 => Priority(-3),
            2 => Priority(-2),
            3 => Priority::HARD_FAULT,
            _ => Priority(self.priority[number as usize & 0xFF] as i16),
        }
    }

    /// The part of an exception's priority that decides about pre-emption.
    pub(crate) const fn group_priority(&self, number: u16) -> Priority {
        self.priority(number).group(self.prigroup)
    }

    /// The group part of a BASEPRI value.
    pub(crate) const fn group_of(&self, value: u8) -> Priority {
        Priority(value as i16).group(self.prigroup)
    }

    /// Group priority of the most urgent active exception; [`Priority::BASE`] if none is.
    pub(crate) const fn active_priority(&self) -> Priority {
        self.active_priority
    }

    /// The most urgent exception that is pending and enabled, masks not considered.
    #[inline]
    pub(crate) fn highest_pending(&self) -> Option<u16> {
        let ready = self.pending.and(&self.enabled);
        if ready.is_empty() {
            return None;
        }
        // Of equals the lowest number.
        let mut highest: Option<(Priority, u16)> = None;
        ready.each(|number| {
            let priority = self.priority(number);
            if highest.is_none_or(|(other, _)| priority < other) {
                highest = Some((priority, number));
            }
        });
        highest.map(|(_, number)| number)
    }

    /// Is any interrupt line's request pending (ICSR.ISRPENDING)?
    pub(crate) fn any_irq_pending(&self) -> bool {
        !self.pending.and(&self.fitted).is_empty()
    }

    fn update_active_priority(&mut self) {
        let mut highest = Priority::BASE;
        self.active
            .each(|number| highest = highest.min(self.priority(number)));
        self.active_priority = if highest == Priority::BASE {
            highest
        } else {
            highest.group(self.prigroup)
        };
    }
}

#[cfg(test)]
mod tests {
    use super::{Nvic, Priority};
    use crate::ExceptionNumber;
    use crate::testbus::config;

    fn nvic_with(pending: &[(u16, u8)]) -> Nvic {
        let mut nvic = Nvic::new(&config());
        for &(number, priority) in pending {
            nvic.set_priority(number, priority);
            nvic.set_enabled(number, true);
            nvic.pend(number);
        }
        nvic
    }

    #[test]
    fn the_lowest_value_then_the_lowest_number_wins() {
        assert_eq!(
            nvic_with(&[(40, 0x20), (30, 0x20), (50, 0x10)]).highest_pending(),
            Some(50)
        );
        assert_eq!(
            nvic_with(&[(40, 0x20), (30, 0x20)]).highest_pending(),
            Some(30)
        );
        assert_eq!(
            nvic_with(&[(17, 0), (15, 0), (3, 0), (2, 0)]).highest_pending(),
            Some(2)
        );
        assert_eq!(nvic_with(&[]).highest_pending(), None);
    }

    #[test]
    fn a_disabled_request_stays_pending_and_is_not_chosen() {
        let mut nvic = nvic_with(&[(40, 0)]);
        nvic.set_enabled(40, false);
        assert_eq!(nvic.highest_pending(), None);
        assert!(nvic.is_pending(ExceptionNumber::irq(24)));
    }

    #[test]
    fn grouping_masks_the_sub_priority() {
        let mut nvic = nvic_with(&[(40, 0x30), (41, 0x20)]);
        assert!(nvic.group_priority(41) < nvic.group_priority(40));
        nvic.set_prigroup(4);
        assert_eq!(
            nvic.group_priority(41),
            nvic.group_priority(40),
            "one group of 0x20"
        );
        assert_eq!(
            nvic.highest_pending(),
            Some(41),
            "and still ordered inside the group"
        );
    }

    #[test]
    fn active_priority_is_that_of_the_most_urgent() {
        let mut nvic = nvic_with(&[(40, 0x30), (41, 0x20)]);
        assert_eq!(nvic.active_priority(), Priority::BASE);
        nvic.set_active(40, true);
        nvic.set_active(41, true);
        assert_eq!(nvic.active_priority(), Priority(0x20));
        nvic.set_active(3, true);
        assert_eq!(nvic.active_priority(), Priority::HARD_FAULT);
        nvic.set_active(3, false);
        nvic.set_active(41, false);
        assert_eq!(nvic.active_priority(), Priority(0x30));
        nvic.set_priority(40, 0x10);
        assert_eq!(
            nvic.active_priority(),
            Priority(0x10),
            "a priority change takes effect at once"
        );
        nvic.set_priority(40, 0x30);
        nvic.set_prigroup(4);
        assert_eq!(
            nvic.active_priority(),
            Priority(0x20),
            "and so does the grouping"
        );
        nvic.clear_active();
        assert_eq!(nvic.active_priority(), Priority::BASE);
    }

    #[test]
    fn only_implemented_priority_bits_are_kept() {
        let nvic = nvic_with(&[(40, 0xFF)]);
        assert_eq!(nvic.priority_value(ExceptionNumber(40)), 0xF0);
    }
}
