//! DMA controller with channels (F1, F3, L1; L4 with a request selector).
//!
//! Sources: svd/STM32F303.svd (offsets, bits), reference/dma.md §2, §4, §5. Behaviour that is cited by manual section is from
//! memory \[M\] unless the row says otherwise.
//!
//! | register or behaviour | source | test |
//! |---|---|---|
//! | a request of a peripheral is a level; it is served while EN is 1 and CNDTR is not 0 | dma.md §5; RM0008 §DMA transactions | `requests_wait_for_enable`, `dma::bytes_reach_the_ring_while_the_core_stands_still` |
//! | HTIF at half, TCIF at the end; circular mode reloads | dma.md §2 | `channel` tests, `flags_and_interrupts_of_a_circular_channel` |
//! | without CIRC the channel keeps EN and serves no more | RM0008 DMA_CNDTRx | `a_finished_channel_serves_no_more`, `dma::bytes_are_lost_once_the_count_is_through` |
//! | CNDTR, CPAR, CMAR and the modes are writable only while EN is 0; a finding | dma.md §2 | `what_is_frozen_while_enabled_stays` |
//! | EN rising starts from CPAR, CMAR with CNDTR as it stands | RM0008 §channel configuration | `enabling_starts_over` |
//! | widths of their own on both sides: filled up with zeros or cut | RM0008 §programmable data width | `channel` tests, `dma::widths_are_packed` |
//! | a bus error sets TEIF and clears EN; CCM is out of reach | dma.md §1, §2 | `a_bus_error_stops_the_channel`, `dma::ccm_is_out_of_reach` |
//! | arbitration before each unit: PL, then the lower channel | dma.md §2 | `the_higher_priority_goes_first` |
//! | MEM2MEM runs without requests | RM0008 §memory-to-memory | `dma::memory_to_memory_needs_no_request` |
//! | a read of the busy flash bank waits, and the whole controller with it | dma.md §1; flash.md §1 | `dma::a_transfer_from_busy_flash_waits` |
//! | not of the chip: units that came between two looks at CNDTR, or at a flag that is set, are counted; a whole turn of a ring is a finding | [`DmaTotals`] | `turns_that_nobody_saw_are_counted` |
//! | IFCR clears; GIF is the OR of the three, CGIF clears them all | dma.md §2; the OR is \[M\] | `flags_are_cleared_by_ifcr` |
//! | CSELR: four bits a channel choose the request | dma.md §2 | `cselr_chooses_the_request` |
//! | time of a unit: [`ARBITRATION`] + [`MOVE`] cycles of HCLK | dma.md §5: 5 to 9 cycles \[M\] | `a_unit_takes_a_few_cycles` |
//!
//! A lap of a ring that ends while TCIF of the lap before is still set, with its interrupt enabled, is a finding and a lost request:
//! firmware has not served the ring for a whole lap. Whether it has read the bytes is not for hardware to know.
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | cycles that DMA takes from the core in the bus matrix | one in many, at the rates of a UART | the core is not slowed |
//! | the exact time of a unit by bus and bridge | no figure per part | every unit takes the same |
//! | writes to the flash array | the F1 and F3 program by half-words of the core; no firmware does it | bus error, TEIF |
//! | requests of what has no model (ADC, I2C) and of timers | they are not modelled, or not yet | none come |
//! | GIF that outlives its cleared flags | not documented | GIF is the OR |

mod bits;
mod channel;
mod port;
mod routes;

use flashstall_cpu::Cycles;

pub use port::{DmaAccess, DmaBeat, DmaLine, DmaPort, DmaStop};
pub(super) use routes::Route;

use crate::chip::PeripheralSpec;
use crate::log::DmaTotals;
use crate::periph::build::{BuildError, int, text};
use crate::periph::registers::{field, left_out};
use crate::periph::{Cx, Peripheral, Refusal, Register, Signal};
use crate::sched::EventId;
use bits::{
    CCR, CHANNEL_NAMES, CHANNELS, CMAR, CNDTR, CNDTR_MASK, CPAR, CSELR, Ccr, Flags, IFCR, ISR,
    MOST_CHANNELS, STRIDE,
};
use channel::Channel;

/// HCLK cycles to sample the requests and to decide, and to compute the addresses.
const ARBITRATION: Cycles = Cycles(2);
/// HCLK cycles to read, to write and to acknowledge, with an APB bridge on one side.
const MOVE: Cycles = Cycles(6);

/// What the one bus master does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Idle,
    /// Decides at the event.
    Arbitrating(EventId),
    /// Moves a unit of this channel at the event, unless its request is gone.
    Moving(usize, EventId),
}

/// A controller.
#[derive(Clone, Debug)]
pub(super) struct Dma {
    name: String,
    channels: Vec<Channel>,
    routes: Vec<Route>,
    has_cselr: bool,
    isr: u32,
    cselr: u32,
    phase: Phase,
}

