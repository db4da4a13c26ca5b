//! Outcomes made by hand for the snapshots: one of each kind that a report must tell.

mod faults;
mod postgres;

use std::collections::BTreeMap;

use raceproof::card::{Card, Expectation};
use raceproof::check::{Anomaly, Cycle, Dependency, Link, Member};
use raceproof::history::{
    Cause, Change, Effect, Fault, Operation, OperationEnd, Trace, TraceStep, WaitFor, WorkerEnd,
};
use raceproof::outcome::{Counterexample, Coverage, Outcome, Passing, Replays, Stopped};
use raceproof::programs::{Planned, Programs};
use raceproof::verdict::{Inconclusive, Verdict, Violation};
use raceproof::{Choice, Schedule, WorkerId};

pub(crate) use faults::{breakdown, expired, locks};
pub(crate) use postgres::{atomic, deadlock, split, swept};
use postgres::{continued, wait, wake};

/// One outcome of every kind.
pub(crate) fn everything() -> Vec<Outcome> {
    vec![caught(), correct(), missed(), eventful(), inconclusive(), interrupted(), alone()]
}

/// A broken variant that was caught: the lost update of GET and SET.
pub(crate) fn caught() -> Outcome {
    let promise = "the counter ends at the number of increments";
    let violation = violation(promise, "the counter is 1 after 2 increments", None);
    let steps = vec![
        request("A", "GET counter", Some("(nil)"), &[]),
        request("B", "GET counter", Some("(nil)"), &[]),
        request("A", "SET counter 1", Some("OK"), &[("counter", None, Some("1"))]),
        request("B", "SET counter 1", Some("OK"), &[]),
    ];
    let shrunk = trace("A B A B", steps, &violation, ("(empty)", "counter=1"));
    let mut original = shrunk.clone();
    original.workers.push(WorkerId(2));
    original.schedule = schedule("A B C A B C");
    original.steps.extend([
        request("C", "GET counter", Some("1"), &[]),
        request("C", "SET counter 2", Some("OK"), &[]),
    ]);
    let mut outcome = outcome("counter/get-set", Some("lost update"), Verdict::Violation(violation.clone()));
    outcome.coverage.exhausted = false;
    outcome.coverage.stopped = Stopped::FirstViolation;
    outcome.coverage.schedules = 2;
    outcome.coverage.violating = 1;
    outcome.coverage.first_violation = Some(2);
    let mut evidence = evidence(violation, original, shrunk);
    evidence.passing = Some(Passing { trace: chosen("A A B B"), differs_at: 2, candidates: 3 });
    evidence.cycle = Some(lost_update());
    outcome.counterexample = Some(evidence);
    outcome
}

/// Why no serial order explains the sample of a lost update.
fn lost_update() -> Cycle {
    let member = |name: &str| Member { name: name.to_owned(), did: "increment".to_owned() };
    let link = |dependency, before: &str, steps| Link {
        dependency,
        object: "counter".to_owned(),
        before: before.to_owned(),
        after: "1".to_owned(),
        steps: Some(steps),
    };
    Cycle {
        anomaly: Anomaly::GSingle,
        members: vec![member("B"), member("A")],
        links: vec![link(Dependency::Overwrites, "", (2, 3)), link(Dependency::Writes, "1", (3, 4))],
    }
}

/// A broken variant whose operations were generated; worker A does two that are told as `text`.
pub(crate) fn generated(text: &str) -> Outcome {
    let mut outcome = caught();
    let planned = Planned { position: 4, text: text.to_owned(), value: text.into() };
    let operations = [(WorkerId(0), vec![planned.clone(), planned]), (WorkerId(1), Vec::new())].into();
    let evidence = outcome.counterexample.as_mut().expect("it was caught");
    evidence.shrunk.programs = Some(Programs { number: 2, operations });
    outcome
}

/// An execution with these choices; each request is the number of its step.
pub(crate) fn chosen(choices: &str) -> Trace {
    let step = |(index, choice): (usize, &Choice)| match (choice, choice.worker()) {
        (Choice::Advance, _) => plain(Effect::TimePassed { now_ms: 1, woke: Vec::new() }),
        (Choice::Crash(worker), _) => faults::fault(Fault::Crash { worker: *worker }, None),
        (_, Some(worker)) => request(&worker.to_string(), &(index + 1).to_string(), Some("OK"), &[]),
        (_, None) => panic!("{choice} is nobody's"),
    };
    let steps = schedule(choices).0.iter().enumerate().map(step).collect();
    let violation = violation("", "", None);
    Trace { verdict: Verdict::Pass, ..trace(choices, steps, &violation, ("(empty)", "(empty)")) }
}

/// A correct variant that passed.
pub(crate) fn correct() -> Outcome {
    outcome("counter/incr", None, Verdict::Pass)
}

/// A broken variant that was not caught.
pub(crate) fn missed() -> Outcome {
    outcome("counter/watch-ignored", Some("lost update"), Verdict::Pass)
}

