//! Owns what the scheduler may do next ([`Choice`]) and a list of it ([`Schedule`]): values that can be
//! returned, printed, parsed and compared. Which choice is taken is the business of `explore`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::fault::FaultKind;
use crate::id::{ConnectionId, IdError, Word, WorkerId};

/// One thing that the scheduler lets happen.
///
/// As text: `A` releases the held request of worker A, `B.1` that of B's second connection,
/// `C!` hands C the oldest delivery of its subscription, `+` lets time pass to the next deadline. `A<` releases a
/// request and stops it before it writes its first row, `A>` lets it go on. `A^` says that A is the next to go
/// on among those that one step has woken, and `A#` that A is the victim of a deadlock.
///
/// ```
/// use raceproof::{Choice, Schedule};
/// let schedule: Schedule = "A< B.1 A> C! +".parse().unwrap();
/// assert_eq!(schedule.0.len(), 5);
/// assert_eq!(schedule.0[4], Choice::Advance);
/// assert_eq!(schedule.to_string(), "A< B.1 A> C! +");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(into = "String", try_from = "String")]
pub enum Choice {
    /// The oldest held request of this connection goes to the store.
    Run(ConnectionId),
    /// The oldest message that the store pushed to this connection goes to its client.
    Deliver(ConnectionId),
    /// The request of this connection, which has stopped half-way, goes on.
    Resume(ConnectionId),
    /// Among several requests that one step has woken inside the store, this connection's goes on next.
    Wake(ConnectionId),
    /// This connection's request is the one that is given up to break a deadlock.
    Victim(ConnectionId),
    /// The oldest held request of this connection goes to the store, and stops there when it has seen the
    /// data and before it writes its first row.
    Split(ConnectionId),
    /// Time moves to the next deadline.
    Advance,
    /// This worker stops for ever.
    Crash(WorkerId),
    /// This connection ends before its held request is executed.
    Drop(ConnectionId),
    /// The held request of this connection is executed, and the connection ends before the reply arrives.
    LoseReply(ConnectionId),
    /// The held request of this connection is answered with this error instead of being executed.
    Refuse(ConnectionId, Word),
    /// This store is killed and comes back with everything that it had acknowledged.
    Restart(Word),
    /// This store is killed and comes back with nothing.
    Wipe(Word),
    /// The replica of this store takes over, without the last writes.
    FailOver(Word),
}

impl Choice {
    /// The worker whose turn it is, if it is anybody's.
    #[must_use]
    pub fn worker(self) -> Option<WorkerId> {
        match self {
            Self::Crash(worker) => Some(worker),
            _ => self.connection().map(|connection| connection.worker),
        }
    }

    /// The worker that goes on with it, if one does: in contrast to [`worker`](Self::worker) not the one that is hit by a
    /// fault.
    #[must_use]
    pub fn turn(self) -> Option<WorkerId> {
        self.worker().filter(|_| self.fault().is_none())
    }

    /// Which kind of fault it is, if it is one.
    #[must_use]
    pub fn fault(self) -> Option<FaultKind> {
        match self {
            Self::Crash(_) => Some(FaultKind::Crash),
            Self::Drop(_) => Some(FaultKind::Drop),
            Self::LoseReply(_) => Some(FaultKind::LostReply),
            Self::Refuse(..) => Some(FaultKind::Error),
            Self::Restart(_) => Some(FaultKind::Restart),
            Self::Wipe(_) => Some(FaultKind::Wipe),
            Self::FailOver(_) => Some(FaultKind::FailOver),
            _ => None,
        }
    }

    /// The connection on which something happens, if it is one.
    #[must_use]
    pub fn connection(self) -> Option<ConnectionId> {
        match self {
            Self::Run(connection)
            | Self::Deliver(connection)
            | Self::Resume(connection)
            | Self::Wake(connection)
            | Self::Victim(connection)
            | Self::Split(connection)
            | Self::Drop(connection)
            | Self::LoseReply(connection)
            | Self::Refuse(connection, _) => Some(connection),
            Self::Advance | Self::Crash(_) | Self::Restart(_) | Self::Wipe(_) | Self::FailOver(_) => None,
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(connection) => write!(formatter, "{connection}"),
            Self::Deliver(connection) => write!(formatter, "{connection}!"),
            Self::Resume(connection) => write!(formatter, "{connection}>"),
            Self::Wake(connection) => write!(formatter, "{connection}^"),
            Self::Victim(connection) => write!(formatter, "{connection}#"),
            Self::Split(connection) => write!(formatter, "{connection}<"),
            Self::Advance => formatter.write_str("+"),
            Self::Crash(worker) => write!(formatter, "{worker}~"),
            Self::Drop(connection) => write!(formatter, "{connection}-"),
            Self::LoseReply(connection) => write!(formatter, "{connection}?"),
            Self::Refuse(connection, code) => write!(formatter, "{connection}={code}"),
            Self::Restart(store) => write!(formatter, "{store}:restart"),
            Self::Wipe(store) => write!(formatter, "{store}:wipe"),
            Self::FailOver(store) => write!(formatter, "{store}:fail-over"),
        }
    }
}

