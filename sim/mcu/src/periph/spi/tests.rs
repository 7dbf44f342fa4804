//! One SPI on the bench, with a serial flash on its bus where a test needs one.

use std::sync::Arc;

use flashstall_cpu::Size;

use super::bits::RXCRCR;
use super::*;
use crate::Picos;
use crate::chip::TimingSpec;
use crate::nor::{Nor, NorPart, NorRefusal, NorSocket, NorTiming};
use crate::periph::testbench::Bench;
use crate::periph::{Pin, PinMode};

const PA4: Pin = Pin { port: 0, number: 4 };
/// Master, software NSS.
const MASTER: u32 = 1 << 2 | 1 << 8 | 1 << 9;
const SPE: u32 = 1 << 6;

const RXNE: u32 = 1;
const TXE: u32 = 2;
const MODF: u32 = 1 << 5;
const OVR: u32 = 1 << 6;
const BSY: u32 = 1 << 7;

/// A cycle of the 8 MHz that a part starts with, in picoseconds.
const CYCLE: u64 = 125_000;

fn v1() -> Bench {
    let mut b = Bench::on("stm32f103xb", "SPI1");
    b.reset();
    b
}

fn v2() -> Bench {
    let mut b = Bench::on("stm32f303xc", "SPI1");
    b.reset();
    b
}

fn with_nor(mut b: Bench) -> Bench {
    let part = NorPart::builtin("w25q64jv").expect("built in");
    let timing = NorTiming::from_spec(&part.timing, TimingSpec::typical);
    b.shared.nors.push(NorSocket {
        name: "flash".into(),
        device: Nor::new(part, timing),
        port: b.id,
        cs: Some(PA4),
    });
    b.shared.pins.mode[0][4] = PinMode::Output;
    b.shared.pins.output[0] = 1 << 4;
    b
}

fn cs(b: &mut Bench, low: bool) {
    b.shared.pins.output[0] = if low { 0 } else { 1 << 4 };
    b.signal(&Signal::ChipDrives { pin: PA4, low });
}

fn exchange(b: &mut Bench, byte: u8) -> u8 {
    b.write_byte(DR, byte);
    b.run_cycles(16);
    read_byte(b)
}

fn read_byte(b: &mut Bench) -> u8 {
    let reg = Register {
        offset: DR,
        mask: 0xFF,
        size: Size::Byte,
    };
    let value = b.with_device(|device, cx| device.read(cx, reg));
    value.expect("a register") as u8
}

fn sr(b: &mut Bench) -> u32 {
    b.read(SR) & 0x1FF
}

#[test]
fn reset_values_are_those_of_the_svd() {
    let mut b = v1();
    assert_eq!(
        [CR1, CR2, SR, DR, CRCPR].map(|r| b.read(r)),
        [0, 0, 2, 0, 7]
    );
    let mut b = v2();
    assert_eq!(
        [CR1, CR2, SR, DR, CRCPR].map(|r| b.read(r)),
        [0, 0x700, 2, 0, 7]
    );
    b.write(CR2, 0x1200);
    assert_eq!(b.read(CR2), 0x1700, "frames have at least four bits");
}

#[test]
fn a_frame_takes_its_bits() {
    for (br, bits_halved) in [(0, 8), (2, 32), (7, 1024)] {
        let mut b = v1();
        b.write(CR1, MASTER | SPE | br << 3);
        let start = b.now();
        b.write(DR, 0xA5);
        assert_eq!(sr(&mut b), TXE | BSY);
        // Eight bits are 16 halves of `bits_halved / 8` cycles.
        let half = bits_halved / 8 * CYCLE;
        b.run_until(start + Picos(15 * half - 1));
        assert_eq!(sr(&mut b), TXE | BSY);
        b.run_until(start + Picos(15 * half));
        assert_eq!(sr(&mut b), TXE | BSY | RXNE);
        b.run_until(start + Picos(16 * half));
        assert_eq!(sr(&mut b), TXE | RXNE);
        assert_eq!(b.read(DR), 0xFF, "nothing is connected");
        assert_eq!(sr(&mut b), TXE);
        assert_eq!(b.shared.log.findings[0].rule, "spi-nothing-connected");
    }
}

