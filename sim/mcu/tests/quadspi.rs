//! Code and data in a serial flash behind the QUADSPI of an L451, which runs at the 4 MHz of its MSI.

mod common;

use std::sync::Arc;

use common::{Bench, Code, FLASH, SRAM, options, vectors};
use flashstall_cpu::{Abort, FaultKind, HoldKind, Size};
use flashstall_mcu::chip::{Chip, TimingSpec};
use flashstall_mcu::machine::{
    AttachError, BoardNor, FlashTiming, Machine, MachineOptions, NativeEngine, Stop,
};
use flashstall_mcu::nor::{NorPart, NorRefusal, NorTiming};
use flashstall_mcu::periph::Pin;
use flashstall_mcu::{Hertz, Picos};

const RCC_AHB3ENR: u32 = 0x4002_1050;
const REGS: u32 = 0xA000_1000;
const CR: u32 = REGS;
const DCR: u32 = REGS + 0x04;
const CCR: u32 = REGS + 0x14;
const AR: u32 = REGS + 0x18;
const WINDOW: u32 = 0x9000_0000;

/// Memory-mapped, EBh on four lines with mode bits and four dummy clocks.
const MAPPED: u32 = 0x0F00_0000 | 4 << 18 | 3 << 14 | 2 << 12 | 3 << 10 | 1 << 8 | 0xEB;
const FSIZE_8M: u32 = 22 << 16;

fn board(image: &Code) -> BoardNor {
    let part = NorPart::builtin("w25q64jv").expect("built in");
    BoardNor {
        name: "flash".into(),
        timing: NorTiming::from_spec(&part.timing, TimingSpec::typical),
        part,
        port: "QUADSPI".into(),
        cs: None,
        images: vec![(0, image.bytes().into())],
    }
}

fn unpowered() -> Machine {
    let chip = Chip::builtin("stm32l451xe").expect("built in");
    let timing = FlashTiming::from_spec(&chip.flash.timing, |t| t.max);
    let options = MachineOptions {
        timing,
        ..options()
    };
    Machine::new(chip, options).expect("a machine")
}

/// `main` runs in internal flash from reset on; faults end in `bkpt 2`. `image` is in the serial flash.
fn machine(main: &Code, image: &Code) -> Machine {
    let mut m = unpowered();
    m.attach_nor(board(image)).expect("a place for it");
    vectors(&mut m, FLASH, main.at, FLASH + 0x1000);
    main.load(&mut m);
    Code::at(FLASH + 0x1000).bkpt(2).load(&mut m);
    m.power_on();
    m
}

fn main_code() -> Code {
    let mut code = Code::at(FLASH + 0x400);
    code.poke(RCC_AHB3ENR, 1 << 8).poke(DCR, FSIZE_8M);
    code
}

fn run(m: &mut Machine) -> Stop {
    m.run_until(&mut NativeEngine, Picos::from_millis(100))
}

/// BLX rm
const fn blx(rm: u16) -> u16 {
    0x4780 | rm << 3
}

#[test]
fn code_runs_from_the_window() {
    let mut image = Code::at(WINDOW);
    // r0 = 5 + 2, to SRAM; 4 + 2 + 8 + 2 + 2 bytes of code, in words of two instructions.
    image
        .op(0x2005)
        .op(0x3002)
        .mov32(2, SRAM)
        .str(0, 2, 0)
        .bkpt(1);
    let cycle = Hertz::new(4_000_000);
    for prescaler in [0u32, 3] {
        let mut main = main_code();
        main.poke(CR, 1 | prescaler << 24).poke(CCR, MAPPED);
        main.mov32(4, WINDOW | 1).bx(4);
        let mut m = machine(&main, &image);
        assert_eq!(
            run(&mut m),
            Stop::Bkpt {
                imm: 1,
                pc: flashstall_cpu::Addr(WINDOW + 14)
            }
        );
        let mut word = [0; 4];
        assert!(m.peek(flashstall_cpu::Addr(SRAM), &mut word));
        assert_eq!(word, [7, 0, 0, 0]);
        let waits = m.log().device_waits[&HoldKind::Fetch];
        // The first word: 8 + 6 + 2 + 4 clocks and 8 of data, each of so many cycles. Four words of code.
        let clock = u64::from(prescaler) + 1;
        assert_eq!(waits.longest, cycle.periods(28 * clock));
        assert_eq!(waits.count, 4);
        assert!(waits.total > waits.longest + cycle.periods(3 * (8 * clock - 7)));
        assert!(m.log().stalls.kept.is_empty(), "the flash stalls nobody");
        assert!(m.log().findings.is_empty(), "{:?}", m.log().findings);
    }
}

