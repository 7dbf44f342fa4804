//! Flash controller of the F4: sectors, a parallelism that firmware chooses, one controller for one or two banks.
//!
//! Sources: reference/flash.md s5 and s6 (RM0090 s3, DS9405), svd/STM32F429.svd.
//!
//! | register or behaviour | source | test (in `tests/flash_f4.rs` unless it says otherwise) |
//! |---|---|---|
//! | reset values | SVD | `reset_values_are_those_of_the_svd` |
//! | KEYR: two keys open CR; a wrong one is a bus error and locks CR until reset | RM0090 s3.6.1 (S) | `a_wrong_key_is_a_bus_error_and_locks_until_reset` |
//! | CR is read only while locked; a finding | RM0090 s3.6.1 (S), the silence is (M) | `cr_is_read_only_while_locked` |
//! | SER + SNB + STRT erases a sector; bank 2 begins at SNB 16, which is 4 above the sector's number | hal_f4; efton.sk gotcha 61 (S) | `sectors_of_bank_2_are_four_above_their_number` |
//! | an SNB without a sector: no operation, a finding | reserved in RM0090 s3.9.8; a choice (M) | `a_sector_that_does_not_exist_is_told` |
//! | MER erases bank 1, MER1 bank 2, both together everything; on one bank MER is everything | RM0090 s3.6.3 (S) | `mass_erase_is_by_bank` |
//! | MERx with SER: mass erase; with PG: the erase goes first; both findings | RM0090 s3.6.3 (S) | `odd_combinations_are_told` |
//! | STRT with nothing: no operation, no flag; a finding | RM0090 s3.6.3: unpredictable (S) | `odd_combinations_are_told` |
//! | the time of an erase follows size and PSIZE | DS9405 table 48 (S) | `an_erase_takes_its_time_by_size_and_psize` |
//! | PG: a write of PSIZE width programs; another width: PGPERR | RM0090 s3.6.4, s3.9.7 (S) | `the_width_must_be_psize` |
//! | x64: two words, the second next to the first; across a row of 16 bytes: PGAERR | RM0090 s3.6.4 (S); two words as hal_f4 writes them (S) | `x64_takes_two_words` |
//! | a write without PG: PGSERR, nothing written, no bus error; a finding | RM0090 s3.9.7 (S); no bus error (M) | `a_write_without_pg_sets_pgserr` |
//! | programming only clears bits, and nothing checks it; a finding when a 1 is asked for where a 0 is | RM0090 s3.6.4 (S) | `programming_only_clears_bits` |
//! | nWRP 0: WRPERR for programming and erases | RM0090 s3.7.4 (S for the flag) | `protected_sectors_are_refused` |
//! | BSY; one controller: while one bank is busy an array write to the other waits | RM0090 s3.6.5 (S), waits: s3.6 (M) | `two_banks_have_one_controller` |
//! | the other bank can be read meanwhile | RM0090 s3.6.5 (S) | `f4_stall::the_other_bank_is_read_while_one_is_erased` |
//! | a write to CR (and OPTCR) while BSY holds the bus until it is over | RM0090 s3.6.1 note (S); OPTCR (M) | `a_write_to_cr_while_busy_is_held` |
//! | SR can be read and written while BSY | flash.md s1 (D) | `a_write_to_cr_while_busy_is_held` |
//! | EOP only with EOPIE, OPERR only with ERRIE; w1c; the interrupt is a level | RM0090 s3.9.7 (S) | `eop_needs_eopie_and_operr_errie` |
//! | ACR: LATENCY, PRFTEN, ICEN, DCEN; the resets act only while the cache is off, else a finding | RM0090 s3.9.1 (S) | `caches_are_reset_only_while_off` |
//! | OPTKEYR, OPTCR, OPTSTRT, OPTCR1: options are programmed, and survive a reset; a reset loads them from their bytes | RM0090 s3.7 (S) | `options_are_programmed`, `f4_dualbank::options_are_loaded_by_a_reset` |
//! | their bytes: RDP and USER at 0, nWRP with DB1M (14) and SPRMOD (15) at 8 | RM0090 table 14 (S); bits 14 and 15 (M) | `f4_dualbank::options_are_loaded_by_a_reset` |
//! | BFB2: each reset starts in system memory, which chooses a bank; it takes effect with the next reset | RM0090 s2.4 (S) | `f4_dualbank::bfb2_starts_bank_2` |
//! | SNB names cells, whatever FB_MODE shows where; an erase in the bank that the code is in while the banks are swapped: a finding | chips.md s3 (S) | `f4_dualbank::sector_numbers_are_physical` |
//! | PSIZE x64 asks for an external VPP: a finding | RM0090 table 13 (S) | `x64_takes_two_words` |
//!
//! | left out | why | what happens when firmware touches it |
//! |---|---|---|
//! | supply voltage below 2.7 V | a board here has 3.3 V | PSIZE x32 is always allowed, wait states are those of 2.7 to 3.6 V |
//! | read protection, PCROP (SPRMOD, RDERR) | they act on debuggers and on reads of protected sectors | bits are kept; SPRMOD: a finding |
//! | DB1M | a 1 MB part in two banks is no part of ours | the bit is kept; a finding |
//! | the option bytes of bank 2 at 0x1FFEC000 | nobody was seen to read them | OPTCR1 is programmed and survives a reset; its bytes are not memory |
//! | OTP | no firmware under test writes it | accesses are counted as unmodelled |
//! | the erratum of read-while-write with the data cache on (ES0206 s2.1.11) | what it corrupts is not documented | data are right |
//! | time of option programming | no figure in DS9405 | that of the smallest sector |
//! | HCLK below 1 MHz | no firmware was seen there | operations take their time |

