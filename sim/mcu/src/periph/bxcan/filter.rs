//! The filter banks: which frames are kept, and in which FIFO.

use super::bits::{F0R1, FA1R, FFA1R, FM1R, FMR, FS1R, IDE};
use crate::periph::Register;

/// Most banks that a part has.
const MOST: usize = 28;
/// FMR.FINIT.
const FINIT: u32 = 1;
/// FMR.CAN2SB.
const CAN2SB: u32 = 0x3F << 8;
/// FMR: reserved bits that read as 1, and CAN2SB 14.
const FMR_RESET: u32 = 0x2A1C_0E01;

/// What a frame comes to at the filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Into this FIFO, with this filter number.
    Keep {
        /// 0 or 1.
        fifo: usize,
        /// FMI.
        filter: u32,
    },
    /// No filter lets it pass.
    Drop,
    /// No filter is active at all.
    NoneActive,
    /// FINIT is 1.
    Initialising,
}

/// How a write was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Write {
    Done,
    /// The hardware protects this register now.
    Protected,
    NoSuchRegister,
}

/// All banks.
#[derive(Clone, Debug)]
pub(super) struct Filters {
    /// 14, or 28 that two controllers share.
    banks: usize,
    fmr: u32,
    /// 1: list, 0: mask.
    list: u32,
    /// 1: one 32-bit filter, 0: two of 16 bits.
    wide: u32,
    second_fifo: u32,
    active: u32,
    values: [[u32; 2]; MOST],
}

impl Filters {
    pub(super) const fn new(banks: usize) -> Self {
        Self {
            banks,
            fmr: FMR_RESET,
            list: 0,
            wide: 0,
            second_fifo: 0,
            active: 0,
            values: [[0; 2]; MOST],
        }
    }

    pub(super) const fn reset(&mut self) {
        *self = Self::new(self.banks);
    }

    const fn bits(&self) -> u32 {
        (1 << self.banks) - 1
    }

    /// Banks of this controller: those below CAN2SB where two share them.
    const fn own(&self) -> usize {
        let start = (self.fmr & CAN2SB) >> 8;
        if self.banks < MOST || start as usize > MOST {
            self.banks
        } else {
            start as usize
        }
    }

    fn place(&self, offset: u32) -> Option<(usize, usize)> {
        let word = (offset.checked_sub(F0R1)? / 4) as usize;
        (word / 2 < self.banks).then_some((word / 2, word % 2))
    }

    pub(super) fn read(&self, offset: u32) -> Option<u32> {
        Some(match offset {
            FMR => self.fmr,
            FM1R => self.list,
            FS1R => self.wide,
            FFA1R => self.second_fifo,
            FA1R => self.active,
            _ => {
                let (bank, n) = self.place(offset)?;
                *self.values.get(bank)?.get(n)?
            }
        })
    }

    pub(super) fn write(&mut self, reg: Register, value: u32) -> Write {
        let Some(old) = self.read(reg.offset) else {
            return Write::NoSuchRegister;
        };
        let (new, bits) = (reg.merge(old, value), self.bits());
        let free = self.fmr & FINIT != 0;
        match reg.offset {
            FMR => {
                let writable = if self.banks < MOST {
                    FINIT
                } else {
                    FINIT | CAN2SB
                };
                self.fmr = old & !writable | new & writable;
            }
            FA1R => self.active = new & bits,
            FM1R | FS1R | FFA1R if !free && new != old => return Write::Protected,
            FM1R => self.list = new & bits,
            FS1R => self.wide = new & bits,
            FFA1R => self.second_fifo = new & bits,
            _ => {
                let Some((bank, n)) = self.place(reg.offset) else {
                    return Write::NoSuchRegister;
                };
                if !free && self.active >> bank & 1 != 0 && new != old {
                    return Write::Protected;
                }
                if let Some(slot) = self.values.get_mut(bank).and_then(|bank| bank.get_mut(n)) {
                    *slot = new;
                }
            }
        }
        Write::Done
    }

