//! Boot through system memory: what the boot loader in ROM does when BFB2 is set. Its code is not there, and none of it runs.
//!
//! | behaviour | source | test |
//! |---|---|---|
//! | BFB2: each reset starts in system memory, whatever the boot pins say | RM0090 s2.4, FLASH_OPTCR (S) | `f4_dualbank::bfb2_starts_bank_2` |
//! | the same on an L4 with two banks; what follows is taken from the F4, where nothing else is said | dev_l4 (S); rules (M) | `f4_dualbank::an_l476_starts_bank_2_as_soon_as_options_are_loaded` |
//! | the first word of bank 2, then that of bank 1, must be a stack pointer in SRAM | RM0090 s2.4 (S); AN2606 (M) | `f4_dualbank::an_image_that_is_none_falls_back_to_bank_1` |
//! | in SRAM: from its first address to one past its last, as linkers place it; CCM is not | what exactly ROM compares is not documented (M) | `f4_dualbank::the_stack_pointer_decides` |
//! | an image in bank 2 is started with FB_MODE set, so at 0x08000000; one in bank 1 with FB_MODE clear | RM0090 s2.4 (S) | `f4_dualbank::bfb2_starts_bank_2` |
//! | afterwards address 0 shows system memory although MEM_MODE reads 0, until MEM_MODE changes | chips.md s3: seen on hardware (S); that a change ends it (M) | `f4_dualbank::address_0_stays_with_rom` |
//! | a vector from system memory: its handlers are not there, so the fetch is a bus error; a finding | (M); seen on hardware: such an interrupt ends in a reset by ROM (S) | `f4_dualbank::vtor_zero_is_a_vector_from_rom` |
//! | no image in either bank: the boot loader stays and waits for a host; the run ends | RM0090 s2.4 (S) | `f4_dualbank::without_an_image_rom_stays` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | the time that the boot loader takes | no figure; AN2606 has times for hosts only | the image starts at the time of the reset |
//! | what the boot loader leaves in SRAM and in registers | not documented | SRAM is as it was, registers are as after a reset |
//! | BFB2 of L1 and of F103 XL | no firmware under test does it | their bits are kept |

use flashstall_cpu::{Core, Size};

use super::Soc;
use crate::Picos;
use crate::chip::MemoryKind;
use crate::flash::{OptionError, OptionSettings};
use crate::periph::Signal;

/// What the boot loader in system memory has to do with address 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Rom {
    /// Nothing: MEM_MODE tells what is there.
    #[default]
    Out,
    /// It has started an image, and still shows at address 0.
    AtZero,
    /// It found no image, and runs.
    Stays,
}

/// How the chip comes out of a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Boot {
    /// The core takes its first vectors from what the boot mode shows at address 0.
    Direct,
    /// The boot loader has chosen a bank, and takes them from there.
    Chosen,
    /// The boot loader has found nothing.
    Nothing,
}

impl Soc {
    /// Options that are not as the part leaves the factory, before power comes up.
    pub(crate) fn set_options(&mut self, settings: &OptionSettings) -> Result<(), OptionError> {
        let flash = &mut self.shared.flash;
        let port = self
            .flash_port
            .and_then(|id| self.peripherals.get_mut(id.0));
        match port.and_then(|peripheral| peripheral.flash_port()) {
            Some(port) => port.set_options(flash, settings),
            None => Err(OptionError::NotModelled),
        }
    }

    /// The first thing after a reset. Until [`handed_over`](Self::handed_over) address 0 shows what the boot mode says.
    pub(crate) fn boot(&mut self, core: &mut Core) -> Boot {
        let port = self
            .flash_port
            .and_then(|id| self.peripherals.get_mut(id.0));
        let chooses = port
            .and_then(|p| p.flash_port())
            .is_some_and(|port| port.chooses_bank());
        if !chooses {
            return Boot::Direct;
        }
        let chosen = [2, 1].into_iter().find(|&bank| self.has_image(bank));
        let Some(bank) = chosen else {
            let (time, pc) = (self.shared.clock.time(core.now), self.shared.pc);
            self.shared.log.find("boot-without-image", time, pc, || {
                "BFB2 is set, and neither bank begins with a stack pointer in SRAM: the boot loader in system memory stays".to_owned()
            });
            self.show_rom(Rom::Stays);
            return Boot::Nothing;
        };
        self.shared
            .outbox
            .push(Signal::BootedByRom { bank2: bank == 2 });
        self.settle(core);
        Boot::Chosen
    }

    /// The boot loader has jumped into the image.
    pub(crate) fn handed_over(&mut self) {
        self.show_rom(Rom::AtZero);
    }

    /// Is the boot loader running?
    pub(crate) fn is_in_rom(&self) -> bool {
        self.rom == Rom::Stays
    }

    fn has_image(&self, bank: u8) -> bool {
        let flash = &self.shared.flash;
        let first = flash.geometry.bank_range(bank).map(|range| range.first);
        let sp = first.and_then(|offset| flash.word(offset, Size::Word));
        sp.is_some_and(|sp| sp.wrapping_sub(self.sram.base()) <= self.sram.size())
    }

    /// What address 0 has to do with system memory changes.
    pub(super) fn show_rom(&mut self, rom: Rom) {
        if self.rom != rom {
            let before = self.alias().map_or(0, |(_, size)| size);
            self.rom = rom;
            let after = self.alias().map_or(0, |(_, size)| size);
            self.code_changes.push((0, before.max(after)));
            self.shared.flash.invalidate_window();
        }
    }

    /// Home address and size of system memory.
    pub(super) fn system_memory(&self) -> Option<(u32, u32)> {
        let mut memories = self.chip.memories.iter();
        let system = memories.find(|m| m.kind == MemoryKind::System)?;
        Some((system.base.0, system.size))
    }

    /// The banks of flash show in each other's place, or in their own.
    pub(super) fn swap_banks(&mut self, swapped: bool, time: Picos) {
        let flash = &mut self.shared.flash;
        let cached = flash.read.has_cache_on();
        if !flash.show_swapped(swapped) {
            return;
        }
        let (base, size) = (flash.base(), flash.size());
        self.code_changes.extend([(0, size), (base, base + size)]);
        if cached {
            let pc = self.shared.pc;
            self.shared.log.find("bank-swap-with-cache-on", time, pc, || {
                "FB_MODE changed while a cache of flash is on: silicon may still serve lines of the bank that was there".to_owned()
            });
        }
    }
}
