//! How a run ended: where, in which handler, with which fault.

use flashstall_cpu::Addr;
use flashstall_mcu::Machine;
use flashstall_mcu::log::Snapshot;

use super::model::{FaultReport, StopReport};
use super::names::places_report;
use crate::firmware::Firmware;

/// Stack that is looked at for the call chain.
const STACK: usize = 1024;

/// Names of the bits of CFSR (ARMv7-M B3.2.15).
const CFSR_BITS: [(u32, &str); 17] = [
    (0, "IACCVIOL"),
    (1, "DACCVIOL"),
    (3, "MUNSTKERR"),
    (4, "MSTKERR"),
    (5, "MLSPERR"),
    (8, "IBUSERR"),
    (9, "PRECISERR"),
    (10, "IMPRECISERR"),
    (11, "UNSTKERR"),
    (12, "STKERR"),
    (13, "LSPERR"),
    (16, "UNDEFINSTR"),
    (17, "INVSTATE"),
    (18, "INVPC"),
    (19, "NOCP"),
    (24, "UNALIGNED"),
    (25, "DIVBYZERO"),
];
const MMARVALID: u32 = 1 << 7;
const BFARVALID: u32 = 1 << 15;
/// Names of the bits of HFSR (B3.2.16).
const HFSR_BITS: [(u32, &str); 3] = [(1, "VECTTBL"), (30, "FORCED"), (31, "DEBUGEVT")];

/// Describes the machine as it stands, `address` being where it stopped.
pub(crate) fn stop_report(
    machine: &Machine,
    firmware: &Firmware,
    reason: &str,
    address: Addr,
) -> StopReport {
    let core = &machine.cpu().core;
    let exception = (core.exception != 0).then(|| machine.chip().exception_name(core.exception));
    // After a fault the registers are the handler's, which unwind through its frame.
    let from = if reason == "fault" {
        Addr(core.pc)
    } else {
        address
    };
    let calls = firmware.call_chain(&snapshot(machine, from));
    StopReport {
        reason: reason.to_owned(),
        address: address.to_string(),
        symbol: firmware
            .symbols
            .function_at(address)
            .map(|s| s.display().to_owned()),
        sp: Addr(core.r[13]).to_string(),
        code: None,
        bkpt: None,
        exception,
        fault: fault(machine),
        calls: places_report(&calls),
    }
}

fn snapshot(machine: &Machine, pc: Addr) -> Snapshot {
    let core = &machine.cpu().core;
    let mut registers = core.r;
    registers[15] = pc.0;
    // Up to the end of memory, if that comes first.
    let stack = (0..STACK / 4)
        .map_while(|n| {
            let mut word = [0; 4];
            machine
                .peek(Addr(registers[13].wrapping_add(4 * n as u32)), &mut word)
                .then_some(word)
        })
        .flatten()
        .collect();
    Snapshot {
        registers,
        exception: core.exception,
        stack,
    }
}

fn fault(machine: &Machine) -> Option<FaultReport> {
    let scb = &machine.cpu().scb;
    let (cfsr, hfsr) = (scb.cfsr(), scb.hfsr());
    if cfsr == 0 && hfsr == 0 {
        return None;
    }
    let named = |bits: &[(u32, &str)], value: u32| -> Vec<String> {
        bits.iter()
            .filter(|(bit, _)| value >> bit & 1 != 0)
            .map(|(_, name)| (*name).to_owned())
            .collect()
    };
    let mut bits = named(&CFSR_BITS, cfsr);
    bits.extend(named(&HFSR_BITS, hfsr));
    let address =
        |valid: u32, register: u32| (cfsr & valid != 0).then(|| Addr(register).to_string());
    Some(FaultReport {
        cfsr: Addr(cfsr).to_string(),
        hfsr: Addr(hfsr).to_string(),
        mmfar: address(MMARVALID, scb.mmfar()),
        bfar: address(BFARVALID, scb.bfar()),
        bits,
    })
}

impl FaultReport {
    /// `DIVBYZERO FORCED (CFSR 0x02000000, HFSR 0x40000000), address 0x60000000`.
    pub(crate) fn describe(&self) -> String {
        let address = self.bfar.as_ref().or(self.mmfar.as_ref());
        let address = address
            .map(|a| format!(", address {a}"))
            .unwrap_or_default();
        format!(
            "{} (CFSR {}, HFSR {}){address}",
            self.bits.join(" "),
            self.cfsr,
            self.hfsr
        )
    }
}
