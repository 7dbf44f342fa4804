//! Causal chains from logs made by hand: every kind of link that the committed firmware does not show.

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use common::hawk;
use flashstall::chain::{Explainer, chain_text, summary};
use flashstall::firmware::Firmware;
use flashstall_cpu::{Addr, HoldKind};
use flashstall_mcu::Picos;
use flashstall_mcu::chip::Chip;
use flashstall_mcu::log::{
    Fate, FlashOperation, InterruptRun, Log, OperationId, OperationKind, ResetCause, ResetRecord,
    Stall, Swapped, Unit, WireLog,
};

/// Exception numbers: USART1 is interrupt 37, TIM2 is 28.
const USART1: u16 = 53;
const TIM2: u16 = 44;

fn us(n: u64) -> Picos {
    Picos::from_micros(n)
}

fn lost(at: u64, fate: Fate) -> Unit {
    Unit {
        value: 0x4F,
        received: None,
        sent: us(at - 320),
        arrived: Some(us(at)),
        fate,
        settled: us(at),
        blocked_by: Some(0),
        interrupt: Some(USART1),
    }
}

fn ran(number: u16, pended: u64, entered: u64, returned: u64) -> InterruptRun {
    InterruptRun {
        number,
        pended: us(pended),
        entered: us(entered),
        returned: Some(us(returned)),
    }
}

/// The chain of unit 1 in a log that `fill` completes, without its first two links.
fn chain(unit: Unit, enabled: bool, fill: impl FnOnce(&mut Log, &Firmware)) -> (String, String) {
    let firmware = Arc::new(Firmware::from_path(&hawk("before")).unwrap());
    let chip = Chip::builtin("stm32f303xc").unwrap();
    let mut log = Log::default();
    let first = Unit {
        fate: Fate::Delivered,
        ..lost(1_000, Fate::Delivered)
    };
    log.wires.push(WireLog {
        name: "midi".into(),
        kind: "uart",
        units: vec![first, unit],
        frames: Vec::new(),
        notes: BTreeMap::new(),
    });
    fill(&mut log, &firmware);
    let is_enabled = |_| enabled;
    let handler = |number| (number == TIM2).then(|| "TIM2_IRQHandler".to_owned());
    let explainer = Explainer::new(&log, &chip, &firmware, us(100_000), &is_enabled, &handler);
    let chain = explainer.explain(&log.wires[0], 1);
    let text = chain_text(&chain);
    let rest = text
        .split_once("RDR still held #0 ← ")
        .map_or(text.clone(), |(_, rest)| rest.to_owned());
    (rest, summary(&chain))
}

#[test]
fn nothing_held_the_core_so_it_was_masked() {
    let pending = |log: &mut Log, _: &Firmware| log.runs.push(ran(USART1, 1_000, 5_000, 5_010));
    let (text, _) = chain(lost(2_000, Fate::Overrun), true, pending);
    assert_eq!(
        text,
        "USART1 pending 4.000 ms ← USART1 was masked (PRIMASK, BASEPRI or FAULTMASK)"
    );
}

#[test]
fn an_interrupt_that_is_not_enabled_stays_pending() {
    let (text, summary) = chain(lost(2_000, Fate::Overrun), false, |log, _| {
        log.interrupts.entry(USART1).or_default().pending_since = Some(us(1_000));
    });
    assert_eq!(
        text,
        "USART1 pending 99.000 ms, never entered ← USART1 is not enabled in the NVIC"
    );
    assert_eq!(summary, "USART1 is not enabled in the NVIC");
}

#[test]
fn another_handler_was_running() {
    let (text, _) = chain(lost(2_000, Fate::Overrun), true, |log, _| {
        log.runs.push(ran(TIM2, 900, 901, 4_900));
        log.runs.push(ran(USART1, 1_000, 4_901, 4_910));
    });
    assert_eq!(
        text,
        "USART1 pending 3.901 ms ← TIM2's handler (TIM2_IRQHandler) was running for 3.900 ms"
    );
}

#[test]
fn the_handler_itself_was_slow() {
    let (text, _) = chain(lost(2_000, Fate::Overrun), true, |log, _| {
        log.runs.push(ran(USART1, 900, 901, 4_900))
    });
    assert_eq!(text, "USART1's handler was running since 901.000 us");
}

#[test]
fn the_handler_ran_and_did_not_read() {
    let (text, _) = chain(lost(2_000, Fate::Overrun), true, |log, _| {
        log.runs.push(ran(USART1, 1_000, 1_001, 1_010))
    });
    assert_eq!(text, "USART1's handler ran at 1.001 ms and did not read it");
}

