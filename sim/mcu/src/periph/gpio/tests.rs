use super::*;
use crate::periph::testbench::{Bench, spec};

const PA0: Pin = Pin { port: 0, number: 0 };

fn port_a() -> Bench {
    Bench::new(&spec("GPIOA"))
}

#[test]
fn registers_read_back_what_exists() {
    let mut b = port_a();
    assert_eq!(
        b.read(MODER),
        0xA800_0000,
        "PA13 to PA15 are the debug port"
    );
    for (offset, expected) in [
        (OTYPER, PINS),
        (OSPEEDR, !0),
        (PUPDR, !0),
        (ODR, PINS),
        (AFRL, !0),
        (AFRH, !0),
    ] {
        b.write(offset, !0);
        assert_eq!(b.read(offset), expected, "offset {offset:#x}");
    }
}

#[test]
fn a_bit_that_is_set_and_reset_at_once_is_set() {
    let mut b = port_a();
    b.write(BSRR, 0x0003_0001);
    assert_eq!(b.read(ODR), 1);
    b.write(BRR, 1);
    assert_eq!(b.read(ODR), 0);
}

#[test]
fn idr_follows_board_output_and_pull() {
    let mut b = port_a();
    assert_eq!(b.read(IDR) & 1, 0, "floating");
    b.write(PUPDR, 1);
    assert_eq!(b.read(IDR) & 1, 1, "pulled up");
    b.write(MODER, 1);
    assert_eq!(b.read(IDR) & 1, 0, "an output at 0");
    b.write(ODR, 1);
    assert_eq!(b.read(IDR) & 1, 1);
    b.shared.drive_pin(PA0, false, None);
    assert_eq!(b.read(IDR) & 1, 0, "the board wins");
}

#[test]
fn an_open_drain_one_is_left_to_the_pull() {
    let mut b = port_a();
    b.write(MODER, 1);
    b.write(OTYPER, 1);
    b.write(ODR, 1);
    assert_eq!(b.read(IDR) & 1, 0, "nothing pulls it up");
    b.write(PUPDR, 1);
    assert_eq!(b.read(IDR) & 1, 1);
}

#[test]
fn an_analog_pin_reads_zero() {
    let mut b = port_a();
    b.shared.drive_pin(PA0, true, None);
    assert_eq!(b.read(IDR) & 1, 1);
    b.write(MODER, 3);
    assert_eq!(b.read(IDR) & 1, 0);
    assert_eq!(b.shared.pins.mode(PA0), PinMode::Analog);
}

#[test]
fn a_locked_pin_keeps_its_configuration() {
    let mut b = port_a();
    for value in [LCKK | 1, 1, LCKK | 1] {
        b.write(LCKR, value);
    }
    assert_eq!(b.read(LCKR), LCKK | 1);
    b.write(MODER, 0b0101);
    b.write(AFRL, 0x77);
    assert_eq!(
        (b.read(MODER), b.read(AFRL)),
        (0b0100, 0x70),
        "pin 0 is locked, pin 1 is not"
    );
    b.reset();
    b.write(MODER, 1);
    assert_eq!(b.read(MODER), 1);
}

#[test]
fn a_level_that_the_chip_changes_is_told() {
    let mut b = port_a();
    b.write(PUPDR, 1);
    assert!(b.sent.contains(&Signal::PinChanged {
        pin: PA0,
        high: true,
        unit: None
    }));
}

#[test]
fn the_f4_has_no_brr() {
    let mut b = Bench::on("stm32f429xi", "GPIOA");
    assert_eq!(b.try_write(BRR, 1), Err(Refusal::Unmodelled));
    assert_eq!(b.device.register_name(BRR), None);
}

#[test]
fn ascr_is_on_the_l476_only() {
    let mut b = Bench::on("stm32l476xg", "GPIOC");
    b.reset();
    b.write(ASCR, 0x1_0003);
    assert_eq!(b.read(ASCR), 3);
    b.reset();
    assert_eq!(b.read(ASCR), 0);
    let mut b = Bench::on("stm32l451xe", "GPIOC");
    assert_eq!(b.try_read(ASCR), Err(Refusal::Unmodelled));
    b.reset();
    assert_eq!(b.read(MODER), u32::MAX, "analog");
}
