//! The flash controller of the L1: program memory, data EEPROM and option bytes, erased to 0x00.
//!
//! RM0038 and PM0062 were not seen. Names, bits and reset values: cmsis_device_l1 and svd/STM32L151.svd (S); sequences: stm32l1xx_hal_driver
//! (S); what happens to a wrong access is from memory (M) unless the row says otherwise.
//!
//! | register or behaviour | source | test (in `tests/flash_l1.rs`) |
//! |---|---|---|
//! | reset values | SVD (S) | `reset_values_are_those_of_the_svd` |
//! | PEKEYR opens PECR and the EEPROM, then PRGKEYR the program memory, OPTKEYR the option bytes | hal_l1 (S) | `three_locks_open_in_order` |
//! | a wrong key is a bus error, and that lock stays until reset | as on F3 and L4 (M) | `a_wrong_key_locks_until_reset` |
//! | PELOCK locks all three | SVD; hal_l1 (S) | `three_locks_open_in_order` |
//! | page erase: ERASE and PROG, then a word is written into the page | hal_l1 (S) | `a_page_is_erased_to_zero` |
//! | a word is programmed by a plain write; bits are set, never cleared | hal_l1 (S); flash.md s3 (M) | `words_are_programmed_without_a_bit` |
//! | half page: FPRG and PROG, 32 words in rising order from a multiple of 128: one operation | hal_l1 (S) | `a_half_page_is_one_operation` |
//! | another order or alignment: PGAERR; a byte or half-word to program memory: SIZERR | bit names (S), rule (M) | `sizes_and_alignment_are_checked` |
//! | a locked array or a protected sector: WRPERR, nothing happens | bit names (S), rule (M) | `locked_and_protected_writes_are_refused` |
//! | EEPROM: byte, half-word or word; erased first if the word is not 0, or always with FTDW | hal_l1 (S); rule (M) | `the_eeprom_takes_any_width` |
//! | EEPROM word erase: ERASE and DATA, then a word is written | hal_l1 (S) | `an_eeprom_word_is_erased` |
//! | a read of flash while a half page is written is held, and a finding: silicon forbids it | hal_l1 ramfunc notes (S) | `a_read_during_a_half_page_is_told` |
//! | EOP at the end; ENDHV is 0 meanwhile; the interrupt is a level; flags are cleared by ones | SVD (S); EOP without EOPIE (M) | `flags_and_interrupt` |
//! | PECR and keys are not written while BSY; a finding | as on F3 (M) | `registers_keep_still_while_busy` |
//! | option words with their complements, OBL_LAUNCH is a reset; OBR and WRPRx show them | hal_l1 (S) | `options_are_written_and_loaded` |
//! | LATENCY 1 needs ACC64 | hal_l1 ll_utils (S); that the bit stays 0 (M) | `a_wait_state_needs_acc64` |
//!
//! | left out | why | what happens when firmware touches it |
//! |---|---|---|
//! | PARALLBANK, double words | two operations at once on xD and xE | the bit is kept; finding |
//! | reads between the writes of a half page | firmware masks its interrupts and runs from SRAM | they are answered |
//! | power-down (PDKEYR, RUN_PD) | nothing here runs without flash on purpose | finding |
//! | BFB2 | the boot from bank 2 is another issue | kept in USER |

use flashstall_cpu::{Addr, FaultKind, Size};

use super::Access;
use super::fpec_regs::Lock;
use super::l1_regs::{
    ACR, Acr, NAMES, OBR, OPT_KEYS, OPTKEYR, PDKEYR, PE_KEYS, PECR, PEKEYR, PRG_KEYS, PRGKEYR,
    Pecr, SR, Sr, WRPR1, WRPR2, WRPR3, WRPR4,
};
use crate::log::ResetCause;
use crate::periph::registers::{left_out, name_of};
use crate::periph::{Cx, FlashPort, Peripheral, Refusal, Register, Signal};

/// Registers of write protection.
const PROTECTIONS: usize = 4;

/// The controller.
#[derive(Clone, Debug)]
pub(super) struct FlashL1 {
    irq: u16,
    protection_unit: u32,
    acr: Acr,
    /// PECR without the locks.
    pub(super) pecr: Pecr,
    /// PELOCK, PRGLOCK, OPTLOCK.
    locks: [Lock; 3],
    sr: Sr,
    obr: u32,
    wrpr: [u32; PROTECTIONS],
    /// The words of a half page that were written so far, and where it begins.
    pub(super) half_page: Option<(Addr, Vec<u8>)>,
}

