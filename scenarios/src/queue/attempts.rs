//! Owns the job that is tried three times and is then a dead letter.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;

use super::promises::{DONE, has, times};
use crate::anomaly::{CHECK_THEN_ACT, LOST_UPDATE};
use crate::card::{Details, broken, correct};
use crate::operations::open;
use crate::rows;

const ATTEMPTS: &str = "attempts";
const DEAD: &str = "dead";
const JOB: &str = "1";
const TRIES_MAX: i64 = 3;
/// How often the job has failed before.
const FAILED_BEFORE: i64 = 1;
const FAIL: &str = "fail";
/// Counts a failed try; the third one makes a dead letter.
const COUNT_OR_BURY: &str = "
local attempts = redis.call('INCR', KEYS[1])
if attempts == tonumber(ARGV[2]) then redis.call('RPUSH', KEYS[2], ARGV[1]) end
return attempts
";

/// A job fails after its third failed try, and no sooner; `buried` tells how many dead letters it has.
fn dead_after_three(buried: impl Fn(&View<'_>) -> usize + Send + Sync + 'static) -> Invariant {
    Invariant::new("a job becomes a dead letter with its third failed try, once", move |view: &View<'_>| {
        let certain = FAILED_BEFORE + crate::operations::done(view, FAIL);
        let dead = buried(view);
        let is_due = certain >= TRIES_MAX;
        if usize::from(is_due) == dead || (!is_due && dead == 1 && open(view, FAIL) > 0) {
            return Ok(());
        }
        Err(format!("{certain} tries have failed, and there are {dead} dead letters: {}", view.state))
    })
}

/// How a failed try is counted in Redis. The job has failed once, and was delivered to both workers.
enum Counted {
    /// ```text
    /// A                   B
    /// GET -> 1
    ///                     GET -> 1
    /// SET 2               SET 2      three have failed, two are counted: it is tried for ever
    /// ```
    GetSet,
    /// ```text
    /// A                   B
    /// INCR -> 2
    ///                     INCR -> 3
    /// GET -> 3            GET -> 3
    /// RPUSH dead          RPUSH dead      two dead letters of one job
    /// ```
    IncrThenGet,
    /// All in one script.
    Script,
}

impl Counted {
    async fn fail(&self, redis: &mut MultiplexedConnection) -> Result {
        let attempts: i64 = match self {
            Self::GetSet => {
                let attempts = redis.get::<_, i64>(ATTEMPTS).await? + 1;
                let () = redis.set(ATTEMPTS, attempts).await?;
                attempts
            }
            Self::IncrThenGet => {
                let _: i64 = redis.incr(ATTEMPTS, 1).await?;
                redis.get(ATTEMPTS).await?
            }
            Self::Script => {
                let mut eval = redis::cmd("EVAL");
                eval.arg(COUNT_OR_BURY).arg(2).arg(ATTEMPTS).arg(DEAD).arg(JOB).arg(TRIES_MAX);
                return Ok(eval.exec_async(redis).await?);
            }
        };
        if attempts >= TRIES_MAX {
            let _: i64 = redis.rpush(DEAD, JOB).await?;
        }
        Ok(())
    }
}

#[async_trait(?Send)]
impl Scenario for Counted {
    fn card(&self) -> Card {
        let card = match self {
            Self::GetSet => {
                let about = "Each failed try reads the number of tries, writes it back one higher, and buries the job at three. Two \
                             that fail at the same time count as one, and the job is tried again for ever.";
                broken("queue/attempts-get-set", about, LOST_UPDATE)
            }
            Self::IncrThenGet => {
                let about = "Each failed try is counted with INCR, and the counter is read to see whether the job has to be buried. \
                             Two that fail at the same time both read three and bury it twice.";
                broken("queue/attempts-incr-then-get", about, CHECK_THEN_ACT)
            }
            Self::Script => {
                let about = "Each failed try is counted by a script, which buries the job with the third one. Redis runs a script \
                             as a whole, so exactly one try is the third.";
                correct("queue/three-tries-lua", about).workers(3)
            }
        };
        card.on_redis()
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(stores.redis().set(ATTEMPTS, FAILED_BEFORE).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        let fail = worker.invoke(FAIL, JOB);
        self.fail(&mut redis).await?;
        fail.ok("counted");
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![dead_after_three(|view| times(view, DEAD, JOB))]
    }
}

/// The try is counted when it begins, and a sweeper buries what has been tried three times.
///
/// ```text
/// A                          B (sweeper)
/// INCR attempts -> 3
///                            SISMEMBER done -> 0
///                            GET attempts -> 3
/// SADD done 1                RPUSH dead 1        done, and buried
/// ```
struct CountedWhenBegun;

#[async_trait(?Send)]
impl Scenario for CountedWhenBegun {
    fn card(&self) -> Card {
        let about = "A worker counts a try when it begins, and a sweeper buries jobs that have been tried three times and are \
                     not done. The third try has been counted while it still runs, and may yet succeed.";
        broken("queue/buried-during-third-try", about, CHECK_THEN_ACT).on_redis()
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(stores.redis().set(ATTEMPTS, TRIES_MAX - 1).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        if worker.index() == 0 {
            let _: i64 = redis.incr(ATTEMPTS, 1).await?;
            return Ok(redis.sadd(DONE, JOB).await?);
        }
        if redis.sismember(DONE, JOB).await? {
            return Ok(());
        }
        if redis.get::<_, i64>(ATTEMPTS).await? >= TRIES_MAX {
            let _: i64 = redis.rpush(DEAD, JOB).await?;
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("a job that was done is no dead letter", |view: &View<'_>| {
            match times(view, DEAD, JOB) {
                dead if dead > 0 && has(view, DONE, JOB) => {
                    Err(format!("job {JOB} was done and is buried: {}", view.state))
                }
                _ => Ok(()),
            }
        })]
    }
}

/// One statement counts and tells what it counted; the dead letter is in the same transaction.
struct Returning;

#[async_trait(?Send)]
impl Scenario for Returning {
    fn card(&self) -> Card {
        let about = "Each failed try is counted by an UPDATE that returns the new number, and the third one inserts the dead letter \
                     in the same transaction. The row's lock gives each try a number of its own.";
        correct("queue/three-tries-transaction", about)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let tables = "CREATE TABLE jobs (id int PRIMARY KEY, attempts bigint NOT NULL);
                      CREATE TABLE dead_letters (id serial PRIMARY KEY, job int NOT NULL);
                      INSERT INTO jobs VALUES (1, 1)";
        Ok(stores.postgres().batch_execute(tables).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let fail = worker.invoke(FAIL, JOB);
        let transaction = postgres.transaction().await?;
        let count = "UPDATE jobs SET attempts = attempts + 1 WHERE id = 1 RETURNING attempts";
        let attempts: i64 = transaction.query_one(count, &[]).await?.try_get(0)?;
        if attempts == TRIES_MAX {
            transaction.execute("INSERT INTO dead_letters (job) VALUES (1)", &[]).await?;
        }
        transaction.commit().await?;
        fail.ok(attempts);
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![dead_after_three(|view| rows::count(view, "dead_letters", "job", JOB))]
    }
}

/// Every variant of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![
        Arc::new(Counted::GetSet),
        Arc::new(Counted::IncrThenGet),
        Arc::new(CountedWhenBegun),
        Arc::new(Counted::Script),
        Arc::new(Returning),
    ]
}