    /// What happens to a frame whose identifier reads `word` in RIR.
    pub(super) fn judge(&self, word: u32) -> Verdict {
        if self.fmr & FINIT != 0 {
            return Verdict::Initialising;
        }
        let own = self.own();
        if self.active & ((1 << own) - 1) == 0 {
            return Verdict::NoneActive;
        }
        let half = half_word(word);
        let mut next = [0_u32; 2];
        let mut best: Option<((bool, bool, u32, usize), usize)> = None;
        for (bank, values) in self.values.iter().enumerate().take(own) {
            let bit = |register: u32| register >> bank & 1 != 0;
            let (wide, list, fifo) = (bit(self.wide), bit(self.list), bit(self.second_fifo));
            let (tests, count) = tests(values, wide, list);
            let first = &mut next[usize::from(fifo)];
            let number = *first;
            // Banks that are not active have their numbers all the same.
            *first += count as u32;
            if !bit(self.active) {
                continue;
            }
            let against = if wide { word } else { half };
            let hit = tests
                .iter()
                .take(count)
                .position(|(id, mask)| (id ^ against) & mask == 0);
            if let Some(n) = hit {
                // Wide before narrow, list before mask, then the lower number.
                let rank = (!wide, !list, number + n as u32, bank);
                if best.is_none_or(|(other, _)| rank < other) {
                    best = Some((rank, usize::from(fifo)));
                }
            }
        }
        best.map_or(Verdict::Drop, |((_, _, filter, _), fifo)| Verdict::Keep {
            fifo,
            filter,
        })
    }
}

/// The filters of one bank as identifier and mask, and how many there are.
const fn tests(values: &[u32; 2], wide: bool, list: bool) -> ([(u32, u32); 4], usize) {
    const NONE: (u32, u32) = (0, 0);
    // Bit 0 of a 32-bit filter belongs to nothing.
    const WIDE: u32 = !1;
    const HALF: u32 = 0xFFFF;
    let [a, b] = *values;
    match (wide, list) {
        (true, false) => ([(a, b & WIDE), NONE, NONE, NONE], 1),
        (true, true) => ([(a, WIDE), (b, WIDE), NONE, NONE], 2),
        (false, false) => ([(a & HALF, a >> 16), (b & HALF, b >> 16), NONE, NONE], 2),
        (false, true) => (
            [
                (a & HALF, HALF),
                (a >> 16, HALF),
                (b & HALF, HALF),
                (b >> 16, HALF),
            ],
            4,
        ),
    }
}

/// The identifier as 16-bit filters see it: 11 bits, RTR, IDE, and the next three of an extended one.
const fn half_word(word: u32) -> u32 {
    let high = word >> 21;
    let next = word >> 18 & 0b111;
    let (rtr, ide) = (word >> 1 & 1, (word & IDE) >> 2);
    high << 5 | rtr << 4 | ide << 3 | next
}

#[cfg(test)]
mod tests {
    use super::super::bits::RTR;
    use super::*;
    use flashstall_cpu::Size;

    fn put(filters: &mut Filters, offset: u32, value: u32) -> Write {
        let reg = Register {
            offset,
            mask: !0,
            size: Size::Word,
        };
        filters.write(reg, value)
    }

    fn bank(filters: &mut Filters, n: u32, values: [u32; 2]) {
        assert_eq!(put(filters, F0R1 + 8 * n, values[0]), Write::Done);
        assert_eq!(put(filters, F0R1 + 8 * n + 4, values[1]), Write::Done);
    }

    const fn standard(id: u32) -> u32 {
        id << 21
    }

    const fn extended(id: u32) -> u32 {
        id << 3 | IDE
    }

    const fn kept(fifo: usize, filter: u32) -> Verdict {
        Verdict::Keep { fifo, filter }
    }

    #[test]
    fn nothing_is_received_without_an_active_filter_or_while_finit_is_1() {
        let mut filters = Filters::new(14);
        assert_eq!(filters.judge(standard(1)), Verdict::Initialising);
        put(&mut filters, FMR, 0);
        assert_eq!(filters.judge(standard(1)), Verdict::NoneActive);
    }

    #[test]
    fn mask_and_list_of_32_bits() {
        let mut filters = Filters::new(14);
        bank(
            &mut filters,
            0,
            [standard(0x100), standard(0x7FC) | IDE | RTR],
        );
        bank(
            &mut filters,
            1,
            [extended(0x1234_5678), standard(0x7FF) | RTR],
        );
        put(&mut filters, FS1R, 0b11);
        put(&mut filters, FM1R, 0b10);
        put(&mut filters, FFA1R, 0b10);
        put(&mut filters, FA1R, 0b11);
        put(&mut filters, FMR, 0);
        assert_eq!(filters.judge(standard(0x103)), kept(0, 0));
        assert_eq!(filters.judge(standard(0x104)), Verdict::Drop);
        assert_eq!(filters.judge(standard(0x103) | RTR), Verdict::Drop);
        assert_eq!(filters.judge(extended(0x100 << 18)), Verdict::Drop);
        assert_eq!(filters.judge(extended(0x1234_5678)), kept(1, 0));
        assert_eq!(filters.judge(standard(0x7FF) | RTR), kept(1, 1));
        assert_eq!(filters.judge(standard(0x7FF)), Verdict::Drop);
    }

