use super::*;
use crate::periph::testbench::{Bench, spec};

const CH5: u32 = CHANNELS + 4 * STRIDE;
const IRQ5: u16 = 15;

/// DMA1, clock on; the bench answers each beat by hand.
fn bench() -> Bench {
    let mut b = Bench::new(&spec("DMA1"));
    b.reset();
    b
}

fn request(b: &mut Bench, peripheral: &str, line: DmaLine, high: bool) {
    let from = Bench::id_of(peripheral);
    b.signal(&Signal::DmaRequest { from, line, high });
}

fn ring(b: &mut Bench, base: u32, ccr: Ccr, count: u32) {
    b.write(base + CNDTR, count);
    b.write(base + CPAR, 0x4001_3824);
    b.write(base + CMAR, 0x2000_0000);
    b.write(base + CCR, (ccr | Ccr::EN).bits());
}

fn beats(b: &Bench) -> usize {
    b.sent
        .iter()
        .filter(|signal| matches!(signal, Signal::DmaBeat { .. }))
        .count()
}

/// Lets the controller get onto the bus, and tells it how that went. Returns the beat.
fn serve(b: &mut Bench, result: Result<(), DmaStop>) -> Option<DmaBeat> {
    let before = beats(b);
    b.run_cycles(ARBITRATION.0 + MOVE.0);
    if beats(b) == before {
        return None;
    }
    b.with_device(|device, cx| {
        let port = device.dma()?;
        let access = port.access();
        port.finished(cx, result.map(|()| 0));
        match access {
            Some(DmaAccess::Move(beat)) => Some(beat),
            _ => None,
        }
    })
}

fn flags(b: &mut Bench, n: u32) -> Flags {
    Flags::from_bits_truncate(field(b.read(ISR), 4 * (n - 1), 4))
}

#[test]
fn reset_values_and_names() {
    let mut b = bench();
    for offset in [ISR, IFCR, CHANNELS + CCR, CH5 + CNDTR, CH5 + CMAR] {
        assert_eq!(b.read(offset), 0, "offset {offset:#x}");
    }
    assert_eq!(b.device.register_name(0x5C), Some("CNDTR5"));
    assert_eq!(b.device.register_name(0x8C), Some("CMAR7"));
    assert_eq!(
        b.try_read(CSELR),
        Err(Refusal::Unmodelled),
        "not on this part"
    );
    assert_eq!(b.try_read(0x18), Err(Refusal::Unmodelled), "a hole");
}

#[test]
fn requests_wait_for_enable() {
    let mut b = bench();
    request(&mut b, "USART1", DmaLine::Rx, true);
    b.write(CH5 + CNDTR, 2);
    assert_eq!(serve(&mut b, Ok(())), None);
    b.write(CH5 + CCR, Ccr::EN.bits());
    assert!(serve(&mut b, Ok(())).is_some());
    request(&mut b, "USART1", DmaLine::Rx, false);
    assert_eq!(serve(&mut b, Ok(())), None, "the request is gone");
    request(&mut b, "USART1", DmaLine::Tx, true);
    assert_eq!(serve(&mut b, Ok(())), None, "that is channel 4");
}

#[test]
fn a_request_that_goes_before_its_turn_is_not_served() {
    let mut b = bench();
    ring(&mut b, CH5, Ccr::CIRC, 2);
    request(&mut b, "USART1", DmaLine::Rx, true);
    b.run_cycles(4);
    request(&mut b, "USART1", DmaLine::Rx, false);
    b.run_cycles(20);
    assert_eq!(beats(&b), 0, "firmware was faster and read RDR");
}

#[test]
fn a_unit_takes_a_few_cycles() {
    let mut b = bench();
    ring(&mut b, CH5, Ccr::CIRC, 2);
    request(&mut b, "USART1", DmaLine::Rx, true);
    b.run_cycles(7);
    assert_eq!(beats(&b), 0);
    b.run_cycles(1);
    assert_eq!(beats(&b), 1);
}

#[test]
fn flags_and_interrupts_of_a_circular_channel() {
    let mut b = bench();
    ring(
        &mut b,
        CH5,
        Ccr::CIRC | Ccr::MINC | Ccr::HTIE | Ccr::TCIE,
        4,
    );
    request(&mut b, "USART1", DmaLine::Rx, true);
    serve(&mut b, Ok(()));
    assert_eq!((flags(&mut b, 5), b.read(CH5 + CNDTR)), (Flags::empty(), 3));
    serve(&mut b, Ok(()));
    assert_eq!(flags(&mut b, 5), Flags::HTIF | Flags::GIF);
    assert!(b.shared.irq.is_high(IRQ5));
    b.write(IFCR, (Flags::HTIF.bits()) << 16);
    assert!(!b.shared.irq.is_high(IRQ5));
    serve(&mut b, Ok(()));
    serve(&mut b, Ok(()));
    assert_eq!(flags(&mut b, 5), Flags::TCIF | Flags::GIF);
    assert_eq!(b.read(CH5 + CNDTR), 4, "reloaded");
    assert_eq!(
        serve(&mut b, Ok(())).map(|beat| beat.to.0),
        Some(0x2000_0000)
    );
}

