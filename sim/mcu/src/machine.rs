//! A chip with its core, its board and its wires: what a scenario runs.
//!
//! | behaviour | source | test |
//! |---|---|---|
//! | BKPT 0xAB is semihosting: SYS_WRITEC, SYS_WRITE0, SYS_EXIT, SYS_EXIT_EXTENDED | Arm semihosting specification | `machine::semihosting_prints_and_exits` |
//! | other semihosting calls return -1; a finding | same | `machine::an_unknown_semihosting_call_is_told` |
//! | a system reset is followed without leaving [`Machine::run_until`] | scenarios watch the chip, not one boot | `machine::a_software_reset_runs_the_firmware_again` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | a watchdog that ends a lock-up | a lock-up is a verdict by itself | [`Stop::Lockup`] comes first |
//! | the ~2 ms from power to the first fetch | no figure; nothing of the firmware runs in it | the first fetch is at time zero |

mod engine;
mod error;
mod fork;
mod nor;
mod options;
mod semihosting;

use std::sync::Arc;

use flashstall_cpu::{Addr, Cpu, CpuConfig, Exit};

pub use crate::flash::{FlashTiming, OptionError, OptionSettings};
pub use engine::{Engine, NativeEngine, Stop};
pub use error::{AttachError, LoadError, MachineError};
pub use nor::BoardNor;
pub use options::{MachineOptions, OpenBehaviours};

use crate::chip::Chip;
use crate::log::Log;
use crate::periph::{CanPort, I2cPort, Oscillators, PeripheralId, Pin, UartPort};
use crate::soc::{Board, Boot, Recall, Soc};
use crate::wire::{
    CanHostWire, CanNode, CanWire, HostWire, I2cDevice, I2cDeviceWire, I2cWire, PeerAccount,
    PinWire, UartWire, Wire, WireId,
};
use crate::{Hertz, Picos};

/// A chip with its core, its board and its wires. A clone is a machine of its own that goes on from the same instant.
#[derive(Clone)]
pub struct Machine {
    cpu: Cpu,
    soc: Soc,
    /// The BKPT that stopped the last run: it is passed when the next one begins.
    passed: Option<Addr>,
}

impl Machine {
    /// A machine without power, its flash erased.
    ///
    /// # Errors
    /// [`MachineError`] for a chip file that asks for models that do not exist, and for absurd flash times.
    pub fn new(chip: Arc<Chip>, options: MachineOptions) -> Result<Self, MachineError> {
        let timing = options.timing;
        let absurd = |time: &Picos| *time == Picos::ZERO || *time > Picos(3600 * Picos::SECOND.0);
        if let Some(time) = timing.all().find(absurd) {
            return Err(MachineError::Timing(time));
        }
        let cpu = Cpu::new(CpuConfig {
            model: chip.core.model,
            cpuid: chip.core.cpuid,
            irqs: chip.core.irqs,
            priority_bits: chip.core.priority_bits,
            systick_calib: chip.core.systick_calib,
            systick_divider: chip.core.systick_divider,
            bit_band: chip.core.bit_band,
            fpu: chip.core.fpu,
            open: options.open.core,
            fast_forward: options.fast_forward,
        });
        let board = Board {
            oscillators: Oscillators {
                hse: options.hse,
                lse: options.lse,
            },
            timing,
            keep_lines_while_busy: options.open.buffer_hit_while_busy,
        };
        let name = chip.name.clone();
        let soc = Soc::new(chip, board)
            .map_err(|source| MachineError::Peripheral { chip: name, source })?;
        Ok(Self {
            cpu,
            soc,
            passed: None,
        })
    }

    /// Puts an image into flash, option bytes or RAM. Takes no time.
    ///
    /// # Errors
    /// [`LoadError`] if it does not lie in one memory; nothing is written then.
    pub fn load(&mut self, addr: Addr, bytes: &[u8]) -> Result<(), LoadError> {
        if self.soc.poke(addr.0, bytes) {
            Ok(())
        } else {
            Err(LoadError {
                addr,
                length: bytes.len(),
            })
        }
    }

    /// Power comes up: peripherals take their reset state, SP and PC come from the vector table.
    pub fn power_on(&mut self) {
        self.soc.power_on(&mut self.cpu.core);
        self.start();
    }

    /// Out of a reset: through the boot loader in system memory, if the options say so.
    fn start(&mut self) {
        self.passed = None;
        let boot = self.soc.boot(&mut self.cpu.core);
        self.cpu.reset(&mut self.soc);
        if boot == Boot::Chosen {
            self.soc.handed_over();
        }
    }

