//! Owns the making of evidence: the violation replayed, shrunk and told step by step.

use std::sync::Arc;

use super::circle::circle;
use super::closest::Closest;
use super::difference::difference;
use super::executed::Executed;
use super::rig::{Detail, Rig, Subject};
use super::shrink::{Shrink, Shrunk};
use crate::choice::Schedule;
use crate::error::Error;
use crate::explore::Fixed;
use crate::history::Trace;
use crate::id::WorkerId;
use crate::outcome::{Counterexample, Outcome, Replays};
use crate::scenario::Scenario;
use crate::verdict::{Verdict, Violation};

/// How often a shrunk schedule is replayed.
pub(crate) const REPLAYS: u32 = 10;

/// An execution with a violation of which no evidence was gathered yet.
pub(crate) struct Untold {
    /// What gave the workers their operations, if they are generated.
    pub(crate) source: Arc<dyn Scenario>,
    pub(crate) subject: Subject,
    pub(crate) executed: Executed,
}

impl Untold {
    /// Adds the evidence to the `outcome` of the search that made the execution on this `rig`.
    pub(crate) async fn tell(self, rig: &mut Rig, outcome: &mut Outcome) -> Result<(), Error> {
        let Self { source, subject, executed } = self;
        (outcome.workers, outcome.seed) = (subject.workers, subject.seed);
        outcome.counterexample = Some(counterexample(rig, &source, &subject, executed).await?);
        Ok(())
    }
}

/// Gathers the evidence of the violation in `found`, an execution of `subject`, which `source` has given its operations if they
/// are generated.
async fn counterexample(
    rig: &mut Rig,
    source: &Arc<dyn Scenario>,
    subject: &Subject,
    found: Executed,
) -> Result<Counterexample, Error> {
    let violation = found.verdict.violation().expect("only violating executions have evidence").clone();
    let (original, original_replays) = witness(rig, subject, &found, &violation).await?;
    let Shrunk { subject, executed: small, candidates: shrink_candidates } =
        Shrink::new(rig, source, subject, violation.clone(), found).run().await?;
    let (shrunk, replays) = witness(rig, &subject, &small, &violation).await?;
    let violation = shrunk.verdict.violation().cloned().unwrap_or(violation);
    let passing = Closest::new(rig, &subject, &small).run().await?;
    let cycle = circle(rig, &subject, &small).await?;
    Ok(Counterexample {
        violation,
        original,
        original_replays,
        shrunk,
        replays,
        shrink_candidates,
        passing,
        cycle,
        set_up: rig.set_up_typed.clone(),
    })
}

/// Tells `executed`, which has `violation`, with the stores and what each invariant says after every step, and how it behaves when it is
/// replayed.
async fn witness(
    rig: &mut Rig,
    subject: &Subject,
    executed: &Executed,
    violation: &Violation,
) -> Result<(Trace, Replays), Error> {
    let again = replay(rig, subject, &executed.workers, Detail::Courses, &executed.schedule()).await?;
    let trace = rig.trace(if shows(&again, violation) { &again } else { executed });
    let (replays, _) = replays(rig, subject, &trace, REPLAYS).await?;
    Ok((trace, replays))
}

/// Replays the schedule of `recorded` and compares what happens; also returns the last replay.
pub(crate) async fn replays(
    rig: &mut Rig,
    subject: &Subject,
    recorded: &Trace,
    attempts: u32,
) -> Result<(Replays, Option<Executed>), Error> {
    let mut replays = Replays { attempts, reproduced: 0, differing: 0, first_difference: None };
    let team = subject.team(&recorded.workers);
    let mut last = None;
    for _ in 0..attempts {
        let executed = replay(rig, subject, &team, Detail::EveryStep, &recorded.schedule).await?;
        let wanted = recorded.verdict.violation();
        replays.reproduced += u32::from(wanted.is_some_and(|violation| shows(&executed, violation)));
        let difference = difference(recorded, &executed, rig.gate.backends());
        replays.differing += u32::from(difference.is_some());
        replays.first_difference = replays.first_difference.or(difference);
        last = Some(executed);
    }
    Ok((replays, last))
}

/// Runs one schedule.
async fn replay(
    rig: &mut Rig,
    subject: &Subject,
    workers: &[WorkerId],
    detail: Detail,
    schedule: &Schedule,
) -> Result<Executed, Error> {
    rig.execute(subject, workers, detail, &mut Fixed::new(schedule.clone())).await
}

fn shows(executed: &Executed, violation: &Violation) -> bool {
    matches!(&executed.verdict, Verdict::Violation(found) if found.same_kind(violation))
}
