//! Random points until a property fails, the smallest scenario that still fails, and that as a file.
//!
//! Run `n` draws its point from the seed and `n` alone, so a search that was cut short goes on where it was, and the number of threads
//! changes nothing.

use std::fmt::{self, Write as _};
use std::path::{Component, Path, PathBuf};

use flashstall_mcu::Picos;

use super::sweep::{self, in_order};
use super::{Outcome, Point, Variation, apply};
use crate::report::Report;
use crate::scenario::expect::Expect;
use crate::scenario::{Located, Random, ScenarioError, ScenarioFile, Time, WireSpec};

/// Runs between two looks at the clock of the state file. Fixed, so that the first failure is the same with any number of threads.
const BLOCK: u64 = 64;
/// Most runs that making a counterexample smaller may take.
const MOST_SHRINKS: u32 = 1_000;

/// How a number is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compare {
    Is,
    AtMost,
    AtLeast,
}

/// What must hold at every point: `lost=0`, `missing=0`, `worst-latency<=10us`, `verdict=met`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    text: String,
    column: String,
    compare: Compare,
    /// `None`: the verdict is met.
    number: Option<u64>,
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Property {
    /// Reads it.
    ///
    /// # Errors
    /// [`ScenarioError`] for a column that does not exist and for what is no number or time.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        let example = "write for example lost=0, overwritten=0, missing=0, worst-latency<=10us or verdict=met";
        let split = [
            ("<=", Compare::AtMost),
            (">=", Compare::AtLeast),
            ("=", Compare::Is),
        ];
        let Some((name, compare, value)) = split.iter().find_map(|(sign, compare)| {
            let (name, value) = text.split_once(sign)?;
            Some((name.trim(), *compare, value.trim()))
        }) else {
            let message = format!("`{text}` is not a property");
            return Err(ScenarioError::new(message).help(example));
        };
        let whole = |column: String, number| Self {
            text: text.to_owned(),
            column,
            compare,
            number,
        };
        if name == "verdict" {
            return if value == "met" && compare == Compare::Is {
                Ok(whole(name.to_owned(), None))
            } else {
                Err(ScenarioError::new("a verdict can only be met").help("verdict=met"))
            };
        }
        let numbers = || {
            super::COLUMNS
                .iter()
                .filter(|c| !matches!(**c, "verdict" | "stop"))
        };
        let in_time = format!("{name}-ps");
        let Some(column) = numbers().find(|c| **c == name || **c == in_time) else {
            let names = numbers().map(|c| c.trim_end_matches("-ps"));
            let message = format!("`{name}` is nothing that a property can be about");
            return Err(ScenarioError::new(message).suggest(name, names));
        };
        let number = if column.ends_with("-ps") {
            value
                .parse::<Time>()
                .map(|t| t.0.0)
                .map_err(|e| e.to_string())
        } else {
            value
                .parse()
                .map_err(|_| format!("`{value}` is not a number"))
        };
        match number {
            Ok(number) => Ok(whole((*column).to_owned(), Some(number))),
            Err(message) => Err(ScenarioError::new(message).help(example)),
        }
    }

    /// Does it hold?
    #[must_use]
    pub fn holds(&self, outcome: &Outcome) -> bool {
        let Some(wanted) = self.number else {
            return outcome.verdict == crate::report::Verdict::Met;
        };
        let actual = outcome.number(&self.column).unwrap_or(0);
        match self.compare {
            Compare::Is => actual == wanted,
            Compare::AtMost => actual <= wanted,
            Compare::AtLeast => actual >= wanted,
        }
    }

    /// `[expect]` that says it, as far as a scenario can; the scenario's own for the rest.
    fn expect(&self, file: &ScenarioFile) -> Expect {
        let mut text = String::new();
        let wires = file
            .wire
            .iter()
            .filter(|w| w.pin.is_none())
            .map(|w| &w.name.value);
        let hosts = file.host.iter().map(|h| &h.name.value);
        let bounds = match (self.compare, self.number) {
            (Compare::Is, Some(n)) => n.to_string(),
            (Compare::AtMost, Some(n)) => format!("\"<={n}\""),
            (Compare::AtLeast, Some(n)) => format!("\">={n}\""),
            (_, None) => return file.expect.clone(),
        };
        match self.column.as_str() {
            "lost" => {
                for name in wires.chain(hosts) {
                    let _ = writeln!(text, "[[wire]]\nname = {name:?}\nlost = {bounds}");
                }
            }
            "missing" => {
                for buffer in &file.buffer {
                    let name = &buffer.name.value;
                    let _ = writeln!(text, "[[buffer]]\nname = {name:?}\nmissing = {bounds}");
                }
            }
            "ticks-lost" => {
                let _ = writeln!(text, "ticks-lost = {bounds}");
            }
            "resets" => {
                let _ = writeln!(text, "resets = {bounds}");
            }
            _ => return file.expect.clone(),
        }
        toml::from_str(&text).unwrap_or_else(|_| file.expect.clone())
    }
}

