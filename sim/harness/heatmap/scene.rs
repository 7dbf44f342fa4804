//! A picture before it is written: rectangles and lines of text at whole pixels. [`svg`](super::svg) and [`png`](super::png) draw the same.

use super::palette::Paint;

/// How large a letter is: all letters are equally wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Letters {
    /// 6 by 13 pixels.
    Small,
    /// 9 by 15 pixels, bold.
    Title,
}

impl Letters {
    /// Width of one, in pixels.
    #[must_use]
    pub const fn width(self) -> u32 {
        match self {
            Self::Small => 6,
            Self::Title => 9,
        }
    }

    /// Width of a text, in pixels.
    #[must_use]
    pub fn measure(self, text: &str) -> u32 {
        let count = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        count.saturating_mul(self.width())
    }
}

/// Which point of a text is meant by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Its beginning.
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

/// A line of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// Where.
    pub x: u32,
    /// Its baseline.
    pub y: u32,
    /// What `x` means.
    pub anchor: Anchor,
    /// How large.
    pub letters: Letters,
    /// What for.
    pub paint: Paint,
    /// What it says.
    pub words: String,
}

/// A rectangle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// Left.
    pub x: u32,
    /// Top.
    pub y: u32,
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
    /// What for.
    pub paint: Paint,
}

/// What belongs together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A rectangle.
    Area(Area),
    /// A line of text.
    Text(Text),
    /// A value: rectangles with text on them, and what it is in words for who cannot see it.
    Value {
        /// In words.
        words: String,
        /// Rectangles.
        areas: Vec<Area>,
        /// Figures, where they fit.
        figures: Vec<Text>,
    },
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scene {
    /// Its heading.
    pub title: String,
    /// What is on it, in a sentence.
    pub description: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// What is on it, from the back.
    pub shapes: Vec<Shape>,
}

/// Longest text on a picture.
const LONGEST: usize = 100;

/// A text that a picture has room for.
#[must_use]
pub fn clipped(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let kept: String = text.chars().take(LONGEST - 2).collect();
    kept + ".."
}

impl Scene {
    /// Empty.
    #[must_use]
    pub fn new(title: String, description: String) -> Self {
        Self {
            title,
            description,
            width: 0,
            height: 0,
            shapes: Vec::new(),
        }
    }

    /// Puts a line of small text on it, and makes it wide enough.
    pub fn text(&mut self, x: u32, y: u32, anchor: Anchor, paint: Paint, words: &str) {
        self.letters(x, y, anchor, Letters::Small, paint, words);
    }

    /// Puts its heading on it.
    pub fn heading(&mut self, x: u32, y: u32) {
        let title = self.title.clone();
        self.letters(x, y, Anchor::Start, Letters::Title, Paint::Ink, &title);
    }

    fn letters(
        &mut self,
        x: u32,
        y: u32,
        anchor: Anchor,
        letters: Letters,
        paint: Paint,
        words: &str,
    ) {
        let words = clipped(words);
        let width = letters.measure(&words);
        // A text is moved to the right rather than cut off at the left edge.
        let before = match anchor {
            Anchor::Start => 0,
            Anchor::Middle => width / 2,
            Anchor::End => width,
        };
        let x = x.max(before + MARGIN);
        self.width = self.width.max(x + width - before + MARGIN);
        self.shapes.push(Shape::Text(Text {
            x,
            y,
            anchor,
            letters,
            paint,
            words,
        }));
    }

    /// Puts a rectangle on it.
    pub fn area(&mut self, x: u32, y: u32, width: u32, height: u32, paint: Paint) {
        self.shapes.push(Shape::Area(Area {
            x,
            y,
            width,
            height,
            paint,
        }));
    }
}

/// Free space at the edges, in pixels.
pub const MARGIN: u32 = 16;
