//! USART with ISR, ICR, RDR and TDR (F3, L4).
//!
//! Sources: svd/STM32F303.svd (offsets, bits), reference/serial.md §1–6 and 10, RM0364 USART chapter (F334, same block).
//!
//! | register or behaviour | source | test |
//! |---|---|---|
//! | a character is complete at the last of the three samples of its stop bit, 9.625 bit times at 16x, the end of the first stop bit if there are two | serial.md §4, §10 | `rxne_is_set_at_the_last_stop_bit_sample`, `format` tests |
//! | start bit: two of samples 3, 5, 7 and two of 8, 9, 10 low; bits by majority of 8, 9, 10, or sample 9 with ONEBIT; 8x: 2, 3, 4 and 4, 5, 6 | serial.md §4; \[M\] for 8x | `baud_error_within_limits_is_harmless_and_beyond_corrupts` |
//! | bit time from BRR, OVER8 | serial.md §2 | `format` tests |
//! | not of the chip: a sender whose rate is off by more than 3 % is a finding | [`rates`](super::rates) | `rates` tests, `hosts::at_the_wrong_rate_nobody_understands_anybody` |
//! | overrun: RDR keeps the old character, ORE; lost until RXNE is cleared | serial.md §5 | `an_overrun_keeps_the_old_byte_and_loses_until_rxne_is_cleared` |
//! | reading RDR clears RXNE and not ORE; the ISR that forgets ORECF never leaves | serial.md §5 | `ore_outlives_rxne_and_keeps_interrupting` |
//! | OVRDIS: no ORE, the newest character wins | serial.md §5 | `ovrdis_overwrites` |
//! | FE, NF, PE come with RXNE; an overrun sets none of them | serial.md §6; \[D\] for the overrun | `framing_parity_and_noise` |
//! | IDLE one character time after the end of the last one, once until the next character | serial.md §6 | `idle_comes_once_after_a_character_time` |
//! | RTOF RTO bit times after the end of the last character | RM0364 USART_RTOR | `receiver_timeout` |
//! | CMF when the character is ADD | RM0364 USART_CR2.ADD | `character_match` |
//! | RXFRQ throws RDR away | RM0364 USART_RQR | `rxfrq_flushes` |
//! | interrupt = any flag with its enable; RXNEIE for RXNE and ORE, EIE for FE, NF, ORE | serial.md §6, §9; RM0364 CR3.EIE for the rest | `interrupts_are_levels` |
//! | TEACK, REACK follow TE, RE while UE | serial.md §1 | `acknowledge_bits_follow_the_enables` |
//! | UE 0: current operations end, flags go to their reset values | RM0364 USART_CR1.UE | `switching_off_flushes` |
//! | TDR to shift register at once, TXE, TC; setting TE sends an idle frame first | RM0364 §transmitter | `transmission_takes_its_time` |
//! | the far end hears a character through a TX pin in the mode (or remap) that connects it; else a finding | RM0364 GPIO alternate functions | `only_a_connected_pin_is_heard` |
//! | DMAR: a request while RXNE, DMAT: a request while TXE; DDRE holds reception back after an error | serial.md §8, RM0364 USART_CR3 | `dma_requests_are_levels`, `dma::bytes_reach_the_ring_while_the_core_stands_still` |
//! | RDR keeps its last character after DMA has read it | startup.md | `dma::rdr_keeps_its_last_byte` |
//! | RTSE: RTS is high while RDR is full or the receiver off | serial.md §7 | `flow`, `rts::a_sender_that_honours_rts_loses_nothing` |
//! | CTSE: a character starts only while CTS is low; CTSIF at each change | serial.md §7 | `cts_holds_the_next_character_back` |
//! | a clock change in mid-character | the sample clock is the kernel clock | `a_clock_change_in_mid_character_is_felt` |
//!
//! What becomes of a byte. *Waiting* from its stop-bit sample on in RDR; *Delivered* when firmware reads RDR with RXNE set,
//! *Corrupted* if it then differs from what was sent or FE, NF, PE came with it. *Overrun*, *Overwritten*, *Flushed* as they are
//! called; *`NotListening`* if the clock, UE, RE, BRR or the pin keeps the receiver from hearing its start bit (a finding says which);
//! *Corrupted* too if the receiver was out of step, so that no character began in its frame.
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | the phase of the sample clock against the start edge | up to 1/16 bit, unknowable | sampling starts at the edge |
//! | driver enable | no scenario uses it | unmodelled; finding |
//! | LIN, smartcard, `IrDA`, half-duplex, synchronous, mute, auto-baud, inverted or MSB-first lines, break requests | no scenario uses them | unmodelled; finding |
//! | writes that need UE 0 while UE is 1 (BRR, M, OVER8, ...) | undefined by the manual | they take effect; finding |
//! | a clock change in mid-transmission | nobody measures it | the character keeps its length |
//! | BUSY in noise, the delay of TEACK and REACK | a few kernel clocks | BUSY from the start edge, acknowledged at once |

