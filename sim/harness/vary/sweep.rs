//! A whole grid into a file: a row a point, in the order of the grid, the same bytes whoever computes them and however often it is cut short.
//!
//! The first line says which sweep it is (a digest of scenario, firmware, chip, wires, grid and version), so that another sweep's file is never added
//! to. A file that is there already is gone on with: whole rows are kept, a torn last line is dropped.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::axis::{Axis, Kind};
use super::value::Value;
use super::{COLUMNS, Fork, Outcome, Variation};
use crate::scenario::ScenarioError;

/// Version of the format.
pub const SCHEMA: &str = "flashstall-sweep/1";
/// Points that a thread computes between two writes: at most so much is computed again after a kill.
const BLOCK: usize = 64;

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values; the first line begins with `#`.
    Csv,
    /// JSON Lines; the first object is the header.
    JsonLines,
}

impl Format {
    /// By the name of the file.
    ///
    /// # Errors
    /// [`ScenarioError`] for a name that ends in neither `.csv` nor `.jsonl`.
    pub fn of(path: &Path) -> Result<Self, ScenarioError> {
        match path.extension().and_then(|e| e.to_str()) {
            Some("csv") => Ok(Self::Csv),
            Some("jsonl") => Ok(Self::JsonLines),
            _ => {
                let message = format!("`{}` says no format", path.display());
                Err(ScenarioError::new(message).help("name it .csv or .jsonl"))
            }
        }
    }
}

/// One of several parts of a grid: the points whose number is `index` modulo `of`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which, from 0.
    pub index: u64,
    /// Of how many, at least 1.
    pub of: u64,
}

impl Shard {
    /// All points.
    pub const WHOLE: Self = Self { index: 0, of: 1 };

    /// How many of `points` are its.
    #[must_use]
    pub const fn count(self, points: u64) -> u64 {
        let more = points.saturating_sub(self.index);
        more.div_ceil(self.of)
    }

    /// Reads `2/8`, or `auto/8`: then the index is what the first of these that is set says.
    ///
    /// | variable | who sets it | counts from |
    /// |---|---|---|
    /// | `SLURM_ARRAY_TASK_ID` | Slurm, `sbatch --array` | `SLURM_ARRAY_TASK_MIN`, which Slurm sets too: `--array=0-7` and `--array=1-8` are the same |
    /// | `HQ_TASK_ID` | HyperQueue, `hq submit --array` | 0: write `--array 0-7` |
    /// | `JOB_COMPLETION_INDEX` | Kubernetes, an Indexed Job | 0 |
    ///
    /// # Errors
    /// [`ScenarioError`] for anything else, and for an index that is not below the number.
    pub fn parse(
        text: &str,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ScenarioError> {
        let wrong = |message: String| {
            ScenarioError::new(message).help("write --shard 0/8 to 7/8, or auto/8")
        };
        let number = |what: &str, text: &str| {
            text.trim()
                .parse::<u64>()
                .map_err(|_| wrong(format!("{what} `{text}` is not a number")))
        };
        let Some((index, of)) = text.split_once('/') else {
            return Err(wrong(format!("`{text}` is not a shard")));
        };
        let of = number("shard count", of)?;
        let index = if index != "auto" {
            number("shard", index)?
        } else if let Some(id) = variable("SLURM_ARRAY_TASK_ID") {
            let first = variable("SLURM_ARRAY_TASK_MIN").unwrap_or_else(|| "0".to_owned());
            let first = number("SLURM_ARRAY_TASK_MIN", &first)?;
            number("SLURM_ARRAY_TASK_ID", &id)?.wrapping_sub(first)
        } else if let Some(id) = variable("HQ_TASK_ID") {
            number("HQ_TASK_ID", &id)?
        } else if let Some(id) = variable("JOB_COMPLETION_INDEX") {
            number("JOB_COMPLETION_INDEX", &id)?
        } else {
            let message = "no SLURM_ARRAY_TASK_ID, HQ_TASK_ID or JOB_COMPLETION_INDEX is set";
            return Err(wrong(message.to_owned()));
        };
        if index >= of {
            return Err(wrong(format!("shard {index} of {of}: they count from 0")));
        }
        Ok(Self { index, of })
    }
}

/// FNV-1a, 64 bits.
fn fnv1a(texts: &[&str]) -> u64 {
    let bytes = texts.iter().flat_map(|t| t.bytes().chain([0]));
    bytes.fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

/// What tells this sweep from any other: everything that its rows depend on, and what axes and columns they have.
#[must_use]
pub fn digest(variation: &Variation) -> String {
    let prepared = variation.prepared();
    let axes: Vec<String> = variation.axes().iter().map(Axis::to_string).collect();
    let parts = [
        SCHEMA.to_owned(),
        env!("CARGO_PKG_VERSION").to_owned(),
        variation.scenario().to_toml(),
        format!("{:016x}", prepared.firmware.hash),
        format!("{:?}", prepared.chip),
        format!("{:?}", prepared.wires),
        axes.join(" "),
        COLUMNS.join(" "),
    ];
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    format!("{:016x}", fnv1a(&parts))
}

/// The column of an axis, with the unit of its numbers.
fn column(axis: &Axis) -> String {
    let unit = match axis.kind {
        Kind::Erase | Kind::Gap | Kind::Jitter | Kind::Program => "-ps",
        Kind::ClockError => "-ppb",
        _ => "",
    };
    format!("{}{unit}", axis.name)
}

/// A number where it is one; a phase in parts, a column of the datasheet by its name.
fn cell(value: Value) -> String {
    match value {
        Value::Phase { .. } | Value::Column(_) => value.to_string(),
        number => number.number().to_string(),
    }
}

/// Text between quotes if it needs them in CSV.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// A JSON value: numbers as they are, everything else as text.
fn json(text: &str) -> String {
    if text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok() {
        text.to_owned()
    } else {
        serde_json::Value::String(text.to_owned()).to_string()
    }
}

/// The lines of a sweep.
struct Lines<'a> {
    variation: &'a Variation,
    format: Format,
}

impl Lines<'_> {
    fn names(&self) -> Vec<String> {
        let axes = self.variation.axes().iter().map(column);
        let own = COLUMNS.iter().map(|c| (*c).to_owned());
        ["index".to_owned()]
            .into_iter()
            .chain(axes)
            .chain(own)
            .collect()
    }

