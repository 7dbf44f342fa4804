use super::*;
use crate::Picos;
use crate::periph::testbench::Bench;
use crate::periph::{DmaLine, PeripheralId};
use flashstall_cpu::Size;

const PART: &str = "stm32f429xi";
/// USART1_RX is stream 2 (and 5), channel 4; USART1_TX stream 7, channel 4.
const S2: u32 = STREAMS + 2 * STRIDE;
const S7: u32 = STREAMS + 7 * STRIDE;
const IRQ2: u16 = 58;
const CHANNEL_4: u32 = 4 << 25;
const USART1_DR: u32 = 0x4001_1004;
const RING: u32 = 0x2000_0000;
const MINC: u32 = 1 << 10;
const M2P: u32 = 1 << 6;
const CIRC: u32 = 1 << 8;

/// DMA2, clock on; the bench answers each access by hand.
fn bench() -> Bench {
    let mut b = Bench::on(PART, "DMA2");
    b.reset();
    b
}

fn usart1() -> PeripheralId {
    Bench::id_on(PART, "USART1")
}

fn request(b: &mut Bench, line: DmaLine, high: bool) {
    let from = usart1();
    b.signal(&Signal::DmaRequest { from, line, high });
}

/// Sets a stream up and enables it; `cr` without channel and EN.
fn start(b: &mut Bench, base: u32, cr: u32, count: u32, fcr: u32) {
    b.write(base + NDTR, count);
    b.write(base + PAR, USART1_DR);
    b.write(base + M0AR, RING);
    b.write(base + FCR, fcr);
    b.write(base + CR, cr | CHANNEL_4);
    b.write(base + CR, cr | CHANNEL_4 | 1);
}

/// Lets the controller make its next access, and answers it. Returns the access.
fn serve(b: &mut Bench, result: Result<u32, DmaStop>) -> Option<DmaAccess> {
    let count = |b: &Bench| {
        let is_beat = |s: &&Signal| matches!(s, Signal::DmaBeat { .. });
        b.sent.iter().filter(is_beat).count()
    };
    let before = count(b);
    for _ in 0..ARBITRATION.0 + ACCESS.0 {
        b.run_cycles(1);
        if count(b) > before {
            return b.with_device(|device, cx| {
                let port = device.dma()?;
                let access = port.access();
                port.finished(cx, result);
                access
            });
        }
    }
    None
}

/// Serves until nothing is left, reading 1, 2, 3, ... Returns the accesses.
fn serve_all(b: &mut Bench, most: u32) -> Vec<DmaAccess> {
    (1..=most).map_while(|n| serve(b, Ok(n))).collect()
}

fn load(address: u32, size: Size) -> DmaAccess {
    DmaAccess::Load {
        from: Addr(address),
        size,
    }
}

fn store(address: u32, size: Size, value: u32) -> DmaAccess {
    DmaAccess::Store {
        to: Addr(address),
        size,
        value,
    }
}

fn flags(b: &mut Bench, n: usize) -> Flags {
    let (register, shift) = place(n);
    let value = b.read(if register == 0 { LISR } else { HISR });
    Flags::from_bits_truncate(value >> shift)
}

fn found(b: &Bench, rule: &str) -> bool {
    b.shared.log.findings.iter().any(|f| f.rule == rule)
}

#[test]
fn reset_values_and_names() {
    let mut b = bench();
    for offset in [LISR, HISR, LIFCR, S2 + CR, S7 + NDTR] {
        assert_eq!(b.read(offset), 0, "offset {offset:#x}");
    }
    assert_eq!(b.read(S7 + FCR), 0x21);
    assert_eq!(b.device.register_name(0xB8), Some("S7CR"));
    assert_eq!(b.try_read(0xD0), Err(Refusal::Unmodelled));
}

#[test]
fn requests_wait_for_enable_and_channel() {
    let mut b = bench();
    request(&mut b, DmaLine::Rx, true);
    b.write(S2 + NDTR, 2);
    assert_eq!(serve(&mut b, Ok(0)), None, "EN is 0");
    b.write(S2 + CR, 3 << 25 | 1);
    assert_eq!(serve(&mut b, Ok(0)), None, "channel 3 is SPI1");
    b.write(S2 + CR, 0);
    b.write(LIFCR, !0);
    start(&mut b, S2, 0, 2, 0);
    assert!(serve(&mut b, Ok(0)).is_some());
    serve(&mut b, Ok(0));
    request(&mut b, DmaLine::Rx, false);
    assert_eq!(serve(&mut b, Ok(0)), None, "the request is gone");
}