use super::bits::{
    BRR, CR1, CR2, CR3, Cr1, Cr2, Cr3, GTPR, ICR, ISR, Isr, NAMES, RDR, RQR, RTOR, TDR,
};
use super::delivery::Held;
use super::flow::Requests;
use super::format::Format;
use super::hearing::{Deaf, Route, routes};
use super::receiver::{Receiver, Settings};
use super::transmitter::Transmitter;
use crate::Hertz;
use crate::chip::PeripheralSpec;
use crate::log::Fate;
use crate::periph::build::{BuildError, int, only_irq};
use crate::periph::registers::name_of;
use crate::periph::{
    Cx, Peripheral, Refusal, Register, Rts, Signal, Transmitted, UartFrame, UartPort,
};
use crate::sched::EventId;

/// Event: last sample of a stop bit.
pub(super) const RX_SAMPLE: u32 = 0;
/// Event: the line has been idle for a character time.
pub(super) const IDLE: u32 = 1;
/// Event: the receiver times out.
pub(super) const TIMEOUT: u32 = 2;
/// Event: a character has been sent.
pub(super) const TX_DONE: u32 = 3;

/// A USART.
#[derive(Clone, Debug)]
pub(in crate::periph) struct Usart {
    pub(super) name: String,
    pub(super) irq: u16,
    /// The manual forbids writes to some registers while UE is 1 (v3).
    pub(super) frozen_while_enabled: bool,
    /// Index of its clock in [`ClockTree::usart`](crate::ClockTree::usart).
    pub(super) kernel: usize,
    pub(super) rx: Vec<Route>,
    pub(super) tx: Vec<Route>,
    pub(super) rts: Vec<Route>,
    pub(super) cts: Vec<Route>,
    pub(super) cr1: Cr1,
    pub(super) cr2: Cr2,
    pub(super) cr3: Cr3,
    pub(super) brr: u32,
    pub(super) gtpr: u32,
    pub(super) rtor: u32,
    pub(super) flags: Isr,
    pub(super) rdr: u32,
    pub(super) held: Option<Held>,
    pub(super) receiver: Receiver,
    pub(super) transmitter: Transmitter,
    pub(super) idle: Option<EventId>,
    pub(super) timeout: Option<EventId>,
    /// The reason that the last finding gave.
    pub(super) told: Option<Deaf>,
    /// The sender's rate, the kernel clock and the clocks in a bit that were compared last.
    pub(super) checked_rates: Option<(Hertz, Hertz, u64)>,
    /// What the lines to DMA and RTS are at.
    pub(super) requests: Requests,
}

