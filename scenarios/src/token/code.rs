//! Owns the authorization code that is exchanged for a token.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};

use crate::anomaly::CHECK_THEN_ACT;
use crate::card::{Details, broken, correct};

const ISSUE: &str = "INSERT INTO tokens VALUES ($1)";

fn promises() -> Vec<Invariant> {
    vec![Invariant::new("a code yields one token at most", |view: &View<'_>| {
        match view.state.rows("tokens").count() {
            0 | 1 => Ok(()),
            tokens => Err(format!("{tokens} tokens were issued: {}", view.state)),
        }
    })]
}

/// Validate the code, save a token, remove the code: three steps, and nothing joins them.
///
/// ```text
/// A                        B
/// SELECT code: found
///                          SELECT code: found
/// INSERT token
///                          INSERT token          one code, two tokens
/// DELETE code              DELETE code: 0 rows, and nobody looks
/// ```
pub(super) struct CodeTwice;

#[async_trait(?Send)]
impl Scenario for CodeTwice {
    fn card(&self) -> Card {
        let about = "Each request validates the code, saves a token and removes the code. Requests that validate before \
                     the first removal all get a token.";
        broken("token/code-twice", about, CHECK_THEN_ACT).after("oauthlib/oauthlib#618")
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let tables = "CREATE TABLE codes (code text PRIMARY KEY);
                      CREATE TABLE tokens (id text PRIMARY KEY);
                      INSERT INTO codes VALUES ('x')";
        Ok(stores.postgres().batch_execute(tables).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let postgres = worker.postgres().await?;
        let token = format!("token of {}", worker.id());
        let exchange = worker.invoke("exchange", "x");
        if postgres.query_opt("SELECT code FROM codes WHERE code = 'x'", &[]).await?.is_none() {
            exchange.refused("no such code");
            return Ok(());
        }
        postgres.execute(ISSUE, &[&token]).await?;
        postgres.execute("DELETE FROM codes WHERE code = 'x'", &[]).await?;
        exchange.ok(token);
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promises()
    }
}

/// The fix: lock the grant, look at it again under the lock, and revoke it before the commit.
///
/// ```text
/// A                            B
/// BEGIN                        BEGIN
/// SELECT … FOR UPDATE -> live
///                              SELECT … FOR UPDATE (waits)
/// INSERT token, UPDATE revoked
/// COMMIT                       SELECT … -> revoked, COMMIT
/// ```
pub(super) struct LockAndRecheck;

#[async_trait(?Send)]
impl Scenario for LockAndRecheck {
    fn card(&self) -> Card {
        let about = "Each request locks the grant with SELECT … FOR UPDATE, looks whether it is revoked, issues a token and \
                     revokes it in one transaction. Whoever waited for the lock reads the grant as revoked.";
        correct("token/lock-and-recheck", about).after("doorkeeper-gem/doorkeeper#712")
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let tables = "CREATE TABLE grants (id int PRIMARY KEY, state text NOT NULL);
                      CREATE TABLE tokens (id text PRIMARY KEY);
                      INSERT INTO grants VALUES (1, 'live')";
        Ok(stores.postgres().batch_execute(tables).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let token = format!("token of {}", worker.id());
        let exchange = worker.invoke("exchange", "grant 1");
        let transaction = postgres.transaction().await?;
        let row = transaction.query_one("SELECT state FROM grants WHERE id = 1 FOR UPDATE", &[]).await?;
        let is_live = row.try_get::<_, String>(0)? == "live";
        if is_live {
            transaction.execute(ISSUE, &[&token]).await?;
            transaction.execute("UPDATE grants SET state = 'revoked' WHERE id = 1", &[]).await?;
        }
        transaction.commit().await?;
        if is_live {
            exchange.ok(token);
        } else {
            exchange.refused("revoked");
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promises()
    }
}
