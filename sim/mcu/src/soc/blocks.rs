//! Which block of registers answers at an address.

use crate::chip::Chip;
use crate::periph::PeripheralId;

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// A modelled peripheral.
    Modelled(PeripheralId),
    /// The window that a modelled peripheral shows.
    Window(PeripheralId),
    /// A block without a model: index into the chip's list.
    Unmodelled(usize),
}

/// A block of registers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    pub base: u32,
    size: u32,
    pub owner: Owner,
}

/// Log2 of the page size of the table: register blocks of STM32 are aligned to it, and where several share
/// one (the ADCs), the search goes on from the first.
const PAGE_BITS: u32 = 10;
/// The table covers the APB and first AHB region; other blocks are searched for.
const TABLE_BASE: u32 = 0x4000_0000;
const TABLE_PAGES: usize = 0x0003_0000 >> PAGE_BITS;
const NO_BLOCK: u16 = u16::MAX;

/// All blocks of a chip.
#[derive(Clone, Debug)]
pub(super) struct Blocks {
    /// By rising base.
    sorted: Vec<Block>,
    /// For each page of the table the block that covers its first word.
    table: Vec<u16>,
}

impl Blocks {
    pub(super) fn new(chip: &Chip) -> Self {
        let modelled = chip.peripherals.iter().enumerate().map(|(n, p)| Block {
            base: p.base.0,
            size: p.size,
            owner: Owner::Modelled(PeripheralId(n)),
        });
        let unmodelled = chip.unmodelled.iter().enumerate().map(|(n, b)| Block {
            base: b.base.0,
            size: b.size,
            owner: Owner::Unmodelled(n),
        });
        let windows = chip.peripherals.iter().enumerate().filter_map(|(n, p)| {
            let (base, size) = p.window()?;
            Some(Block {
                base,
                size,
                owner: Owner::Window(PeripheralId(n)),
            })
        });
        let mut sorted: Vec<Block> = modelled.chain(unmodelled).chain(windows).collect();
        sorted.sort_by_key(|block| block.base);
        let mut blocks = Self {
            sorted,
            table: Vec::new(),
        };
        blocks.table = (0..TABLE_PAGES as u32)
            .map(|page| {
                blocks
                    .search(TABLE_BASE + (page << PAGE_BITS))
                    .map_or(NO_BLOCK, |n| n as u16)
            })
            .collect();
        blocks
    }

    /// The block around `addr`.
    pub(super) fn find(&self, addr: u32) -> Option<&Block> {
        let page = (addr.wrapping_sub(TABLE_BASE) >> PAGE_BITS) as usize;
        if let Some(block) = self
            .table
            .get(page)
            .and_then(|&n| self.sorted.get(usize::from(n)))
            && addr.wrapping_sub(block.base) < block.size
        {
            return Some(block);
        }
        self.search(addr).map(|n| &self.sorted[n])
    }

    fn search(&self, addr: u32) -> Option<usize> {
        let n = self
            .sorted
            .partition_point(|block| block.base <= addr)
            .checked_sub(1)?;
        (addr - self.sorted[n].base < self.sorted[n].size).then_some(n)
    }
}

/// Behind an AHB-to-APB bridge? On all STM32 of these families 0x40000000 to 0x4001FFFF are APB1 and APB2, and AHB
/// begins at 0x40020000 (memory maps of RM0008, RM0364, RM0090).
pub(super) const fn is_apb(addr: u32) -> bool {
    addr >> 17 == 0x4000_0000 >> 17
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_at_both_ends_and_not_beyond() {
        let Some(chip) = Chip::builtin("stm32f303xc") else {
            panic!("built in")
        };
        let blocks = Blocks::new(&chip);
        let name = |addr: u32| {
            blocks.find(addr).map(|b| match b.owner {
                Owner::Modelled(id) | Owner::Window(id) => chip.peripherals[id.0].name.as_str(),
                Owner::Unmodelled(n) => chip.unmodelled[n].name.as_str(),
            })
        };
        assert_eq!(name(0x4001_3800), Some("USART1"));
        assert_eq!(name(0x4001_3BFF), Some("USART1"));
        assert_eq!(name(0x4800_0018), Some("GPIOA"));
        assert_eq!(name(0x5000_0100), Some("ADC2"));
        assert_eq!(name(0x5000_0300), Some("ADC1_2"));
        assert_eq!(name(0x4000_0C00), None, "TIM5 is not on this part");
        assert_eq!(name(0x3FFF_FFFF), None);
        assert_eq!(name(0xFFFF_FFFC), None);
        assert!(is_apb(0x4001_FFFC) && !is_apb(0x4002_0000) && !is_apb(0x3FFF_FFFC));
    }
}
