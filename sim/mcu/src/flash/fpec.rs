//! FPEC: the flash controller of F1 and F3.
//!
//! RM0364 (F334) s3.2 and s3.5 stand in for RM0316, which was not available: same block (D).
//!
//! | register or behaviour | source | test (in `tests/fpec.rs` unless it says otherwise) |
//! |---|---|---|
//! | KEYR: two keys open CR; a wrong one is a bus error and locks CR until reset | RM0364 s3.2.3 (S) | `a_wrong_key_is_a_bus_error_and_locks_until_reset` |
//! | the right keys while open change nothing | RM0008 s3.3.3, as stm32-tkg-hid-bootloader PR 12 reads it (S) | `the_keys_once_more_change_nothing` |
//! | any key after a wrong one is a bus error again | choice (M) | `a_wrong_key_is_a_bus_error_and_locks_until_reset` |
//! | CR is read only while locked, except OBL_LAUNCH | RM0364 s3.2.3 (S) | `cr_is_read_only_while_locked` |
//! | PG: a half-word write to the array programs it; byte and word are bus errors | RM0364 s3.2.3, hal_f1 (S) | `half_words_are_programmed_and_other_widths_refused` |
//! | a cell that is not erased: PGERR, nothing written; the value 0 is always taken | RM0364 s3.2.3 (S) | `a_cell_that_is_not_erased_takes_only_zero` |
//! | write-protected page: WRPRTERR, for erases too | RM0364 s3.2.3 (S); erases (M) | `protected_pages_are_refused` |
//! | array write with PG clear or CR locked: bus error | field reports of HardFaults on F1 (M) | `a_write_without_pg_is_a_bus_error` |
//! | PER + AR + STRT, MER + STRT | RM0364 s3.2.3 (S) | `a_page_is_erased`, `everything_is_erased` |
//! | MER with PER: mass erase; STRT with nothing: no operation; both a finding | not documented; F4 says so for MER with SER (M) | `odd_combinations_are_told` |
//! | BSY reads 0 in the cycle after STRT | ES096 s2.2.8, RM0364 s3.2.3 note (S) | `busy_shows_one_cycle_late` |
//! | registers but ACR are read only while BSY; a finding | RM0364 s3.2.3 (S); ACR belongs to the read interface (D) | `registers_are_read_only_while_busy` |
//! | EOP at the end of every operation, whatever EOPIE says; w1c | RM0364 s3.5.4 (S) | `flags_are_cleared_by_ones` |
//! | interrupt level: EOP and EOPIE, PGERR or WRPRTERR and ERRIE | RM0364 s3.5.5 (S) | `the_interrupt_is_a_level` |
//! | second array write while busy waits on the bus | flash.md s1 (M) | `stall_law::a_second_array_write_waits` |
//! | HSI off: the operation does not start; a finding | RM0008 s3.3 "must be on"; what follows is a choice (M) | `without_hsi_nothing_starts` |
//! | OPTKEYR, OPTWRE, OPTER, OPTPG, OBL_LAUNCH (a reset) | RM0364 s3.2.3, s3.5 (S) | `option_bytes_are_erased_programmed_and_loaded` |
//! | no OBL_LAUNCH on the F1: options are loaded by a reset only | svd/STM32F103.svd (S) | `f103::there_is_no_option_byte_launch` |
//! | AR, KEYR, OPTKEYR read 0 | SVD: write only (S) | `write_only_registers_read_zero` |
//!
//! | left out | why | what happens when firmware touches it |
//! |---|---|---|
//! | the few cycles of BSY before PGERR or WRPRTERR | no figure | the flag is there at once |
//! | read protection levels | they act on debuggers and the ROM loader | shown in OBR only |
//! | PRFTBE may only be switched at or below 24 MHz | silicon's reaction is not documented | it switches |

use flashstall_cpu::{Addr, Cycles, FaultKind};

use super::fpec_regs::{ACR, AR, Acr, CR, Cr, KEYR, LATENCY, Lock, OBR, OPTKEYR, SR, Sr, WRPR};
use super::operation::{self, Contents, Request};
use super::{Access, Parallelism, Sector, Takes};
use crate::chip::{FlashSpec, OptionLayout};
use crate::log::{OperationKind, ResetCause};
use crate::periph::{Cx, FlashPort, Peripheral, Refusal, Register, Signal};

