//! Decoded instructions, one op for each halfword that has been executed.
//!
//! Ops are kept in chunks of 16 KB of code, allocated when the first instruction in them executes. One chunk is
//! the current one: the loop indexes it directly, without `unsafe` (the bounds check also says when another chunk is
//! needed; an index without it gained nothing measurable). Code that is written to is decoded anew.

use crate::op::{Op, OpKind};
use crate::{Bus, CostTable, Extensions, FetchWindow, decode};

/// Bytes of code that one chunk covers: 128 KB of ops. Most firmware lives in one or two.
const CHUNK_BYTES: u32 = 0x4000;

/// What a look-up outside the current chunk gives.
static UNDECODED: Op = Op::UNDECODED;

/// Decoded ops for the code in `[lo, lo + 2 * ops.len())`.
#[derive(Clone, Default)]
struct Chunk {
    lo: u32,
    ops: Vec<Op>,
}

impl Chunk {
    fn index(&self, addr: u32) -> usize {
        (addr.wrapping_sub(self.lo) >> 1) as usize
    }

    /// Forgets every op of which a byte lies in `[lo, hi)`.
    fn invalidate(&mut self, lo: u64, hi: u64) {
        let base = u64::from(self.lo);
        // An op that starts two bytes earlier may be wide and reach in.
        let first = (lo.saturating_sub(2).max(base) - base) / 2;
        let end = (hi.max(base) - base).div_ceil(2).min(self.ops.len() as u64);
        if first < end {
            self.ops[first as usize..end as usize].fill(Op::UNDECODED);
        }
    }
}

/// The decoded instructions of all code that has been executed.
#[derive(Clone)]
pub struct CodeCache {
    current: Chunk,
    parked: Vec<Chunk>,
    /// From the first to the last decoded byte in the SRAM region, generously: a store outside touches no code.
    writable: FetchWindow,
    stops: Vec<u32>,
    extensions: Extensions,
}

impl CodeCache {
    /// Nothing decoded, no stops, for a core with these extensions.
    #[must_use]
    pub fn new(extensions: Extensions) -> Self {
        let (current, parked) = (Chunk::default(), Vec::new());
        Self {
            current,
            parked,
            writable: FetchWindow::EMPTY,
            stops: Vec::new(),
            extensions,
        }
    }

    /// Makes the core stop whenever the instruction at `addr` is about to execute. Bit 0 is ignored.
    pub fn set_stop(&mut self, addr: u32) {
        let addr = addr & !1;
        if !self.stops.contains(&addr) {
            self.stops.push(addr);
        }
        self.invalidate(addr, addr.wrapping_add(2));
    }

    /// Takes a stop back.
    pub fn clear_stop(&mut self, addr: u32) {
        let addr = addr & !1;
        self.stops.retain(|&stop| stop != addr);
        self.invalidate(addr, addr.wrapping_add(2));
    }

    /// The addresses at which the core stops.
    #[must_use]
    pub fn stops(&self) -> &[u32] {
        &self.stops
    }

    /// Forgets what was decoded from `[lo, hi)`; `hi` below `lo` means up to the end of the address space.
    pub fn invalidate(&mut self, lo: u32, hi: u32) {
        let end = if hi < lo { 1 << 32 } else { u64::from(hi) };
        for chunk in self.parked.iter_mut().chain([&mut self.current]) {
            chunk.invalidate(lo.into(), end);
        }
    }

    /// The op at `pc`, [`OpKind::Undecoded`] if it must be decoded first.
    #[inline(always)]
    pub(crate) fn get(&self, pc: u32) -> &Op {
        match self.current.ops.get(self.current.index(pc)) {
            Some(op) => op,
            None => {
                std::hint::cold_path();
                &UNDECODED
            }
        }
    }

    /// May a store to `addr` in the SRAM region change decoded code?
    #[inline(always)]
    pub(crate) const fn may_hold(&self, addr: u32) -> bool {
        self.writable.contains(addr)
    }

    /// The op at `pc`, decoded now if it was not yet. Where the bus knows no memory the result is
    /// [`OpKind::Undefined`] and not kept.
    pub(crate) fn fill<B: Bus>(&mut self, bus: &B, cost: &CostTable, pc: u32) -> Op {
        let known = *self.get(pc);
        if known.kind != OpKind::Undecoded {
            return known;
        }
        let found = self.select(bus, pc);
        let known = *self.get(pc);
        if known.kind != OpKind::Undecoded {
            return known;
        }
        let mut op = self.decode_at(bus, cost, pc);
        if self.stops.contains(&pc) {
            op.kind = OpKind::Stop;
        }
        if found {
            let index = self.current.index(pc);
            self.current.ops[index] = op;
            self.note_writable(pc);
        }
        op
    }

    /// Decodes the instruction at `pc`, stop or not, and keeps nothing.
    pub(crate) fn decode_at<B: Bus>(&self, bus: &B, cost: &CostTable, pc: u32) -> Op {
        let mut op = match bus.code(pc) {
            Some(first) => decode(
                self.extensions,
                pc,
                first,
                bus.code(pc.wrapping_add(2)).unwrap_or(0),
            ),
            None => Op::new(OpKind::Undefined, 2),
        };
        cost.assign(&mut op);
        op
    }

    /// Makes the chunk around `pc` the current one. False where no memory can hold code.
    #[cold]
    fn select<B: Bus>(&mut self, bus: &B, pc: u32) -> bool {
        if self.current.index(pc) < self.current.ops.len() {
            return true;
        }
        let next = match self
            .parked
            .iter()
            .position(|chunk| chunk.index(pc) < chunk.ops.len())
        {
            Some(index) => self.parked.swap_remove(index),
            None => {
                let Some((lo, hi)) = bus.code_region(pc).filter(|&(lo, hi)| lo <= pc && pc < hi)
                else {
                    return false;
                };
                let chunk = pc & !(CHUNK_BYTES - 1);
                // A region may start or end inside the chunk, and its table must not reach into the next region.
                let lo = chunk.max(lo) & !1;
                let hi = hi.min(chunk.saturating_add(CHUNK_BYTES));
                Chunk {
                    lo,
                    ops: vec![Op::UNDECODED; (hi - lo).div_ceil(2) as usize],
                }
            }
        };
        let last = std::mem::replace(&mut self.current, next);
        if !last.ops.is_empty() {
            self.parked.push(last);
        }
        true
    }

    /// Widens [`writable`](Self::writable) around a decoded instruction at `pc`.
    fn note_writable(&mut self, pc: u32) {
        if pc >> 29 != 1 {
            return;
        }
        // A word written at pc - 3 still touches it, and it may be four bytes long.
        let (lo, hi) = (pc - 3, pc + 4);
        self.writable = if self.writable == FetchWindow::EMPTY {
            FetchWindow::new(lo, hi)
        } else {
            FetchWindow::new(self.writable.lo().min(lo), self.writable.hi().max(hi))
        };
    }
}
