//! Owns the proof that every card tells the truth about each of its fault models.

use std::sync::Arc;
use std::time::{Duration, Instant};

use raceproof::outcome::Judgement;
use raceproof::run::Engine;
use raceproof::store::{Needs, redis};
use raceproof::{Expectation, FaultModel, Plan, Scenario};
use raceproof_scenarios::catalogue;

use crate::legs::needs;
use crate::stores::engine;

/// Schedules of a search that must find a violation: more than the latest one of the catalogue needs.
const SCHEDULES_TO_BREAK_MAX: u64 = 6_000;
/// Schedules of a search that must find none. More are for the program, which is built for speed.
const SCHEDULES_TO_HOLD_MAX: u64 = 25;
/// The longest that one search may take.
const SEARCH_MAX: Duration = Duration::from_secs(240);

/// What is surprising about a scenario under one of its models.
fn surprise(engine: &mut Engine, scenario: &Arc<dyn Scenario>, model: &FaultModel) -> Option<String> {
    let (card, begun) = (scenario.card(), Instant::now());
    let breaks = card.models.get(model).is_some_and(Expectation::is_violation);
    let schedules_max = if breaks { SCHEDULES_TO_BREAK_MAX } else { SCHEDULES_TO_HOLD_MAX };
    let plan = Plan { model: model.clone(), schedules_max, budget: SEARCH_MAX, ..Plan::default() };
    let outcome = match engine.explore(scenario, &plan, &mut |_| {}) {
        Ok(outcome) => outcome,
        Err(error) => return Some(format!("`{}` under `{model}`: {error}", card.name)),
    };
    let (judgement, schedules) = (outcome.judgement(), outcome.coverage.schedules);
    let seconds = begun.elapsed().as_secs_f32();
    println!("{:40} {model:10} {judgement:?} after {schedules} schedules, {seconds:.1} s", card.name);
    let replays = outcome.counterexample.map(|found| found.replays);
    match replays {
        _ if judgement != Judgement::AsExpected => {
            Some(format!("`{}` under `{model}`: {judgement:?}, {:?}", card.name, outcome.verdict))
        }
        Some(replays) if replays.reproduced < replays.attempts => {
            Some(format!("`{}` under `{model}`: {replays:?}", card.name))
        }
        _ => None,
    }
}

/// What is surprising about the scenarios that need just these stores. A model that was never run is a promise that nobody
/// keeps, and a server that is not needed costs time.
fn surprises(needed: Needs) -> Vec<String> {
    let has_models = |scenario: &Arc<dyn Scenario>| !scenario.card().models.is_empty();
    let all = catalogue::all();
    let scenarios: Vec<_> =
        all.iter().filter(|it| has_models(it) && needs(&it.card().stores) == needed).collect();
    assert!(!scenarios.is_empty(), "no scenario needs {needed:?}");
    let mut engine = engine(needed);
    let mut surprises = Vec::new();
    for scenario in scenarios {
        for model in scenario.card().models.keys() {
            surprises.extend(surprise(&mut engine, scenario, model));
        }
    }
    engine.stop().expect("the stores stop");
    surprises
}

#[test]
fn cards_on_redis_tell_the_truth_about_each_of_their_models() {
    assert_eq!(surprises(Needs::REDIS), [""; 0]);
}

#[test]
fn cards_on_postgres_tell_the_truth_about_each_of_their_models() {
    assert_eq!(surprises(Needs::POSTGRES), [""; 0]);
}

#[test]
fn cards_on_both_stores_tell_the_truth_about_each_of_their_models() {
    assert_eq!(surprises(Needs::BOTH), [""; 0]);
}

#[test]
fn cards_on_five_servers_tell_the_truth_about_each_of_their_models() {
    assert_eq!(surprises(Needs { redis: redis::REDIS_MAX, postgres: false }), [""; 0]);
}
