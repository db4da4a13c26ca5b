//! Owns two-phase commit: two banks prepare, a coordinator decides, and somebody must be able to go on when it has died.
//!
//! Both banks are tables of one database, each written by a transaction of its own that is prepared and then ended by
//! name, as two databases would be.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::{SetUp, postgres};
use raceproof::{Card, Invariant, Scenario, View, Worker};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::anomaly::{CHECK_THEN_ACT, DUAL_WRITE, IN_DOUBT};
use crate::card::{Details, per_model};

const BANKS: [&str; 2] = ["north", "south"];
const COMMIT: &str = "COMMIT";
const ROLLBACK: &str = "ROLLBACK";
/// Decides, unless it was decided before; what counts is what was first.
const DECIDE: &str = "INSERT INTO decisions VALUES ('transfer', $1) \
                      ON CONFLICT (id) DO UPDATE SET id = excluded.id RETURNING outcome";
/// The operation of whoever looks for transactions that nobody has ended.
const IN_DOUBT_LEFT: &str = "count those in doubt";

/// What is left of the coordinator's mind when it dies.
enum TwoPhase {
    /// Nothing, and nobody looks.
    ///
    /// ```text
    /// A
    /// PREPARE TRANSACTION north
    /// (crash)                        prepared for ever, with all its locks
    /// ```
    WithoutRecovery,
    /// Nothing; whoever looks takes back what is still prepared.
    ///
    /// ```text
    /// A                                    the next one
    /// PREPARE TRANSACTION north, south
    /// COMMIT PREPARED north
    /// (crash)
    ///                                      ROLLBACK PREPARED south      one bank has paid, none has got
    /// ```
    WithoutLog,
    /// The decision, which is written down before anybody is told; whoever looks does as it says, and writes down a
    /// rollback if there is none.
    Recovered,
    /// The same, and what looks takes a coordinator for dead that is only slow.
    ///
    /// ```text
    /// A                                    B
    /// PREPARE TRANSACTION north
    ///                                      INSERT decision -> ROLLBACK
    /// PREPARE TRANSACTION south
    /// INSERT decision -> ROLLBACK
    /// ROLLBACK PREPARED north, south       ROLLBACK PREPARED north, south
    /// ```
    RecoveredWhileAlive,
    /// The decision; who finds none takes it for a rollback and keeps that to himself.
    ///
    /// ```text
    /// A                                    B
    /// PREPARE TRANSACTION north, south
    ///                                      SELECT decision -> none
    /// INSERT decision COMMIT
    ///                                      ROLLBACK PREPARED north, south
    /// COMMIT PREPARED north, south: no such transactions              committed, it is said, and is not
    /// ```
    Presumed,
}

/// Writes into `bank` and promises that it can be committed: one message.
async fn prepare(postgres: &Client, bank: &str, amount: i32) -> Result {
    let work =
        format!("BEGIN; INSERT INTO {bank} VALUES ('transfer', {amount}); PREPARE TRANSACTION '{bank}'");
    Ok(postgres.batch_execute(&work).await?)
}

/// Tells every bank the outcome; one that knows it already has no such transaction any more.
async fn end(postgres: &Client, outcome: &str) -> Result {
    for bank in BANKS {
        match postgres.batch_execute(&format!("{outcome} PREPARED '{bank}'")).await {
            Err(error) if error.code() == Some(&SqlState::UNDEFINED_OBJECT) => {}
            answer => answer?,
        }
    }
    Ok(())
}

/// What is decided when `wanted` is proposed.
async fn decide(postgres: &Client, wanted: &str) -> Result<String> {
    Ok(postgres.query_one(DECIDE, &[&wanted]).await?.try_get(0)?)
}

impl TwoPhase {
    async fn transfer(&self, postgres: &Client) -> Result<String> {
        prepare(postgres, "north", -10).await?;
        prepare(postgres, "south", 10).await?;
        let outcome = match self {
            Self::WithoutRecovery | Self::WithoutLog => COMMIT.to_owned(),
            Self::Recovered | Self::RecoveredWhileAlive | Self::Presumed => decide(postgres, COMMIT).await?,
        };
        end(postgres, &outcome).await?;
        Ok(outcome)
    }

    async fn recover(&self, postgres: &Client) -> Result {
        match self {
            Self::WithoutRecovery => Ok(()),
            Self::WithoutLog => end(postgres, ROLLBACK).await,
            Self::Recovered | Self::RecoveredWhileAlive => {
                end(postgres, &decide(postgres, ROLLBACK).await?).await
            }
            Self::Presumed => {
                let decided = postgres.query_opt("SELECT outcome FROM decisions", &[]).await?;
                let outcome = decided.map(|row| row.try_get::<_, String>(0)).transpose()?;
                end(postgres, outcome.as_deref().unwrap_or(ROLLBACK)).await
            }
        }
    }
}

