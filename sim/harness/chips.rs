//! The list of parts: `flashstall chips`.

use flashstall_mcu::chip::{Chip, TimingSpec};
use serde::Serialize;

use crate::report::short;
use crate::report::table;

/// Value of the `schema` key.
pub const CHIPS_SCHEMA: &str = "flashstall-chips/1";

/// How long one kind of operation takes.
#[derive(Clone, Debug, Serialize)]
pub struct TimingEntry {
    /// Which operation: `page_erase`, `128 KB sector erase x32`.
    pub operation: String,
    /// Shortest, in seconds, where the datasheet gives one.
    pub min_s: Option<f64>,
    /// Typical, where the datasheet gives one.
    pub typ_s: Option<f64>,
    /// Longest.
    pub max_s: f64,
    /// Where the figures come from.
    pub source: String,
    /// How sure: S seen there, S proxy seen for a sibling, D derived, M from memory.
    pub confidence: String,
}

/// One part.
#[derive(Clone, Debug, Serialize)]
pub struct ChipEntry {
    /// Name to use in scenarios.
    pub name: String,
    /// One line.
    pub description: String,
    /// Bytes of main flash.
    pub flash_bytes: u32,
    /// Bytes that one erase erases; 0 on a part with sectors of several sizes.
    pub page_bytes: u32,
    /// How many pages or sectors there are.
    pub pages: u32,
    /// Banks.
    pub banks: u8,
    /// Bytes that one program operation writes.
    pub program_bytes: u32,
    /// Where the geometry comes from.
    pub source: String,
    /// How sure that is.
    pub confidence: String,
    /// How long its operations take.
    pub timings: Vec<TimingEntry>,
}

/// All built-in parts, in alphabetical order.
#[must_use]
pub fn chips() -> Vec<ChipEntry> {
    Chip::names()
        .filter_map(Chip::builtin)
        .map(|chip| entry(&chip))
        .collect()
}

fn entry(chip: &Chip) -> ChipEntry {
    let flash = &chip.flash;
    let timing = |(operation, t): (String, &TimingSpec)| TimingEntry {
        operation,
        min_s: t.min.map(|p| p.as_secs_f64()),
        typ_s: t.typ.map(|p| p.as_secs_f64()),
        max_s: t.max.as_secs_f64(),
        source: t.source.clone(),
        confidence: t.confidence.to_string(),
    };
    ChipEntry {
        name: chip.name.clone(),
        description: chip.description.clone(),
        flash_bytes: flash.size,
        page_bytes: flash.page,
        pages: flash.pages(),
        banks: flash.banks,
        program_bytes: flash.program.bytes(),
        source: flash.source.clone(),
        confidence: flash.confidence.to_string(),
        timings: flash.timing.all().map(timing).collect(),
    }
}

/// As JSON, indented, with a newline at the end.
#[must_use]
pub fn to_json(chips: &[ChipEntry]) -> String {
    let value = serde_json::json!({ "schema": CHIPS_SCHEMA, "chips": chips });
    let mut json = serde_json::to_string_pretty(&value).unwrap_or_default();
    json.push('\n');
    json
}

/// For people, with a newline at the end.
#[must_use]
pub fn to_text(chips: &[ChipEntry]) -> String {
    let mut out = String::new();
    for chip in chips {
        let pages = match chip.page_bytes {
            0 => format!("{} sectors", chip.pages),
            bytes => format!("{} pages of {bytes} bytes", chip.pages),
        };
        out += &format!(
            "{}: {}\n  flash {} KB, {pages}, {} bank(s), programmed by {} bytes [{}] {}\n",
            chip.name,
            chip.description,
            chip.flash_bytes / 1024,
            chip.banks,
            chip.program_bytes,
            chip.confidence,
            chip.source
        );
        let mut rows = table(
            ["operation", "min", "typ", "max", "mark", "source"],
            &[1, 2, 3],
        );
        for t in &chip.timings {
            let name = t.operation.replace('_', " ");
            let min = t.min_s.map_or_else(|| "-".to_owned(), short);
            let typ = t.typ_s.map_or_else(|| "-".to_owned(), short);
            rows.add_row([
                name.as_str(),
                &min,
                &typ,
                &short(t.max_s),
                &t.confidence,
                &t.source,
            ]);
        }
        for line in rows.lines() {
            out += &format!(" {}\n", line.trim_end());
        }
    }
    out += "\nMarks: S seen in the source, S proxy seen for a sibling, D derived, M from memory, unverified.\n";
    out
}
