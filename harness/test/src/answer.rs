//! Owns [`Answer`]: what the function of an invariant may return.

use std::fmt::Display;

use raceproof::View;
use raceproof::check::Opinion;

/// What says whether a promise holds: yes or no, or what was found instead.
pub trait Answer {
    /// The answer about `view`.
    fn opinion(self, view: &View<'_>) -> Opinion;
}

/// `false` is told with what the stores hold.
impl Answer for bool {
    fn opinion(self, view: &View<'_>) -> Opinion {
        match self {
            true => Opinion::Holds,
            false => Opinion::Broken(format!("the stores hold {}", view.state)),
        }
    }
}

/// An error says what was found instead.
impl<E: Display> Answer for Result<(), E> {
    fn opinion(self, _view: &View<'_>) -> Opinion {
        self.map_or_else(|found| Opinion::Broken(found.to_string()), |()| Opinion::Holds)
    }
}

impl Answer for Opinion {
    fn opinion(self, _view: &View<'_>) -> Opinion {
        self
    }
}
