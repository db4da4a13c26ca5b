//! Owns the proof that the reduction loses nothing: for every leg of the catalogue that is small, the search that tries one schedule
//! of each class of equivalent ones comes to the same final states, verdicts and failures as the one that tries all.

use std::sync::Arc;
use std::time::Duration;

use raceproof::plan::StrategyKind;
use raceproof::run::Engine;
use raceproof::store::{Needs, postgres, redis};
use raceproof::{FaultKind, FaultModel, Isolation, Outcome, Plan, Scenario};
use raceproof_scenarios::catalogue;

use crate::comparison::difference;
use crate::stores::engine;

/// Executions of a search that is small. What is larger is compared by `cargo bench --bench search -- reduction`.
const SMALL: u64 = 120;
/// Faults that are left to the table, too.
const OUTAGES: [FaultKind; 3] = [FaultKind::Restart, FaultKind::Wipe, FaultKind::FailOver];
/// The longest that one search may take.
const SEARCH_MAX: Duration = Duration::from_secs(120);

fn search(
    engine: &mut Engine,
    scenario: &Arc<dyn Scenario>,
    leg: &(Option<Isolation>, FaultModel),
    reduces: bool,
) -> Outcome {
    let (isolation, model) = leg.clone();
    let plan = Plan {
        isolation,
        model,
        strategy: StrategyKind::Dfs,
        reduces,
        keep_going: true,
        has_evidence: false,
        schedules_max: SMALL,
        final_states_max: usize::MAX,
        budget: SEARCH_MAX,
        ..Plan::default()
    };
    engine.explore(scenario, &plan, &mut |_| {}).expect("the search runs")
}

/// The levels and models of which a card speaks.
fn legs(scenario: &Arc<dyn Scenario>) -> Vec<(Option<Isolation>, FaultModel)> {
    let card = scenario.card();
    let levels: Vec<_> = card.isolation.keys().copied().map(Some).collect();
    let levels = if levels.is_empty() { vec![None] } else { levels };
    let models: Vec<_> = card.models.keys().cloned().collect();
    let models = if models.is_empty() { vec![FaultModel::default()] } else { models };
    levels.iter().flat_map(|level| models.iter().map(move |model| (*level, model.clone()))).collect()
}

/// What is lost, and how many legs were small enough to tell.
fn lost(needs: Needs, wanted: impl Fn(&[String]) -> bool) -> (Vec<String>, usize) {
    let mut engine = engine(needs);
    let (mut lost, mut compared) = (Vec::new(), 0);
    for scenario in catalogue::all().iter().filter(|scenario| wanted(&scenario.card().stores)) {
        for leg in legs(scenario) {
            // Killing servers takes long.
            if OUTAGES.into_iter().any(|kind| leg.1.allows(kind)) {
                continue;
            }
            let full = search(&mut engine, scenario, &leg, false);
            if !full.coverage.exhausted {
                continue;
            }
            let reduced = search(&mut engine, scenario, &leg, true);
            compared += 1;
            let (name, (level, model)) = (scenario.card().name, &leg);
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
