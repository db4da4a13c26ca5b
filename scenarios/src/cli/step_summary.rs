//! Owns what GitHub Actions gets of a run beside its log: the summary of a step.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

use raceproof_reports::{Cases, markdown};

use super::failure::Failure;

/// The variable that names the file.
const VARIABLE: &str = "GITHUB_STEP_SUMMARY";

/// Appends the cases as Markdown to the file that the environment names, if it names one.
pub(super) fn append(cases: &Cases<'_>) -> Result<(), Failure> {
    let Some(path) = std::env::var_os(VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from) else {
        return Ok(());
    };
    let written = OpenOptions::new().append(true).create(true).open(&path);
    written
        .and_then(|mut file| file.write_all(format!("{}\n", markdown(cases)).as_bytes()))
        .map_err(|source| Failure::SummaryUnwritable { path, source })
}
