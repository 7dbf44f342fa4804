//! Banks, pages and sectors: which bytes one erase erases, and which bank they are in.
//!
//! | behaviour | source | test |
//! |---|---|---|
//! | pages of one size, or runs of sectors repeated in each bank | RM0008 s3.3.1, RM0090 table 6 | `sectors_of_an_f429_lie_where_the_manual_has_them` |
//! | banks of one size can change places: their numbers and those of their sectors go with them | RM0090 s2.4, s9.2.1 | `numbers_go_with_the_banks` |
//! | banks may differ in size (F103xF: 512 and 256 KB) | RM0008 s3.3 XL | `banks_may_differ_in_size` |

use crate::chip::FlashSpec;

/// A page or sector: offsets from the base of main flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sector {
    /// First offset.
    pub first: u32,
    /// One past the last.
    pub end: u32,
}

impl Sector {
    /// Size in bytes.
    #[must_use]
    pub const fn size(self) -> u32 {
        self.end - self.first
    }
}

/// The layout of main flash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// By number, without gaps; by rising offset unless two have changed places.
    banks: Vec<Sector>,
    /// Size of a page, or 0 on a part with sectors.
    page: u32,
    /// Sectors of one bank, by rising offset from its start.
    sectors: Vec<Sector>,
}

impl Geometry {
    /// The layout that `spec` describes.
    #[must_use]
    pub fn new(spec: &FlashSpec) -> Self {
        let banks = spec
            .bank_ranges()
            .into_iter()
            .map(|(first, end)| Sector { first, end })
            .collect();
        let mut sectors = Vec::new();
        let mut first = 0;
        for run in &spec.sectors {
            for _ in 0..run.count {
                sectors.push(Sector {
                    first,
                    end: first + run.size,
                });
                first += run.size;
            }
        }
        Self {
            banks,
            page: spec.page,
            sectors,
        }
    }

    /// How many banks there are.
    #[must_use]
    pub fn banks(&self) -> u8 {
        self.banks.len() as u8
    }

    /// Number of the bank, from 1, that `offset` lies in.
    #[must_use]
    pub fn bank(&self, offset: u32) -> u8 {
        self.banks
            .iter()
            .position(|bank| bank.first <= offset && offset < bank.end)
            .map_or(1, |n| n as u8 + 1)
    }

    /// The bytes of bank `bank`, from 1; `None` if there is no such bank.
    #[must_use]
    pub fn bank_range(&self, bank: u8) -> Option<Sector> {
        self.banks.get(usize::from(bank).checked_sub(1)?).copied()
    }

    /// Do the two banks show in each other's place?
    #[must_use]
    pub fn is_swapped(&self) -> bool {
        self.banks.first().is_some_and(|bank| bank.first != 0)
    }

    /// Two banks of one size change places. False, and nothing happens, on a part that has no such two.
    pub(super) fn swap(&mut self) -> bool {
        match self.banks.as_mut_slice() {
            [one, two] if one.size() == two.size() => {
                std::mem::swap(one, two);
                true
            }
            _ => false,
        }
    }

    /// Where `offset` is while the banks are in their own places.
    #[must_use]
    pub fn physical(&self, offset: u32) -> u32 {
        let bank = self.bank(offset);
        let start = self.bank_range(bank).map_or(0, |range| range.first);
        let before: u32 = (1..bank)
            .filter_map(|bank| self.bank_range(bank))
            .map(Sector::size)
            .sum();
        before + (offset - start)
    }

    /// Number of the sector around `offset`, counted through all banks from 0; `None` on a part with pages.
    #[must_use]
    pub fn sector_number(&self, offset: u32) -> Option<u32> {
        let bank = self.bank(offset);
        let start = self.bank_range(bank)?.first;
        let within = self.sectors.iter().position(|s| offset - start < s.end)?;
        Some((self.sectors.len() * (usize::from(bank) - 1) + within) as u32)
    }

    /// The page or sector around `offset`, which lies in main flash.
    #[must_use]
    pub fn page_of(&self, offset: u32) -> Sector {
        if self.page != 0 {
            let first = offset - offset % self.page;
            return Sector {
                first,
                end: first + self.page,
            };
        }
        let start = self
            .bank_range(self.bank(offset))
            .map_or(0, |bank| bank.first);
        self.sectors.iter().find(|s| offset - start < s.end).map_or(
            Sector {
                first: offset,
                end: offset,
            },
            |s| Sector {
                first: start + s.first,
                end: start + s.end,
            },
        )
    }

