//! A heat map as a table of HTML whose cells have colours: with headings of rows and columns, to be read aloud and walked through by keys.

use std::fmt::Write as _;

use super::HeatMap;
use super::chart::range;
use super::palette::{DARK, LIGHT, Paint};
use crate::timeline::html::escaped;

/// The rules of style that [`fragment`] needs.
#[must_use]
pub fn style() -> String {
    /// What a class colours; of those that a map does not use, nothing that shows.
    fn property(paint: Paint) -> &'static str {
        match paint {
            Paint::Level(_) => "background",
            _ => "color",
        }
    }
    format!(
        "{}{}\n@media (prefers-color-scheme:dark){{{}}}\n",
        include_str!("map.css"),
        LIGHT.style(".map ", property),
        DARK.style(".map ", property),
    )
}

/// The map as a figure. A cell for whose point `run` gives a number has a button with it, `data-run`.
#[must_use]
pub fn fragment(map: &HeatMap, run: impl Fn(u64) -> Option<usize>) -> String {
    let mut html = format!(
        "<figure class=\"map\">\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Map\">\n<table aria-label=\"{}\">\n<thead>\n",
        escaped(&map.title())
    );
    let columns = map.x.values.len();
    let _ = write!(
        html,
        "<tr><td class=\"corner\"></td><th scope=\"colgroup\" colspan=\"{columns}\">{}</th></tr>\n<tr><th scope=\"col\">{}</th>",
        escaped(&map.x.title()),
        escaped(&map.y.title()),
    );
    for x in &map.x.values {
        let _ = write!(html, "<th scope=\"col\">{}</th>", escaped(&x.to_string()));
    }
    html.push_str("</tr>\n</thead>\n<tbody>\n");
    let scale = map.scale();
    for (y, cells) in map.rows() {
        let _ = write!(
            html,
            "<tr><th scope=\"row\">{}</th>",
            escaped(&y.to_string())
        );
        for (cell, x) in cells.iter().zip(&map.x.values) {
            let level = scale.level(cell.value);
            let words = escaped(&map.words(*x, y, *cell));
            let figure = map.of.short(cell.value);
            let figure = match run(cell.point) {
                Some(n) => format!(
                    "<button type=\"button\" class=\"on{level}\" data-run=\"{n}\" aria-label=\"{words}: show its timeline\">{figure}</button>"
                ),
                None => figure,
            };
            let _ = write!(
                html,
                "<td class=\"level{level}\" title=\"{words}\"><span class=\"on{level}\">{figure}</span></td>"
            );
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody>\n</table>\n</div>\n<ul class=\"legend\">");
    let none = map.cells.iter().any(|c| c.value == 0);
    let none = none.then(|| (0, format!("{} (none)", map.of.exact(0))));
    let levels = scale
        .entries()
        .map(|(level, from, to)| (level, range(map, from, to)));
    let entries = none.into_iter().chain(levels);
    for (level, words) in entries {
        let _ = write!(
            html,
            "<li><span class=\"level{level}\"></span>{}</li>",
            escaped(&words)
        );
    }
    let _ = write!(
        html,
        "</ul>\n<figcaption>{} {}.</figcaption>\n</figure>\n",
        escaped(&map.caption()),
        escaped(&map.origin())
    );
    html
}
