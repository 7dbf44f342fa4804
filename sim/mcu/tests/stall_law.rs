//! The law of the stall (design §4), rule by rule, with instructions that a core executes.

mod common;

use common::*;
use flashstall_cpu::{Addr, HoldKind};
use flashstall_mcu::Picos;
use flashstall_mcu::chip::Chip;
use flashstall_mcu::log::Stall;
use flashstall_mcu::machine::{MachineOptions, Stop};

const LIMIT: Picos = Picos::from_millis(500);
const SYST_CSR: u32 = 0xE000_E010;
const VTOR: u32 = 0xE000_ED08;
const RESET: u32 = FLASH + 0x400;
const HANDLER: u32 = FLASH + 0x300;
const RAM_CODE: u32 = SRAM + 0x1000;
const RAM_HANDLER: u32 = SRAM + 0x800;
/// Handlers count here.
const COUNT: u32 = SRAM + 0x2000;

/// r0 = flash registers, unlocked, PER chosen, AR = PAGE, r1 = PER | STRT.
fn prepare_erase(code: &mut Code) -> &mut Code {
    code.poke(KEYR, KEY1)
        .poke(KEYR, KEY2)
        .poke(CR, PER)
        .poke(AR, PAGE);
    code.mov32(0, ACR).mov32(1, PER | STRT)
}

/// STRT, then a wait for the end of BSY in the same place. Clobbers r2, r4.
fn erase_and_wait(code: &mut Code) -> &mut Code {
    prepare_erase(code)
        .mov32(4, BSY)
        .str(1, 0, 0x10)
        .nop(2)
        .while_set(2, 0, 0xC, 4)
}

/// A handler that counts itself in COUNT.
fn handler(at: u32) -> Code {
    let mut code = Code::at(at);
    code.mov32(2, COUNT)
        .ldr(3, 2, 0)
        .op(0x3301)
        .str(3, 2, 0)
        .bx(14);
    code
}

/// Flash code at RESET, RAM code at RAM_CODE, a counting handler in flash and one in RAM.
fn bench(options: MachineOptions, flash: &Code, ram: &Code) -> Bench {
    let mut b = Bench::with(chip(), options);
    vectors(&mut b.machine, FLASH, RESET, HANDLER);
    vectors(&mut b.machine, SRAM, RESET, RAM_HANDLER);
    for code in [flash, ram, &handler(HANDLER), &handler(RAM_HANDLER)] {
        code.load(&mut b.machine);
    }
    b.machine.power_on();
    b
}

fn jump_to_ram() -> Code {
    let mut code = Code::at(RESET);
    code.mov32(0, RAM_CODE | 1).bx(0);
    code
}

fn stalls(b: &Bench, kind: HoldKind) -> Vec<Stall> {
    b.machine
        .log()
        .stalls
        .kept
        .iter()
        .copied()
        .filter(|s| s.kind == kind)
        .collect()
}

fn operation_end(b: &Bench) -> Picos {
    b.machine.log().operations.kept[0].end
}

fn systick(code: &mut Code, cycles: u32) -> &mut Code {
    code.poke(SYST_CSR + 4, cycles - 1)
        .poke(SYST_CSR + 8, 0)
        .poke(SYST_CSR, 7)
}

#[test]
fn a_fetch_from_the_busy_bank_waits_until_the_end() {
    let mut code = Code::at(RESET);
    prepare_erase(&mut code).str(1, 0, 0x10).nop(40).bkpt(1);
    let mut b = bench(options(), &code, &Code::at(RAM_CODE));
    assert!(matches!(b.run(LIMIT), Stop::Bkpt { imm: 1, .. }));
    let fetches = stalls(&b, HoldKind::Fetch);
    assert_eq!(fetches.len(), 1);
    assert_eq!(fetches[0].end, operation_end(&b));
    assert!(fetches[0].end.since(fetches[0].start) > ERASE - Picos::from_micros(3));
    assert_eq!(
        (fetches[0].bank, fetches[0].operation.map(|o| o.0)),
        (1, Some(0))
    );
    assert_eq!((fetches[0].active, fetches[0].entering), (0, None));
    assert_eq!(b.machine.log().stall_totals[&HoldKind::Fetch].count, 1);
}

/// Where the stall begins for code whose STRT lies first in a line, at two wait states.
fn first_held_fetch(options: MachineOptions, prefetch: bool, wait_states: u32) -> (u32, u32) {
    let mut code = Code::at(RESET);
    code.poke(ACR, wait_states | u32::from(prefetch) << 4);
    prepare_erase(&mut code).align8();
    let strt = code.here();
    code.str(1, 0, 0x10).nop(40).bkpt(1);
    let mut b = bench(options, &code, &Code::at(RAM_CODE));
    assert!(matches!(b.run(LIMIT), Stop::Bkpt { .. }));
    (strt, stalls(&b, HoldKind::Fetch)[0].address.0)
}

