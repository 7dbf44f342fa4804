//! The flash controller of the L4.
//!
//! RM0394 and RM0351 were not seen; RM0440 (G4) has the same block (S proxy), names and reset values are those of cmsis_device_l4 and
//! svd/STM32L451.svd (S).
//!
//! | register or behaviour | source | test (in `tests/flash_l4.rs`) |
//! |---|---|---|
//! | reset values; ECCR is 0 | SVD (S) | `reset_values_are_those_of_the_svd` |
//! | KEYR: two keys open CR; a wrong one is a bus error and locks CR until reset | RM0440 s3.3.6 (S proxy) | `a_wrong_key_is_a_bus_error_and_locks_until_reset` |
//! | CR keeps its value while locked | RM0440 FLASH_CR (S proxy) | `cr_is_read_only_while_locked` |
//! | a write to CR while BSY holds the bus | RM0440 s3.3.5 (S proxy) | `a_write_to_cr_while_busy_is_held` |
//! | page erase: PER, PNB and (two banks) BKER, STRT | RM0440 s3.3.6 (S proxy) | `a_page_is_erased` |
//! | mass erase: MER1, MER2, both | RM0440 s3.3.6 (S proxy) | `banks_are_erased_apart_or_together` |
//! | a double word is programmed by two words, the lower first; the second starts it | RM0440 s3.3.7 (S proxy) | `two_words_make_a_double_word` |
//! | a byte or half-word: SIZERR; a first word not at a multiple of 8, or a second that does not follow it: PGAERR | RM0440 s3.3.7 (S proxy) | `sizes_and_alignment_are_checked` |
//! | a double word that is not erased: PROGERR, unless all zero is written | RM0440 s3.3.7 (S proxy) | `only_zero_goes_over_what_is_programmed` |
//! | a write without PG, with PER or MER beside it, or with an error flag still set: PGSERR, nothing happens | RM0440 FLASH_SR (S proxy) | `an_old_error_spoils_the_next_operation` |
//! | a protected page: WRPERR | RM0440 s3.5 (S proxy) | `protected_pages_are_refused` |
//! | EOP only with EOPIE, OPERR only with ERRIE; their interrupt is a level; flags are cleared by ones | RM0440 FLASH_SR (S proxy) | `eop_and_operr_need_their_enables` |
//! | fast programming: 64 words of a row in rising order are one operation; a bank that was not mass-erased before: PGSERR; another order: PGAERR and FASTERR | RM0440 s3.3.7 (S proxy) | `a_row_is_one_operation` |
//! | PEMPTY: the first word was erased at the last reset (L43x to L46x) | L4 headers; rule (M) | `pempty_tells_that_there_is_no_image` |
//! | option registers: OPTKEYR, OPTSTRT, loaded by OBL_LAUNCH, which is a reset | RM0440 s3.4 (S proxy) | `options_are_programmed_and_loaded` |
//! | BFB2 (bit 20 of OPTR): each reset starts in system memory, which chooses a bank; OBL_LAUNCH is such a reset | dev_l4 (S); RM0440 s3.4 (S proxy) | `f4_dualbank::an_l476_starts_bank_2_as_soon_as_options_are_loaded` |
//! | BKER, MER1 and MER2 name cells, whatever FB_MODE shows where | GetBank of ST's examples (S) | `f4_dualbank::banks_of_an_l476_keep_their_numbers` |
//! | ICRST and DCRST act only while the cache is off | RM0090 s3.9.1 (S proxy) | `caches_are_reset_while_they_are_off` |
//! | HSI16 clocks the operation, and is started for it by hardware | RM0440 s3.3.5 (S proxy) | `a_page_is_erased` (runs from MSI, HSI16 is off) |
//!
//! | left out | why | what happens when firmware touches it |
//! |---|---|---|
//! | ECC errors | no bit flips here | ECCR reads 0 |
//! | MISERR, and reads between the writes of a row | no figure for the gap | a row may be written as slowly as one likes |
//! | proprietary code read-out and read protection | they act on debuggers and data reads of protected areas | registers are kept |
//! | power-down of the flash (PDKEYR, RUN_PD) | nothing here runs without flash on purpose | the bits are kept; finding |
//! | PER together with MER | not documented | mass erase, as on F4 (M); finding |

