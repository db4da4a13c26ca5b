//! Measures what the gate costs: commands and executions per second, as ratios within one run against one
//! server, and memory over many executions, also of a search alone. Exits with 1 if a bar is missed.
//!
//! `cargo bench -p raceproof` (about a minute), or `-- search unix tcp executions memory` for some of it. Absolute figures drift between machines; the ratios hold.

mod counter;
mod free;
mod memory;
mod raw;
mod search;
mod table;

use std::sync::Arc;

use counter::{Commands, GetSet};
use raceproof::interrupt::Interrupt;
use raceproof::plan::RunLimits;
use raceproof::run::Engine;
use raceproof::store::{Address, Needs, ProviderChoice, StoreOptions, Stores};
use raceproof::{Plan, Scenario};
use table::{Bar, Table};

type Failure = Box<dyn std::error::Error>;

/// Commands of one measurement.
const COMMANDS: usize = 20_000;
/// Measurements of each path, taken in turn.
const ROUNDS: usize = 5;

fn main() -> Result<(), Failure> {
    let mut table = Table::default();
    let wanted = wanted();
    if wanted("search") {
        // First, for memory that was taken is not given back.
        search::measure(&mut table)?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let needs = Needs::REDIS;
    let local = StoreOptions { provider: ProviderChoice::Local, needs, ..StoreOptions::default() };
    let stores = runtime.block_on(Stores::start(&local))?;
    let server = stores.redis().ok_or("a Redis was asked for")?;
    let tcp = server.tcp.clone().ok_or("a local Redis listens on TCP too")?;
    let over_tcp = StoreOptions {
        provider: ProviderChoice::Url,
        redis_url: Some(format!("redis://{tcp}")),
        disposable: true,
        ..local.clone()
    };
    let over_unix =
        StoreOptions { redis_url: Some(format!("redis+unix://{}", server.address)), ..over_tcp.clone() };
    if wanted("unix") {
        commands(
            &mut table,
            &runtime,
            &server.address,
            &over_unix,
            &Commands::in_process(COMMANDS),
            Some(0.85),
        )?;
    }
    if wanted("tcp") {
        let gated = Commands::over_tcp(COMMANDS);
        commands(&mut table, &runtime, &tcp, &over_tcp, &gated, Some(0.65))?;
        // The way that clients over TCP really go where the store has a socket, as with both providers of ours.
        commands(&mut table, &runtime, &tcp, &over_unix, &gated, None)?;
    }
    if wanted("executions") {
        executions(&mut table, &over_unix)?;
        free::measure(&mut table, &server.address)?;
    }
    if wanted("memory") {
        memory::measure(&mut table, &over_unix)?;
    }
    runtime.block_on(stores.stop())?;
    if table.all_met() { Ok(()) } else { Err("a bar was missed".into()) }
}

/// Which parts to run: those named after `--`, or all.
fn wanted() -> impl Fn(&str) -> bool {
    // `cargo bench` itself adds `--bench`.
    let named: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    move |part| named.is_empty() || named.iter().any(|name| name == part)
}

/// Commands one after the other, raw to `address` and through the gate, in turn.
fn commands(
    table: &mut Table,
    runtime: &tokio::runtime::Runtime,
    address: &Address,
    options: &StoreOptions,
    gated: &Arc<Commands>,
    bar: Option<f64>,
) -> Result<(), Failure> {
    let mut engine = Engine::start(options, Interrupt::never())?;
    let engine_is_over_unix = engine.description().iter().any(|line| line.contains("over unix"));
    let (mut raw_rates, mut gated_rates) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        raw_rates.push(runtime.block_on(raw::commands_per_second(address, COMMANDS))?);
        gated_rates.push(gated_commands_per_second(&mut engine, gated)?);
    }
    engine.stop()?;
    let (raw, through) = (table::median(&raw_rates), table::median(&gated_rates));
    table.row(format!("raw, {}", address.transport()), format!("{raw:.0} commands/s"), None);
    let upstream = if engine_is_over_unix { "unix" } else { "tcp" };
    table.row(format!("gated, {} to {upstream}", gated.client()), format!("{through:.0} steps/s"), None);
    let ratio = through / raw;
    table.row("ratio gated / raw", format!("{ratio:.2}"), bar.map(|bar| Bar::at_least(ratio, bar)));
    Ok(())
}

fn gated_commands_per_second(engine: &mut Engine, commands: &Arc<Commands>) -> Result<f64, Failure> {
    let scenario: Arc<dyn Scenario> = Arc::clone(commands) as Arc<dyn Scenario>;
    let limits = RunLimits { steps_max: COMMANDS + 1, ..RunLimits::default() };
    let plan = Plan { schedules_max: 1, limits, ..Plan::default() };
    let outcome = engine.explore(&scenario, &plan, &mut |_| {})?;
    if outcome.coverage.steps != COMMANDS as u64 {
        return Err(
            format!("{} steps instead of {COMMANDS}: {:?}", outcome.coverage.steps, outcome.verdict).into()
        );
    }
    Ok(commands.take_rate().ok_or("the worker measured nothing")?)
}

/// Whole executions per second of GET/SET with three workers.
fn executions(table: &mut Table, options: &StoreOptions) -> Result<(), Failure> {
    let mut engine = Engine::start(options, Interrupt::never())?;
    let scenario: Arc<dyn Scenario> = Arc::new(GetSet);
    let plan = Plan { keep_going: true, ..Plan::default() };
    let (mut rates, mut firsts) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        let coverage = engine.explore(&scenario, &plan, &mut |_| {})?.coverage;
        if coverage.schedules != 90 || !coverage.exhausted {
            return Err(format!("{} schedules instead of 90", coverage.schedules).into());
        }
        rates.push(90e6 / coverage.elapsed_us as f64);
        firsts.push(engine.explore(&scenario, &Plan::default(), &mut |_| {})?.coverage.elapsed_us as f64);
    }
    engine.stop()?;
    let rate = table::median(&rates);
    table.row(
        "GET/SET, 3 workers, 90 schedules",
        format!("{rate:.0} executions/s"),
        Some(Bar::at_least(rate, 3_000.0)),
    );
    table.row(
        "time to the first violation",
        format!("{:.1} ms (schedule 2)", table::median(&firsts) / 1e3),
        None,
    );
    Ok(())
}
