//! One QUADSPI on the bench with a W25Q64JV on its lines. Without prescaler a clock of the device is a cycle of the bench.

use flashstall_cpu::{FaultKind, Size};

use super::*;
use crate::chip::TimingSpec;
use crate::nor::{Nor, NorPart, NorSocket, NorTiming};
use crate::periph::testbench::Bench;

const READ: u32 = 1 << 26;
const POLLING: u32 = 2 << 26;
const MAPPED: u32 = 3 << 26;

/// IMODE 1 with this instruction.
const fn instruction(opcode: u32) -> u32 {
    1 << 8 | opcode
}

/// ADMODE with 24 bits on so many lines, DMODE likewise (1, 2, 3: four).
const fn address(lines: u32) -> u32 {
    lines << 10 | 2 << 12
}

const fn data(lines: u32) -> u32 {
    lines << 24
}

const fn dummy(clocks: u32) -> u32 {
    clocks << 18
}

/// EBh: address and mode bits and data on four lines, four dummy clocks.
const QUAD_IO: u32 = instruction(0xEB) | address(3) | 3 << 14 | dummy(4) | data(3);

const BUSY: u32 = 1 << 5;
const TCF: u32 = 1 << 1;
const FTF: u32 = 1 << 2;
const SMF: u32 = 1 << 3;
const TOF: u32 = 1 << 4;

fn bench() -> Bench {
    let mut b = Bench::on("stm32l451xe", "QUADSPI");
    b.reset();
    let part = NorPart::builtin("w25q64jv").expect("built in");
    let timing = NorTiming::from_spec(&part.timing, TimingSpec::typical);
    let mut device = Nor::new(part, timing);
    let bytes: Vec<u8> = (0..=255).collect();
    assert!(device.load(0, &bytes));
    b.shared.nors.push(NorSocket {
        name: "flash".into(),
        device,
        port: b.id,
        cs: None,
    });
    b.write(DCR, 22 << 16);
    b.write(CR, 1);
    b
}

fn sr(b: &mut Bench) -> u32 {
    b.read(SR) & 0x3F
}

fn level(b: &mut Bench) -> u32 {
    b.read(SR) >> 8
}

fn dr(b: &mut Bench, size: Size) -> Result<u32, Refusal> {
    let mask = match size {
        Size::Byte => 0xFF,
        Size::Half => 0xFFFF,
        Size::Word => !0,
    };
    let reg = Register {
        offset: DR,
        mask,
        size,
    };
    b.with_device(|device, cx| device.read(cx, reg))
}

fn window(b: &mut Bench, offset: u32) -> Result<u32, Refusal> {
    b.with_device(|device, cx| device.window_read(cx, offset, 4))
}

/// How many cycles a word of the window takes, and the word.
fn timed(b: &mut Bench, offset: u32) -> (u64, u32) {
    let start = b.core.now;
    match window(b, offset) {
        Ok(word) => (0, word),
        Err(Refusal::WaitUntil(at)) => {
            b.run_until(at);
            (
                b.core.now.since(start).0,
                window(b, offset).expect("a word"),
            )
        }
        Err(other) => panic!("{other:?}"),
    }
}

fn command(b: &mut Bench, ccr: u32) {
    b.write(CCR, ccr);
    b.run_cycles(64);
    b.write(FCR, 0x1F);
}

fn erase(b: &mut Bench) {
    command(b, instruction(0x06));
    b.write(CCR, instruction(0x20) | address(1));
    b.write(AR, 0);
    b.run_cycles(32);
    b.write(FCR, 0x1F);
}

