//! Owns the job that is to run later, and is held by its worker until then, after `celery/kombu#337`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, Worker};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;

use super::promises::{no_job_runs_twice, run};
use crate::anomaly::DUPLICATE_EFFECT;
use crate::card::{Details, per_model};

const SOURCE: &str = "celery/kombu#337";
const QUEUE: &str = "queue";
const UNACKED: &str = "unacked";
const INDEX: &str = "unacked_index";
const JOB: &str = "1";
/// When the job is to run, by the run's clock.
const ETA: Duration = Duration::from_secs(5);
/// How long a worker may have a job before it is given to another one.
const VISIBILITY: Duration = Duration::from_secs(2);
/// How long a worker waits that finds no job.
const POLL: Duration = Duration::from_secs(3);
const POLLS_MAX: u32 = 2;
/// Puts back every job that was last heard of before `ARGV[1]`.
const RESTORE: &str = "
for _, job in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[1])) do
  redis.call('HDEL', KEYS[1], job)
  redis.call('ZREM', KEYS[2], job)
  redis.call('RPUSH', KEYS[3], job)
end
return 1
";

/// From when on it counts how long a worker has a job.
enum From {
    /// Its delivery.
    ///
    /// ```text
    /// A                                    B
    /// LPOP -> 1; ZADD index 0 s
    /// (waits until 5 s)
    ///                                      3 s: restores 1, which is older than 2 s
    ///                                      LPOP -> 1, waits until 5 s
    /// 5 s: runs 1                          5 s: runs 1
    /// ```
    Delivery,
    /// When it is due, if that is later.
    Due,
}

impl From {
    async fn take(&self, worker: &Worker, redis: &mut MultiplexedConnection) -> Result<bool> {
        let now = worker.clock().now();
        if let Some(old) = now.checked_sub(VISIBILITY) {
            let mut restore = redis::cmd("EVAL");
            restore.arg(RESTORE).arg(3).arg(UNACKED).arg(INDEX).arg(QUEUE);
            restore.arg(old.as_secs()).exec_async(redis).await?;
        }
        let job: Option<String> = redis.lpop(QUEUE, None).await?;
        let Some(job) = job else { return Ok(false) };
        let from = match self {
            Self::Delivery => now,
            Self::Due => now.max(ETA),
        };
        let mut hold = redis::pipe();
        hold.atomic().hset(UNACKED, &job, "held").ignore().zadd(INDEX, &job, from.as_secs()).ignore();
        hold.exec_async(redis).await?;
        Ok(true)
    }
}

#[async_trait(?Send)]
impl Scenario for From {
    fn card(&self) -> Card {
        let card = match self {
            Self::Delivery => {
                let about = "A worker takes a job that is due in five seconds and holds it in its memory until then, and a job \
                             that was delivered more than two seconds ago is given to another worker. Nobody is slow or dead, and \
                             both run it.";
                per_model("queue/eta-beyond-visibility", about).breaks_under(&["none"], DUPLICATE_EFFECT)
            }
            Self::Due => {
                let about = "A worker holds a job that is due in five seconds, and the two seconds after which others are given it \
                             count from when it is due. It holds as long as nobody pauses beyond that.";
                per_model("queue/eta-then-visibility", about)
                    .holds_under(&["none"])
                    .breaks_under(&["pause"], DUPLICATE_EFFECT)
            }
        };
        card.after(SOURCE)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(stores.redis().rpush(QUEUE, JOB).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        for _ in 0..POLLS_MAX {
            if self.take(&worker, &mut redis).await? {
                worker.sleep(ETA.saturating_sub(worker.clock().now())).await;
                run(&worker, JOB);
                let mut ack = redis::pipe();
                ack.atomic().hdel(UNACKED, JOB).ignore().zrem(INDEX, JOB).ignore();
                return Ok(ack.exec_async(&mut redis).await?);
            }
            worker.sleep(POLL).await;
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![no_job_runs_twice()]
    }
}

/// Both variants.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(From::Delivery), Arc::new(From::Due)]
}
