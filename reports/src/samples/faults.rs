//! Outcomes with faults and time: each kind of fault once, a lock that expires, and a family under several models.

use std::collections::BTreeMap;

use raceproof::card::Expectation;
use raceproof::history::{Effect, Fault, Hit, Operation, OperationEnd, OperationFault, TraceStep, WorkerEnd};
use raceproof::outcome::{Outcome, Stopped};
use raceproof::verdict::Verdict;
use raceproof::{FaultKind, FaultModel, WorkerId};

use super::{change, evidence, outcome, plain, request, trace, violation, wake};

const STRANDED: &str = "lock held for ever";
const VIOLATED: &str = "mutual exclusion violated";
const CLOCK: &str = "workers sleep on the run's clock, which redis shares";

/// Everything that may break, one after the other, and time that ends a key, a sleep and a wait.
pub(crate) fn breakdown() -> Outcome {
    let promise = "the lock can be taken in the end";
    let violation = violation(promise, "nobody could take it", None);
    let lost = hit("SET lock B NX PX 100", true, Some("OK"));
    let mut passing = plain(Effect::TimePassed { now_ms: 101, woke: vec![WorkerId(2)] });
    passing.woken.push(wake("A", "(nil)"));
    passing.woken[0].lost = true;
    passing.changes.push(change("lock", Some("B (expires)"), None));
    let mut executed = hit("EXEC", false, None);
    executed.queued = vec!["MULTI".to_owned(), "INCR token".to_owned()];
    let steps = vec![
        fault(Fault::LostReply { connection: id("A") }, Some(hit("BLPOP signal 0.1", false, None))),
        fault(Fault::LostReply { connection: id("B") }, Some(lost)),
        passing,
        fault(Fault::Drop { connection: id("B.1") }, Some(executed)),
        fault(
            Fault::Error { connection: id("C"), code: word("LOADING") },
            Some(hit("GET lock", false, Some("ERR LOADING Redis is loading the dataset in memory"))),
        ),
        fault(Fault::Crash { worker: WorkerId(2) }, Some(hit("DEL lock", false, None))),
        fault(Fault::Crash { worker: WorkerId(0) }, None),
        fault(Fault::Restart { store: word("redis") }, None),
        with_change(fault(Fault::Wipe { store: word("redis-2") }, None)),
        fault(Fault::FailOver { store: word("redis"), lost: 1 }, None),
    ];
    let schedule = "A? B? + B.1- C=LOADING C~ A~ redis:restart redis-2:wipe redis:fail-over";
    let mut shrunk = trace(schedule, steps, &violation, ("(empty)", "token=1"));
    shrunk.workers.push(WorkerId(2));
    shrunk.operations = vec![
        operation(0, "acquire", OperationEnd::Open),
        operation(1, "acquire", OperationEnd::Unknown("connection closed".to_owned())),
        operation(2, "release", OperationEnd::Open),
    ];
    for (index, step, executed) in [(0, 7, false), (1, 4, true), (2, 6, false)] {
        shrunk.operations[index].fault = Some(OperationFault { step, executed });
    }
    shrunk.ends = [(0, WorkerEnd::Crashed), (1, WorkerEnd::Finished), (2, WorkerEnd::Crashed)]
        .map(|(worker, end)| (WorkerId(worker), end))
        .into();
    let mut outcome =
        outcome("lock/fragile", Some("lock held for ever"), Verdict::Violation(violation.clone()));
    under("pause+crash+lost-reply+drop+error+restart+wipe+fail-over*8", &mut outcome);
    outcome.coverage.first_violation = Some(7);
    outcome.counterexample = Some(evidence(violation, shrunk.clone(), shrunk));
    outcome
}

/// The shortest story of a lock: it expires under its holder.
pub(crate) fn expired() -> Outcome {
    let promise = "never two holders at a time";
    let violation = violation(promise, "A and B hold the lock", Some(3));
    let mut passing = plain(Effect::TimePassed { now_ms: 101, woke: Vec::new() });
    passing.changes.push(change("lock", Some("A (expires)"), None));
    let mut taken = request("B", "SET lock B NX PX 100", Some("OK"), &[("lock", None, Some("B (expires)"))]);
    taken.violated = Some(promise.to_owned());
    let steps = vec![
        request("A", "SET lock A NX PX 100", Some("OK"), &[("lock", None, Some("A (expires)"))]),
        passing,
        taken,
    ];
    let mut shrunk = trace("A + B", steps, &violation, ("(empty)", "lock=B (expires)"));
    shrunk.operations =
        vec![operation(0, "hold", OperationEnd::Open), operation(1, "hold", OperationEnd::Open)];
    let mut outcome = lock("set-nx-px", "pause", Some("mutual exclusion violated"));
    outcome.counterexample = Some(evidence(violation, shrunk.clone(), shrunk));
    outcome
}

