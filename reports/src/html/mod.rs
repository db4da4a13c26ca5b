//! Owns the page: one file that needs neither network nor script, in light and dark, for a desk and for a
//! phone. Everything passes through [`Visible`] and is then escaped by the templates.

mod bars;
mod cut;
mod drawn;
mod graph;
mod grid;
mod page;
mod worth;

use askama::Template;
use thiserror::Error;

use crate::document::Document;
use crate::visible::Visible;

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

/// Several documents as one page of HTML.
///
/// # Errors
/// None for the templates that we have; the library cannot promise it.
pub fn page(sources: &[Source<'_>]) -> Result<String, PageError> {
    Ok(page::Page::of(sources).render()? + "\n")
}

#[cfg(test)]
mod tests;