#[test]
fn frames_follow_without_a_gap() {
    let mut b = v1();
    b.write(CR1, MASTER | SPE);
    b.write(DR, 1);
    b.write(DR, 2);
    assert_eq!(sr(&mut b), BSY, "one on the wire, one waits");
    b.run_cycles(16);
    assert_eq!(sr(&mut b), TXE | BSY | RXNE);
    b.read(DR);
    b.run_cycles(15);
    assert_eq!(
        sr(&mut b),
        TXE | BSY | RXNE,
        "sampled half a bit before its end"
    );
    b.run_cycles(1);
    assert_eq!(sr(&mut b), TXE | RXNE);
}

#[test]
fn a_write_too_many_is_told() {
    let mut b = with_nor(v1());
    b.write(CR1, MASTER | SPE);
    for byte in [1, 2, 3] {
        b.write(DR, byte);
    }
    assert_eq!(b.shared.log.findings[0].rule, "spi-transmit-overwritten");
}

#[test]
fn an_overrun_keeps_the_old_frame() {
    let mut b = with_nor(v1());
    b.write(CR1, MASTER | SPE);
    cs(&mut b, true);
    b.write(DR, 0x9F);
    b.run_cycles(16);
    b.write(DR, 0);
    b.run_cycles(16);
    assert_eq!(sr(&mut b), TXE | RXNE | OVR);
    assert_eq!(sr(&mut b), TXE | RXNE | OVR, "SR alone does not clear it");
    assert_eq!(b.read(DR), 0xFF, "what came with the opcode");
    assert_eq!(sr(&mut b), TXE | OVR);
    assert_eq!(sr(&mut b), TXE);
    assert_eq!(
        exchange(&mut b, 0),
        0x40,
        "the second byte of the id; EFh was lost"
    );
    // Four bytes fit into the FIFO of v2.
    let mut b = with_nor(v2());
    b.write(CR1, MASTER | SPE);
    b.write(CR2, 0x1700);
    for n in 0..5 {
        assert_eq!(sr(&mut b) & OVR, 0, "{n}");
        b.write_byte(DR, 0);
        b.run_cycles(16);
    }
    assert_eq!(sr(&mut b) & OVR, OVR);
}

#[test]
fn a_master_that_is_selected_is_none() {
    let mut b = v1();
    b.write(CR2, 1 << 5);
    b.write(CR1, 1 << 2 | 1 << 9 | SPE);
    assert_eq!(b.read(CR1), 1 << 9);
    assert!(b.shared.irq.is_high(35));
    b.write(CR1, MASTER | SPE);
    assert_eq!(b.read(CR1), 1 << 8 | 1 << 9, "not before SR was read");
    assert_eq!(sr(&mut b), TXE | MODF);
    b.write(CR1, MASTER | SPE);
    assert_eq!(b.read(CR1), MASTER | SPE);
    assert_eq!(sr(&mut b), TXE);
    assert!(!b.shared.irq.is_high(35));
}

#[test]
fn frames_have_the_bits_that_are_set() {
    let mut b = with_nor(v1());
    b.write(CR1, MASTER | SPE | 1 << 11);
    cs(&mut b, true);
    b.write(DR, 0x9F00);
    b.run_cycles(31);
    assert_eq!(sr(&mut b), TXE | RXNE | BSY, "16 bits of two cycles");
    assert_eq!(
        b.read(DR),
        0xFFEF,
        "the opcode, and the first byte of the answer"
    );
    let mut b = with_nor(v2());
    b.write(CR2, 0xB00);
    b.write(CR1, MASTER | SPE);
    cs(&mut b, true);
    b.write_half(DR, 0x9F0);
    b.run_cycles(24);
    assert_eq!(sr(&mut b), TXE | RXNE);
    assert_eq!(b.read(DR), 0xFFE, "12 bits: the opcode and half a byte");
}

#[test]
fn lsb_first() {
    let mut b = with_nor(v1());
    b.write(CR1, MASTER | SPE | 1 << 7);
    cs(&mut b, true);
    exchange(&mut b, 0x9F_u8.reverse_bits());
    assert_eq!(exchange(&mut b, 0), 0xEF_u8.reverse_bits());
}

