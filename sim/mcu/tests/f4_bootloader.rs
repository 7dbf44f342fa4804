//! page-bootloader on an STM32F429xI: our own firmware, its ELFs as committed.
//!
//! A character at 115200 8N1 takes 86.806 us. A page has 2048 bytes; the first one brings the erase of sector 8 (128 KB at x32: 1 s
//! typical, 2 s at most, DS9405 table 48), which lies in the bank that the code is in.

mod common;

use common::Bench;
use common::elf::Elf;
use common::f4::{SECTOR8, options_of};
use flashstall_cpu::{Addr, HoldKind};
use flashstall_mcu::chip::{Chip, TimingSpec};
use flashstall_mcu::log::{Fate, OperationKind, ResetCause};
use flashstall_mcu::machine::{MachineOptions, Stop};
use flashstall_mcu::wire::{FlowControl, Parity, Start, TimedByte, UartWire};
use flashstall_mcu::{Hertz, Picos};

struct Run {
    bench: Bench,
    elf: Elf,
}

fn boot(variant: &str, pick: impl Fn(&TimingSpec) -> Picos, hits: bool) -> Run {
    let chip = Chip::builtin("stm32f429xi").expect("built in");
    let mut options = options_of(&chip, pick);
    options.open.buffer_hit_while_busy = hits;
    boot_with(variant, options)
}

