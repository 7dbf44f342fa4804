//! Events and signals: time order between devices, wires and the array.

use flashstall_cpu::{Addr, Core, Cycles, FetchWindow};

use super::Soc;
use crate::Picos;
use crate::flash;
use crate::log::{OperationKind, ResetCause, Snapshot};
use crate::periph::{Cx, I2cAnswer, Peripheral, PeripheralId, Rts, Signal};
use crate::sched::{Due, Target};
use crate::wire::{Wire, WireAction, WireId};

/// Rounds of signals that answer signals. Models answer each other once or twice; a model that never stops
/// is a fault of ours, and must not hang a run.
const SIGNAL_ROUNDS: usize = 64;
/// Bytes of stack that a snapshot keeps.
const SNAPSHOT_STACK: usize = 1024;

impl Soc {
    /// Lets every event due at or before `core.now` happen.
    #[inline(never)]
    pub(super) fn catch_up(&mut self, core: &mut Core) {
        self.shared.pc = Addr(core.pc);
        // The clock can change under way, so the date is asked for each time.
        while let Some(due) = self.shared.sched.pop(self.shared.clock.time(core.now)) {
            let cycle = self.shared.clock.cycle(due.at);
            self.dispatch(due, cycle);
            self.deliver(due.at, cycle);
        }
        self.after(core);
    }

    fn dispatch(&mut self, due: Due, cycle: Cycles) {
        match due.target {
            Target::Peripheral(id) => self.with(id, due.at, cycle, |p, cx| p.event(cx, due.token)),
            Target::FlashArray => flash::finish(&mut self.shared, due.token),
            Target::Wire(id) => {
                if !self.may_send(id, due, cycle) {
                    return;
                }
                let Some(wire) = self.wires.get_mut(id.0) else {
                    return;
                };
                match wire.event(&mut self.shared, due.at, due.token) {
                    WireAction::CanFrame { port, offer } => {
                        self.with(port, due.at, cycle, |p, cx| {
                            if let Some(port) = p.can() {
                                port.offer(cx, &offer);
                            }
                        });
                    }
                    WireAction::I2c { port, step } => {
                        let mut answer = I2cAnswer::default();
                        self.with(port, due.at, cycle, |p, cx| {
                            if let Some(port) = p.i2c() {
                                answer = port.step(cx, step);
                            }
                        });
                        if let Some(wire) = self.wires.get_mut(id.0) {
                            wire.answered(&mut self.shared, due.at, &answer);
                        }
                    }
                    WireAction::UartFrame { port, frame } => {
                        self.with(port, due.at, cycle, |p, cx| {
                            if let Some(port) = p.uart() {
                                port.start_bit(cx, &frame);
                            }
                        })
                    }
                    WireAction::PinLevel { pin, high, unit } => {
                        self.shared.drive_pin(pin, high, unit)
                    }
                    WireAction::None => {}
                }
            }
        }
    }

    /// Flow control: does the receiver want what this wire is about to send?
    fn may_send(&mut self, id: WireId, due: Due, cycle: Cycles) -> bool {
        let asks = |wire: &Wire| wire.asks(due.token);
        let Some(port) = self.wires.get(id.0).and_then(asks) else {
            return true;
        };
        let mut rts = Rts::NotDriven;
        self.with(port, due.at, cycle, |p, cx| {
            if let Some(port) = p.uart() {
                rts = port.rts(cx);
            }
        });
        self.wires[id.0].permits(&mut self.shared, due.at, rts)
    }

    fn wake_wires(&mut self, time: Picos) {
        for wire in &mut self.wires {
            wire.wake(&mut self.shared, time);
        }
    }

