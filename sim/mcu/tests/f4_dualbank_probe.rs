//! dualbank-probe on an STM32F429xI: an image that writes the next version of itself into the other bank, twice.
//!
//! Typical times (DS9405 table 48): erase of 16 KB at x32 250 ms, a word 16 us. SysTick comes every 1 ms, so an erase that stalls nothing sees 250
//! ticks, one more or less by phase. Option bytes have no figure of their own: 250 ms here. An update is an erase, 119 words (1.9 ms) and the options.

mod common;

use common::Bench;
use common::elf::Elf;
use common::f4::{BANK2, options_of};
use flashstall_cpu::Addr;
use flashstall_mcu::Picos;
use flashstall_mcu::chip::{Chip, TimingSpec};
use flashstall_mcu::log::OperationKind;
use flashstall_mcu::machine::Stop;

const ERASE: Picos = Picos::from_millis(250);

struct Run {
    bench: Bench,
    elf: Elf,
    stop: Stop,
}

fn run(variant: &str) -> Run {
    let chip = Chip::builtin("stm32f429xi").expect("built in");
    let options = options_of(&chip, TimingSpec::typical);
    let elf = Elf::open(&format!("dualbank-probe/elf/{variant}"));
    let mut bench = Bench::with(chip, options);
    elf.load(&mut bench.machine);
    bench.machine.power_on();
    let stop = bench.run(Picos(3 * Picos::SECOND.0));
    Run { bench, elf, stop }
}

impl Run {
    fn words<const N: usize>(&self, name: &str) -> [u32; N] {
        let at = self.elf.symbol(name);
        std::array::from_fn(|n| self.bench.peek(at + 4 * n as u32))
    }

    fn done(&self) -> bool {
        matches!(self.stop, Stop::Bkpt { imm: 1, .. })
    }

    /// What held the core, by what kept the bank busy.
    fn held_by(&self, kind: OperationKind) -> Vec<Picos> {
        let log = self.bench.machine.log();
        let by = |o: Option<flashstall_mcu::log::OperationId>| {
            o.map(|id| log.operations.kept[id.0].kind)
        };
        let stalls = log
            .stalls
            .kept
            .iter()
            .filter(|s| by(s.operation) == Some(kind));
        stalls.map(|s| s.end - s.start).collect()
    }
}

#[test]
fn each_update_goes_into_the_other_bank_and_stalls_nothing() {
    let r = run("works");
    assert!(r.done(), "{:?}", r.stop);
    assert_eq!(r.words("boot_version"), [1, 2, 3]);
    assert_eq!(r.words("boot_fb_mode"), [0, 1, 0]);
    assert_eq!(
        (r.words("verify_errors"), r.words("flash_errors")),
        ([0], [0])
    );
    let ticks: [u32; 2] = r.words("erase_ticks");
    assert!(ticks.iter().all(|t| (249..=251).contains(t)), "{ticks:?}");
    assert_eq!(r.held_by(OperationKind::PageErase), []);
    assert_eq!(r.held_by(OperationKind::Program), []);
    let log = r.bench.machine.log();
    let erases: Vec<_> = log
        .operations
        .kept
        .iter()
        .filter(|o| o.kind == OperationKind::PageErase)
        .map(|o| (o.address.0, o.bank, o.swapped.map(|s| s.sector)))
        .collect();
    assert_eq!(erases, [(BANK2, 2, None), (BANK2, 1, Some(Some(0)))]);
    assert!(log.findings.is_empty(), "{:?}", log.findings);
    // Two erases, two times the options, 2 x 119 words of 16 us: 1003.8 ms, and what the code takes between them at 16 MHz.
    let time = r.bench.machine.time();
    assert!(
        time > Picos::from_micros(1_003_808) && time < Picos::from_millis(1_020),
        "{time:?}"
    );
    // Bank 2 holds version 2, behind what runs.
    assert_eq!(r.bench.peek(BANK2 + 0x40), 2);
}

#[test]
fn option_bytes_hold_the_bank_that_they_belong_to() {
    // The first image runs from bank 1, the second from bank 2.
    let r = run("works");
    let held = r.held_by(OperationKind::OptionProgram);
    assert_eq!(held.len(), 1, "{held:?}");
    assert!(held[0] > Picos::from_millis(249) && held[0] <= ERASE);
}

#[test]
fn sectors_taken_as_absolute_erase_what_runs() {
    let mut r = run("absolute-sectors");
    assert!(matches!(r.stop, Stop::Lockup { .. }), "{:?}", r.stop);
    assert_eq!(r.words("boot_version"), [1, 2, 0]);
    assert!(r.bench.has_finding("flash-erase-of-running-bank"));
    let held = r.held_by(OperationKind::PageErase);
    assert_eq!(held.len(), 1, "{held:?}");
    assert!(held[0] > Picos::from_millis(249) && held[0] <= ERASE);
    let log = r.bench.machine.log();
    let last = log.operations.kept.last().expect("an erase");
    assert_eq!((last.address, last.bank), (Addr(0x0800_0000), 2));
    // The next reset finds no image in bank 2, and starts the old one.
    r.bench.machine.power_on();
    r.stop = r.bench.run(r.bench.machine.time() + Picos::SECOND);
    assert!(r.done(), "{:?}", r.stop);
    assert_eq!(r.words("boot_version"), [1, 2, 1]);
    assert_eq!(r.words("boot_fb_mode"), [0, 1, 0]);
}

#[test]
fn an_image_without_a_stack_pointer_is_not_started() {
    let r = run("no-stack-pointer");
    assert!(r.done(), "{:?}", r.stop);
    assert_eq!(r.words("boot_version"), [1, 1, 1]);
    assert_eq!(r.words("boot_fb_mode"), [0, 0, 0]);
}

#[test]
fn vtor_zero_ends_in_system_memory_with_the_first_tick() {
    let r = run("vtor-zero");
    assert!(matches!(r.stop, Stop::Lockup { .. }), "{:?}", r.stop);
    // It works before the first swap: BFB2 is clear, and flash shows at 0.
    assert_eq!(r.words("boot_count"), [2]);
    let [first]: [u32; 1] = r.words("erase_ticks");
    assert!((249..=251).contains(&first), "{first}");
    let finding = r
        .bench
        .machine
        .log()
        .findings
        .iter()
        .find(|f| f.rule == "vector-from-system-memory");
    let finding = finding.expect("told");
    let reset = r.bench.machine.log().resets[0].at;
    let after = finding.at - reset;
    assert!(
        after > Picos::from_millis(1) && after < Picos::from_micros(1_050),
        "{after:?}"
    );
}
