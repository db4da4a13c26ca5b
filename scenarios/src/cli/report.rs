//! Owns `raceproof report`: records in, one page out.

use std::path::{Path, PathBuf};

use raceproof::Outcome;
use raceproof::file::write_whole;
use raceproof_reports::command::shell_line;
use raceproof_reports::html::{Source, page};
use raceproof_reports::{Document, Folder};

use super::args::ReportArgs;
use super::exit::Exit;
use super::failure::Failure;
use super::output::Output;

/// Makes one page of all files.
pub(super) fn report(args: &ReportArgs, output: &mut Output) -> Result<Exit, Failure> {
    let files: Vec<_> = args.files.iter().map(|file| document_at(file)).collect();
    let documents = files.iter().map(|file| Document::read(file)).collect::<Result<Vec<_>, _>>()?;
    let program = std::env::args().next().unwrap_or_else(|| "raceproof".to_owned());
    let sources: Vec<_> = files
        .iter()
        .zip(&documents)
        .map(|(file, document)| Source {
            document,
            replay_commands: replay_commands(&program, file, document),
        })
        .collect();
    let page = page(&sources).map_err(Failure::Page)?;
    match args.out.as_deref() {
        Some(path) if path == Path::new("-") => output.result(&page),
        chosen => {
            let path = chosen.map_or_else(|| beside(&files), Path::to_owned);
            write_whole(&path, &page)
                .map_err(|source| Failure::PageUnwritable { path: path.clone(), source })?;
            output.result(&format!("{}\n", path.display()));
        }
    }
    Ok(Exit::AsExpected)
}

/// A folder stands for the document of the run that it holds.
pub(super) fn document_at(file: &Path) -> PathBuf {
    if file.is_dir() { Folder::at(file).whole_run() } else { file.to_owned() }
}

fn beside(files: &[PathBuf]) -> PathBuf {
    files.first().map_or_else(|| PathBuf::from("report.html"), |file| file.with_file_name("report.html"))
}

/// `raceproof replay FILE`, with the scenario's name where the file holds several violations, and its level and its
/// fault model where it holds several of that scenario.
fn replay_commands(program: &str, file: &Path, document: &Document) -> Vec<Option<String>> {
    let replayable = document.outcomes.iter().filter(|outcome| outcome.counterexample.is_some()).count();
    let is_replayable_too = |outcome: &Outcome, other: &Outcome| {
        other.counterexample.is_some() && other.card.name == outcome.card.name
    };
    let command = |outcome: &Outcome| {
        let name = &outcome.card.name;
        let same = document.outcomes.iter().filter(|other| is_replayable_too(outcome, other)).count();
        let level = outcome.isolation.filter(|_| same > 1);
        let model = outcome.told_model().filter(|_| same > 1);
        let mut words = vec![program.to_owned(), "replay".to_owned(), file.display().to_string()];
        words.extend((replayable > 1).then(|| name.clone()));
        words.extend(level.iter().flat_map(|level| ["--isolation".to_owned(), level.to_string()]));
        words.extend(model.iter().flat_map(|model| ["--under".to_owned(), model.to_string()]));
        shell_line(&words)
    };
    let of_outcome = |outcome: &Outcome| outcome.counterexample.as_ref().map(|_| command(outcome));
    document.outcomes.iter().map(of_outcome).collect()
}

#[cfg(test)]
mod tests {
    use raceproof::Isolation;

    use super::*;
    use crate::cli::fake::{self, Captured};
    use raceproof_reports::{DocumentError, Style};

    fn made(files: Vec<PathBuf>, out: Option<PathBuf>) -> (Result<Exit, Failure>, String) {
        let results = Captured::default();
        let mut output = Output::to(Box::new(results.clone()), Box::new(Captured::default()), Style::plain());
        (report(&ReportArgs { files, out }, &mut output), results.text())
    }

    #[test]
    fn page_goes_beside_the_first_file_and_its_path_to_stdout() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path());
        folder.write_whole_run(&[], vec![fake::caught("a/a"), fake::flagged("a/b")]).unwrap();
        let (exit, told) = made(vec![place.path().to_owned()], None);
        let path = place.path().join("report.html");
        assert_eq!((exit.unwrap(), told), (Exit::AsExpected, format!("{}\n", path.display())));
        let page = std::fs::read_to_string(path).unwrap();
        assert!(page.contains("report.json a/a") && page.contains("report.json a/b"));
    }

    /// The command on the page must pick one violation, so it names the level where the name is not enough.
    #[test]
    fn command_names_the_level_where_the_name_is_not_enough() {
        let at = |level| fake::at(level, fake::caught("a/a"));
        let outcomes = vec![at(Isolation::ReadCommitted), at(Isolation::Serializable), fake::caught("a/b")];
        let commands = replay_commands("p", Path::new("x"), &Document::new(Vec::new(), outcomes));
        assert_eq!(commands[1].as_deref(), Some("p replay x a/a --isolation serializable"));
        assert_eq!(commands[2].as_deref(), Some("p replay x a/b"));
    }

    #[test]
    fn command_names_the_model_where_the_name_is_not_enough() {
        let under = |model| fake::under(model, fake::caught("a/a"));
        let outcomes = vec![under("pause"), under("crash+drop*2"), fake::under("pause", fake::caught("a/b"))];
        let commands = replay_commands("p", Path::new("x"), &Document::new(Vec::new(), outcomes));
        assert_eq!(commands[1].as_deref(), Some("p replay x a/a --under 'crash+drop*2'"));
        assert_eq!(commands[2].as_deref(), Some("p replay x a/b"));
    }

    #[test]
    fn several_files_become_one_page_on_stdout() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path());
        let files = ["a/a", "a/b"].map(|name| folder.write_record(&[], &fake::caught(name)).unwrap());
        let (exit, page) = made(files.to_vec(), Some("-".into()));
        assert_eq!(exit.unwrap(), Exit::AsExpected);
        assert!(page.starts_with("<!doctype html>") && page.contains("2 scenarios"));
        assert!(page.contains("a-a.json</code>"), "a file with one violation needs no name");
    }

    #[test]
    fn file_that_is_no_record_is_usage_and_place_that_cannot_be_written_is_environment() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("x.json");
        std::fs::write(&file, "{}").unwrap();
        let failure = made(vec![file], None).0.expect_err("not a record");
        assert!(matches!(failure, Failure::Document(DocumentError::NotARecord { .. })));
        assert_eq!(failure.exit(), Exit::Usage);
        let record = Folder::at(place.path()).write_record(&[], &fake::caught("a/a")).unwrap();
        let failure =
            made(vec![record], Some(place.path().join("no/such/page.html"))).0.expect_err("no folder");
        assert_eq!(failure.exit(), Exit::Environment);
    }
}
