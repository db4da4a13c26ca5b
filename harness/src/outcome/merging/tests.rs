//! The merging of parts, also in every order and of any counts.

use proptest::prelude::*;

use super::*;
use crate::choice::Schedule;
use crate::outcome::tests::outcome;
use crate::regression::{Fate, Regression, Retried};
use crate::verdict::Violation;

fn part(shard: &str) -> Outcome {
    let mut part = outcome(Verdict::Pass, false, Stopped::Exhausted);
    part.coverage.shard = Some(shard.parse().expect("a part"));
    part.coverage.exhausted = true;
    part
}

/// A part whose execution `number` was its first with a violation, which names the part.
fn violated(shard: &str, number: u64) -> Outcome {
    let mut part = part(shard);
    part.verdict = violation(shard);
    part.coverage.first_violation = Some(number);
    part.coverage.violating_schedule = Some(Schedule::default());
    part.coverage.violating = 1;
    part
}

fn violation(invariant: &str) -> Verdict {
    Verdict::Violation(Violation::new(invariant, "", None))
}

fn unsure(reason: Inconclusive) -> impl Fn(Outcome) -> Outcome {
    move |part| Outcome { verdict: Verdict::Inconclusive(reason.clone()), ..part }
}

fn counts(pairs: &[(&str, u64)]) -> BTreeMap<String, u64> {
    pairs.iter().map(|(key, count)| ((*key).to_owned(), *count)).collect()
}

#[test]
fn counts_are_added_and_the_longest_time_is_taken() {
    let (mut first, mut second) = (part("1/2"), part("2/2"));
    (first.coverage.schedules, second.coverage.schedules) = (3, 4);
    (first.coverage.elapsed_us, second.coverage.elapsed_us) = (9, 7);
    first.coverage.final_states = counts(&[("x=1", 2), ("x=2", 1)]);
    second.coverage.final_states = counts(&[("x=2", 4)]);
    let merged = merge(vec![first, second]).expect("two parts of one search").coverage;
    assert_eq!((merged.schedules, merged.steps, merged.elapsed_us), (7, 2, 9));
    assert_eq!(merged.final_states, counts(&[("x=1", 2), ("x=2", 5)]));
    assert!(merged.exhausted && merged.shard.is_none() && merged.missing.is_empty());
}

/// What lies in a part that is not there is not known.
#[test]
fn missing_parts_are_named_and_the_search_is_not_exhausted() {
    let merged = merge(vec![part("4/4"), part("2/4")]).expect("two parts of one search").coverage;
    assert_eq!(merged.missing.iter().map(ToString::to_string).collect::<Vec<_>>(), ["1/4", "3/4"]);
    assert!(!merged.exhausted);
    let mut unfinished = part("1/2");
    unfinished.coverage.exhausted = false;
    unfinished.coverage.stopped = Stopped::TimeBudget;
    let merged = merge(vec![unfinished, part("2/2")]).expect("two parts of one search").coverage;
    assert_eq!((merged.exhausted, merged.stopped), (false, Stopped::TimeBudget));
}

#[test]
fn earliest_violation_counts_and_of_equally_early_ones_that_of_the_first_part() {
    let winner = |parts: &[Outcome]| {
        let merged = merge(parts.to_vec()).expect("parts of one search");
        (merged.verdict.violation().map(|found| found.invariant.clone()), merged.coverage.first_violation)
    };
    assert_eq!(winner(&[violated("1/3", 5), violated("2/3", 4), part("3/3")]), (Some("2/3".into()), Some(4)));
    assert_eq!(winner(&[violated("3/3", 4), violated("2/3", 4), part("1/3")]), (Some("2/3".into()), Some(4)));
    assert_eq!(winner(&[part("1/3"), part("2/3"), part("3/3")]), (None, None));
    let other = unsure(Inconclusive::StepLimit { steps_max: 1 })(part("1/2"));
    assert_eq!(winner(&[other, violated("2/2", 9)]), (Some("2/2".into()), Some(9)));
}

/// It was found before the first execution, with a seed and workers of its own.
#[test]
fn violation_of_a_regression_counts_before_all_others() {
    let mut retried = part("1/2");
    let text = r#"{ "format": "raceproof-regression", "version": 1, "program": "0.1.0", "scenario": "a/a", "model": "none",
        "workers": 5, "seed": 7, "team": ["A"], "violation": { "invariant": "i", "found": "f", "step": null },
        "schedule": "A", "steps": [{ "choice": "A" }] }"#;
    let regression = Regression::parse(text).expect("a regression");
    retried.regressions = vec![Retried { regression, fate: Fate::Reproduced }];
    (retried.verdict, retried.seed, retried.workers) = (violation("of a regression"), 7, 5);
    retried.coverage.regressions = 1;
    let merged = merge(vec![violated("2/2", 1), retried.clone()]).expect("two parts of one search");
    assert_eq!((&merged.verdict, merged.seed, merged.workers), (&retried.verdict, 7, 5));
    assert_eq!((merged.coverage.regressions, merged.regressions.len()), (1, 1));
}

/// Workers that fail in every execution of a small part may succeed in another one.
#[test]
fn part_is_vacuous_on_its_own_only() {
    let vacuous = unsure(Inconclusive::Vacuous { what: "A: no".to_owned() });
    let both = merge(vec![vacuous(part("1/2")), vacuous(part("2/2"))]).expect("two parts of one search");
    assert_eq!(both.verdict.word(), "inconclusive");
    let one = merge(vec![vacuous(part("1/2")), part("2/2")]).expect("two parts of one search");
    assert_eq!(one.verdict, Verdict::Pass);
    let mut nothing = part("2/2");
    nothing.coverage.schedules = 0;
    let empty = merge(vec![vacuous(part("1/2")), nothing]).expect("two parts of one search");
    assert_eq!(empty.verdict.word(), "inconclusive");
}

