//! A scenario that is ready to run: everything read, resolved and checked.

use std::sync::Arc;

use flashstall_cpu::Addr;
use flashstall_mcu::chip::Chip;
use flashstall_mcu::machine::{BoardNor, FlashTiming, OpenBehaviours};
use flashstall_mcu::periph::Pin;
use flashstall_mcu::wire::{
    CanHostWire, CanWire, HostWire, I2cDeviceWire, I2cWire, PinWire, Start, UartWire,
};
use flashstall_mcu::{Hertz, MachineOptions, Picos};

use super::Located;
use super::file::OptionTable;
use crate::firmware::Firmware;

/// What starts a wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// The clock: the wire knows by itself.
    Clock,
    /// The first arrival at this address.
    Symbol(Addr),
    /// The first erase.
    EraseStart,
}

/// A wire that is ready to be attached.
#[derive(Clone, Debug)]
pub enum WireSpec {
    /// Bytes to a USART.
    Uart(UartWire),
    /// A host at a USART.
    Host(HostWire),
    /// Edges at a pin.
    Pin(PinWire),
    /// Frames to a CAN controller.
    Can(CanWire),
    /// A host on the bus of a CAN controller.
    CanHost(CanHostWire),
    /// A host that is the master of an I2C bus.
    I2c(I2cWire),
    /// A slave on an I2C bus of which the chip is the master.
    I2cDevice(I2cDeviceWire),
}

impl WireSpec {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Uart(wire) => &wire.name,
            Self::Host(host) => &host.name,
            Self::Pin(wire) => &wire.name,
            Self::Can(wire) => &wire.name,
            Self::CanHost(host) => &host.name,
            Self::I2c(wire) => &wire.name,
            Self::I2cDevice(device) => &device.name,
        }
    }

    /// From its start to the end of its last unit, as far as that is known beforehand: nobody knows it of a host.
    #[must_use]
    pub fn duration(&self) -> Option<Picos> {
        Some(match self {
            Self::Uart(wire) => {
                let character = wire.format().characters(1);
                let last = wire.bytes.last();
                last.map_or(Picos::ZERO, |b| b.offset + character)
            }
            Self::Host(_) | Self::CanHost(_) | Self::I2c(_) => return None,
            Self::I2cDevice(_) => Picos::ZERO,
            Self::Pin(wire) => wire.edges.last().map_or(Picos::ZERO, |e| e.offset),
            Self::Can(wire) => wire.frames.iter().fold(Picos::ZERO, |free, f| {
                let bits = f.frame.bits().to_idle();
                free.max(f.offset) + wire.bit_rate.periods(bits.into())
            }),
        })
    }

    /// When it starts.
    #[must_use]
    pub const fn start(&self) -> Start {
        match self {
            Self::Uart(wire) => wire.start,
            Self::Host(host) => host.start,
            Self::Pin(wire) => wire.start,
            Self::Can(wire) => wire.start,
            Self::CanHost(host) => host.start,
            Self::I2c(wire) => wire.start,
            Self::I2cDevice(_) => Start::At(Picos::ZERO),
        }
    }

    /// When it starts, to be changed; `None` of what is there all the time.
    pub const fn start_mut(&mut self) -> Option<&mut Start> {
        Some(match self {
            Self::Uart(wire) => &mut wire.start,
            Self::Host(host) => &mut host.start,
            Self::Pin(wire) => &mut wire.start,
            Self::Can(wire) => &mut wire.start,
            Self::CanHost(host) => &mut host.start,
            Self::I2c(wire) => &mut wire.start,
            Self::I2cDevice(_) => return None,
        })
    }
}

/// A wire and what starts it.
#[derive(Clone, Debug)]
pub struct PreparedWire {
    /// What is attached.
    pub spec: WireSpec,
    /// What starts it.
    pub trigger: Trigger,
    /// Where its port or pin was named, for an error when it is attached.
    pub place: Located<String>,
}

/// What a host at one of the wires has to bring about.
#[derive(Clone, Debug)]
pub struct PreparedHost {
    /// Index of its wire.
    pub wire: usize,
    /// Name of its protocol.
    pub protocol: &'static str,
    /// What it sends.
    pub image: Arc<[u8]>,
    /// Where that must be in the end.
    pub stored_at: Option<Addr>,
}

/// A serial flash that is ready to be put on the board.
#[derive(Clone, Debug)]
pub struct PreparedNor {
    /// What is attached.
    pub board: BoardNor,
    /// Where it was named, for an error when it is attached.
    pub place: Located<String>,
    /// What it must hold at the end: address and bytes.
    pub contents: Vec<(u32, Arc<[u8]>)>,
}

/// One condition of `until`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Until {
    /// Execution arrives at this address; with the name that was given.
    Symbol(Addr, String),
    /// This wire (by index) has sent everything, or its host is done, and the receiver has decided about it.
    Wire(usize),
    /// The firmware ends by semihosting exit.
    Exit,
}

/// A buffer in firmware memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buffer {
    /// Its name.
    pub name: String,
    /// First byte.
    pub address: Addr,
    /// Size of the array.
    pub capacity: u32,
    /// Address and size (1, 2 or 4) of the variable with the number of bytes.
    pub length: Option<(Addr, u32)>,
    /// Index of its wire.
    pub wire: usize,
}

/// A scenario that is ready to run.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// Its name.
    pub name: String,
    /// The chip.
    pub chip: Arc<Chip>,
    /// The firmware, checked against the chip.
    pub firmware: Arc<Firmware>,
    /// The firmware's path as the scenario names it.
    pub firmware_name: String,
    /// High-speed crystal.
    pub hse: Option<Hertz>,
    /// Low-speed crystal.
    pub lse: Option<Hertz>,
    /// How long flash operations take.
    pub timing: FlashTiming,
    /// Option bytes that are not as the part leaves the factory.
    pub options: OptionTable,
    /// Open behaviours.
    pub open: OpenBehaviours,
    /// Pins that are set before reset.
    pub pins: Vec<(Pin, bool)>,
    /// What is changed in the image, and where it lies there.
    pub patches: Vec<(Addr, Vec<u8>)>,
    /// Wires; those of hosts come last.
    pub wires: Vec<PreparedWire>,
    /// Hosts.
    pub hosts: Vec<PreparedHost>,
    /// Serial flashes.
    pub nors: Vec<PreparedNor>,
    /// Buffers.
    pub buffers: Vec<Buffer>,
    /// The run ends at the latest here.
    pub max_time: Picos,
    /// When it ends, if all of these have happened; empty: at `max_time`.
    pub until: Vec<Until>,
    /// Time to run on after that.
    pub after: Picos,
    /// The run ends where the handler of a fault begins; otherwise the firmware handles its faults.
    pub stop_on_fault: bool,
    /// Instruction budget.
    pub max_instructions: u64,
    /// Words at the start of variables that `[expect]` asks for: address and how many, in the order of `expect.memory`.
    pub memory: Vec<(Addr, u32)>,
}

impl Prepared {
    /// What the machine is built with.
    pub(crate) const fn machine_options(&self, fast_forward: bool) -> MachineOptions {
        MachineOptions {
            hse: self.hse,
            lse: self.lse,
            timing: self.timing,
            open: self.open,
            fast_forward,
        }
    }
}
