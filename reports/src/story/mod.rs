//! Owns [`Story`]: a violation told in order, in harmless text, for whichever report draws it: what was
//! promised, what happened, who did what when, and what the stores held. It neither lays out nor escapes.

mod broken;
mod burst;
mod circle;
mod contrast;
mod difference;
mod essence;
mod narrow;
mod planned;
mod reported;
mod row;

use std::collections::BTreeSet;

use raceproof::history::{Effect, Trace};
use raceproof::outcome::Counterexample;
use raceproof::verdict::{Culprit, Violation};
use raceproof::{Outcome, WorkerId};

pub use circle::{Circle, Link};
pub use essence::sentence as essence;
pub use reported::REPORTED_MAX;
pub use row::{Cell, Changed, Line, Row, Step};

use crate::visible::Visible;
use crate::wording;

/// Most steps that are drawn; of a longer execution the middle is left out.
pub const STEPS_MAX: usize = 200;

/// One violation as its report tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Story {
    /// The scenario, its level if it ran at one, and its fault model if that is told.
    pub name: Visible,
    /// Which steps must not be ordered as they were, or what must not happen between them, in one sentence; `None` without
    /// a counterexample.
    pub essence: Option<Visible>,
    /// What the code under test does and why it breaks or holds.
    pub about: Visible,
    /// The name of the anomaly, if one was expected.
    pub anomaly: Option<Visible>,
    /// The promise that was broken.
    pub promised: Visible,
    /// What was found instead.
    pub found: Visible,
    /// Where it showed: `after step 4` or `when all workers were done`.
    pub shown: String,
    /// The execution that is drawn, unless the record holds none.
    pub lanes: Option<Lanes>,
    /// `10/10 with the same violation`, if it was replayed.
    pub replays: Option<String>,
    /// The first difference that a replay showed, if one did.
    pub difference: Option<Visible>,
    /// The size of the execution in which it was found and of the one that is drawn.
    pub sizes: Option<(String, String)>,
    /// How the execution replayed as it was found, such as `10/10`.
    pub found_replays: Option<String>,
    /// How many executions shrinking tried: `12 tries`.
    pub shrink_tries: String,
    /// `shrunk to 2 workers`, if what was found instead is of a smaller execution than the one in which it was found.
    pub shrunk: Option<String>,
    /// What would have to be otherwise for it to pass, and the schedule that does, if one was found.
    pub passes: Option<Visible>,
    /// Why no serial order explains it, if that is known.
    pub cycle: Option<Visible>,
    /// What was taken for atomic, at which isolation level, and what could break, where there is a choice.
    pub model: Option<String>,
    /// Which clocks were in force, where time or what could break is part of the story.
    pub clock: Option<Visible>,
    /// The seed of the run.
    pub seed: u64,
    /// Which burst is drawn and that it cannot be replayed, if it showed in one.
    pub burst: Option<String>,
    /// The command that shows it again, if a record was written.
    pub replay_command: Option<Visible>,
}

/// An execution as lanes of workers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lanes {
    /// The workers, one lane each.
    pub workers: Vec<WorkerId>,
    /// What the workers were to do, one line each, if it was generated.
    pub planned: Vec<Visible>,
    /// The content of the stores before the first step.
    pub initial: Visible,
    /// What happened, in order.
    pub rows: Vec<Row>,
    /// The promise that broke only when all were done.
    pub broken_at_end: Option<Visible>,
    /// The content of the stores after the last step.
    pub last: Visible,
    /// What the workers reported about themselves, one line each.
    pub reported: Vec<Visible>,
}

impl Story {
    /// The story of a violation; `None` for every other verdict. `replay_command` is the exact command
    /// that shows it again, if there is a record.
    #[must_use]
    pub fn of(outcome: &Outcome, replay_command: Option<&str>) -> Option<Self> {
        let evidence = outcome.counterexample.as_ref();
        let violation = evidence.map(|evidence| &evidence.violation).or(outcome.verdict.violation())?;
        let burst = outcome.bursts.as_ref().and_then(|bursts| bursts.violating.as_ref());
        let replays = evidence.map(|evidence| &evidence.replays).filter(|replays| replays.attempts > 0);
        Some(Self {
            name: Visible::of(&wording::name(outcome)),
            essence: evidence.map(essence::sentence),
            about: Visible::cut_to(&outcome.card.about, ABOUT_COLUMNS_MAX),
            anomaly: wording::anomaly(outcome).map(Visible::of),
            promised: Visible::of(&promised(violation)),
            found: Visible::of(&violation.found),
            shown: shown(violation),
            lanes: match (evidence, burst) {
                (Some(evidence), _) => Some(Lanes::of(&evidence.shrunk, Some(violation))),
                (None, burst) => burst.map(|burst| burst::lanes(burst, violation)),
            },
            replays: replays.map(wording::replays),
            difference: replays
                .and_then(|replays| replays.first_difference.as_ref())
                .map(|(step, what)| Visible::of(&format!("at step {step}: {what}"))),
            sizes: evidence
                .map(|evidence| (wording::size(&evidence.original), wording::size(&evidence.shrunk))),
            found_replays: evidence.map(|evidence| wording::fraction(&evidence.original_replays)),
            shrink_tries: wording::counted(evidence.map_or(0, |evidence| evidence.shrink_candidates), "try"),
            shrunk: evidence.and_then(|evidence| wording::shrunk(&evidence.original, &evidence.shrunk)),
            passes: evidence.and_then(passes),
            cycle: evidence
                .and_then(|evidence| evidence.cycle.as_ref())
                .map(|cycle| Visible::of(&cycle.sentence())),
            model: wording::model(outcome),
            clock: clock(outcome),
            seed: outcome.seed,
            burst: burst.map(|burst| format!("{}; {}", wording::burst(burst), wording::NO_REPLAY)),
            replay_command: replay_command.map(|command| Visible::cut_to(command, COMMAND_COLUMNS_MAX)),
        })
    }
}

