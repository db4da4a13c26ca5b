//! Reads recorded histories: text in, operations out. Which form a text has is seen from its first characters.
//!
//! | form | looks like |
//! | --- | --- |
//! | Jepsen's log | `INFO  jepsen.util - 0 :invoke :cas [3 0]`, one event a line; lines of others are skipped |
//! | Jepsen's `history.edn` | `{:type :invoke, :f :read, :value nil, :process 0}`, one map a line or one vector of them |
//! | the same with `:key` | as the key-value logs of Porcupine's tests |
//! | our own JSON | an array of operations, or a record of `raceproof run` |
//!
//! In Jepsen's forms `:ok` took effect and `:info` may have. `:fail` took none: with an `:error` (or a keyword in the place of
//! the value) the operation is left out, without one it was refused, so that a model can judge whether "no" was right.

mod edn_history;
mod error;
mod event;
mod jepsen_log;
mod own;

pub mod edn;

pub use error::ReadError;

use crate::history::Operation;

/// One history of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// Where in the text it lies, if that has several; else empty.
    pub name: String,
    /// The operations, in the order of their invocations.
    pub operations: Vec<Operation>,
}

/// Reads all histories of `text`.
///
/// # Errors
///
/// [`ReadError`] with line and column if it has none of the known forms, or no operation at all.
pub fn read(text: &str) -> Result<Vec<History>, ReadError> {
    let first =
        text.trim_start_matches(|letter: char| letter.is_whitespace() || "[{(,\u{feff}".contains(letter));
    let is_bracketed = text.trim_start().starts_with(['[', '{', '(', ';', '#']);
    if is_bracketed && first.starts_with([':', '#', ';']) {
        let operations = edn_history::read(text)?;
        return Ok(vec![History { name: String::new(), operations }]);
    }
    if is_bracketed {
        return own::read(text);
    }
    let operations = jepsen_log::read(text)?;
    if operations.is_empty() {
        let known = "it holds no operation (known are Jepsen's log and `history.edn`, and JSON of raceproof)";
        return Err(ReadError::at(text, 0, known));
    }
    Ok(vec![History { name: String::new(), operations }])
}

#[cfg(test)]
mod tests;
