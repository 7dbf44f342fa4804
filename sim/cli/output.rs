//! Standard output, files and logging. A reader that went away (`flashstall … | head`) is no error.

use std::io::Write as _;
use std::path::Path;

use flashstall::ScenarioError;

/// Writes to standard output; a closed pipe ends the output, not the program with a panic.
pub fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Writes to standard error: what is for the person at the terminal, and no result.
pub fn tell(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// Writes an error to standard error.
pub fn complain(error: &ScenarioError) {
    let _ = writeln!(std::io::stderr(), "{error}");
}

/// Writes JSON to a file, or to standard output for `-`.
pub fn json(target: &Path, text: &str) -> Result<(), ScenarioError> {
    if target == Path::new("-") {
        print(text);
        return Ok(());
    }
    file(target, text)
}

/// Writes a file of text.
pub fn file(target: &Path, text: &str) -> Result<(), ScenarioError> {
    bytes(target, text.as_bytes())
}

/// Writes a file.
pub fn bytes(target: &Path, bytes: &[u8]) -> Result<(), ScenarioError> {
    std::fs::write(target, bytes)
        .map_err(|e| ScenarioError::new(format!("cannot write `{}`: {e}", target.display())))
}

/// Logs to standard error: warnings, and more with each `-v`.
pub fn logging(verbose: u8) {
    let level = match verbose {
        0 => tracing::Level::WARN,
        1 => tracing::Level::INFO,
        2 => tracing::Level::DEBUG,
        _ => tracing::Level::TRACE,
    };
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .without_time()
        .init();
}