/// A search that could not be judged.
pub(crate) fn inconclusive() -> Outcome {
    let reason = Inconclusive::Unsettled { workers: "B".to_owned(), settle_ms_max: 5_000 };
    let mut outcome = outcome("queue/blpop", None, Verdict::Inconclusive(reason));
    outcome.coverage.stopped = Stopped::Inconclusive;
    outcome.coverage.exhausted = false;
    outcome.coverage.schedules = 1;
    outcome
}

/// A search of a correct variant that the user ended.
pub(crate) fn interrupted() -> Outcome {
    let mut outcome = outcome("queue/lmove", None, Verdict::Pass);
    outcome.coverage.stopped = Stopped::Interrupted;
    outcome.coverage.exhausted = false;
    outcome.coverage.schedules = 37;
    outcome
}

/// A broken variant that was run with one worker.
pub(crate) fn alone() -> Outcome {
    let mut outcome = missed();
    outcome.workers = 1;
    outcome.coverage.schedules = 1;
    outcome
}

/// A false alarm that has one of everything that lanes show: a transaction, a wait and its end, a
/// delivery, passing time, two stores, a second connection, a step at which the promise breaks.
pub(crate) fn eventful() -> Outcome {
    let promise = "stock never falls below 0";
    let violation = violation(promise, "stock is -1", Some(6));
    let mut transaction = request("A", "EXEC", Some("[1, OK]"), &[("stock", Some("1"), Some("0"))]);
    if let Effect::Request { queued, .. } = &mut transaction.effect {
        *queued = ["MULTI", "DECR stock", "SET buyer A"].map(str::to_owned).to_vec();
    }
    transaction.changes.push(change("buyer", None, Some("A")));
    let mut commit = request("B", "COMMIT", Some("COMMIT"), &[("sale", Some("{left: 1}"), None)]);
    commit.woken.push(wake("C.1", "1 row"));
    let mut update = request("C.1", "SELECT * FROM sale FOR UPDATE", None, &[]);
    for step in [&mut commit, &mut update] {
        if let Effect::Request { store, .. } = &mut step.effect {
            *store = "postgres".to_owned();
        }
    }
    let mut broken = request("C", "DECR stock", Some("-1"), &[("stock", Some("0"), Some("-1"))]);
    broken.violated = Some(promise.to_owned());
    let delivery = Effect::Delivery {
        connection: "B".parse().expect("valid"),
        store: "redis".to_owned(),
        message: "message on `sold`: 1".to_owned(),
        digest: String::new(),
    };
    let passing = Effect::TimePassed { now_ms: 250, woke: vec![WorkerId(0), WorkerId(2)] };
    let steps = vec![transaction, update, commit, plain(delivery), plain(passing), broken];
    let mut shrunk =
        trace("A C.1 B B! + C", steps, &violation, ("sale={left: 1} stock=1", "buyer=A stock=-1"));
    shrunk.workers.push(WorkerId(2));
    shrunk.ends.insert(WorkerId(1), WorkerEnd::Failed("sold out".to_owned()));
    let mut outcome = outcome("inventory/script", None, Verdict::Violation(violation.clone()));
    outcome.coverage.first_violation = Some(41);
    outcome.coverage.violating = 3;
    let mut counterexample = evidence(violation, shrunk.clone(), shrunk);
    counterexample.replays = Replays {
        attempts: 10,
        reproduced: 8,
        differing: 2,
        first_difference: Some((3, "expected B: `COMMIT` -> COMMIT, found the end".to_owned())),
    };
    outcome.counterexample = Some(counterexample);
    outcome
}

/// Markup, quotes, escape sequences, characters that turn text around, and a value of 1 MiB.
pub(crate) fn hostile() -> Outcome {
    hostile_of(1 << 20)
}

/// The same with a value of so many bytes.
pub(crate) fn hostile_of(bytes: usize) -> Outcome {
    let markup = "<script>alert('x')</script><img src=x onerror=\"alert(1)\">&amp;";
    let escapes = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\r\n\0fake line";
    let turned = "paid\u{202e}diap\u{2066}\u{200b} {{ 1 }} {% raw %}";
    let long = "x".repeat(bytes);
    let violation = violation(&format!("{markup} {escapes}"), &format!("{turned} {long}"), Some(1));
    let steps = vec![
        request(
            "A",
            &format!("SET {markup} {escapes}"),
            Some(turned),
            &[(markup, Some(turned), Some(&long))],
        ),
        request("B", &long, Some(escapes), &[(escapes, None, Some(markup))]),
        victim_of(vec![wait("A", "B", &format!("{markup}{escapes}{turned}")), wait("B", "A", &long)]),
        victim_of(vec![wait("C", "B", markup), wait("B", "C", &format!("{escapes}{turned}"))]),
        faults::fault(
            Fault::LostReply { connection: "A".parse().expect("valid") },
            Some(faults::hit(&format!("{markup}{escapes}"), true, Some(turned))),
        ),
        faults::fault(
            Fault::Drop { connection: "B".parse().expect("valid") },
            Some(faults::hit(&long, false, None)),
        ),
    ];
    let mut shrunk = trace("A B A# A# A? B-", steps, &violation, (escapes, &long));
    shrunk.operations[0].name = format!("{markup}{escapes}");
    shrunk.ends.insert(WorkerId(1), WorkerEnd::Panicked(format!("{turned}{escapes}")));
    let mut outcome =
        outcome(&format!("{markup}/{escapes}"), Some(turned), Verdict::Violation(violation.clone()));
    outcome.card.about = format!("{markup}{turned}{escapes}");
    outcome.card.source = Some("javascript:alert(1)".to_owned());
    outcome.stores = vec![format!("{escapes}{markup}")];
    outcome.clock = format!("{turned}{markup}");
    outcome.coverage.first_violation = Some(1);
    outcome.coverage.conflicts = BTreeMap::from([(format!("{markup}{escapes}{turned}"), 1)]);
    outcome.counterexample = Some(evidence(violation, shrunk.clone(), shrunk));
    outcome
}

