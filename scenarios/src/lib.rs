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

pub mod catalogue;
pub mod cli;
