//! Owns the job that belongs to its worker for some time only: after that it is visible to others again.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::{SetUp, postgres};
use raceproof::{Card, Invariant, Scenario, Worker};
use tokio_postgres::Client;

use super::promises::{MAILS_TABLE, one_mail_per_job};
use crate::anomaly::DUPLICATE_EFFECT;
use crate::card::{Details, per_model};

/// How long a job belongs to whoever took it.
const VISIBILITY_MS: i64 = 100;
/// How long the job takes; well within that.
const WORK: Duration = Duration::from_millis(10);
/// How long a worker waits that finds no job; longer than one is invisible.
const POLL: Duration = Duration::from_millis(120);
/// How often a worker asks.
const POLLS_MAX: u32 = 2;

const TAKE: &str = "UPDATE jobs SET visible_at = $1::bigint + 100, takes = takes + 1 WHERE id = (SELECT id FROM jobs \
                    WHERE NOT is_done AND visible_at <= $1 ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) \
                    RETURNING id, takes";
const SEND: &str = "INSERT INTO mails (job) VALUES ($1)";
const SEND_IF_OURS: &str = "WITH done AS (UPDATE jobs SET is_done = true WHERE id = $1 AND takes = $2 RETURNING id) \
                            INSERT INTO mails (job) SELECT id FROM done";

/// What becomes of a job that was taken by somebody else in the meantime.
enum Lease {
    /// It is done all the same.
    ///
    /// ```text
    /// A                                    B
    /// UPDATE visible_at 100 -> job 1
    /// (pauses for 100 ms)
    ///                                      UPDATE visible_at 220 -> job 1
    ///                                      INSERT mail, UPDATE is_done
    /// INSERT mail                                                           two mails
    /// ```
    Trusted,
    /// The effect is written together with the end of the job, if nobody has taken the job since.
    Fenced,
}

fn now_ms(worker: &Worker) -> i64 {
    i64::try_from(worker.now().as_millis()).expect("the clock shows this century")
}

/// Does the job that was taken for the `takes`th time, unless it was taken again.
async fn do_if_ours(postgres: &Client, id: i32, takes: i32) -> Result<bool> {
    Ok(postgres.execute(SEND_IF_OURS, &[&id, &takes]).await? == 1)
}

impl Lease {
    /// Takes a job and does it; whether there was one.
    async fn do_next(&self, worker: &Worker, postgres: &Client) -> Result<bool> {
        let Some(row) = postgres.query_opt(TAKE, &[&now_ms(worker)]).await? else { return Ok(false) };
        let (id, takes): (i32, i32) = (row.try_get(0)?, row.try_get(1)?);
        let work = worker.invoke("work", id);
        worker.sleep(WORK).await;
        let is_ours = match self {
            Self::Fenced => do_if_ours(postgres, id, takes).await?,
            Self::Trusted => {
                postgres.execute(SEND, &[&id]).await?;
                postgres.execute("UPDATE jobs SET is_done = true WHERE id = $1", &[&id]).await?;
                true
            }
        };
        if is_ours {
            work.ok("done");
        } else {
            work.refused("somebody else has it");
        }
        Ok(true)
    }

    async fn poll(&self, worker: &Worker) -> Result {
        let postgres = worker.postgres().await?;
        for _ in 0..POLLS_MAX {
            if self.do_next(worker, &postgres).await? {
                break;
            }
            worker.sleep(POLL).await;
        }
        Ok(())
    }
}

#[async_trait(?Send)]
impl Scenario for Lease {
    fn card(&self) -> Card {
        let card = match self {
            Self::Trusted => {
                let about = "A job that was taken is invisible to others for 100 ms, does its work in 10 ms, and is marked as \
                             done. A worker that pauses for longer does a job that others see again, and both send the mail.";
                per_model("queue/visibility-timeout", about)
                    .holds_under(&["none"])
                    .breaks_under(&["pause", "crash"], DUPLICATE_EFFECT)
            }
            Self::Fenced => {
                let about = "A job that was taken is invisible to others for 100 ms, and its mail is sent by the statement \
                             that marks it as done if nobody has taken it since. Whoever comes too late changes nothing.";
                per_model("queue/visibility-timeout-fenced", about).holds_under(&["none", "pause", "crash"])
            }
        };
        card.on(&[postgres::NAME])
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let jobs = "CREATE TABLE jobs (id int PRIMARY KEY, visible_at bigint NOT NULL, takes int NOT NULL,
                                       is_done boolean NOT NULL);
                    INSERT INTO jobs VALUES (1, 0, 0, false)";
        stores.postgres().batch_execute(jobs).await?;
        Ok(stores.postgres().batch_execute(MAILS_TABLE).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        self.poll(&worker).await
    }

    fn has_aftermath(&self) -> bool {
        true
    }

    /// Waits as long as a job may be invisible, and does what is left.
    async fn aftermath(&self, worker: Worker) -> Result {
        worker.sleep(Duration::from_millis(VISIBILITY_MS.unsigned_abs())).await;
        self.poll(&worker).await
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![one_mail_per_job(1)]
    }
}

/// Both variants.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(Lease::Trusted), Arc::new(Lease::Fenced)]
}
