use crate::testbus::{Pended, TestBus, cpu, cpu_of, enable};
use crate::{Cpu, CpuModel, ExceptionNumber, Size};

const ICSR: u32 = 0xE000_ED04;
const VTOR: u32 = 0xE000_ED08;
const AIRCR: u32 = 0xE000_ED0C;
const SHPR3: u32 = 0xE000_ED20;
const SHCSR: u32 = 0xE000_ED24;
const CFSR: u32 = 0xE000_ED28;
const HFSR: u32 = 0xE000_ED2C;

fn read(cpu: &mut Cpu, bus: &mut TestBus, addr: u32) -> u32 {
    cpu.ppb_read(bus, addr, Size::Word).unwrap()
}

fn write(cpu: &mut Cpu, bus: &mut TestBus, addr: u32, value: u32) {
    cpu.ppb_write(bus, addr, Size::Word, value).unwrap();
}

#[test]
fn identification() {
    let (mut m3, mut bus) = cpu_of(CpuModel::CortexM3);
    assert_eq!(read(&mut m3, &mut bus, 0xE000_ED00), 0x410F_C241);
    assert_eq!(read(&mut m3, &mut bus, 0xE000_ED40), 0x30);
    assert_eq!(
        read(&mut m3, &mut bus, 0xE000_ED64),
        0x0211_1000,
        "ISAR1 without DSP"
    );
    let (mut m4, mut bus) = cpu();
    assert_eq!(
        read(&mut m4, &mut bus, 0xE000_ED64),
        0x0211_2000,
        "ISAR1 with DSP"
    );
    assert_eq!(read(&mut m4, &mut bus, 0xE000_ED90), 0, "no MPU");
    assert!(bus.unmodelled.is_empty());
}

#[test]
fn icsr_sets_and_clears_system_exceptions() {
    let (mut cpu, mut bus) = cpu();
    write(&mut cpu, &mut bus, ICSR, 1 << 31 | 1 << 28 | 1 << 26);
    assert_eq!(
        bus.pended,
        [
            Pended(2, 0, false),
            Pended(14, 0, false),
            Pended(15, 0, false)
        ]
    );
    assert_eq!(
        read(&mut cpu, &mut bus, ICSR),
        1 << 31 | 1 << 28 | 1 << 26 | 2 << 12,
        "NMI is the most urgent"
    );
    write(&mut cpu, &mut bus, ICSR, 1 << 27 | 1 << 25);
    assert_eq!(read(&mut cpu, &mut bus, ICSR), 1 << 31 | 2 << 12);
}

#[test]
fn icsr_shows_pending_and_active() {
    let (mut cpu, mut bus) = cpu();
    enable(&mut cpu, 37, 0x40);
    cpu.nvic.pend(53);
    cpu.core.primask = true;
    assert_eq!(
        read(&mut cpu, &mut bus, ICSR),
        1 << 22 | 53 << 12,
        "PRIMASK does not hide it"
    );
    cpu.core.basepri = 0x40;
    assert_eq!(read(&mut cpu, &mut bus, ICSR), 1 << 22, "BASEPRI does");
    cpu.core.exception = 15;
    cpu.nvic.set_active(15, true);
    assert_eq!(
        read(&mut cpu, &mut bus, ICSR),
        1 << 22 | 1 << 11 | 15,
        "RETTOBASE: the only one"
    );
    cpu.nvic.set_active(14, true);
    assert_eq!(read(&mut cpu, &mut bus, ICSR), 1 << 22 | 15);
}

#[test]
fn vtor_keeps_its_bits() {
    let (mut m4, mut bus) = cpu();
    write(&mut m4, &mut bus, VTOR, u32::MAX);
    assert_eq!(read(&mut m4, &mut bus, VTOR), 0xFFFF_FF80);
    let (mut m3, mut bus) = cpu_of(CpuModel::CortexM3);
    write(&mut m3, &mut bus, VTOR, u32::MAX);
    assert_eq!(read(&mut m3, &mut bus, VTOR), 0x3FFF_FF80);
}

#[test]
fn aircr_needs_its_key() {
    let (mut cpu, mut bus) = cpu();
    write(&mut cpu, &mut bus, AIRCR, 0x0000_0704);
    assert_eq!(read(&mut cpu, &mut bus, AIRCR), 0xFA05_0000);
    assert!(!bus.reset);
    write(&mut cpu, &mut bus, AIRCR, 0x05FA_0500);
    assert_eq!(read(&mut cpu, &mut bus, AIRCR), 0xFA05_0500);
    write(&mut cpu, &mut bus, AIRCR, 0x05FA_0004);
    assert!(bus.reset);
}

#[test]
fn aircr_vectclractive_clears_all_active_states() {
    let (mut cpu, mut bus) = cpu();
    cpu.nvic.set_active(53, true);
    cpu.nvic.set_active(3, true);
    write(&mut cpu, &mut bus, AIRCR, 0x05FA_0002);
    assert_eq!(cpu.nvic.active_count(), 0);
    write(&mut cpu, &mut bus, AIRCR, 0x05FA_0001);
    assert_eq!(bus.unmodelled, [(AIRCR, true)], "VECTRESET");
}

