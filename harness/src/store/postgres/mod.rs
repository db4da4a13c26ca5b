//! Owns what the gate and the workers ask of Postgres.

mod client;

mod batch;
mod exchange;
mod row;

mod control;
mod login;

mod catalog;
mod snapshot;

mod alarm;
mod backend;
mod clear;
mod endurance;
mod footprint;
mod holding;
mod in_doubt;
mod kept;
mod looks;
mod moments;
mod remembered;
mod renewal;
mod split;
mod standing;
mod waits;

pub use backend::PostgresBackend;

/// What Postgres is called in records and on scenarios' cards.
pub const NAME: &str = "postgres";
