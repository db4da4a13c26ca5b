//! Owns the job that moves from a list of those that wait to a list of those in work and has a lock beside it, after
//! `OptimalBits/bull#370` and `OptimalBits/bull#377`.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;

use super::promises::{has, no_job_runs_twice, run, times};
use crate::anomaly::CHECK_THEN_ACT;
use crate::card::{Details, per_model};

const JOB: &str = "1";
const WAIT: &str = "wait";
const ACTIVE: &str = "active";
const COMPLETED: &str = "completed";
const LOCK: &str = "1:lock";
const LOCK_MS: u64 = 60_000;
/// Takes the lock if the job is in work and nobody has it.
const LOCK_IF_ACTIVE: &str = "
for _, job in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
  if job == ARGV[1] and redis.call('SET', KEYS[2], ARGV[2], 'NX', 'PX', ARGV[3]) then return 1 end
end
return 0
";
/// Moves the next job and takes its lock.
const MOVE_AND_LOCK: &str = "
local job = redis.call('RPOPLPUSH', KEYS[1], KEYS[2])
if job then redis.call('SET', job .. ':lock', ARGV[1], 'PX', ARGV[2]) end
return job
";
/// Moves back what is in work and not locked.
const MOVE_UNLOCKED: &str = "
for _, job in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
  if redis.call('EXISTS', job .. ':lock') == 0 then
    redis.call('LREM', KEYS[1], 1, job)
    redis.call('RPUSH', KEYS[2], job)
  end
end
return 1
";

/// What worker A does in several commands, and what worker B, who looks for jobs that were left behind, makes of it.
enum Stalled {
    /// B takes the lock of a job that it saw in work.
    ///
    /// ```text
    /// A                                  B
    /// RPOPLPUSH wait active -> 1
    ///                                    LRANGE active -> [1]
    /// SET 1:lock NX -> OK
    /// runs 1; LREM active, SADD completed
    /// DEL 1:lock
    ///                                    SET 1:lock NX -> OK, runs 1 again
    /// ```
    LocksWhatItSaw,
    /// B takes the lock of a job that is still in work.
    LocksWhatIsActive,
    /// B moves back a job that is in work and has no lock yet.
    ///
    /// ```text
    /// A                                  B
    /// RPOPLPUSH wait active -> 1
    ///                                    EXISTS 1:lock -> 0
    ///                                    LREM active, RPUSH wait 1
    /// SET 1:lock NX -> OK
    /// runs 1; SADD completed                                         completed, and waiting
    /// ```
    MovesBack,
    /// Moving and locking are one script, and so are looking and moving back.
    MovesBackUnlocked,
}

async fn set_lock(redis: &mut MultiplexedConnection, owner: &str) -> Result<bool> {
    let mut set = redis::cmd("SET");
    set.arg(LOCK).arg(owner).arg("NX").arg("PX").arg(LOCK_MS);
    let answer: Option<String> = set.query_async(redis).await?;
    Ok(answer.is_some())
}

async fn set_lock_if_active(redis: &mut MultiplexedConnection, owner: &str) -> Result<bool> {
    let mut eval = redis::cmd("EVAL");
    eval.arg(LOCK_IF_ACTIVE).arg(2).arg(ACTIVE).arg(LOCK).arg(JOB).arg(owner).arg(LOCK_MS);
    Ok(eval.query_async::<i64>(redis).await? == 1)
}

/// Runs the job, moves it on and gives the lock back.
async fn finish(worker: &Worker, redis: &mut MultiplexedConnection) -> Result {
    run(worker, JOB);
    let (): () = redis::pipe()
        .atomic()
        .lrem(ACTIVE, 1, JOB)
        .ignore()
        .sadd(COMPLETED, JOB)
        .ignore()
        .query_async(redis)
        .await?;
    Ok(redis.del(LOCK).await?)
}

impl Stalled {
    async fn lock(&self, redis: &mut MultiplexedConnection, owner: &str) -> Result<bool> {
        match self {
            Self::LocksWhatIsActive => set_lock_if_active(redis, owner).await,
            _ => set_lock(redis, owner).await,
        }
    }

