//! Owns the table of strategies: after how many executions, and how soon, each finds the first violation of every broken variant.

use std::time::Duration;

use raceproof::Plan;
use raceproof::plan::StrategyKind;
use raceproof::run::Engine;

use crate::Failure;
use crate::legs::{Engines, Leg, legs};

/// Most executions of one search.
const EXECUTIONS_MAX: u64 = 2_000;
/// Executions within which the default finds half of them.
const MEDIAN_MAX: u64 = 20;

/// The strategies in the order of their columns; the default comes first.
const STRATEGIES: [StrategyKind; 6] = [
    StrategyKind::Portfolio,
    StrategyKind::Dfs,
    StrategyKind::Random,
    StrategyKind::Pct,
    StrategyKind::Pos,
    StrategyKind::Burst,
];

/// The first violation of a search: which execution, and when.
struct Found {
    execution: u64,
    elapsed: Duration,
}

pub(crate) fn table(wanted: &[String], seconds: u64) -> Result<(), Failure> {
    let budget = Duration::from_secs(seconds);
    let mut engines = Engines::default();
    let mut columns: Vec<Vec<Option<Found>>> = STRATEGIES.iter().map(|_| Vec::new()).collect();
    let mut missed = Vec::new();
    let titles: Vec<String> = STRATEGIES.iter().map(|strategy| format!("{:>18}", strategy.name())).collect();
    println!("{:60}{}", "executions and time to the first violation", titles.concat());
    for leg in legs(wanted).into_iter().filter(Leg::is_broken) {
        let engine = engines.for_leg(&leg)?;
        let mut cells = Vec::new();
        for (strategy, column) in STRATEGIES.into_iter().zip(&mut columns) {
            let found = search(engine, &leg, strategy, budget)?;
            cells.push(format!("{:>18}", told(found.as_ref())));
            column.push(found);
        }
        println!("{:60}{}", leg.name(), cells.concat());
        missed.extend(columns[0].last().is_some_and(Option::is_none).then(|| leg.name()));
    }
    engines.stop()?;
    for (strategy, column) in STRATEGIES.iter().zip(&columns) {
        summarise(*strategy, column);
    }
    let median = median(&columns[0]);
    missed.iter().for_each(|name| println!("the default misses {name}"));
    let is_slow = median.is_none_or(|median| median > MEDIAN_MAX);
    if missed.is_empty() && !is_slow { Ok(()) } else { Err("the default misses its bars".into()) }
}

fn search(
    engine: &mut Engine,
    leg: &Leg,
    strategy: StrategyKind,
    budget: Duration,
) -> Result<Option<Found>, Failure> {
    let plan = Plan {
        isolation: leg.isolation,
        model: leg.model.clone(),
        strategy,
        schedules_max: EXECUTIONS_MAX,
        has_evidence: false,
        budget,
        ..Plan::default()
    };
    let coverage = engine.explore(&leg.scenario, &plan, &mut |_| {})?.coverage;
    let elapsed = Duration::from_micros(coverage.elapsed_us);
    Ok(coverage.first_violation.map(|execution| Found { execution, elapsed }))
}

fn told(found: Option<&Found>) -> String {
    found.map_or_else(
        || "-".to_owned(),
        |Found { execution, elapsed }| format!("{execution} {:.3}s", elapsed.as_secs_f64()),
    )
}

/// How many executions half of the searches need at most; `None` if more than half find nothing.
fn median(column: &[Option<Found>]) -> Option<u64> {
    let mut executions: Vec<u64> =
        column.iter().map(|found| found.as_ref().map_or(u64::MAX, |found| found.execution)).collect();
    executions.sort_unstable();
    executions.get(executions.len() / 2).copied().filter(|median| *median < u64::MAX)
}

fn summarise(strategy: StrategyKind, column: &[Option<Found>]) {
    let found: Vec<&Found> = column.iter().flatten().collect();
    let most = found.iter().map(|found| found.execution).max().unwrap_or(0);
    let slowest = found.iter().map(|found| found.elapsed).max().unwrap_or_default().as_secs_f64();
    let median = median(column).map_or_else(|| "-".to_owned(), |median| median.to_string());
    println!(
        "{:10} finds {} of {}: median {median} executions, at most {most}, {slowest:.2} s",
        strategy.name(),
        found.len(),
        column.len()
    );
}