#[test]
fn a_constant_in_the_window_costs_its_clocks() {
    let mut image = Code::at(WINDOW);
    image.op(0x3412).op(0x7856);
    let mut main = main_code();
    main.poke(CR, 1).poke(CCR, MAPPED);
    main.mov32(4, WINDOW)
        .ldr(0, 4, 0)
        .mov32(2, SRAM)
        .str(0, 2, 0)
        .bkpt(1);
    let mut m = machine(&main, &image);
    assert!(matches!(run(&mut m), Stop::Bkpt { imm: 1, .. }));
    let mut word = [0; 4];
    assert!(m.peek(flashstall_cpu::Addr(SRAM), &mut word));
    assert_eq!(u32::from_le_bytes(word), 0x7856_3412);
    let waits = m.log().device_waits[&HoldKind::Data];
    assert_eq!(
        (waits.count, waits.total),
        (1, Hertz::new(4_000_000).periods(28))
    );
}

#[test]
fn code_from_a_busy_device_is_garbage() {
    let mut image = Code::at(WINDOW);
    // adds r0, #1; bx lr
    image.op(0x3001).op(0x4770);
    let mut main = main_code();
    main.poke(CR, 1).poke(CCR, MAPPED);
    main.mov32(4, WINDOW | 1).op(blx(4));
    // Out of the mapping; write enable; erase of another sector; no wait for BUSY of the device.
    main.poke(CR, 3).poke(CCR, 1 << 8 | 0x06).nop(40);
    main.poke(CCR, 2 << 12 | 1 << 10 | 1 << 8 | 0x20)
        .poke(AR, 0x1_0000)
        .nop(80);
    main.poke(CCR, MAPPED);
    main.op(blx(4)).bkpt(1);
    let mut m = machine(&main, &image);
    assert!(matches!(run(&mut m), Stop::Bkpt { imm: 2, .. }), "a fault");
    let device = &m.nors()[0].device;
    assert_eq!(device.log().operations.kept.len(), 1);
    let refused = device.log().ignored.kept[0];
    assert_eq!(refused.opcode, 0xEB);
    assert!(matches!(refused.why, NorRefusal::Busy { .. }));
    // The same with a wait for the end of the erase goes well: 45 ms are 180 000 cycles.
    let mut main = main_code();
    main.poke(CR, 1).poke(CCR, MAPPED);
    main.mov32(4, WINDOW | 1).op(blx(4));
    main.poke(CR, 3).poke(CCR, 1 << 8 | 0x06).nop(40);
    main.poke(CCR, 2 << 12 | 1 << 10 | 1 << 8 | 0x20)
        .poke(AR, 0x1_0000);
    // r5 = 70 000; subs r5, #1; bne
    main.mov32(5, 70_000).op(0x3D01).op(0xD1FD);
    main.poke(CCR, MAPPED);
    main.op(blx(4)).bkpt(1);
    let mut m = machine(&main, &image);
    assert!(matches!(run(&mut m), Stop::Bkpt { imm: 1, .. }));
    assert!(m.nors()[0].device.log().ignored.kept.is_empty());
}

#[test]
fn the_window_is_a_bus_error_unless_mapped() {
    let image = Code::at(WINDOW);
    let mut main = main_code();
    main.poke(CR, 1).mov32(4, WINDOW).ldr(0, 4, 0).bkpt(1);
    let mut m = machine(&main, &image);
    assert!(matches!(run(&mut m), Stop::Bkpt { imm: 2, .. }));
    let finding = &m.log().findings[0];
    assert_eq!(finding.rule, "quadspi-window-not-mapped");
    let mut b = Bench { machine: m };
    let refused = Err(Abort::Fault(FaultKind::Refused));
    assert_eq!(b.try_write(WINDOW, Size::Word, 0), refused);
    // A jump to it faults as well.
    let mut main = main_code();
    main.poke(CR, 1).mov32(4, WINDOW | 1).bx(4);
    let mut m = machine(&main, &image);
    assert!(matches!(run(&mut m), Stop::Bkpt { imm: 2, .. }));
}