#[test]
fn receive_only_clocks_by_itself() {
    let mut b = with_nor(v1());
    b.write(CR1, MASTER | SPE);
    cs(&mut b, true);
    exchange(&mut b, 0x9F);
    b.write(CR1, MASTER);
    b.write(CR1, MASTER | SPE | 1 << 10);
    b.run_cycles(16);
    assert_eq!(b.read(DR), 0xEF);
    b.run_cycles(8);
    b.write(CR1, MASTER | 1 << 10);
    b.run_cycles(8);
    assert_eq!(
        (sr(&mut b), b.read(DR)),
        (TXE | RXNE, 0x40),
        "the frame under way is finished"
    );
    b.run_cycles(32);
    assert_eq!(sr(&mut b), TXE, "and no other begins");
}

#[test]
fn one_line_sends_or_receives() {
    let mut b = with_nor(v1());
    b.write(CR1, MASTER | SPE | 1 << 15 | 1 << 14);
    cs(&mut b, true);
    b.write(DR, 0x06);
    b.run_cycles(16);
    assert_eq!(sr(&mut b), TXE, "nothing is received");
    cs(&mut b, false);
    b.write(CR1, MASTER | SPE);
    cs(&mut b, true);
    exchange(&mut b, 0x05);
    assert_eq!(exchange(&mut b, 0), 0x02, "the write enable was heard");
    b.write(CR1, MASTER | SPE | 1 << 15);
    b.run_cycles(16);
    assert_eq!(b.read(DR), 0xFF, "a flash answers on the other line");
}

#[test]
fn switching_off_cuts_the_frame() {
    let mut b = with_nor(v1());
    b.write(CR1, MASTER | SPE);
    cs(&mut b, true);
    b.write(DR, 0x06);
    b.run_cycles(13);
    b.write(CR1, MASTER);
    assert_eq!(sr(&mut b), TXE);
    cs(&mut b, false);
    b.run_cycles(16);
    assert_eq!(sr(&mut b), TXE);
    let ignored = b.shared.nors[0].device.log().ignored.kept[0];
    assert_eq!(
        (ignored.opcode, ignored.why),
        (0x03, NorRefusal::CutShort),
        "seven bits"
    );
}

#[test]
fn interrupts_are_the_or_of_what_is_enabled() {
    let mut b = with_nor(v1());
    b.write(CR1, MASTER | SPE);
    b.write(CR2, 1 << 7);
    assert!(b.shared.irq.is_high(35), "TXE");
    b.write(CR2, 1 << 6);
    assert!(!b.shared.irq.is_high(35));
    b.write(DR, 0);
    b.run_cycles(15);
    assert!(b.shared.irq.is_high(35), "RXNE");
    b.write(CR2, 1 << 5);
    assert!(!b.shared.irq.is_high(35));
    b.write(DR, 0);
    b.run_cycles(32);
    assert!(b.shared.irq.is_high(35), "OVR");
    b.read(DR);
    b.read(SR);
    assert!(!b.shared.irq.is_high(35));
}

#[test]
fn requests_to_dma_follow_the_buffers() {
    let mut b = with_nor(v1());
    b.write(CR1, MASTER | SPE);
    let requests = |b: &mut Bench| -> Vec<(DmaLine, bool)> {
        let sent = std::mem::take(&mut b.sent);
        let level = |signal: &Signal| match signal {
            Signal::DmaRequest { line, high, .. } => Some((*line, *high)),
            _ => None,
        };
        sent.iter().filter_map(level).collect()
    };
    b.write(CR2, 3);
    assert_eq!(requests(&mut b), [(DmaLine::Tx, true)]);
    b.write(DR, 1);
    assert_eq!(requests(&mut b), [], "it went to the shift register");
    b.write(DR, 2);
    assert_eq!(requests(&mut b), [(DmaLine::Tx, false)]);
    b.run_cycles(16);
    assert_eq!(requests(&mut b), [(DmaLine::Rx, true), (DmaLine::Tx, true)]);
    b.read(DR);
    assert_eq!(requests(&mut b), [(DmaLine::Rx, false)]);
}

