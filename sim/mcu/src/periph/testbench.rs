//! One peripheral, everything that it shares with others, and time: for unit tests.

use std::collections::BTreeMap;
use std::sync::Arc;

use flashstall_cpu::{Addr, Core, Cycles, IrqLines, Size};

use crate::chip::{Chip, PeripheralSpec};
use crate::clock::Clock;
use crate::flash::{FlashArray, FlashTiming};
use crate::log::{Fate, Log, Unit, WireLog};
use crate::periph::{
    Cx, IrqSharing, Oscillators, Peripheral, PeripheralId, Pins, Refusal, Register, Shared, Signal,
    build,
};
use crate::sched::{Scheduler, Target};
use crate::wire::{CanNode, CanWire, I2cWire, UartWire, Wire, WireAction, WireId};
use crate::{ClockTree, Hertz, Picos};

fn chip() -> Arc<Chip> {
    chip_called("stm32f303xc")
}

pub(crate) fn chip_called(name: &str) -> Arc<Chip> {
    Chip::builtin(name).expect("the embedded chip file is valid")
}

/// The STM32F303xC's entry for the peripheral `name`.
pub(crate) fn spec(name: &str) -> PeripheralSpec {
    spec_on("stm32f303xc", name)
}

/// The entry of another part for the peripheral `name`.
pub(crate) fn spec_on(part: &str, name: &str) -> PeripheralSpec {
    chip_called(part)
        .peripherals
        .iter()
        .find(|p| p.name == name)
        .expect("the chip has this peripheral")
        .clone()
}

/// What an STM32F303xC shares right after power-on: everything runs from HSI, every clock gate is open.
pub(crate) fn shared() -> Shared {
    shared_on(&chip())
}

fn shared_on(chip: &Chip) -> Shared {
    let (hsi, lsi) = (
        Hertz::new(chip.clocks.hsi.hz),
        Hertz::new(chip.clocks.lsi.hz),
    );
    let timing = FlashTiming::from_spec(&chip.flash.timing, |t| t.max);
    Shared {
        clock: Clock::new(hsi),
        clocks: ClockTree::from_hsi(hsi, lsi),
        board: Oscillators::default(),
        backup_access: false,
        pll_locked: false,
        sched: Scheduler::default(),
        irq: IrqLines::default(),
        irq_sharing: IrqSharing::of(&chip.peripherals),
        pins: Pins::default(),
        exti_port: [0; 16],
        remap: 0,
        nors: Vec::new(),
        flash: FlashArray::new(&chip.flash, timing, true),
        log: Log::default(),
        outbox: Vec::new(),
        side_effects: 0,
        clocked: vec![true; chip.peripherals.len()],
        irq_rose: BTreeMap::new(),
        pc: Addr(0x0800_0100),
    }
}

/// A peripheral on the bench.
#[derive(Clone)]
pub(crate) struct Bench {
    pub(crate) shared: Shared,
    pub(crate) device: Box<dyn Peripheral>,
    pub(crate) id: PeripheralId,
    /// What the core looks like to the peripheral.
    pub(crate) core: Core,
    /// Signals that were sent, and delivered back.
    pub(crate) sent: Vec<Signal>,
    pub(crate) wires: Vec<Wire>,
    /// Events that were due so far.
    pub(crate) events: u64,
}

impl Bench {
    /// A bench for `spec`, in the state before its first reset.
    pub(crate) fn new(spec: &PeripheralSpec) -> Self {
        Self::of(&chip(), spec)
    }

    /// A bench for the peripheral `name` of another part.
    pub(crate) fn on(part: &str, name: &str) -> Self {
        Self::of(&chip_called(part), &spec_on(part, name))
    }

    fn of(chip: &Chip, spec: &PeripheralSpec) -> Self {
        let index = chip
            .peripherals
            .iter()
            .position(|p| p.name == spec.name)
            .unwrap_or(0);
        Self {
            shared: shared_on(chip),
            device: build(spec, &chip.peripherals).expect("a valid spec"),
            id: PeripheralId(index),
            core: Core::new(),
            sent: Vec::new(),
            wires: Vec::new(),
            events: 0,
        }
    }

