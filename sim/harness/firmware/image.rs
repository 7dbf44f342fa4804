//! Does the image fit the chip? Segments against memories, the vector table, the entry point.

use flashstall_cpu::Addr;
use flashstall_mcu::chip::{Chip, MemoryKind};

use super::Firmware;
use super::error::ElfError;
use super::header::Segment;

/// A memory of the chip, reduced to what loading needs.
struct Range<'a> {
    name: &'a str,
    base: u64,
    end: u64,
    ram: bool,
    executable: bool,
}

/// Checks everything that can be checked before the first instruction.
pub(super) fn check(firmware: &Firmware, chip: &Chip) -> Result<(), ElfError> {
    let memories = memories(chip);
    let mut loaded: Vec<&Segment> = firmware
        .segments
        .iter()
        .filter(|s| !s.bytes.is_empty())
        .collect();
    if loaded.is_empty() {
        return Err(ElfError::NothingToLoad);
    }
    for segment in &firmware.segments {
        inside(
            &memories,
            segment.index,
            "run address",
            segment.run,
            segment.memory_size,
            chip,
        )?;
        let length = segment.bytes.len() as u32;
        if length > 0 {
            inside(
                &memories,
                segment.index,
                "load address",
                segment.load,
                length,
                chip,
            )?;
        }
    }
    loaded.sort_by_key(|s| s.load);
    for pair in loaded.windows(2) {
        if u64::from(pair[0].load.0) + pair[0].bytes.len() as u64 > u64::from(pair[1].load.0) {
            let (first, second) = (
                pair[0].index.min(pair[1].index),
                pair[0].index.max(pair[1].index),
            );
            return Err(ElfError::Overlap {
                first,
                second,
                at: pair[1].load,
            });
        }
    }
    vector_table(firmware, chip, &memories, &loaded)?;
    entry(firmware)
}

/// What an image can be loaded to. The factory's boot loader is not ours to write.
fn memories(chip: &Chip) -> Vec<Range<'_>> {
    // What is behind a window is for the scenario to say.
    let windows = chip.peripherals.iter().filter_map(|p| {
        let (base, size) = p.window()?;
        Some(Range {
            name: &p.name,
            base: u64::from(base),
            end: u64::from(base) + u64::from(size),
            ram: false,
            executable: true,
        })
    });
    chip.memories
        .iter()
        .filter(|m| m.kind != MemoryKind::System)
        .map(|m| Range {
            name: &m.name,
            base: u64::from(m.base.0),
            end: u64::from(m.base.0) + u64::from(m.size),
            ram: matches!(
                m.kind,
                MemoryKind::Sram | MemoryKind::SramView | MemoryKind::Ccm
            ),
            executable: m.executable,
        })
        .chain(windows)
        .collect()
}

fn inside(
    memories: &[Range<'_>],
    index: usize,
    which: &'static str,
    start: Addr,
    length: u32,
    chip: &Chip,
) -> Result<(), ElfError> {
    let end = u64::from(start.0) + u64::from(length);
    let shown = Addr(u32::try_from(end).unwrap_or(u32::MAX));
    let begins_in = memories
        .iter()
        .find(|m| (m.base..m.end).contains(&u64::from(start.0)));
    match begins_in {
        None => Err(ElfError::OutsideMemory {
            index,
            which,
            start,
            end: shown,
            chip: chip.name.clone(),
        }),
        Some(m) => {
            let last = last_of_run(memories, m);
            if end <= last.end {
                return Ok(());
            }
            let memory = if last.base == m.base {
                m.name.to_owned()
            } else {
                format!("{} to {}", m.name, last.name)
            };
            Err(ElfError::TooLarge {
                index,
                memory,
                end: shown,
                limit: Addr(last.end as u32),
                size: ((last.end - m.base) / 1024) as u32,
                chip: chip.name.clone(),
            })
        }
    }
}

/// RAMs that follow each other without a gap are one to a linker script: SRAM1 and SRAM2 of an F407 are its 128 KB.
fn last_of_run<'a>(memories: &'a [Range<'a>], first: &'a Range<'a>) -> &'a Range<'a> {
    let mut last = first;
    while let Some(next) = memories
        .iter()
        .find(|next| last.ram && next.ram && next.base == last.end)
    {
        last = next;
    }
    last
}

/// At reset the core reads SP and PC from the boot address (B1.5.5): both must make sense.
fn vector_table(
    firmware: &Firmware,
    chip: &Chip,
    memories: &[Range<'_>],
    loaded: &[&Segment],
) -> Result<(), ElfError> {
    let at = chip.flash.base;
    let fail = |why: String| Err(ElfError::NoVectorTable { at, why });
    let (Some(sp), Some(pc)) = (firmware.word(at), firmware.word(Addr(at.0 + 4))) else {
        let lowest = loaded
            .iter()
            .map(|s| s.load)
            .find(|a| *a >= at)
            .unwrap_or(loaded[0].load);
        return fail(format!(
            "nothing is loaded there, the image begins at {lowest}"
        ));
    };
    // SP may point to the end of a memory: the first push is below it.
    let ram = |m: &&Range<'_>| m.ram && u64::from(sp) > m.base && u64::from(sp) <= m.end;
    if !sp.is_multiple_of(4) || memories.iter().find(ram).is_none() {
        return fail(format!(
            "the initial stack pointer would be {}, which is not in RAM",
            Addr(sp)
        ));
    }
    if pc & 1 == 0 {
        return fail(format!(
            "the reset vector {} is even: not Thumb code",
            Addr(pc)
        ));
    }
    let code = |m: &Range<'_>| m.executable && (m.base..m.end).contains(&u64::from(pc));
    if !memories.iter().any(code) {
        return fail(format!(
            "the reset vector {} is not in executable memory",
            Addr(pc)
        ));
    }
    Ok(())
}

fn entry(firmware: &Firmware) -> Result<(), ElfError> {
    let entry = firmware.entry;
    // Zero is the ELF specification's "no entry point".
    if entry.0 == 0 {
        return Ok(());
    }
    let runs = |s: &Segment| {
        u64::from(entry.0).wrapping_sub(u64::from(s.run.0)) < u64::from(s.memory_size)
    };
    if firmware.segments.iter().any(|s| s.loads(entry) || runs(s)) {
        Ok(())
    } else {
        Err(ElfError::Entry { entry })
    }
}