impl Dma {
    pub(super) fn build(spec: &PeripheralSpec, all: &[PeripheralSpec]) -> Result<Self, BuildError> {
        let count = match int(spec, "channels")?.map(usize::try_from) {
            Some(Ok(n @ 1..=MOST_CHANNELS)) => n,
            _ => return Err(BuildError::missing(spec, "`channels`, 1 to 7")),
        };
        let mut channels = vec![Channel::default(); count];
        for (name, &irq) in &spec.irqs {
            for n in channels_of(name, count).ok_or_else(|| {
                BuildError::bad(spec, format!("`{name}` is not like CH3 or CH4_5"))
            })? {
                channels[n].irq = Some(irq);
            }
        }
        if channels.iter().any(|channel| channel.irq.is_none()) {
            return Err(BuildError::missing(spec, "an interrupt for each channel"));
        }
        let routes = text(spec, "requests")?
            .unwrap_or_default()
            .split_whitespace()
            .map(|item| {
                Route::parse(item, 1, count, all).ok_or_else(|| {
                    BuildError::bad(
                        spec,
                        format!("`{item}` in `requests` is not like USART1_RX:5 or USART1_RX:5/2"),
                    )
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            name: spec.name.clone(),
            channels,
            has_cselr: routes.iter().any(|route| route.select.is_some()),
            routes,
            isr: 0,
            cselr: 0,
            phase: Phase::Idle,
        })
    }

    /// Has channel `n` a unit to move now?
    fn wants(&self, n: usize) -> bool {
        let channel = &self.channels[n];
        channel.is_armed()
            && (channel.ccr.contains(Ccr::MEM2MEM)
                || self
                    .routes
                    .iter()
                    .any(|r| r.high && r.channel == n && self.is_selected(r)))
    }

    fn is_selected(&self, route: &Route) -> bool {
        route
            .select
            .is_none_or(|wanted| field(self.cselr, 4 * route.channel as u32, 4) == wanted)
    }

    /// Sets out for the next unit, if the bus master is free and there is one.
    fn kick(&mut self, cx: &mut Cx<'_>) {
        let clocked = cx.shared.clocked.get(cx.id.0).copied().unwrap_or(true);
        if self.phase == Phase::Idle && clocked && (0..self.channels.len()).any(|n| self.wants(n)) {
            self.phase = Phase::Arbitrating(after(cx, ARBITRATION));
        }
    }

    /// The channel that wins: the highest PL, and of those the lowest number.
    fn winner(&self) -> Option<usize> {
        (0..self.channels.len())
            .rev()
            .filter(|&n| self.wants(n))
            .max_by_key(|&n| self.channels[n].priority())
    }

    fn flags(&self, n: usize) -> Flags {
        Flags::from_bits_truncate(field(self.isr, 4 * n as u32, 4))
    }

    fn raise(&mut self, n: usize, flags: Flags) {
        self.isr |= flags.bits() << (4 * n);
    }

    /// ISR with its GIF bits.
    fn isr(&self) -> u32 {
        (0..self.channels.len())
            .filter(|&n| !self.flags(n).is_empty())
            .fold(self.isr, |isr, n| isr | Flags::GIF.bits() << (4 * n))
    }

    /// The interrupt of a channel is a level; channels can share a line.
    fn drive(&self, cx: &mut Cx<'_>) {
        for channel in &self.channels {
            let Some(irq) = channel.irq else { continue };
            let high = (0..self.channels.len())
                .any(|n| self.channels[n].irq == Some(irq) && self.requests(n));
            cx.irq(irq, high);
        }
    }

    fn requests(&self, n: usize) -> bool {
        // TCIE, HTIE and TEIE stand where TCIF, HTIF and TEIF do.
        let enabled = Flags::from_bits_truncate(self.channels[n].ccr.bits()) - Flags::GIF;
        self.flags(n).intersects(enabled)
    }

    /// A unit of channel `n` has been moved.
    fn moved(&mut self, cx: &mut Cx<'_>, n: usize) {
        let unserved = self.flags(n);
        let channel = &mut self.channels[n];
        let flags = channel.advance();
        let (ring, unseen) = (channel.ring(), channel.count_unseen());
        self.raise(n, flags);
        let totals: &mut DmaTotals = cx.shared.log.dma.entry((cx.id, n as u8 + 1)).or_default();
        totals.units += 1;
        totals.longest_unseen = totals.longest_unseen.max(unseen);
        totals.laps += u64::from(flags.contains(Flags::TCIF));
        totals.ring = ring.unwrap_or(totals.ring);
        let lapped = ring.filter(|&ring| unseen.is_multiple_of(ring));
        totals.overwritten += u64::from(lapped.unwrap_or(0));
        if let Some(ring) = lapped {
            self.tell_lapped(cx, n, ring);
        }
        if flags.contains(Flags::TCIF) {
            self.lap(cx, n, unserved);
        }
    }

    /// A lap of channel `n` is over. `unserved` are its flags before the last unit.
    fn lap(&mut self, cx: &mut Cx<'_>, n: usize, unserved: Flags) {
        let (ccr, irq) = (self.channels[n].ccr, self.channels[n].irq);
        if ccr.contains(Ccr::TCIE) && unserved.contains(Flags::TCIF) {
            let key = (cx.id, n as u8 + 1);
            cx.shared.log.dma.entry(key).or_default().unserved_laps += 1;
            if let Some(irq) = irq {
                cx.request_lost(irq);
            }
            if !std::mem::replace(&mut self.channels[n].told, true) {
                let name = &self.name;
                cx.find("dma-lap-unserved", || {
                    format!(
                        "channel {} of {name} ended a lap with TCIF of the lap before still set: its ring was not served for a \
                         whole lap, what it overwrote may not have been read",
                        n + 1
                    )
                });
            }
        }
    }

    /// A whole turn of a ring has come and gone between two looks of the firmware.
    fn tell_lapped(&mut self, cx: &mut Cx<'_>, n: usize, ring: u32) {
        if !std::mem::replace(&mut self.channels[n].told_lapped, true) {
            let name = &self.name;
            cx.find("dma-ring-lapped", || {
                format!(
                    "channel {} of {name} went once round its ring of {ring} between two looks at CNDTR or its flags: a reader \
                     cannot tell that from no movement, and whole turns vanish",
                    n + 1
                )
            });
        }
    }

    fn write_ccr(&mut self, cx: &mut Cx<'_>, n: usize, value: u32) -> Result<(), Refusal> {
        let (old, asked) = (self.channels[n].ccr, Ccr::from_bits_truncate(value));
        let frozen = old.contains(Ccr::EN) && asked.contains(Ccr::EN);
        let new = if frozen {
            (asked & Ccr::LIVE) | (old - Ccr::LIVE)
        } else {
            asked
        };
        if new != asked {
            self.written_while_enabled(cx, n, "the mode");
        }
        let channel = &mut self.channels[n];
        channel.ccr = new;
        if new.contains(Ccr::EN) && !old.contains(Ccr::EN) {
            channel.enable();
        }
        if new.contains(Ccr::MEM2MEM | Ccr::CIRC) {
            return left_out(
                cx,
                &format!(
                    "circular mode of a memory-to-memory channel of {}",
                    self.name
                ),
            );
        }
        Ok(())
    }

    fn written_while_enabled(&self, cx: &mut Cx<'_>, n: usize, what: &str) {
        let name = &self.name;
        cx.find("dma-written-while-enabled", || {
            format!(
                "{what} of channel {} of {name} was written with EN = 1: ignored",
                n + 1
            )
        });
    }

    fn write_channel(
        &mut self,
        cx: &mut Cx<'_>,
        n: usize,
        offset: u32,
        reg: Register,
        value: u32,
    ) -> Result<(), Refusal> {
        let channel = &mut self.channels[n];
        let (slot, mask, what) = match offset {
            CCR => {
                let value = reg.merge(channel.ccr.bits(), value);
                return self.write_ccr(cx, n, value);
            }
            CNDTR => (&mut channel.left, CNDTR_MASK, "CNDTR"),
            CPAR => (&mut channel.cpar, u32::MAX, "CPAR"),
            CMAR => (&mut channel.cmar, u32::MAX, "CMAR"),
            _ => return Err(Refusal::Unmodelled),
        };
        if channel.ccr.contains(Ccr::EN) {
            self.written_while_enabled(cx, n, what);
        } else {
            *slot = reg.merge(*slot, value) & mask;
        }
        Ok(())
    }

    /// The channel behind an offset, and the offset in its registers.
    fn channel_register(&self, offset: u32) -> Option<(usize, u32)> {
        let offset = offset.checked_sub(CHANNELS)?;
        let n = (offset / STRIDE) as usize;
        (n < self.channels.len()).then_some((n, offset % STRIDE))
    }
}

/// Schedules an event `cycles` later.
fn after(cx: &mut Cx<'_>, cycles: Cycles) -> EventId {
    let at = cx.shared.clock.time(cx.cycle + cycles);
    cx.schedule(at, 0)
}

/// The channels, from 0, that `CH3` or `CH4_5` names.
fn channels_of(name: &str, count: usize) -> Option<Vec<usize>> {
    name.strip_prefix("CH")?
        .split('_')
        .map(|n| n.parse().ok().and_then(|n| routes::number(n, 1, count)))
        .collect()
}

impl Peripheral for Dma {
    fn read(&mut self, _cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        match reg.offset {
            ISR => {
                for n in 0..self.channels.len() {
                    if !self.flags(n).is_empty() {
                        self.channels[n].seen();
                    }
                }
                return Ok(self.isr());
            }
            IFCR => return Ok(0),
            CSELR if self.has_cselr => return Ok(self.cselr),
            _ => {}
        }
        let (n, offset) = self
            .channel_register(reg.offset)
            .ok_or(Refusal::Unmodelled)?;
        let channel = &mut self.channels[n];
        Ok(match offset {
            CCR => channel.ccr.bits(),
            CNDTR => {
                channel.seen();
                channel.left
            }
            CPAR => channel.cpar,
            CMAR => channel.cmar,
            _ => return Err(Refusal::Unmodelled),
        })
    }

    fn write(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        let result = match reg.offset {
            ISR => Ok(()),
            IFCR => {
                for n in 0..self.channels.len() {
                    let clear = Flags::from_bits_truncate(field(value & reg.mask, 4 * n as u32, 4));
                    let clear = if clear.contains(Flags::GIF) {
                        Flags::all()
                    } else {
                        clear
                    };
                    self.isr &= !(clear.bits() << (4 * n));
                }
                Ok(())
            }
            CSELR if self.has_cselr => {
                self.cselr = reg.merge(self.cselr, value) & 0x0FFF_FFFF;
                Ok(())
            }
            _ => match self.channel_register(reg.offset) {
                Some((n, offset)) => self.write_channel(cx, n, offset, reg, value),
                None => Err(Refusal::Unmodelled),
            },
        };
        self.drive(cx);
        self.kick(cx);
        result
    }

    fn event(&mut self, cx: &mut Cx<'_>, _token: u32) {
        match self.phase {
            Phase::Idle => {}
            Phase::Arbitrating(_) => {
                self.phase = match self.winner() {
                    Some(n) => Phase::Moving(n, after(cx, MOVE)),
                    None => Phase::Idle,
                };
            }
            Phase::Moving(n, _) if self.wants(n) => cx.send(Signal::DmaBeat { controller: cx.id }),
            Phase::Moving(..) => {
                self.phase = Phase::Idle;
                self.kick(cx);
            }
        }
    }

    fn signal(&mut self, cx: &mut Cx<'_>, signal: &Signal) {
        match *signal {
            Signal::DmaRequest { from, line, high } => {
                for route in &mut self.routes {
                    if route.from == from && route.line == line {
                        route.high = high;
                    }
                }
                self.kick(cx);
            }
            Signal::ClocksChanged => self.kick(cx),
            _ => {}
        }
    }

    fn reset(&mut self, cx: &mut Cx<'_>) {
        match std::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Arbitrating(event) | Phase::Moving(_, event) => cx.cancel(event),
            Phase::Idle => {}
        }
        // The requests are levels of others: they stay.
        self.channels.iter_mut().for_each(Channel::reset);
        (self.isr, self.cselr) = (0, 0);
        self.drive(cx);
    }

    fn register_name(&self, offset: u32) -> Option<&'static str> {
        match offset {
            ISR => Some("ISR"),
            IFCR => Some("IFCR"),
            CSELR if self.has_cselr => Some("CSELR"),
            _ => {
                let (n, offset) = self.channel_register(offset)?;
                CHANNEL_NAMES[n].get((offset / 4) as usize).copied()
            }
        }
    }

