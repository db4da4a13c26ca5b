//! Compares the search with and without reduction: the executions that each needs, and whether both come to the same final states
//! and verdicts, for everything that the search without reduction exhausts in time. Exits with 1 if anything differs.
//!
//! `cargo bench -p raceproof-scenarios --bench reduction`, or `-- --seconds 10 counter/ lock/getset` for less.

#[path = "../legs.rs"]
mod legs;

use std::collections::BTreeSet;
use std::time::Duration;

use legs::{Engines, Failure, Leg, arguments, legs};
use raceproof::plan::StrategyKind;
use raceproof::run::Engine;
use raceproof::{Outcome, Plan};

/// What of its number of executions a search may need with reduction, for those named here.
const RATIO_MAX: f64 = 1.0 / 3.0;
const REDUCED: [&str; 2] = ["counter/get-set", "inventory/check-then-decrement"];

/// Most final states that are compared.
const STATES_MAX: usize = 100_000;

fn main() -> Result<(), Failure> {
    let (wanted, seconds) = arguments("seconds", 60);
    let mut engines = Engines::default();
    let (mut compared, mut skipped, mut surprises) = (0, 0, Vec::new());
    println!("{:70} {:>8} {:>8} {:>6} {:>6}", "scenario", "full", "reduced", "cut", "ratio");
    for leg in legs(&wanted) {
        let engine = engines.for_leg(&leg)?;
        let workers = REDUCED.contains(&leg.card.name.as_str()).then_some(3);
        match compare(engine, &leg, workers, Duration::from_secs(seconds))? {
            Some(found) => {
                compared += 1;
                surprises.extend(found);
            }
            None => skipped += 1,
        }
    }
    engines.stop()?;
    println!("{compared} compared; {skipped} could not be exhausted in {seconds} s");
    surprises.iter().for_each(|surprise| println!("{surprise}"));
    if surprises.is_empty() { Ok(()) } else { Err("reduction is not what it should be".into()) }
}

/// Searches with and without reduction; `None` if it takes too long, else what is wrong, if anything is.
fn compare(
    engine: &mut Engine,
    leg: &Leg,
    workers: Option<usize>,
    budget: Duration,
) -> Result<Option<Option<String>>, Failure> {
    let mut explore = |reduces| {
        let plan = Plan {
            isolation: leg.isolation,
            model: leg.model.clone(),
            workers,
            strategy: StrategyKind::Dfs,
            reduces,
            keep_going: true,
            schedules_max: u64::MAX,
            final_states_max: STATES_MAX,
            budget,
            ..Plan::default()
        };
        engine.explore(&leg.scenario, &plan, &mut |_| {})
    };
    // What takes too long with reduction takes too long without.
    let reduced = explore(true)?;
    if !reduced.coverage.exhausted {
        return Ok(None);
    }
    let full = explore(false)?;
    if !full.coverage.exhausted {
        return Ok(None);
    }
    let (of_full, of_reduced) = (full.coverage.schedules, reduced.coverage.schedules);
    let ratio = of_reduced as f64 / of_full as f64;
    let name = format!("{}, {} workers", leg.name(), full.workers);
    println!("{name:70} {of_full:8} {of_reduced:8} {:6} {ratio:6.2}", reduced.coverage.redundant);
    let refuted = reduced.coverage.reduction.as_ref().and_then(|reduction| reduction.refuted.clone());
    let difference = refuted.or_else(|| difference(&full, &reduced)).map(|what| format!("{name}: {what}"));
    let is_too_many = workers.is_some() && ratio > RATIO_MAX;
    Ok(Some(difference.or_else(|| is_too_many.then(|| format!("{name}: {ratio:.2} of the executions")))))
}

/// What one of the searches came to and the other did not.
fn difference(full: &Outcome, reduced: &Outcome) -> Option<String> {
    let keys = |outcome: &Outcome| {
        let coverage = &outcome.coverage;
        let counted = [&coverage.final_states, &coverage.violated, &coverage.failures, &coverage.conflicts];
        counted.into_iter().flat_map(|counts| counts.keys().cloned()).collect::<BTreeSet<String>>()
    };
    let (of_full, of_reduced) = (keys(full), keys(reduced));
    let missing: Vec<_> = of_full.symmetric_difference(&of_reduced).collect();
    let first = missing.first()?;
    Some(format!("{} results are not in both, such as `{first}`", missing.len()))
}
