//! Unicorn's peculiarities, each shown on a bare unicorn. `TRAPS.md` tells what is done about them. A test that fails after
//! an update of unicorn says that a workaround may go.

use flashstall_cpu::{CpuModel, Size};
use flashstall_unicorn::{Code, Memory, Registers, Step, Stepper};
use unicorn_engine::unicorn_const::{Arch, ArmCpuModel, HookType, Mode, Prot, uc_error};
use unicorn_engine::{RegisterARM, Unicorn};

const PC: u64 = 0x0800_0100;
const RAM: u64 = 0x2000_0000;

/// A bare Cortex-M3 with `code` at [`PC`].
fn bare(code: &[u16]) -> Unicorn<'static, Vec<u64>> {
    let mut uc = Unicorn::new_with_data(Arch::ARM, Mode::THUMB, Vec::new()).expect("unicorn");
    uc.ctl_set_cpu_model(ArmCpuModel::CORTEX_M3 as i32)
        .expect("model");
    uc.mem_map(0x0800_0000, 0x1_0000, Prot::ALL).expect("code");
    uc.mem_map(RAM, 0x1_0000, Prot::ALL).expect("RAM");
    uc.reg_write(RegisterARM::SP, RAM + 0x8000).expect("SP");
    load(&mut uc, code);
    uc
}

fn load(uc: &mut Unicorn<Vec<u64>>, code: &[u16]) {
    let bytes: Vec<u8> = code.iter().flat_map(|half| half.to_le_bytes()).collect();
    uc.mem_write(PC, &bytes).expect("mapped");
}

/// Sets ITSTATE, and Z if `z`.
fn set_it(uc: &mut Unicorn<Vec<u64>>, itstate: u64, z: bool) {
    let xpsr = (itstate & 0xFC) << 8 | (itstate & 3) << 25 | 1 << 24 | u64::from(z) << 30;
    uc.reg_write(RegisterARM::XPSR_NZCVQG, xpsr).expect("XPSR");
    uc.reg_write(RegisterARM::APSR_NZCV, xpsr).expect("APSR");
}

fn itstate(uc: &Unicorn<Vec<u64>>) -> u64 {
    let xpsr = uc.reg_read(RegisterARM::XPSR).expect("XPSR");
    xpsr >> 8 & 0xFC | xpsr >> 25 & 3
}

/// One "instruction", as unicorn counts.
fn one(uc: &mut Unicorn<Vec<u64>>) -> Result<u64, uc_error> {
    uc.emu_start(PC | 1, 0, 0, 1)?;
    uc.reg_read(RegisterARM::PC)
}

/// A hook that sees data accesses and does nothing.
fn watch(uc: &mut Unicorn<Vec<u64>>) {
    let seen = |uc: &mut Unicorn<Vec<u64>>, _, addr, _, _| {
        uc.get_data_mut().push(addr);
        true
    };
    uc.add_mem_hook(HookType::MEM_READ | HookType::MEM_WRITE, 1, 0, seen)
        .expect("hook");
}

const ADD_R0_1: u16 = 0x1C40;
const ADD_R1_1: u16 = 0x1C49;
const NOP: u16 = 0xBF00;

#[test]
fn it_not_stoppable() {
    // ITT NE; ADD; ADD: three instructions, and a count of one does them all.
    let mut uc = bare(&[0xBF1C, ADD_R0_1, ADD_R1_1, NOP]);
    assert_eq!(one(&mut uc), Ok(PC + 6));
}

#[test]
fn it_skip_not_counted() {
    // The last instruction of a block, its condition (NE) false: unicorn skips it and executes the next one.
    let mut uc = bare(&[ADD_R0_1, ADD_R1_1, NOP]);
    set_it(&mut uc, 0x18, true);
    assert_eq!(one(&mut uc), Ok(PC + 4));
    assert_eq!(uc.reg_read(RegisterARM::R0), Ok(0));
    assert_eq!(uc.reg_read(RegisterARM::R1), Ok(1));
}

#[test]
fn it_state_after_hook() {
    // LDR R0, [R0] as the last instruction of a block: ITSTATE ought to be 0 after it (unicorn's issue 2309).
    for (watched, wanted) in [(false, 0), (true, 0x18)] {
        let mut uc = bare(&[0x6800, NOP, NOP]);
        if watched {
            watch(&mut uc);
        }
        uc.reg_write(RegisterARM::R0, RAM).expect("R0");
        set_it(&mut uc, 0x18, false);
        uc.emu_start(PC | 1, PC + 2, 0, 1).expect("runs");
        assert_eq!(itstate(&uc), wanted);
    }
}

#[test]
fn it_state_after_isb() {
    // ISB as the first of two: ITSTATE 0x14 ought to become 0x08.
    let mut uc = bare(&[0xF3BF, 0x8F6F, ADD_R0_1, NOP]);
    set_it(&mut uc, 0x14, false);
    uc.emu_start(PC | 1, PC + 4, 0, 1).expect("runs");
    assert_eq!(itstate(&uc), 0);
}

