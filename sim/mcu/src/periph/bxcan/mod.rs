//! bxCAN: three transmit mailboxes, two receive FIFOs of three stages, filters; and the bus that it is on.
//!
//! Sources: svd/STM32F103.svd (offsets, bits); reference/can.md; RM0090 ch. 32 (same block); Bosch CAN 2.0 for the bus, from
//! memory \[M\].
//!
//! | register or behaviour | source | test |
//! |---|---|---|
//! | after reset it sleeps; INRQ and SLEEP are requests, INAK and SLAK follow; normal mode needs 11 recessive bits | can.md §3, RM0090 §32.4 | `from_sleep_by_init_to_normal_mode`, `leaving_init_waits_for_eleven_recessive_bits` |
//! | with both requests set it goes to initialisation, from reset too, and SLAK falls then | D: ST's HAL awaits INAK before it clears SLEEP, on all families; zephyr issue 71142, renode issue 999 | `init_goes_before_sleep` |
//! | a request waits for the frame that it takes part in | RM0090 MCR.INRQ, SLEEP | `init_waits_for_the_end_of_the_frame` |
//! | AWUM wakes it at a start of frame, WKUI | RM0090 MCR.AWUM | `a_start_of_frame_wakes_it` |
//! | bit = 1 + BS1 + BS2 quanta of (BRP + 1) PCLK1 clocks | can.md §4 | `timing` tests |
//! | a sender may be off by SJW in 10 bits, and by the smaller segment in 13 | Bosch CAN 2.0 §9 \[M\] | `timing` tests, `another_bit_rate_is_not_received` |
//! | a frame counts at the end of the last but one bit of its end of frame | can.md §2 | `a_frame_is_received_before_its_last_bit` |
//! | it acknowledges by itself, whatever the core does | can.md §2 | `can::frames_are_acknowledged_while_the_core_stands_still` |
//! | three stages; the fourth frame sets FOVR; RFLM 0: the newest is overwritten, 1: the new one is lost | can.md §2 | `the_fourth_frame_overwrites_the_third`, `a_locked_fifo_keeps_the_oldest` |
//! | FULL and FOVR stay until ones are written; RFOM releases | can.md §2 | the same |
//! | filters: list and mask, 32 and 16 bits, their numbers and priorities | RM0090 §32.7.4 | `filter` tests |
//! | no active filter, or FINIT: nothing is received | can.md §2 | `filter` tests, `without_a_filter_frames_are_acknowledged_and_gone` |
//! | mailboxes go by identifier, or in the order of requests (TXFP) | RM0090 §32.7.2 | `mailboxes_go_by_identifier_or_in_order` |
//! | the lower identifier wins; ALST, and again; NART: only once | RM0090 §32.7.2 | `arbitration_with_the_other_node` |
//! | ABRQ: a waiting mailbox is empty at once, one in transmission if that fails | RM0090 §32.7.2 | `abort` |
//! | no acknowledgement: TEC + 8, LEC 3, again; passive at 128, and never off the bus | Bosch CAN 2.0 §8 rule 3 exception 1 \[M\] | `alone_on_the_bus`, `errors` tests |
//! | bit errors (a pin is not connected, all others at another rate): off the bus at TEC 256 | Bosch CAN 2.0 §8 \[M\] | `bus_off_and_recovery` |
//! | recovery after 128 times 11 recessive bits: by itself with ABOM, else after init was entered and left | can.md §3 | `bus_off_and_recovery` |
//! | a node that nobody acknowledges sends again: 17 bits after the error, 8 later when passive | Bosch CAN 2.0 §6, §8 \[M\] | `a_frame_that_nobody_acknowledges_comes_again` |
//! | LBKM: it hears itself only; SILM: it neither sends nor acknowledges | can.md §8, RM0090 §32.5 | `loop_back`, `silent_mode_does_not_acknowledge` |
//! | four interrupt lines, levels; ERRI at a new flag or error code that is enabled | can.md §2, RM0090 §32.8 | `interrupts_are_levels`, `bus_off_and_recovery` |
//!
//! What becomes of a frame. *Waiting* from the time it counts on, in a FIFO; *Delivered* when firmware releases it (*Flushed* if it never
//! looked at it). *`FifoOverrun`* as above; *Filtered* if it was acknowledged and no filter wanted it; *`NotAcknowledged`* and *`BitRate`* as
//! long as its sender tries in vain; *`NotListening`* if others acknowledged it and this controller did not take part, or has no active filter
//! (a finding says why).
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | error flags of a receiver at another bit rate, and what they do to the sender | they depend on each bit; either way the frame is not acknowledged | REC + 1; other nodes are not disturbed |
//! | an error in mid-frame | the bus has no noise | a frame that is not understood fails at its acknowledgement |
//! | a silent receiver beside an error passive sender (it could take the frame) | needs the bits of both ends | it receives nothing |
//! | a start of frame that falls into the first bit of another | a window of one bit | the first one has the bus, the other waits |
//! | two senders with the same identifier at once | forbidden | ours goes first, then the other |
//! | overload frames | none of these controllers sends them | none |
//! | time-triggered mode, time stamps | no scenario uses them | unmodelled; finding |
//! | the second controller of a pair (filters of CAN1 for CAN2) | no part here has it | banks from CAN2SB on receive nothing |
//! | clocks that RFOM, and longer ones that INRQ and SLEEP, take | no figure | RFOM at once, a request one PCLK1 clock |
//! | a frame in flight when BTR or the clock changes | nobody measures it | the frame keeps its times; it is received if the rates agree at its ends |

