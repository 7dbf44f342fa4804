//! QUADSPI (L4, F446, F469): indirect, automatic polling and memory-mapped mode, over the devices of [`nor`](crate::nor).
//!
//! Sources: svd/STM32L451.svd (offsets, bits, reset values), reference/i2c_spi_qspi.md s4 (RM0440, same block \[S proxy\]). Behaviour that is
//! cited by manual section is from memory \[M\] unless the row says otherwise.
//!
//! | register or behaviour | source | test |
//! |---|---|---|
//! | a command starts when CCR, AR or DR is written, whichever is the last thing that it needs | RM0351 s17.3.5 | `a_command_starts_with_the_last_thing_that_it_needs` |
//! | each phase takes its bits, divided by its lines, in clocks of HCLK / (PRESCALER + 1) | reference s4 \[D\] | `phases_take_their_clocks` |
//! | chip select stays high for CSHT + 1 clocks between commands | DCR.CSHT | `chip_select_stays_high_between_commands` |
//! | FTF by FTHRES, FLEVEL; a read that is through shows FTF as long as there is data; BUSY until the FIFO is empty | RM0351 s17.3.10, SR | `the_fifo_and_its_flags` |
//! | DR without data, or without room, holds the bus until there is | RM0351 s17.3.5 | `dr_waits_for_its_data` |
//! | CCR, AR, DLR, ABR are frozen while BUSY; a finding | reference s4 \[S proxy\] | `what_is_frozen_while_busy_stays` |
//! | TEF for an address behind FSIZE | RM0351 SR | `an_address_behind_the_end_is_an_error` |
//! | automatic polling: match of all or of any masked bits, interval PIR, APMS | RM0351 s17.3.6 | `polling_waits_for_the_end_of_an_erase` |
//! | a new CCR empties the FIFO: nobody reads the status that polling leaves there | \[D\]: ST's HAL does not, and goes on to write | `a_status_that_nobody_read_is_forgotten` |
//! | memory-mapped: a read takes its phases once; in sequence only its bytes; the device sends ahead until the FIFO is full | reference s4 | `a_mapped_read_takes_its_phases_once`, `the_fifo_fills_behind_the_last_access` |
//! | SIOO: the instruction goes out once | RM0351 s17.3.12 | `sioo_leaves_the_instruction_out` |
//! | BUSY from the first access on, to the time-out (TCEN, LPTR: TOF), ABORT or EN = 0 | reference s4 \[S proxy\] | `busy_ends_with_the_time_out` |
//! | a bus error with EN = 0, outside of memory-mapped mode, behind FSIZE, and for writes | reference s4 \[S proxy\] | `the_window_refuses_what_is_not_mapped` |
//! | ABORT ends everything, empties the FIFO and sets TCF | RM0351 s17.3.15 | `abort_ends_everything` |
//! | DMAEN: a request as long as FTF is 1 | RM0351 s17.3.10 | `dma_is_asked_as_long_as_the_threshold_is_met`, `quadspi::dma_reads_the_device` |
//! | interrupts: TE, TC, FT, SM, TO on one line | CR | `interrupts_follow_their_flags` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | DDR, dual flash, sample shift | no scenario uses them | unmodelled; finding (SSHIFT is kept) |
//! | pins of the QUADSPI | a table for each part | the lines are always connected |
//! | the AHB cycles of an access, and the clocks between the last bit and the flags | no figure | none |
//! | an erratum: the first mapped read behind an indirect command can be wrong | depends on revision | right |
//! | DMA from the window | the core reads it | bus error of the DMA |
//! | an abort in the middle of instruction or address | depends on the phase | they have been sent |

mod bits;
mod fifo;
mod indirect;
mod link;
mod mapped;
#[cfg(test)]
mod tests;

use bits::{
    ABR, AR, CCR, CR, Ccr, Cr, DCR, DLR, DR, FCR, FLEVEL, LPTR, Mode, NAMES, PIR, PSMAR, PSMKR, SR,
    Sr,
};
use fifo::Fifo;
use indirect::Transfer;
use link::Link;
use mapped::Stream;

