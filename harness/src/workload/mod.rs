//! Owns [`Workload`]: code under test whose operations are not written down but generated, and what it promises.
//!
//! ```
//! use std::sync::Arc;
//!
//! use raceproof::interrupt::Interrupt;
//! use raceproof::run::Engine;
//! use raceproof::scenario::Result;
//! use raceproof::store::{Needs, ProviderChoice, SetUp, StoreOptions};
//! use raceproof::workload::proptest::prelude::*;
//! use raceproof::{Card, Generated, Invariant, Plan, Scenario, Worker, Workload};
//! use redis::AsyncCommands;
//! use serde::{Deserialize, Serialize};
//!
//! /// A counter that is read and written back.
//! struct Counter;
//!
//! #[derive(Debug, Clone, Serialize, Deserialize)]
//! enum Operation {
//!     Add(i64),
//!     Read,
//! }
//!
//! #[async_trait::async_trait(?Send)]
//! impl Workload for Counter {
//!     type Operation = Operation;
//!     type Session = redis::aio::MultiplexedConnection;
//!
//!     fn card(&self) -> Card {
//!         Card { name: "counter/generated".into(), stores: vec!["redis".into()], workers: 3, ..Card::default() }
//!     }
//!
//!     fn operation(&self, _worker: usize) -> BoxedStrategy<Operation> {
//!         prop_oneof![Just(Operation::Read), (1..100_i64).prop_map(Operation::Add)].boxed()
//!     }
//!
//!     async fn set_up(&self, stores: &mut SetUp) -> Result {
//!         Ok(stores.redis().set("counter", 0).await?)
//!     }
//!
//!     async fn open(&self, worker: &Worker) -> Result<Self::Session> {
//!         Ok(worker.redis().await?)
//!     }
//!
//!     async fn perform(&self, worker: &Worker, redis: &mut Self::Session, operation: &Operation) -> Result {
//!         let value: i64 = redis.get("counter").await?;
//!         if let Operation::Add(more) = operation {
//!             let addition = worker.invoke("add", more);
//!             let () = redis.set("counter", value + more).await?;
//!             addition.ok("");
//!         }
//!         Ok(())
//!     }
//!
//!     fn finally(&self) -> Vec<Invariant> {
//!         vec![Invariant::new("the counter is the sum of what was added", |view| {
//!             let added: i64 = view.operations.iter().filter_map(|done| done.argument.parse::<i64>().ok()).sum();
//!             match view.state.integer("counter") == Some(added) {
//!                 true => Ok(()),
//!                 false => Err(format!("{added} was added: {}", view.state)),
//!             }
//!         })]
//!     }
//! }
//!
//! let stores = StoreOptions { provider: ProviderChoice::Local, needs: Needs::REDIS, ..StoreOptions::default() };
//! let mut engine = Engine::start(&stores, Interrupt::never())?;
//! let scenario: Arc<dyn Scenario> = Arc::new(Generated::new(Counter));
//! let outcome = engine.explore(&scenario, &Plan::default(), &mut |_progress| {})?;
//! engine.stop()?;
//!
//! let found = outcome.counterexample.expect("two additions of which one is lost");
//! assert_eq!(found.shrunk.programs.expect("it was generated").to_string(), "A: Add(1); B: Add(1)");
//! assert_eq!(found.shrunk.schedule.to_string(), "A B B A");
//! # Ok::<(), raceproof::Error>(())
//! ```
//!
//! A search draws several workloads from the plan's seed, small ones first, and explores the schedules of one after the other, round by
//! round until the budget is used up.
//! A violation is shrunk in both at once: operations are left out, arguments made simpler as their strategies say, and the schedule
//! reduced, until nothing more can go. What is left stands in the record and is what a replay does, also when the strategies
//! have changed.

mod bound;
mod draws;
mod generated;

use std::fmt::Debug;
use std::ops::RangeInclusive;

use async_trait::async_trait;
pub use generated::Generated;
/// The crate whose strategies say what operations there are.
pub use proptest;
use proptest::strategy::BoxedStrategy;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::card::Card;
use crate::check::Invariant;
use crate::scenario::Result;
use crate::store::SetUp;
use crate::worker::Worker;

/// Code under test whose workers do generated operations. [`Generated`] makes a [`Scenario`](crate::Scenario) of it, whose
/// rules hold here, too.
#[async_trait(?Send)]
pub trait Workload: Send + Sync + 'static {
    /// What a worker can do. It is told by its `Debug` text, and recorded as JSON, from which the same must come back.
    type Operation: Debug + Clone + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// What a worker keeps from one operation to the next, such as its connection.
    type Session: 'static;

    /// Name, promise, expected verdict, and how many workers there are.
    fn card(&self) -> Card;

    /// The operations of the `worker` (from 0), and in which direction they become simpler.
    fn operation(&self, worker: usize) -> BoxedStrategy<Self::Operation>;

    /// How many of them a worker has; the first workloads of a search have fewer than the last.
    fn lengths(&self) -> RangeInclusive<usize> {
        1..=6
    }

    /// Brings the stores, which are empty, to the state in which every execution starts.
    async fn set_up(&self, stores: &mut SetUp) -> Result;

    /// What `worker` does before its first operation.
    async fn open(&self, worker: &Worker) -> Result<Self::Session>;

    /// Does one operation. An error is the end of the worker.
    async fn perform(
        &self,
        worker: &Worker,
        session: &mut Self::Session,
        operation: &Self::Operation,
    ) -> Result;

    /// Whether [`aftermath`](Self::aftermath) is to be run.
    fn has_aftermath(&self) -> bool {
        false
    }

    /// What one more worker does when all others are done; see [`Scenario::aftermath`](crate::Scenario::aftermath).
    async fn aftermath(&self, worker: Worker) -> Result {
        let _ = worker;
        Ok(())
    }

    /// What must hold after every step.
    fn always(&self) -> Vec<Invariant> {
        Vec::new()
    }

    /// What must hold when all workers are done, and the aftermath.
    fn finally(&self) -> Vec<Invariant>;
}