/// The point of run `run`.
#[must_use]
pub fn draw(variation: &Variation, seed: u64, run: u64) -> Point {
    // One step of a generator of its own: neighbouring runs are not neighbours in its sequence.
    let mut mix = Random::new(seed ^ run.wrapping_mul(0xD134_2543_DE82_EF95));
    let mut random = Random::new(mix.next());
    let axes = variation.axes().iter();
    axes.map(|axis| axis.values.pick(random.next())).collect()
}

/// What is asked of a search.
#[derive(Clone, Debug)]
pub struct FuzzOptions {
    /// How many points.
    pub runs: u64,
    /// What they are drawn from.
    pub seed: u64,
    /// Threads, at least 1.
    pub threads: usize,
    /// Where it is noted how far the search is.
    pub state: Option<PathBuf>,
}

/// A scenario in which the property does not hold.
#[derive(Clone, Debug)]
pub struct Counterexample {
    /// The run that found it.
    pub run: u64,
    /// Its point.
    pub point: Point,
    /// What came of that.
    pub found: Outcome,
    /// The smallest scenario that was found from there, with the property as its expectation.
    pub file: ScenarioFile,
    /// What comes of it.
    pub outcome: Outcome,
    /// Runs that making it smaller took.
    pub shrinks: u32,
}

/// Runs random points until the property fails. `progress` hears how many of how many were run.
///
/// # Errors
/// [`ScenarioError`] for a state file of another search, and one that cannot be written.
pub fn fuzz(
    variation: &Variation,
    property: &Property,
    options: &FuzzOptions,
    mut progress: impl FnMut(u64, u64),
) -> Result<Option<Counterexample>, ScenarioError> {
    let fork = variation.boot()?;
    let mark = format!(
        "flashstall-fuzz/1 digest={} seed={} property={property}",
        sweep::digest(variation),
        options.seed
    );
    let mut done = options
        .state
        .as_deref()
        .map_or(Ok(0), |path| load(path, &mark))?;
    while done < options.runs {
        progress(done, options.runs);
        let count = BLOCK.min(options.runs - done);
        let one = |n: usize| {
            let point = draw(variation, options.seed, done + n as u64);
            let outcome = variation.run(&fork, &point)?;
            Ok((point, outcome))
        };
        let all = in_order(count as usize, options.threads, one)?;
        let failed = |(_, (_, outcome)): &(u64, (Point, Outcome))| !property.holds(outcome);
        if let Some((n, (point, found))) = (0..).zip(all).find(failed) {
            progress(done + n + 1, options.runs);
            return Ok(Some(shrink(variation, property, done + n, point, found)?));
        }
        done += count;
        if let Some(path) = &options.state {
            store(path, &mark, done)?;
        }
    }
    progress(done, options.runs);
    Ok(None)
}

