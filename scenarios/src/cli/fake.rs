//! Outcomes, an engine and a terminal that tests make up.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::rc::Rc;

use raceproof::card::{Card, Expectation};
use raceproof::history::{Change, Effect, Trace, TraceStep};
use raceproof::outcome::{Counterexample, Coverage, Replays, Stopped};
use raceproof::run::{Followed, Progress, Replay};
use raceproof::verdict::{Inconclusive, Verdict, Violation};
use raceproof::{Checkpoint, FaultModel, Isolation, Outcome, Plan, Regression, WorkerId};

use raceproof_reports::wording;

use super::explorer::Explorer;
use super::failure::Failure;

/// A broken variant that was caught.
pub(super) fn caught(name: &str) -> Outcome {
    let found = violation();
    let replays = Replays { attempts: 10, reproduced: 10, differing: 0, first_difference: None };
    let evidence = Counterexample {
        violation: found.clone(),
        original: trace(),
        original_replays: replays.clone(),
        shrunk: trace(),
        replays,
        shrink_candidates: 3,
        passing: None,
        cycle: None,
        set_up: None,
    };
    let mut outcome = outcome(name, true, Verdict::Violation(found));
    outcome.coverage.first_violation = Some(2);
    outcome.counterexample = Some(evidence);
    outcome
}

/// A correct variant that passed.
pub(super) fn passed(name: &str) -> Outcome {
    outcome(name, false, Verdict::Pass)
}

/// A broken variant that was not caught.
pub(super) fn missed(name: &str) -> Outcome {
    outcome(name, true, Verdict::Pass)
}

/// A correct variant that was flagged.
pub(super) fn flagged(name: &str) -> Outcome {
    let mut outcome = caught(name);
    outcome.card.expected = Expectation::Pass;
    outcome
}

/// A variant that could not be judged.
pub(super) fn unsure(name: &str) -> Outcome {
    outcome(name, false, Verdict::Inconclusive(Inconclusive::StepLimit { steps_max: 9 }))
}

/// A correct variant whose search the user ended.
pub(super) fn interrupted(name: &str) -> Outcome {
    let mut outcome = passed(name);
    outcome.coverage.stopped = Stopped::Interrupted;
    outcome.coverage.exhausted = false;
    outcome
}

/// The same outcome at a level, on Postgres, as its card expects of that level.
pub(super) fn at(level: Isolation, mut outcome: Outcome) -> Outcome {
    outcome.isolation = Some(level);
    outcome.card.stores = vec!["postgres".to_owned()];
    outcome.card.isolation.insert(level, outcome.card.expected.clone());
    outcome.coverage.splits_max = Some(1);
    outcome
}

/// The same outcome under a model, as its card expects of it.
pub(super) fn under(model: &str, mut outcome: Outcome) -> Outcome {
    outcome.model = model.parse().expect("a model");
    outcome.coverage.faults = outcome.model.kinds.iter().map(|kind| (kind.name().to_owned(), 1)).collect();
    outcome.card.models.insert(outcome.model.clone(), outcome.card.expected.clone());
    outcome
}

fn outcome(name: &str, is_broken: bool, verdict: Verdict) -> Outcome {
    let anomaly = "lost update".to_owned();
    Outcome {
        card: Card {
            name: name.to_owned(),
            about: "Adds one to a counter in two commands. What another wrote in between is lost.".to_owned(),
            expected: if is_broken { Expectation::Violation { anomaly } } else { Expectation::Pass },
            stores: vec!["redis".to_owned()],
            workers: 2,
            ..Card::default()
        },
        workers: 2,
        isolation: None,
        model: FaultModel::default(),
        seed: 42,
        verdict,
        coverage: Coverage {
            strategy: "dfs".to_owned(),
            schedules: 6,
            steps: 24,
            exhausted: true,
            stopped: Stopped::Exhausted,
            elapsed_us: 1_500,
            ..Coverage::default()
        },
        regressions: Vec::new(),
        counterexample: None,
        stores: vec!["a fake".to_owned()],
        bursts: None,
        checkpoints: Vec::new(),
        clock: "none".to_owned(),
    }
}

fn violation() -> Violation {
    let (invariant, found) = ("the counter ends at the number of increments", "the counter is 1");
    Violation::new(invariant, found, None)
}