use flashstall_cpu::{Addr, FaultKind, Size};

use super::f4_regs::{
    ACR, Acr, CR, Cr, KEYR, NWRP_SHIFT, OPTCR, OPTCR_RESET, OPTCR1, OPTCR1_RESET, OPTION_KEYS,
    OPTKEYR, Optcr, SR, Sr,
};
use super::fpec_regs::Lock;
use super::operation::{self, Contents, Request};
use super::{Access, FlashArray, Parallelism, Sector, Takes};
use crate::chip::FlashSpec;
use crate::log::OperationKind;
use crate::periph::{Cx, FlashPort, Peripheral, Refusal, Register, Signal};

/// The controller.
#[derive(Clone, Debug)]
pub struct FlashF4 {
    irq: u16,
    pub(super) banks: u8,
    /// Sizes of the sectors of a bank, by number.
    pub(super) sectors: Vec<u32>,
    acr: Acr,
    pub(super) lock: Lock,
    option_lock: Lock,
    sr: Sr,
    pub(super) cr: Cr,
    optcr: Optcr,
    optcr1: u32,
    /// OPTCR and OPTCR1 as they are programmed.
    pub(super) options: (Optcr, u32),
    /// The first word of a double word.
    pub(super) first_word: Option<(Addr, u32)>,
}

impl FlashF4 {
    /// The controller of `flash`, with its interrupt line.
    #[must_use]
    pub fn new(flash: &FlashSpec, irq: u16) -> Self {
        let sectors = flash
            .sectors
            .iter()
            .flat_map(|run| std::iter::repeat_n(run.size, run.count as usize))
            .collect();
        Self {
            irq,
            banks: flash.banks,
            sectors,
            acr: Acr::empty(),
            lock: Lock::Locked,
            option_lock: Lock::Locked,
            sr: Sr::empty(),
            cr: Cr::LOCK,
            optcr: OPTCR_RESET,
            optcr1: OPTCR1_RESET,
            options: (OPTCR_RESET, OPTCR1_RESET),
            first_word: None,
        }
    }

    fn configure(&self, cx: &mut Cx<'_>) {
        cx.shared.flash.read.configure(Access {
            wait_states: (self.acr & Acr::LATENCY).bits() as u8,
            prefetch: self.acr.contains(Acr::PRFTEN),
            wide: false,
            instruction_cache: self.acr.contains(Acr::ICEN),
            data_cache: self.acr.contains(Acr::DCEN),
        });
        cx.shared.flash.invalidate_window();
    }

    fn write_acr(&mut self, cx: &mut Cx<'_>, value: u32) {
        let asked = Acr::from_bits_truncate(value);
        for (reset, enable, name) in [
            (Acr::ICRST, Acr::ICEN, "ICRST"),
            (Acr::DCRST, Acr::DCEN, "DCRST"),
        ] {
            if !asked.contains(reset) {
                continue;
            }
            if self.acr.contains(enable) {
                cx.find("cache-reset-while-enabled", || {
                    format!(
                        "FLASH_ACR.{name} was written while the cache is on: it keeps its lines"
                    )
                });
            } else if reset == Acr::ICRST {
                cx.shared.flash.read.reset_instruction_cache();
            } else {
                cx.shared.flash.read.reset_data_cache();
            }
        }
        self.acr = asked;
        self.configure(cx);
    }

