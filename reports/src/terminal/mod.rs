//! Owns the telling of outcomes as lines of text. It returns text; printing is its caller's business.

mod lanes;
mod line;
mod story;
mod style;
mod wrap;

pub use line::{OutcomeLine, totals};
pub use story::{full, labelled, lanes, shortened};
pub use style::Style;

#[cfg(test)]
mod tests;
