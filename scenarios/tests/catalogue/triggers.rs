//! Owns the proof that what is installed to split statements changes no result: a search that splits nothing comes to
//! the same with the triggers as without.

use std::collections::BTreeSet;
use std::sync::Arc;

use raceproof::run::Engine;
use raceproof::store::Needs;
use raceproof::{Isolation, Outcome, Plan, Scenario};

use crate::stores::{engine, legs_on_postgres};

/// Keeps the searches short, so that many scenarios and all levels fit in.
const PREEMPTIONS_MAX: usize = 2;
/// A search that has more schedules is skipped: of one that did not see all of them nothing is claimed.
const SCHEDULES_MAX: u64 = 100;
/// Scenarios (not levels of them); fewer would be no proof for the catalogue.
const COMPARED_MIN: usize = 55;

/// What a search without splits comes to, if it saw every schedule.
fn exhausted(
    engine: &mut Engine,
    scenario: &Arc<dyn Scenario>,
    isolation: Option<Isolation>,
    installs_splits: bool,
) -> Option<Outcome> {
    let plan = Plan {
        isolation,
        splits_max: 0,
        installs_splits,
        keep_going: true,
        schedules_max: SCHEDULES_MAX,
        preemption_bound: Some(PREEMPTIONS_MAX),
        ..Plan::default()
    };
    let outcome = engine.explore(scenario, &plan, &mut |_| {}).expect("it can be explored");
    outcome.coverage.exhausted.then_some(outcome)
}

/// One trigger on every table sees each row before it is written: it must neither keep it, change it nor show in what
/// the store says. Counts are compared too, for the schedules are the same ones.
#[test]
fn triggers_change_no_result() {
    let mut engine = engine(Needs::BOTH);
    let (mut compared, mut different) = (BTreeSet::new(), Vec::new());
    for (scenario, level) in legs_on_postgres() {
        let leg = format!("{} at {level:?}", scenario.card().name);
        let Some(plain) = exhausted(&mut engine, &scenario, level, false) else {
            continue;
        };
        let with = exhausted(&mut engine, &scenario, level, true);
        let told = |outcome: &Outcome| {
            let coverage = &outcome.coverage;
            format!(
                "{:?}, {} schedules, {:?}",
                outcome.judgement(),
                coverage.schedules,
                coverage.final_states
            )
        };
        let (plain, with) = (told(&plain), with.as_ref().map_or_else(|| "not exhausted".to_owned(), told));
        if plain != with {
            different.push(format!("{leg}: {plain} without, {with} with triggers"));
        }
        compared.insert(scenario.card().name);
    }
    engine.stop().expect("the stores stop");
    assert_eq!(different, [""; 0]);
    assert!(compared.len() >= COMPARED_MIN, "only {compared:?}");
}