#[test]
fn it_branch_with_load() {
    // LDR PC, [R0] at the end of a block, with a hook: what lies at the target is taken for a part of the block, and done.
    let target = RAM + 0x100;
    let mut uc = bare(&[0xF8D0, 0xF000]);
    watch(&mut uc);
    uc.mem_write(RAM, &(target as u32 | 1).to_le_bytes())
        .expect("mapped");
    uc.mem_write(
        target,
        &[ADD_R1_1.to_le_bytes(), NOP.to_le_bytes()].concat(),
    )
    .expect("mapped");
    uc.reg_write(RegisterARM::R0, RAM).expect("R0");
    set_it(&mut uc, 0x18, false);
    assert_ne!(one(&mut uc), Ok(target));
    assert_eq!(uc.reg_read(RegisterARM::R1), Ok(1));
}

#[test]
fn sp_low_bits() {
    // LDRB R0, [SP], #1: SP[1:0] are always zero (B1.4.1), but not in unicorn.
    let mut uc = bare(&[0xF81D, 0x0B01]);
    one(&mut uc).expect("runs");
    assert_eq!(uc.reg_read(RegisterARM::SP), Ok(RAM + 0x8001));
}

#[test]
fn unaligned_multiples() {
    // LDM R0, {R1, R2} at an unaligned address is a UsageFault (A3.2.1); unicorn reads.
    let mut uc = bare(&[0xC806]);
    watch(&mut uc);
    uc.reg_write(RegisterARM::R0, RAM + 2).expect("R0");
    assert_eq!(one(&mut uc), Ok(PC + 2));
    assert_eq!(*uc.get_data(), [RAM + 2, RAM + 6]);
}

#[test]
fn unaligned_in_one_piece() {
    // An unaligned word is one access to the hook, also across a page: splitting it is ours to do.
    let mut uc = bare(&[0x6801]);
    watch(&mut uc);
    uc.reg_write(RegisterARM::R0, RAM + 0xFFE).expect("R0");
    one(&mut uc).expect("runs");
    assert_eq!(*uc.get_data(), [RAM + 0xFFE]);
}

#[test]
fn no_divide_trap() {
    // UDIV R0, R1, R2 by zero: CCR.DIV_0_TRP does not exist for unicorn.
    let mut uc = bare(&[0xFBB1, 0xF0F2]);
    uc.reg_write(RegisterARM::R1, 5).expect("R1");
    assert_eq!(one(&mut uc), Ok(PC + 4));
    assert_eq!(uc.reg_read(RegisterARM::R0), Ok(0));
}

#[test]
fn hints_refused() {
    for hint in [0xBF10, 0xBF20] {
        // YIELD and WFE arrive as invalid instructions, with the PC behind them.
        let mut uc = bare(&[hint]);
        assert_eq!(one(&mut uc), Err(uc_error::INSN_INVALID));
        assert_eq!(uc.reg_read(RegisterARM::PC), Ok(PC + 2));
    }
}

#[test]
fn error_from_the_target() {
    // BX R0 is done, and yet it fails: unicorn has looked at the target already.
    for (target, error) in [
        (0x6000_0001, uc_error::FETCH_UNMAPPED),
        (RAM + 0x100, uc_error::INSN_INVALID),
        (0xFFFF_FFF9, uc_error::EXCEPTION),
    ] {
        let mut uc = bare(&[0x4700]);
        uc.reg_write(RegisterARM::R0, target).expect("R0");
        assert_eq!(one(&mut uc), Err(error));
        assert_eq!(uc.reg_read(RegisterARM::PC), Ok(target & !1));
    }
}

#[test]
fn host_writes_do_not_invalidate() {
    let mut uc = bare(&[ADD_R0_1, NOP]);
    one(&mut uc).expect("runs");
    load(&mut uc, &[ADD_R1_1, NOP]);
    one(&mut uc).expect("runs");
    // The old instruction was executed again.
    assert_eq!(
        (uc.reg_read(RegisterARM::R0), uc.reg_read(RegisterARM::R1)),
        (Ok(2), Ok(0))
    );
    uc.ctl_remove_cache(PC, PC + 2).expect("removes");
    one(&mut uc).expect("runs");
    assert_eq!(
        (uc.reg_read(RegisterARM::R0), uc.reg_read(RegisterARM::R1)),
        (Ok(2), Ok(1))
    );
}

#[test]
fn setend() {
    // SETEND is an instruction of the A profile; a Cortex-M3 has none.
    assert_eq!(one(&mut bare(&[0xB650])), Ok(PC + 2));
}

