//! Where to go on in a file that is there already.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use super::format::{Format, Lines};
use super::{Shard, file_error};
use crate::scenario::ScenarioError;

/// The number at the start of a row.
fn index_of(line: &str, format: Format) -> Option<u64> {
    let rest = match format {
        Format::Csv => line,
        Format::JsonLines => line.strip_prefix("{\"index\":")?,
    };
    rest.split(',').next()?.parse().ok()
}

/// Brings the file to its last whole row, or to its header; returns how many rows it has, and its length.
pub(super) fn resume(
    file: &mut File,
    path: &Path,
    lines: &Lines<'_>,
    header: &str,
    shard: Shard,
    rows: u64,
) -> Result<(u64, u64), ScenarioError> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)
        .map_err(|e| file_error("read", path, &e))?;
    // A kill can tear a character apart; what is whole is ASCII but for names.
    let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1);
    let text = String::from_utf8_lossy(bytes.get(..whole).unwrap_or_default()).into_owned();
    let torn_header = header.as_bytes().starts_with(&bytes);
    let fail = |e: std::io::Error| file_error("write", path, &e);
    if torn_header && bytes.len() < header.len() {
        file.set_len(0).map_err(fail)?;
        file.seek(SeekFrom::Start(0)).map_err(fail)?;
        if let Err(error) = file.write_all(header.as_bytes()) {
            let _ = file.set_len(0);
            return Err(fail(error));
        }
        return Ok((0, header.len() as u64));
    }
    let Some(body) = text.strip_prefix(header) else {
        let message = format!("`{}` is of another sweep", path.display());
        return Err(ScenarioError::new(message).help(
            "scenario, firmware, grid, shard and version must be the same: choose another file, or delete it",
        ));
    };
    let mut kept = 0;
    for line in body.lines() {
        let expected = shard.index + kept * shard.of;
        if kept >= rows || index_of(line, lines.format) != Some(expected) {
            let message = format!(
                "`{}` is damaged: row {kept} is not point {expected}",
                path.display()
            );
            return Err(ScenarioError::new(message).help("delete it"));
        }
        kept += 1;
    }
    let length = whole as u64;
    file.set_len(length).map_err(fail)?;
    file.seek(SeekFrom::Start(length)).map_err(fail)?;
    Ok((kept, length))
}
