//! What a peripheral is, and what it may touch.
//!
//! A peripheral is registers at offsets, events in its own numbering, and signals to and from the others.
//! It sees the rest of the chip only through [`Cx`]: the clock tree, the event queue, its interrupt lines, pins,
//! the flash array's busy state and the log. It never calls another peripheral; it sends a [`Signal`], which
//! the chip delivers when the call is over.

mod afio;
mod backup;
mod backup_ram;
mod build;
mod bxcan;
mod crc;
mod crc_v1;
mod dbgmcu;
mod device_id;
mod dma;
mod dma_stream;
mod exti;
mod gpio;
mod gpio_v1;
mod i2c;
mod irq_sharing;
mod iwdg;
mod otg;
mod pins;
mod pwr;
mod pwr_f4;
mod pwr_l1;
mod pwr_l4;
mod quadspi;
mod rcc;
mod rcc_lp;
pub(crate) mod registers;
mod rtc_v1;
mod rtc_v2;
mod spi;
mod syscfg;
mod syscfg_f4;
mod syscfg_lp;
#[cfg(test)]
pub(crate) mod testbench;
mod timer;
mod usart;
mod wwdg;

pub use build::{BuildError, build};
pub use dma::{DmaAccess, DmaBeat, DmaLine, DmaPort, DmaStop};
pub use i2c::{HoldReason, I2cAnswer, I2cHold, I2cPort, I2cStep};
pub use irq_sharing::IrqSharing;

use std::collections::BTreeMap;

use flashstall_cpu::{Addr, Core, Cycles, FaultKind, IrqLines, Size};

use crate::clock::Clock;
use crate::flash::{FlashArray, OptionError, OptionSettings};
use crate::log::{Log, ResetCause};
use crate::nor::NorSocket;
use crate::sched::{EventId, Scheduler, Target};
use crate::wire::{CanFrame, CanNode, CanOffer, WireId};
use crate::{ClockTree, Hertz, Picos};

/// Index of a peripheral in its chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeripheralId(pub usize);

/// A GPIO pin: port 0 is A.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pin {
    /// 0 is port A.
    pub port: u8,
    /// 0 to 15.
    pub number: u8,
}

/// How a pin is configured, as far as others must know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PinMode {
    /// Digital input.
    Input,
    /// General-purpose output.
    Output,
    /// Connected to the peripheral with this alternate-function number.
    Alternate(u8),
    /// Analog: the digital input is cut off.
    #[default]
    Analog,
}

/// Number of GPIO ports that a part can have: A to K.
pub const PORTS: usize = 11;

/// State of all pins, as the board drives them and as GPIO configures them.
#[derive(Clone, Debug, Default)]
pub struct Pins {
    /// Level at the input of each port, bit n is pin n.
    pub input: [u16; PORTS],
    /// Output data registers.
    pub output: [u16; PORTS],
    /// Pins that something outside drives; the others follow pull-ups, pull-downs or the output.
    pub driven: [u16; PORTS],
    /// Mode of each pin.
    pub mode: [[PinMode; 16]; PORTS],
    /// Pins of which others must know whether the chip pulls them low: chip selects on the board.
    pub watched: [u16; PORTS],
    /// Of these, the pins that it does pull low.
    pub held_low: [u16; PORTS],
}

/// What one peripheral tells the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// The clock tree changed: rates that were derived from it are stale.
    ClocksChanged,
    /// The level at the input of a pin changed.
    PinChanged {
        /// Which pin.
        pin: Pin,
        /// Its new level.
        high: bool,
        /// The edge on a pin wire that did it, if it is one that counts.
        unit: Option<(WireId, u32)>,
    },
    /// The chip begins or ceases to pull a [watched](Pins::watched) pin low.
    ChipDrives {
        /// Which pin.
        pin: Pin,
        /// It does now.
        low: bool,
    },
    /// A running counter of this chip must raise an EXTI line (RTC alarm, comparator, ...).
    ExtiLine(u8),
    /// The memory shown at address 0 changed (SYSCFG MEM_MODE value).
    Remap(u8),
    /// The two banks of flash show in each other's place, or in their own (SYSCFG FB_MODE).
    SwapBanks(bool),
    /// The boot loader in system memory starts an image: that of bank 2, which it has put into the place of bank 1, or that of bank 1.
    BootedByRom {
        /// It is bank 2.
        bank2: bool,
    },
    /// What shows in the window of a peripheral changed.
    WindowChanged {
        /// The peripheral.
        port: PeripheralId,
    },
    /// Reset the chip.
    Reset(ResetCause),
    /// A flash operation ended.
    FlashDone {
        /// The first bank that it kept busy, from 1.
        bank: u8,
    },
    /// The bus is done with the frame that a node offered.
    CanFrameDone {
        /// The node's wire.
        wire: WireId,
    },
    /// The RTS output of a USART changed.
    RtsChanged {
        /// The USART.
        port: PeripheralId,
    },
    /// A USART has sent a character on a pin that it is connected to: the far end hears it.
    UartSent {
        /// The USART.
        port: PeripheralId,
        /// What it sent.
        character: Transmitted,
    },
    /// An I2C controller holds SCL, has let it go, or holds it for another reason: the master of its bus looks again.
    SclChanged {
        /// The controller.
        port: PeripheralId,
    },
    /// A CAN controller has sent a frame, and somebody acknowledged it: the other nodes hear it.
    CanSent {
        /// The controller.
        port: PeripheralId,
        /// What it sent.
        sent: CanTransmitted,
    },
    /// RCC asserts this peripheral's reset bit.
    PeripheralReset(PeripheralId),
    /// A request line to the DMA controllers changed.
    DmaRequest {
        /// Whose.
        from: PeripheralId,
        /// Which of its lines.
        line: DmaLine,
        /// Its level.
        high: bool,
    },
    /// A DMA controller is on the bus: move the unit that its [`DmaPort`] tells.
    DmaBeat {
        /// The controller.
        controller: PeripheralId,
    },
}

