//! Owns `raceproof merge`: the records of the shards of one run in, the record of the whole run out.

use std::path::{Path, PathBuf};

use raceproof::history::Trace;
use raceproof::outcome::merge as merged;
use raceproof::run::{Followed, Progress, Replay};
use raceproof::{Error, FaultModel, Isolation, Outcome, Plan, Regression};
use raceproof_reports::command::without_passwords;
use raceproof_reports::wording::counted;
use raceproof_reports::{Document, Folder, Visible};

use super::args::{Format, MergeArgs};
use super::course::Course;
use super::exit::Exit;
use super::explorer::Explorer;
use super::failure::Failure;
use super::leg::Leg;
use super::output::Output;
use super::report::document_at;

/// Merges the searches of all files one by one, and tells, stores and judges them as if they had just been made as a whole.
pub(super) fn merge(args: &MergeArgs, output: &mut Output) -> Result<Exit, Failure> {
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
        folder,
        command: without_passwords(&std::env::args().collect::<Vec<_>>()),
        store_words: Vec::new(),
        is_json: args.format == Format::Json,
        is_fail_fast: false,
        is_strict_pass: args.strict_pass,
        loudness: args.loudness,
        signal: &|| None,
    };
    let exit = course.run(&mut Merged(outcomes), None, output)?;
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

    fn explore(&mut self, name: &str, plan: &Plan, _: &mut dyn FnMut(Progress)) -> Result<Outcome, Error> {
        let wanted = (name, plan.isolation, &plan.model);
        let outcome = self.0.iter().find(|outcome| key(outcome) == wanted);
        Ok(outcome.expect("the course asks for what was merged").clone())
    }

    fn replay(&mut self, _: &str, _: &Trace, _: &Plan, _: u32) -> Result<Replay, Error> {
        unreachable!("a course explores only")
    }

    fn follow(&mut self, _: &Regression) -> Result<Followed, Error> {
        unreachable!("a course explores only")
    }
}
