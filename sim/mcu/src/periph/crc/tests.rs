use super::*;
use crate::periph::testbench::{Bench, spec};

const CHECK: &[u8] = b"123456789";

fn bench() -> Bench {
    Bench::new(&spec("CRC"))
}

/// The CRC of "123456789", byte by byte.
fn check(pol: u32, cr: u32, init: u32) -> u32 {
    let mut b = bench();
    b.write(POL, pol);
    b.write(CR, cr);
    b.write(INIT, init);
    for &byte in CHECK {
        b.write_byte(DR, byte);
    }
    b.read(DR)
}

#[test]
fn check_values_of_the_catalogue() {
    // Greg Cook's catalogue of parametrised CRC algorithms.
    assert_eq!(check(POL_RESET, 0, !0), 0x0376_E6E7, "CRC-32/MPEG-2");
    assert_eq!(
        !check(POL_RESET, 1 << 5 | 1 << 7, !0),
        0xCBF4_3926,
        "CRC-32/ISO-HDLC"
    );
    assert_eq!(check(0x1021, 1 << 3, 0xFFFF), 0x29B1, "CRC-16/IBM-3740");
    assert_eq!(
        check(0x8005, 1 << 3 | 1 << 5 | 1 << 7, 0xFFFF),
        0x4B37,
        "CRC-16/MODBUS"
    );
    assert_eq!(check(0x07, 2 << 3, 0), 0xF4, "CRC-8/SMBUS");
    assert_eq!(check(0x09, 3 << 3, 0), 0x75, "CRC-7/MMC");
}

#[test]
fn a_word_is_its_four_bytes_from_the_top() {
    let (mut words, mut bytes) = (bench(), bench());
    words.write(DR, 0x3132_3334);
    for byte in *b"1234" {
        bytes.write_byte(DR, byte);
    }
    assert_eq!(words.read(DR), bytes.read(DR));
    let mut halves = bench();
    halves.write_half(DR, 0x3132);
    halves.write_half(DR, 0x3334);
    assert_eq!(words.read(DR), halves.read(DR));
}

#[test]
fn reversal_is_by_the_unit_asked_for() {
    let mut crc = Crc::new();
    let mut reversed = |rev_in: u32, data, bits| {
        crc.cr = Cr::from_bits_retain(rev_in << 5);
        crc.reverse_input(data, bits)
    };
    // The manual's example: 0x1A2B3C4D.
    assert_eq!(reversed(1, 0x1A2B_3C4D, 32), 0x58D4_3CB2);
    assert_eq!(reversed(2, 0x1A2B_3C4D, 32), 0xD458_B23C);
    assert_eq!(reversed(3, 0x1A2B_3C4D, 32), 0xB23C_D458);
    assert_eq!(reversed(3, 0x01, 8), 0x80);
}

#[test]
fn init_and_reset_load_the_initial_value() {
    let mut b = bench();
    assert_eq!((b.read(DR), b.read(INIT), b.read(POL)), (!0, !0, POL_RESET));
    b.write(INIT, 0x1234);
    assert_eq!(b.read(DR), 0x1234);
    b.write(DR, 5);
    b.write(IDR, 0x1AB);
    b.write(CR, 1);
    assert_eq!((b.read(DR), b.read(IDR), b.read(CR)), (0x1234, 0xAB, 0));
}