    #[test]
    fn mask_and_list_of_16_bits() {
        let mut filters = Filters::new(14);
        let half = |id: u32| id << 5;
        // Mask: 0x12x, then any extended identifier with bits 17:15 = 101.
        bank(
            &mut filters,
            0,
            [
                half(0x7F0) << 16 | half(0x120),
                (1 << 3 | 0b111) << 16 | 1 << 3 | 0b101,
            ],
        );
        bank(
            &mut filters,
            1,
            [
                half(0x200) << 16 | half(0x201),
                half(0x202) << 16 | half(0x203),
            ],
        );
        put(&mut filters, FM1R, 0b10);
        put(&mut filters, FA1R, 0b11);
        put(&mut filters, FMR, 0);
        assert_eq!(filters.judge(standard(0x12F)), kept(0, 0));
        assert_eq!(
            filters.judge(extended(0b101 << 15 | 0x2AA << 18)),
            kept(0, 1)
        );
        assert_eq!(filters.judge(extended(0b100 << 15)), Verdict::Drop);
        let list: Vec<_> = [0x201, 0x200, 0x203, 0x202, 0x204]
            .map(|id| filters.judge(standard(id)))
            .to_vec();
        assert_eq!(
            list,
            [
                kept(0, 2),
                kept(0, 3),
                kept(0, 4),
                kept(0, 5),
                Verdict::Drop
            ]
        );
    }

    /// RM0090 s32.7.4: numbers count the filters of a FIFO, active or not; and who goes first.
    #[test]
    fn filter_numbers_and_priorities() {
        let mut filters = Filters::new(14);
        let any = [0, 0];
        for n in 0..5 {
            bank(&mut filters, n, any);
        }
        // 0: 16-bit list to FIFO 0 (0 to 3), never active. 1: 32-bit mask to FIFO 1 (0). 2: 16-bit mask to FIFO 0 (4, 5).
        // 3: 32-bit mask to FIFO 0 (6). 4: 32-bit list to FIFO 0 (7, 8).
        put(&mut filters, FM1R, 0b1_0001);
        put(&mut filters, FS1R, 0b1_1010);
        put(&mut filters, FFA1R, 0b0_0010);
        put(&mut filters, FA1R, 0b0_0100);
        put(&mut filters, FMR, 0);
        assert_eq!(filters.judge(standard(5)), kept(0, 4), "two of 16 bits");
        put(&mut filters, FA1R, 0b0_1100);
        assert_eq!(filters.judge(standard(5)), kept(0, 6), "wide before narrow");
        put(&mut filters, FA1R, 0b0_1110);
        assert_eq!(filters.judge(standard(5)), kept(1, 0), "lower number first");
        put(&mut filters, FA1R, 0b1_1110);
        assert_eq!(filters.judge(standard(0)), kept(0, 7), "list before mask");
    }

    #[test]
    fn banks_are_protected_unless_they_may_be_written() {
        let mut filters = Filters::new(14);
        put(&mut filters, FMR, 0);
        put(&mut filters, FA1R, 0b1);
        assert_eq!(put(&mut filters, FS1R, 1), Write::Protected);
        assert_eq!(put(&mut filters, F0R1, 1), Write::Protected);
        assert_eq!(put(&mut filters, F0R1 + 8, 1), Write::Done, "bank 1 is off");
        assert_eq!(filters.read(F0R1), Some(0));
        assert_eq!(put(&mut filters, F0R1 + 8 * 14, 1), Write::NoSuchRegister);
    }

    #[test]
    fn of_28_banks_those_below_can2sb_are_ours() {
        let mut filters = Filters::new(28);
        bank(&mut filters, 20, [0, 0]);
        put(&mut filters, FS1R, 1 << 20);
        put(&mut filters, FA1R, 1 << 20);
        put(&mut filters, FMR, 14 << 8);
        assert_eq!(filters.judge(standard(1)), Verdict::NoneActive);
        put(&mut filters, FMR, 21 << 8);
        // 20 banks of two 16-bit masks come before it.
        assert_eq!(filters.judge(standard(1)), kept(0, 40));
        assert_eq!(filters.read(FMR), Some(0x2A1C_0000 | 21 << 8));
    }
}
