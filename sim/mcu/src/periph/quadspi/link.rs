//! The lines to the device: phases of a command, clock by clock.

use super::QuadSpi;
use super::bits::{Ccr, csht};
use crate::nor::Lines;
use crate::periph::Cx;
use crate::{Hertz, Picos};

/// A selection that is under way: clocks since it began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    start: Picos,
    rate: Hertz,
    clocks: u64,
}

impl Link {
    /// When the next clock begins.
    pub(super) fn now(&self) -> Picos {
        self.start + self.rate.periods(self.clocks)
    }

    /// When `bytes` bytes on `lines` will be through.
    pub(super) fn after(&self, bytes: u64, lines: Lines) -> Picos {
        self.start + self.rate.periods(self.clocks + bytes * clocks_of(8, lines))
    }

    /// `clocks` clocks at the rate of this link.
    pub(super) fn span(&self, clocks: u64) -> Picos {
        self.rate.periods(clocks)
    }

    /// The clock stood still, and goes on at `at`.
    pub(super) fn resume(&mut self, at: Picos) {
        if at > self.now() {
            (self.start, self.clocks) = (at, 0);
        }
    }
}

const fn clocks_of(bits: u32, lines: Lines) -> u64 {
    (bits / lines.bits() as u32) as u64
}

/// Levels on all lines while the host drives none.
const RELEASED: u8 = 0xF;

impl QuadSpi {
    /// Selects the device and sends all that comes before the data. The clock stands then.
    pub(super) fn begin(&mut self, cx: &mut Cx<'_>, address: u32) -> Link {
        let rate = cx.hclk().scaled(1, self.cr.divider());
        let mut link = Link {
            start: cx.time.max(self.free_at),
            rate,
            clocks: 0,
        };
        let mut anybody = false;
        for socket in cx.shared.nors.iter_mut().filter(|s| s.port == cx.id) {
            socket.device.select(link.start);
            anybody = true;
        }
        if !anybody && !std::mem::replace(&mut self.told_nobody, true) {
            let name = &self.name;
            cx.find("quadspi-nothing-connected", || {
                format!("{name} sends, and nothing is connected to it: it reads ones")
            });
        }
        let ccr = self.ccr;
        let instruct = !(ccr.0 & Ccr::SIOO != 0 && self.instruction_sent);
        if let Some(lines) = ccr.instruction_lines().filter(|_| instruct) {
            self.send(cx, &mut link, ccr.instruction(), 8, lines);
        }
        self.instruction_sent = true;
        if let Some(lines) = ccr.address_lines() {
            self.send(cx, &mut link, address, ccr.address_bits(), lines);
        }
        if let Some(lines) = ccr.alternate_lines() {
            self.send(cx, &mut link, self.abr, ccr.alternate_bits(), lines);
        }
        for _ in 0..ccr.dummy() {
            self.clock(cx, &mut link, RELEASED);
        }
        link
    }

    /// Chip select rises at `at`.
    pub(super) fn release(&mut self, cx: &mut Cx<'_>, link: &Link, at: Picos) {
        for socket in cx.shared.nors.iter_mut().filter(|s| s.port == cx.id) {
            socket.device.release(at);
        }
        self.free_at = at + link.span(csht(self.dcr));
    }

    /// The low `bits` bits of `word`, most significant first.
    pub(super) fn send(
        &self,
        cx: &mut Cx<'_>,
        link: &mut Link,
        word: u32,
        bits: u32,
        lines: Lines,
    ) {
        let width = u32::from(lines.bits());
        let mask = (1 << width) - 1;
        for n in (0..bits / width).rev() {
            let driven = (word >> (n * width) & mask) as u8;
            self.clock(cx, link, RELEASED & !(mask as u8) | driven);
        }
    }

    /// A byte from the device.
    pub(super) fn receive(&self, cx: &mut Cx<'_>, link: &mut Link, lines: Lines) -> u8 {
        let width = lines.bits();
        let mut byte = 0u8;
        for _ in 0..8 / width {
            let levels = self.clock(cx, link, RELEASED);
            let bits = match lines {
                Lines::One => levels >> 1 & 1,
                Lines::Two => levels & 3,
                Lines::Four => levels & 0xF,
            };
            byte = ((u16::from(byte) << width) | u16::from(bits)) as u8;
        }
        byte
    }

    fn clock(&self, cx: &mut Cx<'_>, link: &mut Link, io: u8) -> u8 {
        let (at, pc) = (link.now(), cx.shared.pc);
        link.clocks += 1;
        let devices = cx.shared.nors.iter_mut().filter(|s| s.port == cx.id);
        devices.fold(RELEASED, |levels, socket| {
            levels & socket.device.clock(at, pc, io)
        })
    }
}