    /// Sets option bytes as a programmer does. Before [`power_on`](Self::power_on).
    ///
    /// # Errors
    /// [`OptionError`] for options that this part has not, or that have no model.
    pub fn set_options(&mut self, settings: &OptionSettings) -> Result<(), OptionError> {
        self.soc.set_options(settings)
    }

    /// Runs until something of [`Stop`] happens, at the latest at the first instruction boundary at or after `limit`. Follows
    /// resets.
    ///
    /// A held access is not cut: time can be past the limit by the length of a stall. What must happen in
    /// mid-stall is a wire that starts [at its time](crate::wire::Start::At).
    pub fn run_until(&mut self, engine: &mut dyn Engine, limit: Picos) -> Stop {
        let stop = self.go(engine, limit);
        self.look_at_vector_table();
        stop
    }

    fn go(&mut self, engine: &mut dyn Engine, limit: Picos) -> Stop {
        if let Some(at) = self.passed.take()
            && self.cpu.core.pc == at.0
        {
            self.cpu.core.pc = at.0.wrapping_add(2);
        }
        loop {
            if self.soc.is_in_rom() {
                return Stop::BootLoader;
            }
            if self.time() >= limit {
                return Stop::TimeLimit;
            }
            let until = self.soc.shared.clock.cycle(limit);
            let exit = engine.run(&mut self.cpu, &mut self.soc, until);
            if let Some(stop) = self.after(exit) {
                return stop;
            }
        }
    }

    /// What an exit of the core means. `None`: go on; the time limit is looked at by the caller, because the clock can change
    /// on the way to it.
    fn after(&mut self, exit: Exit) -> Option<Stop> {
        let pc = Addr(self.cpu.core.pc);
        match exit {
            Exit::Limit => None,
            Exit::Stop(addr) => Some(Stop::Breakpoint(Addr(addr))),
            Exit::Lockup => Some(Stop::Lockup { pc }),
            Exit::Dead => Some(Stop::Dead { pc }),
            Exit::Bkpt {
                imm: semihosting::IMMEDIATE,
                ..
            } => {
                let code = semihosting::call(&mut self.cpu, &mut self.soc)?;
                Some(Stop::SemihostingExit { code })
            }
            Exit::Bkpt { imm, pc } => {
                self.passed = Some(Addr(pc));
                Some(Stop::Bkpt { imm, pc: Addr(pc) })
            }
            Exit::Reset => match self.soc.take_recall() {
                Recall::Erase(id) => Some(Stop::EraseStarted(id)),
                Recall::Fault(number) => Some(Stop::Fault { number }),
                Recall::Reset => {
                    self.look_at_vector_table();
                    self.soc.system_reset(&mut self.cpu.core);
                    self.start();
                    None
                }
                Recall::Nothing => None,
            },
        }
    }

    /// Stops before the instruction at `addr` executes, each time.
    pub fn set_stop(&mut self, addr: Addr) {
        self.cpu.code.set_stop(addr.0);
    }

    /// Does not stop at `addr` any more.
    pub fn clear_stop(&mut self, addr: Addr) {
        self.cpu.code.clear_stop(addr.0);
    }

    /// Stops at the instruction boundary after each start of an erase, or does not.
    pub fn stop_on_erase(&mut self, yes: bool) {
        self.soc.stop_on_erase = yes;
    }

    /// Keeps the times that the core sleeps in the log, from now on. They are many, and only a timeline wants them.
    pub fn record_sleep(&mut self) {
        self.soc.shared.log.sleeps = Some(crate::log::Records::default());
    }

    /// Stops where the handler of a fault begins, or lets the firmware handle its faults by itself.
    pub fn stop_on_fault(&mut self, yes: bool) {
        self.soc.stop_on_fault = yes;
    }

    /// A debugger's read of flash or RAM: no time, no side effect. False if not all of `out` lies in one memory.
    #[must_use]
    pub fn peek(&self, addr: Addr, out: &mut [u8]) -> bool {
        self.soc.peek(addr.0, out)
    }

    /// Time since power-up.
    #[must_use]
    pub fn time(&self) -> Picos {
        self.soc.time(self.cpu.core.now)
    }

    /// The core.
    #[must_use]
    pub const fn cpu(&self) -> &Cpu {
        &self.cpu
    }

    /// The chip around the core.
    #[must_use]
    pub const fn soc(&self) -> &Soc {
        &self.soc
    }

