//! Clock gates: which bit of which enable register feeds which peripheral, and its reset bit.

use crate::chip::PeripheralSpec;
use crate::periph::build::BuildError;
use crate::periph::{Cx, PeripheralId, Signal};

/// Most buses that an RCC has: AHB1, AHB2, AHB3, APB1, APB2.
const BUSES: usize = 5;

/// One clock-enable bit, which is its reset bit too, and whose it is.
#[derive(Clone, Copy, Debug)]
struct Gate {
    bus: usize,
    bit: u8,
    peripheral: PeripheralId,
}

/// The clock-enable and the reset registers of all buses, by their index in the list of names.
#[derive(Clone, Debug)]
pub(super) struct Gates {
    gates: Vec<Gate>,
    enables: [u32; BUSES],
    resets: [u32; BUSES],
}

impl Gates {
    /// The gates of a chip whose enable registers are called `registers`; they hold `reset` after reset.
    pub(super) fn build(
        all: &[PeripheralSpec],
        registers: &[&str],
        reset: [u32; BUSES],
    ) -> Result<Self, BuildError> {
        let mut gates = Vec::new();
        for (index, spec) in all.iter().enumerate() {
            let Some(clock) = &spec.clock else { continue };
            let Some(bus) = registers.iter().position(|name| *name == clock.register) else {
                return Err(BuildError::bad(
                    spec,
                    format!("RCC has no clock-enable register `{}`", clock.register),
                ));
            };
            if clock.bit > 31 {
                return Err(BuildError::bad(
                    spec,
                    format!("{} has no bit {}", clock.register, clock.bit),
                ));
            }
            gates.push(Gate {
                bus,
                bit: clock.bit,
                peripheral: PeripheralId(index),
            });
        }
        Ok(Self {
            gates,
            enables: reset,
            resets: [0; BUSES],
        })
    }

    /// The enable register of a bus.
    pub(super) fn enable(&self, bus: usize) -> u32 {
        self.enables.get(bus).copied().unwrap_or_default()
    }

    /// The reset register of a bus.
    pub(super) fn reset_bits(&self, bus: usize) -> u32 {
        self.resets.get(bus).copied().unwrap_or_default()
    }

    /// The enable register of a bus is written.
    pub(super) fn write_enable(&mut self, cx: &mut Cx<'_>, bus: usize, value: u32) {
        if let Some(enable) = self.enables.get_mut(bus) {
            *enable = value;
        }
        self.apply(cx);
    }

    /// The reset register of a bus is written: a bit that rises resets its peripheral.
    pub(super) fn write_reset(&mut self, cx: &mut Cx<'_>, bus: usize, value: u32) {
        let rising = value & !self.reset_bits(bus);
        if let Some(reset) = self.resets.get_mut(bus) {
            *reset = value;
        }
        for gate in &self.gates {
            if gate.bus == bus && rising >> (gate.bit & 31) & 1 != 0 {
                cx.send(Signal::PeripheralReset(gate.peripheral));
            }
        }
    }

    /// Both kinds of registers take their values after reset.
    pub(super) fn reset(&mut self, cx: &mut Cx<'_>, enables: [u32; BUSES]) {
        (self.enables, self.resets) = (enables, [0; BUSES]);
        self.apply(cx);
    }

    /// Tells everyone whose clock an enable register feeds whether it runs.
    fn apply(&self, cx: &mut Cx<'_>) {
        let shared = &mut *cx.shared;
        let mut changed = false;
        for gate in &self.gates {
            let on = self.enable(gate.bus) >> (gate.bit & 31) & 1 != 0;
            if let Some(clocked) = shared.clocked.get_mut(gate.peripheral.0) {
                changed |= *clocked != on;
                *clocked = on;
            }
        }
        if changed {
            cx.send(Signal::ClocksChanged);
        }
    }
}