use crate::Picos;
use crate::chip::PeripheralSpec;
use crate::periph::build::{BuildError, int, only_irq};
use crate::periph::registers::{left_out, name_of};
use crate::periph::{Cx, DmaLine, Peripheral, Refusal, Register, Signal};
use crate::sched::EventId;

/// A byte is through.
const BYTE: u32 = 0;
/// A command without data is through.
const OVER: u32 = 1;
/// A status is there, or is to be read again.
const POLL: u32 = 2;
/// The time-out counter.
const TIME_OUT: u32 = 3;

/// What is going on.
#[derive(Clone, Debug)]
enum State {
    Idle,
    /// A command without data, which is over at the event.
    Closing(Link, EventId),
    Transfer(Transfer),
    Polling {
        link: Link,
        /// What was read; `None`: in between.
        status: Option<u32>,
        event: EventId,
    },
    Mapped(Option<Stream>),
}

/// A QUADSPI.
#[derive(Clone, Debug)]
pub(super) struct QuadSpi {
    name: String,
    irq: u16,
    cr: Cr,
    dcr: u32,
    /// The flags that stay until they are cleared. FTF is here in automatic polling only.
    flags: Sr,
    dlr: u32,
    ccr: Ccr,
    ar: u32,
    abr: u32,
    psmkr: u32,
    psmar: u32,
    pir: u32,
    lptr: u32,
    fifo: Fifo,
    state: State,
    /// The instruction went out since CCR was written.
    instruction_sent: bool,
    /// Chip select may fall again.
    free_at: Picos,
    told_nobody: bool,
    /// The level of the request to DMA.
    requested: bool,
}

impl QuadSpi {
    pub(super) fn build(spec: &PeripheralSpec) -> Result<Self, BuildError> {
        let depth = match int(spec, "fifo")? {
            Some(depth @ (16 | 32)) => depth as usize,
            _ => return Err(BuildError::missing(spec, "`fifo`, 16 or 32 bytes")),
        };
        Ok(Self {
            name: spec.name.clone(),
            irq: only_irq(spec)?,
            cr: Cr::empty(),
            dcr: 0,
            flags: Sr::empty(),
            dlr: 0,
            ccr: Ccr::default(),
            ar: 0,
            abr: 0,
            psmkr: 0,
            psmar: 0,
            pir: 0,
            lptr: 0,
            fifo: Fifo::new(depth),
            state: State::Idle,
            instruction_sent: false,
            free_at: Picos::ZERO,
            told_nobody: false,
            requested: false,
        })
    }

    fn is_busy(&self) -> bool {
        match self.state {
            State::Idle => self.ccr.mode() == Mode::IndirectRead && self.fifo.len() > 0,
            State::Mapped(None) => false,
            _ => true,
        }
    }

    fn sr(&self) -> u32 {
        let mut sr = self.flags;
        sr.set(Sr::BUSY, self.is_busy());
        let threshold = self.cr.threshold();
        let on = self.cr.contains(Cr::EN);
        match self.ccr.mode() {
            Mode::IndirectWrite => {
                let data = self.ccr.data_lines().is_some();
                sr.set(Sr::FTF, on && data && self.fifo.free() >= threshold);
            }
            Mode::IndirectRead => {
                let through = matches!(self.state, State::Idle) && self.fifo.len() > 0;
                sr.set(Sr::FTF, through || self.fifo.len() >= threshold);
            }
            Mode::AutomaticPolling | Mode::MemoryMapped => {}
        }
        sr.bits() | (self.fifo.len() as u32) << FLEVEL
    }

