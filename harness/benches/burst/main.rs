//! Measures how fast bursts are beside redis-benchmark and pgbench: the same commands from as many clients to the same
//! server, in turn; and how fast those two are through the gate beside without it. Exits with 1 if a bar is missed.
//!
//! `cargo bench -p raceproof --bench burst`, or `-- redis postgres through` for some of it.

mod commands;
mod pgbench;
mod pump;
mod redis_benchmark;
mod statements;
#[path = "../gate/table.rs"]
mod table;
mod through;

use std::sync::Arc;
use std::time::Duration;

use commands::Commands;
use pgbench::Pgbench;
use raceproof::interrupt::Interrupt;
use raceproof::plan::StrategyKind;
use raceproof::run::Engine;
use raceproof::store::{Needs, ProviderChoice, StoreOptions};
use raceproof::{Plan, Scenario, Verdict};
use redis_benchmark::RedisBenchmark;
use statements::Statements;
use table::{Bar, Table};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Measurements of each, taken in turn.
const ROUNDS: usize = 5;
/// What a burst must reach of the others' throughput.
const BAR: f64 = 0.7;

fn main() -> Result<(), Failure> {
    let mut table = Table::default();
    let named: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let wanted = |part: &str| named.is_empty() || named.iter().any(|name| name == part);
    if wanted("redis") {
        redis(&mut table)?;
    }
    if wanted("postgres") {
        postgres(&mut table)?;
    }
    if wanted("through") {
        through::measure(&mut table)?;
    }
    if table.all_met() { Ok(()) } else { Err("a bar was missed".into()) }
}

fn engine(needs: Needs) -> Result<Engine, Failure> {
    let options = StoreOptions { provider: ProviderChoice::Local, needs, ..StoreOptions::default() };
    Ok(Engine::start(&options, Interrupt::never())?)
}

fn redis(table: &mut Table) -> Result<(), Failure> {
    const COMMANDS: usize = 100_000;
    let mut engine = engine(Needs::REDIS)?;
    let server = engine.stores().redis().ok_or("a Redis was asked for")?.clone();
    for clients in [8, 50] {
        for verb in ["GET", "SET"] {
            let theirs = RedisBenchmark { clients, commands: COMMANDS, pipeline: 1, verb };
            for is_lean in [true, false] {
                let ours: Arc<dyn Scenario> =
                    Arc::new(Commands { clients, commands: COMMANDS, verb, is_lean });
                let client = if is_lean { "client that counts answers" } else { "redis crate" };
                let name = format!("{verb}, {clients} clients: burst with {client}");
                compare(table, &name, &mut engine, &ours, &mut || theirs.rate(&server.address))?;
            }
        }
    }
    Ok(engine.stop()?)
}

fn postgres(table: &mut Table) -> Result<(), Failure> {
    const STATEMENTS: usize = 50_000;
    let mut engine = engine(Needs::POSTGRES)?;
    let server = engine.stores().postgres().ok_or("a Postgres was asked for")?.clone();
    for clients in [8, 32] {
        for is_prepared in [true, false] {
            let ours: Arc<dyn Scenario> =
                Arc::new(Statements { clients, statements: STATEMENTS, is_prepared });
            let kind = if is_prepared { "prepared" } else { "simple" };
            let theirs = Pgbench::reading_the_counter(kind, clients, STATEMENTS)?;
            let name = format!("SELECT, {kind}, {clients} clients: burst");
            compare(table, &name, &mut engine, &ours, &mut || theirs.rate(&server, &server.address))?;
        }
    }
    Ok(engine.stop()?)
}

/// Both in turn, ours first, as its set-up makes what the other one reads.
fn compare(
    table: &mut Table,
    name: &str,
    engine: &mut Engine,
    ours: &Arc<dyn Scenario>,
    theirs: &mut dyn FnMut() -> Result<f64, Failure>,
) -> Result<(), Failure> {
    let (mut free, mut other) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        free.push(rate(engine, ours)?);
        other.push(theirs()?);
    }
    let (free, other) = (table::median(&free), table::median(&other));
    let (ratio, measured) = (free / other, format!("{free:.0}/s of {other:.0}/s"));
    table.row(name, measured, None);
    table.row("  ratio", format!("{ratio:.2}"), Some(Bar::at_least(ratio, BAR)));
    Ok(())
}

/// Commands per second of one burst.
fn rate(engine: &mut Engine, scenario: &Arc<dyn Scenario>) -> Result<f64, Failure> {
    let budget = Duration::from_secs(60);
    let plan = Plan { strategy: StrategyKind::Burst, schedules_max: 1, budget, ..Plan::default() };
    let outcome = engine.explore(scenario, &plan, &mut |_| {})?;
    match outcome.bursts {
        Some(bursts) if outcome.verdict == Verdict::Pass => Ok(bursts.commands_per_second() as f64),
        _ => Err(format!("the burst failed: {:?}", outcome.verdict).into()),
    }
}
