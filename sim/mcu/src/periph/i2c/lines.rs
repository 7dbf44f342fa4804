//! What ties a controller to its chip: pins, clock gate, interrupt lines, the unit that a byte came from.

use crate::chip::PeripheralSpec;
use crate::log::Fate;
use crate::periph::build::BuildError;
use crate::periph::usart::{Route, routes};
use crate::periph::{Cx, DmaLine, I2cAnswer, I2cHold, Signal};
use crate::wire::WireId;

/// Pins, interrupt lines, and the levels that were told last.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    pub(super) name: String,
    /// Event interrupt.
    pub(super) event: u16,
    /// Error interrupt.
    pub(super) error: u16,
    scl: Vec<Route>,
    sda: Vec<Route>,
    rx: bool,
    tx: bool,
    hold: Option<I2cHold>,
    /// The reason that the last finding gave.
    told: Option<&'static str>,
}

impl Lines {
    pub(super) fn build(spec: &PeripheralSpec) -> Result<Self, BuildError> {
        let irq = |which: &str, what| {
            let name = format!("{}_{which}", spec.name);
            spec.irqs
                .get(&name)
                .copied()
                .ok_or_else(|| BuildError::missing(spec, what))
        };
        Ok(Self {
            name: spec.name.clone(),
            event: irq("EV", "an event interrupt, its name with _EV")?,
            error: irq("ER", "an error interrupt, its name with _ER")?,
            scl: routes(spec, "scl")?,
            sda: routes(spec, "sda")?,
            rx: false,
            tx: false,
            hold: None,
            told: None,
        })
    }

    pub(super) fn clocked(cx: &Cx<'_>) -> bool {
        cx.shared.clocked.get(cx.id.0).copied().unwrap_or(true)
    }

    /// Do both lines reach the controller?
    pub(super) fn connected(&self, cx: &Cx<'_>) -> bool {
        [&self.scl, &self.sda]
            .iter()
            .all(|routes| routes.is_empty() || routes.iter().any(|route| route.drives(cx)))
    }

    /// A finding, once for each reason in a row: the controller does not hear its bus.
    pub(super) fn tell_deaf(&mut self, cx: &mut Cx<'_>, why: &'static str) {
        if self.told.replace(why) != Some(why) {
            let name = &self.name;
            cx.find("i2c-not-listening", || {
                format!("{name} does not hear its bus: {why}")
            });
        }
    }

    /// A host speaks while the chip is the master: who of them wins is not modelled, neither hears the other.
    pub(super) fn two_masters(&self, cx: &mut Cx<'_>) -> I2cAnswer {
        let name = &self.name;
        cx.find("i2c-two-masters", || {
            format!("a host spoke on the bus of {name} while the chip was its master: arbitration is not modelled")
        });
        I2cAnswer {
            why: Some("the chip is master of the bus itself"),
            ..I2cAnswer::default()
        }
    }

    /// Brings the lines to the interrupt controller and to DMA, and SCL, to where they should be.
    pub(super) fn drive(
        &mut self,
        cx: &mut Cx<'_>,
        (event, error): (bool, bool),
        (rx, tx): (bool, bool),
        hold: Option<I2cHold>,
    ) {
        cx.irq(self.event, event);
        cx.irq(self.error, error);
        for (line, was, high) in [
            (DmaLine::Rx, &mut self.rx, rx),
            (DmaLine::Tx, &mut self.tx, tx),
        ] {
            if std::mem::replace(was, high) != high {
                let from = cx.id;
                cx.send(Signal::DmaRequest { from, line, high });
            }
        }
        if std::mem::replace(&mut self.hold, hold) != hold {
            let port = cx.id;
            cx.send(Signal::SclChanged { port });
        }
    }
}

/// A byte from the bus, and its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Received {
    pub(super) value: u8,
    pub(super) unit: Option<(WireId, u32)>,
}

impl Received {
    /// What became of it.
    pub(super) fn settle(self, cx: &mut Cx<'_>, fate: Fate) {
        if let Some((wire, number)) = self.unit {
            cx.shared.log.settle(wire, number, fate, cx.time);
        }
    }

    /// It has arrived in a register, to be taken by the interrupt of this exception number, or by DMA.
    pub(super) fn waits(self, cx: &mut Cx<'_>, interrupt: Option<u16>) {
        self.arrived(cx, interrupt, None, Fate::Waiting);
    }

    /// It has arrived and there is no room: `holder` sits there.
    pub(super) fn overruns(self, cx: &mut Cx<'_>, interrupt: Option<u16>, holder: Option<Self>) {
        self.arrived(cx, interrupt, holder, Fate::Overrun);
    }

    fn arrived(self, cx: &mut Cx<'_>, interrupt: Option<u16>, holder: Option<Self>, fate: Fate) {
        let Some((wire, number)) = self.unit else {
            return;
        };
        if let Some(unit) = cx.shared.log.unit(wire, number) {
            unit.arrived = Some(cx.time);
            unit.received = Some(self.value.into());
            unit.interrupt = interrupt;
            unit.blocked_by = holder
                .and_then(|h| h.unit)
                .filter(|(theirs, _)| *theirs == wire)
                .map(|(_, number)| number);
        }
        cx.shared.log.settle(wire, number, fate, cx.time);
    }

    /// The host was told that it was not taken.
    pub(super) fn refused(self, cx: &mut Cx<'_>, why: &'static str) {
        self.settle(cx, Fate::NotAcknowledged);
        if let Some((wire, number)) = self.unit {
            cx.shared.log.note(wire, number, why);
        }
    }
}
