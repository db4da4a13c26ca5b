//! Owns `raceproof report`: records in, one report out.

use std::io;
use std::path::{Path, PathBuf};

use raceproof::Outcome;
use raceproof::file::write_whole;
use raceproof_reports::command::{shell_line, without_passwords};
use raceproof_reports::github::annotations;
use raceproof_reports::html::{Source, page};
use raceproof_reports::visible::columns;
use raceproof_reports::wording::{self, counted};
use raceproof_reports::{Cases, Document, Folder, Joined, Replayable};

use super::args::{Loudness, ReportArgs, ReportFormat};
use super::exit::Exit;
use super::failure::Failure;
use super::output::Output;
use super::reports::Report;
use super::step_summary;
use super::telling::Telling;

/// Makes one report of all files.
pub(super) fn report(args: &ReportArgs, output: &mut Output) -> Result<Exit, Failure> {
    let redactor = args.redaction.redactor()?;
    output.redactor = redactor.clone();
    let is_for_stdout = args.out.as_deref() == Some(Path::new("-"));
    if args.open && (args.format != ReportFormat::Html || is_for_stdout) {
        return Err(Failure::NothingToOpen);
    }
    let files: Vec<_> = args.files.iter().map(|file| document_at(file)).collect();
    let words: Vec<_> = std::env::args().collect();
    let program = words.first().map_or("raceproof", String::as_str);
    let mut parts = Vec::new();
    for file in &files {
        let Document { program: of, begun_ms, command, outcomes, .. } = Document::read(file)?;
        // What is said of the outcomes is said anew, for it quotes them.
        let told = Document::new(redactor.command(&command), redactor.value(outcomes)?);
        let document = Document { program: of, begun_ms, ..told };
        parts.push(Replayable { commands: replay_commands(program, file, &document), document });
    }
    let joined = Joined::of(parts);
    for note in notes(&joined) {
        output.note(&note);
    }
    let command = redactor.command(&without_passwords(&words));
    let report = made(joined, command, args, output)?;
    match place(args, &files) {
        None => output.result(&report),
        Some(path) => {
            write_whole(&path, &report)
                .map_err(|source| Failure::PageUnwritable { path: path.clone(), source })?;
            output.result(&format!("{}\n", path.display()));
            if args.open {
                open(&path)?;
            }
        }
    }
    Ok(Exit::AsExpected)
}

/// What is to be said of the records as a whole.
fn notes(joined: &Joined) -> Vec<String> {
    let shards = (joined.shards() > 0)
        .then(|| "some outcomes are of parts of searches (`raceproof merge` judges the whole)".to_owned());
    let repeated = (joined.repeated > 0).then(|| {
        let outcomes = counted(joined.repeated as u64, "outcome");
        format!("left out {outcomes} that other files hold, too")
    });
    repeated.into_iter().chain(shards).collect()
}

fn made(joined: Joined, command: Vec<String>, args: &ReportArgs, output: &Output) -> Result<String, Failure> {
    if args.format == ReportFormat::Html {
        return page(&joined.parts.iter().map(source).collect::<Vec<_>>()).map_err(Failure::Page);
    }
    let whole = joined.whole(command);
    let cases =
        Cases { document: &whole.document, commands: &whole.commands, is_strict_pass: args.strict_pass };
    match args.format {
        ReportFormat::Html => Report::Html.of(&cases),
        ReportFormat::Human => Ok(for_people(&cases, output)),
        ReportFormat::Json => Report::Json.of(&cases),
        ReportFormat::Junit => Report::Junit.of(&cases),
        ReportFormat::Sarif => Report::Sarif.of(&cases),
        ReportFormat::Markdown => Report::Markdown.of(&cases),
        ReportFormat::Github => {
            step_summary::append(&cases)?;
            Ok(annotations(&cases))
        }
    }
}

fn source(part: &Replayable) -> Source<'_> {
    Source { document: &part.document, replay_commands: part.commands.clone() }
}

/// As `raceproof run` tells it.
fn for_people(cases: &Cases<'_>, output: &Output) -> String {
    let outcomes = &cases.document.outcomes;
    let telling = Telling {
        style: output.style,
        loudness: Loudness { quiet: false, verbose: false },
        is_strict_pass: cases.is_strict_pass,
        name_columns: outcomes.iter().map(|outcome| columns(&wording::name(outcome))).max().unwrap_or(0),
        is_alone: outcomes.len() == 1,
    };
    let each = outcomes.iter().zip(cases.commands);
    let told: String = each.map(|(outcome, command)| telling.outcome(outcome, command.as_deref())).collect();
    told + &telling.end(outcomes)
}