#[test]
fn nobody_asked() {
    let (text, summary) = chain(lost(2_000, Fate::Overrun), true, |_, _| {});
    assert_eq!(text, "USART1 was not requested, and nobody polled");
    assert_eq!(summary, "nobody read it");
}

/// Half-words programmed from 1 ms on, one each 60 us, each with a fetch held for 50 us.
fn programs_ten_half_words(log: &mut Log, firmware: &Firmware) {
    let pc = firmware.symbols.find("FLASH_ProgramWord").unwrap().address;
    for n in 0..10u64 {
        let (start, end) = (us(1_000 + 60 * n), us(1_000 + 60 * n + 50));
        log.operations.push(FlashOperation {
            kind: OperationKind::Program,
            address: Addr(0x0802_0000),
            length: 2,
            bank: 1,
            swapped: None,
            start,
            end,
            pc,
            snapshot: None,
        });
        log.stalls.push(Stall {
            kind: HoldKind::Fetch,
            address: pc,
            pc,
            active: 0,
            entering: None,
            start,
            end,
            bank: 1,
            operation: Some(OperationId(n as usize)),
        });
    }
}

#[test]
fn many_short_stalls_add_up() {
    let (text, _) = chain(lost(1_400, Fate::Overrun), true, |log, firmware| {
        programs_ten_half_words(log, firmware);
        log.runs.push(ran(USART1, 1_000, 1_600, 1_610));
    });
    assert!(
        text.starts_with("USART1 pending 600.000 us ← instruction fetch at 0x"),
        "{text}"
    );
    assert!(
        text.contains("held 500.000 us in 10 stalls ← bank 1 busy: program 0x08020000, 50.000 us"),
        "{text}"
    );
    assert!(text.contains("← FLASH_ProgramWord flash.c:"), "{text}");
}

#[test]
fn a_swapped_bank_has_both_of_its_addresses() {
    let (text, _) = chain(lost(1_400, Fate::Overrun), true, |log, firmware| {
        programs_ten_half_words(log, firmware);
        for operation in &mut log.operations.kept {
            operation.bank = 2;
            operation.swapped = Some(Swapped {
                home: Addr(0x0812_0000),
                sector: Some(17),
            });
        }
        log.stalls.kept.iter_mut().for_each(|s| s.bank = 2);
        log.runs.push(ran(USART1, 1_000, 1_600, 1_610));
    });
    assert!(
        text.contains(
            "bank 2 busy: program 0x08020000 (sector 17, 0x08120000 while banks are not swapped), 50.000 us"
        ),
        "{text}"
    );
}

#[test]
fn who_polls_does_not_while_the_core_is_held() {
    // OpenBLT and PX4's boot loader poll their UART.
    let (text, summary) = chain(lost(1_400, Fate::Overrun), true, programs_ten_half_words);
    assert!(
        text.starts_with("USART1 was not requested, and nobody polled ← instruction fetch at 0x"),
        "{text}"
    );
    assert!(
        text.contains("held 340.000 us in 7 stalls ← bank 1 busy: program 0x08020000, 50.000 us"),
        "{text}"
    );
    assert!(text.contains("← FLASH_ProgramWord flash.c:"), "{text}");
    assert_ne!(summary, "nobody read it");
    // 500 us of stalls in 1.2 ms do not explain why nobody polled.
    let (text, _) = chain(lost(2_200, Fate::Overrun), true, programs_ten_half_words);
    assert_eq!(text, "USART1 was not requested, and nobody polled");
}

#[test]
fn a_reset_took_it() {
    let (text, summary) = chain(lost(2_000, Fate::Reset), true, |log, firmware| {
        let pc = firmware.symbols.find("save_patch").unwrap().address;
        log.resets.push(ResetRecord {
            at: us(2_000),
            cause: ResetCause::IndependentWatchdog,
            pc,
        });
    });
    assert!(
        text.starts_with(
            "byte #1 (0x4F) reset at 2.000 ms ← reset by independent watchdog at save_patch save.c:"
        ),
        "{text}"
    );
    assert_eq!(summary, "reset by independent watchdog");
}

#[test]
fn a_uart_that_asks_dma_has_no_interrupt_to_blame() {
    let unit = Unit {
        interrupt: None,
        ..lost(2_000, Fate::Overrun)
    };
    let (text, summary) = chain(unit, true, |_, _| {});
    assert_eq!(
        text,
        "DMA was asked and did not take it: its channel was off, at its end, or held"
    );
    assert_eq!(summary, "DMA did not take it");
}
