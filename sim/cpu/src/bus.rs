//! What the core asks of the rest of the chip.
//!
//! A bus never lets time pass by itself. It either answers (and adds the wait states of that answer
//! to [`Core::now`]), or says [`Abort::Held`] with the cycle at which asking again makes sense; the core
//! then lets events happen up to that cycle and repeats the access.

use std::fmt;

use crate::{Addr, Core, Cycles};

/// Width of one data transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// 8 bits.
    Byte,
    /// 16 bits.
    Half,
    /// 32 bits.
    Word,
}

impl Size {
    /// Width in bytes: 1, 2 or 4.
    #[must_use]
    pub const fn bytes(self) -> u32 {
        match self {
            Self::Byte => 1,
            Self::Half => 2,
            Self::Word => 4,
        }
    }
}

/// Why a transfer did not complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Abort {
    /// The slave answered with an error: a BusFault.
    Fault(FaultKind),
    /// The slave is busy until `until`; nothing has happened yet, the access must be repeated then.
    Held {
        /// First cycle at which the access can start.
        until: Cycles,
    },
}

/// What kind of error response it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Nothing answers at this address.
    Unmapped,
    /// A slave answers, and refuses this access (width, lock, direction).
    Refused,
}

/// Instruction addresses `[lo, hi)` whose fetch costs nothing more until the window is replaced.
///
/// For zero-wait memory that is the whole region; for flash behind wait states it is the line in
/// the read buffer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FetchWindow {
    /// Both ends in one word, because they travel through memory between the bus and the core: a load of
    /// both waits long for two stores of one each, and that was a third of the time of code behind wait states.
    ends: u64,
}

impl FetchWindow {
    /// Holds no address.
    pub const EMPTY: Self = Self::new(0, 0);

    /// From the first address to one past the last.
    #[inline(always)]
    #[must_use]
    pub const fn new(lo: u32, hi: u32) -> Self {
        Self {
            ends: (hi as u64) << 32 | lo as u64,
        }
    }

    /// First address.
    #[inline(always)]
    #[must_use]
    pub const fn lo(self) -> u32 {
        self.ends as u32
    }

    /// One past the last address.
    #[inline(always)]
    #[must_use]
    pub const fn hi(self) -> u32 {
        (self.ends >> 32) as u32
    }

    /// Is the whole halfword at `addr` inside?
    #[inline(always)]
    #[must_use]
    pub const fn contains(self, addr: u32) -> bool {
        self.lo() <= addr && addr < self.hi()
    }

    /// Is the whole instruction of `size` bytes at `addr` inside?
    #[inline(always)]
    #[must_use]
    pub const fn holds(self, addr: u32, size: u8) -> bool {
        addr.wrapping_sub(self.lo()) as u64 + size as u64
            <= self.hi().wrapping_sub(self.lo()) as u64
    }
}

impl fmt::Debug for FetchWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#010x}..{:#010x}", self.lo(), self.hi())
    }
}

/// A successful instruction fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// What may now be executed without asking again.
    pub window: FetchWindow,
    /// Cycle at which the first instruction of the window is there; the core waits for it.
    pub ready: Cycles,
}

/// Which of the core's accesses is being held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HoldKind {
    /// An instruction fetch.
    Fetch,
    /// A data read: literal, constant, table, or a data write to the array.
    Data,
    /// The read of a handler's address through VTOR.
    Vector,
    /// A write to a flash control register while busy, on families that hold it.
    Register,
}

/// One access that is being held, as told to [`Bus::held`] when it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Which access.
    pub kind: HoldKind,
    /// The address that was accessed.
    pub addr: Addr,
    /// Address of the instruction that the core was executing or about to execute.
    pub pc: Addr,
    /// Exception number that was active (0: thread mode).
    pub active: u16,
    /// Exception that is being entered, for a vector fetch or the first fetch of a handler.
    pub entering: Option<u16>,
    /// When the access was first asked for.
    pub start: Cycles,
    /// When it could proceed, or was given up.
    pub end: Cycles,
}

/// Levels of the interrupt lines into the NVIC, one bit an IRQ number.
///
/// A device drives its line; the NVIC latches a rise as *pending*, and again when a handler returns
/// with the line still high (ARMv7-M B3.4.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IrqLines {
    level: [u64; 4],
    /// Lines that rose since the NVIC last looked. A pulse shorter than one instruction is not lost.
    rose: [u64; 4],
}

impl IrqLines {
    /// Drives line `irq` (0..=239).
    pub fn set(&mut self, irq: u16, high: bool) {
        let (word, bit) = (usize::from(irq >> 6) & 3, 1u64 << (irq & 63));
        if high {
            self.rose[word] |= bit & !self.level[word];
            self.level[word] |= bit;
        } else {
            self.level[word] &= !bit;
        }
    }

    /// Makes line `irq` rise and fall again: an edge, as EXTI events and software do not keep a level.
    pub fn pulse(&mut self, irq: u16) {
        self.rose[usize::from(irq >> 6) & 3] |= 1u64 << (irq & 63);
    }

