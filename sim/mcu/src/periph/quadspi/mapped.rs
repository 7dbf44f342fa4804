//! Memory-mapped mode: reads of the window become reads of the device, which goes on sending behind them until the FIFO is full.

use super::bits::{Cr, Mode, fsize};
use super::link::Link;
use super::{QuadSpi, State, TIME_OUT};
use crate::Picos;
use crate::nor::Lines;
use crate::periph::{Cx, Refusal};
use crate::sched::EventId;
use flashstall_cpu::FaultKind;

/// A read that goes on behind the last access.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    link: Link,
    lines: Lines,
    /// Offset of the first byte in the FIFO, or of the next that comes.
    head: u32,
    /// The time-out counter, once it is set.
    time_out: Option<EventId>,
}

impl QuadSpi {
    /// `size` bytes at `offset` of the window.
    pub(super) fn window(
        &mut self,
        cx: &mut Cx<'_>,
        offset: u32,
        size: u32,
    ) -> Result<u32, Refusal> {
        let mapped = self.cr.contains(Cr::EN) && self.ccr.mode() == Mode::MemoryMapped;
        let end = u64::from(offset) + u64::from(size);
        let lines = self
            .ccr
            .data_lines()
            .filter(|_| mapped && end <= fsize(self.dcr));
        let Some(lines) = lines else {
            let (name, mode) = (&self.name, self.ccr.mode());
            let enabled = self.cr.contains(Cr::EN);
            cx.find("quadspi-window-not-mapped", || {
                let why = match mode {
                    _ if !enabled => "it is switched off",
                    Mode::MemoryMapped => {
                        "the address is behind its end (FSIZE), or it has no data phase"
                    }
                    _ => "it is not in memory-mapped mode",
                };
                format!(
                    "the window of {name} is accessed at offset {offset:#x} while {why}: bus error"
                )
            });
            return Err(Refusal::Fault(FaultKind::Refused));
        };
        let mut stream = match std::mem::replace(&mut self.state, State::Mapped(None)) {
            State::Mapped(Some(stream)) if stream.head == offset => stream,
            State::Mapped(other) => {
                if let Some(other) = other {
                    self.end_stream(cx, other, cx.time);
                }
                let link = self.begin(cx, offset);
                Stream {
                    link,
                    lines,
                    head: offset,
                    time_out: None,
                }
            }
            busy => {
                self.state = busy;
                return Err(Refusal::Fault(FaultKind::Refused));
            }
        };
        if let Some(event) = stream.time_out.take() {
            cx.cancel(event);
        }
        self.fetch_ahead(cx, &mut stream, cx.time);
        let result = if self.fifo.len() >= size as usize {
            let full = self.fifo.free() == 0;
            stream.head = offset.wrapping_add(size);
            let word = self.fifo.word(size);
            if full {
                stream.link.resume(cx.time);
            }
            Ok(word)
        } else {
            let missing = u64::from(size) - self.fifo.len() as u64;
            Err(Refusal::WaitUntil(stream.link.after(missing, stream.lines)))
        };
        if self.cr.contains(Cr::TCEN) {
            let full = stream.link.after(self.fifo.free() as u64, stream.lines);
            let at = full.max(cx.time) + stream.link.span(self.lptr.into());
            stream.time_out = Some(cx.schedule(at, TIME_OUT));
        }
        self.state = State::Mapped(Some(stream));
        result
    }

    /// Takes what the device has sent by `until`, as far as there is room.
    fn fetch_ahead(&mut self, cx: &mut Cx<'_>, stream: &mut Stream, until: Picos) {
        while self.fifo.free() > 0 && stream.link.after(1, stream.lines) <= until {
            let byte = self.receive(cx, &mut stream.link, stream.lines);
            self.fifo.push(byte);
        }
    }

    /// Chip select rises: what was fetched ahead is forgotten.
    pub(super) fn end_stream(&mut self, cx: &mut Cx<'_>, mut stream: Stream, at: Picos) {
        if let Some(event) = stream.time_out.take() {
            cx.cancel(event);
        }
        self.fifo.clear();
        self.release(cx, &stream.link, at);
    }

    /// The time-out counter has come to its end.
    pub(super) fn timed_out(&mut self, cx: &mut Cx<'_>) {
        if let State::Mapped(stream @ Some(_)) = &mut self.state
            && let Some(mut stream) = stream.take()
        {
            stream.time_out = None;
            self.end_stream(cx, stream, cx.time);
            self.flags.insert(super::bits::Sr::TOF);
        }
    }
}