    /// Core and chip, for an engine that steps them itself.
    pub const fn parts(&mut self) -> (&mut Cpu, &mut Soc) {
        (&mut self.cpu, &mut self.soc)
    }

    /// What happened so far.
    #[must_use]
    pub const fn log(&self) -> &Log {
        self.soc.log()
    }

    /// The part.
    #[must_use]
    pub fn chip(&self) -> &Chip {
        self.soc.chip()
    }

    /// Attaches a UART sender.
    ///
    /// # Errors
    /// [`AttachError`] if the chip has no such UART.
    pub fn attach_uart(&mut self, wire: UartWire) -> Result<WireId, AttachError> {
        let port = self.uart_port(&wire.name, &wire.port)?;
        let id = WireId(self.soc.wires.len());
        let wire = Wire::uart(id, wire, port, &mut self.soc.shared);
        Ok(self.attach(id, wire))
    }

    /// Attaches a host to a UART.
    ///
    /// # Errors
    /// [`AttachError`] if the chip has no such UART.
    pub fn attach_host(&mut self, host: HostWire) -> Result<WireId, AttachError> {
        let port = self.uart_port(&host.name, &host.port)?;
        let id = WireId(self.soc.wires.len());
        let wire = Wire::host(id, host, port, &mut self.soc.shared);
        Ok(self.attach(id, wire))
    }

    fn uart_port(&mut self, wire: &str, name: &str) -> Result<PeripheralId, AttachError> {
        let (wire, port) = (wire.to_owned(), name.to_owned());
        match self.soc.peripheral(name) {
            None => Err(AttachError::NoSuchPort { wire, port }),
            Some(id) if self.soc.peripherals[id.0].uart().is_none() => {
                Err(AttachError::NotAUart { wire, port })
            }
            Some(id) => Ok(id),
        }
    }

    fn attach(&mut self, id: WireId, wire: Wire) -> WireId {
        self.soc.wires.push(wire);
        self.soc.outside_changed(&mut self.cpu.core);
        id
    }

    /// Attaches a node to the bus of a CAN controller.
    ///
    /// # Errors
    /// [`AttachError`] if the chip has no such CAN controller.
    pub fn attach_can(&mut self, wire: CanWire) -> Result<WireId, AttachError> {
        let (retransmit, others) = (wire.retransmit, wire.acknowledged_by_others);
        let (id, port) =
            self.can_port(&wire.name, &wire.port, wire.bit_rate, (retransmit, others))?;
        let wire = Wire::can(id, wire, port, &mut self.soc.shared);
        Ok(self.attach(id, wire))
    }

    /// Attaches a host to the bus of a CAN controller.
    ///
    /// # Errors
    /// [`AttachError`] if the chip has no such CAN controller.
    pub fn attach_can_host(&mut self, host: CanHostWire) -> Result<WireId, AttachError> {
        let (id, port) = self.can_port(&host.name, &host.port, host.bit_rate, (true, false))?;
        let wire = Wire::can_host(id, host, port, &mut self.soc.shared);
        Ok(self.attach(id, wire))
    }

    /// Puts a node on the bus of the CAN controller `name`; returns the wire that it will be.
    fn can_port(
        &mut self,
        wire: &str,
        name: &str,
        bit_rate: Hertz,
        (retransmit, acknowledged_by_others): (bool, bool),
    ) -> Result<(WireId, PeripheralId), AttachError> {
        let (wire, port) = (wire.to_owned(), name.to_owned());
        let Some(id) = self.soc.peripheral(name) else {
            return Err(AttachError::NoSuchPort { wire, port });
        };
        let node = CanNode {
            wire: WireId(self.soc.wires.len()),
            bit_rate,
            retransmit,
            acknowledged_by_others,
        };
        match self.soc.peripherals[id.0].can() {
            Some(controller) => controller.attach(node),
            None => return Err(AttachError::NotACan { wire, port }),
        }
        Ok((node.wire, id))
    }

    /// Attaches a host to the bus of an I2C controller.
    ///
    /// # Errors
    /// [`AttachError`] if the chip has no such I2C controller.
    pub fn attach_i2c(&mut self, host: I2cWire) -> Result<WireId, AttachError> {
        let (at, _) = self.i2c_port(&host.name, &host.port)?;
        let id = WireId(self.soc.wires.len());
        let wire = Wire::i2c(id, host, at, &mut self.soc.shared);
        Ok(self.attach(id, wire))
    }