    /// Worker A: takes a job from those that wait and does it.
    async fn take(&self, worker: &Worker, redis: &mut MultiplexedConnection) -> Result {
        let owner = worker.id().to_string();
        if matches!(self, Self::MovesBackUnlocked) {
            let mut eval = redis::cmd("EVAL");
            eval.arg(MOVE_AND_LOCK).arg(2).arg(WAIT).arg(ACTIVE).arg(&owner).arg(LOCK_MS);
            let job: Option<String> = eval.query_async(redis).await?;
            return if job.is_some() { finish(worker, redis).await } else { Ok(()) };
        }
        let job: Option<String> = redis.rpoplpush(WAIT, ACTIVE).await?;
        if job.is_some() && self.lock(redis, &owner).await? { finish(worker, redis).await } else { Ok(()) }
    }

    /// Worker B: looks for jobs that nobody does although they are in work.
    async fn sweep(&self, worker: &Worker, redis: &mut MultiplexedConnection) -> Result {
        if matches!(self, Self::MovesBackUnlocked) {
            let mut eval = redis::cmd("EVAL");
            return Ok(eval.arg(MOVE_UNLOCKED).arg(2).arg(ACTIVE).arg(WAIT).exec_async(redis).await?);
        }
        let active: Vec<String> = redis.lrange(ACTIVE, 0, -1).await?;
        if active.is_empty() {
            return Ok(());
        }
        if !matches!(self, Self::MovesBack) {
            let is_ours = self.lock(redis, &worker.id().to_string()).await?;
            return if is_ours { finish(worker, redis).await } else { Ok(()) };
        }
        if redis.exists(LOCK).await? {
            return Ok(());
        }
        let mut back = redis::pipe();
        back.atomic().lrem(ACTIVE, 1, JOB).ignore().rpush(WAIT, JOB).ignore();
        Ok(back.exec_async(redis).await?)
    }
}

#[async_trait(?Send)]
impl Scenario for Stalled {
    fn card(&self) -> Card {
        match self {
            Self::LocksWhatItSaw => {
                let about = "A worker moves a job to the active list and takes the job's lock, and a checker takes the lock of \
                             active jobs that have none. A job that was completed and unlocked since the checker saw it is run \
                             again.";
                per_model("queue/stalled-check-locks-late", about)
                    .breaks_under(&["none"], CHECK_THEN_ACT)
                    .after("OptimalBits/bull#377")
            }
            Self::LocksWhatIsActive => {
                let about = "Worker and checker take a job's lock with a script that looks whether the job is still active. A \
                             job that was completed is not active any more, so nobody gets its lock.";
                per_model("queue/stalled-check-locks-active", about)
                    .holds_under(&["none"])
                    .after("OptimalBits/bull#377")
            }
            Self::MovesBack => {
                let about = "A worker moves a job to the active list and then locks it, and a sweeper moves active jobs without a \
                             lock back to those that wait. In between the job looks abandoned, and is run and waits at once.";
                per_model("queue/sweep-before-lock", about)
                    .breaks_under(&["none"], CHECK_THEN_ACT)
                    .after("OptimalBits/bull#370")
            }
            Self::MovesBackUnlocked => {
                let about = "A worker moves and locks a job in one script, and a sweeper looks at the lock and moves the job back \
                             in another one. No job is ever active without a lock while its worker lives.";
                per_model("queue/move-and-lock", about).holds_under(&["none"]).after("OptimalBits/bull#370")
            }
        }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(stores.redis().rpush(WAIT, JOB).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        if worker.index() == 0 {
            self.take(&worker, &mut redis).await
        } else {
            self.sweep(&worker, &mut redis).await
        }
    }

    fn finally(&self) -> Vec<Invariant> {
        let one_place =
            Invariant::new("a job that is completed does not wait", |view: &View<'_>| {
                match times(view, WAIT, JOB) {
                    waiting if waiting > 0 && has(view, COMPLETED, JOB) => {
                        Err(format!("job {JOB} is completed and waits: {}", view.state))
                    }
                    _ => Ok(()),
                }
            });
        vec![no_job_runs_twice(), one_place]
    }
}

/// All four.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![
        Arc::new(Stalled::LocksWhatItSaw),
        Arc::new(Stalled::LocksWhatIsActive),
        Arc::new(Stalled::MovesBack),
        Arc::new(Stalled::MovesBackUnlocked),
    ]
}
