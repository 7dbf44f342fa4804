//! The arguments.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use flashstall::EngineKind;
use flashstall::gate::Share;
use flashstall::scenario::{Frequency, Time};

/// Runs real Cortex-M firmware with its flash busy and bytes arriving at line rate, and says which byte was lost and why.
///
/// Exit codes: 0 expectations met, 1 failed, 2 bad input or usage, 3 undecided.
#[derive(Debug, Parser)]
#[command(name = "flashstall", version, max_term_width = 100)]
pub struct Cli {
    /// Say what is done; twice for more. Goes to standard error.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run scenarios and report.
    Run(RunArgs),
    /// Run scenarios as a gate on merges: one line each, and files that CI reads.
    Check(CheckArgs),
    /// Run scenarios and write down what they come to, for `check --baseline`.
    Baseline {
        /// Scenario files, or folders: all `.toml` files below them, sorted.
        #[arg(required = true)]
        scenarios: Vec<PathBuf>,
        /// Write it here; `-` is standard output, which then holds nothing else.
        #[arg(short, long, value_name = "FILE|-")]
        output: PathBuf,
        /// Threads for several scenarios. Default: one for each core.
        #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
        threads: Option<u16>,
    },
    /// Run an ELF without a scenario.
    Exec(ExecArgs),
    /// Write a first scenario for an ELF, by what the image says and what is asked.
    Init(InitArgs),
    /// List the parts with their flash geometry and timings.
    Chips {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// The product in one screen: a synthesiser that goes deaf while it saves, before and after the fix.
    Demo,
    /// Run a scenario at each point of a grid, from one boot, into a file of rows. Run again, it goes on where it was cut short.
    Sweep(SweepArgs),
    /// Put the files of all shards of a sweep together.
    Merge {
        /// The files, all of them.
        #[arg(required = true)]
        parts: Vec<PathBuf>,
        /// The file that a sweep of everything would have written.
        #[arg(long, value_name = "FILE.csv|.jsonl")]
        out: PathBuf,
    },
    /// Draw the table of a whole sweep: a colour for each cell over two of its axes.
    Map(MapArgs),
    /// Run random points until a property fails, and write the smallest scenario that still fails.
    Fuzz(FuzzArgs),
    /// Find the highest value at which nothing is lost at the worst of all others, and say what binds.
    Boundary(BoundaryArgs),
    /// Put ports of the chip at pseudo-terminals that real programs open; ends with Ctrl-C and the report.
    #[cfg(unix)]
    Serve(ServeArgs),
    /// Run both engines in lockstep and show the first difference.
    Crosscheck {
        /// An ELF file, or a scenario (`.toml`).
        file: PathBuf,
        /// Chip, for an ELF file.
        #[arg(long, default_value = "stm32f303xc")]
        chip: String,
        /// Compare at most so far.
        #[arg(long, default_value = "1s")]
        max_time: Time,
        /// Compare at most so many instructions.
        #[arg(long, default_value_t = u64::MAX, hide_default_value = true)]
        max_instructions: u64,
    },
    /// Print the completions of a shell.
    Completions {
        /// For which one.
        shell: clap_complete::Shell,
    },
    /// Write the manual pages.
    Man {
        /// Folder for `flashstall.1` and a page for each command; it must exist.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
}

/// Engines by name.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum EngineName {
    /// Our own core.
    Native,
    /// The second opinion; needs a build with `--features unicorn`.
    Unicorn,
}

impl From<EngineName> for EngineKind {
    fn from(name: EngineName) -> Self {
        match name {
            EngineName::Native => Self::Native,
            EngineName::Unicorn => Self::Unicorn,
        }
    }
}

/// Which settings of open behaviours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OpenSettings {
    /// Those of the scenario and the chip.
    Default,
    /// Also each of them set the other way, one at a time; says if the verdict hangs on one.
    All,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Scenario files, or folders: all `.toml` files below them, sorted.
    #[arg(required = true)]
    pub scenarios: Vec<PathBuf>,
    /// Write the report as JSON; `-` is standard output, which then holds nothing else. Several reports make an array.
    #[arg(long, value_name = "FILE|-")]
    pub json: Option<PathBuf>,
    /// Write one page to look at: the timeline, the chains of the losses, tables. One scenario only.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Write what happened when as a value change dump (GTKWave, PulseView). One scenario only.
    #[arg(long, value_name = "FILE")]
    pub vcd: Option<PathBuf>,
    /// Write it as a trace for ui.perfetto.dev. One scenario only.
    #[arg(long, value_name = "FILE")]
    pub perfetto: Option<PathBuf>,
    /// Which engine executes instructions.
    #[arg(long, value_enum, default_value = "native")]
    pub engine: EngineName,
    /// Execute every poll and every sleep. Changes no result.
    #[arg(long)]
    pub no_fast_forward: bool,
    /// Behaviours of silicon that no manual settles.
    #[arg(long, value_enum, default_value = "default")]
    pub open_behaviours: OpenSettings,
    /// Name registers that have no model by this CMSIS-SVD file.
    #[arg(long, value_name = "FILE")]
    pub svd: Option<PathBuf>,
    /// Threads for several scenarios. Default: one for each core.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
}

