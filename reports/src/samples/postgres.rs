//! Outcomes on Postgres: isolation levels, split statements, wakings and a deadlock.

use std::collections::BTreeMap;

use raceproof::Isolation;
use raceproof::WorkerId;
use raceproof::card::Expectation;
use raceproof::history::{Cause, Effect, TraceStep, WaitFor, Wake, WorkerEnd};
use raceproof::outcome::{Outcome, Stopped};
use raceproof::verdict::Verdict;

use super::{coverage, evidence, outcome, plain, request, trace, violation};

/// A false alarm on PostgreSQL: two transfers in opposite order deadlock, one of them is given up, and a third waits
/// beside them.
pub(crate) fn deadlock() -> Outcome {
    let promise = "no transfer is lost";
    let violation = violation(promise, "1 transfer instead of 2", None);
    let lock = "a row of `account`";
    let mut commit =
        in_postgres(request("B", "COMMIT", Some("COMMIT"), &[("account.1", Some("5"), Some("4"))]));
    commit.woken.push(wake("C", "UPDATE 1"));
    let mut given_up = continued("A", Cause::Victim, Some("ERROR 40P01: deadlock detected"));
    if let Effect::Continued { circle, .. } = &mut given_up.effect {
        *circle = vec![wait("B", "A", lock), wait("C", "A", lock), wait("A", "B", lock)];
    }
    given_up.woken.push(wake("B", "UPDATE 1"));
    let steps = vec![
        in_postgres(request("A", "UPDATE account SET n = n - 1 WHERE id = 1", Some("UPDATE 1"), &[])),
        in_postgres(request("B", "UPDATE account SET n = n - 1 WHERE id = 2", Some("UPDATE 1"), &[])),
        blocked("A", "UPDATE account SET n = n + 1 WHERE id = 2", &["B"]),
        blocked("B", "UPDATE account SET n = n + 1 WHERE id = 1", &["A"]),
        blocked("C", "UPDATE account SET n = n + 1 WHERE id = 1", &["A", "B"]),
        given_up,
        commit,
    ];
    let mut shrunk = trace("A B A B C A# B", steps, &violation, ("account.1=5", "account.1=4"));
    shrunk.workers.push(WorkerId(2));
    let conflict = "ERROR 40P01: deadlock detected".to_owned();
    shrunk.ends.insert(WorkerId(0), WorkerEnd::Failed(conflict));
    let mut outcome = outcome("transfer/unordered", None, Verdict::Violation(violation.clone()));
    on_postgres(&mut outcome, Isolation::RepeatableRead);
    outcome.coverage.first_violation = Some(12);
    outcome.coverage.violating = 18;
    outcome.coverage.conflicts = BTreeMap::from([("40001".to_owned(), 30), ("40P01".to_owned(), 12)]);
    outcome.coverage.repeats = 90 * 19;
    outcome.counterexample = Some(evidence(violation, shrunk.clone(), shrunk));
    outcome
}

/// A violation that lies within one statement, which is split; then one COMMIT wakes two, whose order is chosen.
pub(crate) fn split() -> Outcome {
    let promise = "the stock is counted once";
    let violation = violation(promise, "counted twice", None);
    let steps = vec![
        stopped("A", "UPDATE stock SET n = (SELECT sum(n) FROM part)"),
        in_postgres(request("B", "UPDATE part SET n = 2", Some("UPDATE 1"), &[])),
        blocked("C", "SELECT n FROM part FOR UPDATE", &["B"]),
        continued("A", Cause::Resumed, None),
        in_postgres(request("B", "COMMIT", Some("COMMIT"), &[("part", Some("1"), Some("2"))])),
        continued("C", Cause::Woken, Some("1 row: 2")),
        continued("A", Cause::Woken, Some("UPDATE 1")),
    ];
    let mut shrunk = trace("A< B C A> B C^ A^", steps, &violation, ("part=1 stock=0", "part=2 stock=1"));
    if let Effect::Continued { blocked_by, .. } = &mut shrunk.steps[3].effect {
        blocked_by.push("B".parse().expect("valid"));
    }
    shrunk.workers.push(WorkerId(2));
    let mut outcome = outcome("inventory/sum", Some("lost update"), Verdict::Violation(violation.clone()));
    on_postgres(&mut outcome, Isolation::ReadCommitted);
    outcome.card.needs_splits = true;
    outcome.coverage.first_violation = Some(3);
    outcome.coverage.violating = 4;
    outcome.coverage.undecided_wakings = 2;
    outcome.counterexample = Some(evidence(violation, shrunk.clone(), shrunk));
    outcome
}

