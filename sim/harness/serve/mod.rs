//! `flashstall serve`: a port of the simulated chip as a pseudo-terminal that a real host program opens.
//!
//! The firmware runs as in any scenario; who sends on one of its ports is a program on this machine. Its bytes go out on the simulated line at the
//! line's rate, what the chip says goes back to it. A machine asks for input by an event of its own every half millisecond, which also happens
//! while the core is held: bytes that arrive during an erase arrive then, and are lost as on silicon.
//!
//! What came, and when, is recorded: the recording is a scenario that gives the same report without anybody at the port.

mod live;
mod pace;
mod pty;
mod record;
mod slcan;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use flashstall_cpu::Addr;
use flashstall_mcu::wire::{CanHostWire, HostWire, Start};
use flashstall_mcu::{NativeEngine, Picos};

use self::live::{LiveCan, LiveUart, Port};
pub use self::pace::Pace;
use self::pace::Pacer;
use self::pty::Pty;
use crate::report::Report;
use crate::run::Run;
use crate::scenario::file::{ScenarioFile, TrafficTable, WireKind, WireTable};
use crate::scenario::{Located, Prepared, Rate, Scenario, ScenarioError, Time, WireSpec};

/// A run ends here if nobody ends it.
const LONGEST: Picos = Picos(24 * 3600 * Picos::SECOND.0);
/// With `once` the firmware has so much time more to do something with what it got.
const LINGER: Picos = Picos::SECOND;
/// How often the run looks whether it is to end.
const SLICE: Picos = Picos::from_millis(1);

/// Whose rate counts on a UART line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speed {
    /// The scenario's; what the client sets is ignored.
    Scenario,
    /// What the client has set (termios) when it sends its first byte.
    Client,
    /// This one.
    Baud(u32),
}

/// A port and where its pseudo-terminal is to be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortOption {
    /// `USART1`, `CAN1`.
    pub port: String,
    /// A symbolic link to make, which goes away at the end.
    pub link: Option<PathBuf>,
}

impl std::str::FromStr for PortOption {
    type Err = String;

    /// `USART1` or `USART1=LINK`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (port, link) = match text.split_once('=') {
            Some((port, link)) if !link.is_empty() => (port, Some(PathBuf::from(link))),
            Some(_) => return Err(format!("`{text}`: no name after the =")),
            None => (text, None),
        };
        if port.is_empty() {
            return Err(format!(
                "`{text}`: PORT or PORT=LINK, for example USART1=/tmp/board"
            ));
        }
        Ok(Self {
            port: port.to_owned(),
            link,
        })
    }
}

/// How to serve.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// The ports; at least one.
    pub ports: Vec<PortOption>,
    /// Simulated time against the time on the wall.
    pub pace: Pace,
    /// Whose rate counts.
    pub speed: Speed,
    /// End at this simulated time.
    pub max_time: Option<Picos>,
    /// End a second (of simulated time) after a client has come and all have gone.
    pub once: bool,
    /// Power up when the first client has come.
    pub wait: bool,
    /// Write what came as a scenario.
    pub record: Option<PathBuf>,
}

/// What was served.
#[derive(Clone, Debug)]
pub struct Served {
    /// The report.
    pub report: Report,
    /// What a user should know of the ports: clients that came, bytes that nobody took.
    pub notes: Vec<String>,
}