    fn header(&self, points: u64, shard: Shard) -> String {
        let (digest, Shard { index, of }) = (digest(self.variation), shard);
        match self.format {
            Format::Csv => {
                let names: Vec<String> = self.names().iter().map(|n| quoted(n)).collect();
                format!(
                    "# {SCHEMA} digest={digest} points={points} shard={index}/{of}\n{}\n",
                    names.join(",")
                )
            }
            Format::JsonLines => format!(
                "{{\"schema\":\"{SCHEMA}\",\"digest\":\"{digest}\",\"points\":{points},\"shard\":[{index},{of}]}}\n"
            ),
        }
    }

    fn row(&self, index: u64, point: &[Value], outcome: &Outcome) -> String {
        let cells = [index.to_string()]
            .into_iter()
            .chain(point.iter().map(|v| cell(*v)))
            .chain(outcome.cells());
        match self.format {
            Format::Csv => {
                let cells: Vec<String> = cells.map(|c| quoted(&c)).collect();
                cells.join(",") + "\n"
            }
            Format::JsonLines => {
                let names = self.names();
                let pairs: Vec<String> = names
                    .iter()
                    .zip(cells)
                    .map(|(name, cell)| format!("{}:{}", serde_json::json!(name), json(&cell)))
                    .collect();
                format!("{{{}}}\n", pairs.join(","))
            }
        }
    }
}

/// The number at the start of a row.
fn index_of(line: &str, format: Format) -> Option<u64> {
    let rest = match format {
        Format::Csv => line,
        Format::JsonLines => line.strip_prefix("{\"index\":")?,
    };
    rest.split(',').next()?.parse().ok()
}

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

