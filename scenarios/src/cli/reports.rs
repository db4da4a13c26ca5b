//! Owns which reports there are of a run, and where `raceproof run` leaves them. Making each is the business of the reports.

use raceproof::file::write_whole;
use raceproof_reports::html::{Source, page};
use raceproof_reports::{Cases, DocumentError, Folder, junit, markdown, sarif};

use super::failure::Failure;

/// A report in the form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Report {
    /// One page.
    Html,
    /// One document.
    Json,
    /// JUnit's XML.
    Junit,
    /// SARIF.
    Sarif,
    /// Markdown.
    Markdown,
}

/// What a run leaves, each with its name.
const LEFT: [(&str, Report); 5] = [
    ("report.json", Report::Json),
    ("report.html", Report::Html),
    ("junit.xml", Report::Junit),
    ("report.sarif", Report::Sarif),
    ("report.md", Report::Markdown),
];

impl Report {
    /// The report of one document.
    pub(super) fn of(self, cases: &Cases<'_>) -> Result<String, Failure> {
        match self {
            Self::Html => {
                let replay_commands = cases.commands.to_vec();
                page(&[Source { document: cases.document, replay_commands }]).map_err(Failure::Page)
            }
            Self::Json => cases.document.to_json().map_err(Failure::Json),
            Self::Junit => Ok(junit(cases)?),
            Self::Sarif => sarif(cases).map_err(Failure::Json),
            Self::Markdown => Ok(markdown(cases)),
        }
    }
}

/// Leaves all reports in `folder`, each whole or not at all, the document first.
pub(super) fn leave(folder: &Folder, cases: &Cases<'_>) -> Result<(), Failure> {
    folder.prepare()?;
    for (name, report) in LEFT {
        let (path, text) = (folder.path().join(name), report.of(cases)?);
        write_whole(&path, &text).map_err(|source| DocumentError::Unwritable { path, source })?;
    }
    Ok(())
}
