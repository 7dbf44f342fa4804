//! One self-contained page: the timeline to zoom and pan in, the chains of the losses, and tables of the same data.
//!
//! No network, no font, no library: `page.js` and `page.css` are put in. All text is escaped; the data stands in a block that no
//! script can break out of.

use std::fmt::Write as _;

use flashstall_mcu::Picos;
use serde_json::{Value, json};

use super::{Lane, Timeline};
use crate::chain::chain_text;
use crate::report::{LossReport, Report, Verdict, seconds};

const SCRIPT: &str = include_str!("page.js");
const STYLE: &str = include_str!("page.css");

/// Rows of a table; the picture and the JSON report have all.
const MAX_ROWS: usize = 200;

/// The whole page.
#[must_use]
pub fn write(report: &Report, timeline: &Timeline) -> String {
    let title = text(&format!("{}: flashstall", report.scenario));
    let data =
        json!({ "end": timeline.end.0, "rows": rows(report, timeline), "losses": losses(report) });
    // `<` does not occur in JSON but in strings, where it can be written so; then nothing ends the block.
    let data = data.to_string().replace('<', "\\u003c");
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n\
         <link rel=\"icon\" href=\"data:,\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n"
    );
    head(&mut page, report, timeline);
    page.push_str(
        "<section aria-labelledby=\"picture\">\n<h2 id=\"picture\">Timeline</h2>\n<div class=\"bar\">\
         <button type=\"button\" data-key=\"+\">Zoom in</button><button type=\"button\" data-key=\"-\">Zoom out</button>\
         <button type=\"button\" data-key=\"ArrowLeft\">Earlier</button><button type=\"button\" data-key=\"ArrowRight\">Later</button>\
         <button type=\"button\" data-key=\"Home\">Whole run</button><button type=\"button\" data-key=\"ArrowDown\">Next loss</button>\
         <span id=\"status\" role=\"status\"></span></div>\n\
         <canvas id=\"timeline\" tabindex=\"0\" role=\"application\" aria-roledescription=\"timeline\" aria-label=\"Timeline of the run. Plus and minus zoom, \
         left and right move, up and down go from loss to loss, Enter opens the chain of a loss, Home shows the whole run. The tables below have the same data.\"></canvas>\n</section>\n",
    );
    tables(&mut page, report, timeline);
    let _ = write!(
        page,
        "</main>\n<dialog id=\"chain\" aria-labelledby=\"chain-title\">\n<h2 id=\"chain-title\"></h2>\n<ol id=\"chain-links\"></ol>\n\
         <form method=\"dialog\"><button>Close</button></form>\n</dialog>\n\
         <script type=\"application/json\" id=\"data\">{data}</script>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n"
    );
    page
}

fn head(page: &mut String, report: &Report, timeline: &Timeline) {
    let class = if report.verdict == Verdict::Failed {
        "verdict failed"
    } else {
        "verdict"
    };
    let lost: u64 = report.wires.iter().map(|w| w.lost).sum();
    let _ = write!(
        page,
        "<h1>{}</h1>\n<p><span class=\"{class}\">{}</span>: {}</p>\n<p>{} on {}, {} of simulated time, {lost} lost</p>\n",
        text(&report.scenario),
        report.verdict.as_str(),
        text(&report.reason),
        text(&report.firmware.elf),
        text(&report.chip),
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
    let operations = timeline.operations.iter();
    let operations = operations.map(|o| {
        item(
            o.start,
            o.end,
            "operation",
            &format!("{} {}", o.kind, o.address),
        )
    });
    rows.push(row("flash", operations.collect()));
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

fn tables(page: &mut String, report: &Report, timeline: &Timeline) {
    let wires = report.wires.iter().map(|w| {
        [
            w.name.clone(),
            w.kind.clone(),
            w.sent.to_string(),
            w.lost.to_string(),
        ]
        .map(|c| text(&c))
    });
    table(page, "Wires", ["name", "kind", "sent", "lost"], wires);
    let losses = report.losses.iter().enumerate().map(|(n, l)| {
        let name = text(&format!("{} #{} {:#04x}", l.wire, l.unit, l.value));
        let button = format!("<button type=\"button\" data-loss=\"{n}\">{name}</button>");
        [button, text(&seconds(l.at_s)), text(&l.cause)]
    });
    table(
        page,
        "Losses",
        ["what (opens its chain)", "when", "cause"],
        losses,
    );
    let causes = report
        .causes
        .iter()
        .map(|c| [c.count.to_string(), text(&c.wire), text(&c.text)]);
    table(
        page,
        "Causes",
        ["how many", "wire", "chain of the first"],
        causes,
    );
    let interrupts = report.interrupts.iter().map(|i| {
        let time = |s: Option<f64>| s.map_or("–".to_owned(), seconds);
        [
            text(&i.name),
            i.taken.to_string(),
            time(i.latency_min_s),
            time(i.latency_max_s),
        ]
    });
    table(
        page,
        "Interrupts",
        ["name", "taken", "shortest wait", "longest wait"],
        interrupts,
    );
    let mut longest: Vec<_> = timeline.stalls.iter().collect();
    longest.sort_by_key(|s| (std::cmp::Reverse(s.end.since(s.start)), s.start));
    let stalls = longest.iter().map(|s| {
        [
            text(s.kind),
            text(&s.place),
            s.start.to_string(),
            s.end.since(s.start).to_string(),
        ]
    });
    table(
        page,
        "Stalls, the longest first",
        ["kind", "where", "when", "how long"],
        stalls,
    );
    let operations = timeline.operations.iter().map(|o| {
        let length = o.end.since(o.start).to_string();
        [
            text(o.kind),
            text(&o.address),
            text(&o.place),
            o.start.to_string(),
            length,
        ]
    });
    table(
        page,
        "Flash operations",
        ["kind", "address", "started by", "when", "how long"],
        operations,
    );
}

/// A table; cells are HTML. What does not fit is counted.
fn table<const N: usize>(
    page: &mut String,
    caption: &str,
    columns: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) {
    let _ = write!(
        page,
        "<h2>{caption}</h2>\n<table aria-label=\"{caption}\">\n<thead><tr>"
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

/// Text as HTML.
fn text(text: &str) -> String {
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
            super::text("<b a='1'>&\""),
            "&lt;b a=&#39;1&#39;&gt;&amp;&quot;"
        );
    }
}