#[test]
fn a_command_starts_with_the_last_thing_that_it_needs() {
    let mut b = bench();
    b.write(CCR, instruction(0x06));
    assert_eq!(sr(&mut b), BUSY, "CCR is all that it needs");
    b.run_cycles(7);
    assert_eq!(sr(&mut b), BUSY);
    b.run_cycles(1);
    assert_eq!(sr(&mut b), TCF);
    b.write(FCR, TCF);
    b.write(CCR, instruction(0x02) | address(1) | data(1));
    b.write(DLR, 1);
    b.write(AR, 0x1000);
    assert_eq!(sr(&mut b), FTF, "data is missing");
    b.write_half(DR, 0x5AA5);
    assert_eq!(sr(&mut b) & BUSY, BUSY);
    // A clock of silence behind the write enable, then 48.
    b.run_cycles(49);
    assert_eq!(sr(&mut b) & (BUSY | TCF), TCF);
    let device = &b.shared.nors[0].device;
    assert_eq!(device.log().operations.kept[0].address, 0x1000);
    let later = b.now() + crate::Picos::from_millis(1);
    assert_eq!(device.contents(later, 0x1000, 2), [0xA5, 0x5A]);
    // A status read needs CCR only, an erase its address.
    b.run_until(later);
    b.write(DLR, 0);
    b.write(CCR, READ | instruction(0x05) | data(1));
    b.run_cycles(16);
    assert_eq!(dr(&mut b, Size::Byte), Ok(0));
    b.write(FCR, TCF);
    command(&mut b, instruction(0x06));
    b.write(CCR, instruction(0x20) | address(1));
    assert_eq!(sr(&mut b), 0);
    b.write(AR, 0x2000);
    assert_eq!(sr(&mut b), BUSY);
    b.run_cycles(32);
    assert_eq!(
        b.shared.nors[0].device.log().operations.kept[1].address,
        0x2000
    );
}

#[test]
fn phases_take_their_clocks() {
    for (ccr, clocks) in [
        (instruction(0x03) | address(1) | data(1), 160),
        (instruction(0x0B) | address(1) | dummy(8) | data(1), 168),
        (instruction(0x3B) | address(1) | dummy(8) | data(2), 104),
        (QUAD_IO, 52),
    ] {
        let mut b = bench();
        // A clock of the device is four cycles.
        b.write(CR, 1 | 3 << 24);
        b.write(DLR, 15);
        b.write(CCR, READ | ccr);
        b.write(AR, 0x10);
        b.run_cycles(4 * clocks - 1);
        assert_eq!(sr(&mut b) & TCF, 0, "{ccr:x}");
        b.run_cycles(1);
        assert_eq!(sr(&mut b) & TCF, TCF, "{ccr:x}");
        assert_eq!(dr(&mut b, Size::Word), Ok(0x1312_1110));
    }
}

#[test]
fn chip_select_stays_high_between_commands() {
    let mut b = bench();
    b.write(DCR, 22 << 16 | 3 << 8);
    b.write(CCR, instruction(0x06));
    b.run_cycles(8);
    b.write(FCR, TCF);
    b.write(CCR, instruction(0x04));
    b.run_cycles(11);
    assert_eq!(
        sr(&mut b),
        BUSY,
        "four clocks of silence, eight of the instruction"
    );
    b.run_cycles(1);
    assert_eq!(sr(&mut b), TCF);
}

#[test]
fn the_fifo_and_its_flags() {
    let mut b = bench();
    b.write(CR, 1 | 3 << 8);
    b.write(DLR, 5);
    b.write(CCR, READ | QUAD_IO);
    b.write(AR, 0);
    b.run_cycles(20 + 6);
    assert_eq!((sr(&mut b), level(&mut b)), (BUSY, 3));
    b.run_cycles(2);
    assert_eq!((sr(&mut b), level(&mut b)), (BUSY | FTF, 4));
    b.run_cycles(4);
    assert_eq!((sr(&mut b), level(&mut b)), (BUSY | FTF | TCF, 6));
    assert_eq!(dr(&mut b, Size::Word), Ok(0x0302_0100));
    assert_eq!(
        sr(&mut b),
        BUSY | FTF | TCF,
        "two bytes, and no more will come"
    );
    assert_eq!(dr(&mut b, Size::Half), Ok(0x0504));
    assert_eq!(sr(&mut b), TCF);
    // A long read stops while the FIFO is full, and loses nothing.
    b.write(DLR, 31);
    b.write(AR, 0x20);
    b.run_cycles(1_000);
    assert_eq!(level(&mut b), 16);
    for n in 0..8 {
        let first = 0x20 + 4 * n;
        let expected = u32::from_le_bytes([first, first + 1, first + 2, first + 3]);
        let word = match dr(&mut b, Size::Word) {
            Err(Refusal::WaitUntil(at)) => {
                b.run_until(at);
                dr(&mut b, Size::Word)
            }
            other => other,
        };
        assert_eq!(word, Ok(expected));
    }
}