#[test]
fn direct_mode_moves_each_unit_at_once() {
    let mut b = bench();
    // MSIZE says word: PSIZE counts.
    start(&mut b, S2, MINC | CIRC | 2 << 13, 2, 0);
    let before = b.core.now;
    request(&mut b, DmaLine::Rx, true);
    assert_eq!(serve(&mut b, Ok(0x1AB)), Some(load(USART1_DR, Size::Byte)));
    assert_eq!(serve(&mut b, Ok(0)), Some(store(RING, Size::Byte, 0xAB)));
    assert_eq!(b.core.now.since(before), Cycles(8));
    serve(&mut b, Ok(2));
    assert_eq!(serve(&mut b, Ok(0)), Some(store(RING + 1, Size::Byte, 2)));
    assert_eq!(b.read(S2 + CR) >> 13 & 3, 0, "MSIZE has followed PSIZE");
}

#[test]
fn memory_to_peripheral_reads_ahead() {
    let mut b = bench();
    start(&mut b, S7, M2P | MINC, 2, 0);
    assert_eq!(
        serve(&mut b, Ok(0x41)),
        Some(load(RING, Size::Byte)),
        "without a request"
    );
    assert_eq!(serve(&mut b, Ok(0)), None);
    assert_eq!(b.read(S7 + NDTR), 2, "the peripheral side counts");
    request(&mut b, DmaLine::Tx, true);
    assert_eq!(
        serve(&mut b, Ok(0)),
        Some(store(USART1_DR, Size::Byte, 0x41))
    );
    assert_eq!(serve(&mut b, Ok(0x42)), Some(load(RING + 1, Size::Byte)));
    assert_eq!(
        serve(&mut b, Ok(0)),
        Some(store(USART1_DR, Size::Byte, 0x42))
    );
    assert_eq!(serve(&mut b, Ok(0)), None);
    assert_eq!(flags(&mut b, 7), Flags::HTIF | Flags::TCIF);
    assert_eq!(b.read(S7 + CR) & 1, 0);
}

#[test]
fn fifo_mode_writes_at_the_threshold_and_at_the_end() {
    let mut b = bench();
    // Threshold half, words to memory, bytes from the peripheral.
    start(&mut b, S2, MINC | 2 << 13, 12, 0b101);
    request(&mut b, DmaLine::Rx, true);
    let accesses = serve_all(&mut b, 100);
    let byte = load(USART1_DR, Size::Byte);
    let mut expected = vec![byte; 8];
    expected.push(store(RING, Size::Word, 0x0403_0201));
    expected.push(store(RING + 4, Size::Word, 0x0807_0605));
    expected.extend([byte; 4]);
    // Ten accesses were made before them.
    expected.push(store(RING + 8, Size::Word, 0x0E0D_0C0B));
    assert_eq!(accesses, expected);
    assert_eq!(flags(&mut b, 2), Flags::HTIF | Flags::TCIF);
    assert_eq!(b.read(S2 + CR) & 1, 0);
}

#[test]
fn fs_tells_how_full_the_fifo_is() {
    let mut b = bench();
    start(&mut b, S2, MINC, 100, 0b111);
    request(&mut b, DmaLine::Rx, true);
    for _ in 0..5 {
        serve(&mut b, Ok(0));
    }
    assert_eq!(b.read(S2 + FCR) >> 3 & 7, 1, "a quarter and one");
}

#[test]
fn widths_are_packed() {
    let mut b = bench();
    // Memory half-words to peripheral bytes, FIFO filled at once.
    start(&mut b, S7, M2P | MINC | 1 << 13, 4, 0b111);
    let filled: Vec<_> = [0x0201, 0x0403]
        .map(|value| serve(&mut b, Ok(value)))
        .into();
    assert_eq!(filled[1], Some(load(RING + 2, Size::Half)));
    assert_eq!(serve(&mut b, Ok(0)), None, "four bytes are all");
    request(&mut b, DmaLine::Tx, true);
    let sent = serve_all(&mut b, 9);
    let expected: Vec<_> = (1..=4).map(|n| store(USART1_DR, Size::Byte, n)).collect();
    assert_eq!(sent, expected);
}

#[test]
fn a_transfer_ends_with_en_cleared() {
    let mut b = bench();
    start(&mut b, S2, MINC, 1, 0);
    request(&mut b, DmaLine::Rx, true);
    assert_eq!(serve_all(&mut b, 9).len(), 2);
    assert_eq!((b.read(S2 + CR) & 1, b.read(S2 + NDTR)), (0, 0));
}