/// Arguments of `serve`.
#[cfg(unix)]
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The scenario. Who is at the port there makes room for the terminal; `until` and `max-time` do not count.
    pub scenario: PathBuf,
    /// A port, and a link to make to its terminal: `USART1`, `USART1=/tmp/board`, `CAN1` (slcan). Can be given for several.
    #[arg(long, required = true, value_name = "PORT[=LINK]")]
    pub pty: Vec<flashstall::serve::PortOption>,
    /// Simulated time against the clock on the wall.
    #[arg(long, value_enum, default_value = "real")]
    pub pace: PaceName,
    /// Bit rate of the line: that of the `scenario`, what the `client` sets, or a number.
    #[arg(long, default_value = "scenario", value_parser = flashstall::serve::speed, value_name = "scenario|client|RATE")]
    pub speed: flashstall::serve::Speed,
    /// End at this simulated time. Default: a day.
    #[arg(long)]
    pub max_time: Option<Time>,
    /// End a second (of simulated time) after a client has come and all have gone.
    #[arg(long)]
    pub once: bool,
    /// Power up when the first client has come.
    #[arg(long)]
    pub wait: bool,
    /// Write what came as a scenario that replays it.
    #[arg(long, value_name = "FILE.toml")]
    pub record: Option<PathBuf>,
    /// Write the report as JSON; `-` is standard output, which then holds nothing else.
    #[arg(long, value_name = "FILE|-")]
    pub json: Option<PathBuf>,
}

/// Paces by name.
#[cfg(unix)]
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum PaceName {
    /// As on the wall.
    Real,
    /// As fast as it goes, but for the answers of the client.
    Fast,
}

/// Arguments of `sweep`.
#[derive(Debug, Args)]
pub struct SweepArgs {
    /// The scenario.
    pub scenario: PathBuf,
    /// An axis and its values: `baud=31250,115200`, `erase=20ms..40ms/5`, `erase=datasheet`, `phase=64`. See docs/varying.md.
    #[arg(long, required = true, value_name = "NAME=VALUES")]
    pub grid: Vec<String>,
    /// Where the rows go.
    #[arg(long, value_name = "FILE.csv|.jsonl")]
    pub out: PathBuf,
    /// Only the points whose number is I modulo N. `auto`: I from SLURM_ARRAY_TASK_ID, HQ_TASK_ID or JOB_COMPLETION_INDEX.
    #[arg(long, value_name = "I/N|auto/N")]
    pub shard: Option<String>,
    /// Threads; they change no byte. Default: one for each core.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
    /// Pictures of the whole table.
    #[command(flatten)]
    pub heat: HeatArgs,
}