/// Runs `scenario` with its ports at pseudo-terminals, until `stop` becomes true or the run ends by itself. `tell` is told where the terminals are before
/// anything runs.
///
/// # Errors
/// [`ScenarioError`] for a scenario that cannot run, a port that it does not have, a link that exists, and a terminal that cannot be opened.
pub fn serve(
    scenario: &Scenario,
    options: &ServeOptions,
    stop: &Arc<AtomicBool>,
    tell: &mut dyn FnMut(&str),
) -> Result<Served, ScenarioError> {
    let base = scenario.prepare()?;
    let mut file = scenario.file().clone();
    let mut wires = Vec::new();
    for port in &options.ports {
        wires.push(take_port(&mut file, &base, &port.port, options.speed)?);
    }
    // Wires move up when one is taken out: look them up by name.
    let names: Vec<String> = wires.iter().map(|w| w.name.value.clone()).collect();
    file.wire.extend(wires);
    let max_time = options.max_time.unwrap_or(LONGEST);
    file.run.max_time = Time(max_time).into();
    (file.run.until, file.run.after) = (None, None);
    file.run.max_instructions = Some(i64::MAX as u64);
    let live = scenario.with_file(file.clone(), &base.firmware);
    let mut prepared = live.prepare()?;

    let pacer = Arc::new(Pacer::new(options.pace, Arc::clone(stop)));
    let mut ports = Vec::new();
    for (option, name) in options.ports.iter().zip(&names) {
        let pty = Arc::new(Pty::open(option.link.as_deref())?);
        tell(&format!("{} is {}", option.port, pty.describe()));
        pacer.watch(Arc::clone(&pty));
        ports.push(attach(&mut prepared, name, &pty, &pacer, options)?);
    }
    if options.wait {
        tell("waiting for a client");
        pacer.wait_for_client();
    }
    let (report, end) = run(&live, &prepared, options, &pacer, stop)?;
    let mut notes: Vec<String> = ports.iter().flat_map(|p| p.notes()).collect();
    notes.extend(pacer.note());
    if let Some(target) = &options.record {
        for port in &ports {
            port.record(&mut file);
        }
        file.run.max_time = Time(end).into();
        record::write(scenario, &base, file, target)?;
        notes.push(format!("recorded: flashstall run {}", target.display()));
    }
    Ok(Served { report, notes })
}

/// Takes whoever is at `port` off the file; what remains is a wire that sends nothing yet.
fn take_port(
    file: &mut ScenarioFile,
    base: &Prepared,
    port: &str,
    speed: Speed,
) -> Result<WireTable, ScenarioError> {
    let controllers = |kinds: &[&str]| -> Vec<String> {
        let all = base.chip.peripherals.iter();
        all.filter(|p| kinds.iter().any(|k| p.kind.starts_with(k)))
            .map(|p| p.name.clone())
            .collect()
    };
    let alias = match port {
        "CAN" => "CAN1",
        "CAN1" => "CAN",
        other => other,
    };
    let is_here = |named: &Option<Located<String>>| {
        named
            .as_ref()
            .is_some_and(|n| n.value == port || n.value == alias)
    };
    let can = controllers(&["bxcan"])
        .iter()
        .any(|p| p == port || p == alias);
    if !can && !controllers(&["usart"]).iter().any(|p| p == port) {
        let all = controllers(&["usart", "bxcan"]);
        let message = format!(
            "{} has no port `{port}` that could be served",
            base.chip.name
        );
        return Err(ScenarioError::new(message).help(format!("ports: {}", all.join(", "))));
    }
    let wire = file.wire.iter().find(|w| is_here(&w.port)).cloned();
    let host = file.host.iter().find(|h| is_here(&h.port)).cloned();
    let gone: Vec<String> = file
        .host
        .iter()
        .filter(|h| is_here(&h.port))
        .map(|h| h.name.value.clone())
        .collect();
    file.wire.retain(|w| !is_here(&w.port));
    file.host.retain(|h| !is_here(&h.port));
    file.expect.host.retain(|e| !gone.contains(&e.name.value));
    let mut table = match (wire, &host) {
        (Some(wire), _) => wire,
        (None, Some(host)) => WireTable {
            name: host.name.clone(),
            baud: host.baud.clone(),
            bitrate: host.bitrate.clone(),
            clock_error: host.clock_error,
            format: host.format.clone(),
            flow_control: host.flow_control,
            flow_slack: host.flow_slack.clone(),
            ..WireTable::at_port(port)
        },
        (None, None) => WireTable::at_port(port),
    };
    table.kind.value = if can { WireKind::Can } else { WireKind::Uart };
    (table.at, table.on, table.delay) = (Some(Time::default()), None, None);
    table.traffic = silence(can).into();
    let rate = if can {
        &mut table.bitrate
    } else {
        &mut table.baud
    };
    match (speed, &rate) {
        (Speed::Baud(baud), _) => *rate = Some(Rate(baud).into()),
        // Until the client says what it wants.
        (Speed::Client, None) if !can => *rate = Some(Rate(9_600).into()),
        (_, None) => {
            let message = format!("nobody is at {port} in the scenario, so its rate is not known");
            return Err(ScenarioError::new(message)
                .help("say --speed RATE, or --speed client for what the client sets"));
        }
        _ => {}
    }
    Ok(table)
}