#[test]
fn m3_dsp() {
    // SMLAD R0, R1, R2, R3 belongs to the DSP extension, which a Cortex-M3 does not have.
    assert_eq!(one(&mut bare(&[0xFB21, 0x3002])), Ok(PC + 4));
    // Others of the extension are refused, as they ought to be: UADD8 R0, R1, R2.
    assert_eq!(
        one(&mut bare(&[0xFA81, 0xF042])),
        Err(uc_error::INSN_INVALID)
    );
}

#[test]
fn blx_immediate() {
    // BLX (immediate) changes to Arm code, which M-profile cores do not have: the T bit is gone after it.
    let mut uc = bare(&[0xF000, 0xE880]);
    assert!(one(&mut uc).is_err());
    let after = (
        uc.reg_read(RegisterARM::PC),
        uc.reg_read(RegisterARM::XPSR).map(|xpsr| xpsr >> 24 & 1),
    );
    assert_ne!(after, (Ok(PC), Ok(1)));
}

/// A bare Cortex-M4 with `code` at [`PC`].
fn bare_m4(code: &[u16]) -> Unicorn<'static, Vec<u64>> {
    let mut uc = Unicorn::new_with_data(Arch::ARM, Mode::THUMB, Vec::new()).expect("unicorn");
    uc.ctl_set_cpu_model(ArmCpuModel::CORTEX_M4 as i32)
        .expect("model");
    uc.mem_map(0x0800_0000, 0x1_0000, Prot::ALL).expect("code");
    uc.mem_map(RAM, 0x1_0000, Prot::ALL).expect("RAM");
    load(&mut uc, code);
    uc
}

#[test]
fn fp_context() {
    // VMRS R0, FPSCR: the first floating-point instruction opens a context, and FPSCR is preset from FPDSCR.
    for (control, wanted) in [(0, 0), (4, 0x00C0_0000)] {
        let mut uc = bare_m4(&[0xEEF1, 0x0A10, NOP]);
        uc.reg_write(RegisterARM::CONTROL, control)
            .expect("CONTROL");
        uc.reg_write(RegisterARM::FPSCR, 0x00C0_0000)
            .expect("FPSCR");
        uc.reg_write(RegisterARM::APSR_NZCV, 0).expect("APSR");
        one(&mut uc).expect("runs");
        assert_eq!(uc.reg_read(RegisterARM::R0), Ok(wanted));
    }
}

#[test]
fn fpu_always_on() {
    // VADD.F32 S0, S0, S1 with CPACR zero, as it is after reset.
    assert_eq!(one(&mut bare_m4(&[0xEE30, 0x0A20, NOP])), Ok(PC + 4));
}

#[test]
fn fixed_rounding() {
    // VCVT.F32.S32 S0, S0, #16 of 0x0100_0003 rounds to nearest whatever FPSCR says (A7.7.228), but not in unicorn.
    for (rmode, wanted) in [(0, 0x4380_0002), (3 << 22, 0x4380_0001)] {
        let mut uc = bare_m4(&[0xEEBA, 0x0AC8, NOP]);
        uc.reg_write(RegisterARM::CONTROL, 4).expect("CONTROL");
        uc.reg_write(RegisterARM::APSR_NZCV, 0).expect("APSR");
        uc.reg_write(RegisterARM::FPSCR, rmode).expect("FPSCR");
        uc.reg_write(RegisterARM::S0, 0x0100_0003).expect("S0");
        one(&mut uc).expect("runs");
        assert_eq!(uc.reg_read(RegisterARM::S0), Ok(wanted));
    }
}

#[test]
fn doubles_in_one_piece() {
    // VLDR D0, [R0] is one access of eight bytes to the hook: splitting it is ours to do.
    let mut uc = bare_m4(&[0xED90, 0x0B00, NOP]);
    watch(&mut uc);
    uc.reg_write(RegisterARM::R0, RAM).expect("R0");
    one(&mut uc).expect("runs");
    assert_eq!(*uc.get_data(), [RAM]);
}

struct Nothing;

impl Memory for Nothing {
    fn read(&mut self, _: u32, _: Size) -> Option<u32> {
        None
    }

    fn write(&mut self, _: u32, _: Size, _: u32) -> Option<()> {
        None
    }
}

#[test]
fn faults_do_not_stop_it() {
    // Unicorn cannot be made to abandon an instruction in a hook: the stepper drops its result instead.
    let mut stepper = Stepper::new(CpuModel::CortexM3).expect("unicorn");
    let before = Registers {
        r: [RAM as u32; 15],
        pc: PC as u32,
        thumb: true,
        ..Registers::default()
    };
    let ldr = Code {
        first: 0x6801,
        second: None,
    };
    assert_eq!(
        stepper.step(&before, ldr, &mut Nothing).expect("steps"),
        Step::GivenUp
    );
    // And it is of use afterwards.
    let add = Code {
        first: ADD_R0_1,
        second: None,
    };
    let Step::Done(after) = stepper.step(&before, add, &mut Nothing).expect("steps") else {
        panic!("not done")
    };
    assert_eq!(after.r[0], RAM as u32 + 1);
}
