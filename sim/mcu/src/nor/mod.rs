//! Serial NOR flash on a board: a device with a chip select, a clock and up to four data lines, whoever drives them.
//!
//! A host selects it, clocks bits in and out, and releases it; each call bears its time, and the device needs no events: BUSY ends when
//! somebody looks after its end. [`periph::spi`](crate::periph) is a host.
//!
//! Sources: reference/i2c_spi_qspi.md s3; what no row cites is from the data sheets of the W25Q64JV and W25Q128JV, from memory \[M\].
//! Figures are in the part files (`sim/mcu/nor/`), each with its source.
//!
//! | behaviour | source | test |
//! |---|---|---|
//! | while BUSY only status reads, suspend and reset are heeded; everything else is ignored and reads FFh | reference s3 \[S\]; that DO floats \[D\] | `while_busy_only_status_suspend_and_reset_are_heeded` |
//! | a program or erase needs WEL, which goes when it ends | reference s3 \[S\]; a W25Q16JV measured on a board (SR1 02 after 06, 03 while busy, 00 after) \[S proxy\] | `wel_is_needed_and_goes_with_the_operation` |
//! | programming clears bits only, wraps in its page of 256 bytes, and of more than 256 bytes the last count | same board \[S proxy\]; the last \[M\] | `a_program_wraps_in_its_page` |
//! | chip select that rises in the middle of a byte, or behind too much, makes an instruction void | reference s3 \[S\] | `an_instruction_that_is_cut_short_is_void` |
//! | erase of 4, 32, 64 KB around the address, and of all | reference s3 \[S\] | `erases_take_the_block_around_the_address` |
//! | 01h writes register 1 and, with a second byte, 2; 31h, 11h; after 50h at once and until a reset | Winbond data sheets, write status register \[S proxy\] | `status_registers_are_written_for_good_or_until_reset` |
//! | 50h does not set WEL | same | same |
//! | BP, TB, SEC, CMP protect from program and erase | data sheet, memory protection tables \[M\] | `protected_addresses_are_not_written`, `status` tests |
//! | four lines need QE, which is fixed at 1 on the option IQ | \[S proxy\], see the part files | `four_lines_need_qe` |
//! | 3Bh, 6Bh, BBh, EBh: phases on their lines, mode bits, dummy clocks; mode bits 5-4 = 10 let the next selection begin with its address | data sheet 8.2 \[M\] | `reads_on_two_and_four_lines`, `continuous_read_needs_no_opcode` |
//! | 77h: an EBh wraps in 8, 16, 32 or 64 bytes | data sheet 8.2.13 \[M\] | `a_burst_wraps` |
//! | suspend: BUSY goes and SUS comes after tSUS; erase that is suspended lets other sectors be read and programmed; resume goes on for what was left | data sheet 8.2.18 \[M\] | `a_suspended_erase_goes_on_where_it_was` |
//! | 66h then 99h, with nothing between, reset after tRST; what ran is cut short | data sheet 8.2.43 \[M\] | `a_reset_needs_both_and_cuts_short` |
//! | power-down heeds nothing but ABh, and is deaf for tRES1 behind that | data sheet \[M\] | `power_down_heeds_release_only` |
//! | ids by 9Fh, 90h, ABh, 4Bh; 5Ah reads the SFDP table | reference s3 \[S\], values in the part files | `ids_are_those_of_the_part` |
//! | a program takes tBP1 + n tBP2, and tPP at most | data sheet, note to the AC characteristics \[M\] | `part` tests |
//! | reads go on round the end of the array | data sheet 8.2.6 \[M\] | `reads_go_round_the_end` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | security registers (42h, 44h, 48h), block locks (WPS, 36h, 39h, 3Dh, 7Eh, 98h), QPI, DTR | no scenario uses them | the instruction is ignored as unknown, and reported |
//! | /WP and /HOLD pins | not wired | SRP has no effect; SRL locks until a power cycle |
//! | limits of the clock (50 MHz of 03h), setup and hold times of chip select | no electrical model | any clock is followed |
//! | endurance, and what a cut operation leaves behind | undefined on silicon | it counts as done, and is marked |
//! | a read of the sector that a suspended operation is at work on | undefined on silicon | FFh, and counted |
//! | WEL while an operation is suspended | not documented | stays as it was |
//! | loss of power | no scenario switches it off | a reset of the chip is none of the flash |

