//! DMA controller with streams (F4).
//!
//! Sources: svd/STM32F429.svd (offsets, bits, reset values), reference/dma.md §3, §4; RM0090 ch. 10 from memory \[M\] where the row does not say
//! otherwise. How a stream and its FIFO work is in [`stream`].
//!
//! | register or behaviour | source | test |
//! |---|---|---|
//! | a request of a peripheral is a level; CHSEL chooses which of eight is heard | RM0090 §10.3.3 | `requests_wait_for_enable_and_channel` |
//! | direct mode: each request ends in memory at once, in one width | RM0090 §10.3.12 | `direct_mode_moves_each_unit_at_once` |
//! | memory to peripheral: the first unit (or FIFO) is fetched when EN is set | RM0090 §10.3.6 | `memory_to_peripheral_reads_ahead` |
//! | FIFO mode: memory is written when the threshold is reached, and at the end | RM0090 §10.3.12 | `fifo_mode_writes_at_the_threshold_and_at_the_end` |
//! | widths of their own on both sides are packed and unpacked | RM0090 §10.3.10 | `widths_are_packed` |
//! | HTIF at half of NDTR, TCIF when NDTR is 0 and the FIFO is empty; EN is cleared | RM0090 §10.3.15 | `a_transfer_ends_with_en_cleared` |
//! | CIRC reloads; DBM swaps M0AR and M1AR, the idle one may be written | RM0090 §10.3.8, §10.3.9 | `flags_and_interrupts_of_a_circular_stream`, `double_buffer_mode_swaps_its_targets` |
//! | setting EN loads NDTR as it was last written | RM0090 DMA_SxNDTR | `enabling_starts_over` |
//! | clearing EN: the FIFO is emptied first, EN reads 1 until then, and TCIF is set | RM0090 §10.3.14, §10.3.17 | `en_is_cleared_late` |
//! | what is frozen while EN is 1; a finding | RM0090 DMA_SxCR | `what_is_frozen_while_enabled_stays` |
//! | a bus error sets TEIF and clears EN; CCM is out of reach; DMA1's peripheral port sees APB1 only | dma.md §1, §3; RM0090 §2.1, the reach is \[M\] | `a_bus_error_stops_the_stream`, `dma1_reaches_apb1_only` |
//! | memory to memory on DMA2 only, without requests, in FIFO mode | dma.md §3 | `memory_to_memory_is_for_dma2` |
//! | FEIF and EN cleared for a threshold that does not fit the burst | RM0090 §10.3.12, §10.3.19 | `a_burst_must_fit_the_threshold` |
//! | FEIF: a request finds an empty FIFO while memory is held (busy flash) | RM0090 §10.3.19 | `an_underrun_sets_feif` |
//! | DMEIF: a request while the datum before waits for memory, direct mode, MINC 0 | RM0090 §10.3.19 | `a_held_store_sets_dmeif` |
//! | PFCTRL: NDTR counts down from 0xFFFF | RM0090 §10.3.16 | `a_peripheral_that_controls_the_flow_counts_from_ffff` |
//! | arbitration: PL, then the lower stream | RM0090 §10.3.4 | `the_higher_priority_goes_first` |
//! | EN set with flags still set: a finding | RM0090 §10.3.18 asks to clear them; silicon's reaction is not documented | `old_flags_are_told` |
//! | not of the chip: units that came between two looks at NDTR, or at a flag that is set, are counted; a whole turn of a ring is a finding | [`DmaTotals`](crate::log::DmaTotals) | `turns_that_nobody_saw_are_counted` |
//! | time of a unit: [`ARBITRATION`] + [`ACCESS`] cycles of HCLK a side | dma.md §5: 5 to 9 cycles for both \[M\] | `direct_mode_moves_each_unit_at_once` |
//!
//! A lap of a ring that ends while TCIF of the lap before is still set, with its interrupt enabled, is a finding and a lost request, as for
//! the channel controller.
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | the two ports working at the same time | bytes come every thousand cycles | one access at a time; a memory side that busy flash holds keeps the other streams waiting even where their FIFO has room |
//! | bursts as one indivisible access (PBURST, MBURST) | no figure hangs on it | single accesses, arbitrated each |
//! | cycles that DMA takes from the core in the bus matrix | one in many, at the rates of a UART | the core is not slowed |
//! | the end that a peripheral announces (PFCTRL) | SDIO is not modelled | the stream runs until it is switched off |
//! | bytes of a last, incomplete memory unit | RM0090: undefined | 0 |
//! | requests of what has no model (ADC, SPI, I2C) and of timers | they are not modelled, or not yet | none come |