#[test]
fn dr_waits_for_its_data() {
    let mut b = bench();
    b.write(DLR, 3);
    b.write(CCR, READ | QUAD_IO);
    b.write(AR, 0);
    let start = b.now();
    let hclk = b.shared.clock.hclk();
    assert_eq!(
        dr(&mut b, Size::Byte),
        Err(Refusal::WaitUntil(start + hclk.periods(22)))
    );
    assert_eq!(
        dr(&mut b, Size::Word),
        Err(Refusal::WaitUntil(start + hclk.periods(28)))
    );
    b.run_cycles(28);
    assert_eq!(dr(&mut b, Size::Word), Ok(0x0302_0100));
    assert_eq!(dr(&mut b, Size::Word), Ok(0), "nothing more will come");
    // Sixteen bytes fit into the FIFO, one is on the lines.
    command(&mut b, instruction(0x06));
    b.write(DLR, 31);
    b.write(CCR, instruction(0x02) | address(1) | data(1));
    b.write(AR, 0);
    for _ in 0..4 {
        b.write(DR, 0);
    }
    b.write_byte(DR, 0);
    let reg = Register {
        offset: DR,
        mask: !0,
        size: Size::Word,
    };
    let full = b.with_device(|device, cx| device.write(cx, reg, 0));
    assert!(matches!(full, Err(Refusal::WaitUntil(_))), "{full:?}");
}

#[test]
fn what_is_frozen_while_busy_stays() {
    let mut b = bench();
    b.write(DLR, 7);
    b.write(CCR, READ | QUAD_IO);
    b.write(AR, 0);
    b.write(AR, 0x100);
    b.write(DLR, 99);
    b.write(CCR, instruction(0x06));
    assert_eq!(
        (b.read(AR), b.read(DLR), b.read(CCR)),
        (0, 7, READ | QUAD_IO)
    );
    assert_eq!(b.shared.log.findings[0].rule, "quadspi-written-while-busy");
    // As ST's HAL reads an id: CCR starts it, and AR is written for nothing.
    let mut b = bench();
    b.write(DLR, 2);
    b.write(CCR, READ | instruction(0x9F) | data(1));
    b.write(AR, 0);
    b.run_cycles(32);
    assert_eq!(dr(&mut b, Size::Word), Ok(0x17_40EF));
    assert!(b.shared.log.findings.is_empty());
}

#[test]
fn an_address_behind_the_end_is_an_error() {
    let mut b = bench();
    b.write(CR, 1 | 1 << 16);
    b.write(CCR, READ | QUAD_IO);
    b.write(AR, 0x80_0000);
    assert_eq!(sr(&mut b), 1);
    assert!(b.shared.irq.is_high(71));
    b.write(FCR, 1);
    assert!(!b.shared.irq.is_high(71));
}

#[test]
fn polling_waits_for_the_end_of_an_erase() {
    let mut b = bench();
    erase(&mut b);
    let until = b.shared.nors[0].device.busy_until(b.now()).expect("busy");
    b.write(PSMKR, 1);
    b.write(PSMAR, 0);
    b.write(PIR, 100);
    b.write(CR, 1 | 1 << 22);
    b.write(CCR, POLLING | instruction(0x05) | data(1));
    let start = b.core.now;
    b.run_until(until);
    let polls = b.shared.nors[0].device.log().commands[&0x05];
    assert_eq!(polls, b.core.now.since(start).0.div_ceil(116));
    assert_eq!(sr(&mut b) & (BUSY | SMF), BUSY);
    // An interval of 100 clocks and a poll of 16.
    b.run_cycles(116 + 16);
    assert_eq!(sr(&mut b) & (BUSY | SMF), SMF, "APMS stops it");
    assert_eq!(dr(&mut b, Size::Byte), Ok(0));
    // Any of the masked bits: WEL or BUSY.
    command(&mut b, instruction(0x06));
    b.write(PSMKR, 3);
    b.write(PSMAR, 3);
    b.write(CR, 1 | 1 << 22 | 1 << 23);
    b.write(CCR, POLLING | instruction(0x05) | data(1));
    b.run_cycles(16);
    assert_eq!(sr(&mut b) & (BUSY | SMF), SMF);
}