/// Where the report goes; `None` is stdout.
fn place(args: &ReportArgs, files: &[PathBuf]) -> Option<PathBuf> {
    match args.out.as_deref() {
        Some(path) if path == Path::new("-") => None,
        Some(path) => Some(path.to_owned()),
        None => (args.format == ReportFormat::Html).then(|| beside(files)),
    }
}

/// Shows a page in the system's browser.
fn open(page: &Path) -> Result<(), Failure> {
    let failed = |source| Failure::NoBrowser { page: page.display().to_string(), source };
    let path = page.canonicalize().map_err(failed)?;
    let url = url::Url::from_file_path(path).expect("what is canonical is absolute");
    browse(url.as_str()).map_err(failed)
}

/// Shows what is at `url` in the system's browser.
pub(super) fn browse(url: &str) -> io::Result<()> {
    webbrowser::open(url)
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
pub(super) fn replay_commands(program: &str, file: &Path, document: &Document) -> Vec<Option<String>> {
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
    use crate::cli::args::RedactionArgs;
    use crate::cli::fake::{self, Captured};
    use raceproof_reports::{DocumentError, Style};

    fn args(files: Vec<PathBuf>, out: Option<PathBuf>) -> ReportArgs {
        let (format, redaction) = (ReportFormat::default(), RedactionArgs::default());
        ReportArgs { files, format, out, open: false, strict_pass: false, redaction }
    }

    /// What is told by `report`: how it ended, its results, and its notes.
    fn told(args: &ReportArgs) -> (Result<Exit, Failure>, String, String) {
        let (results, notes) = (Captured::default(), Captured::default());
        let mut output = Output::to(Box::new(results.clone()), Box::new(notes.clone()), Style::plain());
        (report(args, &mut output), results.text(), notes.text())
    }

    fn made(files: Vec<PathBuf>, out: Option<PathBuf>) -> (Result<Exit, Failure>, String) {
        let (exit, results, _) = told(&args(files, out));
        (exit, results)
    }

    /// A folder with the document of a run and the records of its two violations.
    fn recorded() -> (tempfile::TempDir, Vec<PathBuf>) {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path());
        let outcomes = vec![fake::caught("a/a"), fake::flagged("a/b"), fake::unsure("a/c")];
        let mut files: Vec<_> =
            outcomes[..2].iter().map(|outcome| folder.write_record(&[], outcome).unwrap()).collect();
        files.push(folder.write_whole_run(&[], outcomes).unwrap());
        (place, files)
    }

    fn in_format(format: ReportFormat, files: &[PathBuf]) -> (String, String) {
        let (exit, results, notes) = told(&ReportArgs { format, ..args(files.to_vec(), None) });
        assert_eq!(exit.unwrap(), Exit::AsExpected);
        (results, notes)
    }

    /// Each format of all records of a run, joined: what is there twice is told once.
    #[test]
    fn every_format_goes_to_stdout_and_holds_each_outcome_once() {
        let (_place, files) = recorded();
        let (json, notes) = in_format(ReportFormat::Json, &files);
        assert_eq!(notes, "left out 2 outcomes that other files hold, too\n");
        let whole = Document::parse(json.as_bytes(), Path::new("x")).unwrap();
        let names: Vec<_> = whole.outcomes.iter().map(|outcome| outcome.card.name.as_str()).collect();
        assert_eq!(names, ["a/a", "a/b", "a/c"]);
        let (junit, _) = in_format(ReportFormat::Junit, &files);
        assert!(junit.contains("tests=\"3\" failures=\"1\" errors=\"1\""), "{junit}");
        let (github, _) = in_format(ReportFormat::Github, &files);
        assert_eq!(github.matches("::error ").count() + github.matches("::warning ").count(), 2, "{github}");
        let (markdown, _) = in_format(ReportFormat::Markdown, &files);
        assert!(markdown.starts_with("## Raceproof\n\n3 scenarios: 1 as expected, "), "{markdown}");
        let (human, _) = in_format(ReportFormat::Human, &files);
        assert!(human.ends_with("3 scenarios: 1 as expected, 1 inconclusive, 1 false alarm\n"), "{human}");
        let (sarif, _) = in_format(ReportFormat::Sarif, &files);
        assert!(sarif.contains("\"version\": \"2.1.0\""), "{sarif}");
    }

    #[test]
    fn only_a_page_in_a_file_can_be_opened() {
        let (_place, files) = recorded();
        let json = ReportArgs { format: ReportFormat::Json, open: true, ..args(files.clone(), None) };
        let stdout = ReportArgs { open: true, ..args(files, Some("-".into())) };
        for args in [json, stdout] {
            assert_eq!(told(&args).0.expect_err("nothing to open").exit(), Exit::Usage);
        }
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
