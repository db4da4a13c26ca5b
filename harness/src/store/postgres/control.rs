//! Owns [`Control`]: the connection on which the harness itself asks, sets and repairs.

use std::time::{Duration, Instant};

use super::batch::Batch;
use super::exchange::{Exchange, refused};
use super::footprint::isolation;
use super::row::Row;
use super::{alarm, in_doubt, login, split, standing, waits};
use crate::gate::BackendError;
use crate::isolation::Isolation;
use crate::store::Server;

pub(super) const TERMINATE: &str = "terminate";
const GONE: &str = "gone";

/// Before it there are no generated columns in the catalogue.
const VERSION_MIN: u32 = 120_000;

/// A connection of our own, and what was found out about the server on it.
#[derive(Debug)]
pub(super) struct Control {
    pub(super) exchange: Exchange,
    /// Its own process.
    pub(super) key: u64,
    /// Such as 150018 for 15.18.
    pub(super) version: u32,
    /// Whether triggers and foreign keys are not in force for it.
    pub(super) replicates: bool,
    pub(super) deadlock_timeout: Duration,
    /// The level of transactions that name none, where the database does not say another one.
    pub(super) isolation: Isolation,
}

/// Nobody has locked anything when the data is brought back; if somebody has, that is an error and no hang: by the server's
/// clock, and if that stands still, by the limit for a step.
const SET_LOCK_TIMEOUT: &str = "SET lock_timeout = '5s'";

/// Values look the same whoever asks, and nothing of the server's or the database's own settings gets in the way.
const SETTINGS: &str = "
    SET client_min_messages = error;
    SET statement_timeout = 0;
    SET idle_in_transaction_session_timeout = 0;
    SET default_transaction_isolation = 'read committed';
    SET default_transaction_read_only = off;
    SET synchronize_seqscans = off;
    SET max_parallel_workers_per_gather = 0;
    SET jit = off;
    SET plan_cache_mode = force_generic_plan;
    SET TimeZone = 'UTC';
    SET DateStyle = 'ISO, MDY';
    SET IntervalStyle = 'postgres';
    SET bytea_output = 'hex';
    SET extra_float_digits = 1;
    SET xmlbinary = 'base64'";

/// How long a backend that was told to end may take.
const END_MS_MAX: Duration = Duration::from_millis(5_000);
/// How often it is asked for without a pause: most are gone by then.
const EAGER_QUESTIONS: u32 = 50;
const PAUSE_MS: Duration = Duration::from_millis(1);

/// Deadlocks are waited for for as long as the server says, in milliseconds.
const FACTS: &str = "
    SELECT current_setting('server_version_num'), pg_backend_pid(),
        (SELECT setting FROM pg_settings WHERE name = 'deadlock_timeout'),
        (SELECT reset_val FROM pg_settings WHERE name = 'default_transaction_isolation')";

impl Control {
    /// Connects and makes itself at home.
    pub(super) async fn connect(server: &Server) -> Result<Self, BackendError> {
        let mut exchange = Exchange::open(&server.address).await?;
        let greeting = login::log_in(&mut exchange, &login::startup(server), server).await?;
        if let Some(refusal) = greeting.refusal {
            return Err(refusal.into_error("log in"));
        }
        let mut batch = Batch::default();
        batch.query(FACTS);
        let answers = exchange.ask("say what it is", &batch).await?;
        let facts = answers.first().and_then(|rows| rows.first());
        let mut control = Self::of(exchange, facts)?;
        control.settle().await?;
        Ok(control)
    }

    fn of(exchange: Exchange, facts: Option<&Row>) -> Result<Self, BackendError> {
        let number = |index: usize| facts.and_then(|row| row.number::<u64>(index)).unwrap_or_default();
        let version = u32::try_from(number(0)).unwrap_or_default();
        if version < VERSION_MIN {
            let answer = format!(
                "it is version {}.{}, and 12 is the oldest that is known",
                version / 10_000,
                version % 10_000
            );
            return Err(refused("stand behind the gate", answer));
        }
        let deadlock_timeout = Duration::from_millis(number(2));
        let isolation = isolation(&facts.map(|row| row.text(3)).unwrap_or_default());
        Ok(Self { exchange, key: number(1), version, replicates: false, deadlock_timeout, isolation })
    }

    async fn settle(&mut self) -> Result<(), BackendError> {
        let mut batch = Batch::default();
        batch.query(SETTINGS);
        batch.query(SET_LOCK_TIMEOUT);
        prepare(&mut batch);
        batch.sync();
        self.exchange.ask("take our settings", &batch).await?;
        // It is set once and for all: a change makes the server forget all plans.
        let mut batch = Batch::default();
        batch.query("SET session_replication_role = replica");
        self.replicates = self.exchange.try_ask("let triggers rest", &batch).await?.is_ok();
        Ok(())
    }

    /// Returns when the backend `process`, which was told to end, has done so and left no lock.
    pub(super) async fn see_the_end(
        &mut self,
        action: &'static str,
        process: &str,
    ) -> Result<(), BackendError> {
        let mut batch = Batch::default();
        batch.run(GONE, &[process]);
        batch.sync();
        let deadline = Instant::now() + END_MS_MAX;
        for question in 0_u32.. {
            let answers = self.exchange.ask(action, &batch).await?;
            if answers[0].first().is_some_and(|row| row.is_true(0)) {
                return Ok(());
            }
            if Instant::now() >= deadline {
                let waited = END_MS_MAX.as_millis();
                return Err(refused(action, format!("it is still there after {waited} ms")));
            }
            if question > EAGER_QUESTIONS {
                crate::alarm::sleep(PAUSE_MS).await;
            }
        }
        unreachable!("it ends or is given up first")
    }
}

/// Fills `batch` with the statements that do not depend on the data.
pub(super) fn prepare(batch: &mut Batch) {
    batch.prepare_words();
    batch.prepare(alarm::SESSIONS, alarm::SESSIONS_SQL);
    batch.prepare(standing::STANDING, standing::STANDING_SQL);
    batch.prepare(waits::WAITS, waits::WAITS_SQL);
    batch.prepare(in_doubt::IN_DOUBT, in_doubt::IN_DOUBT_SQL);
    batch.prepare(split::ARM, &split::arm_sql());
    batch.prepare(split::DISARM, &split::disarm_sql());
    batch.prepare(TERMINATE, "SELECT pg_terminate_backend($1::int)");
    let gone = "SELECT NOT EXISTS (SELECT FROM pg_stat_get_activity($1::int))
        AND NOT EXISTS (SELECT FROM pg_locks WHERE pid = $1::int)";
    batch.prepare(GONE, gone);
}
