//! Owns the one sentence at the top of a violation: which steps must not be ordered as they were, or what must not
//! happen between them. It is made of what was recorded: the shrunk execution, the closest one that passes, the cycle of
//! accesses, the waits of a deadlock. What these do not show is not said.

mod deadlock;
mod mishap;
mod naming;
mod order;

use raceproof::history::{Effect, Trace, WorkerEnd};
use raceproof::outcome::Counterexample;
use raceproof::verdict::Violation;

use super::difference::Difference;
use crate::visible::Visible;

/// Longest sentence, in columns.
const SENTENCE_COLUMNS_MAX: usize = 1_000;
/// Longest promise that is repeated in it.
const PROMISE_COLUMNS_MAX: usize = 160;

/// The sentence, with a full stop.
#[must_use]
pub fn sentence(evidence: &Counterexample) -> Visible {
    let trace = &evidence.shrunk;
    let difference = evidence.passing.as_ref().map(|passing| Difference::between(trace, passing));
    let told = deadlock::sentence(trace)
        .or_else(|| mishap::sentence(trace, difference.as_ref()))
        .or_else(|| order::sentence(evidence, difference.as_ref()))
        .or_else(|| order::of_cycle(trace, evidence.cycle.as_ref()?))
        .unwrap_or_else(|| alone(trace, &evidence.violation));
    let promise = Visible::cut_to(&evidence.violation.invariant, PROMISE_COLUMNS_MAX);
    let told = format!("{} it no longer holds that {promise}.", capitalised(told));
    Visible::cut_to(&told, SENTENCE_COLUMNS_MAX)
}

fn capitalised(mut sentence: String) -> String {
    if let Some(first) = sentence.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    sentence
}

/// What can be said without an execution that passes: that it takes no interleaving, or where it showed.
fn alone(trace: &Trace, violation: &Violation) -> String {
    let mut turns: Vec<_> = (0..trace.steps.len()).filter_map(|index| naming::turn(trace, index)).collect();
    turns.dedup();
    let mut different = turns.clone();
    different.sort_unstable();
    different.dedup();
    let has_time = trace.steps.iter().any(|step| matches!(step.effect, Effect::TimePassed { .. }));
    let in_order = || turns.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and then ");
    let are_done = trace.ends.values().all(|end| *end == WorkerEnd::Finished);
    match (turns.as_slice(), violation.step) {
        ([only], None) if !has_time && are_done => {
            format!("It takes no other worker: {only} alone is enough, and")
        }
        ([_, _, ..], None) if turns.len() == different.len() && !has_time && are_done => {
            format!("It takes no interleaving: when {} run one after the other,", in_order())
        }
        (_, Some(step)) if (1..=trace.steps.len()).contains(&step) => {
            format!("After {}", naming::step(trace, step - 1)) + ","
        }
        _ => match trace.steps.len().checked_sub(1) {
            Some(last) => {
                format!("When these steps come in this order, up to {},", naming::step(trace, last))
            }
            None => "From the start".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests;
