//! Owns bursts: the workers of a scenario released together and left to run free, on all cores, again and again.
//!
//! A burst takes no choices and cannot be replayed. What a search shares with it is what surrounds an execution: the stores
//! brought back before each, the workers' programs, the invariants.

mod barrage;
mod crew;
mod crews;
mod free;
mod record;
mod reported;
mod series;
mod shift;

pub(super) use barrage::Barrage;