/// A command that was cut is none, so it gets more room than other text.
const COMMAND_COLUMNS_MAX: usize = 16_384;
const ABOUT_COLUMNS_MAX: usize = 1_000;

impl Lanes {
    /// `trace` as lanes; `violation` says which promise was broken, if one was, and at which step.
    #[must_use]
    pub fn of(trace: &Trace, violation: Option<&Violation>) -> Self {
        let workers: Vec<_> = lanes_of(trace).into_iter().collect();
        let stores_are_named = stores_of(trace).len() > 1;
        let count = trace.steps.len();
        // A record may have been edited by hand: a step that is not there breaks nothing.
        let broken_at =
            violation.and_then(|violation| violation.step).filter(|step| (1..=count).contains(step));
        let promise = violation.map(|violation| violation.invariant.as_str());
        let step = |index: usize| {
            let broken = promise.filter(|_| broken_at == Some(index + 1));
            let told = &trace.steps[index];
            Row::Step(Step::of(told, index + 1, &workers, broken, stores_are_named))
        };
        Self {
            planned: planned::lines(trace),
            initial: Visible::of(&trace.initial_state),
            rows: row::drawn(count, STEPS_MAX, step),
            broken_at_end: promise.filter(|_| broken_at.is_none()).map(Visible::of),
            last: Visible::of(&trace.final_state),
            reported: reported::lines(trace),
            workers,
        }
    }
}

impl Lanes {
    /// The deadlocks that were broken, with the numbers of their steps.
    pub fn circles(&self) -> impl Iterator<Item = (usize, &Circle)> {
        self.rows.iter().filter_map(|row| match row {
            Row::Step(step) => step.circle.as_ref().map(|circle| (step.number, circle)),
            Row::LeftOut(_) => None,
        })
    }
}

/// `if step 4 (A: `SET counter 1`) comes before steps 2 to 3: A A B B`.
fn passes(evidence: &Counterexample) -> Option<Visible> {
    let passing = evidence.passing.as_ref()?;
    let sentence = contrast::sentence(&evidence.shrunk, passing);
    Some(Visible::of(&format!("{sentence}: {}", passing.trace.schedule)))
}

fn clock(outcome: &Outcome) -> Option<Visible> {
    let passes = |trace: &Trace| trace.schedule.advances() > 0;
    let is_told = outcome.told_model().is_some()
        || outcome.bursts.is_some()
        || outcome.counterexample.as_ref().is_some_and(|evidence| passes(&evidence.shrunk));
    is_told.then(|| Visible::of(&outcome.clock))
}

/// The promise, and whose it was if it is not that of the code under test.
fn promised(violation: &Violation) -> String {
    match violation.culprit {
        Culprit::Code => violation.invariant.clone(),
        Culprit::Store => {
            format!("{} (a promise of the store, so this is a bug of the store)", violation.invariant)
        }
    }
}

fn shown(violation: &Violation) -> String {
    match violation.step {
        Some(step) => format!("after step {step}"),
        None => "when all workers were done".to_owned(),
    }
}

/// The workers that a trace names anywhere: a record may have been edited by hand.
fn lanes_of(trace: &Trace) -> BTreeSet<WorkerId> {
    let acting = trace.steps.iter().flat_map(|step| {
        let own = match &step.effect {
            Effect::Request { connection, .. }
            | Effect::Continued { connection, .. }
            | Effect::Delivery { connection, .. } => Some(connection.worker),
            Effect::Fault { fault, .. } => fault.worker(),
            Effect::TimePassed { .. } => None,
        };
        own.into_iter().chain(step.woken.iter().map(|wake| wake.connection.worker))
    });
    acting.chain(trace.workers.iter().copied()).collect()
}

fn stores_of(trace: &Trace) -> BTreeSet<&str> {
    let store = |effect| match effect {
        &Effect::Request { ref store, .. }
        | &Effect::Continued { ref store, .. }
        | &Effect::Delivery { ref store, .. } => Some(store.as_str()),
        Effect::Fault { hit, .. } => hit.as_ref().map(|hit| hit.store.as_str()),
        Effect::TimePassed { .. } => None,
    };
    trace.steps.iter().filter_map(|step| store(&step.effect)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    /// A reader who is told of a bug must know in whose program to look for it.
    #[test]
    fn promise_of_the_store_is_told_as_one() {
        let mut outcome = samples::caught();
        let told =
            |outcome: &Outcome| Story::of(outcome, None).expect("a violation").promised.as_str().to_owned();
        assert!(!told(&outcome).contains("bug of the store"));
        outcome.counterexample.as_mut().expect("evidence").violation.culprit = Culprit::Store;
        assert!(told(&outcome).ends_with("(a promise of the store, so this is a bug of the store)"));
    }
}