/// A scenario, and the anomaly under each model.
type Row = (&'static str, &'static [(&'static str, Option<&'static str>)]);

/// Three locks under the models of which their cards speak, and a scenario that speaks of none.
pub(crate) fn locks() -> Vec<Outcome> {
    let rows: [Row; 4] = [
        ("setnx-no-ttl", &[("none", None), ("pause", None), ("crash", Some(STRANDED))]),
        (
            "set-nx-px",
            &[("none", None), ("pause", Some(VIOLATED)), ("crash", None), ("fail-over", Some(VIOLATED))],
        ),
        ("fenced", &[("none", None), ("pause", None), ("crash", None)]),
        ("plain", &[("pause", None)]),
    ];
    let mut outcomes = Vec::new();
    for (name, models) in rows {
        for (model, anomaly) in models {
            let mut outcome = lock(name, model, *anomaly);
            if name == "plain" {
                outcome.card.models.clear();
            } else {
                let expected =
                    |(model, anomaly): &(&str, Option<&str>)| (parsed(model), expectation(*anomaly));
                outcome.card.models = models.iter().map(expected).collect();
            }
            outcomes.push(outcome);
        }
    }
    outcomes
}

/// A request that was hit; its reply, if it was executed or refused.
pub(super) fn hit(request: &str, executed: bool, reply: Option<&str>) -> Hit {
    Hit {
        store: "redis".to_owned(),
        queued: Vec::new(),
        request: request.to_owned(),
        executed,
        reply: reply.map(str::to_owned),
        digest: String::new(),
    }
}

pub(super) fn fault(fault: Fault, hit: Option<Hit>) -> TraceStep {
    plain(Effect::Fault { fault, hit })
}

fn lock(name: &str, model: &str, anomaly: Option<&str>) -> Outcome {
    let found = violation("never two holders at a time", "A and B hold the lock", None);
    let verdict = if anomaly.is_some() { Verdict::Violation(found) } else { Verdict::Pass };
    let mut outcome = outcome(&format!("lock/{name}"), anomaly, verdict);
    under(model, &mut outcome);
    outcome.workers = 2;
    if anomaly.is_some() {
        outcome.coverage.first_violation = Some(4);
        outcome.coverage.stopped = Stopped::FirstViolation;
    }
    outcome
}

/// The outcome under a model of which its card speaks.
fn under(model: &str, outcome: &mut Outcome) {
    outcome.model = parsed(model);
    outcome.card.models = BTreeMap::from([(parsed(model), outcome.card.expected.clone())]);
    let may_happen = FaultKind::ALL.into_iter().filter(|kind| outcome.model.allows(*kind));
    outcome.coverage.faults = may_happen.map(|kind| (kind.name().to_owned(), 30)).collect();
    CLOCK.clone_into(&mut outcome.clock);
}

fn with_change(mut step: TraceStep) -> TraceStep {
    step.changes.push(change("token", Some("1"), None));
    step
}

fn operation(worker: u16, name: &str, end: OperationEnd) -> Operation {
    let returned = if end == OperationEnd::Open { None } else { Some(u64::from(worker) + 4) };
    Operation {
        worker: WorkerId(worker),
        name: name.to_owned(),
        argument: "lock".to_owned(),
        invoked: u64::from(worker),
        invoked_after_steps: 0,
        returned,
        returned_after_steps: None,
        end,
        fault: None,
    }
}

fn expectation(anomaly: Option<&str>) -> Expectation {
    anomaly.map_or(Expectation::Pass, |anomaly| Expectation::Violation { anomaly: anomaly.to_owned() })
}

fn parsed(model: &str) -> FaultModel {
    model.parse().expect("a model")
}

fn id(connection: &str) -> raceproof::ConnectionId {
    connection.parse().expect("a connection")
}

fn word(text: &str) -> raceproof::id::Word {
    text.parse().expect("a word")
}