/// The controller.
#[derive(Clone, Debug)]
pub struct Fpec {
    /// `None`: the XL's pair of controllers drives its one line itself.
    irq: Option<u16>,
    /// The bank that is this controller's alone (XL); `None`: all of main flash.
    bank: Option<u8>,
    protection_unit: u32,
    /// CR.OBL_LAUNCH exists (F3).
    has_launch: bool,
    acr: u32,
    pub(super) lock: Lock,
    option_lock: Lock,
    sr: Sr,
    pub(super) cr: Cr,
    ar: u32,
    /// When STRT was last written.
    started: Option<Cycles>,
}

/// FLASH_ACR after reset.
const ACR_RESET: u32 = 0x30;

impl Fpec {
    /// The controller of `flash`, with its interrupt line.
    #[must_use]
    pub fn new(flash: &FlashSpec, irq: u16) -> Self {
        Self {
            irq: Some(irq),
            bank: None,
            protection_unit: flash.protection_unit,
            has_launch: flash.option_bytes.layout == OptionLayout::F3,
            acr: ACR_RESET,
            lock: Lock::Locked,
            option_lock: Lock::Locked,
            sr: Sr::empty(),
            cr: Cr::LOCK,
            ar: 0,
            started: None,
        }
    }

    /// One of the two controllers of an XL part, which has no interrupt line of its own.
    pub(super) fn of_bank(flash: &FlashSpec, bank: u8) -> Self {
        Self {
            irq: None,
            bank: Some(bank),
            ..Self::new(flash, 0)
        }
    }

    /// Is an operation running in what is this controller's?
    fn is_busy(&self, cx: &Cx<'_>) -> bool {
        let banks = self.bank.map_or(u8::MAX, |bank| 1 << (bank - 1));
        cx.shared.flash.are_banks_busy(banks, cx.cycle)
    }

    /// The bytes of main flash that are this controller's.
    fn range(&self, cx: &Cx<'_>) -> Sector {
        let flash = &cx.shared.flash;
        let all = Sector {
            first: 0,
            end: flash.size(),
        };
        self.bank
            .and_then(|bank| flash.geometry.bank_range(bank))
            .unwrap_or(all)
    }

    fn configure(&self, cx: &mut Cx<'_>) {
        let acr = Acr::from_bits_truncate(self.acr);
        cx.shared.flash.read.configure(Access {
            wait_states: (self.acr & LATENCY) as u8,
            prefetch: acr.contains(Acr::PRFTBE),
            ..Access::default()
        });
        cx.shared.flash.invalidate_window();
    }

    /// Does it ask for the interrupt?
    pub(super) fn wants_irq(&self) -> bool {
        let end = self.sr.contains(Sr::EOP) && self.cr.contains(Cr::EOPIE);
        let error = self.sr.intersects(Sr::PGERR | Sr::WRPRTERR) && self.cr.contains(Cr::ERRIE);
        end || error
    }

    fn drive_irq(&self, cx: &mut Cx<'_>) {
        if let Some(irq) = self.irq {
            cx.irq(irq, self.wants_irq());
        }
    }

    pub(super) fn flag(&mut self, cx: &mut Cx<'_>, flag: Sr) {
        self.sr |= flag;
        self.drive_irq(cx);
    }

    fn read_sr(&self, cx: &mut Cx<'_>) -> u32 {
        let mut sr = self.sr;
        if self.is_busy(cx) {
            if self
                .started
                .is_some_and(|strt| cx.cycle.since(strt) <= Cycles(1))
            {
                // A poll loop that looks now sees something else the next time, without an event.
                cx.side_effect();
            } else {
                sr |= Sr::BSY;
            }
        }
        sr.bits()
    }

    fn write_acr(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) {
        let writable = (Acr::HLFCYA | Acr::PRFTBE).bits() | LATENCY;
        let acr = reg.merge(self.acr, value) & writable;
        let status = if acr & Acr::PRFTBE.bits() != 0 {
            Acr::PRFTBS.bits()
        } else {
            0
        };
        self.acr = acr | status;
        self.configure(cx);
    }