/// The same scenario with its statements taken for atomic: nothing shows.
pub(crate) fn atomic() -> Outcome {
    let mut outcome = Outcome { verdict: Verdict::Pass, counterexample: None, ..split() };
    outcome.coverage = coverage();
    outcome.coverage.splits_max = Some(0);
    outcome
}

/// Two anomalies at three levels each, all as their cards expect.
pub(crate) fn swept() -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for (name, possible_below) in [
        ("isolation/lost-update", Isolation::RepeatableRead),
        ("isolation/write-skew", Isolation::Serializable),
    ] {
        for level in Isolation::ALL {
            let is_possible = level < possible_below;
            let found = violation("no write is lost", "one write is lost", None);
            let verdict = if is_possible { Verdict::Violation(found) } else { Verdict::Pass };
            let mut outcome = outcome(name, Some("lost update"), verdict);
            on_postgres(&mut outcome, level);
            outcome.card.isolation = Isolation::ALL
                .map(|level| match level < possible_below {
                    true => (level, outcome.card.expected.clone()),
                    false => (level, Expectation::Pass),
                })
                .into();
            if is_possible {
                outcome.coverage.first_violation = Some(1);
                outcome.coverage.stopped = Stopped::FirstViolation;
            }
            outcomes.push(outcome);
        }
    }
    outcomes
}

fn on_postgres(outcome: &mut Outcome, level: Isolation) {
    outcome.isolation = Some(level);
    outcome.card.isolation = BTreeMap::from([(level, outcome.card.expected.clone())]);
    outcome.card.stores = vec!["postgres".to_owned()];
    outcome.stores = vec!["postgres 17.2, local process".to_owned()];
    outcome.coverage.splits_max = Some(1);
}

fn in_postgres(mut step: TraceStep) -> TraceStep {
    if let Effect::Request { store, .. } = &mut step.effect {
        *store = "postgres".to_owned();
    }
    step
}

fn blocked(connection: &str, text: &str, holders: &[&str]) -> TraceStep {
    let mut step = in_postgres(request(connection, text, None, &[]));
    if let Effect::Request { blocked_by, .. } = &mut step.effect {
        *blocked_by = holders.iter().map(|holder| holder.parse().expect("valid")).collect();
    }
    step
}

fn stopped(connection: &str, text: &str) -> TraceStep {
    let mut step = in_postgres(request(connection, text, None, &[]));
    if let Effect::Request { stopped, .. } = &mut step.effect {
        *stopped = true;
    }
    step
}

pub(super) fn continued(connection: &str, cause: Cause, reply: Option<&str>) -> TraceStep {
    let effect = Effect::Continued {
        connection: connection.parse().expect("valid"),
        store: "postgres".to_owned(),
        cause,
        reply: reply.map(str::to_owned),
        lost: false,
        stopped: false,
        blocked_by: Vec::new(),
        circle: Vec::new(),
        digest: String::new(),
    };
    plain(effect)
}

pub(super) fn wait(waiter: &str, holder: &str, lock: &str) -> WaitFor {
    let (waiter, holder) = (waiter.parse().expect("valid"), holder.parse().expect("valid"));
    WaitFor { waiter, holder, lock: lock.to_owned() }
}

pub(super) fn wake(connection: &str, reply: &str) -> Wake {
    Wake {
        connection: connection.parse().expect("valid"),
        reply: reply.to_owned(),
        lost: false,
        digest: String::new(),
    }
}
