//! A picture as PNG, on light paper: for where SVG is not shown. Letters are those of `embedded-graphics`; what is not in Latin-1 is a question mark.

use embedded_graphics::Drawable as _;
use embedded_graphics::Pixel;
use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::{OriginDimensions, Point, Size};
use embedded_graphics::mono_font::iso_8859_1::{FONT_6X13, FONT_9X15_BOLD};
use embedded_graphics::mono_font::{MonoFont, MonoTextStyle};
use embedded_graphics::pixelcolor::PixelColor;
use embedded_graphics::pixelcolor::raw::RawU8;
use embedded_graphics::text::{Alignment, Text as Words};

use super::palette::{LIGHT, Paint};
use super::scene::{Anchor, Area, Letters, Scene, Shape, Text};
use crate::scenario::ScenarioError;

/// Number of a colour in the file's palette.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ink(u8);

impl PixelColor for Ink {
    type Raw = RawU8;
}

impl From<Paint> for Ink {
    fn from(paint: Paint) -> Self {
        let at = Paint::ALL.iter().position(|p| *p == paint);
        Self(at.and_then(|n| u8::try_from(n).ok()).unwrap_or(0))
    }
}

/// The pixels.
struct Canvas {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
}

impl OriginDimensions for Canvas {
    fn size(&self) -> Size {
        Size::new(self.width, self.height)
    }
}

impl DrawTarget for Canvas {
    type Color = Ink;
    type Error = core::convert::Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Ink>>>(
        &mut self,
        pixels: I,
    ) -> Result<(), Self::Error> {
        for Pixel(at, ink) in pixels {
            if let (Ok(x), Ok(y)) = (u32::try_from(at.x), u32::try_from(at.y)) {
                self.row(x, y, 1, ink);
            }
        }
        Ok(())
    }
}

impl Canvas {
    /// Some pixels of a row, as far as they are on it.
    fn row(&mut self, x: u32, y: u32, width: u32, ink: Ink) {
        if y >= self.height {
            return;
        }
        let (from, to) = (x.min(self.width), x.saturating_add(width).min(self.width));
        let start = y as usize * self.width as usize;
        if let Some(row) = self
            .pixels
            .get_mut(start + from as usize..start + to as usize)
        {
            row.fill(ink.0);
        }
    }

    fn area(&mut self, area: &Area) {
        for y in area.y..area.y.saturating_add(area.height) {
            self.row(area.x, y, area.width, area.paint.into());
        }
    }

    fn text(&mut self, text: &Text) {
        let font: &MonoFont<'_> = match text.letters {
            Letters::Small => &FONT_6X13,
            Letters::Title => &FONT_9X15_BOLD,
        };
        let alignment = match text.anchor {
            Anchor::Start => Alignment::Left,
            Anchor::Middle => Alignment::Center,
            Anchor::End => Alignment::Right,
        };
        let at = |v: u32| i32::try_from(v).unwrap_or(i32::MAX);
        let style = MonoTextStyle::new(font, Ink::from(text.paint));
        let place = Point::new(at(text.x), at(text.y));
        let words = Words::with_alignment(&text.words, place, style, alignment);
        let Ok(_) = words.draw(self);
    }
}

/// The file.
///
/// # Errors
/// [`ScenarioError`] for a picture that is too large for the format.
pub fn write(scene: &Scene) -> Result<Vec<u8>, ScenarioError> {
    let (width, height) = (scene.width, scene.height);
    let mut canvas = Canvas {
        width,
        height,
        pixels: vec![Ink::from(Paint::Back).0; width as usize * height as usize],
    };
    for shape in &scene.shapes {
        match shape {
            Shape::Area(area) => canvas.area(area),
            Shape::Text(text) => canvas.text(text),
            Shape::Value { areas, figures, .. } => {
                areas.iter().for_each(|a| canvas.area(a));
                figures.iter().for_each(|f| canvas.text(f));
            }
        }
    }
    let mut bytes = Vec::new();
    let failed = |e: png::EncodingError| ScenarioError::new(format!("cannot draw a PNG: {e}"));
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    let colours = Paint::ALL.iter().flat_map(|p| LIGHT.colour(*p));
    encoder.set_palette(colours.collect::<Vec<u8>>());
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(&canvas.pixels).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}
