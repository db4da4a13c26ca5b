//! Outcomes of which a checker says why they break: a read that no order explains.

use raceproof::WorkerId;
use raceproof::check::linearizability::{Point, Stuck};
use raceproof::check::{Course, Explanation, Opinion, Said, When};
use raceproof::history::{Operation, OperationEnd};
use raceproof::outcome::Outcome;
use raceproof::verdict::Verdict;

use super::{evidence, outcome, request, trace, violation};

/// A read from a copy that is behind: the write had returned before the read began.
pub(crate) fn stale() -> Outcome {
    let promise = "the operations are linearizable";
    let found = "at most 1 of 2 operations fit into one order:\n  A write 1 ok [0, 1]\nthen the state is 1, and none of these \
                 can come next:\n  B read → 0 [2, 3]";
    let mut violation = violation(promise, found, None);
    let prefix = vec![Point { operation: 0, after_event: 0 }];
    let stuck = Stuck { key: None, returned: 2, prefix, state: "1".to_owned(), blocked: vec![1] };
    violation.explanation = Some(Box::new(Explanation::NotLinearizable(stuck)));
    let steps = vec![
        request("A", "SET truth 1", Some("OK"), &[("truth", Some("0"), Some("1"))]),
        request("B", "GET truth", Some("1"), &[]),
        request("B", "GET copy", Some("0"), &[]),
    ];
    let mut shrunk = trace("A B B", steps, &violation, ("copy=0 truth=0", "copy=0 truth=1"));
    shrunk.operations = vec![operation(0, "write", "1", "", 0), operation(1, "read", "", "0", 2)];
    shrunk.courses = vec![course(promise, &[(0, None), (3, Some(found))])];
    let mut outcome = outcome("cache/copy", Some("stale read"), Verdict::Violation(violation.clone()));
    outcome.coverage.first_violation = Some(4);
    outcome.counterexample = Some(evidence(violation, shrunk.clone(), shrunk));
    outcome
}

/// The course of a promise for the end: what was found instead when so many steps were over.
pub(super) fn course(promise: &str, said: &[(usize, Option<&str>)]) -> Course {
    let opinion = |found: &str| Opinion::Broken(found.to_owned());
    let said = said.iter().map(|(after_steps, found)| Said {
        after_steps: *after_steps,
        opinion: found.map_or(Opinion::Holds, opinion),
    });
    Course { said: said.collect(), ..Course::new(promise, When::Finally) }
}

/// An operation that took one step, behind `steps` others.
fn operation(worker: u16, name: &str, argument: &str, result: &str, steps: usize) -> Operation {
    Operation {
        worker: WorkerId(worker),
        name: name.to_owned(),
        argument: argument.to_owned(),
        invoked: steps as u64,
        invoked_after_steps: steps,
        returned: Some(steps as u64 + 1),
        returned_after_steps: Some(steps + 1),
        end: OperationEnd::Ok(result.to_owned()),
        fault: None,
    }
}
