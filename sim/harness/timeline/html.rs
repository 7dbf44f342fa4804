//! One self-contained page: the timeline to zoom and pan in, the chains of the losses, and tables of the same data.
//!
//! No network, no font, no library: `page.js` and `page.css` are put in. All text is escaped; the data stands in a block that no
//! script can break out of.

use std::fmt::Write as _;

use flashstall_mcu::Picos;
use serde_json::{Value, json};

use super::{Lane, Operation, Timeline};
use crate::chain::chain_text;
use crate::report::{LossReport, Report, Verdict, seconds};

/// Brings a run on a page to life: `timeline()`.
pub(crate) const SCRIPT: &str = include_str!("page.js");
const STYLE: &str = include_str!("page.css");

/// Rows of a table; the picture and the JSON report have all.
const MAX_ROWS: usize = 200;

/// The whole page of one run.
#[must_use]
pub fn write(report: &Report, timeline: &Timeline) -> String {
    let body = run(report, timeline, &report.scenario, 1);
    shell(
        &format!("{}: flashstall", report.scenario),
        "",
        &body,
        &[SCRIPT, "timeline();\n"],
    )
}

/// A page around `body`: `style` is added to that of the page. Scripts run in their order; without any, there is nothing that needs one.
pub(crate) fn shell(title: &str, style: &str, body: &str, scripts: &[&str]) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n\
         <link rel=\"icon\" href=\"data:,\">\n<title>{}</title>\n<style>\n{STYLE}{style}</style>\n</head>\n<body>\n<main>\n{body}</main>\n",
        escaped(title)
    );
    if !scripts.is_empty() {
        let _ = write!(
            page,
            "<dialog id=\"chain\" aria-labelledby=\"chain-title\">\n<h2 id=\"chain-title\"></h2>\n<ol id=\"chain-links\"></ol>\n\
             <form method=\"dialog\"><button>Close</button></form>\n</dialog>\n<script>\n{}</script>\n",
            scripts.concat()
        );
    }
    page.push_str("</body>\n</html>\n");
    page
}

/// The part of a page that is about one run, with its data; `level` is that of its heading, which is `title`. [`SCRIPT`] brings it to life.
pub(crate) fn run(report: &Report, timeline: &Timeline, title: &str, level: u8) -> String {
    let mut page = String::new();
    head(&mut page, report, timeline, title, level);
    let below = level + 1;
    let _ = write!(
        page,
        "<section aria-labelledby=\"picture\">\n<h{below} id=\"picture\">Timeline</h{below}>\n<div class=\"bar\">\
         <button type=\"button\" data-key=\"+\">Zoom in</button><button type=\"button\" data-key=\"-\">Zoom out</button>\
         <button type=\"button\" data-key=\"ArrowLeft\">Earlier</button><button type=\"button\" data-key=\"ArrowRight\">Later</button>\
         <button type=\"button\" data-key=\"Home\">Whole run</button><button type=\"button\" data-key=\"ArrowDown\">Next loss</button>\
         <span id=\"status\" role=\"status\"></span></div>\n\
         <canvas id=\"timeline\" tabindex=\"0\" role=\"application\" aria-roledescription=\"timeline\" aria-label=\"Timeline of the run. Plus and minus zoom, \
         left and right move, up and down go from loss to loss, Enter opens the chain of a loss, Home shows the whole run. The tables below have the same data.\"></canvas>\n</section>\n",
    );
    tables(&mut page, report, timeline, below);
    let data =
        json!({ "end": timeline.end.0, "rows": rows(report, timeline), "losses": losses(report) });
    // `<` does not occur in JSON but in strings, where it can be written so; then nothing ends the block.
    let data = data.to_string().replace('<', "\\u003c");
    let _ = writeln!(
        page,
        "<script type=\"application/json\" id=\"data\">{data}</script>"
    );
    page
}

