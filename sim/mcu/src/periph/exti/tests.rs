use super::*;
use crate::periph::testbench::{Bench, spec};

const PB12: Pin = Pin {
    port: 1,
    number: 12,
};
const PC12: Pin = Pin {
    port: 2,
    number: 12,
};
const LINE12: u32 = 1 << 12;
const EXTI15_10: u16 = 40;

/// Line 12 from PB12, rising, unmasked; one wire in the log.
fn bench() -> Bench {
    let mut b = Bench::new(&spec("EXTI"));
    b.open_wire("clock");
    b.shared.exti_port[12] = 1;
    b.shared.pins.mode = [[PinMode::Input; 16]; crate::periph::PORTS];
    b.write(RTSR1, LINE12);
    b.write(IMR1, LINE12);
    b
}

fn rise(b: &mut Bench, pin: Pin) -> u32 {
    let unit = b.unit(1);
    b.signal(&Signal::PinChanged {
        pin,
        high: true,
        unit: Some((WireId(0), unit)),
    });
    unit
}

#[test]
fn an_edge_is_delivered_when_its_handler_clears_the_flag() {
    let mut b = bench();
    let unit = rise(&mut b, PB12);
    assert_eq!(b.fate(unit), Fate::Waiting);
    assert_eq!(b.read(PR1), LINE12);
    assert!(b.shared.irq.is_high(EXTI15_10));
    b.core.exception = EXTI15_10 + 16;
    b.write(PR1, LINE12);
    assert_eq!(b.fate(unit), Fate::Delivered);
    assert!(!b.shared.irq.is_high(EXTI15_10));
}

#[test]
fn an_edge_while_the_flag_is_set_is_merged() {
    let mut b = bench();
    let first = rise(&mut b, PB12);
    let second = rise(&mut b, PB12);
    assert_eq!(
        (b.fate(first), b.fate(second)),
        (Fate::Waiting, Fate::Merged)
    );
    assert_eq!(b.shared.log.wires[0].units[1].blocked_by, Some(first));
    assert_eq!(b.shared.log.interrupts[&56].pended_lost, 1);
}

#[test]
fn a_masked_edge_is_pending_and_interrupts_once_unmasked() {
    let mut b = bench();
    b.write(IMR1, 0);
    let unit = rise(&mut b, PB12);
    assert!(!b.shared.irq.is_high(EXTI15_10));
    b.write(IMR1, LINE12);
    assert!(b.shared.irq.is_high(EXTI15_10));
    b.write(IMR1, 0);
    assert_eq!(b.read(PR1), LINE12);
    b.write(PR1, LINE12);
    assert_eq!(b.fate(unit), Fate::Delivered, "polled");
}

#[test]
fn a_flag_that_is_wiped_by_other_code_is_flushed() {
    let mut b = bench();
    let unit = rise(&mut b, PB12);
    b.write(PR1, LINE12);
    assert_eq!(b.fate(unit), Fate::Flushed);
}

#[test]
fn only_the_port_that_is_routed_is_heard() {
    let mut b = bench();
    let unit = rise(&mut b, PC12);
    assert_eq!(b.fate(unit), Fate::NotListening);
    b.shared.exti_port[12] = 2;
    let unit = rise(&mut b, PC12);
    assert_eq!(b.fate(unit), Fate::Waiting);
}

#[test]
fn edges_that_no_trigger_selects_and_analog_pins_are_not_heard() {
    let mut b = bench();
    let falling = b.unit(0);
    b.signal(&Signal::PinChanged {
        pin: PB12,
        high: false,
        unit: Some((WireId(0), falling)),
    });
    b.shared.pins.mode[1][12] = PinMode::Analog;
    let analog = rise(&mut b, PB12);
    assert_eq!(
        (b.fate(falling), b.fate(analog)),
        (Fate::NotListening, Fate::NotListening)
    );
    assert_eq!(b.read(PR1), 0);
}

#[test]
fn lines_that_share_an_interrupt_keep_it_high() {
    let mut b = bench();
    b.write(IMR1, LINE12 | 1 << 10);
    b.write(SWIER1, LINE12 | 1 << 10);
    assert_eq!(b.read(PR1), LINE12 | 1 << 10);
    b.write(PR1, LINE12);
    assert!(b.shared.irq.is_high(EXTI15_10), "line 10 is still pending");
    b.write(PR1, 1 << 10);
    assert!(!b.shared.irq.is_high(EXTI15_10));
    assert_eq!(b.read(SWIER1), 0);
}

#[test]
fn a_software_interrupt_needs_the_mask_open() {
    let mut b = bench();
    b.write(SWIER1, 1);
    assert_eq!(b.read(PR1), 0);
    b.write(SWIER1, LINE12);
    assert_eq!(b.read(PR1), LINE12);
}

#[test]
fn direct_lines_have_neither_trigger_nor_pending_bit() {
    let mut b = Bench::new(&spec("EXTI"));
    assert_eq!(
        (b.read(IMR1), b.read(BANK + IMR1)),
        (0x1F80_0000, 0xFFFF_FFFC)
    );
    b.write(RTSR1, !0);
    b.write(BANK + FTSR1, !0);
    assert_eq!((b.read(RTSR1), b.read(BANK + FTSR1)), (0xE07F_FFFF, 3));
}

#[test]
fn a_reset_loses_what_was_pending() {
    let mut b = bench();
    let unit = rise(&mut b, PB12);
    b.reset();
    assert_eq!(b.fate(unit), Fate::Reset);
    assert!(!b.shared.irq.is_high(EXTI15_10));
}

#[test]
fn the_f1_has_one_bank_of_lines() {
    let mut b = Bench::on("stm32f103xb", "EXTI");
    b.reset();
    assert_eq!(b.read(IMR1), 0);
    for offset in [IMR1, RTSR1, FTSR1] {
        b.write(offset, !0);
        assert_eq!(b.read(offset), 0x7_FFFF, "lines 0 to 18");
    }
    assert_eq!(b.try_read(BANK + IMR1), Err(Refusal::Unmodelled));
    b.write(SWIER1, 1 << 18);
    assert!(b.shared.irq.is_high(42), "USB wake-up");
}

#[test]
fn the_l4_has_its_second_bank_at_0x20() {
    let mut b = Bench::on("stm32l451xe", "EXTI");
    b.reset();
    assert_eq!(
        (b.read(IMR1), b.read(BANK_L4 + IMR1)),
        (0xFF82_0000, 0xFFFF_FF87)
    );
    assert_eq!(b.try_read(BANK), Err(Refusal::Unmodelled));
    assert_eq!(b.device.register_name(BANK), None);
    assert_eq!(b.device.register_name(BANK_L4 + PR1), Some("PR2"));
    b.write(RTSR1, !0);
    b.write(BANK_L4 + RTSR1, !0);
    assert_eq!(
        (b.read(RTSR1), b.read(BANK_L4 + RTSR1)),
        (0x007D_FFFF, 0x78)
    );
    b.write(BANK_L4 + IMR1, !0);
    b.write(BANK_L4 + SWIER1, 1 << 3);
    assert_eq!(b.read(BANK_L4 + PR1), 1 << 3, "line 35");
    b.write(BANK_L4 + PR1, 1 << 3);
    assert_eq!(b.read(BANK_L4 + PR1), 0);
}