use flashstall_cpu::{Addr, FaultKind};

use super::fpec_regs::Lock;
use super::l4_regs::{
    ACR, ACR_RESET, Acr, BFB2, CR, Cr, ECCR, KEYR, KEYS, LATENCY, NAMES, OPTION_KEYS, OPTKEYR,
    OPTR, PCROP2SR, PDKEYR, PNB, SR, Sr, WRP1AR, WRP1BR, WRP2AR, WRP2BR,
};
use super::operation::{self, Contents, Request};
use super::{Access, FlashArray, Parallelism, Sector, Takes};
use crate::chip::PeripheralSpec;
use crate::log::{OperationKind, ResetCause};
use crate::periph::registers::{field, left_out, name_of};
use crate::periph::{Cx, FlashPort, Peripheral, Refusal, Register, Signal};

/// Option registers, OPTR to WRP2BR: those that are none stay 0.
const OPTION_REGISTERS: usize = ((WRP2BR - OPTR) / 4 + 1) as usize;

/// The controller.
#[derive(Clone, Debug)]
pub(super) struct FlashL4 {
    irq: u16,
    /// SR.PEMPTY exists.
    has_empty: bool,
    /// BFB2, as it was loaded.
    pub(super) chooses_bank: bool,
    acr: u32,
    pub(super) lock: Lock,
    option_lock: Lock,
    pub(super) sr: Sr,
    pub(super) cr: u32,
    pub(super) options: [u32; OPTION_REGISTERS],
    /// The lower half of a double word: its address and value.
    pub(super) first: Option<(Addr, u32)>,
    /// The words of a row that were written so far, and where it begins.
    pub(super) row: Option<(Addr, Vec<u8>)>,
    /// Banks that nothing was programmed in but rows since their mass erase: bit n is bank n + 1.
    pub(super) fresh: u8,
}

impl FlashL4 {
    /// As in reset.
    pub(super) fn new(spec: &PeripheralSpec, irq: u16) -> Self {
        Self {
            irq,
            has_empty: spec.params.contains_key("empty_check"),
            chooses_bank: false,
            acr: ACR_RESET,
            lock: Lock::Locked,
            option_lock: Lock::Locked,
            sr: Sr::empty(),
            cr: (Cr::LOCK | Cr::OPTLOCK).bits(),
            options: [0; OPTION_REGISTERS],
            first: None,
            row: None,
            fresh: 0,
        }
    }

    pub(super) fn control(&self) -> Cr {
        Cr::from_bits_truncate(self.cr)
    }

    fn configure(&self, cx: &mut Cx<'_>) {
        let acr = Acr::from_bits_truncate(self.acr);
        let read = &mut cx.shared.flash.read;
        read.configure(Access {
            wait_states: (self.acr & LATENCY) as u8,
            prefetch: acr.contains(Acr::PRFTEN),
            wide: false,
            instruction_cache: acr.contains(Acr::ICEN),
            data_cache: acr.contains(Acr::DCEN),
        });
        if acr.contains(Acr::ICRST) && !acr.contains(Acr::ICEN) {
            read.reset_instruction_cache();
        }
        if acr.contains(Acr::DCRST) && !acr.contains(Acr::DCEN) {
            read.reset_data_cache();
        }
        cx.shared.flash.invalidate_window();
    }

    fn drive_irq(&self, cx: &mut Cx<'_>) {
        let cr = self.control();
        let end = self.sr.contains(Sr::EOP) && cr.contains(Cr::EOPIE);
        let error = self.sr.contains(Sr::OPERR) && cr.contains(Cr::ERRIE);
        cx.irq(self.irq, end || error);
    }

