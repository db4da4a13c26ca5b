//! Owns what the gate and the workers ask of Redis.

mod backend;
mod client;
mod exchange;
mod snapshot;
mod standing;

pub use backend::RedisBackend;

/// What Redis is called in records and on scenarios' cards.
pub const NAME: &str = "redis";