#[test]
fn lines_in_the_prefetch_buffer_go_on() {
    for wait_states in [0, 2] {
        let (strt, held) = first_held_fetch(options(), true, wait_states);
        assert_eq!(
            held,
            strt + 16,
            "this line and the one behind it, {wait_states} wait states"
        );
        let (strt, held) = first_held_fetch(options(), false, wait_states);
        assert_eq!(held, strt + 8, "this line only, {wait_states} wait states");
    }
    let mut open = options();
    open.open.buffer_hit_while_busy = false;
    let (strt, held) = first_held_fetch(open, true, 2);
    assert_eq!(
        held,
        strt + 2,
        "the other setting of the switch: the next instruction waits"
    );
}

#[test]
fn a_short_loop_in_the_buffer_spins_on() {
    let mut code = Code::at(RESET);
    code.poke(ACR, 0x12);
    prepare_erase(&mut code).mov32(4, BSY).align8();
    // STRT, nop | while_set: the poll loop lies in the line behind STRT's.
    code.str(1, 0, 0x10)
        .nop(3)
        .while_set(2, 0, 0xC, 4)
        .nop(40)
        .bkpt(1);
    let mut b = bench(options(), &code, &Code::at(RAM_CODE));
    assert!(matches!(b.run(LIMIT), Stop::Bkpt { .. }));
    assert_eq!(
        stalls(&b, HoldKind::Fetch).len(),
        0,
        "it polled until BSY fell"
    );
    assert!(b.machine.time() > operation_end(&b));
}

#[test]
fn code_in_ram_polls_without_any_stall() {
    let mut ram = Code::at(RAM_CODE);
    erase_and_wait(&mut ram).bkpt(1);
    let mut b = bench(options(), &jump_to_ram(), &ram);
    assert!(matches!(b.run(LIMIT), Stop::Bkpt { .. }));
    assert!(
        b.machine.log().stalls.kept.is_empty(),
        "reading SR never waits (rule 4)"
    );
    let late = b.machine.time().since(operation_end(&b));
    assert!(late < Picos::from_micros(3), "{late}");
}

#[test]
fn a_data_read_from_ram_code_stops_everything() {
    // A RAM loop that reads one constant from flash, SysTick with table and handler in RAM.
    let mut ram = Code::at(RAM_CODE);
    ram.poke(VTOR, SRAM);
    systick(&mut ram, 8000);
    prepare_erase(&mut ram)
        .mov32(5, PAGE + 0x1000)
        .str(1, 0, 0x10)
        .ldr(6, 5, 0)
        .nop(2)
        .bkpt(1);
    let mut b = bench(options(), &jump_to_ram(), &ram);
    assert!(matches!(b.run(LIMIT), Stop::Bkpt { .. }));
    let data = stalls(&b, HoldKind::Data);
    assert_eq!(data.len(), 1);
    assert_eq!(
        (data[0].address, data[0].end),
        (Addr(PAGE + 0x1000), operation_end(&b))
    );
    let runs = &b.machine.log().runs.kept;
    assert!(
        runs.iter()
            .all(|run| run.entered >= operation_end(&b) || run.entered < data[0].start),
        "rule 7"
    );
    let tick = &b.machine.log().interrupts[&15];
    assert_eq!(tick.taken, 1, "twenty ticks, one pending bit");
    assert!(tick.pended_lost >= 18, "{}", tick.pended_lost);
    assert!(tick.latency.expect("taken").1 > Picos::from_millis(18));
}

#[test]
fn a_vector_fetch_waits_after_stacking() {
    // All code in RAM, the table in flash, its handlers in RAM.
    let mut ram = Code::at(RAM_CODE);
    systick(&mut ram, 8000);
    erase_and_wait(&mut ram).bkpt(1);
    let mut b = bench(options(), &jump_to_ram(), &ram);
    vectors(&mut b.machine, FLASH, RESET, RAM_HANDLER);
    b.machine.power_on();
    assert!(matches!(b.run(LIMIT), Stop::Bkpt { .. }));
    let held = stalls(&b, HoldKind::Vector);
    assert_eq!(held.len(), 1);
    assert_eq!(
        (held[0].entering, held[0].address, held[0].end),
        (Some(15), Addr(15 * 4), operation_end(&b)),
        "VTOR is 0: the alias"
    );
    assert!(stalls(&b, HoldKind::Fetch).is_empty() && stalls(&b, HoldKind::Data).is_empty());
}

#[test]
fn a_handler_in_flash_waits_at_its_first_instruction() {
    // Table in RAM, handler in flash.
    let mut ram = Code::at(RAM_CODE);
    ram.poke(VTOR, SRAM);
    systick(&mut ram, 8000);
    erase_and_wait(&mut ram).bkpt(1);
    let mut b = bench(options(), &jump_to_ram(), &ram);
    vectors(&mut b.machine, SRAM, RESET, HANDLER);
    b.machine.power_on();
    assert!(matches!(b.run(LIMIT), Stop::Bkpt { .. }));
    let held = stalls(&b, HoldKind::Fetch);
    assert_eq!(held.len(), 1);
    assert_eq!(
        (held[0].entering, held[0].address, held[0].end),
        (Some(15), Addr(HANDLER), operation_end(&b))
    );
}

