//! Owns the seat that several passengers want: looked for first, or left to a unique constraint.

use std::result;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, Worker};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Error, GenericClient};

use super::promise;
use crate::anomaly::CHECK_THEN_ACT;
use crate::card::{Details, broken, correct};
use crate::operations::all_answered;

const INSERT: &str = "INSERT INTO reservations VALUES ($1, 1)";

/// Whether `buyer` got seat 1; the constraint's refusal is no error.
async fn reserve(postgres: &impl GenericClient, buyer: &str) -> result::Result<bool, Error> {
    match postgres.execute(INSERT, &[&buyer]).await {
        Ok(_) => Ok(true),
        Err(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => Ok(false),
        Err(error) => Err(error),
    }
}

fn promises() -> Vec<Invariant> {
    let mut promises = promise::no_double_booking();
    promises.push(all_answered("reserve"));
    promises
}

/// `SELECT`, and `INSERT` if there was nothing.
///
/// ```text
/// A                       B
/// SELECT seat 1: 0 rows
///                         SELECT seat 1: 0 rows
/// INSERT seat 1           INSERT seat 1            one seat, two passengers
/// ```
pub(super) struct CheckThenInsert;

#[async_trait(?Send)]
impl Scenario for CheckThenInsert {
    fn card(&self) -> Card {
        let about = "Each passenger looks whether the seat is reserved and reserves it if not. Two that look before \
                     either writes both find it free.";
        broken("inventory/seat-check-then-insert", about, CHECK_THEN_ACT)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        promise::seats(stores, "").await
    }

    async fn work(&self, worker: Worker) -> Result {
        let postgres = worker.postgres().await?;
        let buyer = worker.id().to_string();
        let reserve = worker.invoke("reserve", &buyer);
        if postgres.query_opt("SELECT buyer FROM reservations WHERE seat = 1", &[]).await?.is_some() {
            reserve.refused("taken");
            return Ok(());
        }
        postgres.execute(INSERT, &[&buyer]).await?;
        reserve.ok("seat 1");
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promises()
    }
}

/// The constraint decides, and its refusal is an answer.
pub(super) struct Unique;

#[async_trait(?Send)]
impl Scenario for Unique {
    fn card(&self) -> Card {
        let about = "Each passenger inserts a reservation, and a unique constraint on the seat refuses the second. The \
                     refusal is told to the passenger, not thrown at them.";
        correct("inventory/seat-unique", about)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        promise::seats(stores, "UNIQUE").await
    }

    async fn work(&self, worker: Worker) -> Result {
        let postgres = worker.postgres().await?;
        let buyer = worker.id().to_string();
        let answer = worker.invoke("reserve", &buyer);
        if reserve(&postgres, &buyer).await? {
            answer.ok("seat 1");
        } else {
            answer.refused("taken");
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promises()
    }
}

/// The constraint decides, and its refusal ends the request with an error: ugly, but one passenger per seat.
pub(super) struct UniqueUnhandled;

#[async_trait(?Send)]
impl Scenario for UniqueUnhandled {
    fn card(&self) -> Card {
        let about = "Each passenger inserts a reservation, and the refusal of a unique constraint ends the request \
                     with an error. The second passenger sees a failure, but nobody shares a seat.";
        correct("inventory/seat-unique-unhandled", about)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        promise::seats(stores, "UNIQUE").await
    }

    async fn work(&self, worker: Worker) -> Result {
        let postgres = worker.postgres().await?;
        let buyer = worker.id().to_string();
        let reserve = worker.invoke("reserve", &buyer);
        postgres.execute(INSERT, &[&buyer]).await?;
        reserve.ok("seat 1");
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promise::no_double_booking()
    }
}

/// Three insert the same seat in transactions; the end of the first wakes the other two.
///
/// ```text
/// A               B                  C
/// BEGIN           BEGIN              BEGIN
/// INSERT seat 1
///                 INSERT (waits)     INSERT (waits)
/// COMMIT          duplicate key      duplicate key
/// ```
pub(super) struct UniqueHerd;

#[async_trait(?Send)]
impl Scenario for UniqueHerd {
    fn card(&self) -> Card {
        let about = "Three passengers insert the same seat, each in a transaction, and wait for whoever came first. \
                     When that one commits, the unique constraint refuses all who waited.";
        correct("inventory/seat-unique-herd", about).workers(3)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        promise::seats(stores, "UNIQUE").await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let buyer = worker.id().to_string();
        let answer = worker.invoke("reserve", &buyer);
        let transaction = postgres.transaction().await?;
        if reserve(&transaction, &buyer).await? {
            transaction.commit().await?;
            answer.ok("seat 1");
        } else {
            transaction.rollback().await?;
            answer.refused("taken");
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promises()
    }
}

/// As before, but the first one changes its mind: its rollback lets one of those who waited in.
///
/// ```text
/// A               B                       C
/// BEGIN           BEGIN                   BEGIN
/// INSERT seat 1
///                 INSERT (waits)          INSERT (waits)
/// ROLLBACK        INSERT done             INSERT (waits for B now)
///                 COMMIT                  duplicate key
/// ```
pub(super) struct RollbackHerd;

#[async_trait(?Send)]
impl Scenario for RollbackHerd {
    fn card(&self) -> Card {
        let about = "Three passengers insert the same seat, each in a transaction, and the first one rolls back. One of \
                     those who waited gets the seat, and the unique constraint refuses the other.";
        correct("inventory/unique-herd", about).workers(3)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        promise::seats(stores, "UNIQUE").await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let buyer = worker.id().to_string();
        let answer = worker.invoke("reserve", &buyer);
        let transaction = postgres.transaction().await?;
        let is_reserved = reserve(&transaction, &buyer).await?;
        if is_reserved && worker.index() > 0 {
            transaction.commit().await?;
            answer.ok("seat 1");
        } else {
            transaction.rollback().await?;
            answer.refused(if is_reserved { "changed my mind" } else { "taken" });
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promises()
    }
}
