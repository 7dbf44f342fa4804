//! `flashstall serve`.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use flashstall::serve::{Pace, ServeOptions, serve as serve_ports};
use flashstall::{Scenario, ScenarioError, exit};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::args::{PaceName, ServeArgs};
use crate::output;

/// Serves until Ctrl-C, and reports.
pub fn serve(args: &ServeArgs) -> Result<u8, ScenarioError> {
    let scenario = Scenario::from_path(&args.scenario)?;
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&stop))
            .map_err(|e| ScenarioError::new(format!("cannot wait for Ctrl-C: {e}")))?;
    }
    let options = ServeOptions {
        ports: args.pty.clone(),
        pace: match args.pace {
            PaceName::Real => Pace::Real,
            PaceName::Fast => Pace::Fast,
        },
        speed: args.speed,
        max_time: args.max_time.map(|t| t.0),
        once: args.once,
        wait: args.wait,
        record: args.record.clone(),
    };
    let served = serve_ports(&scenario, &options, &stop, &mut |line| eprintln!("{line}"))?;
    for note in &served.notes {
        eprintln!("{note}");
    }
    if let Some(target) = &args.json {
        output::json(target, &served.report.to_json())?;
    }
    if args.json.as_deref() != Some(Path::new("-")) {
        output::print(&served.report.to_text());
    }
    Ok(exit::worst([served.report.verdict]))
}