    fn drive(&mut self, cx: &mut Cx<'_>) {
        let sr = Sr::from_bits_truncate(self.sr());
        let high = [
            (Cr::TEIE, Sr::TEF),
            (Cr::TCIE, Sr::TCF),
            (Cr::FTIE, Sr::FTF),
            (Cr::SMIE, Sr::SMF),
            (Cr::TOIE, Sr::TOF),
        ]
        .into_iter()
        .any(|(enable, flag)| self.cr.contains(enable) && sr.contains(flag));
        cx.irq(self.irq, high);
        let high = self.cr.contains(Cr::DMAEN) && sr.contains(Sr::FTF);
        if std::mem::replace(&mut self.requested, high) != high {
            cx.send(Signal::DmaRequest {
                from: cx.id,
                line: DmaLine::Data,
                high,
            });
        }
    }

    fn write_cr(&mut self, cx: &mut Cx<'_>, value: u32) -> Result<(), Refusal> {
        let was_on = self.cr.contains(Cr::EN);
        self.cr = Cr::from_bits_truncate(value) - Cr::ABORT;
        if value & Cr::ABORT.bits() != 0 {
            self.stop(cx);
            self.flags.insert(Sr::TCF);
        }
        match (was_on, self.cr.contains(Cr::EN)) {
            (true, false) => self.stop(cx),
            (false, true) if self.ccr.mode() == Mode::MemoryMapped => self.map(cx),
            _ => {}
        }
        if self.cr.contains(Cr::DFM) {
            return left_out(cx, &format!("dual-flash mode of {}", self.name));
        }
        Ok(())
    }

    /// The window shows the device from now on.
    fn map(&mut self, cx: &mut Cx<'_>) {
        self.state = State::Mapped(None);
        let port = cx.id;
        cx.send(Signal::WindowChanged { port });
    }

    fn write_ccr(&mut self, cx: &mut Cx<'_>, value: u32) -> Result<(), Refusal> {
        self.ccr = Ccr(value);
        (self.instruction_sent, self.state) = (false, State::Idle);
        self.fifo.clear();
        self.flags.remove(Sr::FTF);
        if value & Ccr::DDRM != 0 {
            return left_out(cx, &format!("double data rate of {}", self.name));
        }
        let sends = self.ccr.instruction_lines().is_some() || self.ccr.alternate_lines().is_some();
        let on = self.cr.contains(Cr::EN);
        match self.ccr.mode() {
            Mode::MemoryMapped if on => self.map(cx),
            _ if on && sends && self.ccr.address_lines().is_none() && self.needs_no_data() => {
                self.start(cx);
            }
            _ => {}
        }
        Ok(())
    }

    /// Does nothing of the command's data come from firmware?
    fn needs_no_data(&self) -> bool {
        match self.ccr.mode() {
            Mode::IndirectWrite => self.ccr.data_lines().is_none(),
            Mode::IndirectRead | Mode::AutomaticPolling => true,
            Mode::MemoryMapped => false,
        }
    }

    fn write_ar(&mut self, cx: &mut Cx<'_>, value: u32) {
        self.ar = value;
        let on = self.cr.contains(Cr::EN);
        if on && self.ccr.address_lines().is_some() && self.needs_no_data() {
            self.start(cx);
        }
    }

    fn write_dr(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        let count = reg.size.bytes();
        let writes = self.ccr.mode() == Mode::IndirectWrite && self.ccr.data_lines().is_some();
        if !self.cr.contains(Cr::EN) || !writes {
            return Ok(());
        }
        if let Some(at) = self.room_at(count as usize) {
            return Err(Refusal::WaitUntil(at));
        }
        let value = value >> reg.mask.trailing_zeros();
        for n in 0..count {
            self.fifo.push((value >> (8 * n)) as u8);
        }
        match self.state {
            State::Idle => self.start(cx),
            _ => self.go_on(cx),
        }
        Ok(())
    }

    fn read_dr(&mut self, cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        cx.side_effect();
        let count = reg.size.bytes();
        if let Some(at) = self.data_at(count as usize) {
            return Err(Refusal::WaitUntil(at));
        }
        if self.ccr.mode() == Mode::IndirectWrite {
            return Ok(0);
        }
        let word = self.fifo.word(count) << reg.mask.trailing_zeros();
        self.flags.remove(Sr::FTF);
        self.go_on(cx);
        self.drive(cx);
        Ok(word)
    }

