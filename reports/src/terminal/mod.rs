//! Owns the telling of outcomes as lines of text. It returns text; printing is its caller's business.

mod circle;
mod lanes;
mod line;
mod replayed;
mod story;
mod style;
mod sweep;
mod wrap;

pub use line::{OutcomeLine, totals};
pub use replayed::{recorded, replayed};
pub use story::{full, labelled, lanes, shortened};
pub use style::Style;
pub use sweep::sweeps;

#[cfg(test)]
mod tests;