mod cells;
mod command;
mod execute;
mod frame;
mod part;
mod record;
mod socket;
mod status;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use flashstall_cpu::Addr;

pub use command::{Lines, command_name};
pub use part::{
    NorGeometry, NorId, NorPart, NorPartError, NorSfdp, NorStatus, NorTiming, NorTimings,
};
pub use record::{NorIgnored, NorLog, NorOperation, NorRefusal};
pub use socket::NorSocket;

use crate::Picos;
use crate::log::Snapshot;
use cells::Cells;
use command::{Command, Data, Effect, Source};
use execute::{Running, Suspended};
use frame::{Frame, Phase};
use status::{Bits, Status};

/// Mode bits 5 and 4, and what they must be for the next selection to begin with its address.
const CONTINUOUS: (u32, u32) = (0x30, 0x20);

/// One device.
#[derive(Clone, Debug)]
pub struct Nor {
    part: Arc<NorPart>,
    timing: NorTiming,
    cells: Cells,
    status: Status,
    frame: Frame,
    running: Option<Running>,
    /// When the running operation will have stopped, after a suspend.
    suspends_at: Option<Picos>,
    suspended: Option<Suspended>,
    /// 66h was the last instruction.
    reset_enabled: bool,
    /// 50h came, and no write to the status registers since.
    volatile_write: bool,
    down: bool,
    /// Not back from reset or power-down before this.
    ready_at: Picos,
    /// The read that the next selection goes on with, without an opcode.
    continuous: Option<&'static Command>,
    /// Bytes in which quad reads wrap.
    wrap: Option<u32>,
    log: NorLog,
}

impl Nor {
    /// An erased device.
    #[must_use]
    pub fn new(part: Arc<NorPart>, timing: NorTiming) -> Self {
        Self {
            cells: Cells::erased(part.geometry.size),
            status: Status::new(&part),
            timing,
            frame: Frame::released(),
            running: None,
            suspends_at: None,
            suspended: None,
            reset_enabled: false,
            volatile_write: false,
            down: false,
            ready_at: Picos::ZERO,
            continuous: None,
            wrap: None,
            log: NorLog::default(),
            part,
        }
    }

    /// The part.
    #[must_use]
    pub fn part(&self) -> &NorPart {
        &self.part
    }

    /// How long things take here.
    #[must_use]
    pub const fn timing(&self) -> &NorTiming {
        &self.timing
    }

    /// What happened so far.
    #[must_use]
    pub const fn log(&self) -> &NorLog {
        &self.log
    }

    /// Has it begun or refused something since the last [`attribute`](Self::attribute), and is it to be known who asked?
    #[must_use]
    pub fn wants_caller(&self) -> bool {
        self.log.wants_caller()
    }

    /// The core at its first access to any device behind that.
    pub fn attribute(&mut self, caller: Snapshot) {
        self.log.attribute(caller);
    }

    /// Puts `bytes` at `address`, as the board comes. False, and nothing happens, if they do not fit.
    #[must_use]
    pub fn load(&mut self, address: u32, bytes: &[u8]) -> bool {
        let fits = u64::from(address) + bytes.len() as u64 <= u64::from(self.cells.size());
        if fits {
            for (at, byte) in (address..).zip(bytes) {
                self.cells.set(at, *byte);
            }
        }
        fits
    }

    /// A debugger's look at the array: what the operations that are over by `at` have left. No side effect.
    #[must_use]
    pub fn contents(&self, at: Picos, address: u32, length: u32) -> Vec<u8> {
        let mut settled = self.clone();
        settled.settle(at);
        (0..length)
            .map(|n| settled.cells.byte(address.wrapping_add(n)))
            .collect()
    }

