//! The NVIC's registers, 0xE000E100 to 0xE000E4EF, and STIR.

use super::{Bits, FIRST_IRQ};
use crate::{Bus, Cpu};

/// Which of the bit-per-interrupt register banks an SCS offset lies in, and the exception number of its bit 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bank {
    SetEnable,
    ClearEnable,
    SetPending,
    ClearPending,
    Active,
}

fn bank(offset: u32) -> Option<(Bank, u16)> {
    let bank = match offset & !0x1F {
        0x100 => Bank::SetEnable,
        0x180 => Bank::ClearEnable,
        0x200 => Bank::SetPending,
        0x280 => Bank::ClearPending,
        0x300 => Bank::Active,
        _ => return None,
    };
    Some((bank, FIRST_IRQ + (offset & 0x1C) as u16 * 8))
}

/// The exception number of the first of the four priority bytes at an SCS offset.
fn priority_bytes(offset: u32) -> Option<u16> {
    (0x400..0x4F0)
        .contains(&offset)
        .then(|| FIRST_IRQ + (offset & 0xFC) as u16)
}

impl Cpu {
    /// Reads the NVIC register at `offset` into the SCS; `None` if there is none.
    pub(crate) fn nvic_read(&self, offset: u32) -> Option<u32> {
        if let Some((bank, first)) = bank(offset) {
            let bits = match bank {
                Bank::SetEnable | Bank::ClearEnable => &self.nvic.enabled,
                Bank::SetPending | Bank::ClearPending => &self.nvic.pending,
                Bank::Active => &self.nvic.active,
            };
            return Some(bits.word(first));
        }
        let first = priority_bytes(offset)?;
        Some((0..4).fold(0, |word, byte| {
            word | u32::from(self.nvic.priority[usize::from(first + byte) & 0xFF]) << (8 * byte)
        }))
    }

    /// Writes the NVIC register at `offset` into the SCS; false if there is none.
    pub(crate) fn nvic_write<B: Bus>(&mut self, bus: &mut B, offset: u32, value: u32) -> bool {
        if let Some((bank, first)) = bank(offset) {
            let named = Bits::from_word(first, value).and(&self.nvic.fitted);
            for number in named.iter() {
                match bank {
                    Bank::SetEnable => self.nvic.enabled.insert(number),
                    Bank::ClearEnable => self.nvic.enabled.remove(number),
                    Bank::SetPending => self.pend(bus, number, self.core.now),
                    // A line that is still high keeps asking (B3.4.1), unless its handler runs: then the
                    // return from it decides.
                    Bank::ClearPending
                        if bus.irq().is_high(number - FIRST_IRQ)
                            && !self.nvic.active.contains(number) => {}
                    Bank::ClearPending => self.nvic.unpend(number),
                    Bank::Active => {}
                }
            }
            return true;
        }
        let Some(first) = priority_bytes(offset) else {
            return false;
        };
        for (number, byte) in (first..).zip(value.to_le_bytes()) {
            if self.nvic.fitted.contains(number) {
                self.nvic.set_priority(number, byte);
            }
        }
        true
    }

    /// ICTR.INTLINESNUM: how many groups of 32 lines there are, less one.
    pub(crate) fn ictr(&self) -> u32 {
        u32::from((self.nvic.lines - 1) / 32)
    }

