//! Owns scenario files: a race in any language as a TOML file that names stores, set-up, workers and invariants.
//!
//! A file is read into a [`document`], validated into a [`race`], and run as a scenario like any other.

pub mod document;
mod error;
mod example;
mod http;
mod judging;
mod lasting;
mod once;
pub mod race;
mod reading;
mod scenario;
mod service;
mod steps;
mod surroundings;
mod template;
mod watched;
mod words;

use std::path::Path;
use std::sync::Arc;

use raceproof::Scenario;

pub use error::{FileError, Flaw};
pub use example::EXAMPLE;
pub use race::Race;
pub use watched::Watched;

/// The scenario in the file at `path`.
///
/// # Errors
/// The file cannot be read, or something in it makes no sense; the error names the place.
pub fn load(path: &Path) -> Result<Arc<dyn Scenario>, FileError> {
    Ok(Arc::new(scenario::FileScenario::new(reading::read(path)?)))
}

/// The JSON schema of scenario files, for editors.
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(document::Document).to_value()
}
