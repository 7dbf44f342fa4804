//! Extended interrupts and events: 36 lines in two banks on the F3, 41 on the L4, 19 in one on the F1 (`lines` in the chip file).
//!
//! Sources: svd/STM32F303.svd (offsets, reset values), RM0364 ch. 11 (F334, same block).
//! Offsets, bits and reset values were compared with the SVD. Behaviour that is cited by manual section is from memory \[M\] unless
//! the row says otherwise: neither RM0316 nor these chapters of RM0364 were available.
//!
//! | register or behaviour | source | test |
//! |---|---|---|
//! | IMR, EMR, RTSR, FTSR, SWIER, PR of both banks; direct lines have no trigger and no PR bit | SVD | `direct_lines_have_neither_trigger_nor_pending_bit` |
//! | an edge that RTSR or FTSR selects sets PR, masked or not | RM0364 fig. EXTI block diagram: the mask is behind the pending register | `a_masked_edge_is_pending_and_interrupts_once_unmasked` |
//! | L4: lines 0 to 40, the second bank at 0x20 | svd/STM32L451.svd | `the_l4_has_its_second_bank_at_0x20` |
//! | F1: one bank, every line has triggers, all masked after reset | svd/STM32F103.svd | `the_f1_has_one_bank_of_lines` |
//! | PR is cleared by writing 1 | RM0364 EXTI_PR | `an_edge_is_delivered_when_its_handler_clears_the_flag` |
//! | SWIER sets PR if the line is unmasked, and is cleared with PR | RM0364 EXTI_SWIER | `a_software_interrupt_needs_the_mask_open` |
//! | lines 0 to 15 come from the port that SYSCFG selects | RM0364 SYSCFG_EXTICR | `only_the_port_that_is_routed_is_heard` |
//! | an interrupt line is high while any unmasked PR bit of it is set | RM0364 §functional description | `lines_that_share_an_interrupt_keep_it_high` |
//! | a second edge while PR is set leaves no trace: [`Fate::Merged`] | D: a flag has one bit | `an_edge_while_the_flag_is_set_is_merged` |
//!
//! What becomes of an edge on a pin wire. *Waiting* from the edge that took PR from 0 to 1. *Delivered* when that flag is
//! cleared by the line's own handler, or by code that read it as set while the line was masked (polling). *Flushed* when other
//! code clears it. *Merged* if PR was set already. *`NotListening`* if no trigger selects it, the port is not routed or the pin
//! is analog.
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | events (EMR) for WFE | no firmware here wakes that way | bits are kept; finding when one is set |
//! | direct lines (23 to 28, 34, 35) waking from Stop | Stop mode is not modelled | masks are kept |

use crate::chip::PeripheralSpec;
use crate::log::Fate;
use crate::periph::build::{BuildError, int};
use crate::periph::registers::{Names, name_of};
use crate::periph::{Cx, Peripheral, Pin, PinMode, Refusal, Register, Signal};
use crate::wire::WireId;

const IMR1: u32 = 0x00;
const EMR1: u32 = 0x04;
const RTSR1: u32 = 0x08;
const FTSR1: u32 = 0x0C;
const SWIER1: u32 = 0x10;
const PR1: u32 = 0x14;
/// Where the second bank begins: behind the first on the F3, further on the L4.
const BANK: u32 = 0x18;
const BANK_L4: u32 = 0x20;

const NAMES: Names = &[
    (IMR1, "IMR1"),
    (EMR1, "EMR1"),
    (RTSR1, "RTSR1"),
    (FTSR1, "FTSR1"),
    (SWIER1, "SWIER1"),
    (PR1, "PR1"),
    (BANK + IMR1, "IMR2"),
    (BANK + EMR1, "EMR2"),
    (BANK + RTSR1, "RTSR2"),
    (BANK + FTSR1, "FTSR2"),
    (BANK + SWIER1, "SWIER2"),
    (BANK + PR1, "PR2"),
];

