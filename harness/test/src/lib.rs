//! Races in your own code as tests.
//!
//! ```
//! use raceproof_test::race;
//! use redis::AsyncCommands;
//! # use raceproof_test::ProviderChoice;
//!
//! /// Code as it is: it knows nothing of tests.
//! struct Till {
//!     redis: redis::aio::MultiplexedConnection,
//! }
//!
//! impl Till {
//!     async fn sell(&mut self) -> redis::RedisResult<bool> {
//!         // To look first, and then to sell, would fail: two may look before one has sold.
//!         let left: i64 = self.redis.decr("tickets", 1).await?;
//!         if left < 0 {
//!             let () = self.redis.incr("tickets", 1).await?;
//!         }
//!         Ok(left >= 0)
//!     }
//! }
//!
//! // In a test with a runtime: `.check().await`. Both panic with the story if a promise is broken.
//! let passed = race("the last ticket is sold once")
//!     .redis()
//! #   .provided_by(ProviderChoice::Local)
//!     .set_up(async |stores| Ok(stores.redis().set("tickets", 1).await?))
//!     .workers(2, async |worker| {
//!         let mut till = Till { redis: worker.redis().await? };
//!         worker.invoke("sell", "").returned(till.sell().await)?;
//!         Ok(())
//!     })
//!     .finally("exactly one is sold", |view| {
//!         view.results("sell").into_iter().filter(|is_sold| *is_sold == "true").count() == 1
//!     })
//!     .check_blocking();
//! assert!(passed.outcome.coverage.exhausted);
//! ```
//!
//! A [`race()`] names stores, what they hold at first, workers, and promises. [`Race::check`] has real servers execute the workers'
//! commands and statements one at a time, in one order after the other, until a promise breaks, no order is left or the budget
//! is spent. The guide is `docs/testing-your-code.md` of the repository.
//!
//! # Environment
//!
//! | variable | says |
//! | --- | --- |
//! | `RACEPROOF_SEED` | from where all chance comes |
//! | `RACEPROOF_BUDGET` | how long a race is searched, such as `30s` |
//! | `RACEPROOF_SCHEDULES` | how many schedules of a race are tried at most |
//! | `RACEPROOF_STRATEGY` | in which order: `portfolio`, `dfs`, `random`, `pct`, `pos`, or `burst` |
//! | `RACEPROOF_JOBS` | how many engines search a race at once, each with servers of its own |
//! | `RACEPROOF_OUT` | where records and pages of violations go instead of `target/raceproof/<package>` |
//! | `RACEPROOF_REGRESSIONS` | where schedules that once violated are kept instead of `tests/schedules`, or `off` |
//! | `RACEPROOF_REPLAY` | the record of a violation to replay instead of searching |
//! | `RACEPROOF_VERBOSE` | `1` prints what a pass is worth |
//! | `RACEPROOF_STORES` | who provides the stores: `auto`, `docker`, `local` or `url` |
//! | `RACEPROOF_REDIS_URL`, `RACEPROOF_POSTGRES_URL`, `RACEPROOF_DISPOSABLE` | the servers of `url`, and `1` if nothing on them matters |

mod answer;
mod check;
mod drawn;
mod engines;
mod failure;
mod passed;
mod program;
mod promises;
mod race;
mod replay;
mod rerun;
mod settings;
mod violation;

pub use answer::Answer;
pub use failure::{Failure, Violated};
pub use passed::Passed;
pub use race::{BUDGET_DEFAULT, Race, race};
pub use settings::SettingError;

pub use raceproof::scenario::Result;
pub use raceproof::store::{ProviderChoice, SetUp};
/// The crate whose strategies say which operations a [workload](Race::workload) has.
pub use raceproof::workload::proptest;
pub use raceproof::{
    FaultModel, Invariant, Isolation, Outcome, Plan, Verdict, View, Worker, WorkerId, check as checkers,
};
/// The client whose connections a [`Worker`] gives.
pub use redis;
/// The client whose connections a [`Worker`] gives.
pub use tokio_postgres;
