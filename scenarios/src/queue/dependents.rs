//! Owns the job that is to run when another one has ended, after `rq/rq#742` and `rq/rq#1605`.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::history::Datum;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;

use super::promises::times;
use crate::anomaly::{CHECK_THEN_ACT, LOST_WAKE_UP};
use crate::card::{Details, broken, correct};

/// The job that has to end first; its hash is [`PARENT_KEY`].
const PARENT: &str = "p";
const PARENT_KEY: &str = "job:p";
const DEPENDENTS: &str = "job:p:dependents";
const CHILD: &str = "c";
const QUEUE: &str = "queue";
const REGISTER: &str = "register";
const FINISHED: &str = "finished";

/// How worker A ends the parent, and what worker B watches while it registers the child.
enum Dependents {
    /// A takes out the dependents one by one, and marks the parent as finished when there are none left.
    ///
    /// ```text
    /// A                                   B
    /// SPOP dependents -> nil
    ///                                     WATCH job:p, HGET status -> started
    ///                                     MULTI SADD dependents c EXEC -> ok
    /// HSET job:p status finished                                         c waits for ever
    /// ```
    Popped,
    /// A watches the dependents, and queues them and marks the parent in one transaction.
    Transaction,
    /// B watches the parent's name, which is no key.
    ///
    /// ```text
    /// B                                   A
    /// WATCH p, HGET job:p status -> started
    ///                                     HSET job:p status finished
    ///                                     SMEMBERS dependents -> {}
    /// MULTI SADD dependents c EXEC -> ok                                 c waits for ever
    /// ```
    WrongKeyWatched,
    /// B watches the parent's key.
    KeyWatched,
}

async fn queue(redis: &mut MultiplexedConnection, jobs: &[String]) -> Result {
    for job in jobs {
        let _: i64 = redis.rpush(QUEUE, job).await?;
    }
    Ok(())
}

/// Takes the dependents out until there are none, and marks the parent.
async fn pop_and_finish(redis: &mut MultiplexedConnection) -> Result {
    while let Some(job) = redis.spop::<_, Option<String>>(DEPENDENTS).await? {
        queue(redis, &[job]).await?;
    }
    Ok(redis.hset(PARENT_KEY, "status", FINISHED).await?)
}

/// Marks the parent, and queues those who have registered before.
async fn finish_and_release(redis: &mut MultiplexedConnection) -> Result {
    let _: i64 = redis.hset(PARENT_KEY, "status", FINISHED).await?;
    let jobs: Vec<String> = redis.smembers(DEPENDENTS).await?;
    queue(redis, &jobs).await
}

/// Both at one moment, at which nobody has registered since they were read.
async fn finish_at_once(redis: &mut MultiplexedConnection) -> Result {
    loop {
        redis::cmd("WATCH").arg(DEPENDENTS).exec_async(redis).await?;
        let jobs: Vec<String> = redis.smembers(DEPENDENTS).await?;
        let mut release = redis::pipe();
        release.atomic().hset(PARENT_KEY, "status", FINISHED).ignore().del(DEPENDENTS).ignore();
        for job in jobs {
            release.rpush(QUEUE, job).ignore();
        }
        if release.query_async::<Option<()>>(redis).await?.is_some() {
            return Ok(());
        }
    }
}

/// Registers the child, or queues it if the parent has finished.
async fn register(redis: &mut MultiplexedConnection, watched: &str) -> Result {
    loop {
        redis::cmd("WATCH").arg(watched).exec_async(redis).await?;
        let status: String = redis.hget(PARENT_KEY, "status").await?;
        let mut register = redis::pipe();
        register.atomic();
        if status == FINISHED {
            register.rpush(QUEUE, CHILD).ignore();
        } else {
            register.sadd(DEPENDENTS, CHILD).ignore();
        }
        if register.query_async::<Option<()>>(redis).await?.is_some() {
            return Ok(());
        }
    }
}

#[async_trait(?Send)]
impl Scenario for Dependents {
    fn card(&self) -> Card {
        let card = match self {
            Self::Popped => {
                let about = "The worker takes out the dependents of a job until there are none, and then marks the job as finished. \
                             Whoever registers in between waits for a job that has already called everybody.";
                broken("queue/dependents-popped", about, LOST_WAKE_UP).after("rq/rq#742")
            }
            Self::Transaction => {
                let about = "The worker watches the dependents of a job, and queues them and marks the job as finished in one \
                             transaction. Whoever registers in between makes it start over, and whoever registers later finds \
                             the job finished.";
                correct("queue/dependents-in-transaction", about).after("rq/rq#742")
            }
            Self::WrongKeyWatched => {
                let about = "A job registers with its parent in a transaction that watches the parent's id instead of its key. \
                             Nothing is ever written under that name, so the parent may finish in between, and the job waits \
                             for ever.";
                broken("queue/watch-wrong-key", about, CHECK_THEN_ACT).after("rq/rq#1605")
            }
            Self::KeyWatched => {
                let about = "A job registers with its parent in a transaction that watches the parent's key. If the parent finishes \
                             in between, Redis refuses the transaction, and the job is queued at once.";
                correct("queue/watch-right-key", about).after("rq/rq#1605")
            }
        };
        card.on_redis()
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(stores.redis().hset(PARENT_KEY, "status", "started").await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        if worker.index() > 0 {
            let watched = if matches!(self, Self::WrongKeyWatched) { PARENT } else { PARENT_KEY };
            let operation = worker.invoke(REGISTER, CHILD);
            register(&mut redis, watched).await?;
            operation.ok("registered");
            return Ok(());
        }
        match self {
            Self::Popped => pop_and_finish(&mut redis).await,
            Self::Transaction => finish_at_once(&mut redis).await,
            Self::WrongKeyWatched | Self::KeyWatched => finish_and_release(&mut redis).await,
        }
    }

    fn finally(&self) -> Vec<Invariant> {
        let queued = |view: &View<'_>| {
            let has_finished = matches!(
                view.state.get(PARENT_KEY),
                Some(Datum::Map(parent)) if parent.get("status").is_some_and(|status| status == FINISHED)
            );
            match times(view, QUEUE, CHILD) {
                queued if has_finished && queued != view.count(REGISTER) => {
                    Err(format!("job {CHILD} has registered and is queued {queued} times: {}", view.state))
                }
                _ => Ok(()),
            }
        };
        vec![Invariant::new(
            "a job that has registered with a parent that has finished is queued, once",
            queued,
        )]
    }
}

/// All four.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![
        Arc::new(Dependents::Popped),
        Arc::new(Dependents::Transaction),
        Arc::new(Dependents::WrongKeyWatched),
        Arc::new(Dependents::KeyWatched),
    ]
}
