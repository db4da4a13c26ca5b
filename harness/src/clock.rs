//! Owns the run's clock: time that moves only when the scheduler lets it, and which stores live by it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// When every execution starts, by the run's clock: 2030-01-01 00:00:00 UTC, as the time since the UNIX epoch.
pub const EPOCH: Duration = Duration::from_secs(1_893_456_000);

/// Which clock a store lives by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Clock {
    /// The run's: it stands still until the scheduler moves it.
    Virtual,
    /// The real one; what the run's clock has moved is taken off the times to live.
    Shifted,
    /// The real one.
    Real,
}

impl Clock {
    /// The name used on the command line and in records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Virtual => "virtual",
            Self::Shifted => "shifted",
            Self::Real => "real",
        }
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

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

    /// What the clock says, as the time since the UNIX epoch.
    #[must_use]
    pub fn wall(&self) -> Duration {
        EPOCH + self.now()
    }

    /// Moves the clock; it never goes back.
    pub(crate) fn move_to(&self, deadline: Duration) {
        let micros = u64::try_from(deadline.as_micros()).unwrap_or(u64::MAX);
        self.0.fetch_max(micros, Ordering::Relaxed);
    }
}