mod bits;
mod errors;
mod fifo;
mod filter;
mod hearing;
mod loopback;
mod mailbox;
mod medium;
mod mode;
mod registers;
mod timing;
mod traffic;

use crate::Hertz;
use crate::chip::PeripheralSpec;
use crate::log::Fate;
use crate::periph::build::{BuildError, int};
use crate::periph::registers::name_of;
use crate::periph::usart::{Route, routes};
use crate::periph::{CanPort, CanTransmitted, Cx, Peripheral, Refusal, Register, Signal};
use crate::sched::EventId;
use crate::wire::{CanNode, CanOffer};

use bits::{BTR_RESET, Ier, Mcr, Msr, NAMES};
use errors::Errors;
use fifo::Fifo;
use filter::Filters;
use hearing::Deaf;
use loopback::Looped;
use mailbox::Mailboxes;
use medium::{Medium, Talker};
use mode::{Mode, Sync};

/// Event: somebody starts a frame.
const START: u32 = 0;
/// Event: the acknowledgement slot is over.
const ACKNOWLEDGE: u32 = 1;
/// Event: receivers take the frame.
const VALID: u32 = 2;
/// Event: the sender is done with the frame.
const END: u32 = 3;
/// Event: a run of 11 recessive bits.
const SYNC: u32 = 4;
/// Event: a mode request arrives.
const HANDSHAKE: u32 = 5;
/// Event: a looped frame is received.
const LOOP_VALID: u32 = 6;
/// Event: a looped frame is sent.
const LOOP_END: u32 = 7;
/// Event: the next looped frame may start.
const LOOP_NEXT: u32 = 8;

/// Bits after which other nodes have got over a frame that was cut off in the middle: an error flag, its echo, delimiter, intermission.
const AFTER_CUT: u64 = 6 + 6 + 8 + 3;

/// Interrupt lines.
#[derive(Clone, Copy, Debug)]
struct Lines {
    tx: u16,
    rx0: u16,
    rx1: u16,
    sce: u16,
}

/// A bxCAN controller and its bus.
#[derive(Clone, Debug)]
pub(in crate::periph) struct BxCan {
    name: String,
    irqs: Lines,
    rx: Vec<Route>,
    tx: Vec<Route>,
    mcr: Mcr,
    /// MSR: the flags that stay.
    flags: Msr,
    ier: Ier,
    btr: u32,
    mode: Mode,
    handshake: Option<EventId>,
    sync: Option<Sync>,
    mailboxes: Mailboxes,
    fifos: [Fifo; 2],
    filters: Filters,
    errors: Errors,
    looped: Option<Looped>,
    /// Not ours: a reset of the chip does not touch it.
    medium: Medium,
    transmitted: Vec<CanTransmitted>,
    /// The reason that the last finding gave.
    told: Option<Deaf>,
}