    /// An operation fails with `error`.
    pub(super) fn fail(&mut self, cx: &mut Cx<'_>, error: Sr, why: &str) {
        cx.find("flash-operation-refused", || format!("{why}: SR {error:?}"));
        self.sr |= error;
        if self.control().contains(Cr::ERRIE) {
            self.sr |= Sr::OPERR;
        }
        self.first = None;
        self.row = None;
        self.drive_irq(cx);
    }

    fn read_sr(&self, cx: &Cx<'_>) -> u32 {
        let mut sr = self.sr;
        sr.set(Sr::BSY, cx.shared.flash.is_busy(cx.cycle));
        sr.bits()
    }

    fn write_key(&mut self, cx: &mut Cx<'_>, key: u32) -> Result<(), Refusal> {
        let (lock, bit, keys) = (&mut self.lock, Cr::LOCK, KEYS);
        let result = turn(lock, keys, key);
        let open = lock.is_open();
        self.set_lock(cx, bit, open, result, key, "KEYR")
    }

    fn write_option_key(&mut self, cx: &mut Cx<'_>, key: u32) -> Result<(), Refusal> {
        let result = turn(&mut self.option_lock, OPTION_KEYS, key);
        let open = self.option_lock.is_open();
        self.set_lock(cx, Cr::OPTLOCK, open, result, key, "OPTKEYR")
    }

    fn set_lock(
        &mut self,
        cx: &mut Cx<'_>,
        bit: Cr,
        open: bool,
        right: bool,
        key: u32,
        register: &str,
    ) -> Result<(), Refusal> {
        if open {
            self.cr &= !bit.bits();
        } else {
            self.cr |= bit.bits();
        }
        if right {
            return Ok(());
        }
        cx.find("flash-wrong-key", || {
            format!("{key:#010x} is not the key that FLASH_{register} waits for: bus error, locked until reset")
        });
        Err(Refusal::Fault(FaultKind::Refused))
    }

    fn write_acr(&mut self, cx: &mut Cx<'_>, value: u32) -> Result<(), Refusal> {
        let acr = Acr::from_bits_truncate(value);
        self.acr = acr.bits() | value & LATENCY;
        self.configure(cx);
        if acr.intersects(Acr::RUN_PD) {
            return left_out(cx, "power-down of the flash (FLASH_ACR.RUN_PD)");
        }
        Ok(())
    }

    fn write_cr(&mut self, cx: &mut Cx<'_>, value: u32) -> Result<(), Refusal> {
        // Any operation: there is one BSY for both banks.
        let end = cx.shared.flash.running().map(|running| running.end).max();
        if let Some(end) = end.filter(|_| cx.shared.flash.is_busy(cx.cycle)) {
            return Err(Refusal::HeldUntil(end));
        }
        if !self.lock.is_open() {
            if value != self.cr {
                cx.find("flash-cr-locked", || {
                    "FLASH_CR was written while locked: ignored".to_owned()
                });
            }
            return Ok(());
        }
        let new = Cr::from_bits_truncate(value);
        let mut kept = new - Cr::STRT - Cr::OPTSTRT - Cr::OBL_LAUNCH;
        if cx.shared.flash.geometry.banks() < 2 {
            kept -= Cr::BKER | Cr::MER2;
        }
        kept.set(
            Cr::OPTLOCK,
            !self.option_lock.is_open() || new.contains(Cr::OPTLOCK),
        );
        self.cr = kept.bits() | value & PNB;
        if new.contains(Cr::LOCK) {
            self.lock = Lock::Locked;
        }
        if kept.contains(Cr::OPTLOCK) && self.option_lock.is_open() {
            self.option_lock = Lock::Locked;
        }
        if !kept.contains(Cr::PG) {
            self.first = None;
        }
        if !kept.contains(Cr::FSTPG) {
            self.row = None;
        }
        self.drive_irq(cx);
        let options = [Cr::OPTSTRT, Cr::OBL_LAUNCH];
        if options.iter().any(|&bit| new.contains(bit)) && !self.option_lock.is_open() {
            cx.find("flash-options-locked", || {
                "OPTSTRT or OBL_LAUNCH with OPTLOCK set: ignored".to_owned()
            });
            return Ok(());
        }
        if new.contains(Cr::OBL_LAUNCH) {
            cx.send(Signal::Reset(ResetCause::OptionByteLoad));
        } else if new.contains(Cr::OPTSTRT) {
            self.program_options(cx);
        } else if new.contains(Cr::STRT) {
            self.start_erase(cx);
        }
        Ok(())
    }

