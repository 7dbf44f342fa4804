//! A chip on the bench: registers are written by hand, or by a few instructions of Thumb code.
#![allow(dead_code, reason = "each test file uses its part of it")]

pub mod elf;
pub mod f4;

use std::sync::Arc;

use flashstall_cpu::{Abort, Addr, Bus, Cycles, Size};
use flashstall_mcu::chip::Chip;
use flashstall_mcu::machine::{
    FlashTiming, Machine, MachineOptions, NativeEngine, OpenBehaviours, Stop,
};
use flashstall_mcu::{Hertz, Picos};

pub const FLASH: u32 = 0x0800_0000;
pub const SRAM: u32 = 0x2000_0000;
/// A page behind all code of these tests.
pub const PAGE: u32 = 0x0800_8000;

pub const ACR: u32 = 0x4002_2000;
pub const KEYR: u32 = 0x4002_2004;
pub const OPTKEYR: u32 = 0x4002_2008;
pub const SR: u32 = 0x4002_200C;
pub const CR: u32 = 0x4002_2010;
pub const AR: u32 = 0x4002_2014;
pub const OBR: u32 = 0x4002_201C;
pub const WRPR: u32 = 0x4002_2020;
pub const KEY1: u32 = 0x4567_0123;
pub const KEY2: u32 = 0xCDEF_89AB;

pub const BSY: u32 = 1;
pub const PGERR: u32 = 1 << 2;
pub const WRPRTERR: u32 = 1 << 4;
pub const EOP: u32 = 1 << 5;
pub const PG: u32 = 1;
pub const PER: u32 = 1 << 1;
pub const MER: u32 = 1 << 2;
pub const OPTPG: u32 = 1 << 4;
pub const OPTER: u32 = 1 << 5;
pub const STRT: u32 = 1 << 6;
pub const LOCK: u32 = 1 << 7;
pub const OPTWRE: u32 = 1 << 9;
pub const ERRIE: u32 = 1 << 10;
pub const EOPIE: u32 = 1 << 12;

pub const RCC_AHBENR: u32 = 0x4002_1014;
pub const RCC_APB1ENR: u32 = 0x4002_101C;

pub const ERASE: Picos = Picos::from_millis(20);
pub const PROGRAM: Picos = Picos(53_500_000);

pub fn chip() -> Arc<Chip> {
    Chip::builtin("stm32f303xc").expect("built in")
}

pub fn options() -> MachineOptions {
    MachineOptions {
        hse: Some(Hertz::new(8_000_000)),
        lse: None,
        timing: FlashTiming::of_pages(ERASE, ERASE, PROGRAM),
        open: OpenBehaviours::default(),
        fast_forward: true,
    }
}

/// The text of the chip file, to build variations from.
pub const XC: &str = include_str!("../../chips/stm32f303xc.toml");

pub struct Bench {
    pub machine: Machine,
}

impl Bench {
    pub fn new() -> Self {
        Self::with(chip(), options())
    }

    pub fn with(chip: Arc<Chip>, options: MachineOptions) -> Self {
        let mut machine = Machine::new(chip, options).expect("a machine");
        machine.power_on();
        Self { machine }
    }

    pub fn write(&mut self, addr: u32, value: u32) {
        self.try_write(addr, Size::Word, value)
            .unwrap_or_else(|e| panic!("write of {addr:#010x}: {e:?}"));
    }

    pub fn try_write(&mut self, addr: u32, size: Size, value: u32) -> Result<(), Abort> {
        let (cpu, soc) = self.machine.parts();
        soc.write(&mut cpu.core, addr, size, value)
    }

    pub fn half(&mut self, addr: u32, value: u16) -> Result<(), Abort> {
        self.try_write(addr, Size::Half, u32::from(value))
    }

    pub fn read(&mut self, addr: u32) -> u32 {
        self.try_read(addr, Size::Word)
            .unwrap_or_else(|e| panic!("read of {addr:#010x}: {e:?}"))
    }

    pub fn try_read(&mut self, addr: u32, size: Size) -> Result<u32, Abort> {
        let (cpu, soc) = self.machine.parts();
        soc.read(&mut cpu.core, addr, size)
    }

    pub fn peek(&self, addr: u32) -> u32 {
        let mut out = [0; 4];
        assert!(
            self.machine.peek(Addr(addr), &mut out),
            "{addr:#010x} is no memory"
        );
        u32::from_le_bytes(out)
    }

    /// Lets cycles pass.
    pub fn wait(&mut self, cycles: u64) {
        let (cpu, soc) = self.machine.parts();
        cpu.core.now += Cycles(cycles);
        soc.run_events(&mut cpu.core);
    }

    /// Lets time pass, at the 8 MHz of HSI.
    pub fn wait_for(&mut self, time: Picos) {
        self.wait(time.0.div_ceil(125_000));
    }