    fn write_key(&mut self, cx: &mut Cx<'_>, key: u32) -> Result<(), Refusal> {
        match self.lock.with(key) {
            Ok(lock) => {
                self.lock = lock;
                self.cr.set(Cr::LOCK, !lock.is_open());
                Ok(())
            }
            Err(lock) => {
                self.lock = lock;
                self.cr |= Cr::LOCK;
                cx.find("flash-wrong-key", || {
                    format!("{key:#010x} is not the key that FLASH_KEYR waits for: bus error, locked until reset")
                });
                Err(Refusal::Fault(FaultKind::Refused))
            }
        }
    }

    fn write_option_key(&mut self, cx: &mut Cx<'_>, key: u32) -> Result<(), Refusal> {
        match self.option_lock.with(key) {
            Ok(lock) => {
                self.option_lock = lock;
                self.cr.set(Cr::OPTWRE, lock.is_open());
                Ok(())
            }
            Err(lock) => {
                self.option_lock = lock;
                self.cr.remove(Cr::OPTWRE);
                cx.find("flash-wrong-key", || {
                    format!("{key:#010x} is not the key that FLASH_OPTKEYR waits for: bus error, locked until reset")
                });
                Err(Refusal::Fault(FaultKind::Refused))
            }
        }
    }

    fn write_cr(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) {
        let new = Cr::from_bits_truncate(reg.merge(self.cr.bits(), value));
        let new = if self.has_launch {
            new
        } else {
            new - Cr::OBL_LAUNCH
        };
        if new.contains(Cr::OBL_LAUNCH) {
            cx.send(Signal::Reset(ResetCause::OptionByteLoad));
            return;
        }
        if !self.lock.is_open() {
            if new != self.cr {
                cx.find("flash-cr-locked", || {
                    "FLASH_CR was written while locked: ignored".to_owned()
                });
            }
            return;
        }
        // OPTWRE is set by keys only; writing 0 clears it.
        let optwre = self.cr & new & Cr::OPTWRE;
        if optwre.is_empty() && self.option_lock.is_open() {
            self.option_lock = Lock::Locked;
        }
        self.cr = (new - Cr::OPTWRE - Cr::STRT) | optwre;
        if new.contains(Cr::LOCK) {
            self.lock = Lock::Locked;
        }
        if new.contains(Cr::STRT) {
            self.start(cx);
        }
        self.drive_irq(cx);
    }

    /// STRT was written.
    fn start(&mut self, cx: &mut Cx<'_>) {
        let base = cx.shared.flash.base();
        let mine = self.range(cx);
        if self.cr.contains(Cr::MER | Cr::PER) {
            cx.find("flash-erase-conflict", || {
                "MER and PER were both set at STRT: taken as a mass erase".to_owned()
            });
        }
        let request = if self.cr.contains(Cr::OPTER) {
            if !self.cr.contains(Cr::OPTWRE) {
                cx.find("flash-options-locked", || {
                    "OPTER and STRT with OPTWRE clear: ignored".to_owned()
                });
                return;
            }
            let base = cx.shared.flash.options.base();
            Request {
                kind: OperationKind::OptionErase,
                address: Addr(base),
                length: 16,
                contents: Contents::Erased,
                takes: Takes::PageErase,
            }
        } else if self.cr.contains(Cr::MER) {
            Request {
                kind: OperationKind::MassErase,
                address: Addr(base + mine.first),
                length: mine.size(),
                contents: Contents::Erased,
                takes: Takes::MassErase(Parallelism::default()),
            }
        } else if self.cr.contains(Cr::PER) {
            let offset = cx.shared.flash.memory.offset(self.ar);
            let Some(offset) = offset.filter(|o| (mine.first..mine.end).contains(o)) else {
                let ar = Addr(self.ar);
                cx.find("flash-erase-outside", || {
                    format!("page erase with AR = {ar}, outside of the controller's flash: ignored")
                });
                return;
            };
            let page = cx.shared.flash.page_of(offset);
            Request {
                kind: OperationKind::PageErase,
                address: Addr(base + page.first),
                length: page.size(),
                contents: Contents::Erased,
                takes: Takes::PageErase,
            }
        } else {
            cx.find("flash-start-without-operation", || {
                "STRT with none of PER, MER and OPTER set: ignored".to_owned()
            });
            return;
        };
        if request.kind != OperationKind::OptionErase
            && self.is_protected(cx, request.address.0 - base, request.length)
        {
            self.flag(cx, Sr::WRPRTERR);
            return;
        }
        if self.begin(cx, request) {
            self.cr |= Cr::STRT;
            self.started = Some(cx.cycle);
        }
    }

