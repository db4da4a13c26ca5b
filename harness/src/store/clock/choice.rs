//! Owns the names of the clocks that can be asked for.

use std::fmt;
use std::str::FromStr;

use crate::clock::Clock;

/// Which clock the stores of a run are to live by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClockChoice {
    /// The virtual one where it can be had, else the next best.
    #[default]
    Auto,
    /// The run's own; a store that cannot have it is an error.
    Virtual,
    /// The real one, with times to live moved by us, where a store has any.
    Shifted,
    /// The real one.
    Real,
}

impl ClockChoice {
    /// Every choice, in the order in which help texts list them.
    pub const ALL: [Self; 4] = [Self::Auto, Self::Virtual, Self::Shifted, Self::Real];

    /// The name used on the command line and in records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Virtual => Clock::Virtual.name(),
            Self::Shifted => Clock::Shifted.name(),
            Self::Real => Clock::Real.name(),
        }
    }
}

impl fmt::Display for ClockChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that is no clock.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no clock is called `{0}` (choose `auto`, `virtual`, `shifted` or `real`)")]
pub struct UnknownClock(String);

impl FromStr for ClockChoice {
    type Err = UnknownClock;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|choice| choice.name() == name);
        known.ok_or_else(|| UnknownClock(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_names_round_trip() {
        for choice in ClockChoice::ALL {
            assert_eq!(choice.to_string().parse(), Ok(choice));
        }
    }

    #[test]
    fn unknown_clock_is_refused_with_the_names_that_exist() {
        let error = "wall".parse::<ClockChoice>().unwrap_err().to_string();
        assert!(error.contains("`wall`") && error.contains("`shifted`"), "{error}");
    }
}