/// What oscillates on the board, for RCC to switch on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Oscillators {
    /// Crystal or clock at OSC_IN.
    pub hse: Option<Hertz>,
    /// Crystal at OSC32_IN.
    pub lse: Option<Hertz>,
}

/// What all peripherals share.
#[derive(Clone, Debug)]
pub struct Shared {
    /// Cycles to time.
    pub clock: Clock,
    /// Frequencies of the buses and kernels.
    pub clocks: ClockTree,
    /// What the board offers RCC.
    pub board: Oscillators,
    /// PWR_CR.DBP: may the backup domain be written?
    pub backup_access: bool,
    /// Is the main PLL of an F4 locked? Its regulator takes the voltage scale only then.
    pub pll_locked: bool,
    /// Events.
    pub sched: Scheduler,
    /// Interrupt lines.
    pub irq: IrqLines,
    /// Who drives lines that several peripherals have.
    pub irq_sharing: IrqSharing,
    /// Pins.
    pub pins: Pins,
    /// For each EXTI line 0..=15 the port that SYSCFG (or AFIO) routes to it.
    pub exti_port: [u8; 16],
    /// AFIO_MAPR of an F1: which pins its peripherals are on. 0 on other parts.
    pub remap: u32,
    /// Serial flashes on the board.
    pub nors: Vec<NorSocket>,
    /// Main flash: contents, banks, running operation, read interface.
    pub flash: FlashArray,
    /// What happened.
    pub log: Log,
    /// Signals to deliver.
    pub outbox: Vec<Signal>,
    /// See [`Bus::side_effects`](flashstall_cpu::Bus::side_effects).
    pub side_effects: u64,
    /// For each peripheral: does RCC feed it a clock?
    pub clocked: Vec<bool>,
    /// For each interrupt line the time of its last rise that no exception has been pended for yet.
    pub irq_rose: BTreeMap<u16, Picos>,
    /// Address of the instruction that executes, for the log.
    pub pc: Addr,
}

/// One call into a peripheral: who it is, what time it is, and what it may touch.
#[derive(Debug)]
pub struct Cx<'a> {
    /// Everything shared.
    pub shared: &'a mut Shared,
    /// The peripheral that is called.
    pub id: PeripheralId,
    /// Time of the access or of the event.
    pub time: Picos,
    /// Cycle of the access; for an event the first cycle at or after its time.
    pub cycle: Cycles,
    /// The core, for accesses by it (`None` in events).
    pub core: Option<&'a Core>,
}

