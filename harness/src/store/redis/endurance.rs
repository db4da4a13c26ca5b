//! Owns what of a Redis outlives its process: the log of all writes, and the way from the kill to the first answer.

use std::time::{Duration, Instant};

use super::NAME;
use super::backend::RedisBackend;
use super::exchange::{Exchange, refusal};
use super::log_in::{log_in, slices};
use crate::gate::{BackendError, Survival};
use crate::wire::redis::Value;

/// How long a server may take until it answers again, or until its log is written anew.
pub(super) const BACK_MS_MAX: Duration = Duration::from_millis(8_000);
pub(super) const PAUSE_MS: Duration = Duration::from_millis(1);
/// Executions after which the log is written anew, as a restart reads all of it.
const ROUNDS_MAX: u32 = 256;

/// Whether and where a server writes its log.
#[derive(Debug, Default)]
pub(super) struct Endurance {
    /// Whether we have turned the log on.
    is_on: bool,
    /// How often the server came back with nothing; each time it writes to files of new names.
    wipes: u32,
    /// Executions since the log was written anew.
    rounds: u32,
}

impl Endurance {
    fn settings(&self) -> String {
        let names = match self.wipes {
            0 => String::new(),
            wipes => format!("appendfilename wiped-{wipes}.aof\ndbfilename wiped-{wipes}.rdb\n"),
        };
        let log = if self.is_on { "appendonly yes\nappendfsync no\n" } else { "" };
        format!("{names}{log}")
    }
}

impl RedisBackend {
    /// Turns the log of all writes on or off. Every write is handed to the system before it is acknowledged; it need not
    /// be on the disk, as it is the process that is killed and not the machine.
    pub(super) async fn endure(&mut self, durable: bool) -> Result<(), BackendError> {
        if durable == self.endurance.is_on || self.server.power.is_none() {
            return Ok(());
        }
        let value: &[u8] = if durable { b"yes" } else { b"no" };
        let commands: [&[&[u8]]; 2] =
            [&[b"CONFIG", b"SET", b"appendfsync", b"no"], &[b"CONFIG", b"SET", b"appendonly", value]];
        self.control.tell("turn its log on or off", &commands).await?;
        (self.endurance.is_on, self.endurance.rounds) = (durable, 0);
        if durable { self.see_log_written().await } else { Ok(()) }
    }

    /// Keeps the log short; called once for each execution.
    pub(super) async fn tidy_log(&mut self) -> Result<(), BackendError> {
        self.endurance.rounds += 1;
        if !self.endurance.is_on || self.endurance.rounds < ROUNDS_MAX {
            return Ok(());
        }
        self.endurance.rounds = 0;
        self.control.tell("write its log anew", &[&[b"BGREWRITEAOF"]]).await?;
        self.see_log_written().await
    }

    async fn see_log_written(&mut self) -> Result<(), BackendError> {
        let read = |_: usize, value: &Value<'_>| match value.text() {
            Some(text) => Ok(is_written(&String::from_utf8_lossy(text))),
            None => Err(refusal(value).unwrap_or_else(|| "no text".to_owned())),
        };
        let deadline = Instant::now() + BACK_MS_MAX;
        let info: &[&[u8]] = &[b"INFO", b"persistence"];
        while !self.control.ask("write its log anew", &[info], read).await?[0] {
            if Instant::now() >= deadline {
                return Err(late("write its log anew"));
            }
            crate::alarm::sleep(PAUSE_MS).await;
        }
        Ok(())
    }

    /// Kills the server and returns when another answers in its place.
    pub(super) async fn cycle(&mut self, survival: Survival) -> Result<(), BackendError> {
        const ACTION: &str = "come back";
        let Some(power) = self.server.power.clone() else {
            return Err(refused(ACTION, "nothing here can start it again"));
        };
        if let Some(replica) = &mut self.replica {
            replica.leave();
        }
        self.endurance.wipes += u32::from(survival == Survival::Nothing);
        let failed = |error: crate::store::StoreError| refused(ACTION, error);
        power.cycle(&self.endurance.settings()).await.map_err(failed)?;
        self.control.see_the_end(BACK_MS_MAX).await?;
        let deadline = Instant::now() + BACK_MS_MAX;
        loop {
            let said = match self.greet().await {
                Ok(control) => {
                    self.control = control;
                    return self.set_replication().await;
                }
                Err(said) => said,
            };
            if let Some(error) = power.over() {
                return Err(failed(error));
            }
            if Instant::now() >= deadline {
                return Err(said);
            }
            crate::alarm::sleep(PAUSE_MS).await;
        }
    }

    /// A control connection, if the server has read its data.
    async fn greet(&self) -> Result<Exchange, BackendError> {
        let mut exchange = Exchange::open(&self.server.address).await?;
        let mut commands = log_in(&self.server);
        commands.push(vec![b"PING"]);
        exchange.tell("come back", &slices(&commands)).await?;
        Ok(exchange)
    }
}

pub(super) fn refused(action: &'static str, answer: impl ToString) -> BackendError {
    BackendError::Refused { store: NAME, action, answer: answer.to_string() }
}

fn late(action: &'static str) -> BackendError {
    refused(action, format!("it was not done within {} ms", BACK_MS_MAX.as_millis()))
}

/// Whether `INFO persistence` says that the log is complete.
fn is_written(info: &str) -> bool {
    let is = |line: &str| info.lines().any(|found| found.trim_end() == line);
    is("aof_rewrite_in_progress:0") && is("aof_rewrite_scheduled:0") && is("aof_last_bgrewrite_status:ok")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_is_written_when_nothing_is_under_way_or_planned() {
        let info = "aof_enabled:1\r\naof_rewrite_in_progress:0\r\naof_rewrite_scheduled:0\r\naof_last_bgrewrite_status:ok\r\n";
        assert!(is_written(info));
        assert!(!is_written(&info.replace("scheduled:0", "scheduled:1")));
        assert!(!is_written(&info.replace("progress:0", "progress:1")));
    }

    /// Old files must not be read again by a server that has lost everything.
    #[test]
    fn wiped_server_writes_to_files_of_new_names() {
        let mut endurance = Endurance { is_on: true, ..Endurance::default() };
        assert!(!endurance.settings().contains("filename"));
        endurance.wipes = 2;
        assert!(endurance.settings().contains("appendfilename wiped-2.aof"));
    }
}