/// Pictures to write.
#[derive(Debug, Args)]
#[group(id = "pictures", multiple = true)]
pub struct PictureArgs {
    /// Write the map as SVG, for light and dark pages.
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// Write the map as PNG.
    #[arg(long, value_name = "FILE")]
    pub png: Option<PathBuf>,
    /// Write one page to look at, with the map and tables.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

/// What a heat map shows.
#[derive(Debug, Args)]
pub struct HeatArgs {
    #[command(flatten)]
    pub pictures: PictureArgs,
    /// The axis to the right. Default: the first with more than one value.
    #[arg(long, value_name = "NAME", requires = "pictures")]
    pub map_x: Option<String>,
    /// The axis upwards. Default: the next one. Of all other axes each cell has the greatest value.
    #[arg(long, value_name = "NAME", requires = "pictures")]
    pub map_y: Option<String>,
    /// The column that is shown. Default: `lost`.
    #[arg(long, value_name = "COLUMN", requires = "pictures")]
    pub map_of: Option<String>,
    /// So many cells of the page open the timeline of their worst point: those with the most. Each adds some hundred kilobytes.
    #[arg(long, value_name = "COUNT", default_value_t = 6)]
    pub timelines: usize,
}

/// Arguments of `map`.
#[derive(Debug, Args)]
pub struct MapArgs {
    /// The table: what `sweep` or `merge` wrote.
    #[arg(value_name = "FILE.csv|.jsonl")]
    pub table: PathBuf,
    /// The scenario of the sweep: names the map, and gives the page timelines.
    #[arg(long, value_name = "FILE.toml")]
    pub scenario: Option<PathBuf>,
    /// What it shows.
    #[command(flatten)]
    pub heat: HeatArgs,
}

/// Arguments of `boundary`.
#[derive(Debug, Args)]
pub struct BoundaryArgs {
    /// The scenario.
    pub scenario: PathBuf,
    /// The axis along which the boundary is looked for: `baud`, `baud=9600..2M`, `erase=1ms..1s`. See docs/varying.md.
    #[arg(long, value_name = "NAME[=VALUES]")]
    pub vary: String,
    /// Axes that are gone over at each value: `phase,erase` or `erase=20ms..40ms/5`.
    #[arg(long, value_name = "NAME[=VALUES]")]
    pub over: Vec<String>,
    /// The boundary at each value of this axis, as a table.
    #[arg(long, value_name = "NAME=VALUES")]
    pub map: Option<String>,
    /// Write the table as CSV; `-` is standard output, which then holds nothing else.
    #[arg(long, value_name = "FILE|-", requires = "map")]
    pub csv: Option<PathBuf>,
    /// Pictures of the map.
    #[command(flatten)]
    pub pictures: PictureArgs,
    /// Threads; they change nothing but the time it takes. Default: one for each core.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
}

/// Arguments of `fuzz`.
#[derive(Debug, Args)]
pub struct FuzzArgs {
    /// The scenario.
    pub scenario: PathBuf,
    /// An axis that is drawn from: `baud=9600..2M`, `erase=datasheet`, `phase`. See docs/varying.md.
    #[arg(long, required = true, value_name = "NAME[=VALUES]")]
    pub vary: Vec<String>,
    /// What must hold: `lost=0`, `missing=0`, `worst-latency<=10us`, `verdict=met`.
    #[arg(long, default_value = "lost=0")]
    pub property: String,
    /// How many points.
    #[arg(long, default_value_t = 1_000)]
    pub runs: u64,
    /// What points are drawn from: the same seed gives the same points.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Where the smallest failing scenario goes.
    #[arg(long, value_name = "FILE.toml", default_value = "counterexample.toml")]
    pub out: PathBuf,
    /// Note here how far it is, and go on from there.
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// Threads; they change nothing but the time it takes. Default: one for each core.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Scenario files, or folders: all `.toml` files below them, sorted.
    #[arg(required = true)]
    pub scenarios: Vec<PathBuf>,
    /// Write JUnit XML, one test case for each scenario.
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Write SARIF 2.1.0, for code scanning.
    #[arg(long, value_name = "FILE")]
    pub sarif: Option<PathBuf>,
    /// Write a summary in Markdown.
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,
    /// Write a page with the timeline of each scenario into this folder, which is made if it is not there.
    #[arg(long, value_name = "FOLDER")]
    pub html: Option<PathBuf>,
    /// Print GitHub workflow commands: annotations of the lines that started a stall.
    #[arg(long)]
    pub github: bool,
    /// Fail also on what has become worse since `flashstall baseline` wrote this file.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// With `--baseline`: a time may become worse by this share. Losses may not become more at all.
    #[arg(
        long,
        value_name = "PERCENT",
        default_value = "5%",
        requires = "baseline"
    )]
    pub tolerance: Share,
    /// With `--baseline`: and by this much, whatever its share.
    #[arg(
        long,
        value_name = "TIME",
        default_value = "1us",
        requires = "baseline"
    )]
    pub floor: Time,
    /// Look for the firmware's sources in this folder, too; else below the working directory and around the ELF.
    #[arg(long, value_name = "FOLDER")]
    pub source: Vec<PathBuf>,
    /// Which engine executes instructions.
    #[arg(long, value_enum, default_value = "native")]
    pub engine: EngineName,
    /// Behaviours of silicon that no manual settles.
    #[arg(long, value_enum, default_value = "default")]
    pub open_behaviours: OpenSettings,
    /// Threads for several scenarios. Default: one for each core.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
}

