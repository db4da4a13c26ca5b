//! Owns the workflow of two steps that writes down how far it is, so that it goes on there after a crash.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::history::Datum;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use tokio_postgres::Client;

use crate::anomaly::{CHECK_THEN_ACT, DUPLICATE_EFFECT, LOST_MESSAGE};
use crate::card::{Details, broken, per_model};

const STEPS: i32 = 2;
/// What the steps did to the world outside, one item for each time.
const EFFECTS: &str = "effects";
/// The other system's memory of the requests that it has seen.
const SEEN: &str = "seen";
/// The other system does what it has not done under this key.
const ONCE: &str = "
if redis.call('SADD', KEYS[1], ARGV[1]) == 1 then redis.call('RPUSH', KEYS[2], ARGV[1]) end
return 1
";
const CHECKPOINT: &str = "UPDATE workflows SET step = $1 WHERE id = 1";

/// When a step is written down as done, and what happens if it is done again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Workflow {
    /// ```text
    /// A
    /// effect of step 1
    /// (crash)             another one begins with step 1
    /// UPDATE step 1
    /// ```
    EffectFirst,
    /// ```text
    /// A
    /// UPDATE step 1
    /// (crash)             another one begins with step 2
    /// effect of step 1
    /// ```
    CheckpointFirst,
    /// The effect first, and two go on with the same workflow.
    ///
    /// ```text
    /// A                      B
    /// SELECT step -> 1
    ///                        SELECT step -> 1
    /// effect of step 2       effect of step 2
    /// ```
    ResumedByTwo,
    /// The effect first, which bears the step as its key.
    Keyed,
}

impl Workflow {
    /// Steps that were done before: where two go on at once, there is less left for each.
    fn done_before(self) -> i32 {
        if matches!(self, Self::ResumedByTwo | Self::Keyed) { STEPS - 1 } else { 0 }
    }

    async fn effect(self, redis: &mut MultiplexedConnection, step: i32) -> Result {
        if self == Self::Keyed {
            let mut once = redis::cmd("EVAL");
            return Ok(once.arg(ONCE).arg(2).arg(SEEN).arg(EFFECTS).arg(step).exec_async(redis).await?);
        }
        let _: i64 = redis.rpush(EFFECTS, step).await?;
        Ok(())
    }

    async fn go_on(self, postgres: &Client, redis: &mut MultiplexedConnection) -> Result {
        let row = postgres.query_one("SELECT step FROM workflows WHERE id = 1", &[]).await?;
        for step in row.try_get::<_, i32>(0)? + 1..=STEPS {
            if self == Self::CheckpointFirst {
                postgres.execute(CHECKPOINT, &[&step]).await?;
                self.effect(redis, step).await?;
            } else {
                self.effect(redis, step).await?;
                postgres.execute(CHECKPOINT, &[&step]).await?;
            }
        }
        Ok(())
    }
}

#[async_trait(?Send)]
impl Scenario for Workflow {
    fn card(&self) -> Card {
        let card = match self {
            Self::EffectFirst => {
                let about = "A workflow does a step and then writes down that it is done. If it dies in between, whoever goes on \
                             does the step again.";
                per_model("saga/checkpoint-after-effect", about)
                    .workers(1)
                    .holds_under(&["none"])
                    .breaks_under(&["crash", "lost-reply"], DUPLICATE_EFFECT)
            }
            Self::CheckpointFirst => {
                let about = "A workflow writes down that a step is done and then does it. If it dies in between, whoever goes on \
                             skips the step.";
                per_model("saga/checkpoint-before-effect", about)
                    .workers(1)
                    .holds_under(&["none"])
                    .breaks_under(&["crash", "lost-reply"], LOST_MESSAGE)
            }
            Self::ResumedByTwo => {
                let about = "Each of two workers reads how far the workflow is and goes on from there. Both do the same step, since \
                             nobody asks whether somebody else is at it.";
                broken("saga/resumed-by-two", about, CHECK_THEN_ACT)
            }
            Self::Keyed => {
                let about = "Each of two workers goes on with the workflow at the step that is not written down as done, and sends the \
                             step's number with the step. The other system does nothing twice under the same number.";
                per_model("saga/effect-keyed-by-step", about).holds_under(&[
                    "none",
                    "pause",
                    "crash",
                    "lost-reply",
                    "drop",
                ])
            }
        };
        card.on_both()
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let table = "CREATE TABLE workflows (id int PRIMARY KEY, step int NOT NULL)";
        stores.postgres().batch_execute(table).await?;
        let done = self.done_before();
        stores.postgres().execute("INSERT INTO workflows VALUES (1, $1)", &[&done]).await?;
        for step in 1..=done {
            self.effect(stores.redis(), step).await?;
        }
        Ok(())
    }

    async fn work(&self, worker: Worker) -> Result {
        self.go_on(&worker.postgres().await?, &mut worker.redis().await?).await
    }

    fn has_aftermath(&self) -> bool {
        true
    }

    /// A process that starts anew and goes on with the workflow.
    async fn aftermath(&self, worker: Worker) -> Result {
        self.go_on(&worker.postgres().await?, &mut worker.redis().await?).await
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("in the end every step was done, once", |view: &View<'_>| {
            let times = |step: &i32| match view.state.get(EFFECTS) {
                Some(Datum::List(done)) => done.iter().filter(|done| **done == step.to_string()).count(),
                _ => 0,
            };
            let wrong = (1..=STEPS).find(|step| times(step) != 1);
            wrong.map_or(Ok(()), |step| {
                Err(format!("step {step} was done {} times: {}", times(&step), view.state))
            })
        })]
    }
}

/// All four.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![
        Arc::new(Workflow::EffectFirst),
        Arc::new(Workflow::CheckpointFirst),
        Arc::new(Workflow::ResumedByTwo),
        Arc::new(Workflow::Keyed),
    ]
}