#[test]
fn a_status_that_nobody_read_is_forgotten() {
    let mut b = bench();
    b.write(PSMKR, 1);
    b.write(CR, 1 | 1 << 22);
    b.write(CCR, POLLING | instruction(0x05) | data(1));
    b.run_cycles(100);
    assert_eq!(level(&mut b), 1);
    b.write(CCR, MAPPED | QUAD_IO);
    assert_eq!(timed(&mut b, 0x10), (28, 0x1312_1110));
}

#[test]
fn a_mapped_read_takes_its_phases_once() {
    let mut b = bench();
    b.write(CCR, MAPPED | QUAD_IO);
    assert_eq!(sr(&mut b), 0);
    assert_eq!(timed(&mut b, 0x10), (8 + 6 + 2 + 4 + 8, 0x1312_1110));
    assert_eq!(sr(&mut b), BUSY);
    assert_eq!(timed(&mut b, 0x14), (8, 0x1716_1514), "in sequence");
    let jump = 1 + 8 + 6 + 2 + 4 + 8;
    assert_eq!(
        timed(&mut b, 0x40),
        (jump, 0x4342_4140),
        "CSHT, and all phases again"
    );
    assert_eq!(
        timed(&mut b, 0x40),
        (jump, 0x4342_4140),
        "the FIFO does not go back"
    );
    // 03h on one line.
    let mut b = bench();
    b.write(CCR, MAPPED | instruction(0x03) | address(1) | data(1));
    assert_eq!(timed(&mut b, 0x10), (8 + 24 + 32, 0x1312_1110));
}

#[test]
fn the_fifo_fills_behind_the_last_access() {
    let mut b = bench();
    b.write(CCR, MAPPED | QUAD_IO);
    timed(&mut b, 0);
    b.run_cycles(1_000);
    for n in 1..5 {
        assert_eq!(timed(&mut b, 4 * n).0, 0, "fetched ahead");
    }
    // The clock stood while the FIFO was full, and went on with the first word that was taken, just now.
    assert_eq!(timed(&mut b, 20), (8, 0x1716_1514));
    b.run_cycles(16);
    assert_eq!((timed(&mut b, 24).0, timed(&mut b, 28).0), (0, 0));
}

#[test]
fn sioo_leaves_the_instruction_out() {
    let mut b = bench();
    // Mode bits A0h: the device goes on without an opcode.
    b.write(ABR, 0xA0);
    b.write(CCR, MAPPED | QUAD_IO | 1 << 28);
    assert_eq!(timed(&mut b, 0x10), (8 + 6 + 2 + 4 + 8, 0x1312_1110));
    assert_eq!(timed(&mut b, 0x40), (1 + 6 + 2 + 4 + 8, 0x4342_4140));
}

#[test]
fn busy_ends_with_the_time_out() {
    let mut b = bench();
    b.write(CR, 1 | 1 << 3 | 1 << 20);
    b.write(LPTR, 50);
    b.write(CCR, MAPPED | QUAD_IO);
    timed(&mut b, 0);
    // Sixteen bytes fill the FIFO in 32 clocks; then the counter runs.
    b.run_cycles(32 + 49);
    assert_eq!(sr(&mut b), BUSY);
    b.run_cycles(1);
    assert_eq!(sr(&mut b), TOF);
    assert!(b.shared.irq.is_high(71));
    assert!(!b.shared.nors[0].device.is_selected());
    b.run_cycles(10);
    assert_eq!(timed(&mut b, 4).0, 28, "it begins anew");
}

