//! The catalogue of scenarios, and the `raceproof` program that explores them.
//!
//! A program for private scenarios is the same few lines with a catalogue of its own:
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     let mine = Vec::new(); // Vec<Arc<dyn raceproof::Scenario>>
//!     raceproof_scenarios::cli::main(&mine)
//! }
//! ```

//!
//! # Exit codes
//!
//! | code | meaning |
//! | --- | --- |
//! | 0 | as expected: broken variants were caught, correct ones showed no violation; or not judged, which is told |
//! | 1 | a surprise: a missed bug or a false alarm; with `--strict-pass`, any violation |
//! | 2 | usage: arguments, patterns or files that make no sense |
//! | 3 | inconclusive: something could not be judged, a record no longer reproduces |
//! | 4 | environment: a store or a program could not be started, a file could not be written |
//! | 128+n | interrupted by signal n |
//!
//! Of several, the gravest is taken: interrupted, then usage, environment, surprise, inconclusive. The
//! codes, the record (see `raceproof_reports::document`) and `list --format json` are API; text for
//! people is not.

pub mod bloom_filter;
pub mod cache;
pub mod catalogue;
pub mod cli;
pub mod counter;
pub mod file;
pub mod idempotency;
pub mod inventory;
pub mod isolation;
pub mod leaderboard;
pub mod lock;
pub mod matching;
pub mod outbox;
pub mod pool;
pub mod queue;
pub mod rate_limit;
pub mod saga;
pub mod session;
pub mod sql;
pub mod token;
pub mod unique_id;

mod anomaly;
mod card;
mod operations;
mod rows;
mod script;
