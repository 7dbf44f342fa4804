//! Semihosting: what firmware asks of a debugger by BKPT 0xAB.

use flashstall_cpu::{Addr, Cpu};

use crate::soc::Soc;

/// Immediate of the BKPT.
pub(super) const IMMEDIATE: u8 = 0xAB;

const SYS_WRITEC: u32 = 0x03;
const SYS_WRITE0: u32 = 0x04;
const SYS_EXIT: u32 = 0x18;
const SYS_EXIT_EXTENDED: u32 = 0x20;
/// The reason that means "all is well".
const APPLICATION_EXIT: u32 = 0x2_0026;
/// Longest text of one SYS_WRITE0: a pointer into nowhere must not print all of memory.
const MAX_TEXT: u32 = 0x1_0000;

/// Does what R0 asks for and moves on behind the BKPT. `Some`: the firmware is done, with this exit code.
pub(super) fn call(cpu: &mut Cpu, soc: &mut Soc) -> Option<u32> {
    let (operation, argument) = (cpu.core.r[0], cpu.core.r[1]);
    let pc = Addr(cpu.core.pc);
    match operation {
        SYS_WRITEC => {
            let text = byte(soc, argument).map(char::from);
            soc.shared.log.output.extend(text);
        }
        SYS_WRITE0 => {
            let text = (0..MAX_TEXT)
                .map_while(|n| byte(soc, argument.wrapping_add(n)).filter(|&b| b != 0));
            let text: Vec<u8> = text.collect();
            soc.shared
                .log
                .output
                .push_str(&String::from_utf8_lossy(&text));
        }
        SYS_EXIT => return Some(u32::from(argument != APPLICATION_EXIT)),
        SYS_EXIT_EXTENDED => {
            // A block that cannot be read is no reason to run on.
            let (reason, code) = (word(soc, argument), word(soc, argument.wrapping_add(4)));
            return Some(if reason == Some(APPLICATION_EXIT) {
                code.unwrap_or(1)
            } else {
                1
            });
        }
        _ => {
            let time = soc.time(cpu.core.now);
            soc.shared.log.find("semihosting-unmodelled", time, pc, || {
                format!("semihosting operation {operation:#04x} is not modelled: it returned -1")
            });
            cpu.core.r[0] = u32::MAX;
        }
    }
    cpu.core.pc = pc.0.wrapping_add(2);
    None
}

fn byte(soc: &Soc, addr: u32) -> Option<u8> {
    let mut out = [0];
    soc.peek(addr, &mut out).then_some(out[0])
}

fn word(soc: &Soc, addr: u32) -> Option<u32> {
    let mut out = [0; 4];
    soc.peek(addr, &mut out).then(|| u32::from_le_bytes(out))
}