impl FlashL1 {
    /// As in reset.
    pub(super) fn new(protection_unit: u32, irq: u16) -> Self {
        Self {
            irq,
            protection_unit,
            acr: Acr::empty(),
            pecr: Pecr::empty(),
            locks: [Lock::Locked; 3],
            sr: Sr::empty(),
            obr: 0,
            wrpr: [0; PROTECTIONS],
            half_page: None,
        }
    }

    /// Is the array behind `lock` (PELOCK, PRGLOCK or OPTLOCK) open?
    pub(super) fn is_open(&self, lock: Pecr) -> bool {
        !self.locks_set().contains(lock)
    }

    fn locks_set(&self) -> Pecr {
        [Pecr::PELOCK, Pecr::PRGLOCK, Pecr::OPTLOCK]
            .into_iter()
            .zip(self.locks)
            .filter(|(_, lock)| !lock.is_open())
            .fold(Pecr::empty(), |all, (bit, _)| all | bit)
    }

    fn configure(&self, cx: &mut Cx<'_>) {
        cx.shared.flash.read.configure(Access {
            wait_states: u8::from(self.acr.contains(Acr::LATENCY)),
            prefetch: self.acr.contains(Acr::PRFTEN),
            wide: self.acr.contains(Acr::ACC64),
            ..Access::default()
        });
        cx.shared.flash.invalidate_window();
    }

    fn drive_irq(&self, cx: &mut Cx<'_>) {
        let end = self.sr.contains(Sr::EOP) && self.pecr.contains(Pecr::EOPIE);
        let error = self.sr.intersects(Sr::ERRORS) && self.pecr.contains(Pecr::ERRIE);
        cx.irq(self.irq, end || error);
    }

    /// A write fails with `error`.
    pub(super) fn fail(&mut self, cx: &mut Cx<'_>, error: Sr, why: &str) {
        cx.find("flash-operation-refused", || format!("{why}: SR {error:?}"));
        self.sr |= error;
        self.half_page = None;
        self.drive_irq(cx);
    }

    fn write_acr(&mut self, cx: &mut Cx<'_>, value: u32) -> Result<(), Refusal> {
        let mut acr = Acr::from_bits_truncate(value);
        if acr.contains(Acr::LATENCY) && !acr.contains(Acr::ACC64) {
            cx.find("flash-latency-without-acc64", || {
                "FLASH_ACR.LATENCY was set with ACC64 clear: ignored".to_owned()
            });
            acr -= Acr::LATENCY;
        }
        self.acr = acr;
        self.configure(cx);
        if acr.contains(Acr::RUN_PD) {
            return left_out(cx, "power-down of the flash (FLASH_ACR.RUN_PD)");
        }
        Ok(())
    }

    /// Writes `key` to lock number `n`.
    fn write_key(
        &mut self,
        cx: &mut Cx<'_>,
        n: usize,
        keys: [u32; 2],
        key: u32,
    ) -> Result<(), Refusal> {
        if n > 0 && !self.locks[0].is_open() {
            cx.find("flash-key-before-pelock", || {
                "a key was written while PELOCK is set: ignored".to_owned()
            });
            return Ok(());
        }
        let result = self.locks[n].with_keys(key, keys);
        let (Ok(next) | Err(next)) = result;
        self.locks[n] = next;
        if result.is_err() {
            cx.find("flash-wrong-key", || {
                format!(
                    "{key:#010x} is not the key that was waited for: bus error, locked until reset"
                )
            });
            return Err(Refusal::Fault(FaultKind::Refused));
        }
        Ok(())
    }

    fn write_pecr(&mut self, cx: &mut Cx<'_>, value: u32) -> Result<(), Refusal> {
        if !self.is_open(Pecr::PELOCK) {
            if value != self.pecr_value() {
                cx.find("flash-cr-locked", || {
                    "FLASH_PECR was written while locked: ignored".to_owned()
                });
            }
            return Ok(());
        }
        let new = Pecr::from_bits_truncate(value);
        let lock = |lock: &mut Lock, bit: Pecr| {
            // A wrong key stays wrong until the reset.
            if new.intersects(bit | Pecr::PELOCK) && lock.is_open() {
                *lock = Lock::Locked;
            }
        };
        let [pe, prg, opt] = &mut self.locks;
        lock(prg, Pecr::PRGLOCK);
        lock(opt, Pecr::OPTLOCK);
        lock(pe, Pecr::PELOCK);
        if new.contains(Pecr::OBL_LAUNCH) && self.is_open(Pecr::OPTLOCK) {
            cx.send(Signal::Reset(ResetCause::OptionByteLoad));
            return Ok(());
        }
        self.pecr = new - Pecr::LOCKS - Pecr::OBL_LAUNCH;
        if !self.pecr.contains(Pecr::FPRG | Pecr::PROG) {
            self.half_page = None;
        }
        self.drive_irq(cx);
        if self.pecr.contains(Pecr::PARALLBANK) {
            return left_out(
                cx,
                "programming of both banks at once (FLASH_PECR.PARALLBANK)",
            );
        }
        Ok(())
    }