#[test]
fn flags_and_interrupts_of_a_circular_stream() {
    let mut b = bench();
    start(&mut b, S2, MINC | CIRC | (Cr::TCIE | Cr::HTIE).bits(), 4, 0);
    request(&mut b, DmaLine::Rx, true);
    for _ in 0..4 {
        serve(&mut b, Ok(0));
    }
    assert_eq!(flags(&mut b, 2), Flags::HTIF);
    assert!(b.shared.irq.is_high(IRQ2));
    b.write(LIFCR, Flags::HTIF.bits() << 16);
    assert!(!b.shared.irq.is_high(IRQ2));
    for _ in 0..4 {
        serve(&mut b, Ok(0));
    }
    assert_eq!(flags(&mut b, 2), Flags::TCIF);
    assert_eq!((b.read(S2 + NDTR), b.read(S2 + CR) & 1), (4, 1), "reloaded");
    serve(&mut b, Ok(9));
    assert_eq!(serve(&mut b, Ok(0)), Some(store(RING, Size::Byte, 9)));
}

#[test]
fn a_lap_that_nobody_served_is_told_once() {
    let mut b = bench();
    start(&mut b, S2, CIRC | Cr::TCIE.bits(), 1, 0);
    request(&mut b, DmaLine::Rx, true);
    for _ in 0..8 {
        serve(&mut b, Ok(0));
    }
    let totals = b.shared.log.dma[&(b.id, 2)];
    assert_eq!((totals.units, totals.laps, totals.unserved_laps), (4, 4, 3));
    assert!(found(&b, "dma-lap-unserved"));
    assert_eq!(b.shared.log.interrupts[&(IRQ2 + 16)].pended_lost, 3);
}

#[test]
fn double_buffer_mode_swaps_its_targets() {
    let mut b = bench();
    b.write(S2 + M1AR, RING + 0x100);
    start(&mut b, S2, MINC | 1 << 18, 2, 0);
    request(&mut b, DmaLine::Rx, true);
    let written: Vec<_> = (0..5)
        .map(|_| {
            serve(&mut b, Ok(0));
            match serve(&mut b, Ok(0)) {
                Some(DmaAccess::Store { to, .. }) => to.0 - RING,
                other => panic!("{other:?}"),
            }
        })
        .collect();
    assert_eq!(written, [0, 1, 0x100, 0x101, 0]);
    assert_eq!(b.read(S2 + CR) >> 19 & 1, 0, "CT");
    b.write(S2 + M1AR, RING + 0x200);
    b.write(S2 + M0AR, RING + 0x300);
    assert_eq!(b.read(S2 + M1AR), RING + 0x200, "the idle one");
    assert_eq!(b.read(S2 + M0AR), RING, "not the one in use");
}

#[test]
fn enabling_starts_over() {
    let mut b = bench();
    start(&mut b, S2, MINC, 8, 0);
    request(&mut b, DmaLine::Rx, true);
    for _ in 0..4 {
        serve(&mut b, Ok(0));
    }
    b.write(S2 + CR, CHANNEL_4 | MINC);
    assert_eq!(b.read(S2 + NDTR), 6);
    b.write(LIFCR, !0);
    b.write(S2 + CR, CHANNEL_4 | MINC | 1);
    assert_eq!(b.read(S2 + NDTR), 8);
    serve(&mut b, Ok(7));
    assert_eq!(serve(&mut b, Ok(0)), Some(store(RING, Size::Byte, 7)));
}

#[test]
fn en_is_cleared_late() {
    let mut b = bench();
    // Full FIFO before memory is written: three bytes wait in it.
    start(&mut b, S2, MINC, 8, 0b111);
    request(&mut b, DmaLine::Rx, true);
    for n in 1..=3 {
        serve(&mut b, Ok(n));
    }
    b.write(S2 + CR, CHANNEL_4 | MINC);
    assert_eq!(b.read(S2 + CR) & 1, 1, "bytes are on their way");
    let stored = serve_all(&mut b, 9);
    let expected: Vec<_> = (1..=3)
        .map(|n| store(RING + n - 1, Size::Byte, n))
        .collect();
    assert_eq!(stored, expected, "and the request is served no more");
    assert_eq!(b.read(S2 + CR) & 1, 0);
    assert_eq!((flags(&mut b, 2), b.read(S2 + NDTR)), (Flags::TCIF, 5));
    // With nothing on its way it is off at once.
    b.write(LIFCR, !0);
    start(&mut b, S7, MINC, 8, 0);
    b.write(S7 + CR, CHANNEL_4);
    assert_eq!(b.read(S7 + CR) & 1, 0);
}

