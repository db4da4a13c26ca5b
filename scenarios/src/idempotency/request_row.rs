//! Owns the payments whose keys are kept in Postgres, beside what they are the keys of.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::{SetUp, postgres};
use raceproof::{Card, Scenario, Worker};
use tokio_postgres::{Client as Postgres, GenericClient};

use super::client::{Answer, Client, Payment, charges};
use crate::anomaly::{CHECK_THEN_ACT, DUPLICATE_EFFECT};
use crate::card::{Details, broken, per_model};

const CHARGE: &str = "INSERT INTO charges VALUES ($1, $2)";
const CHARGED: &str = "SELECT id FROM charges WHERE order_id = $1";
const ANSWERED: &str = "SELECT answer FROM requests WHERE key = $1";

/// How a request is told from the same one again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    /// Not at all: whoever gets no answer sends the `INSERT` again.
    ///
    /// ```text
    /// A
    /// INSERT charge A1 -> (done, but the answer is lost)
    /// INSERT charge A2 -> done                             charged twice
    /// ```
    Nowhere,
    /// `SELECT` by key, and `INSERT` if there was nothing.
    ///
    /// ```text
    /// A                        B (the second click)
    /// SELECT charge: 0 rows
    ///                          SELECT charge: 0 rows
    /// INSERT charge A1         INSERT charge B1         charged twice
    /// ```
    CheckThenInsert,
    /// A unique key, and `ON CONFLICT DO NOTHING`.
    UniqueKey,
    /// In a table of requests, which is written when the charge is done.
    ///
    /// ```text
    /// A                              A, again
    /// SELECT request: 0 rows
    /// INSERT charge A1
    /// (crashes)
    ///                                SELECT request: 0 rows
    ///                                INSERT charge            charged twice
    /// ```
    AfterEffect,
    /// Key, charge and answer in one transaction.
    OneTransaction,
    /// The same; whoever finds a request of the same key under way is told so instead of waiting.
    TryLock,
}

struct RequestRow(Kept);

