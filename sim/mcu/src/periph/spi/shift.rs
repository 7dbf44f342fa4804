//! The shift register: frames bit by bit, and what the devices on the bus answer.

use flashstall_cpu::Addr;

use super::bits::{Cr1, Sr};
use super::{Buffers, OVER, SAMPLED, Spi};
use crate::periph::Cx;
use crate::sched::EventId;
use crate::{Hertz, Picos};

/// A frame that is being sent and received.
#[derive(Clone, Debug)]
pub(super) struct Shift {
    /// What is sent, first bit at the top of its `bits`.
    frame: u16,
    bits: u8,
    /// What came back so far.
    answer: u16,
    /// Bits that were sampled.
    done: u8,
    start: Picos,
    half_bit_rate: Hertz,
    lsb_first: bool,
    /// Who gave it.
    pc: Addr,
    /// Until its last bit is sampled.
    sample: Option<EventId>,
    over: EventId,
}

impl Shift {
    /// How many bits have been sampled by `at`.
    fn sampled_by(&self, at: Picos) -> u8 {
        let halves = self.half_bit_rate.periods_in(at.since(self.start));
        // Bit n is sampled half a bit after it begins.
        u8::try_from(halves.div_ceil(2)).map_or(self.bits, |n| n.min(self.bits))
    }

    /// When bit `n` begins, near enough for a device that answers by bytes.
    fn begins(&self, n: u8) -> Picos {
        match n / 8 {
            0 => self.start,
            byte => self.start + self.half_bit_rate.periods(16 * u64::from(byte)),
        }
    }
}

impl<B: Buffers> Spi<B> {
    /// Begins a frame, if the shift register is free and there is one.
    pub(super) fn start(&mut self, cx: &mut Cx<'_>) {
        if self.shift.is_some() || !self.cr1.contains(Cr1::SPE | Cr1::MSTR) {
            return;
        }
        let rate = self.half_bit_rate(cx);
        if !rate.is_running() {
            return;
        }
        let bits = self.frame_bits();
        let given = if self.cr1.receives_only() {
            // Nobody drives the line.
            Some(u16::MAX)
        } else {
            self.buffers.next_frame(bits)
        };
        let Some(frame) = given else { return };
        self.follow_selects(cx);
        self.look_for_somebody(cx);
        let lsb_first = self.cr1.contains(Cr1::LSBFIRST);
        let halves = 2 * u64::from(bits);
        let sample = cx.schedule(cx.time + rate.periods(halves - 1), SAMPLED);
        let over = cx.schedule(cx.time + rate.periods(halves), OVER);
        self.shift = Some(Shift {
            frame: if lsb_first {
                reverse(frame, bits)
            } else {
                frame
            },
            bits,
            answer: 0,
            done: 0,
            start: cx.time,
            half_bit_rate: rate,
            lsb_first,
            pc: cx.shared.pc,
            sample: Some(sample),
            over,
        });
    }

    /// Lets the devices hear all bits that were sampled by now.
    pub(super) fn catch_up(&mut self, cx: &mut Cx<'_>) {
        let to = self
            .shift
            .as_ref()
            .map_or(0, |shift| shift.sampled_by(cx.time));
        self.clock_bits(cx, to);
    }

    fn clock_bits(&mut self, cx: &mut Cx<'_>, to: u8) {
        let suits = self.suits();
        let one_line = self.cr1.contains(Cr1::BIDIMODE);
        let Some(shift) = &mut self.shift else { return };
        for n in shift.done..to {
            let bit = shift.frame >> (shift.bits - 1 - n) & 1;
            let at = shift.begins(n);
            let mut levels = 0xF;
            for socket in cx
                .shared
                .nors
                .iter_mut()
                .filter(|s| s.port == cx.id && suits)
            {
                levels &= socket.device.clock(at, shift.pc, 0b1110 | bit as u8);
            }
            // On one line the answer is heard where the question was asked.
            let heard = if one_line {
                levels & 1
            } else {
                levels >> 1 & 1
            };
            shift.answer = shift.answer << 1 | u16::from(heard);
        }
        shift.done = shift.done.max(to);
    }

    /// The last bit of the frame is sampled.
    pub(super) fn sampled(&mut self, cx: &mut Cx<'_>) {
        let bits = self.shift.as_ref().map_or(0, |shift| shift.bits);
        self.clock_bits(cx, bits);
        let Some(shift) = &mut self.shift else { return };
        shift.sample = None;
        let answer = if shift.lsb_first {
            reverse(shift.answer, bits)
        } else {
            shift.answer
        };
        if !self.cr1.sends_only() && !self.buffers.receive(answer, bits) {
            self.errors.insert(Sr::OVR);
            self.dr_read = false;
        }
    }

    /// The frame is over: the next one follows at once.
    pub(super) fn over(&mut self, cx: &mut Cx<'_>) {
        self.shift = None;
        self.start(cx);
    }

    /// SPE goes from 1 to 0; `was` is CR1 before.
    pub(super) fn switch_off(&mut self, cx: &mut Cx<'_>, was: Cr1) {
        if !was.receives_only() {
            self.cut(cx);
        }
        self.buffers.forget_unsent();
    }

    /// The frame under way goes no further.
    pub(super) fn cut(&mut self, cx: &mut Cx<'_>) {
        self.catch_up(cx);
        if let Some(shift) = self.shift.take() {
            if let Some(sample) = shift.sample {
                cx.cancel(sample);
            }
            cx.cancel(shift.over);
        }
    }
}

/// The low `bits` bits of `frame`, the last first.
const fn reverse(frame: u16, bits: u8) -> u16 {
    frame.reverse_bits() >> (16 - bits)
}
