//! Owns OTV: a transaction sees another one's write to one row, and then not its write to the next row.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};

use super::{never, table};
use crate::card::Details;

/// Observed transaction vanishes.
///
/// ```text
/// A                    B                    C
///                      BEGIN, row 1 = 12
/// rows 1, 2 = 11, 21   (A waits for B)
///                                           BEGIN, SELECT row 1
///                      row 2 = 22, COMMIT
///                                           SELECT row 2, COMMIT    not 12 and then 20 or an older 21
/// ```
pub(super) struct ObservedVanishes;

/// A writes both rows with one statement, in the order of their ids.
async fn write_at_once(worker: &Worker) -> Result {
    let postgres = worker.postgres().await?;
    let writes = worker.invoke("transaction", "write rows 1 and 2 at once");
    let upsert =
        "INSERT INTO test VALUES (1, 11), (2, 21) ON CONFLICT (id) DO UPDATE SET value = excluded.value";
    postgres.execute(upsert, &[]).await?;
    writes.ok("committed");
    Ok(())
}

/// B writes one row after the other.
async fn write_in_turn(worker: &Worker) -> Result {
    let mut postgres = worker.postgres().await?;
    let writes = worker.invoke("transaction", "write rows 1 and 2");
    let transaction = postgres.transaction().await?;
    table::write(&transaction, 1, 12).await?;
    table::write(&transaction, 2, 22).await?;
    transaction.commit().await?;
    writes.ok("committed");
    Ok(())
}

/// C reads one row after the other.
async fn read_in_turn(worker: &Worker) -> Result {
    let mut postgres = worker.postgres().await?;
    let reads = worker.invoke("transaction", "read rows 1 and 2");
    let transaction = postgres.transaction().await?;
    let (one, two) = (table::read(&transaction, 1).await?, table::read(&transaction, 2).await?);
    transaction.commit().await?;
    reads.ok(format!("{one} {two}"));
    Ok(())
}

#[async_trait(?Send)]
impl Scenario for ObservedVanishes {
    fn card(&self) -> Card {
        let about = "Two transactions write the same two rows while a third one reads one after the other. A commit shows all \
                     of a transaction at once, so what was seen of one does not vanish.";
        never("isolation/otv", about).workers(3)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        table::prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        match worker.index() {
            0 => write_at_once(&worker).await,
            1 => write_in_turn(&worker).await,
            _ => read_in_turn(&worker).await,
        }
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("what was seen of a transaction does not vanish", |view: &View<'_>| {
            let Some((one, two)) = table::committed(view, 2).and_then(|read| read.split_once(' ')) else {
                return Ok(());
            };
            // After row 1 of a writer, row 2 is of the same writer or of the one that came last.
            let is_same = one[1..] == two[1..];
            if one == "10" || is_same || two == table::value(view, "2") {
                Ok(())
            } else {
                Err(format!("C read {one} in row 1 and then {two} in row 2; the rows hold {}", view.state))
            }
        })]
    }
}
