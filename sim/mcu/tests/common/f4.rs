//! Registers of an F4, and what its start-up code does.

use flashstall_mcu::chip::{Chip, TimingSpec};
use flashstall_mcu::machine::{FlashTiming, MachineOptions, OpenBehaviours};
use flashstall_mcu::{Hertz, Picos};

use super::Bench;

pub const ACR: u32 = 0x4002_3C00;
pub const KEYR: u32 = 0x4002_3C04;
pub const OPTKEYR: u32 = 0x4002_3C08;
pub const SR: u32 = 0x4002_3C0C;
pub const CR: u32 = 0x4002_3C10;
pub const OPTCR: u32 = 0x4002_3C14;
pub const OPTCR1: u32 = 0x4002_3C18;

pub const EOP: u32 = 1;
pub const OPERR: u32 = 1 << 1;
pub const WRPERR: u32 = 1 << 4;
pub const PGAERR: u32 = 1 << 5;
pub const PGPERR: u32 = 1 << 6;
pub const PGSERR: u32 = 1 << 7;
pub const BSY: u32 = 1 << 16;

pub const PG: u32 = 1;
pub const SER: u32 = 1 << 1;
pub const MER: u32 = 1 << 2;
pub const X8: u32 = 0;
pub const X16: u32 = 1 << 8;
pub const X32: u32 = 2 << 8;
pub const X64: u32 = 3 << 8;
pub const MER1: u32 = 1 << 15;
pub const STRT: u32 = 1 << 16;
pub const EOPIE: u32 = 1 << 24;
pub const ERRIE: u32 = 1 << 25;
pub const LOCK: u32 = 1 << 31;

pub const BANK2: u32 = 0x0810_0000;
/// Sector 8 of bank 1: 128 KB.
pub const SECTOR8: u32 = 0x0808_0000;
pub const FLASH_IRQ: u16 = 4;

pub const fn snb(code: u32) -> u32 {
    code << 3
}

/// The part's own times, by `pick`, and an 8 MHz crystal.
pub fn options_of(chip: &Chip, pick: impl Fn(&TimingSpec) -> Picos) -> MachineOptions {
    MachineOptions {
        hse: Some(Hertz::new(8_000_000)),
        lse: None,
        timing: FlashTiming::from_spec(&chip.flash.timing, pick),
        open: OpenBehaviours::default(),
        fast_forward: true,
    }
}

/// The part `name` with typical times, after power-on.
pub fn on(name: &str) -> Bench {
    let chip = Chip::builtin(name).expect("built in");
    let options = options_of(&chip, TimingSpec::typical);
    Bench::with(chip, options)
}

impl Bench {
    /// Lets time pass, whatever HCLK is.
    pub fn pass(&mut self, time: Picos) {
        let (cpu, soc) = self.machine.parts();
        let end = soc.time(cpu.core.now) + time;
        while soc.time(cpu.core.now) < end {
            cpu.core.now += flashstall_cpu::Cycles(1_000);
            flashstall_cpu::Bus::run_events(soc, &mut cpu.core);
        }
    }

    pub fn unlock_f4(&mut self) {
        self.write(KEYR, super::KEY1);
        self.write(KEYR, super::KEY2);
    }

    /// Starts the erase of the sector with this code.
    pub fn erase_sector(&mut self, code: u32, psize: u32) {
        self.write(CR, SER | snb(code) | psize);
        self.write(CR, SER | snb(code) | psize | STRT);
    }

    /// How long the last operation takes, as it was planned.
    pub fn last_operation(&self) -> (u32, u32, u8, Picos) {
        let o = self
            .machine
            .log()
            .operations
            .kept
            .last()
            .expect("an operation");
        (o.address.0, o.length, o.bank, o.end - o.start)
    }
}