    fn drive_irq(&self, cx: &mut Cx<'_>) {
        let end = self.sr.contains(Sr::EOP) && self.cr.contains(Cr::EOPIE);
        let error = self.sr.contains(Sr::OPERR) && self.cr.contains(Cr::ERRIE);
        cx.irq(self.irq, end || error);
    }

    /// An error: its flag, and OPERR if its interrupt is enabled.
    pub(super) fn flag(&mut self, cx: &mut Cx<'_>, flag: Sr) {
        self.sr |= flag;
        if self.cr.contains(Cr::ERRIE) {
            self.sr |= Sr::OPERR;
        }
        self.drive_irq(cx);
    }

    /// PSIZE.
    pub(super) fn parallelism(&self) -> Parallelism {
        match (self.cr & Cr::PSIZE).bits() >> 8 {
            0 => Parallelism::X8,
            1 => Parallelism::X16,
            2 => Parallelism::X32,
            _ => Parallelism::X64,
        }
    }

    /// When the running operation ends, if there is one.
    pub(super) fn busy_until(cx: &Cx<'_>) -> Option<crate::Picos> {
        let flash = &cx.shared.flash;
        flash
            .is_busy(cx.cycle)
            .then(|| flash.running().map(|running| running.end).max())
            .flatten()
    }

    fn write_key(&mut self, cx: &mut Cx<'_>, key: u32) -> Result<(), Refusal> {
        let (result, lock) = match self.lock.with(key) {
            Ok(lock) => (Ok(()), lock),
            Err(lock) => (Err(wrong_key(cx, "KEYR", key)), lock),
        };
        self.lock = lock;
        self.cr.set(Cr::LOCK, !lock.is_open());
        result
    }

    fn write_option_key(&mut self, cx: &mut Cx<'_>, key: u32) -> Result<(), Refusal> {
        let (result, lock) = match self.option_lock.with_keys(key, OPTION_KEYS) {
            Ok(lock) => (Ok(()), lock),
            Err(lock) => (Err(wrong_key(cx, "OPTKEYR", key)), lock),
        };
        self.option_lock = lock;
        self.optcr.set(Optcr::OPTLOCK, !lock.is_open());
        result
    }

    fn write_cr(&mut self, cx: &mut Cx<'_>, value: u32) {
        let mut new = Cr::from_bits_truncate(value);
        if self.banks == 1 {
            new.remove(Cr::MER1);
        }
        if !self.lock.is_open() {
            if new != self.cr {
                cx.find("flash-cr-locked", || {
                    "FLASH_CR was written while locked: ignored".to_owned()
                });
            }
            return;
        }
        self.cr = new - Cr::STRT;
        self.first_word = None;
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
        let mass = self.cr & (Cr::MER | Cr::MER1);
        if !mass.is_empty() && self.cr.contains(Cr::SER) {
            cx.find("flash-sector-and-mass-erase", || {
                "STRT with SER and MER: everything that MER names is erased".to_owned()
            });
        }
        if self.cr.contains(Cr::PG) && self.cr.intersects(Cr::MER | Cr::MER1 | Cr::SER) {
            cx.find("flash-erase-and-program", || {
                "STRT with PG set: the erase goes first".to_owned()
            });
        }
        if !mass.is_empty() {
            self.start_mass_erase(cx, mass);
        } else if self.cr.contains(Cr::SER) {
            self.start_sector_erase(cx);
        } else {
            cx.find("flash-start-without-operation", || {
                "STRT with none of SER, MER and MER1 set: unpredictable on silicon, ignored here"
                    .to_owned()
            });
        }
    }

