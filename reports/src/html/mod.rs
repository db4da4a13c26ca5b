//! Owns the page: one file of bounded size that needs no network and can do without its script, in light and dark, for a
//! desk, for a phone and for paper. Everything passes through [`Visible`] and is then escaped by the templates.

mod anchors;
mod bars;
mod burst;
mod circumstances;
mod cut;
mod drawn;
mod fitting;
mod graph;
mod grid;
mod overview;
mod page;
mod plot;
mod reproduce;
mod row;
mod script;
mod table;
mod told;
mod worth;

use askama::Template;
use thiserror::Error;

pub(crate) use row::class;

use crate::document::Document;
use crate::visible::Visible;
use crate::wording;

/// The largest page, whatever the documents hold: more is cut, and the page says so.
pub const PAGE_BYTES_MAX: usize = 8 << 20;

/// A document, with the commands that replay its violations.
#[derive(Debug)]
pub struct Source<'a> {
    /// The document.
    pub document: &'a Document,
    /// The command that shows the violation of an outcome again, one for each outcome; `None` where
    /// there is no violation or no record.
    pub replay_commands: Vec<Option<String>>,
}

/// The template could not be rendered.
#[derive(Debug, Error)]
#[error("failed to render the page (this is a bug of ours: please report it)")]
pub struct PageError(#[from] askama::Error);

/// Several documents as one page of HTML, of at most [`PAGE_BYTES_MAX`].
///
/// # Errors
/// None for the templates that we have; the library cannot promise it.
pub fn page(sources: &[Source<'_>]) -> Result<String, PageError> {
    Ok(page::Page::of(sources)?.render()? + "\n")
}

/// `3 more scenarios`; `None` if there are none.
fn more(count: usize, noun: &str) -> Option<String> {
    (count > 0).then(|| wording::counted(count as u64, &format!("more {noun}")))
}

#[cfg(test)]
mod tests;
