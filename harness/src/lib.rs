//! Raceproof's engine: real stores behind a gate, where every interleaving of their commands is a choice.
//!
//! ```
//! use std::sync::Arc;
//!
//! use raceproof::interrupt::Interrupt;
//! use raceproof::run::Engine;
//! use raceproof::scenario::Result;
//! use raceproof::store::{Needs, ProviderChoice, SetUp, StoreOptions};
//! use raceproof::{Card, Expectation, Invariant, Plan, Scenario, Worker};
//! use redis::AsyncCommands;
//!
//! /// Two workers sell the last ticket.
//! struct Tickets;
//!
//! #[async_trait::async_trait(?Send)]
//! impl Scenario for Tickets {
//!     fn card(&self) -> Card {
//!         let expected = Expectation::Violation { anomaly: "time of check to time of use".into() };
//!         let (name, about) = ("tickets/check-then-decr".into(), "Check, then sell.".into());
//!         Card { name, about, expected, stores: vec!["redis".into()], ..Card::default() }
//!     }
//!
//!     async fn set_up(&self, stores: &mut SetUp) -> Result {
//!         Ok(stores.redis().set("tickets", 1).await?)
//!     }
//!
//!     async fn work(&self, worker: Worker) -> Result {
//!         let mut redis = worker.redis().await?;
//!         let left: i64 = redis.get("tickets").await?;
//!         if left > 0 {
//!             let sale = worker.invoke("sell", "");
//!             let left: i64 = redis.decr("tickets", 1).await?;
//!             sale.ok(left);
//!         }
//!         Ok(())
//!     }
//!
//!     fn finally(&self) -> Vec<Invariant> {
//!         vec![Invariant::new("at most one ticket is sold", |view| match view.count("sell") {
//!             0 | 1 => Ok(()),
//!             sold => Err(format!("{sold} were sold")),
//!         })]
//!     }
//! }
//!
//! let stores = StoreOptions { provider: ProviderChoice::Local, needs: Needs::REDIS, ..StoreOptions::default() };
//! let mut engine = Engine::start(&stores, Interrupt::never())?;
//! let scenario: Arc<dyn Scenario> = Arc::new(Tickets);
//! let outcome = engine.explore(&scenario, &Plan::default(), &mut |_progress| {})?;
//! engine.stop()?;
//!
//! let found = outcome.counterexample.expect("two checks before the first sale");
//! assert_eq!(found.shrunk.schedule.to_string(), "A B B A");
//! assert_eq!(found.replays.reproduced, 10);
//! # Ok::<(), raceproof::Error>(())
//! ```
//!
//! A [`Scenario`] says what is run and promised, a [`Plan`] how it is searched, a [`run::Engine`] does it on the
//! stores of [`store`], and an [`Outcome`] is what it came to. On Postgres a [`Plan`] also chooses the [`Isolation`] level
//! and how many statements of a schedule are stopped between what they see and what they write. A [`Workload`] says which operations
//! there are instead of what each worker does: they are drawn from the seed, and shrunk together with the schedule.

mod alarm;
mod digest;
mod octets;

pub mod budget;
pub mod burst;
pub mod card;
pub mod check;
pub mod checkpoint;
pub mod choice;
pub mod clock;
pub mod error;
pub mod explore;
pub mod fault;
pub mod file;
pub mod gate;
pub mod generator;
pub mod history;
pub mod id;
pub mod interrupt;
pub mod isolation;
pub mod outcome;
pub mod plan;
pub mod program;
pub mod programs;
pub mod redacted;
pub mod regression;
pub mod run;
pub mod scenario;
pub mod shard;
pub mod store;
pub mod verdict;
pub mod wire;
pub mod worker;
#[cfg(feature = "workload")]
pub mod workload;

pub use card::{Card, Expectation};
pub use check::{Invariant, View};
pub use checkpoint::Checkpoint;
pub use choice::{Choice, Schedule};
pub use error::Error;
pub use fault::{FaultKind, FaultModel};
pub use id::{ConnectionId, WorkerId};
pub use isolation::Isolation;
pub use outcome::Outcome;
pub use plan::Plan;
pub use programs::Programs;
pub use regression::Regression;
pub use scenario::{Broken, Moment, Scenario};
pub use shard::Shard;
pub use verdict::{Culprit, Inconclusive, Verdict, Violation};
pub use worker::Worker;
#[cfg(feature = "workload")]
pub use workload::{Generated, Workload};