fn load(path: &Path, mark: &str) -> Result<u64, ScenarioError> {
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
fn store(path: &Path, mark: &str, done: u64) -> Result<(), ScenarioError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let write = std::fs::write(&beside, format!("{mark} done={done}\n"));
    write
        .and_then(|()| std::fs::rename(&beside, path))
        .map_err(|e| ScenarioError::new(format!("cannot write `{}`: {e}", path.display())))
}

/// A failing scenario while it is made smaller.
struct Shrinker<'a> {
    variation: &'a Variation,
    property: &'a Property,
    runs: u32,
}

impl Shrinker<'_> {
    /// What comes of a file, if the property fails in it.
    fn fails(&mut self, file: &ScenarioFile) -> Option<(Outcome, Report)> {
        if self.runs >= MOST_SHRINKS {
            return None;
        }
        self.runs += 1;
        let scenario = self.variation.scenario();
        let scenario = scenario.with_file(file.clone(), &self.variation.prepared().firmware);
        let (outcome, report) = super::fork::from_reset(&scenario).ok()?;
        (!self.property.holds(&outcome)).then_some((outcome, report))
    }

    /// Each axis towards its first value: there, or as near to it as still fails.
    fn axes(&mut self, point: &mut Point) {
        for n in 0..point.len() {
            let Some(axis) = self.variation.axes().get(n) else {
                continue;
            };
            let mut tried = point.clone();
            for share in [0, 1 << 62, 1 << 63, 3 << 62] {
                let value = axis.values.pick(share);
                if point.get(n) == Some(&value) {
                    break;
                }
                if let Some(slot) = tried.get_mut(n) {
                    *slot = value;
                }
                if self.fails(&self.variation.file(&tried)).is_some() {
                    *point = tried;
                    break;
                }
            }
        }
    }

    /// One wire sends no more than it must: what comes before and after the first unit that went wrong is left out.
    fn wire(&mut self, file: &mut ScenarioFile, n: usize) {
        let Some((_, report)) = self.fails(file) else {
            return;
        };
        let Some(name) = file.wire.get(n).map(|w| w.name.value.clone()) else {
            return;
        };
        let lost = report
            .losses
            .iter()
            .find(|l| l.wire == name)
            .map(|l| l.unit);
        let differs = report
            .buffers
            .iter()
            .filter(|b| b.wire == name)
            .find_map(|b| b.first_difference.as_ref().map(|d| d.index));
        let sent = report.wire(&name).map_or(0, |w| w.sent);
        let wrong = lost.or(differs).unwrap_or(sent.saturating_sub(1));
        // Ever longer pieces that end with the one that went wrong.
        let (mut before, mut last) = (0, 1);
        while before <= wrong {
            if let Some(less) = self.cut(file, n, wrong - before, before + 1)
                && self.fails(&less).is_some()
            {
                *file = less;
                break;
            }
            (before, last) = (before + last.max(1), before.max(1));
        }
        // One by one at either end.
        loop {
            let count = self.units(file, n);
            let shorter = self
                .cut(file, n, 0, count.saturating_sub(1))
                .filter(|less| count > 1 && self.fails(less).is_some());
            let later = || {
                let less = self.cut(file, n, 1, count.saturating_sub(1))?;
                (count > 1).then_some(less)
            };
            let next = match shorter {
                Some(less) => Some(less),
                None => later().filter(|less| self.fails(less).is_some()),
            };
            match next {
                Some(less) => *file = less,
                None => return,
            }
        }
    }

    /// How many units wire `n` sends.
    fn units(&self, file: &ScenarioFile, n: usize) -> u64 {
        self.bytes(file, n)
            .map_or(0, |offsets| offsets.len() as u64)
    }

    /// When the units of wire `n` begin, if it is a UART.
    fn bytes(&self, file: &ScenarioFile, n: usize) -> Option<Vec<Picos>> {
        let scenario = self.variation.scenario();
        let wire = scenario
            .prepare_wire(file.wire.get(n)?, self.variation.prepared())
            .ok()?;
        match wire.spec {
            WireSpec::Uart(spec) => Some(spec.bytes.iter().map(|b| b.offset).collect()),
            _ => None,
        }
    }

    /// Only `count` units from `first` on, at their old times. `None` of anything but a UART.
    fn cut(&self, file: &ScenarioFile, n: usize, first: u64, count: u64) -> Option<ScenarioFile> {
        let offsets = self.bytes(file, n)?;
        let later = *offsets.get(usize::try_from(first).ok()?)?;
        let mut less = file.clone();
        let table = less.wire.get_mut(n)?;
        apply::shift(&mut table.at, &mut table.delay, later);
        table.traffic.value.count = Some(u32::try_from(count).ok()?.into());
        Some(less)
    }
}

