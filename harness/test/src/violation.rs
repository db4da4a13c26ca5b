//! Owns [`Telling`]: what is told and written of a race that does not pass.

use std::path::{Path, PathBuf};

use raceproof::Outcome;
use raceproof::file::write_whole;
use raceproof::run::{RegressionFolderError, Settled};
use raceproof_reports::html::{Source, page};
use raceproof_reports::terminal::full;
use raceproof_reports::{Document, Story, Style, wording};

use crate::check::Check;
use crate::failure::Violated;

/// Columns that labels take, with the blanks behind them, as in a story.
const LABEL_COLUMNS: usize = 10;

/// What there is to tell of a race, beside what it came to.
pub(crate) struct Telling<'a> {
    pub(crate) check: &'a Check,
    /// What became of kept schedules.
    pub(crate) settled: Result<Vec<Settled>, RegressionFolderError>,
}

impl Telling<'_> {
    /// Writes record and page, and tells everything.
    pub(crate) fn of(&self, outcome: Outcome) -> Violated {
        let folder = self.check.folder();
        let path = folder.record(&outcome.card.name, outcome.isolation, outcome.told_model());
        let replay = || vec![("RACEPROOF_REPLAY", path.display().to_string())];
        let command = outcome.counterexample.is_some().then(|| self.check.command(replay()));
        let document = Document::new(self.check.rerun.words().to_vec(), vec![outcome.clone()]);
        let record = folder.prepare().and_then(|()| document.write(&path)).map(|()| path.clone());
        let page = self.write_page(&document, command.clone(), &path.with_extension("html"));
        let story = Story::of(&outcome, command.as_deref().filter(|_| record.is_ok()));
        let mut text = story.map_or_else(String::new, |story| full(&story, &Style::plain()));
        text += &place("record", record.as_ref().map_err(ToString::to_string));
        text += &place("page", page.as_ref().map_err(Clone::clone));
        text += &self.ending(&outcome);
        Violated { outcome, story: text, record: record.ok(), page: page.ok() }
    }

    fn write_page(
        &self,
        document: &Document,
        command: Option<String>,
        path: &Path,
    ) -> Result<PathBuf, String> {
        let source = Source { document, replay_commands: vec![command] };
        let text = page(&[source]).map_err(|error| error.to_string())?;
        write_whole(path, &text).map_err(|error| format!("failed to write `{}`: {error}", path.display()))?;
        Ok(path.to_owned())
    }

    /// What became of kept schedules, where the test is, and how to run it again.
    pub(crate) fn ending(&self, outcome: &Outcome) -> String {
        let mut text = String::new();
        match &self.settled {
            Ok(settled) => settled.iter().for_each(|one| text += &line("kept", &wording::settled(one))),
            Err(error) => text += &line("kept", &error.to_string()),
        }
        text += &line("test", &self.check.place);
        let seed = vec![("RACEPROOF_SEED", outcome.seed.to_string())];
        text + &line("again", &self.check.command(seed))
    }
}

/// Never cut: a path that was cut is none.
fn line(label: &str, text: &str) -> String {
    format!("  {label:<LABEL_COLUMNS$}{text}\n")
}

fn place(label: &str, path: Result<&PathBuf, String>) -> String {
    line(label, &path.map_or_else(|error| error, |path| path.display().to_string()))
}
