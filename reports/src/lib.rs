//! Tells what a search came to: as a versioned document, as text for a terminal, as a page, and in the formats of continuous
//! integration.
//!
//! ```
//! use raceproof_reports::Visible;
//! // Whatever a store holds is data: it can neither move the cursor nor turn the text around.
//! assert_eq!(Visible::of("\u{1b}[2Jpaid\u{202e}").to_string(), "\\x1b[2Jpaid\\u{202e}");
//! ```

pub mod case;
pub mod checkpoints;
pub mod command;
pub mod document;
pub mod folder;
pub mod github;
pub mod html;
pub mod joined;
pub mod junit;
pub mod mark;
pub mod markdown;
pub mod past;
pub mod redactor;
pub mod sarif;
pub mod schema;
pub mod story;
pub mod sweep;
pub mod terminal;
pub mod transcript;
pub mod visible;
pub mod wording;

#[cfg(test)]
mod samples;

pub use case::{Case, Cases};
pub use checkpoints::Checkpoints;
pub use document::{Document, DocumentError};
pub use folder::Folder;
pub use joined::{Joined, Replayable};
pub use junit::junit;
pub use mark::Mark;
pub use markdown::markdown;
pub use redactor::Redactor;
pub use sarif::sarif;
pub use story::Story;
pub use sweep::Sweep;
pub use terminal::Style;
pub use visible::Visible;
