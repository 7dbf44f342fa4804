//! Finds the links of a chain.

use std::collections::BTreeMap;

use flashstall_cpu::{Addr, HoldKind};
use flashstall_mcu::Picos;
use flashstall_mcu::chip::Chip;
use flashstall_mcu::log::{Fate, FlashOperation, Log, OperationId, Stall, Unit, WireLog};

use super::history::{History, State};
use super::link::Link;
use crate::firmware::Firmware;
use crate::report::{
    cause_name, hold_name, operation_name, place_report, places_report, reset_name, swapped_name,
};

/// Explains losses of one run.
pub struct Explainer<'a> {
    log: &'a Log,
    chip: &'a Chip,
    firmware: &'a Firmware,
    history: History<'a>,
    end: Picos,
    /// Exceptions that are enabled in the NVIC at the end.
    enabled: &'a dyn Fn(u16) -> bool,
    /// Function of an exception's handler, from the vector table at the end.
    handler: &'a dyn Fn(u16) -> Option<String>,
}

impl<'a> Explainer<'a> {
    /// For a run that ended at `end`. `enabled` and `handler` tell, for an exception number, whether the NVIC has it
    /// enabled and which function its vector leads to.
    pub fn new(
        log: &'a Log,
        chip: &'a Chip,
        firmware: &'a Firmware,
        end: Picos,
        enabled: &'a dyn Fn(u16) -> bool,
        handler: &'a dyn Fn(u16) -> Option<String>,
    ) -> Self {
        Self {
            log,
            chip,
            firmware,
            history: History::new(log, end),
            end,
            enabled,
            handler,
        }
    }

    /// The name of exception `number`.
    pub(super) fn name(&self, number: u16) -> String {
        self.chip.exception_name(number)
    }

    /// Where exception `number` stood at `time`.
    pub(super) fn state(&self, number: u16, time: Picos) -> State {
        self.history.state(number, time)
    }

    /// The function of its handler.
    pub(super) fn handler_of(&self, number: u16) -> Option<String> {
        (self.handler)(number)
    }

    /// The chain of unit `number` of `wire`, from the loss to its origin.
    #[must_use]
    pub fn explain(&self, wire: &WireLog, number: usize) -> Vec<Link> {
        let Some(unit) = wire.units.get(number) else {
            return Vec::new();
        };
        let mut chain = vec![Link::Lost {
            kind: wire.kind.to_owned(),
            unit: number as u64,
            value: unit.value,
            cause: cause_name(unit.fate).to_owned(),
            at_s: unit.settled.as_secs_f64(),
        }];
        match unit.fate {
            Fate::NotListening | Fate::NotAcknowledged | Fate::BitRate => {
                let note = wire.notes.get(&(number as u32)).map(|n| (*n).to_owned());
                let reason = note.or_else(|| self.deaf(wire, unit));
                chain.push(Link::NotListening { reason });
            }
            Fate::Reset => self.reset(unit, &mut chain),
            // Never read: what counts is how things stood at the end.
            Fate::Waiting => self.not_taken(
                wire,
                &Unit {
                    settled: self.end,
                    ..*unit
                },
                &mut chain,
            ),
            Fate::Overrun | Fate::Overwritten | Fate::FifoOverrun | Fate::Merged => {
                if let Some(blocker) = unit.blocked_by {
                    let register = self.register(wire, unit);
                    chain.push(Link::StillHeld {
                        register,
                        unit: u64::from(blocker),
                    });
                }
                self.not_taken(wire, unit, &mut chain);
            }
            // What is corrupted or thrown away explains itself.
            Fate::Corrupted | Fate::Flushed | Fate::Delivered | Fate::Filtered | Fate::InFlight => {
            }
        }
        chain
    }

    /// What the receiver said when it did not hear `unit`, or one before it for the same reason. A finding is about this wire if a
    /// frame of this wire began at its time.
    fn deaf(&self, wire: &WireLog, unit: &Unit) -> Option<String> {
        let of_this_wire = |at| wire.units.binary_search_by_key(&at, |u| u.sent).is_ok();
        let said = self.log.findings.iter().rev();
        said.filter(|f| f.rule == "usart-not-listening" && f.at <= unit.sent)
            .find(|f| of_this_wire(f.at))
            .map(|f| f.text.clone())
    }