#[test]
fn a_vector_table_in_the_window_costs_its_clocks_and_is_gone_with_the_mapping() {
    // SP, reset and the exceptions up to SVCall, all of which lead to a bkpt 3 in internal flash.
    const HANDLER: u32 = FLASH + 0x1100;
    let mut image = Code::at(WINDOW);
    for _ in 0..16 {
        image.op((HANDLER | 1) as u16).op((HANDLER >> 16) as u16);
    }
    for (mapped, expected) in [(true, 3), (false, 0)] {
        let mut main = main_code();
        main.poke(CR, 1);
        if mapped {
            main.poke(CCR, MAPPED);
        }
        // VTOR, then svc 0.
        main.poke(0xE000_ED08, WINDOW).op(0xDF00).bkpt(1);
        let mut m = unpowered();
        m.attach_nor(board(&image)).expect("a place for it");
        vectors(&mut m, FLASH, main.at, FLASH + 0x1000);
        main.load(&mut m);
        Code::at(HANDLER).bkpt(3).load(&mut m);
        m.power_on();
        match run(&mut m) {
            Stop::Bkpt { imm, .. } => assert_eq!(imm, expected),
            // The vector of the HardFault is in the window as well.
            Stop::Lockup { .. } => assert!(!mapped),
            other => panic!("{other:?}"),
        }
        let waits = m.log().device_waits.get(&HoldKind::Vector).copied();
        let one = waits.map(|w| (w.count, w.total));
        let clocks = Hertz::new(4_000_000).periods(28);
        assert_eq!(one, mapped.then_some((1, clocks)));
    }
}

#[test]
fn dma_reads_the_device() {
    const DMA1: u32 = 0x4002_0000;
    let mut image = Code::at(WINDOW);
    for n in 0..16 {
        image.op(0x1111 * n);
    }
    let mut main = main_code();
    // Channel 5, request 5: 8 words from DR to SRAM.
    main.poke(0x4002_1048, 1).poke(DMA1 + 0xA8, 5 << 16);
    main.poke(DMA1 + 0x5C, 8)
        .poke(DMA1 + 0x60, REGS + 0x20)
        .poke(DMA1 + 0x64, SRAM);
    main.poke(DMA1 + 0x58, 1 | 1 << 7 | 2 << 8 | 2 << 10);
    // A threshold of four bytes; 32 bytes.
    main.poke(CR, 1 | 1 << 2 | 3 << 8).poke(REGS + 0x10, 31);
    main.poke(CCR, MAPPED & !(2 << 26))
        .poke(AR, 0)
        .nop(200)
        .bkpt(1);
    let mut m = machine(&main, &image);
    assert!(matches!(run(&mut m), Stop::Bkpt { imm: 1, .. }));
    let mut there = [0; 32];
    assert!(m.peek(flashstall_cpu::Addr(SRAM), &mut there));
    assert_eq!(there.to_vec(), image.bytes());
}

#[test]
fn a_clone_goes_on_in_the_middle_of_a_fetch() {
    let mut image = Code::at(WINDOW);
    image.op(0x2005).nop(31).mov32(2, SRAM).str(0, 2, 0).bkpt(1);
    let mut main = main_code();
    main.poke(CR, 1 | 7 << 24).poke(CCR, MAPPED);
    main.mov32(4, WINDOW | 1).bx(4);
    let mut m = machine(&main, &image);
    let stop = m.run_until(&mut NativeEngine, Picos::from_micros(150));
    assert_eq!(stop, Stop::TimeLimit);
    let mut fork = m.clone();
    assert_eq!(run(&mut m), run(&mut fork));
    assert_eq!(m.time(), fork.time());
    assert_eq!(m.log().device_waits, fork.log().device_waits);
}

#[test]
fn a_quadspi_has_its_own_chip_select_and_an_spi_has_not() {
    let image = Code::at(WINDOW);
    let mut m = unpowered();
    let pa4 = Some(Pin { port: 0, number: 4 });
    let with = |port: &str, cs| BoardNor {
        port: port.into(),
        cs,
        ..board(&image)
    };
    let select = |result| matches!(result, Err(AttachError::ChipSelect { .. }));
    assert!(select(m.attach_nor(with("QUADSPI", pa4))));
    assert!(select(m.attach_nor(with("SPI1", None))));
    assert!(matches!(
        m.attach_nor(with("USART1", pa4)),
        Err(AttachError::NotASpi { .. })
    ));
    assert!(m.attach_nor(with("QUADSPI", None)).is_ok());
    assert!(matches!(
        m.attach_nor(with("QUADSPI", None)),
        Err(AttachError::ChipSelectTaken { .. })
    ));
    assert!(m.attach_nor(with("SPI1", pa4)).is_ok());
    let _ = Arc::new(m);
}