fn silence(can: bool) -> TrafficTable {
    TrafficTable {
        chunks: (!can).then(|| Vec::new().into()),
        frames: can.then(|| Vec::new().into()),
        ..TrafficTable::default()
    }
}

/// Puts the terminal where the wire called `name` is.
fn attach(
    prepared: &mut Prepared,
    name: &str,
    pty: &Arc<Pty>,
    pacer: &Arc<Pacer>,
    options: &ServeOptions,
) -> Result<Port, ScenarioError> {
    let wire = prepared.wires.iter_mut().find(|w| w.spec.name() == name);
    let Some(wire) = wire else {
        return Err(ScenarioError::new(format!("no wire `{name}`")));
    };
    let (spec, port) = match &wire.spec {
        WireSpec::Uart(uart) => {
            let honoured = options.speed == Speed::Client;
            let live = LiveUart::new(pty, pacer, uart.format(), honoured);
            let port = Port::uart(name, &live);
            let spec = WireSpec::Host(HostWire {
                name: uart.name.clone(),
                port: uart.port.clone(),
                format: uart.format(),
                flow_control: uart.flow_control,
                start: Start::At(Picos::ZERO),
                latency: Picos::ZERO,
                byte_gap: Picos::ZERO,
                peer: Box::new(live),
            });
            (spec, port)
        }
        WireSpec::Can(can) => {
            let live = LiveCan::new(pty, pacer, can.bit_rate);
            let port = Port::can(name, &live);
            let spec = WireSpec::CanHost(CanHostWire {
                name: can.name.clone(),
                port: can.port.clone(),
                bit_rate: can.bit_rate,
                start: Start::At(Picos::ZERO),
                latency: Picos::ZERO,
                peer: Box::new(live),
            });
            (spec, port)
        }
        WireSpec::Host(_)
        | WireSpec::CanHost(_)
        | WireSpec::Pin(_)
        | WireSpec::I2c(_)
        | WireSpec::I2cDevice(_) => {
            return Err(ScenarioError::new(format!(
                "`{name}` is no line that could be served"
            )));
        }
    };
    wire.spec = spec;
    Ok(port)
}

/// Runs until somebody or something ends it: the report, and the time up to which a replay must run.
fn run(
    scenario: &Scenario,
    prepared: &Prepared,
    options: &ServeOptions,
    pacer: &Pacer,
    stop: &AtomicBool,
) -> Result<(Report, Picos), ScenarioError> {
    let mut run = Run::new(prepared, true)?;
    let mut engine = NativeEngine;
    let mut limit = Picos::ZERO;
    let mut alone_since = None;
    let (reason, address) = loop {
        let now = run.machine.time();
        let alone = options.once && pacer.is_left() && pacer.is_quiet(now);
        alone_since = alone.then(|| alone_since.unwrap_or(now));
        let left = alone_since.is_some_and(|since: Picos| now >= since + LINGER);
        if left || stop.load(Ordering::Relaxed) || limit >= prepared.max_time {
            break ("time-limit", Addr(run.machine.cpu().core.pc));
        }
        limit = (limit.max(run.machine.time()) + SLICE).min(prepared.max_time);
        if let Some(end) = run.step(&mut engine, limit) {
            break end;
        }
    };
    Ok((run.report(scenario, reason, address), limit.max(SLICE)))
}

/// Reads `--speed`: `scenario`, `client`, or a rate.
///
/// # Errors
/// What is wrong with it.
pub fn speed(text: &str) -> Result<Speed, String> {
    match text {
        "scenario" => Ok(Speed::Scenario),
        "client" => Ok(Speed::Client),
        rate => match rate.parse::<Rate>() {
            Ok(Rate(baud)) if baud > 0 => Ok(Speed::Baud(baud)),
            _ => Err(format!(
                "`{rate}` is neither `scenario`, nor `client`, nor a rate"
            )),
        },
    }
}