#[test]
fn everything_in_ram_never_waits_and_keeps_every_tick() {
    let mut ram = Code::at(RAM_CODE);
    ram.poke(VTOR, SRAM);
    systick(&mut ram, 8000);
    erase_and_wait(&mut ram).bkpt(1);
    let mut b = bench(options(), &jump_to_ram(), &ram);
    assert!(matches!(b.run(LIMIT), Stop::Bkpt { .. }));
    assert!(b.machine.log().stalls.kept.is_empty());
    let tick = &b.machine.log().interrupts[&15];
    assert!(
        (19..=21).contains(&tick.taken) && tick.pended_lost == 0,
        "{tick:?}"
    );
    assert_eq!(u64::from(b.peek(COUNT)), tick.taken);
    assert!(tick.latency.expect("taken").1 < Picos::from_micros(10));
}

#[test]
fn no_exception_is_entered_while_a_fetch_is_held() {
    let mut code = Code::at(RESET);
    code.poke(VTOR, SRAM);
    systick(&mut code, 8000);
    prepare_erase(&mut code).str(1, 0, 0x10).nop(40).bkpt(1);
    let mut b = bench(options(), &code, &Code::at(RAM_CODE));
    assert!(matches!(b.run(LIMIT), Stop::Bkpt { .. }));
    let held = stalls(&b, HoldKind::Fetch);
    assert_eq!(held.len(), 1);
    for run in &b.machine.log().runs.kept {
        assert!(
            run.entered <= held[0].start || run.entered >= held[0].end,
            "rule 7: {run:?}"
        );
    }
}

#[test]
fn a_second_array_write_waits() {
    let mut ram = Code::at(RAM_CODE);
    ram.poke(KEYR, KEY1).poke(KEYR, KEY2).poke(CR, PG);
    ram.mov32(0, PAGE)
        .mov32(1, 0x1111)
        .strh(1, 0, 0)
        .strh(1, 0, 2)
        .bkpt(1);
    let mut b = bench(options(), &jump_to_ram(), &ram);
    assert!(matches!(b.run(LIMIT), Stop::Bkpt { .. }));
    b.wait_for(PROGRAM);
    assert_eq!(b.peek(PAGE), 0x1111_1111);
    let held = stalls(&b, HoldKind::Data);
    assert_eq!(held.len(), 1);
    assert_eq!(
        (held[0].address, held[0].operation.map(|o| o.0)),
        (Addr(PAGE + 2), Some(0))
    );
    assert_eq!(b.machine.log().operations.kept[1].start, operation_end(&b));
}

#[test]
fn option_bytes_are_held_too() {
    let mut ram = Code::at(RAM_CODE);
    prepare_erase(&mut ram)
        .mov32(5, 0x1FFF_F800)
        .str(1, 0, 0x10)
        .ldr(6, 5, 0)
        .bkpt(1);
    let mut b = bench(options(), &jump_to_ram(), &ram);
    assert!(matches!(b.run(LIMIT), Stop::Bkpt { .. }));
    assert_eq!(stalls(&b, HoldKind::Data).len(), 1);
    assert_eq!(b.machine.cpu().core.r[6], 0x00FF_55AA);
}

#[test]
fn the_other_bank_is_free() {
    let two = Chip::from_toml(&XC.replace("banks = 1", "banks = 2")).expect("two banks");
    let mut ram = Code::at(RAM_CODE);
    prepare_erase(&mut ram)
        .mov32(5, FLASH + 0x2_0000)
        .str(1, 0, 0x10)
        .ldr(6, 5, 0)
        .bkpt(1);
    let mut b = Bench::with(two.into(), options());
    vectors(&mut b.machine, FLASH, RESET, HANDLER);
    jump_to_ram().load(&mut b.machine);
    ram.load(&mut b.machine);
    b.machine.power_on();
    assert!(matches!(b.run(LIMIT), Stop::Bkpt { .. }));
    assert!(b.machine.log().stalls.kept.is_empty());
}

#[test]
fn the_end_moves_with_the_core_clock() {
    // HCLK is halved or doubled in mid-erase: the erase takes its time in seconds, not in cycles.
    const HPRE_2: u32 = 8 << 4;
    for (before, after) in [(0, HPRE_2), (HPRE_2, 0)] {
        let mut ram = Code::at(RAM_CODE);
        ram.poke(0x4002_1004, before);
        prepare_erase(&mut ram).mov32(4, BSY).str(1, 0, 0x10);
        ram.poke(0x4002_1004, after)
            .nop(2)
            .while_set(2, 0, 0xC, 4)
            .bkpt(1);
        // Skipping poll loops would hide a BSY that falls without an event.
        let options = MachineOptions {
            fast_forward: false,
            ..options()
        };
        let mut b = bench(options, &jump_to_ram(), &ram);
        assert!(matches!(b.run(LIMIT), Stop::Bkpt { .. }));
        let operation = &b.machine.log().operations.kept[0];
        assert_eq!(operation.end.since(operation.start), ERASE);
        assert!(b.machine.time() >= operation.end, "BSY fell too early");
        let late = b.machine.time().since(operation.end);
        assert!(late < Picos::from_micros(6), "{late}");
    }
}
