//! Owns the statement that is sent again over a new session when no answer comes.

use raceproof::Worker;
use raceproof::scenario::Result;
use tokio_postgres::types::ToSql;

/// How often a statement is sent at most.
const TRIES_MAX: u32 = 3;

/// Sends `statement` until it is answered; how many rows it changed the last time.
pub(super) async fn execute(worker: &Worker, statement: &str, with: &[&(dyn ToSql + Sync)]) -> Result<u64> {
    for _ in 1..TRIES_MAX {
        if let Ok(changed) = execute_once(worker, statement, with).await {
            return Ok(changed);
        }
    }
    execute_once(worker, statement, with).await
}

async fn execute_once(worker: &Worker, statement: &str, with: &[&(dyn ToSql + Sync)]) -> Result<u64> {
    Ok(worker.postgres().await?.execute(statement, with).await?)
}