    /// STRT was written.
    fn start_erase(&mut self, cx: &mut Cx<'_>) {
        let cr = self.control();
        if self.sr.intersects(Sr::ERRORS) {
            return self.fail(cx, Sr::PGSERR, "an erase with an old error flag set");
        }
        let mass = cr.intersects(Cr::MER1 | Cr::MER2);
        if mass && cr.contains(Cr::PER) {
            cx.find("flash-erase-conflict", || {
                "PER and MER were both set at STRT: taken as a mass erase".to_owned()
            });
        }
        let geometry = &cx.shared.flash.geometry;
        let bank = |n| geometry.bank_range(n);
        let both = cr.contains(Cr::MER1 | Cr::MER2);
        let (range, kind, takes) = if mass {
            let range = match (both, cr.contains(Cr::MER1)) {
                (true, _) => bank(1).zip(bank(2)).map(|(one, two)| Sector {
                    first: one.first.min(two.first),
                    end: one.end.max(two.end),
                }),
                (false, true) => bank(1),
                (false, false) => bank(2),
            };
            let takes = if both {
                Takes::MassErase(Parallelism::default())
            } else {
                Takes::BankErase(Parallelism::default())
            };
            (range, OperationKind::MassErase, takes)
        } else if cr.contains(Cr::PER) {
            let bank = if cr.contains(Cr::BKER) { 2 } else { 1 };
            let page = geometry.page(bank, field(self.cr, 3, 8));
            (page, OperationKind::PageErase, Takes::PageErase)
        } else {
            cx.find("flash-start-without-operation", || {
                "STRT with none of PER, MER1 and MER2 set: ignored".to_owned()
            });
            return;
        };
        let Some(range) = range else {
            cx.find("flash-erase-outside", || {
                "erase of a page that this part does not have: ignored".to_owned()
            });
            return;
        };
        if self.is_protected(cx, range) {
            return self.fail(cx, Sr::WRPERR, "an erase of protected pages");
        }
        let base = cx.shared.flash.base();
        operation::start(
            cx,
            Request {
                kind,
                address: Addr(base + range.first),
                length: range.size(),
                contents: Contents::Erased,
                takes,
            },
        );
        if mass {
            self.fresh |= field(self.cr, 2, 1) as u8 | (field(self.cr, 15, 1) as u8) << 1;
        }
    }

    /// OPTSTRT: the registers are written to the option bytes, each word with its complement behind it.
    fn program_options(&mut self, cx: &mut Cx<'_>) {
        let length = cx.shared.flash.options.size() as usize;
        let words = self
            .options
            .iter()
            .take(((WRP1BR - OPTR) / 4 + 1) as usize)
            .flat_map(|&word| [word, !word]);
        let bytes: Vec<u8> = words.flat_map(u32::to_le_bytes).take(length).collect();
        let address = Addr(cx.shared.flash.options.base());
        operation::start(
            cx,
            Request {
                kind: OperationKind::OptionProgram,
                address,
                length: bytes.len() as u32,
                contents: Contents::Row(bytes.into_boxed_slice()),
                takes: Takes::PageErase,
            },
        );
    }

    pub(super) fn load_options(&mut self, flash: &FlashArray) {
        // WRP2xR and PCROP2xR as the factory leaves them: no second image is kept.
        let word = |n: u32| {
            flash
                .options
                .read(8 * n, flashstall_cpu::Size::Word)
                .unwrap_or_default()
        };
        // Registers can be written ahead of an option-byte load; only what was loaded counts.
        self.chooses_bank = flash.geometry.banks() == 2 && word(0) & BFB2 != 0;
        self.options = [0; OPTION_REGISTERS];
        for (n, option) in (0..=(WRP1BR - OPTR) / 4).zip(&mut self.options) {
            *option = word(n);
        }
        for offset in [WRP2AR, WRP2BR] {
            self.options[((offset - OPTR) / 4) as usize] = NO_PROTECTION;
        }
    }