#[async_trait(?Send)]
impl Scenario for TwoPhase {
    fn card(&self) -> Card {
        let card = match self {
            Self::WithoutRecovery => {
                let about = "A coordinator lets two banks prepare a transfer and then tells both to commit. If it dies in between, a \
                             bank holds a prepared transaction with all its locks, and nobody ever tells it how to go on.";
                per_model("saga/two-phase-without-recovery", about)
                    .workers(1)
                    .holds_under(&["none"])
                    .breaks_under(&["crash"], IN_DOUBT)
            }
            Self::WithoutLog => {
                let about = "A coordinator lets two banks prepare a transfer and tells both to commit, and a recovery takes back what is \
                             still prepared after a crash. If one bank has been told before, the other one is told the contrary.";
                per_model("saga/two-phase-without-log", about)
                    .workers(1)
                    .holds_under(&["none"])
                    .breaks_under(&["crash"], DUAL_WRITE)
            }
            Self::Recovered => {
                let about = "A coordinator lets two banks prepare, writes its decision down, and tells both, and a recovery does as the \
                             decision says or writes down a rollback if there is none. Whenever the coordinator dies, both banks \
                             hear the same.";
                per_model("saga/two-phase-recovered", about).workers(1).holds_under(&[
                    "none",
                    "crash",
                    "lost-reply",
                ])
            }
            Self::RecoveredWhileAlive => {
                let about = "A recovery takes a coordinator for dead that is only slow, and both write down a decision before they tell \
                             the banks. There is one row for it, so whoever comes second does as the first one says.";
                per_model("saga/two-phase-one-decision", about).holds_under(&["none"])
            }
            Self::Presumed => {
                let about = "A recovery that finds no decision of the coordinator takes back what is prepared, without writing that down. \
                             A coordinator that was only slow decides to commit afterwards, and says so though nothing is there to be \
                             committed.";
                per_model("saga/two-phase-presumed-rollback", about).breaks_under(&["none"], CHECK_THEN_ACT)
            }
        };
        card.on(&[postgres::NAME])
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let tables = "CREATE TABLE north (id text PRIMARY KEY, amount int NOT NULL);
                      CREATE TABLE south (id text PRIMARY KEY, amount int NOT NULL);
                      CREATE TABLE decisions (id text PRIMARY KEY, outcome text NOT NULL)";
        Ok(stores.postgres().batch_execute(tables).await?)
    }

    /// Worker A coordinates; worker B, where there is one, takes it for dead.
    async fn work(&self, worker: Worker) -> Result {
        let postgres = worker.postgres().await?;
        if worker.index() > 0 {
            return self.recover(&postgres).await;
        }
        let transfer = worker.invoke("transfer", 10);
        match self.transfer(&postgres).await?.as_str() {
            COMMIT => transfer.ok("committed"),
            _ => transfer.refused("rolled back"),
        }
        Ok(())
    }

    fn has_aftermath(&self) -> bool {
        true
    }

    async fn aftermath(&self, worker: Worker) -> Result {
        let postgres = worker.postgres().await?;
        self.recover(&postgres).await?;
        let count = worker.invoke(IN_DOUBT_LEFT, "");
        let row = postgres.query_one("SELECT count(*) FROM pg_prepared_xacts", &[]).await?;
        count.ok(row.try_get::<_, i64>(0)?);
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        let both = |view: &View<'_>| {
            let [left, right] = BANKS.map(|bank| view.state.rows(bank).count());
            if left == right { Ok(()) } else { Err(format!("one of them has: {}", view.state)) }
        };
        let ended = |view: &View<'_>| {
            let left: Vec<_> =
                view.results(IN_DOUBT_LEFT).into_iter().filter(|count| *count != "0").collect();
            left.first().map_or(Ok(()), |count| Err(format!("{count} still are: {}", view.state)))
        };
        let kept = |view: &View<'_>| match (view.count("transfer"), view.state.rows("south").count()) {
            (told, arrived) if told <= arrived => Ok(()),
            _ => Err(format!("it was told that it is, and is not: {}", view.state)),
        };
        vec![
            Invariant::new("both banks have booked the transfer, or neither", both),
            Invariant::new("in the end no transaction is in doubt", ended),
            Invariant::new("a transfer that was committed is booked", kept),
        ]
    }
}

/// All five.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![
        Arc::new(TwoPhase::WithoutRecovery),
        Arc::new(TwoPhase::WithoutLog),
        Arc::new(TwoPhase::Presumed),
        Arc::new(TwoPhase::Recovered),
        Arc::new(TwoPhase::RecoveredWhileAlive),
    ]
}