    fn start_mass_erase(&mut self, cx: &mut Cx<'_>, mass: Cr) {
        let parallelism = self.parallelism();
        let everything = self.banks == 1 || mass == Cr::MER | Cr::MER1;
        let (bank, takes) = if everything {
            (None, Takes::MassErase(parallelism))
        } else if mass == Cr::MER {
            (Some(1), Takes::BankErase(parallelism))
        } else {
            (Some(2), Takes::BankErase(parallelism))
        };
        let flash = &cx.shared.flash;
        let all = Sector {
            first: 0,
            end: flash.size(),
        };
        let range = bank.map_or(Some(all), |bank| flash.geometry.bank_range(bank));
        if let Some(range) = range {
            self.erase(cx, OperationKind::MassErase, range, takes);
        }
    }

    fn start_sector_erase(&mut self, cx: &mut Cx<'_>) {
        let snb = (self.cr & Cr::SNB).bits() >> 3;
        // Bit 4 is the bank.
        let (bank, number) = (snb as u8 / 16 + 1, snb % 16);
        let Some(sector) = cx.shared.flash.geometry.page(bank, number) else {
            cx.find("flash-no-such-sector", || {
                format!("SER with SNB = {snb:#04x}, which is no sector of this part: ignored")
            });
            return;
        };
        self.look_at_running_bank(cx, snb, bank, sector);
        let takes = Takes::SectorErase {
            size: sector.size(),
            parallelism: self.parallelism(),
        };
        self.erase(cx, OperationKind::PageErase, sector, takes);
    }

    /// With swapped banks, a number that was counted for bank 2 names the bank that runs.
    fn look_at_running_bank(&self, cx: &mut Cx<'_>, snb: u32, bank: u8, sector: Sector) {
        let flash = &cx.shared.flash;
        let pc = cx.core.map_or(cx.shared.pc, |core| Addr(core.pc));
        let runs_in = flash.memory.offset(pc.0).map(|at| flash.bank(at));
        if !flash.geometry.is_swapped() || runs_in != Some(bank) {
            return;
        }
        let (address, number) = (
            Addr(flash.base() + sector.first),
            flash
                .geometry
                .sector_number(sector.first)
                .unwrap_or_default(),
        );
        cx.find("flash-erase-of-running-bank", || {
            format!("SNB = {snb:#04x} is sector {number}, which is in bank {bank} wherever FB_MODE shows it: at {address} now, in the bank that the code at {pc} runs from")
        });
    }

    fn erase(&mut self, cx: &mut Cx<'_>, kind: OperationKind, range: Sector, takes: Takes) {
        if self.is_protected(cx, range.first, range.size()) {
            self.flag(cx, Sr::WRPERR);
            return;
        }
        self.check_vpp(cx);
        let address = Addr(cx.shared.flash.base() + range.first);
        operation::start(
            cx,
            Request {
                kind,
                address,
                length: range.size(),
                contents: Contents::Erased,
                takes,
            },
        );
        self.cr |= Cr::STRT;
    }

    pub(super) fn check_vpp(&self, cx: &mut Cx<'_>) {
        if self.parallelism() == Parallelism::X64 {
            cx.find("flash-x64-without-vpp", || {
                "PSIZE is x64, which needs 8 to 9 V at VPP: no board here has it".to_owned()
            });
        }
    }

    /// Does write protection cover any sector of these bytes?
    pub(super) fn is_protected(&self, cx: &Cx<'_>, offset: u32, length: u32) -> bool {
        let masks = [self.options.0.bits(), self.options.1].map(|word| word >> NWRP_SHIFT & 0xFFF);
        let geometry = &cx.shared.flash.geometry;
        (1..=self.banks).zip(masks).any(|(bank, not_protected)| {
            (0..self.sectors.len() as u32).any(|number| {
                let covers = geometry
                    .page(bank, number)
                    .is_some_and(|s| s.first < offset + length && offset < s.end);
                covers && not_protected >> number.min(11) & 1 == 0
            })
        })
    }

    fn write_optcr(&mut self, cx: &mut Cx<'_>, value: u32) {
        if !self.option_lock.is_open() {
            cx.find("flash-optcr-locked", || {
                "FLASH_OPTCR was written while locked: ignored".to_owned()
            });
            return;
        }
        let new = Optcr::from_bits_truncate(value);
        if new.contains(Optcr::OPTLOCK) {
            self.option_lock = Lock::Locked;
        }
        self.optcr = new - Optcr::OPTSTRT;
        if new.contains(Optcr::OPTSTRT) {
            self.program_options(cx);
        }
    }

