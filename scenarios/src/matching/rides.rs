//! Owns the riders who wait in a Postgres table to share a car.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::{SetUp, postgres};
use raceproof::{Card, Invariant, Scenario, View, Worker};
use tokio_postgres::{Client, GenericClient};

use crate::anomaly::CHECK_THEN_ACT;
use crate::card::{Details, broken, per_model};
use crate::rows;

/// How many riders a car takes.
const SEATS: usize = 2;

/// How two who wait are taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// `SELECT`, then `UPDATE`.
    ///
    /// ```text
    /// A                            B
    /// SELECT … LIMIT 2 -> 1, 2
    ///                              SELECT … LIMIT 2 -> 1, 2
    /// UPDATE car = A               UPDATE car = B               both were told 1 and 2
    /// ```
    SelectThenUpdate,
    /// `FOR UPDATE SKIP LOCKED`, in the transaction that updates.
    SkipLocked,
}

struct Ride(Taken);

const SELECT_THEN_UPDATE: &str = "Each car selects two riders who wait and writes itself into their rows. Two cars that select before either \
                                  writes are sent to the same riders.";
const SKIP_LOCKED: &str = "Each car selects two riders who wait with FOR UPDATE SKIP LOCKED and writes itself into their rows, in one \
                           transaction. Another car skips them, and a car that dies leaves them waiting.";

async fn waiting(postgres: &impl GenericClient, lock: &str) -> Result<Vec<i32>> {
    let select = format!("SELECT id FROM riders WHERE car IS NULL ORDER BY id LIMIT 2 {lock}");
    let rows = postgres.query(&select, &[]).await?;
    Ok(rows.iter().map(|row| row.try_get(0)).collect::<std::result::Result<_, _>>()?)
}

async fn assign(postgres: &impl GenericClient, riders: &[i32], car: &str) -> Result {
    let update = "UPDATE riders SET car = $2 WHERE id IN ($1, $3)";
    postgres.execute(update, &[&riders[0], &car, &riders[1]]).await?;
    Ok(())
}

impl Ride {
    /// The riders of this car; nobody if less than two wait.
    async fn share(&self, postgres: &mut Client, car: &str) -> Result<Vec<i32>> {
        if self.0 == Taken::SelectThenUpdate {
            let riders = waiting(postgres, "").await?;
            if riders.len() == SEATS {
                assign(postgres, &riders, car).await?;
            }
            return Ok(riders);
        }
        let transaction = postgres.transaction().await?;
        let riders = waiting(&transaction, "FOR UPDATE SKIP LOCKED").await?;
        if riders.len() == SEATS {
            assign(&transaction, &riders, car).await?;
        }
        transaction.commit().await?;
        Ok(riders)
    }
}

#[async_trait(?Send)]
impl Scenario for Ride {
    fn card(&self) -> Card {
        match self.0 {
            Taken::SelectThenUpdate => {
                broken("matching/select-then-update", SELECT_THEN_UPDATE, CHECK_THEN_ACT)
            }
            Taken::SkipLocked => per_model("matching/skip-locked", SKIP_LOCKED)
                .on(&[postgres::NAME])
                .holds_under(&["none", "crash"]),
        }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let table = "CREATE TABLE riders (id int PRIMARY KEY, car text);
                     INSERT INTO riders SELECT id FROM generate_series(1, 4) AS id";
        Ok(stores.postgres().batch_execute(table).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let car = worker.id().to_string();
        let share = worker.invoke("share", &car);
        let riders = self.share(&mut postgres, &car).await?;
        if riders.len() == SEATS {
            share.ok(format!("{} {}", riders[0], riders[1]));
        } else {
            share.refused("less than two wait");
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        let sent = Invariant::new("a car has the riders that it was sent to", |view: &View<'_>| {
            let without =
                view.done("share").find(|share| rows::count(view, "riders", "car", &share.argument) != SEATS);
            without.map_or(Ok(()), |share| {
                Err(format!("{} was sent to two riders who do not have it: {}", share.argument, view.state))
            })
        });
        let whole = Invariant::new("nobody rides alone", |view: &View<'_>| {
            let riders = view.state.rows("riders").filter(|row| !rows::text(row, "car").is_empty()).count();
            if riders % SEATS == 0 { Ok(()) } else { Err(format!("{riders} ride: {}", view.state)) }
        });
        vec![sent, whole]
    }
}

/// Every variant of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(Ride(Taken::SelectThenUpdate)), Arc::new(Ride(Taken::SkipLocked))]
}
