//! Owns the comparison: the same counter without a gate, as tasks that a barrier releases on all cores.

use std::sync::Arc;
use std::time::Instant;

use raceproof::store::Address;
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use tokio::sync::Barrier;

use crate::raw::connect;
use crate::table::Table;

const WORKERS: usize = 3;
const EXECUTIONS: usize = 1_000;

pub(crate) fn measure(table: &mut Table, address: &Address) -> Result<(), crate::Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let (violating, first_ms) = runtime.block_on(burst(address))?;
    let share = violating as f64 / EXECUTIONS as f64;
    table.row(
        "free-running after a barrier: violating",
        format!("{:.1} % of executions", share * 100.0),
        None,
    );
    let first = first_ms.map_or("none".to_owned(), |ms| format!("{ms:.1} ms"));
    table.row("free-running: time to the first violation", first, None);
    Ok(())
}

async fn burst(address: &Address) -> redis::RedisResult<(usize, Option<f64>)> {
    let mut control = connect(address).await?;
    let mut connections = Vec::new();
    for _ in 0..WORKERS {
        connections.push(connect(address).await?);
    }
    let started = Instant::now();
    let (mut violating, mut first_ms) = (0, None);
    for _ in 0..EXECUTIONS {
        let () = control.set("counter", 0).await?;
        let barrier = Arc::new(Barrier::new(WORKERS));
        let spawn = |connection: &MultiplexedConnection| {
            tokio::spawn(increment(connection.clone(), Arc::clone(&barrier)))
        };
        for task in connections.iter().map(spawn).collect::<Vec<_>>() {
            task.await.expect("an increment does not panic")?;
        }
        let value: usize = control.get("counter").await?;
        if value != WORKERS {
            violating += 1;
            first_ms.get_or_insert(started.elapsed().as_secs_f64() * 1e3);
        }
    }
    Ok((violating, first_ms))
}

async fn increment(mut redis: MultiplexedConnection, barrier: Arc<Barrier>) -> redis::RedisResult<()> {
    barrier.wait().await;
    let value: i64 = redis.get("counter").await?;
    redis.set("counter", value + 1).await
}