    fn pecr_value(&self) -> u32 {
        (self.pecr | self.locks_set()).bits()
    }

    fn status(&self, cx: &Cx<'_>) -> u32 {
        let busy = cx.shared.flash.is_busy(cx.cycle);
        let mut sr = self.sr;
        sr.set(Sr::BSY, busy);
        sr.set(Sr::ENDHV, !busy);
        sr.bits()
    }

    /// OBR and WRPRx from the option words: data in the low half, the complement above it.
    fn load_options(&mut self, cx: &Cx<'_>) {
        let options = &cx.shared.flash.options;
        let half = |word: u32| {
            let value = options.read(4 * word, Size::Word).unwrap_or(0xFFFF_0000);
            (value ^ value >> 16 ^ 0xFFFF) & 0xFFFF == 0 && value != 0xFFFF_FFFF
        };
        let data = |word: u32| {
            options
                .read(4 * word, Size::Half)
                .filter(|_| half(word))
                .unwrap_or_default()
        };
        self.obr = data(0) & 0xFF | (data(1) & 0xFF) << 16;
        for (n, wrpr) in (0..).zip(&mut self.wrpr) {
            *wrpr = data(2 + 2 * n) | data(3 + 2 * n) << 16;
        }
    }

    /// Is the sector of `offset` of main flash write-protected?
    pub(super) fn is_protected(&self, offset: u32) -> bool {
        let sector = offset / self.protection_unit;
        self.wrpr
            .get((sector / 32) as usize)
            .is_some_and(|wrpr| wrpr >> (sector % 32) & 1 != 0)
    }

    fn protection_at(offset: u32) -> Option<usize> {
        [WRPR1, WRPR2, WRPR3, WRPR4]
            .iter()
            .position(|&at| at == offset)
    }
}

impl Peripheral for FlashL1 {
    fn read(&mut self, cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        Ok(match reg.offset {
            ACR => self.acr.bits(),
            PECR => self.pecr_value(),
            PDKEYR | PEKEYR | PRGKEYR | OPTKEYR => 0,
            SR => self.status(cx),
            OBR => self.obr,
            offset => {
                let n = Self::protection_at(offset).ok_or(Refusal::Unmodelled)?;
                self.wrpr[n]
            }
        })
    }

    fn write(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        let busy = cx.shared.flash.is_busy(cx.cycle);
        if busy && matches!(reg.offset, PECR | PEKEYR | PRGKEYR | OPTKEYR) {
            let name = self.register_name(reg.offset).unwrap_or_default();
            cx.find("flash-register-write-while-busy", || {
                format!("FLASH_{name} was written while BSY: ignored")
            });
            return Ok(());
        }
        match reg.offset {
            ACR => return self.write_acr(cx, reg.merge(self.acr.bits(), value)),
            PECR => return self.write_pecr(cx, reg.merge(self.pecr_value(), value)),
            PEKEYR => return self.write_key(cx, 0, PE_KEYS, value),
            PRGKEYR => return self.write_key(cx, 1, PRG_KEYS, value),
            OPTKEYR => return self.write_key(cx, 2, OPT_KEYS, value),
            PDKEYR => return left_out(cx, "power-down of the flash (FLASH_PDKEYR)"),
            SR => {
                self.sr -= Sr::from_bits_truncate(value & reg.mask) & (Sr::ERRORS | Sr::EOP);
                self.drive_irq(cx);
            }
            OBR => {}
            offset => {
                Self::protection_at(offset).ok_or(Refusal::Unmodelled)?;
            }
        }
        Ok(())
    }

    fn signal(&mut self, cx: &mut Cx<'_>, signal: &Signal) {
        if let Signal::FlashDone { .. } = signal {
            self.sr |= Sr::EOP;
            self.drive_irq(cx);
        }
    }

    fn reset(&mut self, cx: &mut Cx<'_>) {
        *self = Self::new(self.protection_unit, self.irq);
        self.load_options(cx);
        self.configure(cx);
        self.drive_irq(cx);
    }

    fn register_name(&self, offset: u32) -> Option<&'static str> {
        name_of(NAMES, offset)
    }

    fn flash_port(&mut self) -> Option<&mut dyn FlashPort> {
        Some(self)
    }

    fn boxed_clone(&self) -> Box<dyn Peripheral> {
        Box::new(self.clone())
    }
}
