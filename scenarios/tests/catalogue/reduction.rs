//! Owns the proof that the reduction loses nothing: for every leg of the catalogue that is small, the search that tries one schedule
//! of each class of equivalent ones comes to the same final states, verdicts and failures as the one that tries all.

use std::time::Duration;

use raceproof::plan::StrategyKind;
use raceproof::run::Engine;
use raceproof::store::{Needs, postgres, redis};
use raceproof::{FaultKind, Outcome, Plan};
use raceproof_scenarios::catalogue;

use crate::comparison::difference;
use crate::legs::{Leg, of};
use crate::stores::engine;

/// Executions of a search that is small. What is larger is compared by `cargo bench --bench search -- reduction`.
const SMALL: u64 = 120;
/// Faults that are left to the table, too.
const OUTAGES: [FaultKind; 3] = [FaultKind::Restart, FaultKind::Wipe, FaultKind::FailOver];
/// The longest that one search may take.
const SEARCH_MAX: Duration = Duration::from_secs(120);

fn search(engine: &mut Engine, leg: &Leg, reduces: bool) -> Outcome {
    let plan = Plan {
        isolation: leg.isolation,
        model: leg.model.clone(),
        strategy: StrategyKind::Dfs,
        reduces,
        keep_going: true,
        has_evidence: false,
        schedules_max: SMALL,
        final_states_max: usize::MAX,
        budget: SEARCH_MAX,
        ..Plan::default()
    };
    engine.explore(&leg.scenario, &plan, &mut |_| {}).expect("the search runs")
}

/// What is lost, and how many legs were small enough to tell.
fn lost(needs: Needs, wanted: impl Fn(&[String]) -> bool) -> (Vec<String>, usize) {
    let mut engine = engine(needs);
    let (mut lost, mut compared) = (Vec::new(), 0);
    for scenario in catalogue::all().iter().filter(|scenario| wanted(&scenario.card().stores)) {
        for leg in of(scenario) {
            // Killing servers takes long.
            if OUTAGES.into_iter().any(|kind| leg.model.allows(kind)) {
                continue;
            }
            let full = search(&mut engine, &leg, false);
            if !full.coverage.exhausted {
                continue;
            }
            let reduced = search(&mut engine, &leg, true);
            compared += 1;
            let Leg { card, isolation: level, model, .. } = &leg;
            let name = &card.name;
            let (of_full, of_reduced) = (full.coverage.schedules, reduced.coverage.schedules);
            println!("{name:50} {level:?} {model:10} {of_full:5} {of_reduced:5}");
            let refuted = reduced.coverage.reduction.as_ref().and_then(|reduction| reduction.refuted.clone());
            let unfinished = (!reduced.coverage.exhausted).then(|| "the reduced one is larger".to_owned());
            let what = refuted.or(unfinished).or_else(|| difference(&full, &reduced));
            lost.extend(what.map(|what| format!("{name} at {level:?} under {model}: {what}")));
        }
    }
    engine.stop().expect("the stores stop");
    (lost, compared)
}

fn is_postgres(store: &String) -> bool {
    store == postgres::NAME
}

#[test]
fn reduction_loses_nothing_on_redis() {
    let (lost, compared) =
        lost(Needs { redis: redis::REDIS_MAX, postgres: false }, |stores| !stores.iter().any(is_postgres));
    assert_eq!(lost, [""; 0]);
    assert!(compared >= 20, "{compared} legs are small");
}

#[test]
fn reduction_loses_nothing_on_postgres() {
    let (lost, compared) = lost(Needs::BOTH, |stores| stores.iter().any(is_postgres));
    assert_eq!(lost, [""; 0]);
    assert!(compared >= 30, "{compared} legs are small");
}
