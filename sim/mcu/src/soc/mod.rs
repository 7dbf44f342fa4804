//! The chip as the core sees it: memories, flash, register blocks, events.
//!
//! The room knows addresses and time, and no device: what a register does is in [`periph`](crate::periph), what flash
//! does in [`flash`].
//!
//! | behaviour | source | test |
//! |---|---|---|
//! | narrow writes to APB registers are repeated over the word | RM0008 s2.1 / RM0364 s2.1: the bridge duplicates the data | `soc::narrow_apb_writes_are_repeated` |
//! | a peripheral without clock reads 0 and ignores writes; a finding | RM0364 RCC: registers of an unclocked peripheral are not readable | `soc::a_peripheral_without_clock_is_told` |
//! | events due before an access happen before it | order of time | `soc::an_access_sees_every_event_before_it` |
//! | a system reset resets peripherals, lines, alias and clock tree; SRAM and time stay | RM0364 RCC system reset | `machine::a_software_reset_runs_the_firmware_again` |
//! | several blocks of SRAM in a row are one memory; the alias at 0 shows the block that it names | RM0090 s2.3 | `f4_core::sram_is_three_blocks_in_a_row` |
//! | CCM without a path to the instruction bus: fetches and vector fetches are bus errors | RM0090 s2.3 (S), vectors (D) | `f4_core::ccm_holds_data_only` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | cycles that the AHB-to-APB bridge adds | depends on the phase of PCLK; no figure per part | an access to a register costs what the core's own table says |
//! | imprecise bus faults | the write buffer is not modelled | a refused write faults precisely |
//! | code that runs through the SRAM alias at 0 and is rewritten at 0x20000000 | costs a compare on each store | the old instructions are executed |

mod access;
mod blocks;
mod boot;
mod bus;
mod code;
mod dma;
mod events;
mod interrupts;
mod registers;
mod reset;
mod stalls;
mod window;

use std::collections::BTreeMap;
use std::sync::Arc;

use flashstall_cpu::{Addr, Cycles, IrqLines};

use crate::chip::{Chip, MemoryKind, PeripheralSpec};
use crate::clock::Clock;
use crate::flash::{self, FlashArray, FlashTiming};
use crate::log::{Log, OperationId, ResetCause};
use crate::memory::Memory;
use crate::periph::{BuildError, IrqSharing, Oscillators, Peripheral, PeripheralId, Pins, Shared};
use crate::sched::Scheduler;
use crate::wire::Wire;
use crate::{ClockTree, Hertz, Picos};

pub(crate) use boot::Boot;
pub(crate) use reset::Recall;

use blocks::Blocks;
use boot::Rom;
use interrupts::InterruptWatch;
use stalls::Holder;

/// What a board gives to a chip.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Board {
    pub oscillators: Oscillators,
    pub timing: FlashTiming,
    pub keep_lines_while_busy: bool,
}

/// A chip without its core.
#[derive(Clone, Debug)]
pub struct Soc {
    /// SRAM at 0x20000000, all blocks of it: first, because most accesses end here.
    sram: Memory,
    ccm: Memory,
    /// CCM hangs on the instruction bus too (F3; not F4).
    ccm_executable: bool,
    /// First address, and offset in SRAM, of the view of its upper end.
    sram_view: Option<(u32, u32)>,
    /// Cycle of the next event; zero while the core must come out. Kept up to date, because the core asks after each device access.
    next_event: Cycles,
    pub(crate) shared: Shared,
    pub(crate) peripherals: Vec<Box<dyn Peripheral>>,
    pub(crate) wires: Vec<Wire>,
    chip: Arc<Chip>,
    blocks: Blocks,
    flash_port: Option<PeripheralId>,
    mem_mode: u8,
    rom: Rom,
    hclk_followed: Hertz,
    code_changes: Vec<(u32, u32)>,
    reset_cause: Option<ResetCause>,
    /// The core must come back to the machine, which knows why.
    recall: bool,
    /// The core clock changed: the core must come back, once no access of it is held.
    dates_moved: bool,
    held_until: Cycles,
    pub(crate) stop_on_erase: bool,
    pub(crate) erase_started: Option<OperationId>,
    /// Calls the core back when the handler of a fault is entered.
    pub(crate) stop_on_fault: bool,
    pub(crate) fault_entered: Option<u16>,
    interrupts: InterruptWatch,
    holder: Holder,
    /// Words that were fetched from a window and are not what its device holds: it was busy, and answered nothing.
    window_lies: BTreeMap<u32, u32>,
}

