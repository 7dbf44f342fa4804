//! The command line: arguments in, the harness called, an exit code out. Nothing is decided here.
//!
//! Exit codes are those of [`flashstall::exit`]: 0 met, 1 failed, 2 bad input or usage, 3 undecided.

mod args;
mod ask;
mod check;
mod commands;
mod generated;
mod init;
mod maps;
mod output;
mod pictures;
#[cfg(unix)]
mod serve;
mod vary;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let cli = match args::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to stdout and are no error; everything else is wrong usage.
            let code = if error.use_stderr() {
                flashstall::exit::BAD_INPUT
            } else {
                flashstall::exit::MET
            };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    output::logging(cli.verbose);
    ExitCode::from(commands::run(cli.command))
}