fn head(page: &mut String, report: &Report, timeline: &Timeline, title: &str, level: u8) {
    let class = if report.verdict == Verdict::Failed {
        "verdict failed"
    } else {
        "verdict"
    };
    let lost: u64 = report.wires.iter().map(|w| w.lost).sum();
    let _ = write!(
        page,
        "<h{level} id=\"run-title\" tabindex=\"-1\">{}</h{level}>\n<p><span class=\"{class}\">{}</span>: {}</p>\n<p>{} on {}, {} of simulated time, {lost} lost</p>\n",
        escaped(title),
        report.verdict.as_str(),
        escaped(&report.reason),
        escaped(&report.firmware.elf),
        escaped(&report.chip),
        timeline.end,
    );
    if timeline.dropped > 0 {
        let _ = writeln!(
            page,
            "<p>{} records of the log are missing.</p>",
            timeline.dropped
        );
    }
}

/// Rows of the picture: `[from, to, kind, words, loss]`, in order of their beginnings.
fn rows(report: &Report, timeline: &Timeline) -> Vec<Value> {
    let mut rows: Vec<Value> = timeline.wires.iter().map(|w| wire(report, w)).collect();
    let mut names: Vec<(u16, &str)> = timeline
        .runs
        .iter()
        .map(|r| (r.number, r.name.as_str()))
        .collect();
    names.sort_unstable();
    names.dedup();
    for (number, name) in names {
        let runs = timeline.runs.iter().filter(|r| r.number == number);
        let items = runs
            .map(|r| item(r.entered, r.returned, "handler", name))
            .collect();
        rows.push(row(&format!("{name} handler"), items));
    }
    let stalls = timeline.stalls.iter();
    let stalls = stalls.map(|s| {
        item(
            s.start,
            s.end,
            "stall",
            &format!("{} in {}", s.kind, s.place),
        )
    });
    rows.push(row("core held", stalls.collect()));
    let operation = |o: &Operation| {
        let words = format!("{} {}", o.kind, o.address);
        item(o.start, o.end, "operation", &words)
    };
    rows.push(row(
        "flash",
        timeline.operations.iter().map(operation).collect(),
    ));
    for nor in &timeline.nors {
        let busy = nor.operations.iter().map(operation);
        let name = format!("serial flash {}", nor.name);
        rows.push(row(&name, busy.collect()));
    }
    let sleeps = timeline
        .sleeps
        .iter()
        .map(|(from, to)| item(*from, *to, "sleep", "sleep"));
    rows.push(row("sleep", sleeps.collect()));
    rows
}

fn wire(report: &Report, lane: &Lane) -> Value {
    // Losses of the report, by the number on this wire; the timeline may have more than are listed.
    let mut listed: Vec<(u64, usize)> = report
        .losses
        .iter()
        .enumerate()
        .filter(|(_, l)| l.wire == lane.name)
        .map(|(n, l)| (l.unit, n))
        .collect();
    listed.sort_unstable();
    let items = (0u64..)
        .zip(&lane.units)
        .map(|(n, unit)| {
            let mut one = item(
                unit.start,
                unit.end,
                "unit",
                &format!("#{n} {:#04x} {}", unit.value, unit.fate),
            );
            if let Ok(at) = listed.binary_search_by_key(&n, |l| l.0)
                && let (Some(list), Some((_, loss))) = (one.as_array_mut(), listed.get(at))
            {
                list.push(json!(loss));
            }
            one
        })
        .collect();
    row(&lane.name, items)
}

/// `losses` are the indices of items that open a chain.
fn row(name: &str, items: Vec<Value>) -> Value {
    let losses: Vec<usize> = (0..items.len())
        .filter(|n| items[*n].get(4).is_some())
        .collect();
    json!({ "name": name, "items": items, "losses": losses })
}

fn item(from: Picos, to: Picos, kind: &str, words: &str) -> Value {
    json!([from.0, to.0, kind, words])
}

