//! Owns what the gate and the workers ask of Redis.

mod backend;
mod client;
mod endurance;
mod exchange;
mod footprint;
mod log_in;
mod relay;
mod remembered;
mod replica;
mod snapshot;
mod standing;
mod time;

pub use backend::RedisBackend;

/// What the first Redis is called in records and on scenarios' cards.
pub const NAME: &str = NAMES[0];

/// What each Redis of a run is called.
pub const NAMES: [&str; REDIS_MAX] = ["redis", "redis-2", "redis-3", "redis-4", "redis-5"];

/// Most Redis servers of one run.
pub const REDIS_MAX: usize = 5;
