//! Owns the proof that what shrinking leaves is locally minimal: each single reduction of it is executed, apart from the
//! shrinking itself, and none is a smaller execution with the same violation.

use std::collections::BTreeSet;
use std::sync::Arc;

use raceproof::explore::{block_moves, omissions};
use raceproof::history::Trace;
use raceproof::run::Engine;
use raceproof::store::Needs;
use raceproof::{Choice, Plan, Regression, Scenario, Schedule, WorkerId};
use raceproof_scenarios::catalogue;

use crate::stores::engine;

/// Races, time, and faults of several kinds, each with its model.
const REDIS: [(&str, &str); 4] = [
    ("counter/get-set", "pause"),
    ("counter/watch-exec-ignored", "pause"),
    ("lock/setnx-no-ttl", "crash"),
    ("lock/setnx-no-ttl", "wipe"),
];
/// Transactions, locks, and a statement that must be split.
const POSTGRES: [(&str, &str); 4] = [
    ("counter/pg-read-modify-write", "pause"),
    ("inventory/check-then-decrement", "pause"),
    ("inventory/insert-where-not-exists", "pause"),
    ("isolation/pmp", "pause"),
];

/// Workers, faults, splits, passings of time, context switches, steps: what shrinking makes smaller, in this order.
fn size(trace: &Trace) -> [usize; 6] {
    let schedule = &trace.schedule;
    let (faults, splits, advances) = (schedule.faults(), schedule.splits(), schedule.advances());
    [trace.workers.len(), faults, splits, advances, schedule.context_switches(), trace.steps.len()]
}

/// The same violation with a worker fewer, a fault, split or passing of time fewer, or a block moved.
fn reductions(small: &Regression) -> Vec<Regression> {
    let without = |dropped: &WorkerId| {
        let team: Vec<_> = small.team.iter().copied().filter(|worker| worker != dropped).collect();
        let schedule = small.schedule.restricted_to(&team);
        (!team.is_empty()).then(|| Regression { team, schedule, ..small.clone() })
    };
    let along = |schedule: Schedule| Regression { schedule, ..small.clone() };
    let changed = omissions(&small.schedule).into_iter().chain(block_moves(&small.schedule));
    small.team.iter().filter_map(without).chain(changed.map(along)).collect()
}

/// The reductions of the shrunk violation of a scenario that are smaller, and how many there are.
fn smaller(engine: &mut Engine, name: &str, model: &str) -> (Vec<String>, usize) {
    let all = catalogue::all();
    let scenario: &Arc<dyn Scenario> =
        all.iter().find(|it| it.card().name == name).expect("in the catalogue");
    let model = model.parse().expect("a model");
    let isolation = scenario.card().isolation.keys().next().copied();
    let plan = Plan { model, isolation, ..Plan::default() };
    let outcome = engine.explore(scenario, &plan, &mut |_| {}).expect("the search runs");
    let small = outcome.regression().expect("a violation");
    let evidence = outcome.counterexample.expect("a violation");
    let all = reductions(&small);
    let mut smaller = Vec::new();
    for reduced in &all {
        let followed = engine.follow(scenario, reduced, &plan).expect("it runs");
        let same = followed.trace.verdict.violation().is_some_and(|found| found.same_kind(&small.violation));
        if same && size(&followed.trace) < size(&evidence.shrunk) {
            let told = &followed.trace.schedule;
            smaller.push(format!("{name}: {} is smaller than {}", told, small.schedule));
        }
    }
    (smaller, all.len())
}

fn check(needs: Needs, scenarios: &[(&str, &str)]) {
    let mut engine = engine(needs);
    for (name, model) in scenarios {
        let (smaller, tried) = smaller(&mut engine, name, model);
        assert!(tried > 0, "`{name}` has nothing to reduce, so it proves nothing");
        assert!(smaller.is_empty(), "{smaller:#?}");
    }
    engine.stop().expect("the stores stop");
}

#[test]
fn shrunk_violations_on_redis_are_locally_minimal() {
    check(Needs::REDIS, &REDIS);
}

#[test]
fn shrunk_violations_on_postgres_are_locally_minimal() {
    check(Needs::POSTGRES, &POSTGRES);
}

/// The proof is worth something only if it tries what can be left out.
#[test]
fn reductions_are_of_every_kind() {
    let steps = "A B~ A< + B A>".parse::<Schedule>().expect("a schedule");
    let text = format!(
        r#"{{ "format": "raceproof-regression", "version": 1, "program": "", "scenario": "", "model": "pause",
              "workers": 2, "seed": 0, "team": ["A", "B"], "violation": {{ "invariant": "", "found": "", "step": null }},
              "schedule": "{steps}", "steps": [{}] }}"#,
        steps
            .0
            .iter()
            .map(|choice: &Choice| format!(r#"{{ "choice": "{choice}" }}"#))
            .collect::<Vec<_>>()
            .join(",")
    );
    let small = Regression::parse(&text).expect("well-formed");
    let told: BTreeSet<String> = reductions(&small)
        .iter()
        .map(|reduced| format!("{:?} {}", reduced.team.len(), reduced.schedule))
        .collect();
    for wanted in ["1 A A< + A>", "2 A A< + B A>", "2 A B~ A + B", "2 A B~ A< B A>"] {
        assert!(told.contains(wanted), "{wanted}: {told:#?}");
    }
}
