//! Owns [`ServerClock`]: by which clock one server lives, and why not by the run's.

mod choice;
mod preload;
mod proof;

use std::fmt;
use std::sync::Arc;

use raceproof_clock::Page;

pub use choice::{ClockChoice, UnknownClock};
pub(crate) use preload::{Preload, Store};

use crate::clock::Clock;

/// By which clock a server lives.
#[derive(Clone)]
pub enum ServerClock {
    /// By what this page says. It was asked for the time and told what the page said.
    Virtual(Arc<Page>),
    /// By the real one; its times to live can be moved.
    Shifted {
        /// Why not by the run's, as a phrase that goes on from "because".
        reason: String,
    },
    /// By the real one.
    Real {
        /// Why not by another, as a phrase that goes on from "because".
        reason: String,
    },
}

impl ServerClock {
    /// That of a server which was just started, or named.
    pub(crate) fn not_asked() -> Self {
        Self::real("it was not asked yet")
    }

    pub(crate) fn real(reason: &str) -> Self {
        Self::Real { reason: reason.to_owned() }
    }

    /// Which clock it is.
    #[must_use]
    pub fn kind(&self) -> Clock {
        match self {
            Self::Virtual(_) => Clock::Virtual,
            Self::Shifted { .. } => Clock::Shifted,
            Self::Real { .. } => Clock::Real,
        }
    }

    /// What the server reads the time from, if it is not the real clock.
    #[must_use]
    pub fn page(&self) -> Option<&Page> {
        match self {
            Self::Virtual(page) => Some(page),
            _ => None,
        }
    }
}

/// The same page is the same clock.
impl PartialEq for ServerClock {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Virtual(one), Self::Virtual(two)) => Arc::ptr_eq(one, two),
            (Self::Shifted { reason: one }, Self::Shifted { reason: two })
            | (Self::Real { reason: one }, Self::Real { reason: two }) => one == two,
            _ => false,
        }
    }
}

impl Eq for ServerClock {}

/// The clock, and the reason if it is not the best.
impl fmt::Display for ServerClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Virtual(_) => write!(f, "{}", self.kind()),
            Self::Shifted { reason } | Self::Real { reason } => {
                write!(f, "{}, because {reason}", self.kind())
            }
        }
    }
}

impl fmt::Debug for ServerClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