/// Names of the second bank of the L4.
const NAMES_L4: Names = &[
    (BANK_L4 + IMR1, "IMR2"),
    (BANK_L4 + EMR1, "EMR2"),
    (BANK_L4 + RTSR1, "RTSR2"),
    (BANK_L4 + FTSR1, "FTSR2"),
    (BANK_L4 + SWIER1, "SWIER2"),
    (BANK_L4 + PR1, "PR2"),
];

/// Most lines that a part has: 0 to 40 on the L4.
const LINES: usize = 41;
/// F3: lines 0 to 35.
const ALL: u64 = (1 << 36) - 1;
/// Lines with trigger registers and a pending bit: 0 to 22, 29 to 33.
const CONFIGURABLE: u64 = 0x7F_FFFF | 0x1F << 29;
/// IMR2 and IMR1 after reset: the direct lines are open.
const IMR_RESET: u64 = 0xFFFF_FFFC_1F80_0000;

/// The lines of one interrupt.
#[derive(Clone, Copy, Debug)]
struct Group {
    irq: u16,
    lines: u64,
    high: bool,
}

/// Which lines there are.
#[derive(Clone, Copy, Debug)]
struct Variant {
    lines: u64,
    /// With trigger registers and a pending bit.
    configurable: u64,
    imr_reset: u64,
    /// IMR2 to PR2 exist, from this offset on.
    second_bank: Option<u32>,
}

const F3: Variant = Variant {
    lines: ALL,
    configurable: CONFIGURABLE,
    imr_reset: IMR_RESET & ALL,
    second_bank: Some(BANK),
};

/// L4: lines 0 to 40; all but 17, 23 to 34, 39 and 40 have triggers (svd/STM32L451.svd: reset values of IMR1 and IMR2).
const L4: Variant = Variant {
    lines: (1 << 41) - 1,
    configurable: 0x7F_FFFF & !(1 << 17) | 0xF << 35,
    imr_reset: 0xFFFF_FF87_FF82_0000 & ((1 << 41) - 1),
    second_bank: Some(BANK_L4),
};

impl Variant {
    /// An offset within its bank, and the shift of that bank.
    const fn split(&self, offset: u32) -> (u32, u32) {
        match self.second_bank {
            Some(bank) if offset >= bank => (offset - bank, 32),
            _ => (offset, 0),
        }
    }

    /// One bank of `count` lines that are all configurable.
    const fn single(count: u64) -> Self {
        let lines = (1 << count) - 1;
        Self {
            lines,
            configurable: lines,
            imr_reset: 0,
            second_bank: None,
        }
    }
}

/// EXTI. Both banks are one 64-bit word each: bit n is line n.
#[derive(Clone, Debug)]
pub(super) struct Exti {
    groups: Vec<Group>,
    variant: Variant,
    imr: u64,
    emr: u64,
    rtsr: u64,
    ftsr: u64,
    swier: u64,
    pr: u64,
    /// Flags that were read as set while masked: whoever clears them took the edge by polling.
    polled: u64,
    /// The edge on a wire that set each flag.
    holder: [Option<(WireId, u32)>; LINES],
}

impl Exti {
    pub(super) fn build(spec: &PeripheralSpec) -> Result<Self, BuildError> {
        let variant = match int(spec, "lines")? {
            None => F3,
            Some(count @ 16..=32) => Variant::single(count),
            Some(_) => return Err(BuildError::bad(spec, "`lines` must be 16 to 32")),
        };
        Self::of(spec, variant)
    }

    pub(super) fn l4(spec: &PeripheralSpec) -> Result<Self, BuildError> {
        Self::of(spec, L4)
    }

