//! Owns which scenarios a command is about: those of scenario files, where some are named, or those of the catalogue.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use raceproof::{Card, Scenario};
use raceproof_reports::Visible;

use super::failure::Failure;
use super::replay::scenario;
use crate::file;

/// The scenarios of `files`, if there are any, instead of those of the `catalogue`.
pub(super) fn instead_of(
    catalogue: &[Arc<dyn Scenario>],
    files: &[PathBuf],
) -> Result<Vec<Arc<dyn Scenario>>, Failure> {
    if files.is_empty() {
        return Ok(catalogue.to_vec());
    }
    let mut scenarios: Vec<Arc<dyn Scenario>> = Vec::new();
    for path in files {
        let scenario = file::load(path)?;
        let name = scenario.card().name;
        if scenarios.iter().any(|other| other.card().name == name) {
            return Err(Failure::SameName { name: Visible::of(&name) });
        }
        scenarios.push(scenario);
    }
    Ok(scenarios)
}

/// The scenario of which a record was made: that of the file that is named, else of the file that the record names.
pub(super) fn of_record(
    catalogue: &[Arc<dyn Scenario>],
    named: Option<&Path>,
    card: &Card,
) -> Result<Arc<dyn Scenario>, Failure> {
    match named.or(card.file.as_deref().map(Path::new)) {
        Some(path) => scenario(&[file::load(path)?], &card.name),
        None => scenario(catalogue, &card.name),
    }
}