impl Cx<'_> {
    /// Schedules `token` for this peripheral.
    pub fn schedule(&mut self, at: Picos, token: u32) -> EventId {
        self.shared.sched.at(at, Target::Peripheral(self.id), token)
    }

    /// Cancels an event of this peripheral that has not happened yet.
    pub fn cancel(&mut self, id: EventId) {
        self.shared.sched.cancel(id);
    }

    /// Drives interrupt line `irq`. A rise keeps its exact time: latencies are counted from it.
    pub fn irq(&mut self, irq: u16, high: bool) {
        let high = self.shared.irq_sharing.level(irq, self.id, high);
        if high && !self.shared.irq.is_high(irq) {
            self.shared.irq_rose.insert(irq, self.time);
        }
        self.shared.irq.set(irq, high);
    }

    /// Makes interrupt line `irq` rise and fall.
    pub fn irq_pulse(&mut self, irq: u16) {
        self.shared.irq_rose.insert(irq, self.time);
        self.shared.irq.pulse(irq);
    }

    /// Tells the others.
    pub fn send(&mut self, signal: Signal) {
        self.shared.outbox.push(signal);
    }

    /// This read has a side effect, or shows a counter that runs: a poll loop around it must not be skipped.
    pub fn side_effect(&mut self) {
        self.shared.side_effects += 1;
    }

    /// Notes a finding at the executing instruction.
    pub fn find(&mut self, rule: &'static str, text: impl FnOnce() -> String) {
        let (time, pc) = (self.time, self.shared.pc);
        self.shared.log.find(rule, time, pc, text);
    }

    /// An interrupt request of exception-number `irq + 16` left no trace: its flag was still set.
    pub fn request_lost(&mut self, irq: u16) {
        self.shared
            .log
            .interrupts
            .entry(irq + 16)
            .or_default()
            .pended_lost += 1;
    }

    /// A clock of the tree.
    #[must_use]
    pub fn hclk(&self) -> Hertz {
        self.shared.clock.hclk()
    }
}

/// One access to a register. Offsets are word-aligned; bytes and halfwords come as lanes of their word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Register {
    /// Offset of the word from the peripheral's base.
    pub offset: u32,
    /// The lanes that are accessed: `0xFF` shifted to the byte, `0xFFFF` to the halfword, or all ones.
    pub mask: u32,
    /// Width of the access.
    pub size: Size,
}

impl Register {
    /// What the register holds after `value` is written to the accessed lanes of `old`.
    #[must_use]
    pub const fn merge(self, old: u32, value: u32) -> u32 {
        old & !self.mask | value & self.mask
    }
}

/// What an access came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Answer with a bus error.
    Fault(FaultKind),
    /// Hold the bus until this time, then repeat.
    HeldUntil(Picos),
    /// The device answers at this time: as [`HeldUntil`](Self::HeldUntil), but it is no stall by the flash.
    WaitUntil(Picos),
    /// There is a register, but no model of it: counted, reads as 0.
    Unmodelled,
}

