//! Main flash: its contents, the operation that runs in it, and how the core reads it.
//!
//! The law of the stall (ARCHITECTURE, design §4) is decided here: [`FlashArray::holding`] is the only place that says
//! whether an access to a bank must wait, and [`ReadInterface`] the only one that says what can be had without the array.
//!
//! | behaviour | source | test |
//! |---|---|---|
//! | programming changes bits only away from the erased state: AND where erased is 0xFF, OR where it is 0x00 (L1) | RM0008 s3.3.3; flash.md s3 (M) | `array::programming_moves_bits_away_from_erased` |
//! | two banks are busy apart, with an operation each where there are two controllers | RM0008 s3.3 XL, RM0090 s3.6.5 | `array::banks_are_busy_apart` |
//! | an operation makes its bank busy from start to end | RM0008 s3.3.3, RM0364 s3.2.3 | `stall_law::a_fetch_from_the_busy_bank_waits_until_the_end` |
//! | contents change when the operation ends | choice: a read in between is held anyway | `fpec::contents_change_at_the_end` |
//! | option bytes are busy and held with the bank they belong to | same array (D) | `stall_law::option_bytes_are_held_too` |
//! | a reset in mid-operation leaves what the operation aimed at (page erased, half-word ANDed) | choice; RM0090 s3.6: undefined | `fpec::a_reset_cuts_an_erase_short` |
//!
//! | left out | why | what happens when firmware touches it |
//! |---|---|---|
//! | wear, retention, weak bits | no figure per part | an erased page is erased |
//! | slower operations at low voltage or temperature | min/typ/max of the chip file cover it | the chosen time |

mod array;
mod banks;
mod cache;
mod cached;
mod f4;
mod f4_program;
mod f4_regs;
mod fpec;
mod fpec_program;
mod fpec_regs;
mod fpec_xl;
mod geometry;
mod l1;
mod l1_program;
mod l1_regs;
mod l4;
mod l4_program;
mod l4_regs;
mod operation;
mod options;
mod prefetch;
mod read;
mod settings;
mod timing;

pub use array::FlashArray;
pub use cache::LineCache;
pub use cached::{Cached, F4Art, L4Cache};
pub use f4::FlashF4;
pub use fpec::Fpec;
pub use geometry::{Geometry, Sector};
pub use operation::{Contents, Request, Running, start};
pub(crate) use operation::{abort, finish, snapshot};
pub use options::OptionBytes;
pub use prefetch::PrefetchBuffer;
pub use read::{Access, LineFetch, ReadInterface};
pub use settings::{OptionError, OptionSettings};
pub use timing::{FlashTiming, Parallelism, Takes};

use crate::chip::{Chip, PeripheralSpec};
use crate::periph::Peripheral;

/// The flash controller that `spec` asks for; `None` if it asks for no flash controller.
pub(crate) fn controller(chip: &Chip, spec: &PeripheralSpec) -> Option<Box<dyn Peripheral>> {
    let irq = spec.irqs.values().next().copied().unwrap_or_default();
    match spec.kind.as_str() {
        "flash-f4" => Some(Box::new(FlashF4::new(&chip.flash, irq))),
        "flash-l1" => Some(Box::new(l1::FlashL1::new(chip.flash.protection_unit, irq))),
        "flash-l4" => Some(Box::new(l4::FlashL4::new(spec, irq))),
        "fpec" => Some(Box::new(Fpec::new(&chip.flash, irq))),
        "fpec-xl" => Some(Box::new(fpec_xl::FpecXl::new(&chip.flash, irq))),
        _ => None,
    }
}
