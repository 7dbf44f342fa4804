//! What is compared after an instruction, and what now and then.

use flashstall_cpu::{Bus, Core, Cpu, Exit};
use flashstall_mcu::chip::MemoryKind;
use flashstall_mcu::soc::Soc;

use super::Mismatch;

pub(super) fn exits(out: &mut Vec<Mismatch>, native: Exit, unicorn: Exit) {
    if native != unicorn {
        let (native, unicorn) = (format!("{native:?}"), format!("{unicorn:?}"));
        out.push(Mismatch {
            what: "exit".into(),
            before: "-".into(),
            native,
            unicorn,
        });
    }
}

pub(super) fn cores(out: &mut Vec<Mismatch>, before: &Core, native: &Core, unicorn: &Core) {
    let words = |core: &Core| {
        [
            core.pc,
            core.xpsr(),
            core.other_sp,
            u32::from(core.ici),
            u32::from(core.spsel),
            u32::from(core.unprivileged),
            u32::from(core.primask),
            u32::from(core.faultmask),
            u32::from(core.basepri),
            core.fp.fpscr.bits(),
            u32::from(core.fp.active),
        ]
    };
    const REGISTERS: [&str; 15] = [
        "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "sp", "lr",
    ];
    const NAMES: [&str; 11] = [
        "pc",
        "xpsr",
        "other sp",
        "ici",
        "spsel",
        "nPRIV",
        "primask",
        "faultmask",
        "basepri",
        "fpscr",
        "FPCA",
    ];
    let mut word = |what: &str, before: u32, native: u32, unicorn: u32| {
        if native != unicorn {
            let [before, native, unicorn] =
                [before, native, unicorn].map(|value| format!("{value:#010x}"));
            out.push(Mismatch {
                what: what.to_owned(),
                before,
                native,
                unicorn,
            });
        }
    };
    for (register, what) in REGISTERS.into_iter().enumerate() {
        word(
            what,
            before.r[register],
            native.r[register],
            unicorn.r[register],
        );
    }
    for register in 0..32 {
        let [before, native, unicorn] = [before, native, unicorn].map(|core| core.fp.s[register]);
        if native != unicorn {
            word(&format!("s{register}"), before, native, unicorn);
        }
    }
    let (words_before, words_native, words_unicorn) =
        (words(before), words(native), words(unicorn));
    for (index, what) in NAMES.into_iter().enumerate() {
        word(
            what,
            words_before[index],
            words_native[index],
            words_unicorn[index],
        );
    }
    let counters = [
        ("cycles", before.now.0, native.now.0, unicorn.now.0),
        (
            "instructions",
            before.instructions,
            native.instructions,
            unicorn.instructions,
        ),
    ];
    for (what, before, native, unicorn) in counters {
        if native != unicorn {
            let [before, native, unicorn] =
                [before, native, unicorn].map(|value| value.to_string());
            out.push(Mismatch {
                what: what.to_owned(),
                before,
                native,
                unicorn,
            });
        }
    }
}

/// What unicorn wrote is there in the native machine too. A native write elsewhere is seen by the deep comparison.
pub(super) fn written(
    out: &mut Vec<Mismatch>,
    written: &[(u32, u32)],
    native: &Soc,
    unicorn: &Soc,
) {
    for &(addr, size) in written {
        let mut bytes = ([0; 4], [0; 4]);
        let size = size as usize;
        // Devices cannot be looked at without changing them: their state shows in time and interrupts.
        if native.peek(addr, &mut bytes.0[..size])
            && unicorn.peek(addr, &mut bytes.1[..size])
            && bytes.0 != bytes.1
        {
            push_memory(
                out,
                addr,
                u32::from_le_bytes(bytes.0),
                u32::from_le_bytes(bytes.1),
            );
        }
    }
}

fn push_memory(out: &mut Vec<Mismatch>, addr: u32, native: u32, unicorn: u32) {
    let [native, unicorn] = [native, unicorn].map(|value| format!("{value:#x}"));
    out.push(Mismatch {
        what: format!("[{addr:#010x}]"),
        before: "-".into(),
        native,
        unicorn,
    });
}

/// All RAM, and what is pending or active.
pub(super) fn deep(out: &mut Vec<Mismatch>, native: (&Cpu, &Soc), unicorn: (&Cpu, &Soc)) {
    let nvic = [native.0, unicorn.0].map(|cpu| format!("{:?}", cpu.nvic));
    if nvic[0] != nvic[1] {
        let [native, unicorn] = nvic;
        out.push(Mismatch {
            what: "nvic".into(),
            before: "-".into(),
            native,
            unicorn,
        });
    }
    let events = (native.1.next_event(), unicorn.1.next_event());
    if events.0 != events.1 {
        let (native, unicorn) = (events.0.to_string(), events.1.to_string());
        out.push(Mismatch {
            what: "next event".into(),
            before: "-".into(),
            native,
            unicorn,
        });
    }
    for memory in &native.1.chip().memories {
        if !matches!(memory.kind, MemoryKind::Sram | MemoryKind::Ccm) {
            continue;
        }
        let read = |soc: &Soc| {
            let mut bytes = vec![0; memory.size as usize];
            soc.peek(memory.base.0, &mut bytes).then_some(bytes)
        };
        let (Some(a), Some(b)) = (read(native.1), read(unicorn.1)) else {
            continue;
        };
        if let Some(at) = a.iter().zip(&b).position(|(a, b)| a != b) {
            push_memory(out, memory.base.0 + at as u32, a[at].into(), b[at].into());
        }
    }
}