    /// Is line `irq` high now?
    #[must_use]
    pub fn is_high(&self, irq: u16) -> bool {
        self.level[usize::from(irq >> 6) & 3] & (1u64 << (irq & 63)) != 0
    }

    /// Has any line risen since [`take_rises`](Self::take_rises)?
    #[inline]
    #[must_use]
    pub fn has_risen(&self) -> bool {
        (self.rose[0] | self.rose[1] | self.rose[2] | self.rose[3]) != 0
    }

    /// The lines that rose since the last call, one bit an IRQ number, 64 a word.
    pub fn take_rises(&mut self) -> [u64; 4] {
        std::mem::take(&mut self.rose)
    }

    /// All lines low, as at reset.
    pub fn reset(&mut self) {
        *self = Self::default();
    }
}

/// Memory, devices and time, as the core sees them.
///
/// `core.now` is the cycle at which the access is issued. An implementation adds wait states to it, may
/// read every register for its log, and changes nothing else, except that it may empty
/// [`Core::window`] when lines already fetched are no longer valid.
pub trait Bus {
    /// Reads `size` bytes at `addr`, which is aligned to `size`. The value is zero-extended.
    ///
    /// # Errors
    /// [`Abort::Fault`] where nothing answers or the slave refuses; [`Abort::Held`] while it is busy.
    fn read(&mut self, core: &mut Core, addr: u32, size: Size) -> Result<u32, Abort>;

    /// Writes the low `size` bytes of `value` at `addr`, which is aligned to `size`.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    fn write(&mut self, core: &mut Core, addr: u32, size: Size, value: u32) -> Result<(), Abort>;

    /// Fetches the halfword at `addr` for execution and says what else came with it.
    ///
    /// # Errors
    /// As [`read`](Self::read); an address that cannot be executed is [`FaultKind::Refused`].
    fn fetch(&mut self, core: &mut Core, addr: u32) -> Result<Fetch, Abort>;

    /// Reads a vector (or the initial stack pointer) at `addr`. Like [`read`](Self::read), but on the
    /// bus that vector fetches use, and recorded apart.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    fn vector(&mut self, core: &mut Core, addr: u32) -> Result<u32, Abort>;

    /// The halfword at `addr` for decoding: no time passes, nothing is recorded. `None` where no
    /// memory holds code.
    fn code(&self, addr: u32) -> Option<u16>;

    /// The memory region `[lo, hi)` around `addr` in which code can lie; the core keeps one table of
    /// decoded instructions for each such region.
    fn code_region(&self, addr: u32) -> Option<(u32, u32)>;

    /// Ranges `[lo, hi)` whose content changed other than by a core write (flash programming or erase,
    /// DMA, a remap) since the last call. Called after every [`run_events`](Self::run_events) and after each
    /// write that a device took, only if [`code_changed`](Self::code_changed) says so.
    fn take_code_changes(&mut self) -> Vec<(u32, u32)>;

    /// Is there anything for [`take_code_changes`](Self::take_code_changes)?
    fn code_changed(&self) -> bool;

    /// Cycle of the next scheduled event, [`Cycles::NEVER`] if there is none.
    fn next_event(&self) -> Cycles;

    /// Lets every event due at or before `core.now` happen, in time order.
    fn run_events(&mut self, core: &mut Core);

    /// The interrupt lines.
    fn irq(&mut self) -> &mut IrqLines;

    /// Has a device asked for a system reset (watchdog, option-byte load)? The core stops at once.
    fn reset_requested(&self) -> bool;

    /// Software asked for a system reset (AIRCR.SYSRESETREQ). Must make
    /// [`reset_requested`](Self::reset_requested) true.
    fn request_reset(&mut self, core: &Core);

    /// Counts accesses after which the same read could return something else: every device write and
    /// every read that has a side effect or shows a running counter. A poll loop in which this number
    /// stands still may be skipped over whole iterations.
    fn side_effects(&self) -> u64;

    /// All that decides how long fetches will take from here on, relative to `now`: two moments with the same
    /// value cost the same from there. Buffers and caches of the read interface go in here; memory without any
    /// has nothing to tell.
    fn fetch_state(&self, _now: Cycles) -> u128 {
        0
    }

    /// An access was held and is over.
    fn held(&mut self, core: &Core, hold: &Hold);

    /// The core slept from `from` to `to`; a longer sleep comes in pieces. A bus that does not care has nothing to do.
    fn slept(&mut self, _from: Cycles, _to: Cycles) {}

    /// Exception `number` became pending in the NVIC at cycle `at`. `merged`: it was pending already, so
    /// this request leaves no trace.
    fn exception_pended(&mut self, core: &Core, number: u16, at: Cycles, merged: bool);

    /// The first instruction of exception `number`'s handler is about to issue at `core.now`.
    fn exception_entered(&mut self, core: &Core, number: u16);

    /// The handler of `number` returned (or was tail-chained away) at `core.now`.
    fn exception_returned(&mut self, core: &Core, number: u16);

    /// The core touched a register of its own that is not modelled (`write` says how).
    fn unmodelled(&mut self, core: &Core, addr: Addr, write: bool);
}