mod bits;
mod fifo;
mod stream;

use flashstall_cpu::{Addr, Cycles};

use crate::chip::PeripheralSpec;
use crate::periph::build::{BuildError, int, text};
use crate::periph::dma::Route;
use crate::periph::registers::field;
use crate::periph::{Cx, DmaAccess, DmaPort, DmaStop, Peripheral, Refusal, Register, Signal};
use crate::sched::EventId;
use bits::{
    COUNT, CR, Cr, FCR, Fcr, Flags, HIFCR, HISR, LIFCR, LISR, M0AR, M1AR, NDTR, NDTR_MASK, PAR,
    STREAM_NAMES, STREAMS, STRIDE, place,
};
use stream::{Direction, Side, Stream};

/// HCLK cycles to sample the requests and to decide.
const ARBITRATION: Cycles = Cycles(2);
/// HCLK cycles of the access of one side.
const ACCESS: Cycles = Cycles(3);

/// What the bus master does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Idle,
    /// Decides at the event.
    Arbitrating(EventId),
    /// A side of this stream makes its access at the event.
    Moving(usize, Side, EventId),
    /// As before, but the access is held on the bus.
    Held(usize, Side, EventId),
}

/// A controller.
#[derive(Clone, Debug)]
pub(super) struct DmaStream {
    name: String,
    streams: Vec<Stream>,
    routes: Vec<Route>,
    /// Memory to memory, and a peripheral port into the bus matrix (DMA2).
    in_matrix: bool,
    /// LISR and HISR.
    status: [u32; 2],
    phase: Phase,
}