#[test]
fn a_device_is_selected_by_its_pin() {
    let mut b = with_nor(v1());
    b.write(CR1, MASTER | SPE);
    assert_eq!(exchange(&mut b, 0x9F), 0xFF);
    assert_eq!(exchange(&mut b, 0), 0xFF, "not selected");
    cs(&mut b, true);
    exchange(&mut b, 0x9F);
    assert_eq!([(); 3].map(|()| exchange(&mut b, 0)), [0xEF, 0x40, 0x17]);
    cs(&mut b, false);
    assert_eq!(exchange(&mut b, 0), 0xFF);
    assert!(b.shared.log.findings.is_empty());
}

#[test]
fn a_device_is_selected_by_nss() {
    let mut b = with_nor(v1());
    b.shared.pins.mode[0][4] = PinMode::Alternate(0);
    b.write(CR2, 1 << 2);
    b.write(CR1, 1 << 2);
    assert!(!b.shared.nors[0].device.is_selected());
    b.write(CR1, 1 << 2 | SPE);
    assert!(b.shared.nors[0].device.is_selected());
    exchange(&mut b, 0x06);
    b.write(CR1, 1 << 2);
    assert!(!b.shared.nors[0].device.is_selected());
    b.write(CR1, 1 << 2 | SPE);
    exchange(&mut b, 0x05);
    assert_eq!(exchange(&mut b, 0), 0x02);
}

#[test]
fn chip_select_that_rises_early_cuts_the_byte() {
    let mut b = with_nor(v1());
    b.write(CR1, MASTER | SPE);
    // Firmware that waits for TXE only: the byte is still on the wire.
    cs(&mut b, true);
    b.write(DR, 0x06);
    b.run_cycles(4);
    cs(&mut b, false);
    b.run_cycles(12);
    let refused = |b: &Bench| b.shared.nors[0].device.log().ignored.kept.len();
    assert_eq!(refused(&b), 1);
    b.read(DR);
    // Half a bit before its end all bits have been sampled.
    cs(&mut b, true);
    b.write(DR, 0x06);
    b.run_cycles(15);
    cs(&mut b, false);
    b.run_cycles(1);
    b.read(DR);
    cs(&mut b, true);
    exchange(&mut b, 0x05);
    assert_eq!(exchange(&mut b, 0), 0x02);
    assert_eq!(refused(&b), 1);
}

#[test]
fn a_wrong_clock_mode_is_told() {
    for (mode, works) in [(0, true), (1, false), (2, false), (3, true)] {
        let mut b = with_nor(v1());
        b.write(CR1, MASTER | SPE | mode);
        cs(&mut b, true);
        exchange(&mut b, 0x9F);
        assert_eq!(exchange(&mut b, 0) == 0xEF, works, "mode {mode}");
        let told = b
            .shared
            .log
            .findings
            .iter()
            .any(|f| f.rule == "spi-clock-mode");
        assert_eq!(told, !works);
    }
}

#[test]
fn what_is_left_out_is_told() {
    for (cr1, cr2, i2s) in [
        (SPE, 0, 0),
        (MASTER | SPE | 1 << 13, 0, 0),
        (MASTER | SPE, 1 << 4, 0),
        (MASTER | SPE, 0, 1 << 11),
    ] {
        let mut b = v1();
        let results = [
            b.try_write(CR1, cr1),
            b.try_write(CR2, cr2),
            b.try_write(I2SCFGR, i2s),
        ];
        assert!(
            results.contains(&Err(Refusal::Unmodelled)),
            "{cr1:x} {cr2:x} {i2s:x}"
        );
        assert_eq!(b.shared.log.findings[0].rule, "not-modelled");
    }
    let mut b = v1();
    assert_eq!(b.try_read(RXCRCR), Err(Refusal::Unmodelled));
}

#[test]
fn a_clone_goes_on_by_itself() {
    let mut b = with_nor(v1());
    b.write(CR1, MASTER | SPE);
    cs(&mut b, true);
    exchange(&mut b, 0x9F);
    let mut fork = b.clone();
    assert_eq!(exchange(&mut fork, 0), 0xEF);
    assert_eq!(exchange(&mut fork, 0), 0x40);
    assert_eq!(exchange(&mut b, 0), 0xEF);
    let _ = Arc::new(b);
}
