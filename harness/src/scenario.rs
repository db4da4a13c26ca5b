//! Owns [`Scenario`]: what a variant must say so that it can be explored.

use std::error::Error as StdError;

use async_trait::async_trait;

use crate::card::Card;
use crate::check::Invariant;
use crate::generator::Generator;
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
}