    fn register(&self, wire: &WireLog, unit: &Unit) -> String {
        if wire.kind == "can" {
            let second = self.chip.peripherals.iter().any(|p| {
                p.kind == "bxcan" && p.irqs.get("rx1").map(|irq| irq + 16) == unit.interrupt
            });
            return format!("FIFO {} (full)", u8::from(second));
        }
        if wire.kind == "i2c" {
            let v1 = self.chip.peripherals.iter().any(|p| p.kind == "i2c-v1");
            return if v1 { "DR" } else { "RXDR" }.to_owned();
        }
        if wire.kind != "uart" {
            return "the pending flag".to_owned();
        }
        // v1 USARTs have one DR, v3 a separate RDR.
        let v1 = self.chip.peripherals.iter().any(|p| p.kind == "usart-v1");
        if v1 { "DR" } else { "RDR" }.to_owned()
    }

    fn reset(&self, unit: &Unit, chain: &mut Vec<Link>) {
        if let Some(reset) = self
            .log
            .resets
            .iter()
            .find(|r| r.at >= unit.settled)
            .or(self.log.resets.last())
        {
            let place = place_report(&self.firmware.place(reset.pc));
            chain.push(Link::Reset {
                cause: reset_name(reset.cause).to_owned(),
                place,
            });
        }
    }

    /// Why the interrupt did not take what was there at `unit.settled`.
    fn not_taken(&self, wire: &WireLog, unit: &Unit, chain: &mut Vec<Link>) {
        let Some(number) = unit.interrupt else {
            // Without an interrupt a UART or an I2C has asked DMA (DMAR, DMAEN).
            chain.push(if matches!(wire.kind, "uart" | "i2c") {
                Link::DmaDidNotTake
            } else {
                Link::NotRequested { interrupt: None }
            });
            return;
        };
        let interrupt = self.chip.exception_name(number);
        match self.history.state(number, unit.settled) {
            State::Pending {
                since,
                until,
                entered,
            } => {
                let length = until - since;
                chain.push(Link::Pending {
                    interrupt: interrupt.clone(),
                    since_s: since.as_secs_f64(),
                    length_s: length.as_secs_f64(),
                    entered,
                });
                self.not_entered(number, interrupt, since, until, chain);
            }
            State::Running { since } => {
                chain.push(Link::HandlerRunning {
                    interrupt,
                    since_s: since.as_secs_f64(),
                    handler: (self.handler)(number),
                });
                self.stalled(since, unit.settled, chain);
            }
            State::Idle { last } => {
                let blocker = unit.arrived.filter(|_| unit.fate == Fate::Waiting);
                let blocker = blocker.or_else(|| {
                    unit.blocked_by
                        .and_then(|n| wire.units.get(n as usize))
                        .and_then(|u| u.arrived)
                });
                match last {
                    Some(last) if blocker.is_some_and(|arrived| last >= arrived) => {
                        chain.push(Link::HandlerDidNotRead {
                            interrupt,
                            last_s: last.as_secs_f64(),
                        });
                    }
                    _ => {
                        chain.push(Link::NotRequested {
                            interrupt: Some(interrupt),
                        });
                        // Firmware that polls does not while the core stands still.
                        if let Some(arrived) = blocker {
                            self.stalled(arrived, unit.settled, chain);
                        }
                    }
                }
            }
        }
    }

    /// Why exception `number` was pending from `since` to `until`: a stall, another handler, or a mask.
    pub(super) fn not_entered(
        &self,
        number: u16,
        interrupt: String,
        since: Picos,
        until: Picos,
        chain: &mut Vec<Link>,
    ) {
        if self.stalled(since, until, chain) {
            return;
        }
        let length = until - since;
        match self.history.busiest_handler(number, since, until) {
            Some((other, sum)) if sum.0 >= length.0 / 2 => chain.push(Link::OtherHandler {
                interrupt: self.chip.exception_name(other),
                length_s: sum.as_secs_f64(),
                handler: (self.handler)(other),
            }),
            _ => chain.push(Link::Masked {
                enabled: (self.enabled)(number),
                interrupt,
            }),
        }
    }

