//! Colours, on light and on dark paper.
//!
//! Levels of loss go from light to dark on light paper and from dark to light on dark paper: even steps of lightness (OKLCH, 0.86 to 0.32 and 0.40 to 0.94) while
//! the hue goes from yellow over red to purple. Lightness alone has the order, so it is there without colour vision, too. No loss is nearly the
//! paper, with a line around it.

/// A colour: red, green, blue.
pub type Rgb = [u8; 3];

/// What a thing is drawn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Paint {
    /// The paper.
    Back,
    /// Text.
    Ink,
    /// Text that is less important.
    Dim,
    /// Lines.
    Line,
    /// A value: 0 is none, 1 to 7 are the levels.
    Level(u8),
    /// Text on a value.
    On(u8),
}

impl Paint {
    /// All of them, in a fixed order.
    pub const ALL: [Self; 20] = [
        Self::Back,
        Self::Ink,
        Self::Dim,
        Self::Line,
        Self::Level(0),
        Self::Level(1),
        Self::Level(2),
        Self::Level(3),
        Self::Level(4),
        Self::Level(5),
        Self::Level(6),
        Self::Level(7),
        Self::On(0),
        Self::On(1),
        Self::On(2),
        Self::On(3),
        Self::On(4),
        Self::On(5),
        Self::On(6),
        Self::On(7),
    ];

    /// Its class in SVG and HTML.
    #[must_use]
    pub fn class(self) -> String {
        match self {
            Self::Back => "back".to_owned(),
            Self::Ink => "ink".to_owned(),
            Self::Dim => "dim".to_owned(),
            Self::Line => "line".to_owned(),
            Self::Level(n) => format!("level{n}"),
            Self::On(n) => format!("on{n}"),
        }
    }
}

/// Colours of one paper.
#[derive(Clone, Copy, Debug)]
pub struct Palette {
    back: Rgb,
    ink: Rgb,
    dim: Rgb,
    line: Rgb,
    levels: [Rgb; 8],
}

/// On white.
pub const LIGHT: Palette = Palette {
    back: [0xff, 0xff, 0xff],
    ink: [0x1a, 0x1a, 0x1a],
    dim: [0x5a, 0x5a, 0x5a],
    line: [0xc4, 0xc8, 0xcc],
    levels: [
        [0xef, 0xf9, 0xfd],
        [0xf7, 0xcb, 0x58],
        [0xee, 0xa2, 0x30],
        [0xe7, 0x74, 0x12],
        [0xd3, 0x47, 0x2f],
        [0xaf, 0x28, 0x43],
        [0x83, 0x16, 0x4e],
        [0x55, 0x11, 0x4a],
    ],
};

/// On nearly black.
pub const DARK: Palette = Palette {
    back: [0x16, 0x18, 0x1c],
    ink: [0xe8, 0xe8, 0xe8],
    dim: [0xa5, 0xa5, 0xa5],
    line: [0x45, 0x4a, 0x52],
    levels: [
        [0x1c, 0x28, 0x2e],
        [0x6d, 0x29, 0x61],
        [0x9d, 0x32, 0x65],
        [0xca, 0x44, 0x59],
        [0xef, 0x61, 0x49],
        [0xff, 0x90, 0x44],
        [0xfe, 0xc1, 0x71],
        [0xff, 0xe9, 0xb6],
    ],
};

impl Palette {
    /// The colour.
    #[must_use]
    pub fn colour(&self, paint: Paint) -> Rgb {
        let level = |n: u8| self.levels.get(usize::from(n)).unwrap_or(&self.back);
        match paint {
            Paint::Back => self.back,
            Paint::Ink => self.ink,
            Paint::Dim => self.dim,
            Paint::Line => self.line,
            Paint::Level(n) => *level(n),
            Paint::On(n) => on(*level(n)),
        }
    }

    /// Rules of style that give each class its colour; `prefix` stands before each.
    #[must_use]
    pub fn style(&self, prefix: &str, property: impl Fn(Paint) -> &'static str) -> String {
        let rule = |paint: &Paint| {
            let [r, g, b] = self.colour(*paint);
            let (class, property) = (paint.class(), property(*paint));
            format!("{prefix}.{class}{{{property}:#{r:02x}{g:02x}{b:02x}}}")
        };
        Paint::ALL.iter().map(rule).collect()
    }
}

/// Luminance in thousandths, after sRGB's square as an approximation to its curve that is good enough to choose between black and white.
fn luminance([r, g, b]: Rgb) -> u32 {
    let part = |value: u8, weight: u32| u32::from(value) * u32::from(value) * weight / 65_025;
    part(r, 213) + part(g, 715) + part(b, 72)
}

/// Black or white, whichever is read better on `colour`.
fn on(colour: Rgb) -> Rgb {
    /// A contrast with black is better from 0.179 on; the square is a little more than the curve there.
    const MIDDLE: u32 = 198;
    if luminance(colour) > MIDDLE {
        [0, 0, 0]
    } else {
        [0xff, 0xff, 0xff]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance and contrast ratio as WCAG 2.2 defines them.
    fn wcag(colour: [f64; 3]) -> f64 {
        let [r, g, b] = colour;
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    fn linear(colour: Rgb) -> [f64; 3] {
        colour.map(|v| {
            let v = f64::from(v) / 255.0;
            if v <= 0.04045 {
                v / 12.92
            } else {
                ((v + 0.055) / 1.055).powf(2.4)
            }
        })
    }

    fn contrast(a: f64, b: f64) -> f64 {
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// Without one kind of cone: Viénot, Brettel and Mollon 1999 for red and green, and no blue at all as the worst of the third.
    const BLIND: [[[f64; 3]; 3]; 4] = [
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        [
            [0.11238, 0.88762, 0.0],
            [0.11238, 0.88762, 0.0],
            [0.00401, -0.00401, 1.0],
        ],
        [
            [0.29275, 0.70725, 0.0],
            [0.29275, 0.70725, 0.0],
            [-0.02234, 0.02234, 1.0],
        ],
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 1.0, 0.0]],
    ];

    fn seen(colour: Rgb, matrix: [[f64; 3]; 3]) -> f64 {
        let [r, g, b] = linear(colour);
        wcag(matrix.map(|[x, y, z]| x * r + y * g + z * b))
    }

    #[test]
    fn levels_are_in_order_whoever_looks() {
        for (palette, darker) in [(LIGHT, true), (DARK, false)] {
            for matrix in BLIND {
                for n in 0..7 {
                    let [a, b] = [n, n + 1].map(|n| seen(palette.colour(Paint::Level(n)), matrix));
                    assert_eq!(a > b, darker, "{n} {matrix:?}");
                    assert!(contrast(a, b) > 1.2, "{n}: {} {matrix:?}", contrast(a, b));
                }
            }
        }
    }

    #[test]
    fn text_is_readable_on_everything() {
        for palette in [LIGHT, DARK] {
            let of = |paint| wcag(linear(palette.colour(paint)));
            for n in 0..=7 {
                let ratio = contrast(of(Paint::Level(n)), of(Paint::On(n)));
                assert!(ratio >= 4.5, "level {n}: {ratio}");
            }
            for paint in [Paint::Ink, Paint::Dim] {
                assert!(contrast(of(paint), of(Paint::Back)) >= 4.5, "{paint:?}");
            }
        }
    }
}
