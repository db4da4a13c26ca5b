//! Owns the comparison of a replay with what was recorded.

use std::collections::BTreeMap;

use super::executed::Executed;
use crate::gate::Backend;
use crate::history::{Effect, Trace};
use crate::id::ConnectionId;

/// Where `executed` first departs from `recorded` (step, from 1) and how. A schedule that does not fit stops a
/// replay, but what is told may have changed at an earlier step, which is the one to look at.
pub(super) fn difference(
    recorded: &Trace,
    executed: &Executed,
    backends: &[Box<dyn Backend>],
) -> Option<(usize, String)> {
    earliest(executed.mismatch.clone(), recorded.first_difference(&executed.trace(backends)))
}

/// What the same workers did or found differently in two executions, whatever the order in which they took their turns.
pub(super) fn dissimilarity(
    one: &Executed,
    other: &Executed,
    backends: &[Box<dyn Backend>],
) -> Option<String> {
    if let Some((step, what)) = &other.mismatch {
        return Some(format!("step {step} of the second is not possible: {what}"));
    }
    let (one, other) = (one.trace(backends), other.trace(backends));
    let (dialogues, others) = (dialogues(&one), dialogues(&other));
    for (connection, dialogue) in &dialogues {
        let theirs = others.get(connection).map_or(&[][..], Vec::as_slice);
        if let Some(position) = first_difference(dialogue, theirs) {
            let told = |said: &[Said]| {
                said.get(position).map_or_else(|| "nothing".to_owned(), |said| format!("`{}`", said.told))
            };
            let (first, second) = (told(dialogue), told(theirs));
            return Some(format!("{connection} saw {first} in the first and {second} in the second"));
        }
    }
    if one.final_state != other.final_state {
        return Some(format!(
            "`{}` is left by the first, `{}` by the second",
            one.final_state, other.final_state
        ));
    }
    (one.ends != other.ends || one.verdict != other.verdict)
        .then(|| "the workers end, or are judged, differently".to_owned())
}

/// A request with its answer, or an answer that came later.
#[derive(Debug, PartialEq)]
struct Said {
    digest: String,
    told: String,
}

fn first_difference(one: &[Said], other: &[Said]) -> Option<usize> {
    let differs = |position: &usize| {
        one.get(*position).map(|said| &said.digest) != other.get(*position).map(|said| &said.digest)
    };
    (0..one.len().max(other.len())).find(differs)
}

/// What each connection said and was told.
fn dialogues(trace: &Trace) -> BTreeMap<ConnectionId, Vec<Said>> {
    let mut dialogues = BTreeMap::<ConnectionId, Vec<Said>>::new();
    for (step, choice) in trace.steps.iter().zip(&trace.schedule.0) {
        let own = match &step.effect {
            Effect::Request { request, reply, digest, .. } => Some((request.clone(), reply, digest)),
            Effect::Continued { reply, digest, .. } => Some((String::new(), reply, digest)),
            Effect::Fault { hit: Some(hit), .. } => Some((hit.request.clone(), &hit.reply, &hit.digest)),
            _ => None,
        };
        if let (Some((request, reply, digest)), Some(connection)) = (own, choice.connection()) {
            let told = format!("{request} → {}", reply.as_deref().unwrap_or("…"));
            dialogues.entry(connection).or_default().push(Said { digest: digest.clone(), told });
        }
        for wake in &step.woken {
            let said = Said { digest: wake.digest.clone(), told: wake.reply.clone() };
            dialogues.entry(wake.connection).or_default().push(said);
        }
    }
    dialogues
}

/// The earlier of two findings; of two at the same step the first.
fn earliest(unfit: Option<(usize, String)>, told: Option<(usize, String)>) -> Option<(usize, String)> {
    unfit.into_iter().chain(told).min_by_key(|(step, _)| *step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earliest_difference_is_the_one_that_is_told() {
        let at = |step: usize, what: &str| Some((step, what.to_owned()));
        assert_eq!(earliest(at(5, "too long"), at(2, "INCR")), at(2, "INCR"));
        assert_eq!(earliest(at(2, "too long"), at(2, "INCR")), at(2, "too long"));
        assert_eq!(earliest(None, at(3, "INCR")), at(3, "INCR"));
        assert_eq!(earliest(at(4, "too long"), None), at(4, "too long"));
        assert_eq!(earliest(None, None), None);
    }
}
