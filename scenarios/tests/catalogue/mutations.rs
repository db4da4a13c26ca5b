//! Owns the mutation check: swap the line that keeps a promise for its broken form, and the verdict flips. The broken form is
//! another variant of the catalogue, its twin.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use raceproof::run::Engine;
use raceproof::store::Needs;
use raceproof::{Card, Expectation, FaultModel, Plan, Scenario, Verdict};
use raceproof_scenarios::catalogue;

use crate::legs::needs;
use crate::stores::engine;
use crate::twins::{TWINS, Twin};

/// Schedules in which a twin must be caught: more than the latest one of the catalogue needs.
const SCHEDULES_TO_BREAK_MAX: u64 = 6_000;
/// Schedules in which the correct variant is seen to hold under the same model. More are for the program, which is built for
/// speed.
const SCHEDULES_TO_HOLD_MAX: u64 = 10;
/// The longest that one search may take.
const SEARCH_MAX: Duration = Duration::from_secs(120);

fn by_name() -> BTreeMap<String, Arc<dyn Scenario>> {
    catalogue::all().into_iter().map(|scenario| (scenario.card().name, scenario)).collect()
}

/// Whether nothing is expected to break it, at no level and under no model.
fn is_correct(card: &Card) -> bool {
    let others = card.models.values().chain(card.isolation.values());
    !others.chain([&card.expected]).any(Expectation::is_violation)
}

/// A model under which the cards say that the one holds and the other breaks. A card that speaks of no models says nothing of
/// `none`, under which its violation is looked for then.
fn flips_under(correct: &Card, twin: &Card) -> Option<FaultModel> {
    let spoken: Vec<FaultModel> = match correct.models.is_empty() {
        true => vec![FaultModel::none(), FaultModel::default()],
        false => correct.models.keys().cloned().collect(),
    };
    let breaks =
        |model: &&FaultModel| twin.expected_under(None, model).is_some_and(Expectation::is_violation);
    let known = spoken.iter().find(breaks);
    let tried = || spoken.iter().find(|model| **model == FaultModel::none() && twin.models.is_empty());
    known.or_else(tried).cloned()
}

#[test]
fn every_correct_variant_has_a_twin_or_a_reason() {
    let correct: BTreeSet<String> = by_name()
        .into_iter()
        .filter(|(_, scenario)| is_correct(&scenario.card()))
        .map(|(name, _)| name)
        .collect();
    let listed: BTreeSet<String> = TWINS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(listed.len(), TWINS.len(), "somebody is listed twice");
    assert_eq!(correct.difference(&listed).collect::<Vec<_>>(), [""; 0], "correct, and not listed");
    assert_eq!(listed.difference(&correct).collect::<Vec<_>>(), [""; 0], "listed, and not correct");
}

/// A twin on other stores would be another program, not the same one with another line; so that is said where it is so.
#[test]
fn twins_are_broken_and_work_on_the_same_stores() {
    let all = by_name();
    for (name, twin) in TWINS {
        let Some(of) = twin.name() else { continue };
        let is_elsewhere = matches!(twin, Twin::Elsewhere(_));
        let twin =
            all.get(of).unwrap_or_else(|| panic!("`{name}` has the twin `{of}`, which there is not")).card();
        let correct = all[*name].card();
        assert!(twin.expected.is_violation(), "`{name}` has the twin `{of}`, which nothing breaks");
        assert_eq!(correct.stores != twin.stores, is_elsewhere, "`{name}` and `{of}`: their stores");
        assert!(flips_under(&correct, &twin).is_some(), "`{name}` and `{of}` have no model in common");
    }
}

/// What a short search comes to; nothing is told or shrunk.
fn verdict(
    engine: &mut Engine,
    scenario: &Arc<dyn Scenario>,
    model: &FaultModel,
    schedules_max: u64,
) -> Verdict {
    let plan = Plan {
        model: model.clone(),
        schedules_max,
        budget: SEARCH_MAX,
        has_evidence: false,
        ..Plan::default()
    };
    engine.explore(scenario, &plan, &mut |_| {}).expect("it can be explored").verdict
}

/// The pairs that need just these stores.
fn pairs(needed: Needs) -> Vec<(Arc<dyn Scenario>, Arc<dyn Scenario>)> {
    let all = by_name();
    let pair = |(name, twin): &(&str, Twin)| Some((Arc::clone(&all[*name]), Arc::clone(&all[twin.name()?])));
    let need = |(correct, twin): &(Arc<dyn Scenario>, Arc<dyn Scenario>)| {
        needs(&[correct.card().stores, twin.card().stores].concat()) == needed
    };
    TWINS.iter().filter_map(pair).filter(need).collect()
}

fn judge_pairs(needed: Needs) {
    let pairs = pairs(needed);
    assert!(!pairs.is_empty(), "no pair needs {needed:?}");
    let (mut engine, mut wrong) = (engine(needed), Vec::new());
    let mut judged: BTreeMap<(String, FaultModel), Verdict> = BTreeMap::new();
    for (correct, twin) in pairs {
        let (name, of) = (correct.card().name, twin.card().name);
        let model = flips_under(&correct.card(), &twin.card()).expect("it is another test's claim");
        let held = verdict(&mut engine, &correct, &model, SCHEDULES_TO_HOLD_MAX);
        let broke = judged
            .entry((of.clone(), model.clone()))
            .or_insert_with(|| verdict(&mut engine, &twin, &model, SCHEDULES_TO_BREAK_MAX));
        if held != Verdict::Pass || broke.violation().is_none() {
            wrong.push(format!("`{name}` {held:?} and `{of}` {broke:?} under `{model}`"));
        }
    }
    engine.stop().expect("the stores stop");
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn verdict_flips_with_the_line_on_redis() {
    judge_pairs(Needs::REDIS);
}

#[test]
fn verdict_flips_with_the_line_on_two_servers() {
    judge_pairs(Needs { redis: 2, postgres: false });
}

#[test]
fn verdict_flips_with_the_line_on_postgres() {
    judge_pairs(Needs::POSTGRES);
}

#[test]
fn verdict_flips_with_the_line_on_both_stores() {
    judge_pairs(Needs::BOTH);
}
