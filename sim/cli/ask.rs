//! Questions on a terminal, or down a pipe that was asked to be one.

use std::io::{BufRead, Read as _, Write as _};

use flashstall::ScenarioError;

/// Bytes of an answer: what is longer is none, and goes on as the next.
const LONGEST: u64 = 4096;

/// Somebody who answers.
pub struct Dialogue<R> {
    input: R,
}

impl<R: BufRead> Dialogue<R> {
    /// Whoever writes to `input`.
    pub const fn new(input: R) -> Self {
        Self { input }
    }

    /// Asks until `understand` takes the answer; an empty line is the default. What it refuses is said, and asked again.
    ///
    /// Questions go to standard error: standard output may be a file.
    ///
    /// # Errors
    /// [`ScenarioError`] if the input ends before, or cannot be read.
    pub fn ask<T>(
        &mut self,
        question: &str,
        default: &str,
        mut understand: impl FnMut(&str) -> Result<T, ScenarioError>,
    ) -> Result<T, ScenarioError> {
        loop {
            let mut terminal = std::io::stderr().lock();
            let _ = write!(terminal, "{question} [{default}]: ").and_then(|()| terminal.flush());
            let mut line = Vec::new();
            let read = self
                .input
                .by_ref()
                .take(LONGEST)
                .read_until(b'\n', &mut line)
                .map_err(|e| ScenarioError::new(format!("cannot read the answer: {e}")))?;
            if read == 0 {
                let _ = writeln!(terminal);
                let message = format!("the input ended before `{question}` was answered");
                return Err(ScenarioError::new(message)
                    .help("--chip, --port and --baud answer without being asked"));
            }
            let line = String::from_utf8_lossy(&line);
            let answer = match line.trim() {
                "" => default,
                answer => answer,
            };
            match understand(answer) {
                Ok(answer) => return Ok(answer),
                Err(error) => {
                    let _ = writeln!(terminal, "{error}");
                }
            }
        }
    }
}