impl Usart {
    pub(in crate::periph) fn build(spec: &PeripheralSpec) -> Result<Self, BuildError> {
        let kernel = match int(spec, "kernel")? {
            Some(n @ 1..=8) => n as usize - 1,
            _ => return Err(BuildError::missing(spec, "`kernel`, 1 to 8")),
        };
        Ok(Self {
            name: spec.name.clone(),
            irq: only_irq(spec)?,
            frozen_while_enabled: true,
            kernel,
            rx: routes(spec, "rx")?,
            tx: routes(spec, "tx")?,
            rts: routes(spec, "rts")?,
            cts: routes(spec, "cts")?,
            cr1: Cr1::empty(),
            cr2: Cr2::empty(),
            cr3: Cr3::empty(),
            brr: 0,
            gtpr: 0,
            rtor: 0,
            flags: Isr::RESET,
            rdr: 0,
            held: None,
            receiver: Receiver::default(),
            transmitter: Transmitter::default(),
            idle: None,
            timeout: None,
            told: None,
            checked_rates: None,
            requests: Requests::default(),
        })
    }

    pub(super) fn rate(&self, cx: &Cx<'_>) -> Hertz {
        let clocked = cx.shared.clocked.get(cx.id.0).copied().unwrap_or(true);
        if clocked {
            cx.shared.clocks.usart[self.kernel]
        } else {
            Hertz::STOPPED
        }
    }

    /// Format and clock, if both are there.
    pub(super) fn settings(&self, cx: &Cx<'_>) -> Option<Settings> {
        let rate = self.rate(cx);
        let format = Format::of(self.cr1, self.cr2, self.cr3, self.brr)?;
        rate.is_running().then_some(Settings { format, rate })
    }

    pub(super) fn listening_settings(&self, cx: &Cx<'_>) -> Option<Settings> {
        self.settings(cx)
            .filter(|_| self.cr1.contains(Cr1::UE | Cr1::RE))
    }

    pub(super) fn sending_settings(&self, cx: &Cx<'_>) -> Option<Settings> {
        self.settings(cx)
            .filter(|_| self.cr1.contains(Cr1::UE | Cr1::TE))
    }

    /// Everything that is pending comes to an end: UE became 0 (`Flushed`), or the chip was reset (`Reset`).
    pub(super) fn shut_down(&mut self, cx: &mut Cx<'_>, fate: Fate) {
        self.release(cx, |_| fate);
        self.receiver.switch_off(cx, fate);
        self.transmitter.stop(cx);
        self.forget_silence(cx);
        self.flags = Isr::RESET;
    }

    pub(super) fn isr(&self) -> Isr {
        let mut isr = self.flags;
        isr.set(Isr::TXE, self.transmitter.is_empty());
        isr.set(Isr::CTS, self.requests.cts_low);
        isr.set(Isr::BUSY, self.receiver.is_busy());
        isr.set(Isr::TEACK, self.cr1.contains(Cr1::UE | Cr1::TE));
        isr.set(Isr::REACK, self.cr1.contains(Cr1::UE | Cr1::RE));
        isr
    }

    /// Brings the interrupt line, the lines to DMA and RTS to where the flags want them.
    pub(super) fn drive(&mut self, cx: &mut Cx<'_>) {
        self.drive_requests(cx);
        let isr = self.isr();
        let rxne = Isr::RXNE | Isr::ORE;
        let enabled = [
            (self.cr1.contains(Cr1::RXNEIE), rxne),
            (self.cr1.contains(Cr1::IDLEIE), Isr::IDLE),
            (self.cr1.contains(Cr1::TCIE), Isr::TC),
            (self.cr1.contains(Cr1::TXEIE), Isr::TXE),
            (self.cr1.contains(Cr1::PEIE), Isr::PE),
            (self.cr1.contains(Cr1::CMIE), Isr::CMF),
            (self.cr1.contains(Cr1::RTOIE), Isr::RTOF),
            (self.cr3.contains(Cr3::EIE), Isr::ERRORS),
            (self.cr3.contains(Cr3::CTSIE), Isr::CTSIF),
        ];
        let high = self.cr1.contains(Cr1::UE)
            && enabled
                .iter()
                .any(|&(on, flags)| on && isr.intersects(flags));
        cx.irq(self.irq, high);
    }
}

