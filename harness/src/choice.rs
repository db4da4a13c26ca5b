//! Owns what the scheduler may do next ([`Choice`]) and a list of it ([`Schedule`]): values that can be
//! returned, printed, parsed and compared. Which choice is taken is the business of `explore`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::id::{ConnectionId, IdError, WorkerId};

/// One thing that the scheduler lets happen.
///
/// As text: `A` releases the held request of worker A, `B.1` that of B's second connection,
/// `C!` hands C the oldest delivery of its subscription, `+` lets time pass to the next deadline.
///
/// ```
/// use raceproof::{Choice, Schedule};
/// let schedule: Schedule = "A B.1 C! +".parse().unwrap();
/// assert_eq!(schedule.0.len(), 4);
/// assert_eq!(schedule.0[3], Choice::Advance);
/// assert_eq!(schedule.to_string(), "A B.1 C! +");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Choice {
    /// The oldest held request of this connection goes to the store.
    Run(ConnectionId),
    /// The oldest message that the store pushed to this connection goes to its client.
    Deliver(ConnectionId),
    /// Time moves to the next deadline.
    Advance,
}

impl Choice {
    /// The worker whose turn it is, if it is anybody's.
    #[must_use]
    pub fn worker(self) -> Option<WorkerId> {
        match self {
            Self::Run(connection) | Self::Deliver(connection) => Some(connection.worker),
            Self::Advance => None,
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(connection) => write!(formatter, "{connection}"),
            Self::Deliver(connection) => write!(formatter, "{connection}!"),
            Self::Advance => formatter.write_str("+"),
        }
    }
}

impl FromStr for Choice {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        match text.strip_suffix('!') {
            _ if text == "+" => Ok(Self::Advance),
            Some(connection) => Ok(Self::Deliver(connection.parse()?)),
            None => Ok(Self::Run(text.parse()?)),
        }
    }
}

/// A list of choices from the start of an execution, as text separated by blanks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Schedule(pub Vec<Choice>);

impl Schedule {
    /// How often the turn goes from one worker to another, whether or not the first could go on.
    #[must_use]
    pub fn context_switches(&self) -> usize {
        let turns: Vec<_> = self.0.iter().filter_map(|choice| choice.worker()).collect();
        turns.windows(2).filter(|pair| pair[0] != pair[1]).count()
    }

    /// The same schedule without the choices of workers that are not in `kept`.
    #[must_use]
    pub fn restricted_to(&self, kept: &[WorkerId]) -> Self {
        let stays = |choice: &&Choice| choice.worker().is_none_or(|worker| kept.contains(&worker));
        Self(self.0.iter().filter(stays).copied().collect())
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, choice) in self.0.iter().enumerate() {
            if position > 0 {
                formatter.write_str(" ")?;
            }
            write!(formatter, "{choice}")?;
        }
        Ok(())
    }
}

/// A text that is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("choice {position} of the schedule is not understood (a schedule reads like `A B.1 C! +`)")]
pub struct ScheduleError {
    /// Which choice, from 1.
    pub position: usize,
    /// Why.
    pub source: IdError,
}

impl FromStr for Schedule {
    type Err = ScheduleError;

    fn from_str(text: &str) -> Result<Self, ScheduleError> {
        let parse = |(index, word): (usize, &str)| {
            word.parse().map_err(|source| ScheduleError { position: index + 1, source })
        };
        text.split_whitespace().enumerate().map(parse).collect::<Result<_, _>>().map(Self)
    }
}

impl From<Schedule> for String {
    fn from(schedule: Schedule) -> Self {
        schedule.to_string()
    }
}

impl TryFrom<String> for Schedule {
    type Error = ScheduleError;

    fn try_from(text: String) -> Result<Self, ScheduleError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_choice() -> impl Strategy<Value = Choice> {
        let connection = (0..40u16, 0..4u16)
            .prop_map(|(worker, ordinal)| ConnectionId { worker: WorkerId(worker), ordinal });
        prop_oneof![
            connection.clone().prop_map(Choice::Run),
            connection.prop_map(Choice::Deliver),
            Just(Choice::Advance)
        ]
    }

    proptest! {
        /// Parsing undoes printing for every schedule, so a printed schedule loses nothing.
        #[test]
        fn printed_schedule_parses_back(choices in proptest::collection::vec(any_choice(), 0..40)) {
            let schedule = Schedule(choices);
            prop_assert_eq!(schedule.to_string().parse::<Schedule>(), Ok(schedule));
        }

        /// Any text is either refused or printed as a text that parses to the same schedule.
        #[test]
        fn parsing_never_panics(text in ".{0,40}") {
            if let Ok(schedule) = text.parse::<Schedule>() {
                prop_assert_eq!(schedule.to_string().parse::<Schedule>(), Ok(schedule));
            }
        }
    }

    /// The position in the message is the one a reader counts, from 1.
    #[test]
    fn misspelt_choice_is_named() {
        let error = "A B ?".parse::<Schedule>().expect_err("`?` is no choice");
        assert_eq!(error.position, 3);
        assert_eq!(error.source, IdError("?".into()));
    }

    /// `W3` would be a second name of worker `D`, so it is refused.
    #[test]
    fn every_worker_has_one_name() {
        assert!("W3".parse::<WorkerId>().is_err());
        assert!("W026".parse::<WorkerId>().is_err());
        assert_eq!("W26".parse(), Ok(WorkerId(26)));
        assert!("A.0".parse::<ConnectionId>().is_err());
    }

    #[test]
    fn context_switches_count_changes_of_worker_only() {
        let count = |text: &str| text.parse::<Schedule>().expect("valid").context_switches();
        assert_eq!(count("A A B B"), 1);
        assert_eq!(count("A + A B A"), 2);
        assert_eq!(count(""), 0);
    }

    #[test]
    fn restriction_drops_other_workers_and_keeps_time() {
        let schedule: Schedule = "A B + C A!".parse().expect("valid");
        let kept = schedule.restricted_to(&[WorkerId(0), WorkerId(2)]);
        assert_eq!(kept.to_string(), "A + C A!");
    }
}