#[test]
fn the_window_refuses_what_is_not_mapped() {
    let refused = Err(Refusal::Fault(FaultKind::Refused));
    let mut b = bench();
    assert_eq!(window(&mut b, 0), refused, "indirect mode");
    assert_eq!(b.shared.log.findings[0].rule, "quadspi-window-not-mapped");
    b.write(CCR, MAPPED | QUAD_IO);
    assert_eq!(window(&mut b, 0x80_0000), refused, "behind FSIZE");
    assert!(matches!(
        window(&mut b, 0x7F_FFFC),
        Err(Refusal::WaitUntil(_))
    ));
    b.write(CR, 0);
    assert_eq!(window(&mut b, 0), refused, "switched off");
    b.write(CR, 1);
    assert!(matches!(window(&mut b, 0), Err(Refusal::WaitUntil(_))));
}

#[test]
fn abort_ends_everything() {
    let mut b = bench();
    b.write(CCR, MAPPED | QUAD_IO);
    timed(&mut b, 0);
    b.write(CCR, instruction(0x06));
    assert_eq!(b.read(CCR), MAPPED | QUAD_IO, "frozen");
    b.write(CR, 3);
    assert_eq!((sr(&mut b), b.read(CR)), (TCF, 1));
    assert!(!b.shared.nors[0].device.is_selected());
    b.write(FCR, TCF);
    b.write(DLR, 63);
    b.write(CCR, READ | QUAD_IO);
    b.write(AR, 0);
    b.run_cycles(30);
    b.write(CR, 3);
    assert_eq!((sr(&mut b), level(&mut b)), (TCF, 0));
    b.run_cycles(200);
    assert_eq!(level(&mut b), 0);
}

#[test]
fn interrupts_follow_their_flags() {
    let mut b = bench();
    b.write(CR, 1 | 1 << 17);
    b.write(CCR, instruction(0x06));
    assert!(!b.shared.irq.is_high(71));
    b.run_cycles(8);
    assert!(b.shared.irq.is_high(71), "TC");
    b.write(FCR, TCF);
    assert!(!b.shared.irq.is_high(71));
    b.write(CR, 1 | 1 << 18);
    b.write(DLR, 0);
    b.write(CCR, READ | instruction(0x05) | data(1));
    b.run_cycles(17);
    assert!(b.shared.irq.is_high(71), "FT");
    assert_eq!(dr(&mut b, Size::Byte), Ok(2));
    assert!(!b.shared.irq.is_high(71));
}

#[test]
fn dma_is_asked_as_long_as_the_threshold_is_met() {
    let mut b = bench();
    let levels = |b: &mut Bench| -> Vec<bool> {
        let sent = std::mem::take(&mut b.sent);
        let level = |signal: &Signal| match signal {
            Signal::DmaRequest { high, .. } => Some(*high),
            _ => None,
        };
        sent.iter().filter_map(level).collect()
    };
    b.write(CR, 1 | 1 << 2 | 3 << 8);
    b.write(DLR, 7);
    b.write(CCR, READ | QUAD_IO);
    b.write(AR, 0);
    b.run_cycles(27);
    assert_eq!(levels(&mut b), [] as [bool; 0]);
    b.run_cycles(1);
    assert_eq!(levels(&mut b), [true], "four bytes");
    assert_eq!(dr(&mut b, Size::Word), Ok(0x0302_0100));
    assert_eq!(levels(&mut b), [false]);
    b.run_cycles(8);
    assert_eq!(levels(&mut b), [true]);
    assert_eq!(dr(&mut b, Size::Word), Ok(0x0706_0504));
    assert_eq!(levels(&mut b), [false]);
}

#[test]
fn what_is_left_out_is_told() {
    for (cr, ccr) in [(1 | 1 << 6, 0), (1, 1 << 31)] {
        let mut b = bench();
        let results = [b.try_write(CR, cr), b.try_write(CCR, ccr)];
        assert!(
            results.contains(&Err(Refusal::Unmodelled)),
            "{cr:x} {ccr:x}"
        );
        assert_eq!(b.shared.log.findings[0].rule, "not-modelled");
    }
}
