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
        programs: None,
        // None was chosen.
        schedule: Schedule::default(),
        initial_state: record.initial_state.clone(),
        steps: record.passed.iter().map(step).collect(),
        final_state: record.final_state.clone(),
        operations: record.operations.clone(),
        ends: record.ends.clone(),
        verdict: Verdict::Violation(violation.clone()),
        courses: Vec::new(),
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
    TraceStep { effect, woken: Vec::new(), changes: Vec::new(), violated: None, typed: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::story::Row;

    /// A command that was not answered is drawn like one that waits, and a message like a delivery; the promise is broken at
    /// the end, as nobody looked before.
    #[test]
    fn burst_is_drawn_as_lanes() {
        let passed = |request: Option<&str>, reply: Option<&str>| Passed {
            connection: "A".parse().expect("a connection"),
            store: "redis".to_owned(),
            request: request.map(str::to_owned),
            reply: reply.map(str::to_owned),
            sent_us: 1,
            answered_us: reply.map(|_| 2),
        };
        let record = BurstRecord {
            number: 3,
            workers: vec!["A".parse().expect("a worker"), "B".parse().expect("a worker")],
            passed: vec![passed(None, Some("news")), passed(Some("BLPOP a 0"), None)],
            left_out: 0,
            operations: Vec::new(),
            ends: [].into(),
            initial_state: "a=1".to_owned(),
            final_state: "a=2".to_owned(),
        };
        let violation = Violation::new("a is 1", "a is 2", None);
        let lanes = lanes(&record, &violation);
        let lines: Vec<usize> = lanes
            .rows
            .iter()
            .map(|row| match row {
                Row::Step(step) => step.cells.iter().map(|cell| cell.lines.len()).sum(),
                Row::LeftOut(_) => 0,
            })
            .collect();
        assert!(lines.len() == 2 && lines.iter().all(|count| *count > 0), "{lines:?}");
        assert_eq!((lanes.workers.len(), lanes.initial.as_str(), lanes.last.as_str()), (2, "a=1", "a=2"));
        assert_eq!(lanes.broken_at_end.map(|promise| promise.to_string()).as_deref(), Some("a is 1"));
    }
}
