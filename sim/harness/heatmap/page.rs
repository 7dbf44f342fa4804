//! A page of a whole sweep: the map, the worst points, and the timelines of some of them.

use std::cmp::Reverse;
use std::fmt::Write as _;

use super::{HeatMap, html};
use crate::report::Report;
use crate::run::RunOptions;
use crate::scenario::{Scenario, ScenarioError};
use crate::timeline::Timeline;
use crate::timeline::html::{SCRIPT, escaped, run, shell, table};
use crate::vary::sweep::{Row, Table};
use crate::vary::{Outcome, Variation};

/// Rows of the table of the worst points.
const WORST: usize = 20;

/// A point that was run again, with what happened when.
#[derive(Clone, Debug)]
pub struct Pictured {
    /// Its number.
    pub point: u64,
    /// Its values: `baud=31250 phase=3/64`.
    pub name: String,
    /// Its report.
    pub report: Report,
    /// Its timeline.
    pub timeline: Timeline,
}

/// Runs the worst points of the `most` worst cells again, recorded: the worst first, and one if nothing at all is above zero.
///
/// # Errors
/// [`ScenarioError`] if `scenario` has not the axes of the table, or gives other results than it.
pub fn pictured(
    scenario: &Scenario,
    map: &HeatMap,
    table: &Table,
    most: usize,
) -> Result<Vec<Pictured>, ScenarioError> {
    let mut cells: Vec<_> = map.cells.iter().collect();
    cells.sort_by_key(|c| (Reverse(c.value), c.point));
    let worst = cells.iter().enumerate();
    let worst = worst.filter(|(n, c)| *n == 0 || c.value > 0).take(most);
    let at = |point: u64| table.rows.get(usize::try_from(point).ok()?);
    worst
        .filter_map(|(_, cell)| Some((cell.point, at(cell.point)?)))
        .map(|(point, row)| recorded(scenario, table, point, row))
        .collect()
}

/// The point as text: `baud=31250 phase=3/64`.
fn name(table: &Table, row: &Row) -> String {
    values(table, row).join(" ")
}

fn values(table: &Table, row: &Row) -> Vec<String> {
    let each = table.axes.iter().zip(&row.point);
    each.map(|(a, v)| format!("{}={v}", a.name)).collect()
}

fn recorded(
    scenario: &Scenario,
    table: &Table,
    point: u64,
    row: &Row,
) -> Result<Pictured, ScenarioError> {
    let variation = Variation::new(scenario, "the table", &values(table, row))?;
    let at = variation.point(0);
    let name = name(table, row);
    let outcome: Outcome = variation.run(&variation.boot()?, &at)?;
    if outcome.cells() != row.cells {
        let message = format!("point {point} ({name}) comes to something else than the table says");
        return Err(ScenarioError::new(message)
            .help("scenario, firmware and version must be those of the sweep"));
    }
    let here = variation.scenario_at(&at);
    let (report, timeline) = here.run_recorded(&RunOptions::default())?;
    Ok(Pictured {
        point,
        name,
        report,
        timeline,
    })
}

/// The page. Without timelines it has no script.
#[must_use]
pub fn page(map: &HeatMap, table: &Table, pictured: &[Pictured]) -> String {
    let number = |point: u64| pictured.iter().position(|p| p.point == point);
    let title = map.title();
    let mut body = format!("<h1>{}</h1>\n", escaped(&title));
    if let Some(first) = pictured.first() {
        let _ = writeln!(
            body,
            "<p>{} on {}. A figure that is underlined shows the timeline of its point below.</p>",
            escaped(&first.report.firmware.elf),
            escaped(&first.report.chip)
        );
    }
    body.push_str(&html::fragment(map, number));
    worst(&mut body, map, table, number);
    let section = |one: &Pictured| run(&one.report, &one.timeline, &one.name, 2);
    for (n, one) in pictured.iter().enumerate() {
        let its = section(one);
        let _ = match n {
            0 => write!(
                body,
                "<section id=\"run\" aria-labelledby=\"run-title\">\n{its}</section>\n"
            ),
            n => write!(body, "<template id=\"run-{n}\">\n{its}</template>\n"),
        };
    }
    let scripts: &[&str] = match pictured {
        [] => &[],
        _ => &[SCRIPT, include_str!("map.js")],
    };
    shell(
        &format!("{title}: flashstall"),
        &html::style(),
        &body,
        scripts,
    )
}

/// The table of the worst points.
fn worst(body: &mut String, map: &HeatMap, of: &Table, number: impl Fn(u64) -> Option<usize>) {
    let column = map.of.column;
    let mut rows: Vec<(u64, u64, &Row)> = (0u64..)
        .zip(&of.rows)
        .filter_map(|(n, row)| Some((row.number(column)?, n, row)))
        .filter(|(value, ..)| *value > 0)
        .collect();
    rows.sort_by_key(|(value, n, _)| (Reverse(*value), *n));
    if rows.is_empty() {
        let _ = writeln!(body, "<p>Everywhere: no {}.</p>", map.of.words);
        return;
    }
    // What the map shows comes first; the rest of these after it.
    let rest = [
        ("lost", "lost"),
        ("missing", "missing"),
        ("longest-stall-ps", "longest stall"),
        ("worst-latency-ps", "longest wait"),
    ];
    let rest: Vec<_> = rest.into_iter().filter(|(c, _)| *c != column).collect();
    let mut columns = vec!["point", map.of.words, "of"];
    columns.extend(rest.iter().map(|(_, title)| *title));
    columns.push("verdict");
    let cell = |row: &Row, name: &str| {
        let quantity = super::Quantity::of(name);
        let value = quantity.zip(row.number(name));
        value.map_or_else(String::new, |(q, v)| q.exact(v))
    };
    let shown = rows.iter().take(WORST).map(|(value, n, row)| {
        let name = escaped(&name(of, row));
        let name = match number(*n) {
            Some(run) => format!("<button type=\"button\" data-run=\"{run}\">{name}</button>"),
            None => name,
        };
        let mut cells = vec![
            name,
            map.of.exact(*value),
            format!("{} sent", cell(row, "sent")),
        ];
        cells.extend(rest.iter().map(|(column, _)| cell(row, column)));
        cells.push(escaped(row.cells.first().map_or("", String::as_str)));
        cells
    });
    table(body, 2, "Worst points", &columns, shown);
    if rows.len() > WORST {
        let _ = writeln!(body, "<p>… and {} more.</p>", rows.len() - WORST);
    }
}