    /// Page or sector `number`, from 0, of bank `bank`, from 1; `None` if there is none.
    #[must_use]
    pub fn page(&self, bank: u8, number: u32) -> Option<Sector> {
        let range = self.bank_range(bank)?;
        let within = if self.page == 0 {
            *self.sectors.get(number as usize)?
        } else {
            let first = number.checked_mul(self.page)?;
            Sector {
                first,
                end: first.checked_add(self.page)?,
            }
        };
        (within.end <= range.size()).then(|| Sector {
            first: range.first + within.first,
            end: range.first + within.end,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::{Chip, SectorRun};

    fn spec(change: impl FnOnce(&mut FlashSpec)) -> Geometry {
        let Some(chip) = Chip::builtin("stm32f303xc") else {
            panic!("built in")
        };
        let mut spec = chip.flash.clone();
        change(&mut spec);
        Geometry::new(&spec)
    }

    #[test]
    fn sectors_of_an_f429_lie_where_the_manual_has_them() {
        let g = spec(|s| {
            s.size = 0x20_0000;
            s.banks = 2;
            s.page = 0;
            s.sectors = [(4, 0x4000), (1, 0x1_0000), (7, 0x2_0000)]
                .map(|(count, size)| SectorRun { count, size })
                .into();
        });
        let at = |bank, n| g.page(bank, n).map(|s| (s.first, s.size()));
        assert_eq!(at(1, 0), Some((0, 0x4000)));
        assert_eq!(at(1, 4), Some((0x1_0000, 0x1_0000)));
        assert_eq!(at(1, 11), Some((0xE_0000, 0x2_0000)));
        assert_eq!(at(1, 12), None);
        assert_eq!(at(2, 3), Some((0x10_C000, 0x4000)), "sector 15");
        assert_eq!(at(3, 0), None);
        assert_eq!((g.bank(0xF_FFFF), g.bank(0x10_0000)), (1, 2));
        let around = g.page_of(0x11_FFFF);
        assert_eq!((around.first, around.end), (0x11_0000, 0x12_0000));
    }

    #[test]
    fn numbers_go_with_the_banks() {
        let mut g = spec(|s| {
            s.size = 0x20_0000;
            s.banks = 2;
            s.page = 0;
            s.sectors = [(4, 0x4000), (1, 0x1_0000), (7, 0x2_0000)]
                .map(|(count, size)| SectorRun { count, size })
                .into();
        });
        assert!(!g.is_swapped());
        assert_eq!((g.physical(0x10), g.sector_number(0xC000)), (0x10, Some(3)));
        assert!(g.swap() && g.is_swapped());
        assert_eq!((g.bank(0xF_FFFF), g.bank(0x10_0000)), (2, 1));
        assert_eq!(g.physical(0x10), 0x10_0010);
        assert_eq!(g.physical(0x1F_FFFF), 0xF_FFFF);
        assert_eq!(g.page(2, 3).map(|s| s.first), Some(0xC000), "sector 15");
        assert_eq!(
            (g.sector_number(0xC000), g.sector_number(0x10_0000)),
            (Some(15), Some(0))
        );
        assert_eq!(g.page_of(0x11_FFFF).first, 0x11_0000);
        let mut unequal = spec(|s| {
            s.size = 0xC_0000;
            s.banks = 2;
            s.bank_sizes = vec![0x8_0000, 0x4_0000];
        });
        assert!(!unequal.swap() && !unequal.is_swapped());
    }

    #[test]
    fn banks_may_differ_in_size() {
        let g = spec(|s| {
            s.size = 0xC_0000;
            s.banks = 2;
            s.bank_sizes = vec![0x8_0000, 0x4_0000];
        });
        assert_eq!((g.bank(0x7_FFFF), g.bank(0x8_0000)), (1, 2));
        assert_eq!(g.page(2, 127).map(|s| s.end), Some(0xC_0000));
        assert_eq!(g.page(2, 128), None, "behind the end");
        assert_eq!(g.page_of(0x8_0801).first, 0x8_0800);
    }
}