    /// The word at `address` of the array, as it is now, whether the device would answer or not.
    #[must_use]
    pub fn word(&self, address: u32) -> u32 {
        let byte = |n| self.cells.byte(address.wrapping_add(n));
        u32::from_le_bytes([byte(0), byte(1), byte(2), byte(3)])
    }

    /// Is BUSY 1 at `at`, and until when?
    #[must_use]
    pub fn busy_until(&self, at: Picos) -> Option<Picos> {
        let running = self.running.as_ref()?;
        let end = self.suspends_at.map_or(running.end, |t| t.min(running.end));
        (end > at).then_some(end)
    }

    /// Chip select falls.
    pub fn select(&mut self, at: Picos) {
        self.settle(at);
        self.frame = Frame::released();
        self.frame.enter(Phase::Instruction);
        if let Some(command) = self.continuous.filter(|_| self.is_ready(at)) {
            self.frame.command = Some(command);
            self.frame.enter(Phase::Address);
        }
    }

    /// Is chip select low?
    #[must_use]
    pub fn is_selected(&self) -> bool {
        self.frame.phase != Phase::Released
    }

    /// Chip select rises: what the instruction asks for is done now.
    pub fn release(&mut self, at: Picos) {
        self.settle(at);
        let frame = std::mem::replace(&mut self.frame, Frame::released());
        match frame.phase {
            Phase::Released | Phase::Deaf => {}
            Phase::Instruction if frame.taken == 0 => {}
            Phase::Instruction => self.refuse(frame.bits as u8, at, NorRefusal::CutShort, frame.pc),
            _ => self.end_of(&frame, at),
        }
    }

    /// One clock at `at`: the host drives `io` (IO0 is bit 0; what it does not drive is 1), the device answers with what it drives (what it does not
    /// drive is 1). `pc` is who sends, for the log. A device that is not selected hears nothing.
    pub fn clock(&mut self, at: Picos, pc: Addr, io: u8) -> u8 {
        const NOT_DRIVEN: u8 = 0xF;
        let frame = &mut self.frame;
        match frame.phase {
            Phase::Released | Phase::Deaf => {}
            Phase::Instruction => {
                frame.pc = pc;
                if let Some(opcode) = frame.take(io, Lines::One, 8) {
                    self.begin(opcode as u8, at);
                }
            }
            Phase::Address => {
                let lines = frame.command.and_then(|c| c.address).unwrap_or(Lines::One);
                if let Some(address) = frame.take(io, lines, 24) {
                    frame.address = address;
                    self.next_phase();
                }
            }
            Phase::Mode => {
                let lines = frame.command.and_then(|c| c.address).unwrap_or(Lines::One);
                if let Some(mode) = frame.take(io, lines, 8) {
                    let (mask, wanted) = CONTINUOUS;
                    self.continuous = frame.command.filter(|c| {
                        matches!(c.data, Data::Out(Source::Array, _)) && mode & mask == wanted
                    });
                    self.next_phase();
                }
            }
            Phase::Dummy => {
                frame.taken += 1;
                if frame
                    .command
                    .is_none_or(|c| frame.taken >= u32::from(c.dummy))
                {
                    self.next_phase();
                }
            }
            Phase::Data => return self.data_clock(at, io),
        }
        NOT_DRIVEN
    }

    /// Clocks `count` bits (at most 32) of `word` on one line, most significant first; returns what came on IO1.
    pub fn exchange(&mut self, at: Picos, pc: Addr, word: u32, count: u8) -> u32 {
        let mut answer = 0;
        for n in (0..u32::from(count.min(32))).rev() {
            let io = 0b1110 | (word >> n & 1) as u8;
            answer = answer << 1 | u32::from(self.clock(at, pc, io) >> 1 & 1);
        }
        answer
    }

    fn data_clock(&mut self, at: Picos, io: u8) -> u8 {
        if let Some((source, lines)) = self.frame.reads() {
            if self.frame.taken == 0 {
                self.frame.out = self.next_byte(source, at);
            }
            let levels = self.frame.give(lines);
            if self.frame.taken >= 8 {
                self.frame.taken = 0;
                self.frame.bytes = self.frame.bytes.wrapping_add(1);
            }
            return levels;
        }
        let frame = &mut self.frame;
        match frame.command.map(|c| (c.data, c.effect)) {
            Some((Data::In(lines), effect)) => {
                if let Some(byte) = frame.take(io, lines, 8) {
                    frame.put(byte as u8, effect == Effect::Program);
                }
            }
            _ => frame.taken = frame.taken.saturating_add(1),
        }
        0xF
    }