    fn of(spec: &PeripheralSpec, variant: Variant) -> Result<Self, BuildError> {
        let mut groups: Vec<Group> = Vec::new();
        for (name, &irq) in &spec.irqs {
            let lines = lines_of(name).ok_or_else(|| {
                BuildError::bad(
                    spec,
                    format!("`{name}` names no lines: expected EXTI3 or EXTI9_5"),
                )
            })?;
            match groups.iter_mut().find(|group| group.irq == irq) {
                Some(group) => group.lines |= lines,
                None => groups.push(Group {
                    irq,
                    lines,
                    high: false,
                }),
            }
        }
        Ok(Self {
            groups,
            variant,
            imr: variant.imr_reset,
            emr: 0,
            rtsr: 0,
            ftsr: 0,
            swier: 0,
            pr: 0,
            polled: 0,
            holder: [None; LINES],
        })
    }

    /// The 64-bit word and the shift behind an offset.
    fn register(&mut self, offset: u32) -> Option<(&mut u64, u32)> {
        let (offset, shift) = self.variant.split(offset);
        let word = match offset {
            IMR1 => &mut self.imr,
            EMR1 => &mut self.emr,
            RTSR1 => &mut self.rtsr,
            FTSR1 => &mut self.ftsr,
            SWIER1 => &mut self.swier,
            PR1 => &mut self.pr,
            _ => return None,
        };
        Some((word, shift))
    }

    fn irq_of(&self, line: usize) -> Option<u16> {
        self.groups
            .iter()
            .find(|group| group.lines >> line & 1 != 0)
            .map(|group| group.irq)
    }

    /// A selected edge (or software) on `line`.
    fn pend(&mut self, cx: &mut Cx<'_>, line: usize, unit: Option<(WireId, u32)>) {
        let bit = 1u64 << line;
        let irq = self.irq_of(line);
        let merged = self.pr & bit != 0;
        if let Some((wire, number)) = unit {
            let holder = self.holder[line];
            if let Some(record) = cx.shared.log.unit(wire, number) {
                record.arrived = Some(cx.time);
                record.interrupt = irq.map(|irq| irq + 16);
                record.blocked_by = holder
                    .filter(|(on, _)| merged && *on == wire)
                    .map(|(_, number)| number);
                if !merged {
                    record.received = Some(record.value);
                }
            }
            let fate = if merged { Fate::Merged } else { Fate::Waiting };
            cx.shared.log.settle(wire, number, fate, cx.time);
        }
        if merged {
            if let (Some(irq), true) = (irq, self.imr & bit != 0) {
                cx.request_lost(irq);
            }
            return;
        }
        self.pr |= bit;
        self.polled &= !bit;
        self.holder[line] = unit;
        self.drive(cx);
    }

    /// Drives the interrupt lines that changed. Only those: a number can be shared with another peripheral.
    fn drive(&mut self, cx: &mut Cx<'_>) {
        let active = self.pr & self.imr;
        for group in &mut self.groups {
            let high = active & group.lines != 0;
            if high != group.high {
                group.high = high;
                cx.irq(group.irq, high);
            }
        }
    }

    fn clear_pending(&mut self, cx: &mut Cx<'_>, clear: u64) {
        let cleared = self.pr & clear;
        self.pr &= !cleared;
        self.swier &= !cleared;
        let active = cx.core.map_or(0, |core| core.exception);
        for line in (0..LINES).filter(|line| cleared >> line & 1 != 0) {
            let Some((wire, number)) = self.holder[line].take() else {
                continue;
            };
            let by_handler = self.irq_of(line).is_some_and(|irq| irq + 16 == active);
            let by_polling = (self.polled & !self.imr) >> line & 1 != 0;
            let fate = if by_handler || by_polling {
                Fate::Delivered
            } else {
                Fate::Flushed
            };
            cx.shared.log.settle(wire, number, fate, cx.time);
        }
        self.polled &= !cleared;
        self.drive(cx);
    }

