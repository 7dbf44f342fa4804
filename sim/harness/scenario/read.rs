//! Reading TOML, with errors as a person wants them.

use std::path::Path;
use std::sync::Arc;

use super::diagnostic::{ScenarioError, Source};
use super::file::ScenarioFile;

/// Reads a file.
pub(super) fn read(path: &Path) -> Result<(ScenarioFile, Arc<Source>), ScenarioError> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| ScenarioError::new(format!("cannot read `{}`: {e}", path.display())))?;
    parse(path, text)
}

/// Reads text; `path` is for messages.
pub(super) fn parse(
    path: &Path,
    text: String,
) -> Result<(ScenarioFile, Arc<Source>), ScenarioError> {
    let source = Arc::new(Source {
        path: path.to_owned(),
        text,
    });
    match toml::from_str(&source.text) {
        Ok(file) => Ok((file, source)),
        Err(error) => Err(explain(&error).in_source(Some(&source))),
    }
}

fn explain(error: &toml::de::Error) -> ScenarioError {
    let message = error.message().lines().collect::<Vec<_>>().join(", ");
    let mut explained = ScenarioError {
        span: error.span(),
        ..ScenarioError::new(message.clone())
    };
    // serde: "unknown field `buad`, expected one of `name`, `kind`"
    for (start, what) in [("unknown field `", "key"), ("unknown variant `", "value")] {
        let Some(rest) = message.strip_prefix(start) else {
            continue;
        };
        let Some((word, rest)) = rest.split_once('`') else {
            continue;
        };
        let known: Vec<&str> = rest.split('`').skip(1).step_by(2).collect();
        explained.message = format!("unknown {what} `{word}`");
        explained = explained.suggest(word, known);
    }
    if let Some(key) = message
        .strip_prefix("missing field `")
        .and_then(|m| m.strip_suffix('`'))
    {
        explained.message = format!("missing key `{key}`");
    }
    explained
}
