//! Owns `raceproof merge`: the records of the shards of one run in, the record of the whole run out.

use std::path::{Path, PathBuf};

use raceproof::history::Trace;
use raceproof::outcome::merge as merged;
use raceproof::run::{Followed, Progress, Replay};
use raceproof::{Checkpoint, FaultModel, Isolation, Outcome, Plan, Regression};
use raceproof_reports::command::without_passwords;
use raceproof_reports::wording::counted;
use raceproof_reports::{Document, Folder, Visible};

use super::allowance::Allowance;
use super::args::MergeArgs;
use super::course::Course;
use super::exit::Exit;
use super::explorer::Explorer;
use super::failure::Failure;
use super::leg::Leg;
use super::output::Output;
use super::redacting::Redacting;
use super::report::document_at;

/// Merges the searches of all files one by one, and tells, stores and judges them as if they had just been made as a whole.
pub(super) fn merge(args: &MergeArgs, output: &mut Output) -> Result<Exit, Failure> {
    let redactor = args.redaction.redactor()?;
    output.redactor = redactor.clone();
    let files: Vec<_> = args.files.iter().map(|file| document_at(file)).collect();
    let documents = files.iter().map(|file| Document::read(file)).collect::<Result<Vec<_>, _>>()?;
    check_versions(&files, &documents)?;
    let outcomes = by_search(documents).into_iter().map(merged).collect::<Result<Vec<_>, _>>()?;
    let folder = args.out.as_deref().map_or_else(|| Folder::default_in(Path::new(".")), Folder::at);
    folder.prepare()?;
    let missing = missing(&outcomes);
    let leg = |outcome: &Outcome| Leg::of(&outcome.card, outcome.isolation, outcome.model.clone());
    let course = Course {
        legs: outcomes.iter().map(leg).collect(),
        plan: Plan::default(),
        allowance: Allowance::of(None),
        folder,
        // What was made elsewhere is gone on with elsewhere.
        resumption: None,
        command: redactor.command(&without_passwords(&std::env::args().collect::<Vec<_>>())),
        store_words: Vec::new(),
        format: args.format,
        is_fail_fast: false,
        is_strict_pass: args.strict_pass,
        loudness: args.loudness,
        signal: &|| None,
    };
    let mut explorer = Redacting { explorer: &mut Merged(outcomes), redactor };
    let exit = course.run(&mut explorer, None, output)?;
    for line in &missing {
        output.note(line);
    }
    Ok(if missing.is_empty() { exit } else { exit.merge(Exit::Inconclusive) })
}

/// Another version of the program may explore in another order, so its shards are others.
fn check_versions(files: &[PathBuf], documents: &[Document]) -> Result<(), Failure> {
    let wanted = documents.first().map(|document| &document.program);
    let other = files.iter().zip(documents).find(|(_, document)| Some(&document.program) != wanted);
    match (other, wanted) {
        (Some((path, document)), Some(wanted)) => Err(Failure::OtherVersion {
            path: path.clone(),
            found: Visible::of(&document.program),
            first: files[0].clone(),
            wanted: Visible::of(wanted),
        }),
        _ => Ok(()),
    }
}

/// The outcomes of all documents, those of the same scenario at the same level under the same model together, in the order
/// in which they first come up.
fn by_search(documents: Vec<Document>) -> Vec<Vec<Outcome>> {
    let mut searches: Vec<Vec<Outcome>> = Vec::new();
    for outcome in documents.into_iter().flat_map(|document| document.outcomes) {
        let search = key(&outcome);
        match searches.iter_mut().find(|parts| key(&parts[0]) == search) {
            Some(parts) => parts.push(outcome),
            None => searches.push(vec![outcome]),
        }
    }
    searches
}

/// What tells one search of a run from another.
fn key(outcome: &Outcome) -> (&str, Option<Isolation>, &FaultModel) {
    (&outcome.card.name, outcome.isolation, &outcome.model)
}

/// What is to be said of shards that are not there, one line each.
fn missing(outcomes: &[Outcome]) -> Vec<String> {
    let mut all: Vec<_> = outcomes.iter().flat_map(|outcome| outcome.coverage.missing.clone()).collect();
    all.sort();
    let searches = counted(outcomes.len() as u64, "search");
    let line = |same: &[_]| {
        format!("shard {} is missing in {} of {searches} (merge its record, too)", same[0], same.len())
    };
    all.chunk_by(|first, second| first == second).map(|same: &[raceproof::Shard]| line(same)).collect()
}

/// What was explored elsewhere.
struct Merged(Vec<Outcome>);

impl Explorer for Merged {
    fn description(&self) -> Vec<String> {
        Vec::new()
    }

    fn explore(&mut self, name: &str, plan: &Plan, _: &mut dyn FnMut(Progress)) -> Result<Outcome, Failure> {
        let wanted = (name, plan.isolation, &plan.model);
        let outcome = self.0.iter().find(|outcome| key(outcome) == wanted);
        Ok(outcome.expect("the course asks for what was merged").clone())
    }

    fn resume(
        &mut self,
        _: &str,
        _: &Plan,
        _: Vec<Checkpoint>,
        _: &mut dyn FnMut(Progress),
    ) -> Result<Outcome, Failure> {
        unreachable!("nothing of this is gone on with")
    }