impl BxCan {
    pub(in crate::periph) fn build(spec: &PeripheralSpec) -> Result<Self, BuildError> {
        let line = |name: &str, what: &'static str| {
            let irq = spec.irqs.get(name).copied();
            irq.ok_or_else(|| BuildError::missing(spec, what))
        };
        let banks = match int(spec, "filters")? {
            Some(14) => 14,
            Some(28) => 28,
            _ => return Err(BuildError::missing(spec, "`filters`, 14 or 28")),
        };
        Ok(Self {
            name: spec.name.clone(),
            irqs: Lines {
                tx: line("tx", "the interrupt line `tx`")?,
                rx0: line("rx0", "the interrupt line `rx0`")?,
                rx1: line("rx1", "the interrupt line `rx1`")?,
                sce: line("sce", "the interrupt line `sce`")?,
            },
            rx: routes(spec, "rx")?,
            tx: routes(spec, "tx")?,
            mcr: Mcr::RESET_VALUE,
            flags: Msr::empty(),
            ier: Ier::empty(),
            btr: BTR_RESET,
            mode: Mode::Sleep,
            handshake: None,
            sync: None,
            mailboxes: Mailboxes::default(),
            fifos: [Fifo::default(), Fifo::default()],
            filters: Filters::new(banks),
            errors: Errors::default(),
            looped: None,
            medium: Medium::default(),
            transmitted: Vec::new(),
            told: None,
        })
    }

    /// Does it send or receive a frame now?
    fn takes_part(&self) -> bool {
        let carried = self.medium.carried.as_ref();
        carried.is_some_and(medium::Carried::is_ours)
            || self.looped.as_ref().is_some_and(|l| !l.is_over())
    }

    /// Back to sleep, FIFOs and mailboxes empty. The bus goes on.
    fn master_reset(&mut self, cx: &mut Cx<'_>, fate: Fate) {
        self.cancel_handshake(cx);
        self.forget_runs(cx);
        if let Some(looped) = self.looped.take() {
            cx.cancel(looped.event);
        }
        for fifo in &mut self.fifos {
            fifo.clear(cx, fate);
        }
        self.mailboxes = Mailboxes::default();
        self.errors = Errors::default();
        (self.mcr, self.flags, self.ier) = (Mcr::RESET_VALUE, Msr::empty(), Ier::empty());
        (self.btr, self.mode) = (BTR_RESET, Mode::Sleep);
        self.leave_frame(cx);
        self.want_bus(cx);
        self.drive(cx);
    }

    /// It falls silent in mid-frame: its own frame is cut off, another's goes on without it.
    fn leave_frame(&mut self, cx: &mut Cx<'_>) {
        let Some(carried) = &mut self.medium.carried else {
            return;
        };
        if matches!(carried.talker, Talker::Node(_)) {
            carried.deaf = carried.deaf.or(Some(Deaf::Sleep));
            return;
        }
        let (rate, event): (Hertz, _) = (carried.rate, carried.event);
        self.medium.carried = None;
        if let Some(event) = event {
            cx.cancel(event);
        }
        self.medium.free_from = cx.time + rate.periods(AFTER_CUT);
        self.medium.set_recessive_from(cx.time + rate.periods(12));
    }

    /// Brings the interrupt lines to where the flags want them.
    fn drive(&self, cx: &mut Cx<'_>) {
        let first = self.ier;
        // FIFO 1's bits are three places up.
        let second = Ier::from_bits_truncate(first.bits() >> 3 & 0b1110);
        let tx = first.contains(Ier::TMEIE) && self.mailboxes.any_complete();
        let sce = [
            (Ier::ERRIE, Msr::ERRI),
            (Ier::WKUIE, Msr::WKUI),
            (Ier::SLKIE, Msr::SLAKI),
        ]
        .iter()
        .any(|&(enable, flag)| first.contains(enable) && self.flags.contains(flag));
        cx.irq(self.irqs.tx, tx);
        cx.irq(self.irqs.rx0, self.fifos[0].interrupts(first));
        cx.irq(self.irqs.rx1, self.fifos[1].interrupts(second));
        cx.irq(self.irqs.sce, sce);
    }
}

impl Peripheral for BxCan {
    fn read(&mut self, cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        self.read_register(cx, reg.offset)
    }

    fn write(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        let result = self.write_register(cx, reg, value);
        self.drive(cx);
        result
    }

    fn event(&mut self, cx: &mut Cx<'_>, token: u32) {
        match token {
            START => self.start(cx),
            ACKNOWLEDGE => self.acknowledge(cx),
            VALID => self.valid(cx),
            END => self.end(cx),
            SYNC => self.run_complete(cx),
            HANDSHAKE => self.handshake(cx),
            _ => self.loop_event(cx, token),
        }
        self.drive(cx);
    }

    fn signal(&mut self, cx: &mut Cx<'_>, signal: &Signal) {
        if *signal == Signal::ClocksChanged {
            self.expect_run(cx);
            self.follow_requests(cx);
        }
    }

    fn reset(&mut self, cx: &mut Cx<'_>) {
        self.filters.reset();
        self.master_reset(cx, Fate::Reset);
    }

    fn register_name(&self, offset: u32) -> Option<&'static str> {
        name_of(NAMES, offset)
    }

    fn can(&mut self) -> Option<&mut dyn CanPort> {
        Some(self)
    }

    fn boxed_clone(&self) -> Box<dyn Peripheral> {
        Box::new(self.clone())
    }
}

impl CanPort for BxCan {
    fn attach(&mut self, node: CanNode) {
        self.medium.attach(node);
    }

    fn offer(&mut self, cx: &mut Cx<'_>, offer: &CanOffer) {
        let nodes = &mut self.medium.nodes;
        if let Some(node) = nodes.iter_mut().find(|n| n.spec.wire == offer.wire) {
            node.offer = Some(*offer);
            node.begun = false;
        }
        self.want_bus(cx);
    }

    fn transmitted(&self) -> &[CanTransmitted] {
        &self.transmitted
    }
}

#[cfg(test)]
mod tests;