fn boot_with(variant: &str, options: MachineOptions) -> Run {
    let chip = Chip::builtin("stm32f429xi").expect("built in");
    let elf = Elf::open(&format!("page-bootloader/elf/f429-uart-{variant}"));
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

fn image(length: usize) -> Vec<u8> {
    (0..length).map(|n| (n ^ n >> 8) as u8).collect()
}

impl Run {
    fn send(&mut self, image: &[u8]) {
        let mut bytes = b"FSB1".to_vec();
        bytes.extend((image.len() as u32).to_le_bytes());
        bytes.extend(crc32(image).to_le_bytes());
        bytes.extend(image);
        self.bench
            .machine
            .attach_uart(UartWire {
                receiver_rate: None,
                name: "host".into(),
                port: "USART1".into(),
                bit_rate: Hertz::new(115_200),
                data_bits: 8,
                parity: Parity::None,
                stop_halves: 2,
                flow_control: FlowControl::None,
                start: Start::At(Picos::from_millis(10)),
                bytes: bytes
                    .iter()
                    .map(|&value| TimedByte {
                        offset: Picos::ZERO,
                        value,
                    })
                    .collect(),
            })
            .expect("a UART");
    }
    /// To the end, or to `limit`.
    fn go(&mut self, limit: Picos) -> Stop {
        self.bench.run(limit)
    }

    fn word(&self, symbol: &str) -> u32 {
        self.bench.peek(self.elf.symbol(symbol))
    }

    fn count(&self, fate: Fate) -> usize {
        self.bench.machine.log().wires[0]
            .units
            .iter()
            .filter(|u| u.fate == fate)
            .count()
    }
}

/// Where an operation of `kind` is first in the log.
fn first(r: &Run, kind: OperationKind) -> (u32, u32, Picos, Picos) {
    let log = r.bench.machine.log();
    let o = log.operations.kept.iter().find(|o| o.kind == kind);
    let o = o.expect("an operation");
    (o.address.0, o.length, o.start, o.end - o.start)
}

#[test]
fn it_comes_up_at_168_mhz_without_a_finding() {
    let mut r = boot("plain", TimingSpec::typical, true);
    assert_eq!(r.go(Picos::from_millis(10)), Stop::TimeLimit);
    let clocks = &r.bench.machine.soc().clocks();
    assert_eq!(clocks.hclk, Hertz::new(168_000_000));
    assert_eq!(clocks.pclk2, Hertz::new(84_000_000));
    assert_eq!(r.bench.machine.log().findings, []);
    assert_eq!(r.bench.machine.log().unmodelled.len(), 0);
}

#[test]
fn plain_is_deaf_for_the_erase_of_its_sector() {
    // 1 s / 86.806 us = 11 520 characters are complete in the stall; one is kept in DR.
    for hits in [true, false] {
        let mut r = boot("plain", TimingSpec::typical, hits);
        r.send(&image(16_384));
        assert!(matches!(
            r.go(Picos::from_millis(4_000)),
            Stop::Breakpoint(_)
        ));
        let (address, length, _, time) = first(&r, OperationKind::PageErase);
        assert_eq!((address, length, time), (SECTOR8, 0x2_0000, Picos::SECOND));
        assert_eq!(
            r.count(Fate::Overrun),
            11_519,
            "buffer_hit_while_busy = {hits}"
        );
        assert_eq!(r.count(Fate::Delivered), 12 + 16_384 - 11_519);
        assert_eq!((r.word("boot_overruns"), r.word("boot_status")), (1, 2));
        // With the caches' help the poll loop goes on to the next byte, whose handler needs a literal that no cache has.
        let longest = r
            .bench
            .machine
            .log()
            .stalls
            .kept
            .iter()
            .max_by_key(|s| s.end - s.start);
        let longest = longest.expect("a stall");
        let character = Hertz::new(115_200).periods(10);
        let length = longest.end - longest.start;
        assert!(
            length > Picos::SECOND - character && length <= Picos::SECOND,
            "{longest:?}"
        );
        let kind = if hits {
            HoldKind::Data
        } else {
            HoldKind::Fetch
        };
        assert_eq!((longest.kind, longest.bank), (kind, 1));
    }
}

#[test]
fn in_two_seconds_all_is_lost_but_the_first_page() {
    // 2 s / 86.806 us = 23 040 characters; only 14 336 are left, and one of them is kept.
    let mut r = boot("plain", |t| t.max, true);
    r.send(&image(16_384));
    r.go(Picos::from_millis(4_000));
    assert_eq!(
        first(&r, OperationKind::PageErase).3,
        Picos::from_millis(2_000)
    );
    assert_eq!(r.count(Fate::Overrun), 14_335);
    assert_eq!(r.word("boot_bytes_received"), 2_049);
    assert_eq!(r.word("boot_pages_written"), 1);
}

#[test]
fn code_and_vectors_in_sram_lose_nothing() {
    for pick in [TimingSpec::typical, |t: &TimingSpec| t.max] {
        let image = image(16_384);
        let mut r = boot("ram-isr", pick, true);
        r.send(&image);
        assert!(matches!(
            r.go(Picos::from_millis(8_000)),
            Stop::Breakpoint(_)
        ));
        assert_eq!(
            (r.count(Fate::Delivered), r.word("boot_status")),
            (16_396, 1)
        );
        assert_eq!(r.bench.machine.log().stall_totals.len(), 0, "not one");
        let mut written = vec![0; image.len()];
        assert!(r.bench.machine.peek(Addr(SECTOR8), &mut written));
        assert!(written == image, "what was sent is in flash");
        assert_eq!(r.bench.machine.log().findings, []);
    }
}

#[test]
fn a_ring_that_is_long_enough_loses_nothing() {
    // 1 s is 11 520 bytes, the ring has 32 768.
    let mut r = boot("dma-ring", TimingSpec::typical, true);
    r.send(&image(16_384));
    assert!(matches!(
        r.go(Picos::from_millis(4_000)),
        Stop::Breakpoint(_)
    ));
    assert_eq!((r.count(Fate::Overrun), r.word("boot_status")), (0, 1));
    let longest = r.bench.machine.log().stall_totals[&HoldKind::Data].longest;
    assert!(longest > Picos::from_millis(990), "the core stood still");
}

#[test]
fn a_ring_that_is_too_short_is_lapped_and_no_flag_tells() {
    // 1024 bytes last 89 ms: it is lapped eleven times in 1 s.
    let mut r = boot("dma-ring-small", TimingSpec::typical, true);
    r.send(&image(16_384));
    r.go(Picos::from_millis(4_000));
    assert_eq!(r.count(Fate::Overrun), 0);
    assert_eq!((r.word("boot_overruns"), r.word("boot_status")), (0, 2));
    // Whole turns vanish.
    assert_eq!((16_384 - r.word("boot_bytes_received")) % 1_024, 0);
    let dma2 = r.bench.machine.soc().peripheral("DMA2").expect("a DMA");
    assert_eq!(r.bench.machine.log().dma[&(dma2, 2)].laps, 16_396 / 1_024);
}

#[test]
fn the_watchdog_bites_in_mid_erase() {
    // 1000 counts of 16 / 32 kHz are 0.5 s; the last feed is just before the erase of 1 s.
    let mut r = boot("plain-iwdg", TimingSpec::typical, true);
    r.send(&image(16_384));
    assert_eq!(r.go(Picos::from_millis(1_500)), Stop::TimeLimit);
    let (_, _, start, _) = first(&r, OperationKind::PageErase);
    let resets = &r.bench.machine.log().resets;
    assert_eq!(resets.len(), 1);
    assert_eq!(resets[0].cause, ResetCause::IndependentWatchdog);
    let after = resets[0].at - start;
    assert!(
        after > Picos::from_millis(499) && after <= Picos::from_millis(500),
        "{after}"
    );
    assert!(r.bench.has_finding("flash-operation-cut-short"));
    assert_eq!(
        (r.word("boot_watchdog_resets"), r.word("boot_status")),
        (1, 0)
    );
    // Back at HSI, then up again: it knows from RCC_CSR why.
    assert_eq!(r.bench.machine.soc().clocks().hclk, Hertz::new(168_000_000));
}

#[test]
fn fast_forward_changes_nothing() {
    let outcome = |fast_forward: bool| {
        let chip = Chip::builtin("stm32f429xi").expect("built in");
        let mut options = options_of(&chip, TimingSpec::typical);
        options.fast_forward = fast_forward;
        let mut r = boot_with("plain", options);
        r.send(&image(4_096));
        r.go(Picos::from_millis(2_000));
        (
            r.bench.machine.time(),
            format!("{:?}", r.bench.machine.log()),
        )
    };
    assert!(outcome(true) == outcome(false));
}
