//! CRC unit with programmable polynomial (F3, L4).
//!
//! Sources: svd/STM32F303.svd (offsets, bits, reset values), RM0364 ch. 6.
//! Offsets, bits and reset values were compared with the SVD. Behaviour that is cited by manual section is from memory \[M\] unless
//! the row says otherwise: neither RM0316 nor these chapters of RM0364 were available.
//!
//! | register or behaviour | source | test |
//! |---|---|---|
//! | reset: polynomial 0x04C11DB7, initial value all ones, words | SVD | `check_values_of_the_catalogue` (CRC-32/MPEG-2) |
//! | bytes and half-words are taken as such | RM0364 CRC_DR | `check_values_of_the_catalogue`, `a_word_is_its_four_bytes_from_the_top` |
//! | POLYSIZE 32, 16, 8, 7 | RM0364 CRC_CR | `check_values_of_the_catalogue` |
//! | REV_IN by byte, half-word, word, but never wider than what is written; REV_OUT | CRC_CR; ST community, "possible bug in CRC peripheral" (F3 against H7): a byte is reversed as a byte whatever the unit \[S\] | `check_values_of_the_catalogue`, `reversal_is_by_the_unit_asked_for` |
//! | RESET loads INIT; so does a write to INIT | RM0364 CRC_CR, CRC_INIT | `init_and_reset_load_the_initial_value` |
//! | IDR keeps a byte | RM0364 CRC_IDR | `init_and_reset_load_the_initial_value` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | the 4 cycles of a word, during which the next write waits | a few cycles a word | the result is there at once |
//! | even polynomials | forbidden by the manual | computed all the same |

use bitflags::bitflags;
use flashstall_cpu::Size;

use crate::periph::registers::{Names, field, name_of};
use crate::periph::{Cx, Peripheral, Refusal, Register};

const DR: u32 = 0x00;
const IDR: u32 = 0x04;
const CR: u32 = 0x08;
const INIT: u32 = 0x10;
const POL: u32 = 0x14;

const NAMES: Names = &[
    (DR, "DR"),
    (IDR, "IDR"),
    (CR, "CR"),
    (INIT, "INIT"),
    (POL, "POL"),
];

/// The Ethernet polynomial.
const POL_RESET: u32 = 0x04C1_1DB7;

bitflags! {
    /// CRC_CR.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct Cr: u32 {
        const RESET = 1 << 0;
        const POLYSIZE = 3 << 3;
        const REV_IN = 3 << 5;
        const REV_OUT = 1 << 7;
    }
}

/// The CRC unit.
#[derive(Clone, Debug)]
pub(super) struct Crc {
    value: u32,
    idr: u32,
    cr: Cr,
    init: u32,
    pol: u32,
}

impl Crc {
    pub(super) const fn new() -> Self {
        Self {
            value: !0,
            idr: 0,
            cr: Cr::empty(),
            init: !0,
            pol: POL_RESET,
        }
    }

    /// Length of the polynomial in bits.
    fn width(&self) -> u32 {
        match field(self.cr.bits(), 3, 2) {
            0 => 32,
            1 => 16,
            2 => 8,
            _ => 7,
        }
    }

    const fn mask(width: u32) -> u32 {
        u32::MAX >> (32 - width)
    }

    /// Takes `bits` bits of data, most significant first.
    fn feed(&mut self, data: u32, bits: u32) {
        let data = self.reverse_input(data, bits);
        let width = self.width();
        for n in (0..bits).rev() {
            let top = self.value >> (width - 1) & 1 ^ data >> n & 1;
            self.value = self.value << 1 ^ if top != 0 { self.pol } else { 0 };
        }
        self.value &= Self::mask(width);
    }

    /// REV_IN: reverses the bits in each byte, half-word or word, as far as the data is that wide.
    fn reverse_input(&self, data: u32, bits: u32) -> u32 {
        let unit = match field(self.cr.bits(), 5, 2) {
            0 => return data,
            1 => 8,
            2 => 16.min(bits),
            _ => bits,
        };
        (0..bits / unit)
            .map(|n| (field64(data, n * unit, unit).reverse_bits() >> (32 - unit)) << (n * unit))
            .sum()
    }

    fn output(&self) -> u32 {
        if self.cr.contains(Cr::REV_OUT) {
            self.value.reverse_bits() >> (32 - self.width())
        } else {
            self.value
        }
    }

    fn load_init(&mut self) {
        self.value = self.init & Self::mask(self.width());
    }
}

/// [`field`] for widths up to 32.
const fn field64(word: u32, bit: u32, width: u32) -> u32 {
    word >> bit & u32::MAX >> (32 - width)
}

impl Peripheral for Crc {
    fn read(&mut self, _cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        Ok(match reg.offset {
            DR => self.output(),
            IDR => self.idr,
            CR => self.cr.bits(),
            INIT => self.init,
            POL => self.pol,
            _ => return Err(Refusal::Unmodelled),
        })
    }

    fn write(&mut self, _cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        match reg.offset {
            DR => {
                let bits = match reg.size {
                    Size::Byte => 8,
                    Size::Half => 16,
                    Size::Word => 32,
                };
                self.feed(value >> reg.mask.trailing_zeros(), bits);
            }
            IDR => self.idr = reg.merge(self.idr, value) & 0xFF,
            CR => {
                let new = Cr::from_bits_truncate(reg.merge(self.cr.bits(), value));
                self.cr = new & !Cr::RESET;
                if new.contains(Cr::RESET) {
                    self.load_init();
                }
            }
            INIT => {
                self.init = reg.merge(self.init, value);
                self.load_init();
            }
            POL => self.pol = reg.merge(self.pol, value),
            _ => return Err(Refusal::Unmodelled),
        }
        Ok(())
    }

    fn reset(&mut self, _cx: &mut Cx<'_>) {
        *self = Self::new();
    }

    fn register_name(&self, offset: u32) -> Option<&'static str> {
        name_of(NAMES, offset)
    }

    fn boxed_clone(&self) -> Box<dyn Peripheral> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests;