    fn pin_changed(&mut self, cx: &mut Cx<'_>, pin: Pin, high: bool, unit: Option<(WireId, u32)>) {
        let line = usize::from(pin.number & 15);
        let routed = cx.shared.exti_port[line] == pin.port;
        let selected = if high { self.rtsr } else { self.ftsr } >> line & 1 != 0;
        let analog = cx.shared.pins.mode(pin) == PinMode::Analog;
        if routed && selected && !analog {
            self.pend(cx, line, unit);
        } else if let Some((wire, number)) = unit {
            cx.shared
                .log
                .settle(wire, number, Fate::NotListening, cx.time);
        }
    }
}

/// The lines in a name: `EXTI3`, `EXTI9_5`, `EXTI2_TSC`.
fn lines_of(name: &str) -> Option<u64> {
    let digits = name.find(|c: char| c.is_ascii_digit())?;
    let mut parts = name[digits..]
        .split('_')
        .map_while(|part| part.parse::<usize>().ok());
    let first = parts.next()?;
    let second = parts.next().unwrap_or(first);
    let (low, high) = (first.min(second), first.max(second));
    (high < LINES).then(|| (low..=high).map(|line| 1u64 << line).sum())
}

impl Peripheral for Exti {
    fn read(&mut self, _cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        let (word, shift) = self.register(reg.offset).ok_or(Refusal::Unmodelled)?;
        let value = (*word >> shift) as u32;
        let offset = self.variant.split(reg.offset).0;
        if offset == PR1 {
            self.polled |= u64::from(value) << shift;
        }
        // Bits of bank 2 that do not exist read as 1 in IMR2, 0 elsewhere.
        Ok(if offset == IMR1 && shift != 0 {
            value | (!self.variant.lines >> 32) as u32
        } else {
            value
        })
    }

    fn write(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        let (word, shift) = self.register(reg.offset).ok_or(Refusal::Unmodelled)?;
        let written = u64::from(value & reg.mask) << shift;
        let lanes = u64::from(reg.mask) << shift;
        let merged = *word & !lanes | written;
        match self.variant.split(reg.offset).0 {
            IMR1 => {
                self.imr = merged & self.variant.lines;
                self.drive(cx);
            }
            EMR1 => {
                self.emr = merged & self.variant.lines;
                if self.emr != 0 {
                    cx.find("not-modelled", || {
                        "an EXTI line as event for WFE is not modelled".into()
                    });
                }
            }
            RTSR1 => self.rtsr = merged & self.variant.configurable,
            FTSR1 => self.ftsr = merged & self.variant.configurable,
            SWIER1 => {
                let rising = written & self.variant.configurable & self.imr & !self.swier;
                self.swier |= rising;
                for line in (0..LINES).filter(|line| rising >> line & 1 != 0) {
                    self.pend(cx, line, None);
                }
            }
            _ => self.clear_pending(cx, written),
        }
        Ok(())
    }

    fn signal(&mut self, cx: &mut Cx<'_>, signal: &Signal) {
        match *signal {
            Signal::PinChanged { pin, high, unit } => self.pin_changed(cx, pin, high, unit),
            Signal::ExtiLine(line)
                if self.variant.configurable & self.rtsr >> (line & 63) & 1 != 0 =>
            {
                self.pend(cx, usize::from(line).min(LINES - 1), None);
            }
            _ => {}
        }
    }

    fn reset(&mut self, cx: &mut Cx<'_>) {
        for (wire, number) in self.holder.iter_mut().filter_map(Option::take) {
            cx.shared.log.settle(wire, number, Fate::Reset, cx.time);
        }
        self.imr = self.variant.imr_reset;
        (
            self.emr,
            self.rtsr,
            self.ftsr,
            self.swier,
            self.pr,
            self.polled,
        ) = (0, 0, 0, 0, 0, 0);
        self.drive(cx);
    }

    fn register_name(&self, offset: u32) -> Option<&'static str> {
        if self.variant.second_bank == Some(BANK_L4) && offset >= BANK {
            return name_of(NAMES_L4, offset);
        }
        name_of(NAMES, offset)
    }

    fn boxed_clone(&self) -> Box<dyn Peripheral> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests;