    fn next_phase(&mut self) {
        if let Some(command) = self.frame.command {
            let next = Frame::after(command, self.frame.phase);
            self.frame.enter(next);
        }
    }

    /// An opcode is complete.
    fn begin(&mut self, opcode: u8, at: Picos) {
        self.settle(at);
        let reset_enabled = std::mem::take(&mut self.reset_enabled);
        let known = command::command(opcode);
        let refusal = if at < self.ready_at {
            Some(NorRefusal::NotReady {
                until: self.ready_at,
            })
        } else if self.down && opcode != RELEASE {
            Some(NorRefusal::PowerDown)
        } else {
            match known {
                Some(command) if command.while_busy => None,
                _ if self.running.is_some() => Some(NorRefusal::Busy {
                    until: self.busy_until(at).unwrap_or(at),
                }),
                None => Some(NorRefusal::Unknown),
                Some(command) if command.is_quad() && !self.status.has(Bits::QE) => {
                    Some(NorRefusal::QuadDisabled)
                }
                Some(_) => None,
            }
        };
        if let Some(why) = refusal {
            self.refuse(opcode, at, why, self.frame.pc);
            self.frame.enter(Phase::Deaf);
            return;
        }
        // A reset must follow its enabling at once, so this is looked at when it is released.
        self.reset_enabled = reset_enabled && opcode == RESET;
        *self.log.commands.entry(opcode).or_default() += 1;
        self.frame.command = known;
        self.next_phase();
    }

    fn is_ready(&self, at: Picos) -> bool {
        at >= self.ready_at && !self.down && self.running.is_none()
    }

    fn refuse(&mut self, opcode: u8, at: Picos, why: NorRefusal, pc: Addr) {
        self.log.ignored.push(NorIgnored {
            opcode,
            at,
            why,
            pc,
            caller: None,
        });
    }

    /// The byte that goes out next.
    fn next_byte(&mut self, source: Source, at: Picos) -> u8 {
        let n = self.frame.bytes;
        let id = &self.part.id;
        match source {
            Source::Array => {
                let byte = self.array_byte(self.frame.address);
                self.frame.address = self.following(self.frame.address);
                byte
            }
            Source::Status(index) => {
                self.settle(at);
                self.status.byte(index)
            }
            Source::Jedec => id.jedec.get(n as usize).copied().unwrap_or(0xFF),
            Source::ManufacturerDevice => {
                let [manufacturer, ..] = id.jedec;
                if (self.frame.address ^ n) & 1 == 0 {
                    manufacturer
                } else {
                    id.device
                }
            }
            Source::Device => id.device,
            Source::Unique => id.unique.get(n as usize).copied().unwrap_or(0xFF),
            Source::Sfdp => self
                .part
                .sfdp
                .byte(self.frame.address.wrapping_add(n) & 0xFF),
        }
    }

    fn array_byte(&mut self, address: u32) -> u8 {
        self.log.bytes_read += 1;
        let address = address & (self.cells.size() - 1);
        if self
            .suspended
            .as_ref()
            .is_some_and(|s| s.touches(address, 1))
        {
            self.log.undefined_reads += 1;
            return 0xFF;
        }
        self.cells.byte(address)
    }

    /// The address that is read behind `address`.
    fn following(&self, address: u32) -> u32 {
        let quad_io = self.frame.command.is_some_and(|c| c.opcode == QUAD_IO);
        match self.wrap.filter(|_| quad_io) {
            Some(length) => address & !(length - 1) | address.wrapping_add(1) & (length - 1),
            None => address.wrapping_add(1),
        }
    }
}

const RESET: u8 = 0x99;
const RELEASE: u8 = 0xAB;
const QUAD_IO: u8 = 0xEB;
