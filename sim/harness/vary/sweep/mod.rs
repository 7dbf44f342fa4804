//! A whole grid into a file: a row a point, in the order of the grid, the same bytes whoever computes them and however often it is cut short.
//!
//! The first line says which sweep it is (a digest of scenario, firmware, chip, wires, grid and version), so that another sweep's file is never added
//! to. A file that is there already is gone on with: whole rows are kept, a torn last line is dropped.

mod digest;
mod format;
mod header;
mod merge;
mod order;
mod resume;
mod shard;
mod table;

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

pub use digest::digest;
pub use format::Format;
pub use merge::merge;
pub(super) use order::in_order;
pub use shard::Shard;
pub use table::{Row, Table, TableAxis};

use format::Lines;
use resume::resume;

use super::{Fork, Variation};
use crate::scenario::ScenarioError;

/// Version of the format.
pub const SCHEMA: &str = "flashstall-sweep/1";
/// Points that a thread computes between two writes: at most so much is computed again after a kill.
const BLOCK: usize = 64;

/// What is asked of a sweep.
#[derive(Clone, Copy, Debug)]
pub struct SweepOptions {
    /// Which points.
    pub shard: Shard,
    /// Threads, at least 1. They change no byte.
    pub threads: usize,
}

/// What a sweep did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// Rows in the file.
    pub rows: u64,
    /// … that were there already.
    pub kept: u64,
}

/// Runs the points of a shard into `path`, or those that are not in it yet. `progress` hears how many of how many rows there are.
///
/// # Errors
/// [`ScenarioError`] for a grid that is no grid, for a file of another sweep or one that somebody else writes, and if it cannot be written. What is in
/// the file then are whole rows.
pub fn sweep(
    variation: &Variation,
    path: &Path,
    options: SweepOptions,
    mut progress: impl FnMut(u64, u64),
) -> Result<Done, ScenarioError> {
    let points = variation.count()?;
    let lines = Lines {
        variation,
        format: Format::of(path)?,
    };
    let header = lines.header(points, options.shard);
    let rows = options.shard.count(points);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(|e| file_error("open", path, &e))?;
    // A device can be endless to read and cannot be cut to a length.
    if !file.metadata().is_ok_and(|m| m.is_file()) {
        let message = format!("`{}` is not a plain file", path.display());
        return Err(ScenarioError::new(message));
    }
    if file.try_lock().is_err() {
        let message = format!("`{}` is being written by somebody else", path.display());
        return Err(ScenarioError::new(message));
    }
    let (kept, mut length) = resume(&mut file, path, &lines, &header, options.shard, rows)?;
    let fork = variation.boot()?;
    let block = BLOCK * options.threads.max(1);
    let mut done = kept;
    progress(done, rows);
    while done < rows {
        let count = usize::try_from(rows - done).unwrap_or(block).min(block);
        let number = |n: usize| options.shard.index + (done + n as u64) * options.shard.of;
        let texts = compute(variation, &fork, &lines, count, options.threads, number)?;
        let text = texts.concat();
        if let Err(error) = file.write_all(text.as_bytes()).and_then(|()| file.flush()) {
            // What did not fit is taken back to the last whole row.
            let written = file.metadata().map_or(length, |m| m.len());
            let part = usize::try_from(written.saturating_sub(length)).unwrap_or(0);
            let whole = text.as_bytes().get(..part).unwrap_or_default();
            let keep = whole.iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1);
            let _ = file.set_len(length + keep as u64);
            return Err(file_error("write", path, &error)
                .help("the rows that are in it are whole: run the same again to go on"));
        }
        length += text.len() as u64;
        done += count as u64;
        progress(done, rows);
    }
    Ok(Done { rows, kept })
}

fn file_error(what: &str, path: &Path, error: &std::io::Error) -> ScenarioError {
    ScenarioError::new(format!("cannot {what} `{}`: {error}", path.display()))
}

/// `count` rows, by several threads, in order.
fn compute(
    variation: &Variation,
    fork: &Fork<'_>,
    lines: &Lines<'_>,
    count: usize,
    threads: usize,
    number: impl Fn(usize) -> u64 + Sync,
) -> Result<Vec<String>, ScenarioError> {
    let one = |n: usize| {
        let index = number(n);
        let point = variation.point(index);
        let outcome = variation.run(fork, &point)?;
        Ok(lines.row(index, &point, &outcome))
    };
    in_order(count, threads, one)
}
