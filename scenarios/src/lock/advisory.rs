//! Owns the locks that are Postgres advisory locks.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::{SetUp, postgres};
use raceproof::{Card, Invariant, Scenario, Worker};
use tokio_postgres::Client;

use super::guarded::{Guarded, Hand, Lock};
use super::promises;
use super::session::{Session, prepare_row, read_row, write_row};
use crate::anomaly::{LOST_UPDATE, STRANDED_LOCK};
use crate::card::{Details, per_model};

/// Everything that may happen to a session.
const EVERYTHING: [&str; 7] = ["none", "pause", "crash", "lost-reply", "drop", "error", "restart"];
const TRY_LOCK: &str = "SELECT pg_try_advisory_lock(7)";
const UNLOCK: &str = "SELECT pg_advisory_unlock(7)";

/// Lock, work and unlock on one session: with the session goes the lock, and with the lock the work.
struct OneSession;

#[async_trait(?Send)]
impl Lock for OneSession {
    type Hand = Session;

    fn card(&self) -> Card {
        let about = "The lock is a session advisory lock, and everything that it protects is written through the same \
                     session. It needs no time limit: it ends with the session, after which nothing can be written.";
        per_model("lock/pg-advisory-session", about).on(&[postgres::NAME]).holds_under(&EVERYTHING)
    }

    async fn acquire(&self, session: &mut Session) -> Result<bool> {
        session.says(TRY_LOCK).await
    }

    async fn release(&self, session: &mut Session) -> Result {
        // Otherwise the lock has ended with its session.
        if let Ok(client) = session.same() {
            client.query_one(UNLOCK, &[]).await?;
        }
        Ok(())
    }

    /// Whoever has lost the session believes that it holds the lock until it notices, and can do nothing meanwhile.
    fn always(&self) -> Vec<Invariant> {
        Vec::new()
    }
}

/// A transaction's lock, which nobody has to give back.
struct OneTransaction;

#[async_trait(?Send)]
impl Lock for OneTransaction {
    type Hand = Session;

    fn card(&self) -> Card {
        let about = "The lock is a transaction advisory lock, taken in the transaction that does the work. It ends with \
                     the transaction, however that ends, and works behind a pooler of connections.";
        per_model("lock/pg-advisory-transaction", about).on(&[postgres::NAME]).holds_under(&EVERYTHING)
    }

    async fn acquire(&self, session: &mut Session) -> Result<bool> {
        session.begin().await?;
        let is_taken = session.says("SELECT pg_try_advisory_xact_lock(7)").await?;
        if !is_taken {
            session.end("ROLLBACK").await?;
        }
        Ok(is_taken)
    }

    fn is_transaction(&self) -> bool {
        true
    }

    async fn release(&self, session: &mut Session) -> Result {
        session.end("COMMIT").await
    }

    /// As for the session's lock.
    fn always(&self) -> Vec<Invariant> {
        Vec::new()
    }
}

/// The row itself is the lock.
struct ForUpdate;

#[async_trait(?Send)]
impl Lock for ForUpdate {
    type Hand = Session;

    fn card(&self) -> Card {
        let about = "Each worker locks the row with SELECT … FOR UPDATE in the transaction that writes it. Others wait, \
                     and whatever happens to the holder ends its transaction and the lock.";
        per_model("lock/pg-for-update", about).on(&[postgres::NAME]).holds_under(&EVERYTHING)
    }

    async fn acquire(&self, session: &mut Session) -> Result<bool> {
        session.begin().await?;
        let row =
            session.client().await?.query_one("SELECT n FROM resource WHERE id = 1 FOR UPDATE", &[]).await?;
        let _: i32 = row.try_get(0)?;
        Ok(true)
    }

    fn is_transaction(&self) -> bool {
        true
    }

    async fn release(&self, session: &mut Session) -> Result {
        session.end("COMMIT").await
    }

    /// As for the session's lock.
    fn always(&self) -> Vec<Invariant> {
        Vec::new()
    }
}

/// Connections that outlive their users, as those of a pool do.
#[derive(Default)]
struct Pool(Mutex<Vec<Client>>);

/// A worker whose every statement may go over another connection of the pool.
struct Pooled {
    worker: Worker,
    pool: Arc<Pool>,
}

impl Pooled {
    /// Any of the pool's connections: here one that was not used before, to which a pooler in transaction mode is
    /// free at any statement.
    async fn says(&self, query: &str) -> Result<bool> {
        let client = self.worker.postgres().await?;
        let says = client.query_one(query, &[]).await?.try_get(0);
        self.pool.0.lock().unwrap_or_else(PoisonError::into_inner).push(client);
        Ok(says?)
    }
}

#[async_trait(?Send)]
impl Hand for Pooled {
    async fn prepare(stores: &mut SetUp) -> Result {
        prepare_row(stores).await
    }

    fn of(worker: Worker) -> Self {
        let pool = worker.shared(Pool::default);
        Self { worker, pool }
    }

    fn worker(&self) -> &Worker {
        &self.worker
    }

    async fn read(&mut self) -> Result<i64> {
        read_row(&self.worker.postgres().await?).await
    }

    async fn write(&mut self, value: i64) -> Result {
        write_row(&self.worker.postgres().await?, value).await
    }