#[test]
fn what_is_frozen_while_enabled_stays() {
    let mut b = bench();
    start(&mut b, S2, MINC, 8, 0);
    for offset in [NDTR, PAR, M0AR, M1AR] {
        b.write(S2 + offset, 1);
    }
    b.write(S2 + FCR, 0b100 | 1 << 7);
    b.write(S2 + CR, CHANNEL_4 | CIRC | Cr::TCIE.bits() | 1);
    let values = [NDTR, PAR, M0AR, M1AR, FCR, CR].map(|offset| b.read(S2 + offset));
    let cr = CHANNEL_4 | MINC | Cr::TCIE.bits() | 1;
    assert_eq!(values, [8, USART1_DR, RING, 0, 0x20 | 1 << 7, cr]);
    assert!(found(&b, "dma-written-while-enabled"));
}

#[test]
fn a_bus_error_stops_the_stream() {
    let mut b = bench();
    start(&mut b, S2, MINC | Cr::TEIE.bits(), 8, 0);
    request(&mut b, DmaLine::Rx, true);
    serve(&mut b, Ok(0));
    serve(&mut b, Err(DmaStop::BusError(Addr(0x1000_0000))));
    assert_eq!(flags(&mut b, 2), Flags::TEIF);
    assert_eq!(b.read(S2 + CR) & 1, 0);
    assert!(b.shared.irq.is_high(IRQ2));
    assert_eq!(serve(&mut b, Ok(0)), None);
}

#[test]
fn dma1_reaches_apb1_only() {
    let mut b = Bench::on(PART, "DMA1");
    b.reset();
    // USART2_RX is stream 5, channel 4 of DMA1; PAR points at USART1, on APB2.
    let s5 = STREAMS + 5 * STRIDE;
    start(&mut b, s5, MINC, 8, 0);
    let from = Bench::id_on(PART, "USART2");
    b.signal(&Signal::DmaRequest {
        from,
        line: DmaLine::Rx,
        high: true,
    });
    assert_eq!(serve(&mut b, Ok(0)), None);
    assert_eq!(flags(&mut b, 5), Flags::TEIF);
    b.write(HIFCR, !0);
    b.write(s5 + PAR, 0x4000_4404);
    b.write(s5 + CR, CHANNEL_4 | 1);
    assert_eq!(serve(&mut b, Ok(0)), Some(load(0x4000_4404, Size::Byte)));
}

#[test]
fn memory_to_memory_is_for_dma2() {
    let mut b = bench();
    start(
        &mut b,
        S2,
        2 << 6 | MINC | 1 << 9 | 2 << 11 | 2 << 13,
        2,
        0b111,
    );
    let accesses = serve_all(&mut b, 9);
    let expected = [
        load(USART1_DR, Size::Word),
        load(USART1_DR + 4, Size::Word),
        store(RING, Size::Word, 1),
        store(RING + 4, Size::Word, 2),
    ];
    assert_eq!(accesses, expected);
    assert_eq!(b.read(S2 + FCR) & 4, 4, "no direct mode");
    let mut b = Bench::on(PART, "DMA1");
    start(&mut b, S2, 2 << 6, 2, 0);
    assert_eq!(b.read(S2 + CR) & 1, 0);
    assert!(found(&b, "dma-no-memory-to-memory"));
}

#[test]
fn a_burst_must_fit_the_threshold() {
    let enabled = |mburst: u32, msize: u32, fth: u32| {
        let mut b = bench();
        start(&mut b, S2, mburst << 23 | msize << 13, 8, 4 | fth);
        (b.read(S2 + CR) & 1 == 1, flags(&mut b, 2))
    };
    let (yes, no) = ((true, Flags::empty()), (false, Flags::FEIF));
    assert_eq!(enabled(1, 0, 0), yes, "4 bytes at a quarter");
    assert_eq!(enabled(2, 0, 0), no, "8 bytes at a quarter");
    assert_eq!(enabled(2, 0, 2), no, "8 bytes at three quarters");
    assert_eq!(enabled(2, 0, 1), yes, "8 bytes at half");
    assert_eq!(enabled(1, 2, 3), yes, "4 words when full");
    assert_eq!(enabled(2, 2, 3), no, "8 words never fit");
}

#[test]
fn an_underrun_sets_feif() {
    let mut b = bench();
    start(&mut b, S7, M2P | MINC, 2, 0);
    let until = b.now() + Picos::from_millis(20);
    serve(&mut b, Err(DmaStop::HeldUntil(until)));
    assert_eq!(flags(&mut b, 7), Flags::empty(), "nobody asks");
    request(&mut b, DmaLine::Tx, true);
    assert_eq!(flags(&mut b, 7), Flags::FEIF);
    b.run_until(until);
    assert_eq!(b.read(S7 + CR) & 1, 1, "and goes on afterwards");
}