impl From<Choice> for String {
    fn from(choice: Choice) -> Self {
        choice.to_string()
    }
}

impl TryFrom<String> for Choice {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl FromStr for Choice {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        read(text).map_err(|_| IdError(text.to_owned()))
    }
}

fn read(text: &str) -> Result<Choice, IdError> {
    if text == "+" {
        return Ok(Choice::Advance);
    }
    if let Some((connection, code)) = text.split_once('=') {
        return Ok(Choice::Refuse(connection.parse()?, code.parse()?));
    }
    if let Some((store, fault)) = text.split_once(':') {
        return match fault {
            "restart" => Ok(Choice::Restart(store.parse()?)),
            "wipe" => Ok(Choice::Wipe(store.parse()?)),
            "fail-over" => Ok(Choice::FailOver(store.parse()?)),
            _ => Err(IdError(fault.to_owned())),
        };
    }
    if let Some(worker) = text.strip_suffix('~') {
        return Ok(Choice::Crash(worker.parse()?));
    }
    let choice: fn(ConnectionId) -> Choice = match text.chars().last() {
        Some('!') => Choice::Deliver,
        Some('>') => Choice::Resume,
        Some('^') => Choice::Wake,
        Some('#') => Choice::Victim,
        Some('<') => Choice::Split,
        Some('-') => Choice::Drop,
        Some('?') => Choice::LoseReply,
        _ => return Ok(Choice::Run(text.parse()?)),
    };
    Ok(choice(text[..text.len() - 1].parse()?))
}

/// A list of choices from the start of an execution, as text separated by blanks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(into = "String", try_from = "String")]
pub struct Schedule(pub Vec<Choice>);

impl Schedule {
    /// How often the turn goes from one worker to another, whether or not the first could go on. Faults and the passing of
    /// time are nobody's turn.
    #[must_use]
    pub fn context_switches(&self) -> usize {
        let turns: Vec<_> = self.0.iter().filter_map(|choice| choice.turn()).collect();
        turns.windows(2).filter(|pair| pair[0] != pair[1]).count()
    }

    /// How many requests are stopped half-way.
    #[must_use]
    pub fn splits(&self) -> usize {
        self.0.iter().filter(|choice| matches!(choice, Choice::Split(_))).count()
    }

    /// How many faults happen.
    #[must_use]
    pub fn faults(&self) -> usize {
        self.0.iter().filter(|choice| choice.fault().is_some()).count()
    }

    /// How often time passes.
    #[must_use]
    pub fn advances(&self) -> usize {
        self.0.iter().filter(|choice| matches!(choice, Choice::Advance)).count()
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
#[error("choice {position} of the schedule is not understood (a schedule reads like `A B.1 C! A< A> + B~`)")]
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
            connection.clone().prop_map(Choice::Resume),
            connection.clone().prop_map(Choice::Wake),
            connection.clone().prop_map(Choice::Victim),
            connection.clone().prop_map(Choice::Split),
            connection.clone().prop_map(Choice::Deliver),
            connection.clone().prop_map(Choice::Drop),
            connection.clone().prop_map(Choice::LoseReply),
            connection.clone().prop_map(|connection| Choice::Crash(connection.worker)),
            (connection, "[A-Z0-9]{1,15}")
                .prop_map(|(connection, code)| Choice::Refuse(connection, code.parse().expect("a word"))),
            "[a-z0-9-]{1,15}".prop_map(|store| Choice::Restart(store.parse().expect("a word"))),
            "[a-z0-9-]{1,15}".prop_map(|store| Choice::Wipe(store.parse().expect("a word"))),
            "[a-z0-9-]{1,15}".prop_map(|store| Choice::FailOver(store.parse().expect("a word"))),
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
        assert_eq!(count("A B~ redis:wipe A"), 0);
        assert_eq!(count(""), 0);
    }

    #[test]
    fn restriction_drops_other_workers_and_keeps_time() {
        let schedule: Schedule = "A B + C A!".parse().expect("valid");
        let kept = schedule.restricted_to(&[WorkerId(0), WorkerId(2)]);
        assert_eq!(kept.to_string(), "A + C A!");
    }
}