#[test]
fn scr_and_ccr_keep_their_bits() {
    let (mut cpu, mut bus) = cpu();
    assert_eq!(
        read(&mut cpu, &mut bus, 0xE000_ED14),
        0x200,
        "STKALIGN after reset"
    );
    write(&mut cpu, &mut bus, 0xE000_ED10, u32::MAX);
    write(&mut cpu, &mut bus, 0xE000_ED14, u32::MAX);
    assert_eq!(read(&mut cpu, &mut bus, 0xE000_ED10), 0x16);
    assert_eq!(read(&mut cpu, &mut bus, 0xE000_ED14), 0x31B);
    assert!(cpu.scb.sleep_deep() && cpu.scb.traps_divide_by_zero() && cpu.scb.traps_unaligned());
}

#[test]
fn system_priorities() {
    let (mut cpu, mut bus) = cpu();
    for offset in [0, 4, 8] {
        write(&mut cpu, &mut bus, 0xE000_ED18 + offset, u32::MAX);
    }
    assert_eq!(read(&mut cpu, &mut bus, 0xE000_ED18), 0x00F0_F0F0);
    assert_eq!(read(&mut cpu, &mut bus, 0xE000_ED1C), 0xF000_0000);
    assert_eq!(read(&mut cpu, &mut bus, SHPR3), 0xF0F0_00F0);
    cpu.ppb_write(&mut bus, SHPR3 + 3, Size::Byte, 0x50)
        .unwrap();
    cpu.ppb_write(&mut bus, SHPR3, Size::Half, 0x0010).unwrap();
    assert_eq!(read(&mut cpu, &mut bus, SHPR3), 0x50F0_0010);
    assert_eq!(cpu.nvic.priority_value(ExceptionNumber::SYSTICK), 0x50);
}

#[test]
fn shcsr_shows_and_sets() {
    let (mut cpu, mut bus) = cpu();
    write(&mut cpu, &mut bus, SHCSR, u32::MAX);
    assert_eq!(read(&mut cpu, &mut bus, SHCSR), 0x0007_FD8B);
    assert!(cpu.nvic.is_active(ExceptionNumber::SYSTICK));
    assert!(cpu.nvic.is_pending(ExceptionNumber::BUS_FAULT));
    write(&mut cpu, &mut bus, SHCSR, 1 << 17);
    assert_eq!(read(&mut cpu, &mut bus, SHCSR), 1 << 17);
    assert!(cpu.nvic.is_enabled(ExceptionNumber::BUS_FAULT));
}

#[test]
fn fault_status_is_cleared_by_ones() {
    let (mut cpu, mut bus) = cpu();
    cpu.scb.cfsr = super::Cfsr::all();
    cpu.scb.hfsr = super::Hfsr::all();
    cpu.ppb_write(&mut bus, CFSR + 2, Size::Half, 1 << 2)
        .unwrap();
    cpu.ppb_write(&mut bus, CFSR + 1, Size::Byte, 1 << 7)
        .unwrap();
    assert_eq!(
        read(&mut cpu, &mut bus, CFSR),
        super::Cfsr::all().bits() & !(1 << 18 | 1 << 15)
    );
    write(&mut cpu, &mut bus, CFSR, u32::MAX);
    write(&mut cpu, &mut bus, HFSR, 1 << 30);
    assert_eq!((cpu.scb.cfsr(), cpu.scb.hfsr()), (0, 1 << 31 | 1 << 1));
}

#[test]
fn fault_addresses_are_writable() {
    let (mut cpu, mut bus) = cpu();
    write(&mut cpu, &mut bus, 0xE000_ED34, 1);
    write(&mut cpu, &mut bus, 0xE000_ED38, 2);
    assert_eq!((cpu.scb.mmfar(), cpu.scb.bfar()), (1, 2));
}

#[test]
fn cpacr_is_there_on_m4() {
    let (mut m4, mut bus) = cpu();
    write(&mut m4, &mut bus, 0xE000_ED88, u32::MAX);
    assert_eq!(read(&mut m4, &mut bus, 0xE000_ED88), 0x00F0_0000);
    assert!(m4.scb.fpu_enabled(false));
    let (mut m3, mut bus) = cpu_of(CpuModel::CortexM3);
    write(&mut m3, &mut bus, 0xE000_ED88, u32::MAX);
    assert_eq!(read(&mut m3, &mut bus, 0xE000_ED88), 0);
}

#[test]
fn the_mpu_is_counted_as_unmodelled() {
    let (mut cpu, mut bus) = cpu();
    write(&mut cpu, &mut bus, 0xE000_ED94, 1);
    assert_eq!(read(&mut cpu, &mut bus, 0xE000_ED94), 0);
    assert_eq!(bus.unmodelled, [(0xE000_ED94, true), (0xE000_ED94, false)]);
}
