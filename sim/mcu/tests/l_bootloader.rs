//! page-bootloader on an STM32L451xE and an STM32L151xC: our own firmware, its ELFs as committed, UART at 115200 8N1 (86.806 us a character).

mod common;

use common::elf::Elf;
use common::{Bench, options};
use flashstall_cpu::{Addr, HoldKind};
use flashstall_mcu::chip::{Chip, TimingSpec};
use flashstall_mcu::log::{Fate, OperationKind};
use flashstall_mcu::machine::{FlashTiming, MachineOptions, Stop};
use flashstall_mcu::wire::{FlowControl, Parity, Start, TimedByte, UartWire};
use flashstall_mcu::{Hertz, Picos};

struct Run {
    bench: Bench,
    elf: Elf,
}

/// `chip` with `name` in its flash. Page erases take their maximum, what is programmed its typical time.
fn boot(chip: &str, name: &str, hits: bool) -> Run {
    let chip = Chip::builtin(chip).expect("built in");
    let spec = &chip.flash.timing;
    let mut timing = FlashTiming::from_spec(spec, TimingSpec::typical);
    timing.set_page_erase(spec.page_erase.as_ref().expect("pages").max);
    let mut options = MachineOptions {
        timing,
        hse: None,
        ..options()
    };
    options.open.buffer_hit_while_busy = hits;
    let elf = Elf::open(&format!("page-bootloader/elf/{name}"));
    let mut bench = Bench::with(chip, options);
    elf.load(&mut bench.machine);
    bench.machine.power_on();
    bench.machine.set_stop(Addr(elf.symbol("boot_done")));
    Run { bench, elf }
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc: u32, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            crc >> 1 ^ if crc & 1 != 0 { 0xEDB8_8320 } else { 0 }
        })
    })
}

impl Run {
    /// Sends header and image, back to back, and goes on to the end.
    fn load(&mut self, length: u32) {
        let image: Vec<u8> = (0..length).map(|n| (n ^ n >> 8) as u8).collect();
        let mut bytes = b"FSB1".to_vec();
        bytes.extend(length.to_le_bytes());
        bytes.extend(crc32(&image).to_le_bytes());
        bytes.extend(image);
        let timed = |&value: &u8| TimedByte {
            offset: Picos::ZERO,
            value,
        };
        let wire = UartWire {
            receiver_rate: None,
            name: "host".into(),
            port: "USART1".into(),
            bit_rate: Hertz::new(115_200),
            data_bits: 8,
            parity: Parity::None,
            stop_halves: 2,
            flow_control: FlowControl::None,
            start: Start::At(Picos::from_millis(10)),
            bytes: bytes.iter().map(timed).collect(),
        };
        self.bench.machine.attach_uart(wire).expect("a UART");
        let stop = self.bench.run(Picos::from_millis(4_000));
        assert!(matches!(stop, Stop::Breakpoint(_)), "{stop:?}");
    }

    fn word(&self, symbol: &str) -> u32 {
        self.bench.peek(self.elf.symbol(symbol))
    }

    fn lost(&self) -> usize {
        let units = &self.bench.machine.log().wires[0].units;
        units.iter().filter(|u| u.fate == Fate::Overrun).count()
    }

    fn erases(&self) -> usize {
        let operations = &self.bench.machine.log().operations.kept;
        let erase = |o: &&flashstall_mcu::log::FlashOperation| o.kind == OperationKind::PageErase;
        operations.iter().filter(erase).count()
    }

    fn longest_stall(&self) -> Picos {
        let totals = &self.bench.machine.log().stall_totals;
        totals
            .values()
            .map(|t| t.longest)
            .max()
            .unwrap_or(Picos::ZERO)
    }
}

#[test]
fn they_come_up_at_full_speed_without_a_finding() {
    for (chip, name, mhz) in [
        ("stm32l451xe", "l451-uart-plain", 80),
        ("stm32l452xe", "l451-uart-plain", 80),
        ("stm32l151xc", "l151-uart-plain", 32),
        ("stm32l152xe", "l151-uart-plain", 32),
        ("stm32l151xe", "l151-uart-ram-isr", 32),
    ] {
        let mut r = boot(chip, name, true);
        assert_eq!(
            r.bench.run(Picos::from_millis(20)),
            Stop::TimeLimit,
            "{chip}"
        );
        let clocks = r.bench.machine.soc().clocks();
        assert_eq!(clocks.hclk, Hertz::new(mhz * 1_000_000), "{chip}");
        assert!(r.word("boot_ms") > 15, "{chip}: its clock runs");
        assert_eq!(r.bench.machine.log().findings, [], "{chip}");
        assert_eq!(r.bench.machine.log().unmodelled.len(), 0, "{chip}");
    }
}

#[test]
fn an_erase_of_the_l451_loses_280_bytes_if_its_caches_are_no_help() {
    // 24.47 ms / 86.806 us = 281.9 characters end in the stall, one is kept in RDR: 280 or 281, for each of three erases.
    let mut r = boot("stm32l451xe", "l451-uart-plain", false);
    r.load(4 * 2048);
    assert_eq!(r.erases(), 3, "the fourth page never is complete");
    assert!((3 * 280..=3 * 281).contains(&r.lost()), "{}", r.lost());
    assert_eq!((r.word("boot_overruns"), r.word("boot_status")), (3, 2));
    let stall = r.longest_stall();
    assert!(
        stall <= Picos(24_470_000_000) && stall > Picos::from_millis(24),
        "{stall}"
    );
    assert!(
        r.bench
            .machine
            .log()
            .stall_totals
            .contains_key(&HoldKind::Fetch)
    );
}

#[test]
fn caches_that_serve_while_busy_carry_the_l451_through() {
    // Poll loop, handlers, vectors and literals are all in the caches when the erase begins.
    let mut r = boot("stm32l451xe", "l451-uart-plain", true);
    r.load(4 * 2048);
    assert_eq!((r.lost(), r.erases(), r.word("boot_status")), (0, 4, 1));
}

#[test]
fn nothing_is_lost_from_ram() {
    for (chip, name, length) in [
        ("stm32l451xe", "l451-uart-ram-isr", 4 * 2048),
        ("stm32l151xc", "l151-uart-ram-isr", 4 * 256),
    ] {
        let mut r = boot(chip, name, false);
        r.load(length);
        assert_eq!((r.lost(), r.word("boot_status")), (0, 1), "{chip}");
        assert_eq!(r.longest_stall(), Picos::ZERO, "{chip}");
        assert_eq!(
            r.bench.peek(0x0800_8000),
            0x0302_0100,
            "{chip}: the image is there"
        );
    }
}

#[test]
fn a_page_of_the_l151_stalls_for_its_erase() {
    let mut r = boot("stm32l151xc", "l151-uart-plain", true);
    r.load(4 * 256);
    // 3.94 ms / 86.806 us = 45.4; half pages are written with interrupts masked, and lose as much again without a stall.
    let stall = r.longest_stall();
    assert!(
        stall <= Picos(3_940_000_000) && stall > Picos::from_millis(3),
        "{stall}"
    );
    assert!(
        r.lost() >= 44 * r.erases(),
        "{} in {} erases",
        r.lost(),
        r.erases()
    );
    assert_eq!(r.word("boot_status"), 2);
    assert!(
        !r.bench.has_finding("flash-access-during-row"),
        "nobody reads meanwhile"
    );
}
