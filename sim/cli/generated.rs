//! What is made of the table of arguments: completions and manual pages.

use std::path::Path;

use clap::CommandFactory as _;
use flashstall::{ScenarioError, exit};

use crate::args::Cli;
use crate::output;

/// The completions of a shell, on standard output.
pub fn completions(shell: clap_complete::Shell) -> u8 {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "flashstall", &mut text);
    output::print(&String::from_utf8_lossy(&text));
    exit::MET
}

/// Manual pages into a folder: one for the program, one for each command.
pub fn manual(folder: &Path) -> Result<u8, ScenarioError> {
    clap_mangen::generate_to(Cli::command(), folder).map_err(|e| {
        ScenarioError::new(format!(
            "cannot write manual pages to `{}`: {e}",
            folder.display()
        ))
    })?;
    Ok(exit::MET)
}
