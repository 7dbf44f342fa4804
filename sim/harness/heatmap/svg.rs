//! A picture as SVG: one file that needs no other, on light and on dark paper as the reader prefers. Each value has its words as a title, so that it can
//! be pointed at and read aloud.

use std::fmt::Write as _;

use super::palette::{DARK, LIGHT, Paint};
use super::scene::{Anchor, Area, Letters, Scene, Shape, Text};
use crate::timeline::html::escaped;

/// As a file.
#[must_use]
pub fn write(scene: &Scene) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}",
        element(scene)
    )
}

/// As an element of a page.
#[must_use]
pub fn element(scene: &Scene) -> String {
    let (width, height) = (scene.width, scene.height);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"group\" \
         aria-labelledby=\"chart-title chart-about\">\n<title id=\"chart-title\">{}</title>\n<desc id=\"chart-about\">{}</desc>\n<style>{}</style>\n",
        escaped(&scene.title),
        escaped(&scene.description),
        style(),
    );
    let _ = writeln!(
        svg,
        "<rect class=\"back\" width=\"{width}\" height=\"{height}\"/>"
    );
    for shape in &scene.shapes {
        match shape {
            Shape::Area(area) => rect(&mut svg, area),
            Shape::Text(words) => text(&mut svg, words),
            Shape::Value {
                words,
                areas,
                figures,
            } => {
                let _ = write!(svg, "<g role=\"img\"><title>{}</title>", escaped(words));
                for area in areas {
                    rect(&mut svg, area);
                }
                for figure in figures {
                    text(&mut svg, figure);
                }
                svg.push_str("</g>");
            }
        }
        svg.push('\n');
    }
    svg.push_str("</svg>\n");
    svg
}

/// Everything is filled with its colour.
fn style() -> String {
    format!(
        ".chart text{{font:10px ui-monospace,Menlo,Consolas,\"DejaVu Sans Mono\",monospace}}.chart text.title{{font-size:15px;font-weight:bold}}{}\
         @media (prefers-color-scheme:dark){{{}}}",
        LIGHT.style(".chart ", |_| "fill"),
        DARK.style(".chart ", |_| "fill"),
    )
}

fn rect(svg: &mut String, area: &Area) {
    let Area {
        x,
        y,
        width,
        height,
        paint,
    } = area;
    let class = paint.class();
    let _ = write!(
        svg,
        "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>"
    );
}

fn text(svg: &mut String, text: &Text) {
    let anchor = match text.anchor {
        Anchor::Start => "",
        Anchor::Middle => " text-anchor=\"middle\"",
        Anchor::End => " text-anchor=\"end\"",
    };
    let title = match text.letters {
        Letters::Small => "",
        Letters::Title => " title",
    };
    let (x, y, class) = (text.x, text.y, text.paint.class());
    // A figure says nothing that the title of its value does not say.
    let hidden = match text.paint {
        Paint::On(_) => " aria-hidden=\"true\"",
        _ => "",
    };
    let _ = write!(
        svg,
        "<text class=\"{class}{title}\" x=\"{x}\" y=\"{y}\"{anchor}{hidden}>{}</text>",
        escaped(&text.words)
    );
}
