//! Two banks that change places.
//!
//! The array is kept as the core sees it: what the swap moves is the contents, and with them the numbers of banks and sectors. So an access costs no more for it.
//!
//! | behaviour | source | test |
//! |---|---|---|
//! | the bank at the first address and the one behind it change places: for fetches, data, programming and erases, at home and at the alias at 0 | RM0090 s2.4, s9.2.1 (S) | `f4_dualbank::fb_mode_shows_the_other_bank` |
//! | banks and sectors keep their numbers, so that SNB means the same cells | RM0090 s2.4, s9.2.1 (D); 003_24a40ac834fb8847 (S) | `f4_dualbank::sector_numbers_are_physical` |
//! | an operation goes on in its bank | one array, another address (D) | `f4_dualbank::an_erase_stays_in_its_bank` |
//! | buffers and caches are emptied | a choice (M) | `f4_dualbank::fb_mode_shows_the_other_bank` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | lines of the bank that was there before, in a cache that is on while the banks are swapped | no source tells whether lines are known by bank | none are left; a finding |

use flashstall_cpu::Addr;

use super::FlashArray;
use super::operation::Request;
use crate::log::Swapped;

impl FlashArray {
    /// Where the cells of `request` really are, if the banks are swapped and it is in one of them.
    pub(super) fn swapped(&self, request: &Request) -> Option<Swapped> {
        let offset = self.memory.offset(request.address.0)?;
        let one_bank = request.length <= self.size() / 2;
        (one_bank && self.geometry.is_swapped()).then(|| Swapped {
            home: Addr(self.base() + self.geometry.physical(offset)),
            sector: self.geometry.sector_number(offset),
        })
    }

    /// Shows the banks in each other's place, or in their own. False if nothing changes: they were there, or this part has no two banks of one size.
    pub(crate) fn show_swapped(&mut self, swapped: bool) -> bool {
        if self.geometry.is_swapped() == swapped || !self.geometry.swap() {
            return false;
        }
        self.memory.swap_halves();
        let (base, half) = (self.base(), self.size() / 2);
        let whole = self.size();
        for running in self.running.iter_mut().flatten() {
            let request = &mut running.request;
            let offset = request.address.0.wrapping_sub(base);
            if offset < whole && request.length <= half {
                request.address = Addr(base + (offset + half) % whole);
            }
        }
        self.read.forget();
        self.invalidate_window();
        true
    }
}