impl Soc {
    pub(crate) fn new(chip: Arc<Chip>, board: Board) -> Result<Self, BuildError> {
        let mut peripherals = chip
            .peripherals
            .iter()
            .map(|spec| build(&chip, spec))
            .collect::<Result<Vec<_>, BuildError>>()?;
        let flash_port = peripherals
            .iter_mut()
            .position(|p| p.flash_port().is_some())
            .map(PeripheralId);
        let hsi = Hertz::new(chip.clocks.hsi.hz);
        // Blocks of one kind follow each other: a chip file in which they do not is refused.
        let memory = |kind: MemoryKind, base: u32| {
            let blocks = || chip.memories.iter().filter(move |m| m.kind == kind);
            let first = blocks().map(|m| m.base.0).min().unwrap_or(base);
            Memory::new(first, blocks().map(|m| m.size).sum(), 0)
        };
        let ccm = chip.memories.iter().find(|m| m.kind == MemoryKind::Ccm);
        let sram = memory(MemoryKind::Sram, 0x2000_0000);
        let view = chip
            .memories
            .iter()
            .find(|m| m.kind == MemoryKind::SramView);
        let sram_view = view.and_then(|m| Some((m.base.0, sram.size().checked_sub(m.size)?)));
        let shared = Shared {
            clock: Clock::new(hsi),
            clocks: ClockTree::from_hsi(hsi, Hertz::new(chip.clocks.lsi.hz)),
            board: board.oscillators,
            backup_access: false,
            pll_locked: false,
            sched: Scheduler::default(),
            irq: IrqLines::default(),
            irq_sharing: IrqSharing::of(&chip.peripherals),
            pins: Pins::default(),
            exti_port: [0; 16],
            remap: 0,
            nors: Vec::new(),
            flash: FlashArray::new(&chip.flash, board.timing, board.keep_lines_while_busy),
            log: Log::default(),
            outbox: Vec::new(),
            side_effects: 0,
            clocked: vec![true; peripherals.len()],
            irq_rose: BTreeMap::new(),
            pc: Addr(0),
        };
        Ok(Self {
            ccm: memory(MemoryKind::Ccm, 0x1000_0000),
            ccm_executable: ccm.is_some_and(|m| m.executable),
            sram,
            sram_view,
            next_event: Cycles::NEVER,
            shared,
            peripherals,
            wires: Vec::new(),
            blocks: Blocks::new(&chip),
            flash_port,
            mem_mode: chip.alias.boot,
            rom: Rom::Out,
            hclk_followed: hsi,
            chip,
            code_changes: Vec::new(),
            reset_cause: None,
            recall: false,
            dates_moved: false,
            held_until: Cycles::ZERO,
            stop_on_erase: false,
            erase_started: None,
            stop_on_fault: false,
            fault_entered: None,
            interrupts: InterruptWatch::default(),
            holder: Holder::default(),
            window_lies: BTreeMap::new(),
        })
    }

    /// The part.
    #[must_use]
    pub fn chip(&self) -> &Chip {
        &self.chip
    }

    /// What happened so far.
    #[must_use]
    pub const fn log(&self) -> &Log {
        &self.shared.log
    }

    /// The clock tree as it runs now.
    #[must_use]
    pub const fn clocks(&self) -> &ClockTree {
        &self.shared.clocks
    }

    /// When cycle `cycle` begins.
    #[must_use]
    pub fn time(&self, cycle: Cycles) -> Picos {
        self.shared.clock.time(cycle)
    }

    /// The peripheral called `name`.
    #[must_use]
    pub fn peripheral(&self, name: &str) -> Option<PeripheralId> {
        self.chip
            .peripherals
            .iter()
            .position(|p| p.name == name)
            .map(PeripheralId)
    }
}

fn build(chip: &Chip, spec: &PeripheralSpec) -> Result<Box<dyn Peripheral>, BuildError> {
    match flash::controller(chip, spec) {
        Some(controller) => Ok(controller),
        None => crate::periph::build(spec, &chip.peripherals),
    }
}
