//! Owns the cost of the gate where nothing is chosen: the same program through it and without it, over TCP both times.

use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::{Address, Needs, Server, SetUp};
use raceproof::{Card, Invariant, Scenario, Worker};

use crate::pgbench::Pgbench;
use crate::pump::Pump;
use crate::redis_benchmark::RedisBenchmark;
use crate::table::{self, Bar, Table};
use crate::{Failure, ROUNDS};

/// What the gate must reach of the throughput of a program that only hands bytes on.
const BAR: f64 = 0.8;
const CLIENTS: usize = 50;
const COMMANDS: usize = 200_000;
const SESSIONS: usize = 8;
const STATEMENTS: usize = 80_000;

type Making = Box<dyn Fn(&Address) -> std::result::Result<Command, Failure> + Send + Sync>;
type Reading = Box<dyn Fn(&Output) -> std::result::Result<f64, Failure> + Send + Sync>;

/// A program that measures a store, as the only worker of a burst.
struct Through {
    store: &'static str,
    /// What runs once before it, given where the store is.
    before: Option<Making>,
    making: Making,
    reading: Reading,
    /// What it measured when it ran last.
    rate: Arc<Mutex<Option<f64>>>,
}

#[async_trait(?Send)]
impl Scenario for Through {
    fn card(&self) -> Card {
        Card {
            name: "bench/through".to_owned(),
            stores: vec![self.store.to_owned()],
            workers: 1,
            ..Card::default()
        }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let Some(before) = &self.before else { return Ok(()) };
        let url = stores.url(self.store).ok_or("it listens on TCP")?;
        let done = before(&address(&url)?)?.output()?;
        if done.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&done.stderr).into()) }
    }

    async fn work(&self, worker: Worker) -> Result {
        let command = (self.making)(&address(&worker.url(self.store).await?)?)?;
        let done = tokio::process::Command::from(command).output().await?;
        *self.rate.lock().expect("no one panics with it") = Some((self.reading)(&done)?);
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::anything()]
    }
}

/// Where a URL leads.
fn address(url: &str) -> std::result::Result<Address, Failure> {
    let authority = url.split("://").nth(1).and_then(|rest| rest.split('/').next()).ok_or("a URL")?;
    let (host, port) = authority.rsplit('@').next().and_then(|at| at.rsplit_once(':')).ok_or("a port")?;
    Ok(Address::Tcp { host: host.to_owned(), port: port.parse()? })
}

pub(crate) fn measure(table: &mut Table) -> std::result::Result<(), Failure> {
    redis(table)?;
    postgres(table)
}

fn redis(table: &mut Table) -> std::result::Result<(), Failure> {
    let mut engine = crate::engine(Needs::REDIS)?;
    let server = engine.stores().redis().ok_or("a Redis was asked for")?.clone();
    for pipeline in [1, 16] {
        for verb in ["GET", "SET"] {
            let tool =
                RedisBenchmark { clients: CLIENTS, commands: COMMANDS * pipeline.min(4), pipeline, verb };
            let through = Through {
                store: "redis",
                before: None,
                making: Box::new(move |address| Ok(tool.command(address))),
                reading: Box::new(move |done| tool.told(done)),
                rate: Arc::default(),
            };
            let name = format!("redis-benchmark {verb}, {pipeline} at once");
            compare(table, &name, &mut engine, through, &mut |address| tool.rate(address), &server)?;
        }
    }
    Ok(engine.stop()?)
}

fn postgres(table: &mut Table) -> std::result::Result<(), Failure> {
    let mut engine = crate::engine(Needs::POSTGRES)?;
    let server = engine.stores().postgres().ok_or("a Postgres was asked for")?.clone();
    for mode in ["simple", "extended", "prepared"] {
        let tool = Arc::new(Pgbench { mode, clients: SESSIONS, statements: STATEMENTS, script: None });
        let (theirs, at) = (Arc::clone(&tool), server.clone());
        let preparing = server.clone();
        let through = Through {
            store: "postgres",
            before: Some(Box::new(move |address| {
                let mut command = Pgbench::before(&preparing, address)?;
                command.args(["--initialize", "--quiet"]);
                Ok(command)
            })),
            making: Box::new(move |address| theirs.command(&at, address)),
            reading: Box::new(Pgbench::told),
            rate: Arc::default(),
        };
        let name = format!("pgbench --select-only, {mode}");
        let mut directly = |address: &Address| tool.rate(&server, address);
        compare(table, &name, &mut engine, through, &mut directly, &server)?;
    }
    Ok(engine.stop()?)
}

/// All in turn, through the gate first, as its set-up makes what is read. What a program costs that only hands bytes on stands beside
/// it: no gate costs less.
fn compare(
    table: &mut Table,
    name: &str,
    engine: &mut raceproof::run::Engine,
    through: Through,
    directly: &mut dyn FnMut(&Address) -> std::result::Result<f64, Failure>,
    server: &Server,
) -> std::result::Result<(), Failure> {
    let address = server.tcp.as_ref().ok_or("it listens on TCP")?;
    let pump = Pump::before(&server.address)?;
    let measured = Arc::clone(&through.rate);
    let scenario: Arc<dyn Scenario> = Arc::new(through);
    let (mut gated, mut direct, mut pumped) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        crate::rate(engine, &scenario)?;
        gated.push(measured.lock().expect("no one panics with it").take().ok_or("it did not measure")?);
        direct.push(directly(address)?);
        pumped.push(directly(&pump.address)?);
    }
    let [gated, direct, pumped] = [gated, direct, pumped].map(|rates| table::median(&rates));
    let of = |rate: f64| format!("{rate:.0}/s of {direct:.0}/s: {:.2}", rate / direct);
    table.row(format!("{name}: through a pump of bytes"), of(pumped), None);
    table.row("  through the gate", of(gated), None);
    let ratio = gated / pumped;
    table.row("  gate of pump", format!("{ratio:.2}"), Some(Bar::at_least(ratio, BAR)));
    Ok(())
}