fn victim_of(waits: Vec<WaitFor>) -> TraceStep {
    let mut step = continued("A", Cause::Victim, None);
    if let Effect::Continued { circle, .. } = &mut step.effect {
        *circle = waits;
    }
    step
}

fn outcome(name: &str, anomaly: Option<&str>, verdict: Verdict) -> Outcome {
    let expected = match anomaly {
        Some(anomaly) => Expectation::Violation { anomaly: anomaly.to_owned() },
        None => Expectation::Pass,
    };
    let card = Card {
        name: name.to_owned(),
        about: "Each worker adds one to a counter. What one worker wrote may be lost to another.".to_owned(),
        expected,
        stores: vec!["redis".to_owned()],
        workers: 3,
        ..Card::default()
    };
    Outcome {
        card,
        workers: 3,
        isolation: None,
        model: raceproof::FaultModel::default(),
        seed: 42,
        verdict,
        coverage: coverage(),
        regressions: Vec::new(),
        counterexample: None,
        stores: vec!["redis 7.0.15, local process".to_owned()],
        bursts: None,
        checkpoint: None,
        clock: "the stores' own".to_owned(),
    }
}

fn coverage() -> Coverage {
    Coverage {
        strategy: "dfs".to_owned(),
        schedules: 90,
        steps: 540,
        exhausted: true,
        stopped: Stopped::Exhausted,
        final_states: BTreeMap::from([("counter=3".to_owned(), 90)]),
        elapsed_us: 20_412,
        ..Coverage::default()
    }
}

fn evidence(violation: Violation, original: Trace, shrunk: Trace) -> Counterexample {
    let replays = Replays { attempts: 10, reproduced: 10, differing: 0, first_difference: None };
    let original_replays = replays.clone();
    Counterexample {
        violation,
        original,
        original_replays,
        shrunk,
        replays,
        shrink_candidates: 12,
        passing: None,
        cycle: None,
        set_up: None,
    }
}

fn violation(invariant: &str, found: &str, step: Option<usize>) -> Violation {
    Violation::new(invariant, found, step)
}

fn trace(choices: &str, steps: Vec<TraceStep>, violation: &Violation, states: (&str, &str)) -> Trace {
    let operation = |worker: u16| Operation {
        worker: WorkerId(worker),
        name: "increment".to_owned(),
        argument: String::new(),
        invoked: u64::from(worker),
        invoked_after_steps: 0,
        returned: Some(u64::from(worker) + 2),
        end: OperationEnd::Ok("1".to_owned()),
        fault: None,
    };
    Trace {
        workers: vec![WorkerId(0), WorkerId(1)],
        programs: None,
        schedule: schedule(choices),
        initial_state: states.0.to_owned(),
        steps,
        final_state: states.1.to_owned(),
        operations: vec![operation(0), operation(1)],
        ends: BTreeMap::from([(WorkerId(0), WorkerEnd::Finished), (WorkerId(1), WorkerEnd::Finished)]),
        verdict: Verdict::Violation(violation.clone()),
    }
}

fn schedule(choices: &str) -> Schedule {
    choices.parse().expect("a schedule")
}

fn request(
    connection: &str,
    request: &str,
    reply: Option<&str>,
    changes: &[(&str, Option<&str>, Option<&str>)],
) -> TraceStep {
    let effect = Effect::Request {
        connection: connection.parse().expect("a connection"),
        store: "redis".to_owned(),
        queued: Vec::new(),
        request: request.to_owned(),
        reply: reply.map(str::to_owned),
        stopped: false,
        blocked_by: Vec::new(),
        digest: "00".to_owned(),
    };
    let changes = changes.iter().map(|(key, before, after)| change(key, *before, *after)).collect();
    TraceStep { changes, ..plain(effect) }
}

fn plain(effect: Effect) -> TraceStep {
    TraceStep { effect, woken: Vec::new(), changes: Vec::new(), violated: None, typed: None }
}

fn change(key: &str, before: Option<&str>, after: Option<&str>) -> Change {
    Change { key: key.to_owned(), before: before.map(str::to_owned), after: after.map(str::to_owned) }
}
