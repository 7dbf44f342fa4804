//! A heat map as a picture.

use super::palette::Paint;
use super::scene::{Anchor, Area, Letters, MARGIN, Scene, Shape, Text, clipped};
use super::{HeatMap, LEVELS};

/// Pixels that all columns have together if they are many, and all rows.
const ROOM: (u32, u32) = (1_200, 800);
/// Widest and highest cell.
const CELL: (u32, u32) = (64, 30);
/// Smallest cell.
const LEAST: u32 = 4;
/// Height of a line of small text.
const LINE: u32 = 17;
/// Baseline of a small text in a place that is centred on zero.
pub(super) const CENTRE: u32 = 4;

/// Draws it.
#[must_use]
pub fn chart(map: &HeatMap) -> Scene {
    let mut scene = Scene::new(map.title(), format!("{} {}", map.caption(), map.origin()));
    let (columns, lines) = (count(map.x.values.len()), count(map.y.values.len()));
    let ticks: Vec<String> = map.rows().map(|(y, _)| clipped(&y.to_string())).collect();
    let widest = ticks.iter().map(|t| Letters::Small.measure(t)).max();
    let left = MARGIN + widest.unwrap_or(0) + 8;
    let (width, height) = (
        (ROOM.0 / columns).clamp(LEAST, CELL.0),
        (ROOM.1 / lines).clamp(LEAST, CELL.1),
    );
    scene.heading(MARGIN, 28);
    let mut y = 28 + LINE + 3;
    scene.text(MARGIN, y, Anchor::Start, Paint::Dim, &map.caption());
    y += LINE + 8;
    scene.text(MARGIN, y, Anchor::Start, Paint::Ink, &map.y.title());
    let top = y + 10;
    let (right, bottom) = (left + width * columns, top + height * lines);
    // Lines between cells are paper of another colour that is left free.
    scene.area(
        left - 1,
        top - 1,
        right - left + 1,
        bottom - top + 1,
        Paint::Line,
    );
    let scale = map.scale();
    for (line, (at_y, cells)) in (0u32..).zip(map.rows()) {
        for ((column, cell), at_x) in (0u32..).zip(cells).zip(&map.x.values) {
            let level = scale.level(cell.value);
            let area = Area {
                x: left + column * width,
                y: top + line * height,
                width: width - 1,
                height: height - 1,
                paint: Paint::Level(level),
            };
            scene.shapes.push(Shape::Value {
                words: map.words(*at_x, at_y, *cell),
                areas: vec![area],
                figures: figure(area, level, map.of.short(cell.value))
                    .into_iter()
                    .collect(),
            });
        }
    }
    for (line, tick) in every(&ticks, lines, LINE / height + 1) {
        let y = top + line * height + height / 2 + CENTRE;
        scene.text(left - 6, y, Anchor::End, Paint::Ink, tick);
    }
    let ticks: Vec<String> = map.x.values.iter().map(ToString::to_string).collect();
    let widest = ticks.iter().map(|t| Letters::Small.measure(t)).max();
    for (column, tick) in every(&ticks, columns, (widest.unwrap_or(0) + 8) / width + 1) {
        let x = left + column * width + width / 2;
        scene.text(x, bottom + LINE, Anchor::Middle, Paint::Ink, tick);
    }
    let middle = left + (right - left) / 2;
    let y = bottom + 2 * LINE + 4;
    scene.text(middle, y, Anchor::Middle, Paint::Ink, &map.x.title());
    scene.width = scene.width.max(right + MARGIN);
    let y = legend(&mut scene, map, y + LINE);
    scene.text(
        MARGIN,
        y + LINE + 4,
        Anchor::Start,
        Paint::Dim,
        &map.origin(),
    );
    scene.height = y + LINE + MARGIN;
    scene
}

/// The legend from `top` on, over as many lines as it needs; returns where it ends.
fn legend(scene: &mut Scene, map: &HeatMap, top: u32) -> u32 {
    const SWATCH: u32 = 22;
    let scale = map.scale();
    let mut entries: Vec<(u8, String)> = Vec::new();
    if map.cells.iter().any(|c| c.value == 0) {
        entries.push((0, format!("{} (none)", map.of.exact(0))));
    }
    entries.extend(
        scale
            .entries()
            .map(|(level, from, to)| (level, range(map, from, to))),
    );
    let (mut x, mut y) = (MARGIN, top);
    let room = scene.width.max(480);
    for (level, words) in entries {
        let wide = SWATCH + 6 + Letters::Small.measure(&words) + 14;
        if x > MARGIN && x + wide > room - MARGIN {
            (x, y) = (MARGIN, y + LINE + 3);
        }
        scene.area(x, y, SWATCH, 14, Paint::Line);
        scene.area(
            x + 1,
            y + 1,
            SWATCH - 2,
            12,
            Paint::Level(level.min(LEVELS)),
        );
        scene.text(x + SWATCH + 6, y + 11, Anchor::Start, Paint::Ink, &words);
        x += wide;
    }
    y + 14
}

/// The numbers of a level: `1 to 13`.
pub(super) fn range(map: &HeatMap, from: u64, to: u64) -> String {
    if from == to {
        map.of.exact(from)
    } else {
        format!("{} to {}", map.of.short(from), map.of.short(to))
    }
}

/// The figure of a cell if it fits.
fn figure(area: Area, level: u8, words: String) -> Option<Text> {
    let fits = Letters::Small.measure(&words) + 4 <= area.width && area.height >= 13;
    fits.then(|| Text {
        x: area.x + area.width / 2,
        y: area.y + area.height / 2 + CENTRE,
        anchor: Anchor::Middle,
        letters: Letters::Small,
        paint: Paint::On(level),
        words,
    })
}

/// Every so many of the ticks, with their numbers.
fn every(ticks: &[String], count: u32, step: u32) -> impl Iterator<Item = (u32, &str)> {
    let step = usize::try_from(step.max(1)).unwrap_or(1);
    let all = (0..count).zip(ticks).map(|(n, t)| (n, t.as_str()));
    all.step_by(step)
}

/// How many, at least 1.
pub(super) fn count(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX).max(1)
}