/// The charge of whoever came first.
async fn existing(postgres: &impl GenericClient, query: &str, order: &str) -> Result<Option<String>> {
    let row = postgres.query_opt(query, &[&order]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

async fn check_then_insert(postgres: &Postgres, order: &str, charge: &str) -> Result<String> {
    if let Some(charge) = existing(postgres, CHARGED, order).await? {
        return Ok(charge);
    }
    postgres.execute(CHARGE, &[&charge, &order]).await?;
    Ok(charge.to_owned())
}

async fn unique_key(postgres: &Postgres, order: &str, charge: &str) -> Result<String> {
    postgres
        .execute("INSERT INTO charges VALUES ($1, $2) ON CONFLICT DO NOTHING", &[&charge, &order])
        .await?;
    existing(postgres, CHARGED, order).await?.ok_or_else(|| "the charge is gone".into())
}

async fn after_effect(postgres: &Postgres, order: &str, charge: &str) -> Result<String> {
    if let Some(answer) = existing(postgres, ANSWERED, order).await? {
        return Ok(answer);
    }
    postgres.execute(CHARGE, &[&charge, &order]).await?;
    postgres.execute("INSERT INTO requests VALUES ($1, $2)", &[&order, &charge]).await?;
    Ok(charge.to_owned())
}

async fn one_transaction(postgres: &mut Postgres, order: &str, charge: &str) -> Result<String> {
    let transaction = postgres.transaction().await?;
    let claim = "INSERT INTO requests VALUES ($1, NULL) ON CONFLICT DO NOTHING";
    if transaction.execute(claim, &[&order]).await? == 0 {
        let answer = existing(&transaction, ANSWERED, order).await?;
        transaction.commit().await?;
        return answer.ok_or_else(|| "a request without an answer".into());
    }
    transaction.execute(CHARGE, &[&charge, &order]).await?;
    transaction.execute("UPDATE requests SET answer = $2 WHERE key = $1", &[&order, &charge]).await?;
    transaction.commit().await?;
    Ok(charge.to_owned())
}

async fn try_lock(postgres: &mut Postgres, order: &str, charge: &str) -> Result<Answer> {
    let transaction = postgres.transaction().await?;
    let lock = "SELECT pg_try_advisory_xact_lock(hashtext($1))";
    if !transaction.query_one(lock, &[&order]).await?.try_get::<_, bool>(0)? {
        transaction.rollback().await?;
        return Ok(Answer::Refused("409: under way"));
    }
    if let Some(charge) = existing(&transaction, CHARGED, order).await? {
        transaction.rollback().await?;
        return Ok(Answer::Paid(charge));
    }
    transaction.execute(CHARGE, &[&charge, &order]).await?;
    transaction.commit().await?;
    Ok(Answer::Paid(charge.to_owned()))
}

const RETRY_WITHOUT_KEY: &str = "Each client inserts its charge and sends the INSERT again if no answer comes. If only the \
                                 answer was lost, the second one charges again.";
const CHECK_THEN_INSERT: &str = "Each request looks for a charge with its key and makes one if there is none. Two clicks that \
                                 look before either writes are both charged.";
const ON_CONFLICT: &str = "Each request inserts its charge under a unique key with ON CONFLICT DO NOTHING and answers with the \
                           charge that is there. Sent twice, at once or one after the other, it finds the first.";
const KEY_AFTER_EFFECT: &str = "Each request charges and then writes its key and its answer, in two transactions. If anything \
                                breaks in between, the next request with the same key finds no answer and charges again.";
const ONE_TRANSACTION: &str = "Each request claims its key, charges and writes its answer in one transaction, and a duplicate \
                               answers with what it finds. All of it is there or nothing, whatever breaks.";
const CONFLICT_409: &str = "Each request tries a transaction's advisory lock on its key, looks for its charge and makes it, and \
                            a duplicate of one under way is answered with 409. The lock ends with the transaction, also that \
                            of a server that has died.";

#[async_trait(?Send)]
impl Payment for RequestRow {
    fn card(&self) -> Card {
        let per_model = |name, about| per_model(name, about).on(&[postgres::NAME]);
        match self.0 {
            Kept::Nowhere => per_model("idempotency/retry-without-key", RETRY_WITHOUT_KEY)
                .holds_under(&["none", "drop"])
                .breaks_under(&["lost-reply"], DUPLICATE_EFFECT),
            Kept::CheckThenInsert => {
                broken("idempotency/check-then-insert", CHECK_THEN_INSERT, CHECK_THEN_ACT)
            }
            Kept::UniqueKey => per_model("idempotency/on-conflict", ON_CONFLICT).holds_under(&[
                "none",
                "crash",
                "lost-reply",
                "drop",
                "error",
            ]),
            Kept::AfterEffect => per_model("idempotency/key-after-effect", KEY_AFTER_EFFECT)
                .workers(1)
                .holds_under(&["none"])
                .breaks_under(&["crash", "lost-reply", "drop"], DUPLICATE_EFFECT),
            Kept::OneTransaction => per_model("idempotency/one-transaction", ONE_TRANSACTION).holds_under(&[
                "none",
                "crash",
                "lost-reply",
            ]),
            Kept::TryLock => {
                per_model("idempotency/conflict-409", CONFLICT_409).holds_under(&["none", "crash"])
            }
        }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        charges(stores, if self.0 == Kept::UniqueKey { "UNIQUE" } else { "" }).await?;
        let requests = "CREATE TABLE requests (key text PRIMARY KEY, answer text)";
        Ok(stores.postgres().batch_execute(requests).await?)
    }

    async fn request(&self, worker: &Worker, order: &str, charge: &str) -> Result<Answer> {
        let mut postgres = worker.postgres().await?;
        let charge = match self.0 {
            Kept::Nowhere => {
                postgres.execute(CHARGE, &[&charge, &order]).await?;
                charge.to_owned()
            }
            Kept::CheckThenInsert => check_then_insert(&postgres, order, charge).await?,
            Kept::UniqueKey => unique_key(&postgres, order, charge).await?,
            Kept::AfterEffect => after_effect(&postgres, order, charge).await?,
            Kept::OneTransaction => one_transaction(&mut postgres, order, charge).await?,
            Kept::TryLock => return try_lock(&mut postgres, order, charge).await,
        };
        Ok(Answer::Paid(charge))
    }

    /// Where nothing is compared, no two pay for the same.
    fn order(&self, worker: &Worker) -> String {
        let number = if self.0 == Kept::Nowhere { worker.index() + 1 } else { 1 };
        format!("order {number}")
    }

    fn comes_back(&self) -> bool {
        matches!(self.0, Kept::UniqueKey | Kept::AfterEffect | Kept::OneTransaction | Kept::TryLock)
    }
}

/// Every variant of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    let every = [
        Kept::CheckThenInsert,
        Kept::Nowhere,
        Kept::UniqueKey,
        Kept::AfterEffect,
        Kept::OneTransaction,
        Kept::TryLock,
    ];
    every.into_iter().map(|kept| Arc::new(Client(RequestRow(kept))) as Arc<dyn Scenario>).collect()
}