fn losses(report: &Report) -> Vec<Value> {
    let one = |loss: &LossReport| {
        let links: Vec<String> = loss
            .chain
            .iter()
            .map(|l| chain_text(std::slice::from_ref(l)))
            .collect();
        json!({ "at": (loss.at_s * 1e12).round() as u64, "place": format!("{} #{}", loss.wire, loss.unit), "text": links })
    };
    report.losses.iter().map(one).collect()
}

fn tables(page: &mut String, report: &Report, timeline: &Timeline, level: u8) {
    let wires = report.wires.iter().map(|w| {
        [
            w.name.clone(),
            w.kind.clone(),
            w.sent.to_string(),
            w.lost.to_string(),
        ]
        .map(|c| escaped(&c))
    });
    table(
        page,
        level,
        "Wires",
        &["name", "kind", "sent", "lost"],
        wires,
    );
    let losses = report.losses.iter().enumerate().map(|(n, l)| {
        let name = escaped(&format!("{} #{} {:#04x}", l.wire, l.unit, l.value));
        let button = format!("<button type=\"button\" data-loss=\"{n}\">{name}</button>");
        [button, escaped(&seconds(l.at_s)), escaped(&l.cause)]
    });
    table(
        page,
        level,
        "Losses",
        &["what (opens its chain)", "when", "cause"],
        losses,
    );
    let causes = report
        .causes
        .iter()
        .map(|c| [c.count.to_string(), escaped(&c.wire), escaped(&c.text)]);
    table(
        page,
        level,
        "Causes",
        &["how many", "wire", "chain of the first"],
        causes,
    );
    let interrupts = report.interrupts.iter().map(|i| {
        let time = |s: Option<f64>| s.map_or("–".to_owned(), seconds);
        [
            escaped(&i.name),
            i.taken.to_string(),
            time(i.latency_min_s),
            time(i.latency_max_s),
        ]
    });
    table(
        page,
        level,
        "Interrupts",
        &["name", "taken", "shortest wait", "longest wait"],
        interrupts,
    );
    let mut longest: Vec<_> = timeline.stalls.iter().collect();
    longest.sort_by_key(|s| (std::cmp::Reverse(s.end.since(s.start)), s.start));
    let stalls = longest.iter().map(|s| {
        [
            escaped(s.kind),
            escaped(&s.place),
            s.start.to_string(),
            s.end.since(s.start).to_string(),
        ]
    });
    table(
        page,
        level,
        "Stalls, the longest first",
        &["kind", "where", "when", "how long"],
        stalls,
    );
    let all = timeline.nors.iter().flat_map(|nor| &nor.operations);
    let operations = timeline.operations.iter().chain(all).map(|o| {
        let length = o.end.since(o.start).to_string();
        [
            escaped(o.kind),
            escaped(&o.address),
            escaped(&o.place),
            o.start.to_string(),
            length,
        ]
    });
    table(
        page,
        level,
        "Flash operations",
        &["kind", "address", "started by", "when", "how long"],
        operations,
    );
}

/// A table under a heading; cells are HTML. What does not fit is counted.
pub(crate) fn table<R: IntoIterator<Item = String>>(
    page: &mut String,
    level: u8,
    caption: &str,
    columns: &[&str],
    rows: impl Iterator<Item = R>,
) {
    let _ = write!(
        page,
        "<h{level}>{caption}</h{level}>\n<table aria-label=\"{caption}\">\n<thead><tr>"
    );
    for column in columns {
        let _ = write!(page, "<th scope=\"col\">{column}</th>");
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    let mut more = 0;
    for (n, row) in rows.enumerate() {
        if n >= MAX_ROWS {
            more += 1;
            continue;
        }
        page.push_str("<tr>");
        for cell in row {
            let _ = write!(page, "<td>{cell}</td>");
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody>\n</table>\n");
    if more > 0 {
        let _ = writeln!(page, "<p>… and {more} more.</p>");
    }
}

/// Text as HTML or XML.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn text_is_no_markup() {
        assert_eq!(
            super::escaped("<b a='1'>&\""),
            "&lt;b a=&#39;1&#39;&gt;&amp;&quot;"
        );
    }
}