#[test]
fn a_held_store_sets_dmeif() {
    let dmeif = |minc: u32| {
        let mut b = bench();
        start(&mut b, S2, minc, 2, 0);
        request(&mut b, DmaLine::Rx, true);
        serve(&mut b, Ok(0));
        let until = b.now() + Picos::from_millis(1);
        serve(&mut b, Err(DmaStop::HeldUntil(until)));
        flags(&mut b, 2).contains(Flags::DMEIF)
    };
    assert!(dmeif(0));
    assert!(!dmeif(MINC), "with MINC it is never set");
}

#[test]
fn a_peripheral_that_controls_the_flow_counts_from_ffff() {
    let mut b = bench();
    start(&mut b, S2, Cr::PFCTRL.bits() | CIRC, 8, 0);
    request(&mut b, DmaLine::Rx, true);
    serve(&mut b, Ok(0));
    assert_eq!(b.read(S2 + NDTR), 0xFFFE);
    assert_eq!(b.read(S2 + CR) & CIRC, 0);
}

#[test]
fn the_higher_priority_goes_first() {
    let mut b = bench();
    let s5 = STREAMS + 5 * STRIDE;
    for (base, priority) in [(S2, 0), (s5, 2)] {
        b.write(base + M0AR, RING);
        start(&mut b, base, priority << 16, 1, 0);
    }
    request(&mut b, DmaLine::Rx, true);
    serve(&mut b, Ok(0));
    serve(&mut b, Ok(0));
    assert_eq!(flags(&mut b, 5), Flags::HTIF | Flags::TCIF);
    assert_eq!(flags(&mut b, 2), Flags::empty());
}

#[test]
fn old_flags_are_told() {
    let mut b = bench();
    start(&mut b, S2, 0, 1, 0);
    request(&mut b, DmaLine::Rx, true);
    serve_all(&mut b, 9);
    b.write(S2 + CR, CHANNEL_4 | 1);
    assert!(found(&b, "dma-flags-not-cleared"));
}

#[test]
fn pincos_steps_by_words() {
    let mut b = bench();
    start(&mut b, S2, 1 << 9 | 1 << 15, 2, 0);
    request(&mut b, DmaLine::Rx, true);
    let accesses = serve_all(&mut b, 9);
    assert_eq!(accesses[2], load(USART1_DR + 4, Size::Byte));
}

#[test]
fn a_reset_stops_everything_but_the_requests() {
    let mut b = bench();
    start(&mut b, S2, 0, 4, 0);
    request(&mut b, DmaLine::Rx, true);
    b.run_cycles(3);
    b.reset();
    assert_eq!(serve(&mut b, Ok(0)), None);
    start(&mut b, S2, 0, 4, 0);
    assert!(serve(&mut b, Ok(0)).is_some(), "the level is still there");
}

#[test]
fn turns_that_nobody_saw_are_counted() {
    let some = |b: &mut Bench, units: usize| {
        for _ in 0..2 * units {
            serve(b, Ok(0));
        }
    };
    let totals = |b: &Bench| {
        let t = b.shared.log.dma[&(b.id, 2)];
        (t.ring, t.longest_unseen, t.overwritten)
    };
    let mut b = bench();
    start(&mut b, S2, MINC | CIRC, 4, 0);
    request(&mut b, DmaLine::Rx, true);
    some(&mut b, 3);
    b.read(S2 + NDTR);
    some(&mut b, 3);
    b.read(LISR);
    some(&mut b, 3);
    assert_eq!(totals(&b), (4, 3, 0), "NDTR or a flag looked at in between");
    some(&mut b, 6);
    b.read(S2 + NDTR);
    assert_eq!(totals(&b), (4, 9, 8));
    assert!(found(&b, "dma-ring-lapped"));
    // Two buffers of 4 are a ring of 8.
    let mut b = bench();
    start(&mut b, S2, MINC | 1 << 18, 4, 0);
    request(&mut b, DmaLine::Rx, true);
    some(&mut b, 7);
    assert_eq!(totals(&b), (8, 7, 0));
    some(&mut b, 1);
    assert_eq!(totals(&b), (8, 8, 8));
    // A stream that stops at its end overwrites nothing.
    let mut b = bench();
    start(&mut b, S2, MINC, 4, 0);
    request(&mut b, DmaLine::Rx, true);
    some(&mut b, 6);
    assert_eq!(totals(&b), (0, 4, 0));
}
