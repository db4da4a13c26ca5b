//! Owns the lanes of a burst: commands in the order of their answers, which is all the order that free running has.

use raceproof::burst::{BurstRecord, Passed};
use raceproof::choice::Schedule;
use raceproof::history::{Effect, Trace, TraceStep};
use raceproof::verdict::{Verdict, Violation};

use super::Lanes;

/// The burst as lanes; the violation showed at its end.
pub(super) fn lanes(record: &BurstRecord, violation: &Violation) -> Lanes {
    let trace = Trace {
        workers: record.workers.clone(),
        // None was chosen.
        schedule: Schedule::default(),
        initial_state: record.initial_state.clone(),
        steps: record.passed.iter().map(step).collect(),
        final_state: record.final_state.clone(),
        operations: record.operations.clone(),
        ends: record.ends.clone(),
        verdict: Verdict::Violation(violation.clone()),
    };
    Lanes::of(&trace, Some(violation))
}

fn step(passed: &Passed) -> TraceStep {
    let Passed { connection, store, request, reply, .. } = passed.clone();
    let effect = match request {
        Some(request) => Effect::Request {
            connection,
            store,
            queued: Vec::new(),
            request,
            reply,
            stopped: false,
            blocked_by: Vec::new(),
            digest: String::new(),
        },
        None => {
            let (message, digest) = (reply.unwrap_or_default(), String::new());
            Effect::Delivery { connection, store, message, digest }
        }
    };
    TraceStep { effect, woken: Vec::new(), changes: Vec::new(), violated: None }
}
