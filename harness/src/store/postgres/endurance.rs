//! Owns what of a Postgres outlives its processes, and the way from the kill to the first answer.
//!
//! One server process is killed. The server takes that for what it is: somebody may have left the shared memory in any
//! state. It ends all other processes at once, gives the memory back and recovers from its log, as after the loss of all
//! of its processes. Only the one that supervises the others lives on, and it holds nothing that a client could notice.

use std::time::{Duration, Instant};

use super::backend::PostgresBackend;
use super::batch::{Batch, quoted};
use super::control::Control;
use super::exchange::refused;
use super::holding::Holding;
use super::looks::Looks;
use crate::gate::BackendError;

/// How long a server may take until it answers again.
const BACK_MS_MAX: Duration = Duration::from_millis(8_000);
const PAUSE_MS: Duration = Duration::from_millis(1);
const ACTION: &str = "come back";

impl PostgresBackend {
    /// Says whether a commit is in the log before it is acknowledged. It need not be on the disk, as it is the process
    /// that is killed and not the machine.
    pub(super) async fn endure(&mut self, durable: bool) -> Result<(), BackendError> {
        let change = if durable { "SET synchronous_commit = on" } else { "RESET synchronous_commit" };
        let mut batch = Batch::default();
        batch.query(&format!("ALTER DATABASE {} {change}", quoted(&self.server.database)));
        // What a database says is for new connections, and what we bring back is to last as well.
        batch.query(change);
        self.ask("make commits last", &batch).await?;
        self.is_durable = durable;
        Ok(())
    }

    /// Kills the server and returns when it has recovered.
    pub(super) async fn cycle(&mut self) -> Result<(), BackendError> {
        let before = last_checkpoint(&mut self.control).await?;
        if !self.holding.kill(self.control.key) {
            self.kill_from_inside().await?;
        }
        self.armed.clear();
        (self.looks, self.looking_since) = (Looks::default(), None);
        let deadline = Instant::now() + BACK_MS_MAX;
        loop {
            match self.greet(&before).await {
                Ok(control) => {
                    self.control = control;
                    break;
                }
                Err(said) if Instant::now() >= deadline => return Err(said),
                Err(_) => crate::alarm::sleep(PAUSE_MS).await,
            }
        }
        // The processes of before are gone, and their numbers may come again.
        self.holding = Holding::new(self.server.processes);
        self.prepare_again().await
    }

    /// The server's own user may do from inside what we may not do from here.
    async fn kill_from_inside(&mut self) -> Result<(), BackendError> {
        let process = self.control.key;
        let mut batch = Batch::default();
        batch.query(&format!("COPY (SELECT 1) TO PROGRAM 'kill -KILL {process}'"));
        match self.control.exchange.try_ask(ACTION, &batch).await {
            Ok(Err(refusal)) => Err(refusal.into_error(ACTION)),
            Ok(Ok(_)) => Err(refused(ACTION, "a process of its own cannot be killed")),
            // It is gone before it can answer.
            Err(_) => Ok(()),
        }
    }

    /// A control connection to a server that has recovered since its last checkpoint was `before`: recovery ends with
    /// one of its own. Without the question we might be let in by a server that has not noticed yet what was done to it.
    async fn greet(&self, before: &str) -> Result<Control, BackendError> {
        let mut control = Control::connect(&self.server).await?;
        match last_checkpoint(&mut control).await? == before {
            true => Err(refused(ACTION, "it has not noticed yet that a process of its own was killed")),
            false => Ok(control),
        }
    }

    /// Prepares anew what is needed to bring back what was remembered.
    async fn prepare_again(&mut self) -> Result<(), BackendError> {
        let Some(remembered) = &self.remembered else { return Ok(()) };
        let mut batch = Batch::default();
        remembered.prepare(&mut batch);
        self.moments.prepare(&mut batch);
        // What cannot be prepared any more has another structure.
        self.is_stale |= self.control.exchange.try_ask(ACTION, &batch).await?.is_err();
        Ok(())
    }
}

async fn last_checkpoint(control: &mut Control) -> Result<String, BackendError> {
    let mut batch = Batch::default();
    batch.query("SELECT checkpoint_lsn FROM pg_control_checkpoint()");
    let answers = control.exchange.ask(ACTION, &batch).await?;
    let lsn = answers.first().and_then(|rows| rows.first()).map(|row| row.text(0).into_owned());
    lsn.ok_or_else(|| refused(ACTION, "it does not say where its last checkpoint is"))
}
