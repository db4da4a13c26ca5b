//! Owns the saga of two steps, a payment in Postgres and a seat in Redis, whose first step is undone when the second one
//! fails.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::Script;

use super::retrying::execute;
use crate::anomaly::{DUPLICATE_EFFECT, LOST_MESSAGE};
use crate::card::{Details, per_model};
use crate::rows;

const SEAT: &str = "seat";
const DEPOSIT: i64 = 100;
const PRICE: i64 = 10;
/// The payment and the saga's record; sent again it changes nothing.
const PAY: &str = "WITH new AS (INSERT INTO sagas VALUES ($1, 'paid') ON CONFLICT DO NOTHING RETURNING id) \
                   UPDATE accounts SET balance = balance - 10 WHERE EXISTS (SELECT FROM new)";
/// The seat, if it is free or already this saga's.
const BOOK: &str = "
if redis.call('SET', KEYS[1], ARGV[1], 'NX') then return 1 end
if redis.call('GET', KEYS[1]) == ARGV[1] then return 1 end
return 0
";
const REFUND: &str = "UPDATE accounts SET balance = balance + 10";
const REFUND_ONCE: &str = "WITH undone AS (UPDATE sagas SET state = 'refunded' WHERE id = $1 AND state = 'paid' RETURNING id) \
     UPDATE accounts SET balance = balance + 10 WHERE EXISTS (SELECT FROM undone)";

/// How the payment is undone for whom there is no seat.
enum Compensation {
    /// The money is sent back until there is an answer.
    ///
    /// ```text
    /// A
    /// pays 10; no seat
    /// UPDATE balance + 10 -> (done, but the answer is lost)
    /// UPDATE balance + 10                                      refunded twice
    /// ```
    Repeated,
    /// The money is sent back once, by whoever still remembers.
    ///
    /// ```text
    /// A
    /// pays 10; no seat
    /// (crash)             nobody remembers to refund
    /// ```
    Forgotten,
    /// The saga's record says what is still to be done, and is changed together with the refund.
    Recorded,
}

impl Compensation {
    async fn refund(&self, worker: &Worker, saga: &str) -> Result {
        match self {
            Self::Repeated => execute(worker, REFUND, &[]).await?,
            Self::Forgotten | Self::Recorded => execute(worker, REFUND_ONCE, &[&saga]).await?,
        };
        Ok(())
    }

    /// Books the seat, or gives the money back.
    async fn book_or_refund(&self, worker: &Worker, saga: &str) -> Result<bool> {
        let is_booked: bool = match book(worker, saga).await {
            Ok(is_booked) => is_booked,
            Err(_) => book(worker, saga).await?,
        };
        if !is_booked {
            self.refund(worker, saga).await?;
        }
        Ok(is_booked)
    }
}

async fn book(worker: &Worker, saga: &str) -> Result<bool> {
    let mut redis = worker.redis().await?;
    Ok(Script::new(BOOK).key(SEAT).arg(saga).invoke_async(&mut redis).await?)
}

#[async_trait(?Send)]
impl Scenario for Compensation {
    fn card(&self) -> Card {
        let card = match self {
            Self::Repeated => {
                let about = "Each request pays in Postgres, books the only seat in Redis, and adds the money back if the seat is taken, \
                             again and again until it gets an answer. A refund whose answer was lost is paid twice.";
                per_model("saga/refund-repeated", about)
                    .holds_under(&["none", "drop"])
                    .breaks_under(&["lost-reply"], DUPLICATE_EFFECT)
            }
            Self::Forgotten => {
                let about = "Each request pays in Postgres, books the only seat in Redis, and refunds if the seat is taken, at most \
                             once. If it dies before, nobody knows that there is something to refund.";
                per_model("saga/refund-forgotten", about)
                    .holds_under(&["none", "lost-reply"])
                    .breaks_under(&["crash"], LOST_MESSAGE)
            }
            Self::Recorded => {
                let about = "Each request pays and records that in one statement, books the only seat, and refunds and records that in \
                             one statement if the seat is taken. Whoever starts anew goes on where the records end.";
                per_model("saga/refund-recorded", about).holds_under(&["none", "crash", "lost-reply", "drop"])
            }
        };
        card.on_both()
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let tables = "CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL);
                      CREATE TABLE sagas (id text PRIMARY KEY, state text NOT NULL);
                      INSERT INTO accounts VALUES (1, 100)";
        stores.postgres().batch_execute(tables).await?;
        // Servers know a script from the first time on; here it is known from the start.
        redis::cmd("SCRIPT").arg("LOAD").arg(BOOK).exec_async(stores.redis()).await?;
        Ok(())
    }

    async fn work(&self, worker: Worker) -> Result {
        let saga = worker.id().to_string();
        let buy = worker.invoke("buy", "");
        execute(&worker, PAY, &[&saga]).await?;
        if self.book_or_refund(&worker, &saga).await? {
            buy.ok("seat");
        } else {
            buy.refused("taken");
        }
        Ok(())
    }

    fn has_aftermath(&self) -> bool {
        matches!(self, Self::Recorded)
    }

    /// Goes on with every saga that has paid: it books, or gives the money back.
    async fn aftermath(&self, worker: Worker) -> Result {
        let postgres = worker.postgres().await?;
        for row in postgres.query("SELECT id FROM sagas WHERE state = 'paid' ORDER BY id", &[]).await? {
            self.book_or_refund(&worker, row.try_get(0)?).await?;
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("who has the seat has paid for it, and nobody else has", |view: &View<'_>| {
            let seats = i64::from(view.state.get(SEAT).is_some());
            match rows::sum(view, "accounts", "balance") {
                balance if balance + seats * PRICE == DEPOSIT => Ok(()),
                balance => Err(format!("{seats} seats are sold, and of {DEPOSIT} are left {balance}")),
            }
        })]
    }
}

/// All three.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![
        Arc::new(Compensation::Repeated),
        Arc::new(Compensation::Forgotten),
        Arc::new(Compensation::Recorded),
    ]
}