    /// Is any page of `range` write-protected?
    pub(super) fn is_protected(&self, cx: &Cx<'_>, range: Sector) -> bool {
        let geometry = &cx.shared.flash.geometry;
        [(1, WRP1AR), (1, WRP1BR), (2, WRP2AR), (2, WRP2BR)]
            .into_iter()
            .any(|(bank, register)| {
                let area = self.options[((register - OPTR) / 4) as usize];
                let (start, end) = (field(area, 0, 8), field(area, 16, 8));
                start <= end
                    && geometry
                        .page(bank, start)
                        .zip(geometry.page(bank, end))
                        .is_some_and(|(a, b)| a.first < range.end && range.first < b.end)
            })
    }

    /// Index of the option register at `offset`, if there is one.
    fn option_register(cx: &Cx<'_>, offset: u32) -> Option<usize> {
        let second = cx.shared.flash.geometry.banks() > 1;
        ((OPTR..=WRP1BR).contains(&offset) || second && (PCROP2SR..=WRP2BR).contains(&offset))
            .then_some(((offset - OPTR) / 4) as usize)
    }
}

/// An area that begins behind its end protects nothing.
const NO_PROTECTION: u32 = 0xFF00_FFFF;

/// Writes `key` to `lock`. False: it was wrong.
fn turn(lock: &mut Lock, keys: [u32; 2], key: u32) -> bool {
    let result = lock.with_keys(key, keys);
    let (Ok(next) | Err(next)) = result;
    *lock = next;
    result.is_ok()
}

impl Peripheral for FlashL4 {
    fn read(&mut self, cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        Ok(match reg.offset {
            ACR => self.acr,
            SR => self.read_sr(cx),
            CR => self.cr,
            KEYR | OPTKEYR | PDKEYR | ECCR => 0,
            offset => {
                let n = Self::option_register(cx, offset).ok_or(Refusal::Unmodelled)?;
                self.options[n]
            }
        })
    }

    fn write(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        match reg.offset {
            ACR => return self.write_acr(cx, reg.merge(self.acr, value)),
            KEYR => return self.write_key(cx, value),
            OPTKEYR => return self.write_option_key(cx, value),
            PDKEYR => return left_out(cx, "power-down of the flash (FLASH_PDKEYR)"),
            SR => {
                self.sr -= Sr::from_bits_truncate(value & reg.mask) & Sr::CLEARABLE;
                self.drive_irq(cx);
            }
            CR => return self.write_cr(cx, reg.merge(self.cr, value)),
            ECCR => {}
            offset => {
                let n = Self::option_register(cx, offset).ok_or(Refusal::Unmodelled)?;
                if self.option_lock.is_open() {
                    self.options[n] = reg.merge(self.options[n], value);
                } else {
                    cx.find("flash-options-locked", || {
                        "an option register was written with OPTLOCK set: ignored".to_owned()
                    });
                }
            }
        }
        Ok(())
    }

    fn signal(&mut self, cx: &mut Cx<'_>, signal: &Signal) {
        if let Signal::FlashDone { .. } = signal {
            if self.control().contains(Cr::EOPIE) {
                self.sr |= Sr::EOP;
            }
            self.drive_irq(cx);
        }
    }

    fn reset(&mut self, cx: &mut Cx<'_>) {
        self.acr = ACR_RESET;
        self.lock = Lock::Locked;
        self.option_lock = Lock::Locked;
        self.cr = (Cr::LOCK | Cr::OPTLOCK).bits();
        self.sr = Sr::empty();
        self.sr.set(
            Sr::PEMPTY,
            self.has_empty && cx.shared.flash.is_erased(0, 4),
        );
        (self.first, self.row, self.fresh) = (None, None, 0);
        self.load_options(&cx.shared.flash);
        cx.shared.flash.read.reset_instruction_cache();
        cx.shared.flash.read.reset_data_cache();
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