#[test]
fn a_lap_that_nobody_served_is_told_once() {
    let mut b = bench();
    ring(&mut b, CH5, Ccr::CIRC | Ccr::TCIE, 1);
    request(&mut b, "USART1", DmaLine::Rx, true);
    for _ in 0..4 {
        serve(&mut b, Ok(()));
    }
    let totals = b.shared.log.dma[&(b.id, 5)];
    assert_eq!((totals.units, totals.laps, totals.unserved_laps), (4, 4, 3));
    let told = |f: &&crate::log::Finding| f.rule == "dma-lap-unserved";
    assert_eq!(b.shared.log.findings.iter().filter(told).count(), 1);
    assert_eq!(b.shared.log.interrupts[&(IRQ5 + 16)].pended_lost, 3);
}

#[test]
fn turns_that_nobody_saw_are_counted() {
    let mut b = bench();
    let lapped = |b: &Bench| {
        let told = |f: &&crate::log::Finding| f.rule == "dma-ring-lapped";
        b.shared.log.findings.iter().filter(told).count()
    };
    ring(&mut b, CH5, Ccr::CIRC | Ccr::MINC, 4);
    request(&mut b, "USART1", DmaLine::Rx, true);
    let some = |b: &mut Bench, n: usize| {
        for _ in 0..n {
            serve(b, Ok(()));
        }
    };
    some(&mut b, 3);
    b.read(CH5 + CNDTR);
    some(&mut b, 3);
    assert_eq!(flags(&mut b, 5), Flags::HTIF | Flags::TCIF | Flags::GIF);
    some(&mut b, 3);
    assert_eq!(
        lapped(&b),
        0,
        "three at a time, CNDTR or a flag looked at in between"
    );
    some(&mut b, 6);
    b.read(CH5 + CNDTR);
    let totals = b.shared.log.dma[&(b.id, 5)];
    assert_eq!(
        (totals.ring, totals.longest_unseen, totals.overwritten),
        (4, 9, 8)
    );
    assert_eq!(lapped(&b), 1);
    // A channel that stops at its end overwrites nothing.
    let mut b = bench();
    ring(&mut b, CH5, Ccr::MINC, 4);
    request(&mut b, "USART1", DmaLine::Rx, true);
    some(&mut b, 6);
    assert_eq!(
        (b.shared.log.dma[&(b.id, 5)].overwritten, lapped(&b)),
        (0, 0)
    );
}

#[test]
fn a_finished_channel_serves_no_more() {
    let mut b = bench();
    ring(&mut b, CH5, Ccr::MINC, 1);
    request(&mut b, "USART1", DmaLine::Rx, true);
    assert!(serve(&mut b, Ok(())).is_some());
    assert_eq!(serve(&mut b, Ok(())), None);
    assert_eq!(b.read(CH5 + CNDTR), 0);
    assert_eq!(b.read(CH5 + CCR) & 1, 1, "EN stays");
    // CNDTR is written again only with EN at 0.
    b.write(CH5 + CNDTR, 5);
    assert_eq!(b.read(CH5 + CNDTR), 0);
}

#[test]
fn enabling_starts_over() {
    let mut b = bench();
    ring(&mut b, CH5, Ccr::MINC, 8);
    request(&mut b, "USART1", DmaLine::Rx, true);
    serve(&mut b, Ok(()));
    serve(&mut b, Ok(()));
    b.write(CH5 + CCR, Ccr::MINC.bits());
    b.write(CH5 + CCR, (Ccr::MINC | Ccr::EN).bits());
    assert_eq!(
        serve(&mut b, Ok(())).map(|beat| beat.to.0),
        Some(0x2000_0000)
    );
    assert_eq!(b.read(CH5 + CNDTR), 5, "six were left");
}

#[test]
fn what_is_frozen_while_enabled_stays() {
    let mut b = bench();
    ring(&mut b, CH5, Ccr::MINC, 8);
    b.write(CH5 + CPAR, 1);
    b.write(CH5 + CMAR, 1);
    b.write(CH5 + CCR, (Ccr::CIRC | Ccr::TCIE | Ccr::EN).bits());
    assert_eq!(b.read(CH5 + CPAR), 0x4001_3824);
    assert_eq!(b.read(CH5 + CMAR), 0x2000_0000);
    assert_eq!(
        b.read(CH5 + CCR),
        (Ccr::MINC | Ccr::TCIE | Ccr::EN).bits(),
        "enables follow, modes do not"
    );
    assert_eq!(b.shared.log.findings[0].rule, "dma-written-while-enabled");
}

#[test]
fn a_bus_error_stops_the_channel() {
    let mut b = bench();
    ring(&mut b, CH5, Ccr::TEIE, 8);
    request(&mut b, "USART1", DmaLine::Rx, true);
    let error = DmaStop::BusError(flashstall_cpu::Addr(0x1000_0000));
    serve(&mut b, Err(error));
    assert_eq!(flags(&mut b, 5), Flags::TEIF | Flags::GIF);
    assert_eq!(b.read(CH5 + CCR) & 1, 0, "EN is cleared");
    assert!(b.shared.irq.is_high(IRQ5));
    assert_eq!(serve(&mut b, Ok(())), None);
}

