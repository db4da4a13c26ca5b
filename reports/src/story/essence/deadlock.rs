//! Owns the sentence for a deadlock: who waited for whom, and with which requests.

use raceproof::history::{Cause, Effect, Trace, WaitFor};

use super::naming;
use crate::story::circle::closed;

/// Who waited for whom when the first deadlock was broken; `None` if none was, or it is not known.
pub(super) fn sentence(trace: &Trace) -> Option<String> {
    let broken = trace.steps.iter().position(|step| {
        matches!(&step.effect, Effect::Continued { cause: Cause::Victim, circle, .. } if !circle.is_empty())
    })?;
    let Effect::Continued { connection: victim, circle, .. } = &trace.steps[broken].effect else {
        return None;
    };
    let told: Option<Vec<String>> =
        closed(*victim, circle)?.into_iter().map(|index| clause(trace, broken, &circle[index])).collect();
    let clauses = told?.join(", and ");
    Some(format!("{clauses}, a deadlock: {victim}'s request is given up, and"))
}

/// ``A's `UPDATE …` (step 3) waits for B``.
fn clause(trace: &Trace, broken: usize, wait: &WaitFor) -> Option<String> {
    let is_of = |index: &usize| naming::connection(trace, *index) == Some(wait.waiter);
    let waiting = (0..broken).rev().find(is_of)?;
    let began = naming::begin(trace, waiting).unwrap_or(waiting);
    Some(format!("{} waits for {}", naming::step(trace, began), wait.holder))
}