    fn replay(&mut self, _: &str, _: &Trace, _: &Plan, _: u32) -> Result<Replay, Failure> {
        unreachable!("a course explores only")
    }

    fn follow(&mut self, _: &Regression) -> Result<Followed, Failure> {
        unreachable!("a course explores only")
    }
}

#[cfg(test)]
mod tests {
    use raceproof_reports::{DocumentError, Style};
    use tempfile::TempDir;

    use super::*;
    use crate::cli::args::{Format, Loudness, RedactionArgs};
    use crate::cli::fake::{self, Captured};

    fn part(shard: &str, mut outcome: Outcome) -> Outcome {
        outcome.coverage.shard = shard.parse().ok();
        outcome
    }

    struct Merge {
        exit: Result<Exit, Failure>,
        results: String,
        notes: String,
        place: TempDir,
    }

    /// Merges records with these outcomes, a folder for each, after `change` has changed the last of them.
    fn merged_after(records: Vec<Vec<Outcome>>, change: impl Fn(&mut Document)) -> Merge {
        let place = tempfile::tempdir().expect("a temporary folder");
        let last = records.len() - 1;
        let mut files = Vec::new();
        for (index, outcomes) in records.into_iter().enumerate() {
            let folder = Folder::at(place.path().join(index.to_string()));
            folder.prepare().expect("our own folder");
            let mut document = Document::new(Vec::new(), outcomes);
            if index == last {
                change(&mut document);
            }
            document.write(&folder.whole_run()).expect("our own folder");
            files.push(folder.path().to_owned());
        }
        let (results, notes) = (Captured::default(), Captured::default());
        let mut output = Output::to(Box::new(results.clone()), Box::new(notes.clone()), Style::plain());
        let loudness = Loudness { quiet: false, verbose: false };
        let out = Some(place.path().join("out"));
        let redaction = RedactionArgs::default();
        let args = MergeArgs { files, format: Format::Human, out, strict_pass: false, redaction, loudness };
        let exit = merge(&args, &mut output);
        Merge { exit, results: results.text(), notes: notes.text(), place }
    }

    fn merge_of(records: Vec<Vec<Outcome>>) -> Merge {
        merged_after(records, |_| {})
    }

    /// Search by search, in the order of the first record; a part without the violation is outweighed by one with it.
    #[test]
    fn searches_are_merged_one_by_one_and_stored_as_those_of_a_run() {
        let first = vec![part("1/2", fake::missed("a/a")), part("1/2", fake::passed("a/b"))];
        let second = vec![part("2/2", fake::passed("a/b")), part("2/2", fake::caught("a/a"))];
        let merge = merge_of(vec![first, second]);
        assert_eq!(merge.exit.expect("they belong together"), Exit::AsExpected);
        assert!(merge.results.contains("2 scenarios: 2 as expected"), "{}", merge.results);
        let folder = Folder::at(merge.place.path().join("out"));
        let whole = Document::read(&folder.whole_run()).expect("it was written");
        let names: Vec<_> = whole.outcomes.iter().map(|outcome| outcome.card.name.as_str()).collect();
        assert_eq!(names, ["a/a", "a/b"]);
        assert!(folder.record("a/a", None, None).exists() && !folder.record("a/b", None, None).exists());
    }

    /// Also if what is there is as expected: the search is not whole.
    #[test]
    fn missing_shard_is_told_and_inconclusive() {
        let merge =
            merge_of(vec![vec![part("1/3", fake::caught("a/a"))], vec![part("3/3", fake::passed("a/b"))]]);
        assert_eq!(merge.exit.expect("they are of one run"), Exit::Inconclusive);
        assert!(merge.notes.contains("shard 2/3 is missing in 2 of 2 searches"), "{}", merge.notes);
        assert!(merge.notes.contains("shard 1/3 is missing in 1 of 2 searches"), "{}", merge.notes);
        let surprise = merge_of(vec![vec![part("1/2", fake::flagged("a/a"))]]);
        assert_eq!(surprise.exit.expect("it is of one run"), Exit::Surprise);
    }

    #[test]
    fn records_of_different_searches_and_versions_are_usage() {
        let twice = vec![vec![part("1/2", fake::passed("a/a"))], vec![part("1/2", fake::passed("a/a"))]];
        let refused = merge_of(twice.clone()).exit.expect_err("there twice");
        assert_eq!(refused.exit(), Exit::Usage);
        let other = merged_after(twice, |document| "9.9.9".clone_into(&mut document.program));
        let refused = other.exit.expect_err("another version");
        assert!(refused.to_string().contains("was written by raceproof 9.9.9"), "{refused}");
        assert_eq!(refused.exit(), Exit::Usage);
        let args = MergeArgs {
            files: vec![other.place.path().to_owned()],
            format: Format::Human,
            out: None,
            strict_pass: false,
            redaction: RedactionArgs::default(),
            loudness: Loudness { quiet: false, verbose: false },
        };
        let mut output =
            Output::to(Box::new(Captured::default()), Box::new(Captured::default()), Style::plain());
        let unreadable = merge(&args, &mut output).expect_err("a folder without a record");
        assert!(matches!(unreadable, Failure::Document(DocumentError::Unreadable { .. })));
    }
}