impl Peripheral for Usart {
    fn read(&mut self, cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        Ok(match reg.offset {
            CR1 => self.cr1.bits(),
            CR2 => self.cr2.bits(),
            CR3 => self.cr3.bits(),
            BRR => self.brr,
            GTPR => self.gtpr,
            RTOR => self.rtor,
            RQR | ICR => 0,
            ISR => self.isr().bits(),
            RDR => self.read_rdr(cx),
            TDR => 0,
            _ => return Err(Refusal::Unmodelled),
        })
    }

    fn write(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        let result = self.write_register(cx, reg, value);
        self.drive(cx);
        result
    }

    fn event(&mut self, cx: &mut Cx<'_>, token: u32) {
        match token {
            RX_SAMPLE => {
                let settings = self.listening_settings(cx);
                if let Some(character) = self.receiver.sample(cx, settings) {
                    self.complete(cx, character);
                }
            }
            IDLE => {
                self.idle = None;
                self.flags.insert(Isr::IDLE);
            }
            TIMEOUT => {
                self.timeout = None;
                self.flags.insert(Isr::RTOF);
            }
            _ => {
                let settings = self.loading_settings(cx);
                let (character, complete) = self.transmitter.event(cx, settings);
                self.flags
                    .set(Isr::TC, complete || self.flags.contains(Isr::TC));
                if let Some(character) = character {
                    self.tell_far_end(cx, character);
                }
            }
        }
        self.drive(cx);
    }

    fn signal(&mut self, cx: &mut Cx<'_>, signal: &Signal) {
        if *signal == Signal::ClocksChanged {
            let rate = self.rate(cx);
            self.receiver.clock_changed(cx, rate);
            let settings = self.loading_settings(cx);
            self.transmitter.load(cx, settings);
        }
        if let Signal::PinChanged { pin, .. } = signal {
            self.look_at_cts(cx, *pin);
        }
    }

    fn reset(&mut self, cx: &mut Cx<'_>) {
        self.shut_down(cx, Fate::Reset);
        (self.cr1, self.cr2, self.cr3) = (Cr1::empty(), Cr2::empty(), Cr3::empty());
        (self.brr, self.gtpr, self.rtor, self.rdr) = (0, 0, 0, 0);
        self.drive(cx);
    }

    fn register_name(&self, offset: u32) -> Option<&'static str> {
        name_of(NAMES, offset)
    }

    fn uart(&mut self) -> Option<&mut dyn UartPort> {
        Some(self)
    }

    fn boxed_clone(&self) -> Box<dyn Peripheral> {
        Box::new(self.clone())
    }
}

impl UartPort for Usart {
    fn start_bit(&mut self, cx: &mut Cx<'_>, frame: &UartFrame) {
        let deaf = self.deaf(cx);
        if let Some(why) = deaf {
            cx.shared
                .log
                .settle(frame.wire, frame.unit, Fate::NotListening, cx.time);
            if self.told.replace(why) != Some(why) {
                let name = &self.name;
                cx.find("usart-not-listening", || {
                    format!("{name} does not hear what is sent to it: {}", why.reason())
                });
            }
        }
        if deaf == Some(Deaf::Pin) {
            return;
        }
        let mut settings = self.listening_settings(cx).filter(|_| deaf.is_none());
        if let (Some(settings), Some(rate)) = (&mut settings, frame.receiver_rate) {
            settings.rate = rate.scaled(settings.format.bit, 1);
        }
        if let Some(settings) = &settings {
            self.check_rate(cx, frame, settings);
        }
        self.receiver.frame(cx, frame, settings);
        if self.receiver.is_busy() {
            self.forget_silence(cx);
        }
        self.drive(cx);
    }

    fn transmitted(&self) -> &[Transmitted] {
        self.transmitter.sent()
    }

    fn rts(&self, cx: &Cx<'_>) -> Rts {
        self.rts_line(cx)
    }
}

#[cfg(test)]
const CHARACTER: crate::Picos = crate::Picos::from_micros(320);

#[cfg(test)]
mod tests;