    fn program_options(&mut self, cx: &mut Cx<'_>) {
        let news = self.optcr & (Optcr::DB1M | Optcr::SPRMOD) & !self.options.0;
        if !news.is_empty() {
            cx.find("not-modelled", || {
                format!(
                    "option bits {news:?} of FLASH_OPTCR are kept, what they do is not modelled"
                )
            });
        }
        self.options = (self.optcr & !Optcr::OPTLOCK, self.optcr1);
        let words = self.optcr.to_bytes();
        let smallest = self.sectors.iter().copied().min().unwrap_or_default();
        let address = Addr(cx.shared.flash.options.base());
        operation::start(
            cx,
            Request {
                kind: OperationKind::OptionProgram,
                address,
                length: 16,
                contents: Contents::Row(words.into_iter().flat_map(u32::to_le_bytes).collect()),
                takes: Takes::SectorErase {
                    size: smallest,
                    parallelism: Parallelism::X32,
                },
            },
        );
        self.optcr |= Optcr::OPTSTRT;
    }

    /// OPTCR as its bytes have it. Those of bank 2 are kept here.
    fn load_options(&mut self, flash: &FlashArray) {
        let word = |at| flash.options.read(at, Size::Word);
        if let (Some(user), Some(nwrp)) = (word(0), word(8)) {
            self.options.0 = Optcr::from_bytes(user, nwrp);
        }
    }

    fn value(&self, cx: &Cx<'_>, offset: u32) -> Option<u32> {
        Some(match offset {
            ACR => self.acr.bits(),
            SR => {
                let busy = cx.shared.flash.is_busy(cx.cycle);
                self.sr.bits() | if busy { Sr::BSY.bits() } else { 0 }
            }
            CR => self.cr.bits(),
            OPTCR => self.optcr.bits(),
            OPTCR1 if self.banks == 2 => self.optcr1,
            KEYR | OPTKEYR => 0,
            _ => return None,
        })
    }
}

fn wrong_key(cx: &mut Cx<'_>, register: &str, key: u32) -> Refusal {
    cx.find("flash-wrong-key", || {
        format!("{key:#010x} is not the key that FLASH_{register} waits for: bus error, locked until reset")
    });
    Refusal::Fault(FaultKind::Refused)
}

impl Peripheral for FlashF4 {
    fn read(&mut self, cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        self.value(cx, reg.offset).ok_or(Refusal::Unmodelled)
    }

    fn write(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        let old = self.value(cx, reg.offset).ok_or(Refusal::Unmodelled)?;
        let new = reg.merge(old, value);
        if let (CR | OPTCR | OPTCR1, Some(end)) = (reg.offset, Self::busy_until(cx)) {
            return Err(Refusal::HeldUntil(end));
        }
        match reg.offset {
            ACR => self.write_acr(cx, new),
            KEYR => return self.write_key(cx, value),
            OPTKEYR => return self.write_option_key(cx, value),
            SR => {
                self.sr -= Sr::from_bits_truncate(value & reg.mask);
                self.drive_irq(cx);
            }
            CR => self.write_cr(cx, new),
            OPTCR => self.write_optcr(cx, new),
            _ if self.option_lock.is_open() => self.optcr1 = new & OPTCR1_RESET,
            _ => cx.find("flash-optcr-locked", || {
                "FLASH_OPTCR1 was written while locked: ignored".to_owned()
            }),
        }
        Ok(())
    }

    fn signal(&mut self, cx: &mut Cx<'_>, signal: &Signal) {
        if matches!(signal, Signal::FlashDone { .. }) {
            self.cr.remove(Cr::STRT);
            self.optcr.remove(Optcr::OPTSTRT);
            if self.cr.contains(Cr::EOPIE) {
                self.sr |= Sr::EOP;
            }
            self.drive_irq(cx);
        }
    }

    fn reset(&mut self, cx: &mut Cx<'_>) {
        self.acr = Acr::empty();
        (self.lock, self.option_lock) = (Lock::Locked, Lock::Locked);
        (self.sr, self.cr) = (Sr::empty(), Cr::LOCK);
        self.load_options(&cx.shared.flash);
        (self.optcr, self.optcr1) = (self.options.0 | Optcr::OPTLOCK, self.options.1);
        self.first_word = None;
        cx.shared.flash.read.reset_instruction_cache();
        cx.shared.flash.read.reset_data_cache();
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
            OPTCR => "OPTCR",
            OPTCR1 if self.banks == 2 => "OPTCR1",
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
