//! Owns [`SetUp`]: direct connections to the stores, past the gate, for a scenario's set-up.

/// What a scenario's set-up is given: a direct connection to each store of the run.
#[derive(Debug, Default)]
pub struct SetUp {
    pub(crate) redis: Option<redis::aio::MultiplexedConnection>,
}

impl SetUp {
    /// The connection to Redis.
    ///
    /// # Panics
    /// If the scenario's card does not name `redis` among its stores.
    pub fn redis(&mut self) -> &mut redis::aio::MultiplexedConnection {
        self.redis.as_mut().expect("a scenario that uses `redis` names it among the stores of its card")
    }
}
