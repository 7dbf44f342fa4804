use crate::testbus::{Pended, cpu};
use crate::{Abort, FaultKind, Size};

const DEMCR: u32 = 0xE000_EDFC;
const DWT_CTRL: u32 = 0xE000_1000;
const CYCCNT: u32 = 0xE000_1004;

#[test]
fn registers_are_where_the_map_says() {
    let (mut cpu, mut bus) = cpu();
    cpu.ppb_write(&mut bus, DEMCR, Size::Word, 1 << 24).unwrap();
    cpu.ppb_write(&mut bus, DWT_CTRL, Size::Word, 1).unwrap();
    cpu.core.now.0 += 100;
    assert_eq!(cpu.ppb_read(&mut bus, CYCCNT, Size::Word), Ok(100));
    assert_eq!(
        cpu.ppb_read(&mut bus, 0xE000_ED00, Size::Word),
        Ok(0x410F_C241)
    );
    assert_eq!(
        cpu.ppb_read(&mut bus, 0xE000_EFE0, Size::Word),
        Ok(0x0C),
        "PID0 of the SCS"
    );
    assert!(bus.unmodelled.is_empty());
    assert_eq!(
        cpu.ppb_read(&mut bus, 0xE000_2000, Size::Word),
        Ok(0),
        "FPB"
    );
    assert_eq!(
        cpu.ppb_read(&mut bus, 0xE00F_F000, Size::Word),
        Ok(0),
        "ROM table"
    );
    assert_eq!(bus.unmodelled, [(0xE000_2000, false), (0xE00F_F000, false)]);
}

#[test]
fn unprivileged_access_is_a_bus_fault() {
    let (mut cpu, mut bus) = cpu();
    let refused = Err(Abort::Fault(FaultKind::Refused));
    cpu.core.unprivileged = true;
    assert_eq!(cpu.ppb_read(&mut bus, 0xE000_ED00, Size::Word), refused);
    assert_eq!(
        cpu.ppb_write(&mut bus, 0xE000_EF00, Size::Word, 1),
        refused.map(|_: u32| ())
    );
    assert_eq!(
        cpu.ppb_read(&mut bus, 0xE000_0000, Size::Word),
        Ok(0),
        "an ITM port"
    );
    cpu.core.unprivileged = false;
    cpu.ppb_write(&mut bus, 0xE000_ED14, Size::Word, 0x202)
        .unwrap();
    cpu.core.unprivileged = true;
    assert_eq!(
        cpu.ppb_write(&mut bus, 0xE000_EF00, Size::Word, 1),
        Ok(()),
        "USERSETMPEND"
    );
    assert_eq!(bus.pended, [Pended(17, 0, false)]);
    cpu.core.exception = 16;
    assert!(
        cpu.ppb_read(&mut bus, 0xE000_ED00, Size::Word).is_ok(),
        "handlers are privileged"
    );
}

#[test]
fn a_misaligned_access_is_refused() {
    let (mut cpu, mut bus) = cpu();
    assert_eq!(
        cpu.ppb_read(&mut bus, 0xE000_ED02, Size::Word),
        Err(Abort::Fault(FaultKind::Refused))
    );
}

#[test]
fn the_vendor_part_is_the_chips() {
    let (mut cpu, mut bus) = cpu();
    bus.dbgmcu = 0x1003_6422;
    assert_eq!(
        cpu.ppb_read(&mut bus, 0xE004_2000, Size::Word),
        Ok(0x1003_6422)
    );
    cpu.ppb_write(&mut bus, 0xE004_2000, Size::Word, 7).unwrap();
    assert_eq!(bus.dbgmcu, 7);
    assert!(bus.unmodelled.is_empty());
}

