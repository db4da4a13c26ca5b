//! Owns the comparison with PostgreSQL's own isolationtester: the same sessions, every interleaving, the same server.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use raceproof::interrupt::Interrupt;
use raceproof::plan::StrategyKind;
use raceproof::run::Engine;
use raceproof::store::{Address, Server, StoreOptions};
use raceproof::{Plan, Scenario};

use crate::session::{Sessions, cases};
use crate::table::{self, Bar, Table};
use crate::{Failure, ROUNDS};

/// Where Debian's packages of PostgreSQL put it.
const TESTERS: [&str; 2] = [
    "/usr/lib/postgresql/15/lib/pgxs/src/test/isolation/isolationtester",
    "/usr/lib/postgresql/17/lib/pgxs/src/test/isolation/isolationtester",
];

/// The database that it works in.
const DATABASE: &str = "tester";

/// Permutations per second of both, case by case, in turn on the same server.
pub(crate) fn compare(table: &mut Table, options: &StoreOptions) -> Result<(), Failure> {
    let Some(tester) = TESTERS.into_iter().map(Path::new).find(|path| path.exists()) else {
        table.row("isolationtester", "not installed: not compared".to_owned(), None);
        return Ok(());
    };
    let mut engine = Engine::start(options, Interrupt::never())?;
    let server = engine.stores().postgres().ok_or("a Postgres was asked for")?.clone();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(create_database(&server))?;
    for case in cases() {
        let (mut theirs, mut ours) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            theirs.push(tester_rate(tester, &server, &case)?);
            ours.push(engine_rate(&mut engine, &case)?);
        }
        let (theirs, ours) = (table::median(&theirs), table::median(&ours));
        let (ratio, bar) = (ours / theirs, if case.blocks() { 3.0 } else { 1.0 });
        let told = format!("{ours:.0}/s, isolationtester {theirs:.0}/s, ratio {ratio:.1}");
        table.row(case.name, told, Some(Bar::at_least(ratio, bar)));
    }
    Ok(engine.stop()?)
}

/// Ours holds what the last set-up left.
async fn create_database(server: &Server) -> Result<(), tokio_postgres::Error> {
    let (client, driver) = server.postgres_config().connect(tokio_postgres::NoTls).await?;
    let driver = tokio::spawn(driver);
    client.batch_execute(&format!("CREATE DATABASE {DATABASE}")).await?;
    drop(client);
    // It ends because its client is gone.
    let _ = driver.await;
    Ok(())
}

fn engine_rate(engine: &mut Engine, case: &Sessions) -> Result<f64, Failure> {
    let scenario: Arc<dyn Scenario> = Arc::new(case.clone());
    let strategy = StrategyKind::Dfs;
    let plan = Plan { keep_going: true, splits_max: 0, strategy, reduces: false, ..Plan::default() };
    let coverage = engine.explore(&scenario, &plan, &mut |_| {})?.coverage;
    // The same interleavings, or the comparison means nothing.
    let expected = case.permutations().len() as u64;
    if !coverage.exhausted || coverage.schedules != expected {
        return Err(format!("`{}`: {expected} schedules were expected: {coverage:?}", case.name).into());
    }
    Ok(coverage.schedules as f64 * 1e6 / coverage.elapsed_us as f64)
}

fn tester_rate(tester: &Path, server: &Server, case: &Sessions) -> Result<f64, Failure> {
    let Address::Unix(socket) = &server.address else { return Err("a local Postgres has a socket".into()) };
    let (folder, port) = (socket.parent().ok_or("a folder")?, socket.extension().ok_or("a port")?);
    let (folder, port) = (folder.display(), port.to_string_lossy());
    let connection = format!("host={folder} port={port} user=postgres dbname={DATABASE}");
    let started = Instant::now();
    let mut child = Command::new(tester)
        .arg(connection)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()?;
    child.stdin.take().ok_or("an input")?.write_all(case.spec().as_bytes())?;
    let output = child.wait_with_output()?;
    let permutations = String::from_utf8_lossy(&output.stdout).matches("starting permutation:").count();
    if !output.status.success() || permutations == 0 {
        return Err(format!("isolationtester failed on `{}`", case.name).into());
    }
    Ok(permutations as f64 / started.elapsed().as_secs_f64())
}