/// Arguments of `exec`.
#[derive(Debug, Args)]
pub struct ExecArgs {
    /// The ELF file.
    pub elf: PathBuf,
    /// A built-in chip (see `flashstall chips`), or the path of a chip file (with a `.` or a `/` in it).
    #[arg(long)]
    pub chip: String,
    /// Stop when execution arrives at this symbol.
    #[arg(long, value_name = "SYMBOL")]
    pub until: Option<String>,
    /// Stop at the latest after this simulated time.
    #[arg(long, default_value = "1s")]
    pub max_time: Time,
    /// Show these words at the end: a variable whole, or so many words from its start.
    #[arg(long, value_name = "SYMBOL[:WORDS]")]
    pub read: Vec<String>,
    /// Write the result as JSON; `-` is standard output, which then holds nothing else.
    #[arg(long, value_name = "FILE|-")]
    pub json: Option<PathBuf>,
    /// Name registers that have no model by this CMSIS-SVD file.
    #[arg(long, value_name = "FILE")]
    pub svd: Option<PathBuf>,
    /// Let the firmware's own fault handlers run, instead of stopping at the first fault.
    #[arg(long)]
    pub handle_faults: bool,
    /// The board's high-speed crystal; `0Hz` for none.
    #[arg(long, default_value = "8MHz")]
    pub hse: Frequency,
    /// The board's low-speed crystal; `0Hz` for none, then its ready bit never comes.
    #[arg(long, default_value = "0Hz")]
    pub lse: Frequency,
    /// How long a page erase takes. Default: the datasheet's maximum.
    #[arg(long)]
    pub page_erase: Option<Time>,
    /// How long programming one unit takes. Default: the datasheet's maximum.
    #[arg(long)]
    pub program: Option<Time>,
    /// Which engine executes instructions.
    #[arg(long, value_enum, default_value = "native")]
    pub engine: EngineName,
    /// Execute every poll and every sleep. Changes no result.
    #[arg(long)]
    pub no_fast_forward: bool,
}

/// Arguments of `init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The ELF file.
    pub elf: PathBuf,
    /// Where to write the scenario.
    #[arg(short, long, default_value = "scenario.toml", value_name = "FILE")]
    pub out: PathBuf,
    /// The chip. Default: the one that the image fits best.
    #[arg(long)]
    pub chip: Option<String>,
    /// A port that receives; may be given several times. Default: all that listen after start-up.
    #[arg(long)]
    pub port: Vec<String>,
    /// Bits a second on each port. Default: what the firmware sets it to, if that is a usual rate.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=20_000_000))]
    pub baud: Option<u32>,
    /// Write over a file that exists.
    #[arg(long)]
    pub force: bool,
    /// Ask also if standard input is no terminal: an answer is a line.
    #[arg(long)]
    pub ask: bool,
}