#[test]
fn systick_registers() {
    let (mut cpu, mut bus) = cpu();
    cpu.ppb_write(&mut bus, 0xE000_E014, Size::Word, 99)
        .unwrap();
    cpu.ppb_write(&mut bus, 0xE000_E018, Size::Word, 1).unwrap();
    cpu.ppb_write(&mut bus, 0xE000_E010, Size::Word, 7).unwrap();
    assert_eq!(cpu.systick.next_expiry(cpu.core.now).0, 100);
    cpu.core.now.0 = 250;
    assert_eq!(cpu.ppb_read(&mut bus, 0xE000_E018, Size::Word), Ok(50));
    assert_eq!(
        bus.pended,
        [Pended(15, 100, false), Pended(15, 200, true)],
        "no wrap gets lost by looking"
    );
    assert_eq!(
        cpu.ppb_read(&mut bus, 0xE000_E010, Size::Word),
        Ok(0x1_0007)
    );
    assert_eq!(cpu.ppb_read(&mut bus, 0xE000_E010, Size::Word), Ok(7));
    assert_eq!(cpu.ppb_read(&mut bus, 0xE000_E014, Size::Byte), Ok(99));
    assert_eq!(
        cpu.ppb_read(&mut bus, 0xE000_E01C, Size::Word),
        Ok(0x4000_2328)
    );
}

#[test]
fn a_poll_of_countflag_is_volatile_unless_its_change_is_an_event() {
    for (ctrl, read, volatile) in [(7, 50, 0), (7, 150, 1), (5, 50, 1), (4, 50, 0)] {
        let (mut cpu, mut bus) = cpu();
        cpu.ppb_write(&mut bus, 0xE000_E014, Size::Word, 99)
            .unwrap();
        cpu.ppb_write(&mut bus, 0xE000_E010, Size::Word, ctrl)
            .unwrap();
        let before = cpu.volatile_accesses;
        cpu.core.now.0 = read;
        cpu.ppb_read(&mut bus, 0xE000_E010, Size::Word).unwrap();
        assert_eq!(
            cpu.volatile_accesses - before,
            volatile,
            "CTRL {ctrl}, at {read}"
        );
    }
}

#[test]
fn itm_ports_are_not_ready_unless_enabled() {
    let (mut cpu, mut bus) = cpu();
    cpu.ppb_write(&mut bus, 0xE000_0FB0, Size::Word, 0xC5AC_CE55)
        .unwrap();
    cpu.ppb_write(&mut bus, 0xE000_0E80, Size::Word, 1).unwrap();
    cpu.ppb_write(&mut bus, 0xE000_0E00, Size::Word, 1).unwrap();
    assert_eq!(
        cpu.ppb_read(&mut bus, 0xE000_0000, Size::Word),
        Ok(0),
        "TRCENA is clear"
    );
    cpu.ppb_write(&mut bus, DEMCR, Size::Word, 1 << 24).unwrap();
    assert_eq!(cpu.ppb_read(&mut bus, 0xE000_0000, Size::Word), Ok(1));
    assert_eq!(
        cpu.ppb_read(&mut bus, 0xE000_0004, Size::Word),
        Ok(0),
        "port 1 is off"
    );
    assert!(bus.unmodelled.is_empty());
    cpu.ppb_write(&mut bus, 0xE000_0000, Size::Byte, b'x'.into())
        .unwrap();
    assert_eq!(bus.unmodelled, [(0xE000_0000, true)]);
}

#[test]
fn the_lock_access_register_is_ignored() {
    let (mut cpu, mut bus) = cpu();
    cpu.ppb_write(&mut bus, 0xE000_1FB0, Size::Word, 0xC5AC_CE55)
        .unwrap();
    assert_eq!(cpu.ppb_read(&mut bus, 0xE000_1FB4, Size::Word), Ok(0));
    assert!(bus.unmodelled.is_empty());
    cpu.ppb_read(&mut bus, 0xE000_1008, Size::Word).unwrap();
    assert_eq!(bus.unmodelled, [(0xE000_1008, false)], "CPICNT");
}

#[test]
fn demcr_reads_back() {
    let (mut cpu, mut bus) = cpu();
    cpu.ppb_write(&mut bus, DEMCR, Size::Word, u32::MAX)
        .unwrap();
    assert_eq!(cpu.ppb_read(&mut bus, DEMCR, Size::Word), Ok(0x010F_07F1));
    assert!(cpu.nvic.is_enabled(crate::ExceptionNumber::DEBUG_MONITOR));
    assert_eq!(bus.pended, [Pended(12, 0, false)]);
    assert_eq!(
        cpu.ppb_read(&mut bus, 0xE000_EDF0, Size::Word),
        Ok(0),
        "DHCSR: no debugger"
    );
}
