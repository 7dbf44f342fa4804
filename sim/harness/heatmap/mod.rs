//! A table of a sweep as a picture: one axis to the right, one upwards, a colour for each cell.
//!
//! [`MapChoice`] says which axes and which column, and finds what is wrong with that before anything runs. [`HeatMap`] is the values, [`chart()`] the picture, which
//! [`svg`] and [`png`] write down; [`html`] writes a table whose cells have colours, and [`page()`] a page of its own. [`limits`] draws the map of
//! `flashstall boundary`.
//!
//! Colours are ordered by lightness, so they are in order for everybody; no loss at all is not on that scale but has a colour of its own
//! ([`palette`]). Where a figure fits into its cell, it stands there. Everything is computed in whole numbers: the same table gives the same bytes.

mod chart;
mod choice;
mod column;
mod grid;
pub mod html;
pub mod limits;
mod page;
pub mod palette;
pub mod png;
mod scale;
pub mod scene;
pub mod svg;

pub use chart::chart;
pub use choice::{Chosen, MAX_SIDE, MapChoice};
pub use column::Quantity;
pub use grid::{Cell, HeatMap, Side};
pub use page::{Pictured, page, pictured};
pub use scale::{LEVELS, Scale};