    /// Puts a slave on the bus of an I2C controller, for firmware that is its master.
    ///
    /// # Errors
    /// [`AttachError`] if the chip has no such I2C controller.
    pub fn attach_i2c_device(&mut self, spec: &I2cDeviceWire) -> Result<WireId, AttachError> {
        let id = WireId(self.soc.wires.len());
        let (_, port) = self.i2c_port(&spec.name, &spec.port)?;
        port.attach(I2cDevice::new(id, spec));
        let wire = Wire::i2c_device(id, &spec.name, &mut self.soc.shared);
        Ok(self.attach(id, wire))
    }

    fn i2c_port(
        &mut self,
        wire: &str,
        name: &str,
    ) -> Result<(PeripheralId, &mut dyn I2cPort), AttachError> {
        let (wire, port) = (wire.to_owned(), name.to_owned());
        let Some(id) = self.soc.peripheral(name) else {
            return Err(AttachError::NoSuchPort { wire, port });
        };
        match self.soc.peripherals.get_mut(id.0).and_then(|p| p.i2c()) {
            Some(controller) => Ok((id, controller)),
            None => Err(AttachError::NotAnI2c { wire, port }),
        }
    }

    /// The I2C controller called `name`: the slaves on its bus.
    pub fn i2c(&mut self, name: &str) -> Option<&dyn I2cPort> {
        let id = self.soc.peripheral(name)?;
        self.soc.peripherals[id.0].i2c().map(|port| &*port)
    }

    /// Attaches a driver of a pin.
    ///
    /// # Errors
    /// [`AttachError`] if there is no such pin.
    pub fn attach_pin(&mut self, wire: PinWire) -> Result<WireId, AttachError> {
        let Pin { port, number } = wire.pin;
        if !self.chip().has_port(port) || number >= 16 {
            return Err(AttachError::NoSuchPin {
                wire: wire.name,
                port,
                number,
            });
        }
        let id = WireId(self.soc.wires.len());
        let wire = Wire::pin(id, wire, &mut self.soc.shared);
        Ok(self.attach(id, wire))
    }

    /// The board drives `pin` from now on. Also before [`power_on`](Self::power_on).
    pub fn set_pin(&mut self, pin: Pin, high: bool) {
        self.soc.shared.drive_pin(pin, high, None);
        self.soc.outside_changed(&mut self.cpu.core);
    }

    /// Triggers a wire that waits for it.
    pub fn start_wire(&mut self, id: WireId) {
        let now = self.time();
        if let Some(wire) = self.soc.wires.get_mut(id.0) {
            wire.start(&mut self.soc.shared, now);
            self.soc.outside_changed(&mut self.cpu.core);
        }
    }

    /// Has everything on this wire been sent and received (or lost)?
    #[must_use]
    pub fn wire_done(&self, id: WireId) -> bool {
        self.soc
            .wires
            .get(id.0)
            .is_none_or(|wire| wire.is_done(&self.soc.shared))
    }

    /// What the host at this wire has to say for itself; `None` if there is none.
    #[must_use]
    pub fn host(&self, id: WireId) -> Option<PeerAccount> {
        self.soc.wires.get(id.0).and_then(Wire::account)
    }

    /// The UART called `name`: what it has sent.
    pub fn uart(&mut self, name: &str) -> Option<&dyn UartPort> {
        let id = self.soc.peripheral(name)?;
        self.soc.peripherals[id.0].uart().map(|port| &*port)
    }

    /// The CAN controller called `name`: what it has sent.
    pub fn can(&mut self, name: &str) -> Option<&dyn CanPort> {
        let id = self.soc.peripheral(name)?;
        self.soc.peripherals[id.0].can().map(|port| &*port)
    }

    /// A table that is not aligned to its size reads wrong vectors on silicon that ORs (ARMv7-M B3.2.5).
    fn look_at_vector_table(&mut self) {
        let (vtor, alignment) = (
            self.cpu.scb.vtor(),
            self.soc.chip().vector_table_alignment(),
        );
        if !vtor.is_multiple_of(alignment) {
            let (time, pc) = (self.time(), Addr(self.cpu.core.pc));
            let known = self
                .soc
                .shared
                .log
                .findings
                .iter()
                .any(|f| f.rule == "vector-table-misaligned");
            if !known {
                self.soc.shared.log.find("vector-table-misaligned", time, pc, || {
                    format!("VTOR is {}: a table for this part must be aligned to {alignment} bytes", Addr(vtor))
                });
            }
        }
    }
}