    fn no_lost_update() -> Invariant {
        promises::no_lost_update_in_row()
    }
}

/// Lock on one connection, unlock on another.
///
/// ```text
/// A, connection 1                A, connection 2                B
/// pg_try_advisory_lock -> t
///                                pg_advisory_unlock -> f
///                                (nobody looks at the answer)
///                                                               pg_try_advisory_lock -> f, for ever
/// ```
struct ThroughPool;

#[async_trait(?Send)]
impl Lock for ThroughPool {
    type Hand = Pooled;

    fn card(&self) -> Card {
        let about = "A session advisory lock is taken through one connection of a pool and given back through another. \
                     The second session holds no such lock, and the first keeps it as long as the pool lives.";
        per_model("lock/pg-advisory-pooled", about)
            .on(&[postgres::NAME])
            .after("goauthentik/authentik#23876")
            .breaks_under(&["none", "pause"], STRANDED_LOCK)
    }

    async fn acquire(&self, pooled: &mut Pooled) -> Result<bool> {
        pooled.says(TRY_LOCK).await
    }

    /// Nobody looks whether there was anything to unlock.
    async fn release(&self, pooled: &mut Pooled) -> Result {
        pooled.says(UNLOCK).await.map(|_| ())
    }
}

/// What a leader writes through.
enum Writes {
    /// Another connection, as long as a flag says that it is the leader.
    ///
    /// ```text
    /// A                                B
    /// pg_try_advisory_lock -> t
    /// (its session is lost: the flag stays)
    ///                                  pg_try_advisory_lock -> t
    /// SELECT n -> 0                    SELECT n -> 0
    /// UPDATE n = 1                     UPDATE n = 1
    /// ```
    AnotherConnection,
    /// The session that holds the lock.
    Session,
}

/// A worker that writes as long as it is the leader.
struct Leader {
    session: Session,
    other: Option<Client>,
}

#[async_trait(?Send)]
impl Hand for Leader {
    async fn prepare(stores: &mut SetUp) -> Result {
        prepare_row(stores).await
    }

    fn of(worker: Worker) -> Self {
        Self { session: Session::of(worker), other: None }
    }

    fn worker(&self) -> &Worker {
        self.session.worker()
    }

    async fn read(&mut self) -> Result<i64> {
        self.session.read().await
    }

    async fn write(&mut self, value: i64) -> Result {
        self.session.write(value).await
    }

    fn no_lost_update() -> Invariant {
        promises::no_lost_update_in_row()
    }
}

impl Leader {
    /// The connection of the pool that writes; a new one if it is lost.
    async fn other(&mut self) -> Result<&Client> {
        if self.other.as_ref().is_none_or(Client::is_closed) {
            self.other = Some(self.worker().postgres().await?);
        }
        Ok(self.other.as_ref().expect("it was opened just now"))
    }

    /// A sign of life on the session that holds the lock; that it fails is logged at most.
    async fn heartbeat(&mut self) {
        if let Ok(session) = self.session.same() {
            let _ = session.query_one("SELECT 1", &[]).await;
        }
    }
}

#[async_trait(?Send)]
impl Lock for Writes {
    type Hand = Leader;

    fn card(&self) -> Card {
        let source = "timescale/prometheus-postgresql-adapter#91";
        match self {
            Self::AnotherConnection => {
                let about = "Whoever gets a session advisory lock sets a flag, and writes through other connections as \
                             long as it is set. When the session is lost, so is the lock, and the flag stays.";
                per_model("lock/pg-leader-flag", about)
                    .on(&[postgres::NAME])
                    .after(source)
                    .holds_under(&["none", "pause", "crash"])
                    .breaks_under(&["lost-reply", "drop", "error", "restart"], LOST_UPDATE)
            }
            Self::Session => {
                let about = "The leader writes through the session that holds the advisory lock. When the session is \
                             lost, so is the lock, and the write fails.";
                per_model("lock/pg-leader-session", about)
                    .on(&[postgres::NAME])
                    .after(source)
                    .holds_under(&EVERYTHING)
            }
        }
    }

    async fn acquire(&self, leader: &mut Leader) -> Result<bool> {
        leader.session.says(TRY_LOCK).await
    }

    async fn work(&self, leader: &mut Leader) -> Result<bool> {
        match self {
            Self::Session => {
                leader.heartbeat().await;
                let value = leader.read().await?;
                leader.write(value + 1).await?;
            }
            Self::AnotherConnection => {
                leader.heartbeat().await;
                let value = read_row(leader.other().await?).await?;
                write_row(leader.other().await?, value + 1).await?;
            }
        }
        Ok(true)
    }

    async fn release(&self, leader: &mut Leader) -> Result {
        OneSession.release(&mut leader.session).await
    }

    /// What counts is who writes, not who believes to be the leader.
    fn always(&self) -> Vec<Invariant> {
        Vec::new()
    }
}

/// Every lock of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![
        Arc::new(Guarded(OneSession)),
        Arc::new(Guarded(OneTransaction)),
        Arc::new(Guarded(ForUpdate)),
        Arc::new(Guarded(ThroughPool)),
        Arc::new(Guarded(Writes::AnotherConnection)),
        Arc::new(Guarded(Writes::Session)),
    ]
}
