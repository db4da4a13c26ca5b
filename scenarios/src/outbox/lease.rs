//! Owns the relay that has an event for some time only, after `xavierjohn/Trellis#644`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::{SetUp, postgres};
use raceproof::{Card, Invariant, Scenario, View, Worker};
use tokio_postgres::Client;

use crate::anomaly::LOST_UPDATE;
use crate::card::{Details, per_model};
use crate::rows;

const SOURCE: &str = "xavierjohn/Trellis#644";
/// The operation of whoever has handed the event to the broker and writes that down.
const MARK: &str = "mark as sent";
/// How long the broker takes; well within the lease of 100 ms.
const PUBLISHING: Duration = Duration::from_millis(10);
/// How long a relay waits that finds nothing; longer than a lease.
const POLL: Duration = Duration::from_millis(120);
const POLLS_MAX: u32 = 2;
const CLAIM: &str = "UPDATE outbox SET locked_by = $1, locked_until = $2::bigint + 100 \
                     WHERE id = 1 AND state = 'pending' AND locked_until <= $2";

/// Whose bookkeeping counts.
///
/// ```text
/// A                                     B
/// UPDATE locked_by A until 100
/// (waits for the broker; 100 ms pass)
///                                       UPDATE locked_by B until 220
///                                       publishes; UPDATE state sent
/// the broker does not answer
/// UPDATE state pending, attempts + 1                              a sent event is open again
/// ```
enum Bookkeeping {
    /// Everybody's.
    Anybodys,
    /// That of whoever has the lease.
    Owners,
}

impl Bookkeeping {
    /// Writes down what became of the event; whether it was the worker's to write.
    async fn write(&self, postgres: &Client, me: &str, set: &str) -> Result<bool> {
        let changed = match self {
            Self::Anybodys => {
                let statement = format!("UPDATE outbox SET {set} WHERE id = 1");
                postgres.execute(&statement, &[]).await?
            }
            Self::Owners => {
                let statement = format!("UPDATE outbox SET {set} WHERE id = 1 AND locked_by = $1");
                postgres.execute(&statement, &[&me]).await?
            }
        };
        Ok(changed == 1)
    }

    /// Publishes the event if it can have it; whether it could. The broker does not answer worker A.
    async fn drain(&self, worker: &Worker, postgres: &Client) -> Result<bool> {
        let (me, now) = (worker.id().to_string(), i64::try_from(worker.now().as_millis())?);
        if postgres.execute(CLAIM, &[&me, &now]).await? == 0 {
            return Ok(false);
        }
        worker.sleep(PUBLISHING).await;
        if worker.index() == 0 {
            let failed = "state = 'pending', attempts = attempts + 1, locked_until = 0";
            self.write(postgres, &me, failed).await?;
            return Ok(true);
        }
        let mark = worker.invoke(MARK, "event 1");
        if self.write(postgres, &me, "state = 'sent'").await? {
            mark.ok("sent");
        } else {
            mark.refused("somebody else has it");
        }
        Ok(true)
    }
}

#[async_trait(?Send)]
impl Scenario for Bookkeeping {
    fn card(&self) -> Card {
        let card = match self {
            Self::Anybodys => {
                let about = "A relay claims an event for 100 ms, publishes it, and writes down that it was sent or has failed. One that \
                             comes back after its time writes a failure over what another one has sent.";
                per_model("outbox/relay-lease-ignored", about)
                    .holds_under(&["none"])
                    .breaks_under(&["pause"], LOST_UPDATE)
            }
            Self::Owners => {
                let about = "A relay claims an event for 100 ms, publishes it, and writes down what became of it if the event is still \
                             its own. One that comes back after its time matches no row.";
                per_model("outbox/relay-lease-checked", about).holds_under(&["none", "pause", "crash"])
            }
        };
        card.on(&[postgres::NAME]).after(SOURCE)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let table = "CREATE TABLE outbox (id int PRIMARY KEY, state text NOT NULL, attempts int NOT NULL,
                                          locked_by text, locked_until bigint NOT NULL);
                     INSERT INTO outbox VALUES (1, 'pending', 0, NULL, 0)";
        Ok(stores.postgres().batch_execute(table).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let postgres = worker.postgres().await?;
        for _ in 0..POLLS_MAX {
            if self.drain(&worker, &postgres).await? {
                break;
            }
            worker.sleep(POLL).await;
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new(
            "an event that was marked as sent stays sent",
            |view: &View<'_>| match rows::count(view, "outbox", "state", "sent") {
                0 if view.count(MARK) > 0 => Err(format!("it is to be sent again: {}", view.state)),
                _ => Ok(()),
            },
        )]
    }
}

/// Both variants.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(Bookkeeping::Anybodys), Arc::new(Bookkeeping::Owners)]
}
