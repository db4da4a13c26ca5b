//! Owns the searching of a generated workload on a fresh local Redis.

use std::sync::Arc;

use raceproof::generator::Generator;
use raceproof::interrupt::Interrupt;
use raceproof::outcome::Counterexample;
use raceproof::run::Engine;
use raceproof::store::{Needs, ProviderChoice, StoreOptions};
use raceproof::{Generated, Outcome, Plan, Programs, Scenario, Verdict, Workload};

/// A fresh local Redis.
pub(crate) fn options() -> StoreOptions {
    StoreOptions { provider: ProviderChoice::Local, needs: Needs::REDIS, ..StoreOptions::default() }
}

/// Such a Redis with a gate before it.
pub(crate) fn engine() -> Engine {
    Engine::start(&options(), Interrupt::never()).expect("redis-server is installed (see ci/setup)")
}

/// Searches `workload` as `plan` says.
pub(crate) fn search(workload: impl Workload, plan: &Plan) -> Outcome {
    let scenario: Arc<dyn Scenario> = Arc::new(Generated::new(workload));
    explore(&scenario, plan)
}

/// What is left of the operations of `found`.
pub(crate) fn left(found: &Counterexample) -> String {
    found.shrunk.programs.as_ref().expect("they were generated").to_string()
}

/// Whether any schedule of `programs` breaks a promise of `workload`.
pub(crate) fn violates(workload: impl Workload, programs: &Programs) -> bool {
    let scenario = Generated::new(workload).doing(programs).expect("they are its own");
    let workers = programs.operations.keys().map(|worker| worker.index() + 1).max();
    let plan = Plan { workers, has_evidence: false, ..Plan::default() };
    let outcome = explore(&scenario, &plan);
    assert!(outcome.coverage.exhausted || outcome.verdict != Verdict::Pass, "every schedule is tried");
    outcome.verdict.violation().is_some()
}

/// Searches `scenario` as `plan` says, on a store of its own.
pub(crate) fn explore(scenario: &Arc<dyn Scenario>, plan: &Plan) -> Outcome {
    let mut engine = engine();
    let outcome = engine.explore(scenario, plan, &mut |_| {}).expect("the search runs");
    engine.stop().expect("the store stops");
    outcome
}