#[test]
fn the_higher_priority_goes_first() {
    let mut b = bench();
    let memory = |beat: Option<DmaBeat>| beat.map(|beat| beat.to.0);
    for (channel, place, priority) in [(2, 3, 0), (4, 5, 2), (5, 6, 2)] {
        let base = CHANNELS + channel * STRIDE;
        b.write(base + CNDTR, 1);
        b.write(base + CMAR, 0x2000_0000 + place);
        b.write(base + CCR, (priority << 12) | 1);
    }
    // All three are there before the first decision.
    request(&mut b, "USART3", DmaLine::Rx, true);
    request(&mut b, "USART2", DmaLine::Rx, true);
    request(&mut b, "USART1", DmaLine::Rx, true);
    let order: Vec<_> = (0..3).map(|_| memory(serve(&mut b, Ok(())))).collect();
    assert_eq!(order, [5, 6, 3].map(|n| Some(0x2000_0000 + n)));
}

#[test]
fn a_held_access_is_tried_again_at_its_end() {
    let mut b = bench();
    ring(&mut b, CH5, Ccr::empty(), 1);
    request(&mut b, "USART1", DmaLine::Rx, true);
    let until = b.now() + crate::Picos::from_millis(20);
    serve(&mut b, Err(DmaStop::HeldUntil(until)));
    assert_eq!(beats(&b), 1);
    b.run_until(until - crate::Picos(1));
    assert_eq!(beats(&b), 1);
    b.run_until(until);
    assert_eq!(beats(&b), 2);
}

#[test]
fn flags_are_cleared_by_ifcr() {
    let mut b = bench();
    ring(&mut b, CH5, Ccr::empty(), 1);
    request(&mut b, "USART1", DmaLine::Rx, true);
    serve(&mut b, Ok(()));
    assert_eq!(
        flags(&mut b, 5),
        Flags::TCIF | Flags::HTIF | Flags::GIF,
        "one unit is half and all"
    );
    b.write(IFCR, Flags::HTIF.bits() << 16);
    assert_eq!(flags(&mut b, 5), Flags::TCIF | Flags::GIF);
    b.write(IFCR, Flags::GIF.bits() << 16);
    assert_eq!(b.read(ISR), 0);
}

#[test]
fn cselr_chooses_the_request() {
    let mut l4 = spec("DMA1");
    l4.params.insert(
        "requests".into(),
        crate::chip::Param::Text("USART1_RX:5/2 USART2_RX:5/3".into()),
    );
    let mut b = Bench::new(&l4);
    b.reset();
    ring(&mut b, CH5, Ccr::empty(), 9);
    request(&mut b, "USART1", DmaLine::Rx, true);
    assert_eq!(serve(&mut b, Ok(())), None, "request 0 is not wired");
    b.write(CSELR, 2 << 16);
    assert!(serve(&mut b, Ok(())).is_some());
    b.write(CSELR, 3 << 16);
    assert_eq!(serve(&mut b, Ok(())), None);
    assert_eq!(b.device.register_name(CSELR), Some("CSELR"));
}

#[test]
fn a_stopped_clock_stops_it() {
    let mut b = bench();
    ring(&mut b, CH5, Ccr::empty(), 1);
    b.shared.clocked[b.id.0] = false;
    request(&mut b, "USART1", DmaLine::Rx, true);
    assert_eq!(serve(&mut b, Ok(())), None);
    b.shared.clocked[b.id.0] = true;
    b.signal(&Signal::ClocksChanged);
    assert!(serve(&mut b, Ok(())).is_some());
}

#[test]
fn a_reset_stops_everything_but_the_requests() {
    let mut b = bench();
    ring(&mut b, CH5, Ccr::empty(), 4);
    request(&mut b, "USART1", DmaLine::Rx, true);
    b.run_cycles(3);
    b.reset();
    assert_eq!(serve(&mut b, Ok(())), None);
    ring(&mut b, CH5, Ccr::empty(), 4);
    assert!(serve(&mut b, Ok(())).is_some(), "the level is still there");
}

#[test]
fn bad_wiring_is_refused() {
    let all = &crate::chip::Chip::builtin("stm32f303xc")
        .expect("built in")
        .peripherals;
    for bad in [
        "USART1_RX",
        "USART9_RX:5",
        "USART1_XX:5",
        "USART1_RX:8",
        "USART1_RX:0",
        "USART1_RX:5/16",
    ] {
        assert!(Route::parse(bad, 1, 7, all).is_none(), "{bad}");
    }
    assert_eq!(channels_of("CH4_5", 5), Some(vec![3, 4]));
    assert_eq!(channels_of("CH6", 5), None);
    assert_eq!(channels_of("DMA1", 5), None);
}
