//! Measures what the gate costs before Postgres: statements and executions per second, and permutations per second beside
//! those of PostgreSQL's own isolationtester, as ratios within one run against one server. Exits with 1 if a bar is
//! missed.
//!
//! `cargo bench -p raceproof --bench postgres`, or `-- unix tcp executions isolationtester` for some of it.

mod raw;
mod session;
mod statements;
mod stock;
#[path = "../gate/table.rs"]
mod table;
mod tester;

use std::sync::Arc;

use raceproof::interrupt::Interrupt;
use raceproof::plan::{RunLimits, StrategyKind};
use raceproof::run::Engine;
use raceproof::store::{Address, Needs, ProviderChoice, StoreOptions};
use raceproof::{Plan, Scenario};
use statements::Statements;
use stock::Stock;
use table::{Bar, Table};

type Failure = Box<dyn std::error::Error>;

/// Statements of one measurement.
const STATEMENTS: usize = 10_000;
/// Measurements of each path, taken in turn.
const ROUNDS: usize = 5;

fn main() -> Result<(), Failure> {
    let mut table = Table::default();
    let options =
        StoreOptions { provider: ProviderChoice::Local, needs: Needs::POSTGRES, ..StoreOptions::default() };
    let wanted = wanted();
    if wanted("unix") {
        statements(&mut table, &options, &Statements::in_process(STATEMENTS), Some(0.85))?;
    }
    if wanted("tcp") {
        statements(&mut table, &options, &Statements::over_tcp(STATEMENTS), Some(0.6))?;
    }
    if wanted("executions") {
        executions(&mut table, &options)?;
    }
    if wanted("isolationtester") {
        tester::compare(&mut table, &options)?;
    }
    if table.all_met() { Ok(()) } else { Err("a bar was missed".into()) }
}

/// Which parts to run: those named after `--`, or all.
fn wanted() -> impl Fn(&str) -> bool {
    // `cargo bench` itself adds `--bench`.
    let named: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    move |part| named.is_empty() || named.iter().any(|name| name == part)
}

/// Prepared statements one after the other, raw and through the gate, in turn on the same server.
fn statements(
    table: &mut Table,
    options: &StoreOptions,
    gated: &Arc<Statements>,
    bar: Option<f64>,
) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut engine = Engine::start(options, Interrupt::never())?;
    let server = engine.stores().postgres().ok_or("a Postgres was asked for")?;
    let mut config = server.postgres_config();
    let mut transport = "unix";
    if let (true, Some(Address::Tcp { host, port })) = (gated.is_over_tcp(), &server.tcp) {
        config = tokio_postgres::Config::new();
        config.host(host).port(*port).dbname(&server.database);
        config.user(server.user.as_deref().unwrap_or("postgres"));
        config.password(server.password.as_deref().unwrap_or(""));
        transport = "tcp";
    }
    let (mut raw_rates, mut gated_rates) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        raw_rates.push(runtime.block_on(raw::statements_per_second(&config, STATEMENTS))?);
        gated_rates.push(gated_statements_per_second(&mut engine, gated)?);
    }
    engine.stop()?;
    let (raw, through) = (table::median(&raw_rates), table::median(&gated_rates));
    table.row(format!("raw, {transport}"), format!("{raw:.0} statements/s"), None);
    table.row(format!("gated, {}", gated.client()), format!("{through:.0} steps/s"), None);
    let ratio = through / raw;
    table.row("ratio gated / raw", format!("{ratio:.2}"), bar.map(|bar| Bar::at_least(ratio, bar)));
    Ok(())
}

fn gated_statements_per_second(engine: &mut Engine, statements: &Arc<Statements>) -> Result<f64, Failure> {
    let scenario: Arc<dyn Scenario> = Arc::clone(statements) as Arc<dyn Scenario>;
    let limits = RunLimits { steps_max: STATEMENTS + 1, ..RunLimits::default() };
    let plan = Plan { schedules_max: 1, limits, splits_max: 0, ..Plan::default() };
    let outcome = engine.explore(&scenario, &plan, &mut |_| {})?;
    if outcome.coverage.steps != STATEMENTS as u64 {
        let (steps, verdict) = (outcome.coverage.steps, outcome.verdict);
        return Err(format!("{steps} steps instead of {STATEMENTS}: {verdict:?}").into());
    }
    Ok(statements.take_rate().ok_or("the worker measured nothing")?)
}

/// Whole executions per second of buying the last items.
fn executions(table: &mut Table, options: &StoreOptions) -> Result<(), Failure> {
    let mut engine = Engine::start(options, Interrupt::never())?;
    for (scenario, bar) in [
        (Stock { workers: 2, locks: false }, 1_000.0),
        (Stock { workers: 2, locks: true }, 900.0),
        (Stock { workers: 3, locks: true }, 600.0),
    ] {
        let name = scenario.told();
        let scenario: Arc<dyn Scenario> = Arc::new(scenario);
        let strategy = StrategyKind::Random;
        let plan =
            Plan { strategy, keep_going: true, splits_max: 0, schedules_max: 1_000, ..Plan::default() };
        let mut rates = Vec::new();
        for _ in 0..ROUNDS {
            let coverage = engine.explore(&scenario, &plan, &mut |_| {})?.coverage;
            if coverage.schedules != plan.schedules_max {
                return Err(format!("`{name}` ended early: {coverage:?}").into());
            }
            rates.push(coverage.schedules as f64 * 1e6 / coverage.elapsed_us as f64);
        }
        let rate = table::median(&rates);
        table.row(name, format!("{rate:.0} executions/s"), Some(Bar::at_least(rate, bar)));
    }
    engine.stop()?;
    Ok(())
}