    /// Starts `request`, if the controller has its clock.
    pub(super) fn begin(&self, cx: &mut Cx<'_>, request: Request) -> bool {
        if !cx.shared.clocks.hsi.is_running() {
            cx.find("flash-hsi-off", || {
                "a flash operation was asked for with HSI off: it does not start".to_owned()
            });
            return false;
        }
        operation::start(cx, request);
        true
    }

    /// Does write protection cover any of these bytes? Each bit of WRPR covers one unit, the last all that follow.
    pub(super) fn is_protected(&self, cx: &Cx<'_>, offset: u32, length: u32) -> bool {
        let wrpr = cx.shared.flash.options.wrpr();
        let (first, last) = (
            offset / self.protection_unit,
            (offset + length - 1) / self.protection_unit,
        );
        (first.min(31)..=last.min(31)).any(|bit| wrpr >> bit & 1 == 0)
    }
}

impl Peripheral for Fpec {
    fn read(&mut self, cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        Ok(match reg.offset {
            ACR => self.acr,
            SR => self.read_sr(cx),
            CR => self.cr.bits(),
            OBR => cx.shared.flash.options.obr(),
            WRPR => cx.shared.flash.options.wrpr(),
            KEYR | OPTKEYR | AR => 0,
            _ => return Err(Refusal::Unmodelled),
        })
    }

    fn write(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        if reg.offset == ACR {
            self.write_acr(cx, reg, value);
            return Ok(());
        }
        if self.is_busy(cx) {
            let name = self
                .register_name(reg.offset)
                .unwrap_or("a reserved register");
            cx.find("flash-register-write-while-busy", || {
                format!("FLASH_{name} was written while BSY: ignored")
            });
            return Ok(());
        }
        match reg.offset {
            KEYR => return self.write_key(cx, value),
            OPTKEYR => return self.write_option_key(cx, value),
            SR => {
                let clear = Sr::from_bits_truncate(value & reg.mask) - Sr::BSY;
                self.sr -= clear;
                self.drive_irq(cx);
            }
            CR => self.write_cr(cx, reg, value),
            AR => self.ar = reg.merge(self.ar, value),
            OBR | WRPR => {}
            _ => return Err(Refusal::Unmodelled),
        }
        Ok(())
    }

    fn signal(&mut self, cx: &mut Cx<'_>, signal: &Signal) {
        if let Signal::FlashDone { bank } = *signal
            && self.bank.is_none_or(|mine| mine == bank)
        {
            self.cr.remove(Cr::STRT);
            self.started = None;
            self.flag(cx, Sr::EOP);
        }
    }

    fn reset(&mut self, cx: &mut Cx<'_>) {
        self.acr = ACR_RESET;
        self.lock = Lock::Locked;
        self.option_lock = Lock::Locked;
        self.sr = Sr::empty();
        self.cr = Cr::LOCK;
        self.ar = 0;
        self.started = None;
        cx.shared.flash.options.load();
        self.configure(cx);
        self.drive_irq(cx);
    }

    fn register_name(&self, offset: u32) -> Option<&'static str> {
        Some(match offset {
            ACR => "ACR",
            KEYR => "KEYR",
            OPTKEYR => "OPTKEYR",
            SR => "SR",
            CR => "CR",
            AR => "AR",
            OBR => "OBR",
            WRPR => "WRPR",
            _ => return None,
        })
    }

    fn flash_port(&mut self) -> Option<&mut dyn FlashPort> {
        Some(self)
    }

    fn boxed_clone(&self) -> Box<dyn Peripheral> {
        Box::new(self.clone())
    }
}
