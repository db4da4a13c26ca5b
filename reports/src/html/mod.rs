//! Owns the page: one file that needs neither network nor script, in light and dark, for a desk and for a
//! phone. Everything passes through [`Visible`] and is then escaped by the templates.

mod page;

use askama::Template;

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

/// Several documents as one page of HTML.
///
/// # Errors
/// None for the templates that we have; the library cannot promise it.
pub fn page(sources: &[Source<'_>]) -> Result<String, askama::Error> {
    page::Page::of(sources).render()
}

#[cfg(test)]
mod tests;
