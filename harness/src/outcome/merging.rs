//! Owns the merging of what the parts of one search came to into what the search came to.

use std::collections::BTreeMap;

use thiserror::Error;

use super::{Coverage, FAILURES_MAX, Grace, Outcome, Reduction, Stopped};
use crate::plan::Plan;
use crate::shard::Shard;
use crate::verdict::{Inconclusive, Verdict};

/// Why outcomes are not those of the parts of one search.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MergeError {
    /// There is no part at all.
    #[error("there is no part of a search to merge")]
    Nothing,
    /// One part is there twice.
    #[error("shard {shard} of `{scenario}` is there twice (give each record once)")]
    Twice {
        /// Which scenario.
        scenario: String,
        /// Which part.
        shard: Shard,
    },
    /// The scenario is another one.
    #[error(
        "the cards of `{scenario}` in the shards {first} and {other} differ (merge what one program made)"
    )]
    OtherCard {
        /// Which scenario.
        scenario: String,
        /// One part.
        first: Shard,
        /// Another one.
        other: Shard,
    },
    /// Two parts are of different searches.
    #[error(
        "the shards of `{scenario}` differ in {what}: `{first}` and `{other}` (merge what one search was split into)"
    )]
    Differs {
        /// Which scenario.
        scenario: String,
        /// In what.
        what: &'static str,
        /// What one of them has.
        first: String,
        /// What another one has.
        other: String,
    },
}

/// What the search came to whose parts came to `parts`, in whichever order these are. Parts that are not there are named in
/// the coverage.
///
/// The violation is that of the part that needed the fewest executions, of several such of the first.
///
/// # Errors
/// The outcomes are not those of the parts of one search, or one is there twice.
pub fn merge(mut parts: Vec<Outcome>) -> Result<Outcome, MergeError> {
    parts.sort_by_key(shard);
    let first = parts.iter().find(|part| !tells_of_a_regression(part)).or(parts.first());
    let first = first.ok_or(MergeError::Nothing)?;
    for part in &parts {
        check_same_search(first, part)?;
    }
    if let Some(pair) = parts.windows(2).find(|pair| shard(&pair[0]) == shard(&pair[1])) {
        return Err(MergeError::Twice { scenario: first.card.name.clone(), shard: shard(&pair[0]) });
    }
    let checkpoints = parts.iter_mut().flat_map(|part| std::mem::take(&mut part.checkpoints)).collect();
    let winner = winner(&parts).map(|index| parts[index].clone());
    let coverage = coverage(&parts, winner.as_ref());
    let mut merged = Outcome {
        verdict: verdict(&parts),
        coverage,
        counterexample: None,
        stores: distinct(parts.iter().flat_map(|part| part.stores.clone())),
        clock: distinct(parts.iter().map(|part| part.clock.clone())).join("; "),
        regressions: parts.iter().flat_map(|part| part.regressions.clone()).collect(),
        checkpoints,
        ..parts.swap_remove(0)
    };
    if let Some(winner) = winner {
        (merged.workers, merged.seed) = (winner.workers, winner.seed);
        merged.verdict = winner.verdict;
        merged.counterexample = winner.counterexample;
    }
    Ok(merged)
}

/// Whether its violation is that of a regression, and so may be its seed and its workers.
fn tells_of_a_regression(outcome: &Outcome) -> bool {
    outcome.regressions.iter().any(|retried| retried.fate.is_violation())
}

/// A search that was not split is its only part.
fn shard(outcome: &Outcome) -> Shard {
    outcome.coverage.shard.unwrap_or(Shard::WHOLE)
}