/// A peripheral of the chip.
pub trait Peripheral: Send + Sync + std::fmt::Debug {
    /// Reads the word at `reg.offset`; the chip takes the lanes it needs.
    ///
    /// # Errors
    /// See [`Refusal`].
    fn read(&mut self, cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal>;

    /// Writes `value` (already shifted to its lanes) to `reg`.
    ///
    /// # Errors
    /// See [`Refusal`].
    fn write(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal>;

    /// An event that this peripheral scheduled is due.
    fn event(&mut self, _cx: &mut Cx<'_>, _token: u32) {}

    /// Something happened elsewhere. Sent to every peripheral.
    fn signal(&mut self, _cx: &mut Cx<'_>, _signal: &Signal) {}

    /// Back to the reset state (system reset or RCC reset bit). Pending events must be cancelled.
    fn reset(&mut self, cx: &mut Cx<'_>);

    /// The manual's name of the register at `offset`, for reports.
    fn register_name(&self, offset: u32) -> Option<&'static str>;

    /// The UART receiver in here, if there is one.
    fn uart(&mut self) -> Option<&mut dyn UartPort> {
        None
    }

    /// The CAN controller in here, if there is one.
    fn can(&mut self) -> Option<&mut dyn CanPort> {
        None
    }

    /// The I2C controller in here, if there is one.
    fn i2c(&mut self) -> Option<&mut dyn I2cPort> {
        None
    }

    /// The flash controller in here, if there is one: it takes the core's writes to the array.
    fn flash_port(&mut self) -> Option<&mut dyn FlashPort> {
        None
    }

    /// Reads `size` bytes at `offset` of the window that this peripheral shows in the memory map. Only the QUADSPI has one.
    ///
    /// # Errors
    /// See [`Refusal`].
    fn window_read(&mut self, _cx: &mut Cx<'_>, _offset: u32, _size: u32) -> Result<u32, Refusal> {
        Err(Refusal::Fault(FaultKind::Unmapped))
    }

    /// The DMA controller in here, if there is one.
    fn dma(&mut self) -> Option<&mut dyn DmaPort> {
        None
    }

    /// A copy with the same state: machines can be forked.
    fn boxed_clone(&self) -> Box<dyn Peripheral>;
}

impl Clone for Box<dyn Peripheral> {
    fn clone(&self) -> Self {
        self.boxed_clone()
    }
}

/// The side of a flash controller that sees writes to the array itself.
pub trait FlashPort {
    /// The core writes the low `size` bytes of `value` to `addr`, in main flash or in the option bytes.
    ///
    /// # Errors
    /// See [`Refusal`].
    fn array_write(
        &mut self,
        cx: &mut Cx<'_>,
        addr: Addr,
        size: Size,
        value: u32,
    ) -> Result<(), Refusal>;

    /// Do the option bytes, as they were loaded, let every reset start in system memory, to choose a bank (BFB2)?
    fn chooses_bank(&self) -> bool {
        false
    }

    /// Sets options as a programmer does, before power comes up.
    ///
    /// # Errors
    /// [`OptionError`] for options that this part has not, or that have no model.
    fn set_options(
        &mut self,
        _flash: &mut FlashArray,
        _settings: &OptionSettings,
    ) -> Result<(), OptionError> {
        Err(OptionError::NotModelled)
    }
}

/// A CAN controller with the bus that it is on, as the other nodes see it.
///
/// A node that wants to send [`offer`](Self::offer)s one frame at a time. The bus decides who sends when, and answers with
/// [`Signal::CanFrameDone`]; the frame's fate is in the log.
pub trait CanPort {
    /// Puts a node on the bus. It acknowledges what the controller sends, if their bit rates agree.
    fn attach(&mut self, node: CanNode);

    /// The node of this wire wants the bus.
    fn offer(&mut self, cx: &mut Cx<'_>, offer: &CanOffer);

    /// Everything that firmware has sent since power-up, in order: frames that somebody acknowledged.
    fn transmitted(&self) -> &[CanTransmitted];
}

/// One CAN frame that firmware sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CanTransmitted {
    /// The frame.
    pub frame: CanFrame,
    /// Bits a second, as the chip's clock makes them.
    pub bit_rate: Hertz,
    /// When its start of frame began.
    pub start: Picos,
    /// When its end of frame was over.
    pub end: Picos,
}

/// The receiving side of a USART, as a wire sees it.
///
/// The wire calls [`start_bit`](Self::start_bit) at the falling edge of each frame. A receiver that hears it schedules its own
/// stop-bit sample (9.6 of *its* bit times later at 16x) and asks the wire for the line's level at its sample
/// points then; so a baud-rate error on either side has its real effect.
pub trait UartPort {
    /// A frame begins on the line. `wire` and `unit` name it for the log.
    fn start_bit(&mut self, cx: &mut Cx<'_>, frame: &UartFrame);

    /// Everything that this USART has sent since power-up, in order; a character is added when its stop
    /// bits are over.
    fn transmitted(&self) -> &[Transmitted];

    /// What a sender with flow control sees at its CTS input now.
    fn rts(&self, cx: &Cx<'_>) -> Rts;
}

/// The RTS output of a USART, as a sender sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rts {
    /// Nothing drives it, and the sender's pull-up holds it high: the sender waits.
    #[default]
    NotDriven,
    /// Low: send.
    Ready,
    /// High: wait.
    Full,
}

/// One character that the firmware sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transmitted {
    /// Data bits, and the parity bit above them if there is one.
    pub bits: u16,
    /// How many data (and parity) bits.
    pub bit_count: u8,
    /// Bits a second, as the chip's clock makes them.
    pub bit_rate: Hertz,
    /// Falling edge of its start bit.
    pub start: Picos,
    /// End of its last stop bit.
    pub end: Picos,
}

/// One character on a UART line, as its sender sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UartFrame {
    /// The wire it is on.
    pub wire: WireId,
    /// Its number on that wire.
    pub unit: u32,
    /// Data bits (and parity, if any), least significant first.
    pub bits: u16,
    /// How many data (and parity) bits.
    pub bit_count: u8,
    /// Falling edge of the start bit.
    pub start: Picos,
    /// Time of `n` bits of the sender is `bit_rate.periods(n)`.
    pub bit_rate: Hertz,
    /// Bits a second that the receiver's divider is taken to make, whatever firmware wrote into it.
    pub receiver_rate: Option<Hertz>,
}

impl UartFrame {
    /// Level of the line at `at`: start bit 0, data, then 1 (stop and idle).
    #[must_use]
    pub fn level(&self, at: Picos) -> bool {
        level(self.bits, self.bit_count, self.bit_rate, self.start, at)
    }
}

impl Transmitted {
    /// Level of the line at `at`, as [`UartFrame::level`].
    #[must_use]
    pub fn level(&self, at: Picos) -> bool {
        level(self.bits, self.bit_count, self.bit_rate, self.start, at)
    }
}

fn level(bits: u16, bit_count: u8, bit_rate: Hertz, start: Picos, at: Picos) -> bool {
    if at < start {
        return true;
    }
    match bit_rate.periods_in(at - start) {
        0 => false,
        n if n <= u64::from(bit_count) => bits >> (n - 1) & 1 != 0,
        _ => true,
    }
}
