//! Owns the sales that check and write in one statement, which is not the same as at one moment.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};

use super::promise;
use crate::anomaly::{LOST_UPDATE, RACE_INSIDE_INSERT};
use crate::card::{Details, broken, correct};
use crate::rows;

/// Both statements look before either writes: each has a snapshot of its own, taken when it began.
///
/// ```text
/// A                                  B
/// INSERT … WHERE NOT EXISTS: begins  INSERT … WHERE NOT EXISTS: begins
///   finds nothing                      finds nothing
///   inserts                            inserts                           one seat, two passengers
/// ```
pub(super) struct InsertWhereNotExists;

#[async_trait(?Send)]
impl Scenario for InsertWhereNotExists {
    fn card(&self) -> Card {
        let about = "Each passenger reserves the seat with one INSERT … SELECT … WHERE NOT EXISTS, and no constraint is on the \
                     seat. Looking and inserting are one statement but two moments, and another statement fits in between.";
        broken("inventory/insert-where-not-exists", about, RACE_INSIDE_INSERT).within_statements()
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        promise::seats(stores, "").await
    }

    async fn work(&self, worker: Worker) -> Result {
        let postgres = worker.postgres().await?;
        let buyer = worker.id().to_string();
        let reserve = worker.invoke("reserve", &buyer);
        let insert = "INSERT INTO reservations (buyer, seat) \
                      SELECT $1, 1 WHERE NOT EXISTS (SELECT FROM reservations WHERE seat = 1)";
        match postgres.execute(insert, &[&buyer]).await? {
            0 => reserve.refused("taken"),
            _ => reserve.ok("seat 1"),
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promise::no_double_booking()
    }
}

/// Two units, free.
async fn units(stores: &mut SetUp) -> Result {
    let table = "CREATE TABLE units (id int PRIMARY KEY, owner text); INSERT INTO units VALUES (1), (2)";
    Ok(stores.postgres().batch_execute(table).await?)
}

fn everybody_has_their_unit() -> Vec<Invariant> {
    vec![Invariant::new("whoever was given a unit owns it", |view: &View<'_>| {
        let robbed = view.done("claim").map(|claim| &claim.argument);
        let robbed = robbed.into_iter().find(|buyer| rows::count(view, "units", "owner", buyer) == 0);
        robbed.map_or(Ok(()), |buyer| Err(format!("{buyer} owns none: {}", view.state)))
    })]
}

async fn claim(worker: &Worker, statement: &str) -> Result {
    let postgres = worker.postgres().await?;
    let buyer = worker.id().to_string();
    let claim = worker.invoke("claim", &buyer);
    match postgres.query_opt(statement, &[&buyer]).await? {
        Some(row) => claim.ok(row.try_get::<_, i32>(0)?),
        None => claim.refused("sold out"),
    }
    Ok(())
}

/// The subselect picks the same free unit for both; the second `UPDATE` waits and then writes over the first owner.
///
/// ```text
/// A                                     B
/// UPDATE … WHERE id = (SELECT … NULL)   UPDATE … WHERE id = (SELECT … NULL)
///   picks unit 1                          picks unit 1
///   owner of 1 = A
///                                         owner of 1 = B                     A owns nothing
/// ```
pub(super) struct Subselect;

#[async_trait(?Send)]
impl Scenario for Subselect {
    fn card(&self) -> Card {
        let about = "Each buyer claims a unit with one UPDATE whose subselect picks the first free one. The subselect locks \
                     nothing, and the UPDATE asks only for the id, so two buyers get the same unit.";
        broken("inventory/claim-by-subselect", about, LOST_UPDATE).within_statements()
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        units(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let statement = "UPDATE units SET owner = $1 WHERE id = \
                         (SELECT id FROM units WHERE owner IS NULL ORDER BY id LIMIT 1) RETURNING id";
        claim(&worker, statement).await
    }

    fn finally(&self) -> Vec<Invariant> {
        everybody_has_their_unit()
    }
}

/// The subselect locks what it picks and passes over what others have locked.
pub(super) struct SkipLocked;

#[async_trait(?Send)]
impl Scenario for SkipLocked {
    fn card(&self) -> Card {
        let about = "Each of three buyers claims one of two units with one UPDATE whose subselect is FOR UPDATE SKIP LOCKED. \
                     What the subselect picks is locked at once, so nobody else picks it.";
        correct("inventory/claim-skip-locked", about).workers(3)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        units(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let statement = "UPDATE units SET owner = $1 WHERE id = (SELECT id FROM units WHERE owner IS NULL \
                         ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id";
        claim(&worker, statement).await
    }

    fn finally(&self) -> Vec<Invariant> {
        everybody_has_their_unit()
    }
}