    /// STIR: pends the interrupt whose number is in bits 8:0.
    pub(crate) fn stir_write<B: Bus>(&mut self, bus: &mut B, value: u32) {
        let irq = (value & 0x1FF) as u16;
        if self.nvic.has_line(irq) {
            self.pend(bus, irq + FIRST_IRQ, self.core.now);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testbus::{Line, Pended, TestBus, config, cpu};
    use crate::{Cpu, CpuConfig, ExceptionNumber, Nvic, Size};

    const ISER1: u32 = 0xE000_E104;
    const ICER1: u32 = 0xE000_E184;
    const ISPR1: u32 = 0xE000_E204;
    const ICPR1: u32 = 0xE000_E284;
    const STIR: u32 = 0xE000_EF00;

    fn read(cpu: &mut Cpu, bus: &mut TestBus, addr: u32) -> u32 {
        cpu.ppb_read(bus, addr, Size::Word).unwrap()
    }

    #[test]
    fn enable_and_disable() {
        let (mut cpu, mut bus) = cpu();
        cpu.ppb_write(&mut bus, ISER1, Size::Word, 0x30).unwrap();
        cpu.ppb_write(&mut bus, ISER1, Size::Word, 0x01).unwrap();
        assert_eq!(read(&mut cpu, &mut bus, ISER1), 0x31);
        cpu.ppb_write(&mut bus, ICER1, Size::Word, 0x11).unwrap();
        assert_eq!(read(&mut cpu, &mut bus, ICER1), 0x20);
        assert!(cpu.nvic.is_enabled(ExceptionNumber::irq(37)));
        assert!(!cpu.nvic.is_enabled(ExceptionNumber::irq(36)));
    }

    #[test]
    fn lines_that_are_not_fitted_read_as_zero() {
        let (mut cpu, mut bus) = cpu();
        cpu.ppb_write(&mut bus, 0xE000_E108, Size::Word, u32::MAX)
            .unwrap();
        assert_eq!(
            read(&mut cpu, &mut bus, 0xE000_E108),
            0x0003_FFFF,
            "82 lines: 64 to 81"
        );
    }

    #[test]
    fn software_pends_and_clears() {
        let (mut cpu, mut bus) = cpu();
        cpu.core.now.0 = 5;
        cpu.ppb_write(&mut bus, ISPR1, Size::Word, 0x20).unwrap();
        cpu.ppb_write(&mut bus, ISPR1, Size::Word, 0x20).unwrap();
        assert_eq!(read(&mut cpu, &mut bus, ISPR1), 0x20);
        assert_eq!(bus.pended, [Pended(53, 5, false), Pended(53, 5, true)]);
        cpu.ppb_write(&mut bus, ICPR1, Size::Word, 0x20).unwrap();
        assert_eq!(read(&mut cpu, &mut bus, ISPR1), 0);
    }

    #[test]
    fn clearing_a_high_line_leaves_it_pending() {
        let (mut cpu, mut bus) = cpu();
        bus.at(0, 37, Line::High);
        cpu.service_events(&mut bus);
        cpu.ppb_write(&mut bus, ICPR1, Size::Word, 0x20).unwrap();
        assert_eq!(read(&mut cpu, &mut bus, ISPR1), 0x20);
        bus.irq.set(37, false);
        assert_eq!(read(&mut cpu, &mut bus, ISPR1), 0x20, "pending is latched");
        cpu.ppb_write(&mut bus, ICPR1, Size::Word, 0x20).unwrap();
        assert_eq!(read(&mut cpu, &mut bus, ISPR1), 0);
    }

    #[test]
    fn priorities_by_byte_half_and_word() {
        let (mut cpu, mut bus) = cpu();
        cpu.ppb_write(&mut bus, 0xE000_E424, Size::Word, 0x1122_3344)
            .unwrap();
        cpu.ppb_write(&mut bus, 0xE000_E425, Size::Byte, 0xFF)
            .unwrap();
        cpu.ppb_write(&mut bus, 0xE000_E426, Size::Half, 0x5060)
            .unwrap();
        assert_eq!(read(&mut cpu, &mut bus, 0xE000_E424), 0x5060_F040);
        assert_eq!(cpu.ppb_read(&mut bus, 0xE000_E427, Size::Byte), Ok(0x50));
        assert_eq!(cpu.nvic.priority_value(ExceptionNumber::irq(37)), 0xF0);
        assert!(bus.unmodelled.is_empty());
    }

    #[test]
    fn stir_pends() {
        let (mut cpu, mut bus) = cpu();
        cpu.ppb_write(&mut bus, STIR, Size::Word, 37).unwrap();
        cpu.ppb_write(&mut bus, STIR, Size::Word, 300).unwrap();
        assert_eq!(bus.pended, [Pended(53, 0, false)]);
    }

    #[test]
    fn ictr_counts_groups_of_32() {
        for (irqs, groups) in [(32, 0), (33, 1), (82, 2), (240, 7)] {
            let (mut cpu, mut bus) = cpu();
            cpu.nvic = Nvic::new(&CpuConfig { irqs, ..config() });
            assert_eq!(
                read(&mut cpu, &mut bus, 0xE000_E004),
                groups,
                "{irqs} lines"
            );
        }
    }

    #[test]
    fn narrow_writes_of_word_registers_are_counted_and_ignored() {
        let (mut cpu, mut bus) = cpu();
        cpu.ppb_write(&mut bus, ISER1, Size::Byte, 0xFF).unwrap();
        assert_eq!(read(&mut cpu, &mut bus, ISER1), 0);
        assert_eq!(bus.unmodelled, [(ISER1, true)]);
    }
}