    /// Registers that are frozen while a command runs.
    fn frozen(&self, cx: &mut Cx<'_>, offset: u32) -> bool {
        let frozen = self.is_busy()
            && matches!(
                offset,
                DCR | DLR | CCR | AR | ABR | PIR | PSMKR | PSMAR | LPTR
            );
        // ST's HAL writes AR behind every CCR that reads: without an address phase nothing is lost by that.
        let harmless = offset == AR && self.ccr.address_lines().is_none();
        if frozen && !harmless {
            let name = &self.name;
            let register = name_of(NAMES, offset).unwrap_or_default();
            cx.find("quadspi-written-while-busy", || {
                format!("{name}_{register} was written with BUSY = 1: ignored")
            });
        }
        frozen
    }
}

impl Peripheral for QuadSpi {
    fn read(&mut self, cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        Ok(match reg.offset {
            CR => self.cr.bits(),
            DCR => self.dcr,
            SR => self.sr(),
            FCR => 0,
            DLR => self.dlr,
            CCR => self.ccr.0,
            AR => self.ar,
            ABR => self.abr,
            DR => return self.read_dr(cx, reg),
            PSMKR => self.psmkr,
            PSMAR => self.psmar,
            PIR => self.pir,
            LPTR => self.lptr,
            _ => return Err(Refusal::Unmodelled),
        })
    }

    fn write(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        if self.frozen(cx, reg.offset) {
            return Ok(());
        }
        let mut result = Ok(());
        match reg.offset {
            CR => result = self.write_cr(cx, reg.merge(self.cr.bits(), value)),
            DCR => self.dcr = reg.merge(self.dcr, value) & 0x001F_0701,
            SR => {}
            FCR => self
                .flags
                .remove(Sr::from_bits_truncate(value & reg.mask) & Sr::CLEARABLE),
            DLR => self.dlr = reg.merge(self.dlr, value),
            CCR => result = self.write_ccr(cx, reg.merge(self.ccr.0, value)),
            AR => {
                let value = reg.merge(self.ar, value);
                self.write_ar(cx, value);
            }
            ABR => self.abr = reg.merge(self.abr, value),
            DR => result = self.write_dr(cx, reg, value),
            PSMKR => self.psmkr = reg.merge(self.psmkr, value),
            PSMAR => self.psmar = reg.merge(self.psmar, value),
            PIR => self.pir = reg.merge(self.pir, value) & 0xFFFF,
            LPTR => self.lptr = reg.merge(self.lptr, value) & 0xFFFF,
            _ => return Err(Refusal::Unmodelled),
        }
        self.drive(cx);
        result
    }

    fn event(&mut self, cx: &mut Cx<'_>, token: u32) {
        match (token, &self.state) {
            (BYTE, _) => self.byte_through(cx),
            (OVER, State::Closing(link, _)) => {
                let link = *link;
                self.close(cx, &link);
            }
            (POLL, State::Polling { link, status, .. }) => {
                let (link, status) = (*link, *status);
                self.polled(cx, link, status);
            }
            (TIME_OUT, _) => self.timed_out(cx),
            _ => {}
        }
        self.drive(cx);
    }

    fn reset(&mut self, cx: &mut Cx<'_>) {
        self.ccr = Ccr::default();
        self.stop(cx);
        self.cr = Cr::empty();
        self.flags = Sr::empty();
        (self.dcr, self.dlr, self.ar, self.abr) = (0, 0, 0, 0);
        (self.psmkr, self.psmar, self.pir, self.lptr) = (0, 0, 0, 0);
        self.instruction_sent = false;
        self.drive(cx);
    }

    fn register_name(&self, offset: u32) -> Option<&'static str> {
        name_of(NAMES, offset)
    }

    fn window_read(&mut self, cx: &mut Cx<'_>, offset: u32, size: u32) -> Result<u32, Refusal> {
        let result = self.window(cx, offset, size);
        self.drive(cx);
        result
    }

    fn boxed_clone(&self) -> Box<dyn Peripheral> {
        Box::new(self.clone())
    }
}
