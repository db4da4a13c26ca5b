//! Owns the table of executions with and without reduction, and whether both come to the same, for everything that the search
//! without reduction exhausts in time.

use std::time::Duration;

use raceproof::Plan;
use raceproof::plan::StrategyKind;
use raceproof::run::Engine;

use crate::Failure;
use crate::comparison::difference;
use crate::legs::{Engines, Leg, legs};

/// What of its number of executions a search may need with reduction, for those named here.
const RATIO_MAX: f64 = 1.0 / 3.0;
const REDUCED: [&str; 2] = ["counter/get-set", "inventory/check-then-decrement"];

/// Most final states that are compared.
const STATES_MAX: usize = 100_000;

pub(crate) fn table(wanted: &[String], seconds: u64) -> Result<(), Failure> {
    let mut engines = Engines::default();
    let (mut compared, mut skipped, mut surprises) = (0, 0, Vec::new());
    println!("{:70} {:>8} {:>8} {:>6} {:>6}", "scenario", "full", "reduced", "cut", "ratio");
    for leg in legs(wanted) {
        let engine = engines.for_leg(&leg)?;
        let workers = REDUCED.contains(&leg.card.name.as_str()).then_some(3);
        match compare(engine, &leg, workers, Duration::from_secs(seconds))? {
            Some(found) => {
                compared += 1;
                found.iter().for_each(|surprise| println!("{surprise}"));
                surprises.extend(found);
            }
            None => {
                skipped += 1;
                println!("{:70} {:>8} {:>8}", leg.name(), "?", "?");
            }
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
