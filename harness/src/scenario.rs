//! Owns [`Scenario`]: what a variant must say so that it can be explored.

use std::error::Error as StdError;
use std::time::Duration;

use async_trait::async_trait;

use crate::card::Card;
use crate::check::Invariant;
use crate::generator::Generator;
use crate::history::Operation;
use crate::store::SetUp;
use crate::worker::Worker;

/// What set-up and worker programs return: any error, which ends the worker and is judged as an outcome.
pub type Result<T = ()> = std::result::Result<T, Box<dyn StdError + Send + Sync>>;

/// Code under test with its promise.
///
/// The harness runs `set_up` on empty stores and remembers what it leaves. It brings the stores back to that before every
/// execution, one for each schedule to explore, and then runs one `work` per worker. Programs must be deterministic but for the order of their requests: chance comes from
/// [`Worker::random`], waiting from [`Worker::sleep`], and nothing is kept between executions.
#[async_trait(?Send)]
pub trait Scenario: Send + Sync {
    /// Name, promise, expected verdict.
    fn card(&self) -> Card;

    /// Brings the stores, which are empty, to the state in which every execution starts.
    async fn set_up(&self, stores: &mut SetUp) -> Result;

    /// What one worker does; [`Worker::index`] tells the workers apart.
    async fn work(&self, worker: Worker) -> Result;

    /// Whether [`warm_up`](Self::warm_up) is to be run.
    fn has_warm_up(&self) -> bool {
        false
    }

    /// What each worker does, one after the other, before the first execution and whenever what they
    /// [keep](Worker::kept) is gone: starts what is to outlast executions. Its requests go through the gate and are no
    /// part of any schedule; the stores are brought back afterwards. An error ends the search.
    async fn warm_up(&self, worker: Worker) -> Result {
        let _ = worker;
        Ok(())
    }

    /// How long a program [in another process](Worker::runs_in) may do nothing, with nothing of it at the gate, until it is
    /// taken to wait for other workers. What sleeps for less is waited for. It is part of the record.
    fn grace(&self) -> Duration {
        Duration::from_millis(100)
    }

    /// Whether [`aftermath`](Self::aftermath) is to be run.
    fn has_aftermath(&self) -> bool {
        false
    }

    /// What one more worker does when all others have ended, crashed, or can never go on: what must be possible in the
    /// end, such as taking the lock again. Nothing breaks any more; time passes only when it sleeps.
    async fn aftermath(&self, worker: Worker) -> Result {
        let _ = worker;
        Ok(())
    }

    /// What draws the operations of the workers; `None` if [`work`](Self::work) itself says what they do.
    fn generator(&self) -> Option<&dyn Generator> {
        None
    }

    /// What must hold after every step.
    fn always(&self) -> Vec<Invariant> {
        Vec::new()
    }

    /// What must hold when all workers are done, and the aftermath.
    ///
    /// A scenario that states nothing, neither here nor in [`always`](Self::always), is judged by a serial oracle: its
    /// workers are run one after the other, in every order, and every execution must come to what one of those came to, in
    /// the stores and in what the workers reported (see [`SerialOutcomes`](crate::check::SerialOutcomes)).
    fn finally(&self) -> Vec<Invariant> {
        Vec::new()
    }

    /// Whether [`inspect`](Self::inspect) is to be asked at such moments.
    fn inspects(&self, moment: Moment) -> bool {
        let _ = moment;
        false
    }

    /// The promise that is broken now, if one is: for promises that only a store, or a program, can judge. `operations` are
    /// those so far. It must change nothing, and answer the same whenever the stores hold the same.
    async fn inspect(
        &self,
        stores: &mut SetUp,
        operations: &[Operation],
        moment: Moment,
    ) -> Result<Option<Broken>> {
        let _ = (stores, operations, moment);
        Ok(None)
    }
}

/// When promises are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// Before the first step and after each.
    Always,
    /// When all workers are done, and the aftermath.
    Finally,
}

/// A promise that is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The promise in words; it names the violation.
    pub promise: String,
    /// What was found instead.
    pub found: String,
}