    fn dma(&mut self) -> Option<&mut dyn DmaPort> {
        Some(self)
    }

    fn boxed_clone(&self) -> Box<dyn Peripheral> {
        Box::new(self.clone())
    }
}

impl DmaPort for Dma {
    fn access(&self) -> Option<DmaAccess> {
        match self.phase {
            Phase::Moving(n, _) => Some(DmaAccess::Move(self.channels[n].beat())),
            _ => None,
        }
    }

    fn finished(&mut self, cx: &mut Cx<'_>, result: Result<u32, DmaStop>) {
        let Phase::Moving(n, _) = self.phase else {
            return;
        };
        match result {
            Ok(_) => self.moved(cx, n),
            Err(DmaStop::HeldUntil(until)) => {
                let until = until.max(cx.shared.clock.time(cx.cycle + Cycles(1)));
                self.phase = Phase::Moving(n, cx.schedule(until, 0));
                return;
            }
            Err(DmaStop::BusError(address)) => {
                self.channels[n].ccr.remove(Ccr::EN);
                self.raise(n, Flags::TEIF);
                let name = &self.name;
                cx.find("dma-bus-error", || {
                    format!(
                        "channel {} of {name} cannot reach {address}: TEIF, and the channel is off",
                        n + 1
                    )
                });
            }
        }
        self.phase = Phase::Idle;
        self.drive(cx);
        self.kick(cx);
    }
}

#[cfg(test)]
mod tests;