fn check_same_search(first: &Outcome, other: &Outcome) -> Result<(), MergeError> {
    let level =
        |outcome: &Outcome| outcome.isolation.map_or_else(|| "none".to_owned(), |level| level.to_string());
    let bound = |bound: Option<usize>| bound.map_or_else(|| "none".to_owned(), |bound| bound.to_string());
    let reduction = |coverage: &Coverage| if coverage.reduction.is_some() { "yes" } else { "no" }.to_owned();
    let (ours, theirs) = (&first.coverage, &other.coverage);
    let compared = [
        ("the scenario", first.card.name.clone(), other.card.name.clone()),
        ("the workers", first.workers.to_string(), other.workers.to_string()),
        ("the isolation level", level(first), level(other)),
        ("the fault model", first.model.to_string(), other.model.to_string()),
        ("the seed", first.seed.to_string(), other.seed.to_string()),
        ("the strategy", ours.strategy.clone(), theirs.strategy.clone()),
        ("the bound of preemptions", bound(ours.preemption_bound), bound(theirs.preemption_bound)),
        ("the splits of requests", bound(ours.splits_max), bound(theirs.splits_max)),
        ("the reduction", reduction(ours), reduction(theirs)),
        ("the number of shards", shard(first).count().to_string(), shard(other).count().to_string()),
    ];
    let scenario = first.card.name.clone();
    let is_its_own = |what| tells_of_a_regression(other) && ["the workers", "the seed"].contains(&what);
    let differs =
        |(what, first, other): &(&'static str, String, String)| first != other && !is_its_own(*what);
    match compared.into_iter().find(differs) {
        Some((what, first, other)) => Err(MergeError::Differs { scenario, what, first, other }),
        None if first.card != other.card => {
            Err(MergeError::OtherCard { scenario, first: shard(first), other: shard(other) })
        }
        None => Ok(()),
    }
}

/// The position, in the order of the shards, of the part whose violation counts.
pub(crate) fn winner(parts: &[Outcome]) -> Option<usize> {
    let violated = parts.iter().enumerate().filter(|(_, part)| part.verdict.violation().is_some());
    // What was retried came before the first execution. Of several equally small numbers the first.
    let number = |part: &Outcome| match part.coverage.first_violation {
        Some(number) if !tells_of_a_regression(part) => number,
        _ => 0,
    };
    let earliest = violated.min_by_key(|(_, part)| number(part));
    earliest.map(|(index, _)| index)
}

/// The gravest verdict, of equally grave ones the first. That workers failed in every execution of a part says nothing if
/// they did not in those of another.
fn verdict(parts: &[Outcome]) -> Verdict {
    let is_vacuous =
        |part: &Outcome| matches!(part.verdict, Verdict::Inconclusive(Inconclusive::Vacuous { .. }));
    let has_tested = |part: &Outcome| !is_vacuous(part) && part.coverage.schedules > part.coverage.redundant;
    let is_tested = parts.iter().any(has_tested);
    let counted = parts.iter().filter(|part| !(is_tested && is_vacuous(part)));
    counted.fold(Verdict::Pass, |merged, part| merged.merge(part.verdict.clone()))
}

fn coverage(parts: &[Outcome], winner: Option<&Outcome>) -> Coverage {
    let all = || parts.iter().map(|part| &part.coverage);
    let sum = |count: fn(&Coverage) -> u64| all().map(count).sum::<u64>();
    let counts = |of: fn(&Coverage) -> &BTreeMap<String, u64>, most| added(all().map(of), most);
    let states_most = all().map(|coverage| coverage.final_states.len()).max().unwrap_or_default();
    let missing = missing(parts);
    let first = &parts[0].coverage;
    Coverage {
        strategy: first.strategy.clone(),
        preemption_bound: first.preemption_bound,
        splits_max: first.splits_max,
        shard: None,
        regressions: sum(|coverage| coverage.regressions),
        schedules: sum(|coverage| coverage.schedules),
        redundant: sum(|coverage| coverage.redundant),
        reduction: reduction(parts),
        steps: sum(|coverage| coverage.steps),
        resumed: all().map(|coverage| coverage.resumed).max().unwrap_or_default(),
        exhausted: missing.is_empty()
            && all().all(|coverage| coverage.exhausted)
            && agree_on_reduction(parts),
        missing,
        // Each shard makes its part of every workload.
        workloads: all()
            .filter_map(|coverage| coverage.workloads)
            .min_by_key(|workloads| workloads.exhausted),
        repeats: sum(|coverage| coverage.repeats),
        differing: sum(|coverage| coverage.differing),
        conflicts: counts(|coverage| &coverage.conflicts, usize::MAX),
        faults: counts(|coverage| &coverage.faults, usize::MAX),
        grace: parts.iter().fold(None, |sum, part| Grace::sum(sum, part.coverage.grace)),
        undecided_wakings: sum(|coverage| coverage.undecided_wakings),
        stopped: all()
            .map(|coverage| coverage.stopped)
            .max_by_key(|stopped| weight(*stopped))
            .expect("a part is there"),
        violating: sum(|coverage| coverage.violating),
        violated: counts(|coverage| &coverage.violated, FAILURES_MAX),
        first_violation: winner.and_then(|winner| winner.coverage.first_violation),
        violating_schedule: winner.and_then(|winner| winner.coverage.violating_schedule.clone()),
        final_states: counts(
            |coverage| &coverage.final_states,
            states_most.max(Plan::default().final_states_max),
        ),
        failures: counts(|coverage| &coverage.failures, FAILURES_MAX),
        elapsed_us: all().map(|coverage| coverage.elapsed_us).max().unwrap_or_default(),
    }
}

/// The parts that are not there, in order.
fn missing(parts: &[Outcome]) -> Vec<Shard> {
    let count = shard(&parts[0]).count();
    let mut there = parts.iter().map(shard).peekable();
    Shard::all(count).filter(|shard| there.next_if_eq(shard).is_none()).collect()
}

fn reduction(parts: &[Outcome]) -> Option<Reduction> {
    let each = || parts.iter().filter_map(|part| part.coverage.reduction.as_ref());
    let coarseness = each().map(|reduction| reduction.coarseness).max()?;
    let refuted = each().find_map(|reduction| reduction.refuted.clone());
    Some(Reduction { pairs: each().map(|reduction| reduction.pairs).sum(), coarseness, refuted })
}

/// Whether all parts have left the same to each other: what one takes for different another one may have left out.
fn agree_on_reduction(parts: &[Outcome]) -> bool {
    let known = |part: &Outcome| {
        let reduction = part.coverage.reduction.as_ref();
        reduction.map(|reduction| (reduction.coarseness, reduction.refuted.is_some()))
    };
    parts.windows(2).all(|pair| known(&pair[0]) == known(&pair[1]))
}

/// Which end of a part is told of the whole: what was found outweighs that not all was seen, and that outweighs all.
fn weight(stopped: Stopped) -> u8 {
    match stopped {
        Stopped::Exhausted => 0,
        Stopped::ScheduleBudget => 1,
        Stopped::TimeBudget => 2,
        Stopped::Inconclusive => 3,
        Stopped::Interrupted => 4,
        Stopped::FirstViolation => 5,
    }
}

/// The counts added up, of the first `most` keys.
fn added<'a>(all: impl Iterator<Item = &'a BTreeMap<String, u64>>, most: usize) -> BTreeMap<String, u64> {
    let mut sums = BTreeMap::new();
    for (key, count) in all.flatten() {
        *sums.entry(key.clone()).or_insert(0) += count;
    }
    sums.into_iter().take(most).collect()
}

fn distinct(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut distinct = Vec::new();
    for text in texts {
        if !distinct.contains(&text) {
            distinct.push(text);
        }
    }
    distinct
}

#[cfg(test)]
mod tests;
