//! Owns the job that is taken from a list in Redis, and where it is while it is being done.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, Worker};
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands, Direction};

use super::promises::{DONE, every_job_is_done};
use crate::anomaly::LOST_MESSAGE;
use crate::card::{Details, per_model};

const QUEUE: &str = "queue";
const PROCESSING: &str = "processing";
const STARTED: &str = "started";
const JOBS: &[&str] = &["1", "2"];

/// How a job leaves the queue.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pop {
    /// It is nowhere while it is being done.
    ///
    /// ```text
    /// A
    /// LPOP queue -> 1
    /// (crash)            job 1 is nowhere
    /// ```
    Lost,
    /// It is registered afterwards, and a cleaner queues again what is registered.
    ///
    /// ```text
    /// A
    /// LPOP queue -> 1
    /// (crash)            job 1 is not registered yet, so nobody looks for it
    /// ZADD started 1
    /// ```
    Registered,
    /// It is moved to the list of those in work, where nobody looks.
    Moved,
    /// It is moved to the list of those in work, and a reaper moves it back.
    ///
    /// ```text
    /// A                                     B
    /// LMOVE queue processing -> 1
    ///                                       LMOVE processing queue -> 1      (A only was slow)
    /// SADD done 1                           LMOVE queue processing -> 1
    /// LREM processing 1                     SADD done 1                      done twice, the same
    /// ```
    Reaped,
}

async fn take(pop: Pop, redis: &mut MultiplexedConnection) -> Result<Option<String>> {
    if matches!(pop, Pop::Moved | Pop::Reaped) {
        return Ok(redis.lmove(QUEUE, PROCESSING, Direction::Left, Direction::Right).await?);
    }
    let job: Option<String> = redis.lpop(QUEUE, None).await?;
    if let (Pop::Registered, Some(job)) = (pop, &job) {
        let _: i64 = redis.zadd(STARTED, job, 0).await?;
    }
    Ok(job)
}

/// Takes a job, does it and forgets it; whether there was one.
async fn do_next(pop: Pop, redis: &mut MultiplexedConnection) -> Result<bool> {
    let Some(job) = take(pop, redis).await? else { return Ok(false) };
    let _: i64 = redis.sadd(DONE, &job).await?;
    let _: i64 = match pop {
        Pop::Lost => 0,
        Pop::Registered => redis.zrem(STARTED, &job).await?,
        Pop::Moved | Pop::Reaped => redis.lrem(PROCESSING, 1, &job).await?,
    };
    Ok(true)
}

/// Queues again what was left behind, as far as the queue knows of it.
async fn clean(pop: Pop, redis: &mut MultiplexedConnection) -> Result {
    if pop == Pop::Registered {
        for job in redis.zrange::<_, Vec<String>>(STARTED, 0, -1).await? {
            let mut back = redis::pipe();
            back.atomic().zrem(STARTED, &job).ignore().rpush(QUEUE, &job).ignore();
            back.exec_async(redis).await?;
        }
    }
    if pop == Pop::Reaped {
        let back = |redis: &mut MultiplexedConnection| {
            let mut redis = redis.clone();
            async move {
                redis
                    .lmove::<_, _, Option<String>>(PROCESSING, QUEUE, Direction::Left, Direction::Right)
                    .await
            }
        };
        while back(redis).await?.is_some() {}
    }
    Ok(())
}

#[async_trait(?Send)]
impl Scenario for Pop {
    fn card(&self) -> Card {
        let lost = ["crash", "lost-reply"];
        match self {
            Self::Lost => {
                let about = "Each worker takes a job out of a list with LPOP and does it. From then on the job exists in the \
                             worker's memory only, and is lost with it or with the answer.";
                per_model("queue/lpop", about).holds_under(&["none"]).breaks_under(&lost, LOST_MESSAGE)
            }
            Self::Registered => {
                let about = "Each worker takes a job out of a list and then registers it among those that have been started, \
                             which a cleaner queues again. A job whose worker dies in between is in no list.";
                per_model("queue/pop-then-register", about)
                    .holds_under(&["none"])
                    .breaks_under(&lost, LOST_MESSAGE)
                    .after("rq/rq#580")
            }
            Self::Moved => {
                let about = "Each worker moves a job to a list of those in work with LMOVE, does it, and removes it there. A job \
                             whose worker dies stays in that list, which nobody reads.";
                per_model("queue/lmove-without-reaper", about)
                    .holds_under(&["none"])
                    .breaks_under(&lost, LOST_MESSAGE)
            }
            Self::Reaped => {
                let about = "Each worker moves a job to a list of those in work with LMOVE, does it and removes it there, and a \
                             reaper moves back what it finds in that list. A job that was only slow is done twice, which changes \
                             nothing, as its effect is the same.";
                per_model("queue/lmove-reaper", about)
                    .holds_under(&["none", "crash", "lost-reply", "drop"])
                    .after("rq/rq#580")
            }
        }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(stores.redis().rpush(QUEUE, JOBS).await?)
    }

    /// Worker B, of those who have one, is the reaper, too; it comes too early rather than too late.
    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        if worker.index() > 0 && *self == Self::Reaped {
            clean(*self, &mut redis).await?;
        }
        do_next(*self, &mut redis).await?;
        Ok(())
    }

    fn has_aftermath(&self) -> bool {
        true
    }

    /// A worker that starts anew when all others are gone.
    async fn aftermath(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        clean(*self, &mut redis).await?;
        while do_next(*self, &mut redis).await? {}
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![every_job_is_done(JOBS)]
    }
}

/// All four.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(Pop::Lost), Arc::new(Pop::Registered), Arc::new(Pop::Moved), Arc::new(Pop::Reaped)]
}
