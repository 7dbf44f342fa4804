//! How far a search is, in a file: what a killed one goes on from.

use std::path::Path;

use crate::scenario::ScenarioError;

pub(super) fn load(path: &Path, mark: &str) -> Result<u64, ScenarioError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(e) => {
            let message = format!("cannot read `{}`: {e}", path.display());
            return Err(ScenarioError::new(message));
        }
    };
    let done = text
        .strip_prefix(mark)
        .and_then(|rest| rest.trim().strip_prefix("done="));
    done.and_then(|n| n.trim().parse().ok()).ok_or_else(|| {
        let message = format!("`{}` is of another search", path.display());
        ScenarioError::new(message).help("choose another file, or delete it")
    })
}

/// Written beside and moved there, so that a kill leaves the old one or the new one.
pub(super) fn store(path: &Path, mark: &str, done: u64) -> Result<(), ScenarioError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let write = std::fs::write(&beside, format!("{mark} done={done}\n"));
    write
        .and_then(|()| std::fs::rename(&beside, path))
        .map_err(|e| ScenarioError::new(format!("cannot write `{}`: {e}", path.display())))
}