fn file_error(what: &str, path: &Path, error: &std::io::Error) -> ScenarioError {
    ScenarioError::new(format!("cannot {what} `{}`: {error}", path.display()))
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

/// Brings the file to its last whole row, or to its header; returns how many rows it has, and its length.
fn resume(
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

/// Results of `one(0)` to `one(count - 1)`, in order, whoever computes them; the first error in that order.
pub(super) fn in_order<T: Send>(
    count: usize,
    threads: usize,
    one: impl Fn(usize) -> Result<T, ScenarioError> + Sync,
) -> Result<Vec<T>, ScenarioError> {
    if threads <= 1 || count <= 1 {
        return (0..count).map(one).collect();
    }
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, Result<T, ScenarioError>)>> =
        Mutex::new(Vec::with_capacity(count));
    let work = || {
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            if n >= count {
                return;
            }
            let result = one(n);
            if let Ok(mut all) = results.lock() {
                all.push((n, result));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads.min(count) {
            scope.spawn(work);
        }
    });
    let mut all = results.into_inner().unwrap_or_else(|e| e.into_inner());
    all.sort_by_key(|(n, _)| *n);
    all.into_iter().map(|(_, result)| result).collect()
}

/// Puts the files of all shards together into the file that one sweep of everything would have written.
///
/// # Errors
/// [`ScenarioError`] for files that are not all shards of one sweep, each once and whole.
pub fn merge(parts: &[std::path::PathBuf], out: &Path) -> Result<u64, ScenarioError> {
    let format = Format::of(out)?;
    let mut shards: Vec<Option<(String, Vec<String>)>> = Vec::new();
    let mut common: Option<(String, u64)> = None;
    for path in parts {
        let wrong = |why: String| ScenarioError::new(format!("`{}` {why}", path.display()));
        if Format::of(path)? != format {
            return Err(wrong("is of another format than the result".to_owned()));
        }
        let text = std::fs::read_to_string(path).map_err(|e| file_error("read", path, &e))?;
        if !text.ends_with('\n') {
            return Err(wrong(
                "ends in mid-line: its sweep was cut short".to_owned(),
            ));
        }
        let mut lines = text.lines().map(str::to_owned);
        let first = lines.next().unwrap_or_default();
        let Some((plain, points, shard)) = head(&first, format) else {
            return Err(wrong("is not the file of a sweep".to_owned()));
        };
        let names = match format {
            Format::Csv => lines.next().unwrap_or_default() + "\n",
            Format::JsonLines => String::new(),
        };
        let same = (format!("{plain}\n{names}"), points);
        if common.get_or_insert_with(|| same.clone()) != &same {
            return Err(wrong("is of another sweep than the first".to_owned()));
        }
        let count = usize::try_from(shard.of).unwrap_or(usize::MAX);
        if shards.is_empty() && count <= parts.len() {
            shards.resize_with(count, || None);
        }
        if shards.len() != count {
            let given = parts.len();
            return Err(wrong(format!(
                "is one of {count} shards, and {given} are given"
            )));
        }
        let rows: Vec<String> = lines.collect();
        if rows.len() as u64 != shard.count(points) {
            let (is, all) = (rows.len(), shard.count(points));
            return Err(wrong(format!(
                "has {is} of {all} rows: its sweep was cut short"
            )));
        }
        let index = usize::try_from(shard.index).unwrap_or(usize::MAX);
        match shards.get_mut(index) {
            Some(slot @ None) => *slot = Some((first, rows)),
            _ => return Err(wrong(format!("is shard {index} once more"))),
        }
    }
    let Some((head, points)) = common else {
        return Err(ScenarioError::new("nothing to merge"));
    };
    if let Some(missing) = shards.iter().position(Option::is_none) {
        let message = format!("shard {missing} of {} is missing", shards.len());
        return Err(ScenarioError::new(message));
    }
    let mut text = head;
    let of = shards.len().max(1);
    for n in 0..usize::try_from(points).unwrap_or(usize::MAX) {
        let shard = shards.get(n % of).and_then(Option::as_ref);
        if let Some(row) = shard.and_then(|(_, rows)| rows.get(n / of)) {
            text.push_str(row);
            text.push('\n');
        }
    }
    std::fs::write(out, text).map_err(|e| file_error("write", out, &e))?;
    Ok(points)
}

/// Of the first line: itself as that of a whole sweep, the number of points, the shard.
fn head(line: &str, format: Format) -> Option<(String, u64, Shard)> {
    let number = |key: &str, end: &[char]| {
        let rest = line.split_once(key)?.1;
        rest.split(end).next()?.parse::<u64>().ok()
    };
    let (index, of, points, whole) = match format {
        Format::Csv => {
            let (before, shard) = line
                .strip_prefix("# flashstall-sweep/1 ")?
                .split_once(" shard=")?;
            let (index, of) = shard.split_once('/')?;
            let points = number("points=", &[' '])?;
            let whole = format!("# {SCHEMA} {before} shard=0/1");
            (index.parse().ok()?, of.parse().ok()?, points, whole)
        }
        Format::JsonLines => {
            let (before, shard) = line.split_once(",\"shard\":[")?;
            let (index, of) = shard.strip_suffix("]}")?.split_once(',')?;
            let points = number("\"points\":", &[',', '}'])?;
            before
                .starts_with("{\"schema\":\"flashstall-sweep/1\"")
                .then_some(())?;
            let whole = format!("{before},\"shard\":[0,1]}}");
            (index.parse().ok()?, of.parse().ok()?, points, whole)
        }
    };
    (of > 0 && index < of).then_some((whole, points, Shard { index, of }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_part_the_points_without_rest() {
        for points in [0, 1, 7, 8, 9, 100] {
            let counts = (0..8).map(|index| Shard { index, of: 8 }.count(points));
            assert_eq!(counts.sum::<u64>(), points);
        }
    }

    #[test]
    fn the_index_comes_from_whoever_started_the_job() {
        let parse = |text: &str, set: &[(&str, &str)]| {
            let set: Vec<(String, String)> = set
                .iter()
                .map(|(k, v)| ((*k).into(), (*v).into()))
                .collect();
            Shard::parse(text, |name| {
                set.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone())
            })
            .map(|s| (s.index, s.of))
            .map_err(|e| e.to_string())
        };
        assert_eq!(parse("2/8", &[]), Ok((2, 8)));
        assert_eq!(parse("auto/8", &[("HQ_TASK_ID", "0")]), Ok((0, 8)));
        assert_eq!(
            parse("auto/8", &[("JOB_COMPLETION_INDEX", "7")]),
            Ok((7, 8))
        );
        let slurm = [("SLURM_ARRAY_TASK_ID", "8"), ("SLURM_ARRAY_TASK_MIN", "1")];
        assert_eq!(parse("auto/8", &slurm), Ok((7, 8)));
        assert!(parse("auto/8", &slurm[..1]).is_err(), "8 of 8 from 0");
        for bad in ["8/8", "0/0", "x/2", "3", "auto/3", "-1/4"] {
            assert!(parse(bad, &[]).is_err(), "{bad}");
        }
    }
}
