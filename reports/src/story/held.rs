//! Owns [`Held`]: whose request waits at a store from one step to another, so that a report can draw the time between.

use std::collections::BTreeMap;

use raceproof::WorkerId;
use raceproof::history::{Effect, Fault, Trace, TraceStep};
use raceproof::id::ConnectionId;

/// Why a request is at a store and has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// The store lets it wait.
    Waits,
    /// It has stopped before it writes its first row.
    Stopped,
}

/// For each step, the workers of which a request is held when it is over.
pub(super) fn held(trace: &Trace) -> Vec<BTreeMap<WorkerId, Held>> {
    let mut open: BTreeMap<ConnectionId, Held> = BTreeMap::new();
    let after = |step: &TraceStep| {
        follow(step, &mut open);
        open.iter().map(|(connection, held)| (connection.worker, *held)).collect()
    };
    trace.steps.iter().map(after).collect()
}

/// What a step makes of what is held.
fn follow(step: &TraceStep, open: &mut BTreeMap<ConnectionId, Held>) {
    match &step.effect {
        Effect::Request { connection, reply, stopped, .. }
        | Effect::Continued { connection, reply, stopped, .. } => {
            open.remove(connection);
            if reply.is_none() {
                open.insert(*connection, if *stopped { Held::Stopped } else { Held::Waits });
            }
        }
        Effect::Fault { fault: Fault::Crash { worker }, .. } => {
            open.retain(|connection, _| connection.worker != *worker);
        }
        Effect::Fault { fault: Fault::LostReply { connection }, hit: Some(hit) } if !hit.executed => {
            open.insert(*connection, Held::Waits);
        }
        // Its connections are gone, and those to other stores cannot be told from them here.
        Effect::Fault {
            fault: Fault::Restart { .. } | Fault::Wipe { .. } | Fault::FailOver { .. }, ..
        } => {
            open.clear();
        }
        Effect::Fault { .. } | Effect::Delivery { .. } | Effect::TimePassed { .. } => {}
    }
    for wake in &step.woken {
        open.remove(&wake.connection);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    /// `B` waits, `b` has stopped.
    fn told(outcome: &raceproof::Outcome) -> Vec<String> {
        let name = |(worker, held): (&WorkerId, &Held)| match held {
            Held::Waits => worker.to_string(),
            Held::Stopped => worker.to_string().to_lowercase(),
        };
        let evidence = outcome.counterexample.as_ref().expect("a violation");
        held(&evidence.shrunk).iter().map(|workers| workers.iter().map(name).collect()).collect()
    }

    #[test]
    fn requests_are_held_from_their_block_or_split_until_they_go_on() {
        assert_eq!(told(&samples::deadlock()), ["", "", "A", "AB", "ABC", "C", ""]);
        assert_eq!(told(&samples::split()), ["a", "a", "aC", "AC", "AC", "A", ""]);
        assert_eq!(told(&samples::eventful()), ["", "C", "", "", "", ""]);
        assert_eq!(told(&samples::breakdown())[..3], ["A", "A", ""]);
    }
}