    /// Calls peripheral `id` outside of any access.
    pub(super) fn with(
        &mut self,
        id: PeripheralId,
        time: Picos,
        cycle: Cycles,
        f: impl FnOnce(&mut dyn Peripheral, &mut Cx<'_>),
    ) {
        if let Some(peripheral) = self.peripherals.get_mut(id.0) {
            f(
                peripheral.as_mut(),
                &mut Cx {
                    shared: &mut self.shared,
                    id,
                    time,
                    cycle,
                    core: None,
                },
            );
        }
    }

    /// After an access by the core: delivers what devices told, and keeps the core's view up to date.
    pub(super) fn settle(&mut self, core: &mut Core) {
        if !self.shared.outbox.is_empty() {
            let time = self.shared.clock.time(core.now);
            self.deliver(time, core.now);
        }
        if self.shared.nors.iter().any(|s| s.device.wants_caller()) {
            self.attribute(core);
        }
        if let Some(id) = self.shared.flash.take_started() {
            self.complete_snapshot(core, id.0);
            let kind = self
                .shared
                .log
                .operations
                .kept
                .get(id.0)
                .map(|operation| operation.kind);
            if self.stop_on_erase
                && matches!(
                    kind,
                    Some(OperationKind::PageErase | OperationKind::MassErase)
                )
            {
                self.erase_started = Some(id);
                self.recall = true;
            }
        }
        self.after(core);
    }

    /// Something outside was moved between two runs: tells the devices now.
    pub(crate) fn outside_changed(&mut self, core: &mut Core) {
        self.settle(core);
    }

    /// Keeps what the core caches of this chip up to date.
    fn after(&mut self, core: &mut Core) {
        if self.shared.flash.take_window_stale() {
            core.window = FetchWindow::EMPTY;
            self.check_wait_states(core);
        }
        // A held access must not be given up for that.
        if self.dates_moved && core.now >= self.held_until {
            self.dates_moved = false;
            self.recall = true;
        }
        self.refresh_next_event();
    }

    pub(super) fn refresh_next_event(&mut self) {
        self.next_event = if self.recall {
            Cycles::ZERO
        } else {
            self.shared.clock.cycle(self.shared.sched.next())
        };
    }

    /// Delivers signals until there are none.
    pub(super) fn deliver(&mut self, time: Picos, cycle: Cycles) {
        for _ in 0..SIGNAL_ROUNDS {
            if self.shared.outbox.is_empty() {
                return;
            }
            for signal in std::mem::take(&mut self.shared.outbox) {
                self.deliver_one(&signal, time, cycle);
            }
        }
        self.shared.outbox.clear();
    }

    fn deliver_one(&mut self, signal: &Signal, time: Picos, cycle: Cycles) {
        match *signal {
            Signal::Remap(mem_mode) => return self.remap(mem_mode),
            Signal::SwapBanks(swapped) => return self.swap_banks(swapped, time),
            Signal::WindowChanged { port } => return self.window_changed(port),
            Signal::Reset(cause) => return self.ask_for_reset(cause),
            Signal::DmaBeat { controller } => return self.dma_beat(controller, time, cycle),
            Signal::CanFrameDone { wire } => {
                if let Some(wire) = self.wires.get_mut(wire.0) {
                    wire.frame_done(&mut self.shared, time);
                }
                return;
            }
            Signal::RtsChanged { .. } => return self.wake_wires(time),
            Signal::SclChanged { port } => {
                for wire in &mut self.wires {
                    wire.scl_changed(&mut self.shared, time, port);
                }
                return;
            }
            Signal::CanSent { port, sent } => {
                for wire in &mut self.wires {
                    wire.heard_frame(&mut self.shared, time, port, &sent);
                }
                return;
            }
            Signal::UartSent { port, character } => {
                for wire in &mut self.wires {
                    wire.heard(&mut self.shared, time, port, &character);
                }
                return;
            }
            Signal::PinChanged { .. } => self.wake_wires(time),
            Signal::PeripheralReset(id) => return self.with(id, time, cycle, |p, cx| p.reset(cx)),
            Signal::ClocksChanged => {
                self.shared.clock.change(cycle, self.shared.clocks.hclk);
                self.follow_core_clock();
            }
            _ => {}
        }
        for id in (0..self.peripherals.len()).map(PeripheralId) {
            self.with(id, time, cycle, |p, cx| p.signal(cx, signal));
        }
    }

    /// After the core clock changed, dates fall on other cycles: the end of the flash operation and the machine's time
    /// limit. The array may need more wait states.
    fn follow_core_clock(&mut self) {
        let clock = &self.shared.clock;
        if clock.hclk() != self.hclk_followed {
            self.hclk_followed = clock.hclk();
            self.shared.flash.retime(|end| clock.cycle(end));
            self.shared.flash.invalidate_window();
            self.dates_moved = true;
        }
    }

    /// The chip is to be reset as soon as the current instruction is over. The first cause counts.
    pub(super) fn ask_for_reset(&mut self, cause: ResetCause) {
        self.reset_cause.get_or_insert(cause);
        self.recall = true;
        self.next_event = Cycles::ZERO;
    }

    /// Adds the stack to the snapshot of operation number `id`.
    fn complete_snapshot(&mut self, core: &Core, id: usize) {
        let stack = self.stack(core);
        let record = self.shared.log.operations.kept.get_mut(id);
        if let Some(snapshot) = record.and_then(|operation| operation.snapshot.as_mut()) {
            snapshot.stack = stack;
        }
    }

    /// The top of the stack.
    fn stack(&self, core: &Core) -> Vec<u8> {
        let mut stack = vec![0; SNAPSHOT_STACK];
        let sp = core.r[13];
        let kept = if let Some(offset) = self.sram.offset(sp) {
            self.sram.peek(offset, &mut stack)
        } else if let Some(offset) = self.ccm.offset(sp) {
            self.ccm.peek(offset, &mut stack)
        } else {
            0
        };
        stack.truncate(kept);
        stack
    }

    /// Tells serial flashes who asked for what they have begun or refused.
    #[cold]
    fn attribute(&mut self, core: &Core) {
        let caller = Snapshot {
            stack: self.stack(core),
            ..flash::snapshot(core)
        };
        for socket in &mut self.shared.nors {
            if socket.device.wants_caller() {
                socket.device.attribute(caller.clone());
            }
        }
    }

    fn check_wait_states(&mut self, core: &Core) {
        let hclk = self.shared.clock.hclk();
        let set = self.shared.flash.read.wait_states();
        let needed = self.chip.flash.wait_states_for(hclk.whole());
        if needed.is_some_and(|needed| needed > set) {
            let time = self.shared.clock.time(core.now);
            self.shared
                .log
                .find("flash-latency-too-low", time, Addr(core.pc), || {
                    format!(
                        "{set} wait states at HCLK {hclk}: reads of flash return garbage on silicon"
                    )
                });
        }
    }
}