/// One part may have left out what another takes for different, and so leaves to it.
#[test]
fn search_is_not_exhausted_unless_all_parts_reduce_alike() {
    let reduced = |shard, (coarseness, refuted): (u64, Option<&str>)| {
        let mut part = part(shard);
        part.coverage.reduction =
            Some(Reduction { pairs: 2, coarseness, refuted: refuted.map(str::to_owned) });
        part
    };
    let merged = |first, second| {
        merge(vec![reduced("1/2", first), reduced("2/2", second)]).expect("two parts of one search").coverage
    };
    assert!(merged((1, None), (1, None)).exhausted && merged((0, Some("a")), (0, Some("b"))).exhausted);
    assert!(!merged((0, None), (0, Some("b"))).exhausted);
    let other = merged((1, Some("b")), (0, None));
    assert!(!other.exhausted);
    assert_eq!(other.reduction, Some(Reduction { pairs: 4, coarseness: 1, refuted: Some("b".to_owned()) }));
}

#[test]
fn search_that_was_not_split_is_merged_with_nothing() {
    let whole = outcome(Verdict::Pass, false, Stopped::Exhausted);
    assert_eq!(merge(vec![whole.clone()]), Ok(whole.clone()));
    assert!(matches!(merge(vec![whole.clone(), whole.clone()]), Err(MergeError::Twice { .. })));
    assert!(matches!(merge(vec![whole, part("1/2")]), Err(MergeError::Differs { .. })));
    assert_eq!(merge(Vec::new()), Err(MergeError::Nothing));
}

#[test]
fn what_does_not_belong_together_is_refused_by_name() {
    let refused = |change: &dyn Fn(&mut Outcome)| {
        let mut other = part("2/2");
        change(&mut other);
        merge(vec![part("1/2"), other]).expect_err("not of one search").to_string()
    };
    let differs = |what: &str, change: &dyn Fn(&mut Outcome)| {
        let told = refused(change);
        assert!(told.contains(&format!("differ in {what}: ")), "{told}");
    };
    differs("the scenario", &|other| other.card.name = "a/b".to_owned());
    differs("the workers", &|other| other.workers = 3);
    differs("the isolation level", &|other| other.isolation = Some(crate::Isolation::Serializable));
    differs("the fault model", &|other| other.model = "crash".parse().expect("a model"));
    differs("the seed", &|other| other.seed = 1);
    differs("the strategy", &|other| other.coverage.strategy = "random".to_owned());
    differs("the bound of preemptions", &|other| other.coverage.preemption_bound = Some(1));
    differs("the splits of requests", &|other| other.coverage.splits_max = Some(1));
    differs("the reduction", &|other| other.coverage.reduction = Some(Reduction::default()));
    differs("the number of shards", &|other| other.coverage.shard = "2/3".parse().ok());
    assert!(
        refused(&|other| other.card.about = "Other.".to_owned()).contains("cards of `a/a` in the shards")
    );
    assert!(refused(&|other| other.coverage.shard = "1/2".parse().ok()).contains("shard 1/2 of `a/a`"));
}

prop_compose! {
    /// A part with any counts, of which there is one in two.
    fn any_part(shard: Shard)(
        is_there in any::<bool>(),
        schedules in 0..9_u64,
        first in prop::option::of(1..4_u64),
        states in prop::collection::btree_map("[a-f]{1,2}", 1..5_u64, 0..70),
        exhausted in any::<bool>(),
    ) -> Option<Outcome> {
        let text = shard.to_string();
        let mut part = first.map_or_else(|| part(&text), |number| violated(&text, number));
        part.coverage.schedules = schedules;
        part.coverage.final_states = states;
        part.coverage.exhausted = exhausted;
        is_there.then_some(part)
    }
}

fn any_parts() -> impl Strategy<Value = Vec<Outcome>> {
    let parts: Vec<_> = Shard::all(5).map(any_part).collect();
    parts.prop_map(|parts| parts.into_iter().flatten().collect())
}

proptest! {
    /// The machines end in any order.
    #[test]
    fn order_of_the_parts_means_nothing(
        (parts, shuffled) in any_parts().prop_flat_map(|parts| (Just(parts.clone()), Just(parts).prop_shuffle()))
    ) {
        prop_assert_eq!(merge(parts), merge(shuffled));
    }

    /// Against brute force.
    #[test]
    fn merged_is_what_the_parts_say(parts in any_parts()) {
        prop_assume!(!parts.is_empty());
        let merged = merge(parts.clone()).expect("parts of one search");
        let schedules = parts.iter().map(|part| part.coverage.schedules).sum::<u64>();
        prop_assert_eq!(merged.coverage.schedules, schedules);
        prop_assert_eq!(merged.coverage.missing.len() + parts.len(), 5);
        let is_whole = parts.len() == 5 && parts.iter().all(|part| part.coverage.exhausted);
        prop_assert_eq!(merged.coverage.exhausted, is_whole);
        let earliest = parts.iter().filter_map(|part| part.coverage.first_violation).min();
        prop_assert_eq!(merged.coverage.first_violation, earliest);
        prop_assert_eq!(merged.verdict.violation().is_some(), earliest.is_some());
    }
}