    /// The id of another peripheral of the STM32F303xC.
    pub(crate) fn id_of(name: &str) -> PeripheralId {
        Self::id_on("stm32f303xc", name)
    }

    /// The id of a peripheral of another part.
    pub(crate) fn id_on(part: &str, name: &str) -> PeripheralId {
        PeripheralId(
            chip_called(part)
                .peripherals
                .iter()
                .position(|p| p.name == name)
                .expect("the chip has this peripheral"),
        )
    }

    pub(crate) fn now(&self) -> Picos {
        self.shared.clock.time(self.core.now)
    }

    /// Calls the device at the core's time (`at` is `None`) or for an event.
    fn call<T>(
        &mut self,
        at: Option<Picos>,
        f: impl FnOnce(&mut dyn Peripheral, &mut Cx<'_>) -> T,
    ) -> T {
        let time = at.unwrap_or_else(|| self.shared.clock.time(self.core.now));
        let cycle = at.map_or(self.core.now, |at| self.shared.clock.cycle(at));
        let core = self.core.clone();
        let core = at.is_none().then_some(&core);
        let result = f(
            &mut *self.device,
            &mut Cx {
                shared: &mut self.shared,
                id: self.id,
                time,
                cycle,
                core,
            },
        );
        self.deliver(time, cycle);
        result
    }

    fn deliver(&mut self, time: Picos, cycle: Cycles) {
        while !self.shared.outbox.is_empty() {
            for signal in std::mem::take(&mut self.shared.outbox) {
                if let Signal::CanFrameDone { wire } = signal {
                    self.wires[wire.0].frame_done(&mut self.shared, time);
                    continue;
                }
                if let Signal::SclChanged { port } = signal {
                    for wire in &mut self.wires {
                        wire.scl_changed(&mut self.shared, time, port);
                    }
                }
                let cx = &mut Cx {
                    shared: &mut self.shared,
                    id: self.id,
                    time,
                    cycle,
                    core: None,
                };
                self.device.signal(cx, &signal);
                self.sent.push(signal);
            }
        }
    }

    pub(crate) fn try_read(&mut self, offset: u32) -> Result<u32, Refusal> {
        let reg = Register {
            offset,
            mask: !0,
            size: Size::Word,
        };
        self.call(None, |device, cx| device.read(cx, reg))
    }

    pub(crate) fn try_write(&mut self, offset: u32, value: u32) -> Result<(), Refusal> {
        let reg = Register {
            offset,
            mask: !0,
            size: Size::Word,
        };
        self.call(None, |device, cx| device.write(cx, reg, value))
    }

    pub(crate) fn read(&mut self, offset: u32) -> u32 {
        self.try_read(offset).expect("a register")
    }

    pub(crate) fn write(&mut self, offset: u32, value: u32) {
        self.try_write(offset, value).expect("a register");
    }

    pub(crate) fn write_byte(&mut self, offset: u32, value: u8) {
        let reg = Register {
            offset,
            mask: 0xFF,
            size: Size::Byte,
        };
        self.call(None, |device, cx| device.write(cx, reg, value.into()))
            .expect("a register");
    }

    pub(crate) fn write_half(&mut self, offset: u32, value: u16) {
        let reg = Register {
            offset,
            mask: 0xFFFF,
            size: Size::Half,
        };
        self.call(None, |device, cx| device.write(cx, reg, value.into()))
            .expect("a register");
    }

    pub(crate) fn signal(&mut self, signal: &Signal) {
        self.call(None, |device, cx| device.signal(cx, signal));
    }

    /// Calls the device in a way of the test's own.
    pub(crate) fn with_device<T>(
        &mut self,
        f: impl FnOnce(&mut dyn Peripheral, &mut Cx<'_>) -> T,
    ) -> T {
        self.call(None, f)
    }

    pub(crate) fn reset(&mut self) {
        self.call(None, |device, cx| device.reset(cx));
    }

    /// Lets `span` pass.
    pub(crate) fn run_for(&mut self, span: Picos) {
        self.run_until(self.now() + span);
    }

    /// Lets time pass until `end`.
    pub(crate) fn run_until(&mut self, end: Picos) {
        while let Some(due) = self.shared.sched.pop(end) {
            self.events += 1;
            match due.target {
                Target::Peripheral(_) => {
                    self.call(Some(due.at), |device, cx| device.event(cx, due.token))
                }
                Target::Wire(WireId(n)) => {
                    match self.wires[n].event(&mut self.shared, due.at, due.token) {
                        WireAction::CanFrame { offer, .. } => {
                            self.call(Some(due.at), |device, cx| {
                                device.can().expect("a CAN controller").offer(cx, &offer);
                            })
                        }
                        WireAction::I2c { step, .. } => {
                            let answer = self.call(Some(due.at), |device, cx| {
                                device.i2c().expect("an I2C controller").step(cx, step)
                            });
                            self.wires[n].answered(&mut self.shared, due.at, &answer);
                        }
                        WireAction::UartFrame { frame, .. } => {
                            self.call(Some(due.at), |device, cx| {
                                device.uart().expect("a UART").start_bit(cx, &frame);
                            })
                        }
                        WireAction::PinLevel { pin, high, unit } => {
                            self.shared.drive_pin(pin, high, unit);
                            let cycle = self.shared.clock.cycle(due.at);
                            self.deliver(due.at, cycle);
                        }
                        WireAction::None => {}
                    }
                }
                Target::FlashArray => {}
            }
        }
        self.core.now = self.shared.clock.cycle(end).max(self.core.now);
    }

    /// Lets `cycles` cycles of HCLK pass.
    pub(crate) fn run_cycles(&mut self, cycles: u64) {
        let end = self.shared.clock.time(self.core.now + Cycles(cycles));
        self.run_until(end);
    }

    /// Attaches a sender to the device.
    pub(crate) fn attach(&mut self, wire: UartWire) -> WireId {
        let id = WireId(self.wires.len());
        let wire = Wire::uart(id, wire, self.id, &mut self.shared);
        self.wires.push(wire);
        id
    }

    /// Attaches a node to the device's bus.
    pub(crate) fn attach_can(&mut self, wire: CanWire) -> WireId {
        let id = WireId(self.wires.len());
        self.device
            .can()
            .expect("a CAN controller")
            .attach(CanNode {
                wire: id,
                bit_rate: wire.bit_rate,
                retransmit: wire.retransmit,
                acknowledged_by_others: wire.acknowledged_by_others,
            });
        let wire = Wire::can(id, wire, self.id, &mut self.shared);
        self.wires.push(wire);
        id
    }

    /// Attaches a host to the device's I2C bus.
    pub(crate) fn attach_i2c(&mut self, wire: I2cWire) -> WireId {
        let id = WireId(self.wires.len());
        let wire = Wire::i2c(id, wire, self.id, &mut self.shared);
        self.wires.push(wire);
        id
    }

    /// An empty wire record, for units that the test makes itself.
    pub(crate) fn open_wire(&mut self, name: &str) {
        self.shared.log.wires.push(WireLog {
            name: name.into(),
            kind: "pin",
            units: Vec::new(),
            frames: Vec::new(),
            notes: BTreeMap::new(),
        });
    }

    /// A new unit on wire 0.
    pub(crate) fn unit(&mut self, value: u32) -> u32 {
        let sent = self.now();
        let units = &mut self.shared.log.wires[0].units;
        units.push(Unit {
            value,
            received: None,
            sent,
            arrived: None,
            fate: Fate::InFlight,
            settled: sent,
            blocked_by: None,
            interrupt: None,
        });
        units.len() as u32 - 1
    }

    /// What became of unit `number` on wire 0.
    pub(crate) fn fate(&self, number: u32) -> Fate {
        self.shared.log.wires[0].units[number as usize].fate
    }

    /// What became of all units on wire 0.
    pub(crate) fn fates(&self) -> Vec<Fate> {
        self.shared.log.wires[0]
            .units
            .iter()
            .map(|unit| unit.fate)
            .collect()
    }
}