    /// Adds the stall that takes most of `from..to`, and what it waited for. False if stalls take less than half.
    pub(super) fn stalled(&self, from: Picos, to: Picos, chain: &mut Vec<Link>) -> bool {
        let mut groups: BTreeMap<(HoldKind, Option<u16>, Option<String>), Group<'_>> =
            BTreeMap::new();
        let mut all = Picos::ZERO;
        for (stall, overlap) in self.history.stalls(from, to) {
            all += overlap;
            let function = self
                .firmware
                .symbols
                .function_at(stalled_at(stall))
                .map(|s| s.name.clone());
            let group = groups
                .entry((stall.kind, stall.entering, function))
                .or_insert(Group {
                    longest: stall,
                    most: Picos::ZERO,
                    sum: Picos::ZERO,
                    count: 0,
                });
            group.sum += overlap;
            group.count += 1;
            if overlap > group.most {
                (group.longest, group.most) = (stall, overlap);
            }
        }
        let Some(group) = groups
            .into_values()
            .max_by_key(|g| g.sum)
            .filter(|_| all.0 >= (to - from).0 / 2)
        else {
            return false;
        };
        let stall = group.longest;
        // The example in the design shows the whole stall, not only its overlap, where there is one.
        let length = if group.count == 1 {
            stall.end - stall.start
        } else {
            group.sum
        };
        chain.push(Link::Held {
            kind: hold_name(stall.kind).to_owned(),
            accessed: stall.address.to_string(),
            object: self.object(stall),
            place: place_report(&self.firmware.place(stalled_at(stall))),
            entering: stall.entering.map(|n| self.chip.exception_name(n)),
            length_s: length.as_secs_f64(),
            count: group.count,
        });
        self.operation(stall, chain);
        true
    }

    fn object(&self, stall: &Stall) -> Option<String> {
        (stall.kind == HoldKind::Data)
            .then(|| self.firmware.symbols.data_at(stall.address))
            .flatten()
            .map(|symbol| symbol.display().to_owned())
    }

    fn operation(&self, stall: &Stall, chain: &mut Vec<Link>) {
        let Some(operation) = stall
            .operation
            .and_then(|OperationId(i)| self.log.operations.kept.get(i))
        else {
            return;
        };
        chain.push(Link::Busy {
            bank: stall.bank,
            operation: operation_name(operation.kind).to_owned(),
            address: operation.address.to_string(),
            swapped: operation.swapped.map(swapped_name),
            length_s: (operation.end - operation.start).as_secs_f64(),
        });
        for place in places_report(&started_by(self.log, self.firmware, operation)) {
            chain.push(Link::Called { place });
        }
    }
}

/// The instruction that a stall is blamed on: the one that executed, or the first of the handler that was being fetched.
pub(crate) fn stalled_at(stall: &Stall) -> Addr {
    if stall.kind == HoldKind::Fetch && stall.entering.is_some() {
        stall.address
    } else {
        stall.pc
    }
}

/// Stalls at one place in a span of time.
struct Group<'a> {
    longest: &'a Stall,
    most: Picos,
    sum: Picos,
    count: u64,
}

/// Who started an operation, innermost first.
pub(crate) fn started_by(
    log: &Log,
    firmware: &Firmware,
    operation: &FlashOperation,
) -> Vec<crate::firmware::Place> {
    // Programs carry a snapshot only the first time at their pc.
    let snapshot = operation.snapshot.as_deref().or_else(|| {
        log.operations
            .kept
            .iter()
            .filter(|o| o.pc == operation.pc)
            .find_map(|o| o.snapshot.as_deref())
    });
    match snapshot {
        Some(snapshot) => firmware.call_chain(snapshot),
        None => firmware.places(operation.pc),
    }
}