/// The smallest scenario, from a point at which the property fails: fewest bytes, then first values.
fn shrink(
    variation: &Variation,
    property: &Property,
    run: u64,
    point: Point,
    found: Outcome,
) -> Result<Counterexample, ScenarioError> {
    let mut shrinker = Shrinker {
        variation,
        property,
        runs: 0,
    };
    let mut simple = point.clone();
    shrinker.axes(&mut simple);
    let mut file = variation.file(&simple);
    for n in 0..file.wire.len() {
        shrinker.wire(&mut file, n);
    }
    file.expect = property.expect(&file);
    file.name = None;
    let sent = variation.describe(&simple);
    file.description = Some(format!("Counterexample to {property}, at {sent}."));
    let smallest = variation
        .scenario()
        .with_file(file.clone(), &variation.prepared().firmware);
    let (outcome, _) = super::fork::from_reset(&smallest)?;
    Ok(Counterexample {
        run,
        point,
        found,
        file,
        outcome,
        shrinks: shrinker.runs,
    })
}

/// The file as TOML for `target`: what it names is named from there.
#[must_use]
pub fn to_toml(variation: &Variation, file: &ScenarioFile, target: &Path) -> String {
    let mut file = file.clone();
    let base = variation.scenario().base();
    let from = target.parent().unwrap_or(Path::new(""));
    let rename = |path: &mut Located<String>| {
        path.value = relative(from, &base.join(&path.value));
    };
    if let Some(firmware) = &mut file.firmware {
        rename(&mut firmware.elf);
    }
    if let Some(chip) = &mut file.chip
        && chip.contains(['.', '/'])
    {
        rename(chip);
    }
    file.chip_file.iter_mut().for_each(rename);
    for wire in &mut file.wire {
        let traffic = &mut wire.traffic.value;
        traffic
            .file
            .iter_mut()
            .chain(&mut traffic.candump)
            .for_each(rename);
    }
    for host in &mut file.host {
        host.image.value.file.iter_mut().for_each(rename);
    }
    let scenario = variation
        .scenario()
        .with_file(file, &variation.prepared().firmware);
    scenario.to_toml()
}

/// `to`, seen from the folder `from`.
fn relative(from: &Path, to: &Path) -> String {
    let here = if from.as_os_str().is_empty() {
        Path::new(".")
    } else {
        from
    };
    let (Ok(from), Ok(to)) = (here.canonicalize(), to.canonicalize()) else {
        return to.display().to_string();
    };
    let (from, to): (Vec<Component<'_>>, Vec<Component<'_>>) =
        (from.components().collect(), to.components().collect());
    let same = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from.iter().skip(same).map(|_| Component::ParentDir);
    let path: PathBuf = up.chain(to.iter().skip(same).copied()).collect();
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_property_that_is_none_says_what_could_be() {
        let complaint = |text: &str| Property::parse(text).unwrap_err().to_string();
        assert!(complaint("lots=0").contains("did you mean `lost`?"));
        assert!(complaint("lost").contains("is not a property"));
        assert!(complaint("lost=few").contains("is not a number"));
        assert!(complaint("worst-latency<=10").contains("has no unit"));
        assert!(complaint("verdict=failed").contains("can only be met"));
        assert!(Property::parse("worst-latency<=10us").is_ok());
    }
}
