//! Owns the reservation that has just expired: a sweeper releases it while its holder pays.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use tokio_postgres::Client;

use crate::anomaly::CHECK_THEN_ACT;
use crate::card::{broken, correct};
use crate::operations::done;
use crate::rows;

const GIVE_BACK: &str = "UPDATE items SET stock = stock + 1 WHERE id = 1";

/// Worker A pays; the others sweep.
fn is_buyer(worker: &Worker) -> bool {
    worker.index() == 0
}

/// One unit, which is reserved; the reservation has expired, and the shop still takes the money for it until swept.
async fn prepare(stores: &mut SetUp) -> Result {
    let tables = "CREATE TABLE items (id int PRIMARY KEY, stock int NOT NULL);
                  CREATE TABLE reservations (id int PRIMARY KEY, state text NOT NULL, expired int NOT NULL);
                  INSERT INTO items VALUES (1, 0);
                  INSERT INTO reservations VALUES (1, 'held', 1)";
    Ok(stores.postgres().batch_execute(tables).await?)
}

fn promises() -> Vec<Invariant> {
    vec![Invariant::new("the unit is sold, held or in stock, and only one of these", |view: &View<'_>| {
        let held = i64::try_from(rows::count(view, "reservations", "state", "held")).unwrap_or(i64::MAX);
        match (done(view, "pay"), rows::sum(view, "items", "stock")) {
            (sold, left) if sold + held + left == 1 => Ok(()),
            (sold, left) => Err(format!("{sold} sold, {held} held, {left} in stock: {}", view.state)),
        }
    })]
}

/// Whether the reservation is still held.
async fn is_held(postgres: &Client) -> Result<bool> {
    let row = postgres.query_one("SELECT state FROM reservations WHERE id = 1", &[]).await?;
    Ok(row.try_get::<_, String>(0)? == "held")
}

/// Both look at the state first and write afterwards.
///
/// ```text
/// A (pays)                   B (sweeps)
/// SELECT state -> held
///                            SELECT state -> held, expired
/// UPDATE state sold
///                            UPDATE state released
///                            UPDATE stock + 1        sold, and in stock again
/// ```
pub(super) struct Expiry;

#[async_trait(?Send)]
impl Scenario for Expiry {
    fn card(&self) -> Card {
        let about = "A payment and a sweeper both read that a reservation is held, then one sells it and the other \
                     releases it. The unit is sold and in stock again.";
        broken("inventory/reservation-expiry", about, CHECK_THEN_ACT)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let postgres = worker.postgres().await?;
        let act = worker.invoke(if is_buyer(&worker) { "pay" } else { "sweep" }, "reservation 1");
        if !is_held(&postgres).await? {
            act.refused("no longer held");
            return Ok(());
        }
        if is_buyer(&worker) {
            postgres.execute("UPDATE reservations SET state = 'sold' WHERE id = 1", &[]).await?;
        } else {
            let release = "UPDATE reservations SET state = 'released' WHERE id = 1 AND expired = 1";
            postgres.execute(release, &[]).await?;
            postgres.execute(GIVE_BACK, &[]).await?;
        }
        act.ok("done");
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promises()
    }
}

/// Both ask for the state in the `UPDATE` itself: one of them matches no row.
pub(super) struct Conditional;

#[async_trait(?Send)]
impl Scenario for Conditional {
    fn card(&self) -> Card {
        let about = "A payment and a sweeper move a reservation on with an UPDATE that asks for the state held, and \
                     look at the row count. Whoever comes second matches no row and does nothing.";
        correct("inventory/reservation-expiry-conditional", about)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let act = worker.invoke(if is_buyer(&worker) { "pay" } else { "sweep" }, "reservation 1");
        let transaction = postgres.transaction().await?;
        let next = if is_buyer(&worker) { "sold" } else { "released" };
        let move_on = "UPDATE reservations SET state = $1 WHERE id = 1 AND state = 'held'";
        let is_ours = transaction.execute(move_on, &[&next]).await? == 1;
        if is_ours && !is_buyer(&worker) {
            transaction.execute(GIVE_BACK, &[]).await?;
        }
        transaction.commit().await?;
        if is_ours {
            act.ok("done");
        } else {
            act.refused("no longer held");
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promises()
    }
}
