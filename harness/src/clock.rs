//! Owns the run's clock: time that moves only when the scheduler lets it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The time since the start of an execution, as its workers see it, in whole microseconds. Cloning shares
/// the clock.
#[derive(Debug, Clone, Default)]
pub struct RunClock(Arc<AtomicU64>);

impl RunClock {
    /// The time since the start of the execution.
    #[must_use]
    pub fn now(&self) -> Duration {
        Duration::from_micros(self.0.load(Ordering::Relaxed))
    }

    /// Moves the clock; it never goes back.
    pub(crate) fn move_to(&self, deadline: Duration) {
        let micros = u64::try_from(deadline.as_micros()).unwrap_or(u64::MAX);
        self.0.fetch_max(micros, Ordering::Relaxed);
    }
}
