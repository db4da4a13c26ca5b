//! Owns the jobs in a stream that a consumer group reads.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;

use super::promises::{DONE, MAILS, every_job_is_done, times};
use crate::anomaly::{DUPLICATE_EFFECT, STRANDED_LOCK};
use crate::card::{Details, per_model};

const STREAM: &str = "stream";
const GROUP: &str = "group";
const JOB: &str = "1";
const JOBS: &[&str] = &[JOB];
/// How long a job may be pending before others claim it.
const IDLE_MS: u64 = 100;
/// How long a worker waits before it looks for pending jobs.
const POLL: Duration = Duration::from_millis(150);
/// How often the last worker looks.
const POLLS_MAX: u32 = 2;
const RECOVERY_LOCK: &str = "autoclaim:group:stream";
/// How long the lock with a time limit lasts.
const LOCK_MS: u64 = 200;
const DELETE_OWN: &str = "
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
";

/// An entry's id and its fields and values.
type Entry = (String, Vec<String>);

/// What a job does, and who may claim those of others.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stream {
    /// What is the same when it is done twice; anybody.
    Idempotent,
    /// It sends a mail; anybody.
    ///
    /// ```text
    /// A                                    B
    /// XREADGROUP -> 1
    /// RPUSH mails 1
    /// (pauses for 100 ms)
    ///                                      XAUTOCLAIM -> 1
    ///                                      RPUSH mails 1       two mails
    /// XACK                                 XACK
    /// ```
    Mail,
    /// What is the same when it is done twice; who has the recovery's lock, which has no time limit.
    ///
    /// ```text
    /// A                                    B (and everybody later)
    /// XREADGROUP -> 1
    /// SET autoclaim A NX -> OK
    /// (crash)
    ///                                      SET autoclaim B NX -> nil      for ever
    /// ```
    Locked,
    /// The same with a time limit.
    LockedForSomeTime,
}

/// The jobs that nobody was given yet.
async fn read(redis: &mut MultiplexedConnection, consumer: &str) -> Result<Vec<Entry>> {
    let mut read = redis::cmd("XREADGROUP");
    read.arg("GROUP").arg(GROUP).arg(consumer).arg("COUNT").arg(1).arg("STREAMS").arg(STREAM).arg(">");
    let streams: Option<Vec<(String, Vec<Entry>)>> = read.query_async(redis).await?;
    Ok(streams.unwrap_or_default().into_iter().flat_map(|(_, entries)| entries).collect())
}

/// The jobs that others were given and have not acknowledged.
async fn claim(redis: &mut MultiplexedConnection, consumer: &str) -> Result<Vec<Entry>> {
    let mut claim = redis::cmd("XAUTOCLAIM");
    claim.arg(STREAM).arg(GROUP).arg(consumer).arg(IDLE_MS).arg(0);
    let (_, entries, _): (String, Vec<Entry>, Vec<String>) = claim.query_async(redis).await?;
    Ok(entries)
}

impl Stream {
    async fn recover(self, redis: &mut MultiplexedConnection, consumer: &str) -> Result<Vec<Entry>> {
        if matches!(self, Self::Idempotent | Self::Mail) {
            return claim(redis, consumer).await;
        }
        let mut lock = redis::cmd("SET");
        lock.arg(RECOVERY_LOCK).arg(consumer).arg("NX");
        if self == Self::LockedForSomeTime {
            lock.arg("PX").arg(LOCK_MS);
        }
        if lock.query_async::<Option<String>>(redis).await?.is_none() {
            return Ok(Vec::new());
        }
        let entries = claim(redis, consumer).await?;
        let mut unlock = redis::cmd("EVAL");
        unlock.arg(DELETE_OWN).arg(1).arg(RECOVERY_LOCK).arg(consumer).exec_async(redis).await?;
        Ok(entries)
    }

    async fn run(self, redis: &mut MultiplexedConnection, entries: &[Entry]) -> Result {
        for (id, fields) in entries {
            let job = fields.get(1).ok_or("an entry names its job")?;
            let _: i64 = match self {
                Self::Mail => redis.rpush(MAILS, job).await?,
                _ => redis.sadd(DONE, job).await?,
            };
            redis::cmd("XACK").arg(STREAM).arg(GROUP).arg(id).exec_async(redis).await?;
        }
        Ok(())
    }
}