impl DmaStream {
    pub(super) fn build(spec: &PeripheralSpec, all: &[PeripheralSpec]) -> Result<Self, BuildError> {
        let streams = (0..COUNT)
            .map(|n| {
                spec.irqs
                    .get(&format!("S{n}"))
                    .map(|&irq| Stream::new(irq))
                    .ok_or_else(|| BuildError::missing(spec, "interrupts S0 to S7"))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let routes = text(spec, "requests")?
            .unwrap_or_default()
            .split_whitespace()
            .map(|item| {
                Route::parse(item, 0, COUNT, all)
                    .filter(|route| route.select.is_some_and(|channel| channel < 8))
                    .ok_or_else(|| {
                        BuildError::bad(
                            spec,
                            format!("`{item}` in `requests` is not like USART1_RX:5/4, stream and channel"),
                        )
                    })
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            name: spec.name.clone(),
            streams,
            routes,
            in_matrix: int(spec, "memory_to_memory")? == Some(1),
            status: [0; 2],
            phase: Phase::Idle,
        })
    }

    /// Is a request of the chosen channel of stream `n` high?
    fn requested(&self, n: usize) -> bool {
        let Some(stream) = self.streams.get(n) else {
            return false;
        };
        let channel = field(stream.cr.bits(), 25, 3);
        stream.direction() == Direction::MemoryToMemory
            || self
                .routes
                .iter()
                .any(|r| r.high && r.channel == n && r.select == Some(channel))
    }

    /// What stream `n` does next.
    fn next(&self, n: usize) -> Option<Side> {
        let stream = self.streams.get(n)?;
        if stream.wants_memory() {
            Some(Side::Memory)
        } else if stream.wants_peripheral() && self.requested(n) {
            Some(Side::Peripheral)
        } else {
            None
        }
    }

    /// Sets out for the next access, if the bus master is free and there is one.
    fn kick(&mut self, cx: &mut Cx<'_>) {
        let clocked = cx.shared.clocked.get(cx.id.0).copied().unwrap_or(true);
        if self.phase == Phase::Idle && clocked && (0..COUNT).any(|n| self.next(n).is_some()) {
            self.phase = Phase::Arbitrating(after(cx, ARBITRATION));
        }
    }

    /// The stream that wins: the highest PL, and of those the lowest number.
    fn winner(&self) -> Option<(usize, Side)> {
        (0..COUNT)
            .rev()
            .filter_map(|n| Some((n, self.next(n)?)))
            .max_by_key(|&(n, _)| self.streams[n].priority())
    }

    fn flags(&self, n: usize) -> Flags {
        let (register, shift) = place(n);
        Flags::from_bits_truncate(self.status[register] >> shift)
    }

    fn raise(&mut self, n: usize, flags: Flags) {
        let (register, shift) = place(n);
        self.status[register] |= flags.bits() << shift;
    }

    fn drive(&self, cx: &mut Cx<'_>) {
        for (n, stream) in self.streams.iter().enumerate() {
            let flags = self.flags(n);
            let enabled = [
                (Flags::TCIF, stream.cr.contains(Cr::TCIE)),
                (Flags::HTIF, stream.cr.contains(Cr::HTIE)),
                (Flags::TEIF, stream.cr.contains(Cr::TEIE)),
                (Flags::DMEIF, stream.cr.contains(Cr::DMEIE)),
                (Flags::FEIF, stream.fcr.contains(Fcr::FEIE)),
            ];
            let high = enabled
                .iter()
                .any(|(flag, on)| *on && flags.contains(*flag));
            cx.irq(stream.irq, high);
        }
    }

    /// The address of a side of stream `n`, if its port does not lead there.
    fn out_of_reach(&self, n: usize, side: Side) -> Option<Addr> {
        let address = self.streams.get(n)?.address(side);
        let apb1 = address.0 >> 16 == 0x4000_0000 >> 16;
        (side == Side::Peripheral && !self.in_matrix && !apb1).then_some(address)
    }

    /// A side of stream `n` has made its access.
    fn moved(&mut self, cx: &mut Cx<'_>, n: usize, side: Side, value: u32) {
        let unserved = self.flags(n);
        // A transfer that ends is no ring any more.
        let ring = self.streams[n].ring();
        let progress = self.streams[n].advance(side, value);
        self.raise(n, progress.flags);
        if side == Side::Peripheral {
            let unseen = self.streams[n].count_unseen();
            let totals = cx.shared.log.dma.entry((cx.id, n as u8)).or_default();
            totals.units += 1;
            totals.longest_unseen = totals.longest_unseen.max(unseen);
            totals.ring = ring.unwrap_or(totals.ring);
            let lapped = ring.filter(|&ring| unseen.is_multiple_of(ring));
            totals.overwritten += u64::from(lapped.unwrap_or(0));
            if let Some(ring) = lapped {
                self.tell_lapped(cx, n, ring);
            }
        }
        if progress.lap {
            self.lap(cx, n, unserved);
        }
    }

    /// A lap of stream `n` is over. `unserved` are its flags before the last access.
    fn lap(&mut self, cx: &mut Cx<'_>, n: usize, unserved: Flags) {
        let (cr, irq) = (self.streams[n].cr, self.streams[n].irq);
        let totals = cx.shared.log.dma.entry((cx.id, n as u8)).or_default();
        totals.laps += 1;
        if cr.contains(Cr::TCIE) && unserved.contains(Flags::TCIF) {
            totals.unserved_laps += 1;
            cx.request_lost(irq);
            if !std::mem::replace(&mut self.streams[n].told, true) {
                let name = &self.name;
                cx.find("dma-lap-unserved", || {
                    format!(
                        "stream {n} of {name} ended a lap with TCIF of the lap before still set: its ring was not served for a whole lap, \
                         what it overwrote may not have been read"
                    )
                });
            }
        }
    }

    /// A whole turn of a ring has come and gone between two looks of the firmware.
    fn tell_lapped(&mut self, cx: &mut Cx<'_>, n: usize, ring: u32) {
        if !std::mem::replace(&mut self.streams[n].told_lapped, true) {
            let name = &self.name;
            cx.find("dma-ring-lapped", || {
                format!(
                    "stream {n} of {name} went once round its ring of {ring} between two looks at NDTR or its flags: a reader cannot tell \
                     that from no movement, and whole turns vanish"
                )
            });
        }
    }

    /// The firmware reads a status register: it sees the streams whose flags are set.
    fn look(&mut self, register: usize) {
        for n in 0..COUNT {
            if place(n).0 == register && !self.flags(n).is_empty() {
                self.streams[n].seen();
            }
        }
    }

    /// The access is held, or a request came while it is: what the other side suffers from it.
    fn suffer(&mut self, n: usize) {
        let requested = self.requested(n);
        let Some(stream) = self.streams.get(n) else {
            return;
        };
        let waits = stream.direction() == Direction::PeripheralToMemory && stream.is_direct();
        if requested && stream.underruns() {
            self.raise(n, Flags::FEIF);
        } else if requested && waits && !stream.cr.contains(Cr::MINC) {
            self.raise(n, Flags::DMEIF);
        }
    }

    fn write_cr(&mut self, cx: &mut Cx<'_>, n: usize, value: u32) {
        let stream = &mut self.streams[n];
        let (old, asked) = (stream.cr, Cr::from_bits_truncate(value));
        if !old.contains(Cr::EN) {
            stream.cr = asked - Cr::EN;
            if asked.contains(Cr::EN) {
                self.enable(cx, n);
            }
            return;
        }
        stream.cr = (asked & (Cr::LIVE - Cr::EN)) | (old - Cr::LIVE) | Cr::EN;
        let frozen = asked.contains(Cr::EN) && asked - Cr::LIVE != old - Cr::LIVE;
        if frozen {
            self.written_while_enabled(cx, n, "the mode");
        } else if !asked.contains(Cr::EN) {
            self.stop(n);
        }
    }

    fn enable(&mut self, cx: &mut Cx<'_>, n: usize) {
        let name = self.name.clone();
        if !self.flags(n).is_empty() {
            cx.find("dma-flags-not-cleared", || {
                format!("stream {n} of {name} was enabled with flags of its last transfer still set: the manual asks to clear them first")
            });
        }
        let stream = &mut self.streams[n];
        stream.cr.insert(Cr::EN);
        stream.enable();
        if stream.direction() == Direction::MemoryToMemory && !self.in_matrix {
            stream.disable();
            cx.find("dma-no-memory-to-memory", || {
                format!("stream {n} of {name} was enabled for memory to memory, which only DMA2 can: it stays off")
            });
        } else if !stream.burst_fits() {
            stream.disable();
            self.raise(n, Flags::FEIF);
            cx.find("dma-burst-does-not-fit", || {
                format!("the FIFO threshold of stream {n} of {name} does not fit its memory burst: FEIF, and the stream is off")
            });
        }
    }

    /// Software cleared EN.
    fn stop(&mut self, n: usize) {
        let busy = matches!(self.phase, Phase::Moving(m, ..) | Phase::Held(m, ..) if m == n);
        let stream = &mut self.streams[n];
        stream.stopping = true;
        if !busy && !stream.wants_memory() {
            stream.disable();
            self.raise(n, Flags::TCIF);
        }
    }

    fn written_while_enabled(&self, cx: &mut Cx<'_>, n: usize, what: &str) {
        let name = &self.name;
        cx.find("dma-written-while-enabled", || {
            format!("{what} of stream {n} of {name} was written with EN = 1: ignored")
        });
    }

    fn write_stream(
        &mut self,
        cx: &mut Cx<'_>,
        n: usize,
        reg: Register,
        offset: u32,
        value: u32,
    ) -> Result<(), Refusal> {
        let new = reg.merge(
            self.stream_value(n, offset).ok_or(Refusal::Unmodelled)?,
            value,
        );
        let stream = &mut self.streams[n];
        let (on, double) = (stream.is_enabled(), stream.cr.contains(Cr::DBM));
        let second = stream.cr.contains(Cr::CT);
        let what = match offset {
            CR => {
                self.write_cr(cx, n, new);
                return Ok(());
            }
            FCR => {
                let (old, asked) = (stream.fcr, Fcr::from_bits_truncate(new));
                stream.fcr = if on {
                    (asked & Fcr::FEIE) | (old - Fcr::FEIE)
                } else {
                    asked
                };
                if stream.fcr == asked {
                    return Ok(());
                }
                "the FIFO mode"
            }
            NDTR if !on => {
                stream.programmed = new & NDTR_MASK;
                stream.left = stream.programmed;
                return Ok(());
            }
            PAR if !on => {
                stream.par = new;
                return Ok(());
            }
            M0AR if !on || double && second => {
                stream.mar[0] = new;
                return Ok(());
            }
            M1AR if !on || double && !second => {
                stream.mar[1] = new;
                return Ok(());
            }
            NDTR => "NDTR",
            PAR => "PAR",
            _ => "a memory address in use",
        };
        self.written_while_enabled(cx, n, what);
        Ok(())
    }

    fn stream_value(&self, n: usize, offset: u32) -> Option<u32> {
        let stream = self.streams.get(n)?;
        Some(match offset {
            CR => stream.cr.bits(),
            NDTR => stream.left,
            PAR => stream.par,
            M0AR => stream.mar[0],
            M1AR => stream.mar[1],
            FCR => stream.fcr.bits() | stream.fifo.status() << 3,
            _ => return None,
        })
    }

    fn clear_flags(&mut self, register: usize, value: u32) {
        for n in 0..COUNT {
            let (of, shift) = place(n);
            if of == register {
                let clear = Flags::from_bits_truncate(value >> shift);
                self.status[register] &= !(clear.bits() << shift);
            }
        }
    }
}

/// Schedules an event `cycles` later.
fn after(cx: &mut Cx<'_>, cycles: Cycles) -> EventId {
    let at = cx.shared.clock.time(cx.cycle + cycles);
    cx.schedule(at, 0)
}

/// The stream behind an offset, and the offset in its registers.
fn stream_register(offset: u32) -> Option<(usize, u32)> {
    let offset = offset.checked_sub(STREAMS)?;
    let n = (offset / STRIDE) as usize;
    (n < COUNT).then_some((n, offset % STRIDE))
}

impl Peripheral for DmaStream {
    fn read(&mut self, _cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        if let Some((n, NDTR)) = stream_register(reg.offset) {
            self.streams[n].seen();
        }
        match reg.offset {
            LISR | HISR => {
                let register = usize::from(reg.offset == HISR);
                self.look(register);
                Ok(self.status[register])
            }
            LIFCR | HIFCR => Ok(0),
            offset => stream_register(offset)
                .and_then(|(n, offset)| self.stream_value(n, offset))
                .ok_or(Refusal::Unmodelled),
        }
    }

    fn write(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        let result = match reg.offset {
            LISR | HISR => Ok(()),
            LIFCR | HIFCR => {
                self.clear_flags(usize::from(reg.offset == HIFCR), value & reg.mask);
                Ok(())
            }
            offset => match stream_register(offset) {
                Some((n, offset)) => self.write_stream(cx, n, reg, offset, value),
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
                    Some((n, side)) => Phase::Moving(n, side, after(cx, ACCESS)),
                    None => Phase::Idle,
                };
            }
            Phase::Moving(n, side, _) | Phase::Held(n, side, _) => {
                if self.next(n) != Some(side) {
                    // Its request is gone, or it has been switched off.
                    self.settle_stop(n);
                    self.phase = Phase::Idle;
                    self.drive(cx);
                    self.kick(cx);
                } else if let Some(address) = self.out_of_reach(n, side) {
                    self.finished(cx, Err(DmaStop::BusError(address)));
                } else {
                    cx.send(Signal::DmaBeat { controller: cx.id });
                }
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
                if let (Phase::Held(n, Side::Memory, _), true) = (self.phase, high) {
                    self.suffer(n);
                    self.drive(cx);
                }
                self.kick(cx);
            }
            Signal::ClocksChanged => self.kick(cx),
            _ => {}
        }
    }

    fn reset(&mut self, cx: &mut Cx<'_>) {
        match std::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Arbitrating(event) | Phase::Moving(.., event) | Phase::Held(.., event) => {
                cx.cancel(event);
            }
            Phase::Idle => {}
        }
        // The requests are levels of others: they stay.
        for stream in &mut self.streams {
            *stream = Stream::new(stream.irq);
        }
        self.status = [0; 2];
        self.drive(cx);
    }

