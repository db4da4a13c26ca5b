//! Owns the replay of a record in the test that it is of, instead of a search.

use std::path::Path;

use raceproof::Outcome;
use raceproof::outcome::Counterexample;
use raceproof_reports::terminal::{recorded, replayed};
use raceproof_reports::{Document, Style};

use crate::check::Check;
use crate::engines::Lease;
use crate::failure::Failure;

/// How often a record is replayed.
const ATTEMPTS: u32 = 10;

/// Replays the violation of this race in the record at `path`; `None` if it holds none of this race.
///
/// Whatever it shows is a failure: it is no search, so the test does not pass by it.
pub(crate) fn replay(check: &Check, path: &Path) -> Result<Option<Failure>, Failure> {
    let document = Document::read(path)?;
    let Some((outcome, evidence)) = document.outcomes.iter().find_map(|outcome| of_race(check, outcome))
    else {
        return Ok(None);
    };
    let plan = outcome.replay_plan();
    let replay = |lease: &mut Lease| lease.jobs().replay(&check.scenario, &evidence.shrunk, &plan, ATTEMPTS);
    let replay = check.with_engines(replay, |replay| &replay.trace.verdict)?;
    let (style, reproduced) = (Style::plain(), replay.replays.reproduced);
    let verdict = match reproduced {
        0 => format!("not reproduced 0/{ATTEMPTS} (run the test without `RACEPROOF_REPLAY` to search anew)"),
        _ => format!("reproduced {reproduced}/{ATTEMPTS}"),
    };
    let story = recorded(outcome, evidence, &style) + &replayed(&replay, evidence, &style) + &verdict + "\n";
    Ok(Some(Failure::Replayed { reproduced, story }))
}

/// The outcome, if it is a violation of the same race at the same level under the same model.
fn of_race<'a>(check: &Check, outcome: &'a Outcome) -> Option<(&'a Outcome, &'a Counterexample)> {
    let is_same = outcome.card.name == check.title
        && outcome.isolation == check.plan.isolation
        && outcome.model == check.plan.model;
    outcome.counterexample.as_ref().filter(|_| is_same).map(|evidence| (outcome, evidence))
}