#[async_trait(?Send)]
impl Scenario for Stream {
    fn card(&self) -> Card {
        match self {
            Self::Idempotent => {
                let about = "Each worker of a consumer group reads a job from a stream, does it and acknowledges it, and claims what \
                             others have not acknowledged for 100 ms. A job may be done twice, which changes nothing, as its effect \
                             is the same.";
                per_model("queue/stream-autoclaim", about).holds_under(&[
                    "none",
                    "pause",
                    "crash",
                    "lost-reply",
                    "drop",
                ])
            }
            Self::Mail => {
                let about = "Each worker of a consumer group reads a job from a stream, sends a mail and acknowledges the job, and \
                             claims what others have not acknowledged for 100 ms. Delivery is at least once, and so are the \
                             mails.";
                per_model("queue/stream-taken-for-exactly-once", about)
                    .holds_under(&["none"])
                    .breaks_under(&["pause", "crash"], DUPLICATE_EFFECT)
            }
            Self::Locked => {
                let about = "Whoever claims the pending jobs of others takes a lock without a time limit around it, and leaves it \
                             alone if it is taken. A worker that is killed in between takes the recovery of all jobs with it, for \
                             ever.";
                per_model("queue/autoclaim-lock-without-ttl", about)
                    .holds_under(&["none"])
                    .breaks_under(&["crash"], STRANDED_LOCK)
                    .after("taskiq-python/taskiq-redis#107")
            }
            Self::LockedForSomeTime => {
                let about = "Whoever claims the pending jobs of others takes a lock with a time limit around it. A worker that is \
                             killed in between delays the recovery until the lock has ended.";
                per_model("queue/autoclaim-lock-with-ttl", about)
                    .holds_under(&["none", "crash"])
                    .after("taskiq-python/taskiq-redis#107")
            }
        }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        redis::cmd("XADD").arg(STREAM).arg("1-0").arg("job").arg(JOB).exec_async(stores.redis()).await?;
        let mut group = redis::cmd("XGROUP");
        Ok(group.arg("CREATE").arg(STREAM).arg(GROUP).arg(0).exec_async(stores.redis()).await?)
    }

    /// What was read is done beside the recovery, as a loop does that hands jobs to tasks.
    async fn work(&self, worker: Worker) -> Result {
        let (mut redis, consumer) = (worker.redis().await?, worker.id().to_string());
        let mut entries = read(&mut redis, &consumer).await?;
        if entries.is_empty() {
            worker.sleep(POLL).await;
        }
        if entries.is_empty() || matches!(self, Self::Locked | Self::LockedForSomeTime) {
            entries.extend(self.recover(&mut redis, &consumer).await?);
        }
        self.run(&mut redis, &entries).await
    }

    fn has_aftermath(&self) -> bool {
        true
    }

    /// A worker that starts anew and looks for what is pending.
    async fn aftermath(&self, worker: Worker) -> Result {
        let (mut redis, consumer) = (worker.redis().await?, worker.id().to_string());
        let entries = read(&mut redis, &consumer).await?;
        self.run(&mut redis, &entries).await?;
        for _ in 0..POLLS_MAX {
            worker.sleep(POLL).await;
            let entries = self.recover(&mut redis, &consumer).await?;
            self.run(&mut redis, &entries).await?;
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        if *self != Self::Mail {
            return vec![every_job_is_done(JOBS)];
        }
        vec![Invariant::new("in the end every job has sent its mail, once", |view: &View<'_>| {
            match times(view, MAILS, JOB) {
                1 => Ok(()),
                sent => Err(format!("job {JOB} has sent {sent} mails: {}", view.state)),
            }
        })]
    }
}

/// All four.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![
        Arc::new(Stream::Idempotent),
        Arc::new(Stream::Mail),
        Arc::new(Stream::Locked),
        Arc::new(Stream::LockedForSomeTime),
    ]
}
