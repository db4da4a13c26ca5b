//! Owns the measurement of memory over many executions.

use std::sync::Arc;
use std::time::Duration;

use raceproof::interrupt::Interrupt;
use raceproof::plan::StrategyKind;
use raceproof::run::Engine;
use raceproof::store::StoreOptions;
use raceproof::{Plan, Scenario};

use crate::Failure;
use crate::counter::GetSet;
use crate::table::{Bar, Table};

/// Resident memory after 10,000 and after 100,000 executions of one search.
pub(crate) fn measure(table: &mut Table, options: &StoreOptions) -> Result<(), Failure> {
    let mut engine = Engine::start(options, Interrupt::never())?;
    let scenario: Arc<dyn Scenario> = Arc::new(GetSet);
    let (strategy, budget) = (StrategyKind::Random, Duration::from_secs(600));
    let plan = Plan { strategy, budget, keep_going: true, schedules_max: 100_000, ..Plan::default() };
    let mut early = 0;
    let outcome = engine.explore(&scenario, &plan, &mut |progress| {
        if early == 0 && progress.schedules >= 10_000 {
            early = resident_kib();
        }
    })?;
    let late = resident_kib();
    engine.stop()?;
    if outcome.coverage.schedules != 100_000 {
        return Err(format!("{} executions instead of 100,000", outcome.coverage.schedules).into());
    }
    let growth = late as f64 / early as f64;
    let measured = format!("{early} KiB, then {late} KiB");
    table.row(
        "memory after 10,000 and 100,000 executions",
        measured,
        Some(Bar::new(format!("at most 1.05 times, is {growth:.2}"), growth <= 1.05)),
    );
    let rate = 1e11 / outcome.coverage.elapsed_us as f64;
    table.row("random walk, the same case", format!("{rate:.0} executions/s"), None);
    Ok(())
}

/// Resident memory of this process, in KiB, as the system counts it.
pub(crate) fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
