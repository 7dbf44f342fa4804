//! The files of all shards put together.

use std::path::Path;

use super::header::head;
use super::{Format, file_error};
use crate::scenario::ScenarioError;

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