    fn register_name(&self, offset: u32) -> Option<&'static str> {
        match offset {
            LISR => Some("LISR"),
            HISR => Some("HISR"),
            LIFCR => Some("LIFCR"),
            HIFCR => Some("HIFCR"),
            _ => {
                let (n, offset) = stream_register(offset)?;
                STREAM_NAMES[n].get((offset / 4) as usize).copied()
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

impl DmaStream {
    /// A stream that software has switched off is off once its FIFO is empty.
    fn settle_stop(&mut self, n: usize) {
        let stream = &mut self.streams[n];
        if stream.is_enabled() && stream.stopping && !stream.wants_memory() {
            stream.disable();
            self.raise(n, Flags::TCIF);
        }
    }
}

impl DmaPort for DmaStream {
    fn access(&self) -> Option<DmaAccess> {
        match self.phase {
            Phase::Moving(n, side, _) | Phase::Held(n, side, _) => {
                self.streams.get(n).map(|stream| stream.access(side))
            }
            _ => None,
        }
    }

    fn finished(&mut self, cx: &mut Cx<'_>, result: Result<u32, DmaStop>) {
        let (Phase::Moving(n, side, _) | Phase::Held(n, side, _)) = self.phase else {
            return;
        };
        match result {
            Ok(value) => self.moved(cx, n, side, value),
            Err(DmaStop::HeldUntil(until)) => {
                let until = until.max(cx.shared.clock.time(cx.cycle + Cycles(1)));
                self.phase = Phase::Held(n, side, cx.schedule(until, 0));
                if side == Side::Memory {
                    self.suffer(n);
                    self.drive(cx);
                }
                return;
            }
            Err(DmaStop::BusError(address)) => {
                self.streams[n].disable();
                self.raise(n, Flags::TEIF);
                let name = &self.name;
                cx.find("dma-bus-error", || {
                    format!(
                        "stream {n} of {name} cannot reach {address}: TEIF, and the stream is off"
                    )
                });
            }
        }
        self.settle_stop(n);
        // In direct mode the memory side follows at once.
        self.phase = match (side, self.next(n)) {
            (Side::Peripheral, Some(Side::Memory)) if self.streams[n].is_direct() => {
                Phase::Moving(n, Side::Memory, after(cx, ACCESS))
            }
            _ => Phase::Idle,
        };
        self.drive(cx);
        self.kick(cx);
    }
}

#[cfg(test)]
mod tests;