    pub fn unlock(&mut self) {
        self.write(KEYR, KEY1);
        self.write(KEYR, KEY2);
    }

    /// Starts a page erase.
    pub fn erase(&mut self, page: u32) {
        self.write(CR, PER);
        self.write(AR, page);
        self.write(CR, PER | STRT);
    }

    /// Programs half-words that must be erased, and waits.
    pub fn program(&mut self, addr: u32, values: &[u16]) {
        self.write(CR, PG);
        for (at, &value) in (addr..).step_by(2).zip(values) {
            self.half(at, value).expect("a half-word");
            self.wait_for(PROGRAM);
        }
        self.write(CR, 0);
    }

    pub fn has_finding(&self, rule: &str) -> bool {
        self.machine.log().findings.iter().any(|f| f.rule == rule)
    }

    pub fn run(&mut self, limit: Picos) -> Stop {
        self.machine.run_until(&mut NativeEngine, limit)
    }
}

/// Thumb code, one instruction a call.
#[derive(Default)]
pub struct Code {
    pub at: u32,
    pub halves: Vec<u16>,
}

impl Code {
    pub fn at(at: u32) -> Self {
        Self {
            at,
            halves: Vec::new(),
        }
    }

    pub fn here(&self) -> u32 {
        self.at + 2 * self.halves.len() as u32
    }

    pub fn op(&mut self, half: u16) -> &mut Self {
        self.halves.push(half);
        self
    }

    pub fn nop(&mut self, count: usize) -> &mut Self {
        self.halves.extend(std::iter::repeat_n(0xBF00, count));
        self
    }

    /// MOVW and MOVT, 8 bytes.
    pub fn mov32(&mut self, rd: u16, value: u32) -> &mut Self {
        for (op, imm) in [(0xF240u16, value as u16), (0xF2C0, (value >> 16) as u16)] {
            self.op(op | imm >> 12 | (imm >> 11 & 1) << 10);
            self.op((imm >> 8 & 7) << 12 | rd << 8 | imm & 0xFF);
        }
        self
    }

    /// STR rt, [rn, #offset]
    pub fn str(&mut self, rt: u16, rn: u16, offset: u16) -> &mut Self {
        self.op(0x6000 | ((offset / 4) << 6) | rn << 3 | rt)
    }

    /// LDR rt, [rn, #offset]
    pub fn ldr(&mut self, rt: u16, rn: u16, offset: u16) -> &mut Self {
        self.op(0x6800 | ((offset / 4) << 6) | rn << 3 | rt)
    }

    /// STRH rt, [rn, #offset]
    pub fn strh(&mut self, rt: u16, rn: u16, offset: u16) -> &mut Self {
        self.op(0x8000 | ((offset / 2) << 6) | rn << 3 | rt)
    }

    /// A store of a constant; clobbers r2 and r3.
    pub fn poke(&mut self, addr: u32, value: u32) -> &mut Self {
        self.mov32(2, addr).mov32(3, value).str(3, 2, 0)
    }

    /// B to `target`
    pub fn b(&mut self, target: u32) -> &mut Self {
        let offset = target.wrapping_sub(self.here() + 4);
        self.op(0xE000 | (offset >> 1) as u16 & 0x7FF)
    }

    /// Waits while bits `mask` (a register holds it) are set in the word at [rn]; clobbers `rt`.
    pub fn while_set(&mut self, rt: u16, rn: u16, offset: u16, mask: u16) -> &mut Self {
        let top = self.here();
        self.ldr(rt, rn, offset).op(0x4200 | mask << 3 | rt);
        let back = top.wrapping_sub(self.here() + 4);
        self.op(0xD100 | (back >> 1) as u16 & 0xFF)
    }

    pub fn bx(&mut self, rm: u16) -> &mut Self {
        self.op(0x4700 | rm << 3)
    }

    pub fn bkpt(&mut self, imm: u16) -> &mut Self {
        self.op(0xBE00 | imm)
    }

    pub fn align8(&mut self) -> &mut Self {
        while !self.here().is_multiple_of(8) {
            self.nop(1);
        }
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.halves.iter().flat_map(|h| h.to_le_bytes()).collect()
    }

    pub fn load(&self, machine: &mut Machine) {
        machine.load(Addr(self.at), &self.bytes()).expect("it fits");
    }
}

/// Loads a vector table: SP, and each exception at `handler` but for reset at `reset`.
pub fn vectors(machine: &mut Machine, at: u32, reset: u32, handler: u32) {
    let mut table = vec![SRAM + 0x8000, reset | 1];
    table.extend(std::iter::repeat_n(handler | 1, 96));
    let bytes: Vec<u8> = table.iter().flat_map(|w| w.to_le_bytes()).collect();
    machine.load(Addr(at), &bytes).expect("it fits");
}