fn trace() -> Trace {
    let step = |worker: &str, request: &str, reply: &str| TraceStep {
        effect: Effect::Request {
            connection: worker.parse().expect("a connection"),
            store: "redis".to_owned(),
            queued: Vec::new(),
            request: request.to_owned(),
            reply: Some(reply.to_owned()),
            stopped: false,
            blocked_by: Vec::new(),
            digest: String::new(),
        },
        woken: Vec::new(),
        changes: Vec::new(),
        violated: None,
        typed: None,
    };
    let mut steps = vec![
        step("A", "GET counter", "(nil)"),
        step("B", "GET counter", "(nil)"),
        step("A", "SET counter 1", "OK"),
        step("B", "SET counter 1", "OK"),
    ];
    steps[2].changes = vec![Change { key: "counter".to_owned(), before: None, after: Some("1".to_owned()) }];
    Trace {
        workers: vec![WorkerId(0), WorkerId(1)],
        programs: None,
        schedule: "A B A B".parse().expect("a schedule"),
        initial_state: "(empty)".to_owned(),
        steps,
        final_state: "counter=1".to_owned(),
        operations: Vec::new(),
        ends: BTreeMap::new(),
        verdict: Verdict::Violation(violation()),
        courses: Vec::new(),
    }
}

/// An engine that answers what it was told to.
#[derive(Default)]
pub(super) struct Fake {
    outcomes: BTreeMap<(String, Option<Isolation>, FaultModel), Option<Outcome>>,
    replay: Option<Replay>,
    followed: Option<Followed>,
    /// What it was asked to explore, in order.
    pub(super) explored: Vec<String>,
    /// How many regressions it was given each time.
    pub(super) regressions: Vec<usize>,
    /// How it was asked to replay, and how often.
    pub(super) replayed: Option<(Plan, u32)>,
}

impl Fake {
    /// An engine that finds these outcomes, and fails where there is none.
    pub(super) fn answering<'a>(outcomes: impl IntoIterator<Item = (&'a str, Option<Outcome>)>) -> Self {
        let keyed = |(name, outcome): (&str, Option<Outcome>)| {
            let level = outcome.as_ref().and_then(|outcome| outcome.isolation);
            let model = outcome.as_ref().map_or_else(FaultModel::default, |outcome| outcome.model.clone());
            ((name.to_owned(), level, model), outcome)
        };
        let outcomes = outcomes.into_iter().map(keyed).collect();
        Self { outcomes, ..Self::default() }
    }

    /// An engine whose replays give this.
    pub(super) fn replaying(replay: Replay) -> Self {
        Self { replay: Some(replay), ..Self::default() }
    }

    /// An engine that follows a schedule like this.
    pub(super) fn following(followed: Followed) -> Self {
        Self { followed: Some(followed), ..Self::default() }
    }
}

fn refusal() -> Failure {
    raceproof::Error::Runtime(io::Error::other("the fake was told to fail")).into()
}

impl Explorer for Fake {
    fn description(&self) -> Vec<String> {
        vec!["a fake".to_owned()]
    }

    fn explore(
        &mut self,
        name: &str,
        plan: &Plan,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Outcome, Failure> {
        let key = (name.to_owned(), plan.isolation, plan.model.clone());
        let found = self.outcomes.get(&key).cloned().flatten();
        self.explored.push(found.as_ref().map_or_else(|| name.to_owned(), wording::name));
        self.regressions.push(plan.regressions.len());
        progress(Progress { schedules: 1, schedules_max: plan.schedules_max, violating: 0 });
        found.ok_or_else(refusal)
    }

    fn resume(
        &mut self,
        name: &str,
        plan: &Plan,
        checkpoints: Vec<Checkpoint>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Outcome, Failure> {
        let mut outcome = self.explore(name, plan, progress)?;
        outcome.coverage.schedules +=
            checkpoints.iter().map(|checkpoint| checkpoint.head().schedules).sum::<u64>();
        Ok(outcome)
    }

    fn replay(&mut self, _: &str, _: &Trace, plan: &Plan, attempts: u32) -> Result<Replay, Failure> {
        self.replayed = Some((plan.clone(), attempts));
        self.replay.clone().ok_or_else(refusal)
    }

    fn follow(&mut self, _: &Regression) -> Result<Followed, Failure> {
        self.followed.clone().ok_or_else(refusal)
    }
}

/// A stream that keeps what is written to it.
#[derive(Clone, Default)]
pub(super) struct Captured(Rc<RefCell<Vec<u8>>>);

impl Captured {
    /// What was written so far.
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).expect("we write UTF-8")
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
