//! Reading firmware memory as a debugger does.

use flashstall_cpu::Addr;
use flashstall_mcu::Machine;

/// `length` bytes from `at`; zeros where no memory answers.
pub(crate) fn bytes(machine: &Machine, at: Addr, length: u32) -> Vec<u8> {
    let mut bytes = vec![0; length as usize];
    // Symbols of a linker script can lie anywhere, so a miss is no error: the report shows zeros there.
    if !machine.peek(at, &mut bytes) {
        bytes.fill(0);
    }
    bytes
}

/// The word at `at`; 0 where no memory answers.
pub(crate) fn word(machine: &Machine, at: Addr) -> u32 {
    words(machine, at, 1).first().copied().unwrap_or(0)
}

/// `count` words from `at`.
pub(crate) fn words(machine: &Machine, at: Addr, count: u32) -> Vec<u32> {
    let bytes = bytes(machine, at, count.saturating_mul(4));
    bytes
        .chunks_exact(4)
        .map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
        .collect()
}
