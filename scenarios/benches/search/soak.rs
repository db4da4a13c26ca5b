//! Owns the long search of what holds: every leg of a correct variant, at random and under the faults that its card names, for as
//! long as there is time.

use std::time::{Duration, Instant};

use raceproof::plan::StrategyKind;
use raceproof::run::Engine;
use raceproof::{Inconclusive, Plan, Verdict};

use crate::Failure;
use crate::legs::{Engines, Leg, legs};

/// The longest that one leg is searched at a time.
const SHARE_MAX: Duration = Duration::from_secs(5);

/// What a soak came to.
#[derive(Debug, Default)]
pub(crate) struct Soaked {
    /// How many legs were searched.
    pub(crate) legs: usize,
    /// How often all of them were, each time with another seed.
    pub(crate) rounds: u64,
    /// Executions of all of them.
    pub(crate) executions: u64,
    /// Faults that executions had, so that nobody takes a search without any for one with.
    pub(crate) with_faults: usize,
    /// What was not as the card says.
    pub(crate) surprises: Vec<String>,
}

/// Searches the legs whose names contain one of `wanted` (or all) for `time`, at least once each.
pub(crate) fn soak(wanted: &[String], time: Duration) -> Result<Soaked, Failure> {
    let mut legs = legs(wanted);
    legs.retain(|leg| !leg.is_broken());
    let begun = Instant::now();
    let mut soaked = Soaked { legs: legs.len(), ..Soaked::default() };
    soaked.with_faults = legs.iter().filter(|leg| leg.model.faults_max > 0).count();
    let mut engines = Engines::default();
    while begun.elapsed() < time || soaked.rounds == 0 {
        for (number, leg) in legs.iter().enumerate() {
            let left = time.saturating_sub(begun.elapsed());
            let share = left / u32::try_from(legs.len() - number).unwrap_or(u32::MAX);
            let engine = engines.for_leg(leg)?;
            let (executions, surprise) = search(engine, leg, soaked.rounds, share.min(SHARE_MAX))?;
            soaked.executions += executions;
            soaked.surprises.extend(surprise);
        }
        soaked.rounds += 1;
    }
    engines.stop()?;
    Ok(soaked)
}

fn search(
    engine: &mut Engine,
    leg: &Leg,
    seed: u64,
    budget: Duration,
) -> Result<(u64, Option<String>), Failure> {
    let plan = Plan {
        isolation: leg.isolation,
        model: leg.model.clone(),
        strategy: StrategyKind::Random,
        schedules_max: u64::MAX,
        seed,
        budget,
        ..Plan::default()
    };
    let outcome = engine.explore(&leg.scenario, &plan, &mut |_| {})?;
    let surprise = match &outcome.verdict {
        // A share of a few executions, each of which an outage has ended, says nothing, which is no surprise.
        Verdict::Pass | Verdict::Inconclusive(Inconclusive::Vacuous { .. }) => None,
        other => Some(format!("`{}` with --strategy random --seed {seed}: {other:?}", leg.name())),
    };
    Ok((outcome.coverage.schedules, surprise))
}

impl Soaked {
    /// Tells it, and fails if anything was a surprise.
    pub(crate) fn told(&self) -> Result<(), Failure> {
        let Self { legs, rounds, executions, with_faults, surprises } = self;
        println!("{executions} executions of {legs} legs ({with_faults} with faults) in {rounds} rounds");
        surprises.iter().for_each(|surprise| println!("{surprise}"));
        if surprises.is_empty() { Ok(()) } else { Err("a correct variant did not hold".into()) }
    }
}
