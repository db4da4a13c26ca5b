//! Owns [`Exchange`]: what the server still owes for one forwarded unit.

use super::cut::End;
use super::facts::Facts;
use super::message::{columns, parameter_types};
use super::refusal::{kind, malformed};
use super::statements::Statement;
use crate::wire::WireError;
use std::collections::VecDeque;
use std::sync::Arc;

/// What one message of the client is owed.
#[derive(Debug)]
pub(super) enum Expected {
    /// The rest of the start-up.
    Startup,
    /// The answer to a `Sync` of ours.
    Pong,
    Parsed,
    Bound,
    Closed,
    /// The parameters and the columns of a statement.
    Statement(Option<Arc<Statement>>),
    /// The columns of a portal.
    Portal(Option<Arc<Statement>>),
    /// Rows and what follows them.
    Executed,
    /// That the data of a `COPY` was taken.
    Copied,
    /// Anything up to a `ReadyForQuery`: the answer to a simple query.
    Queried,
    /// A `ReadyForQuery`.
    Ready,
}

/// One unit that was forwarded and is not answered yet.
#[derive(Debug)]
pub(super) struct Exchange {
    expected: VecDeque<Expected>,
    /// What its statements may do.
    pub(super) facts: Facts,
    /// Whether an error came.
    pub(super) failed: bool,
}

/// How far a message brings an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// More follows.
    More,
    /// It is over, and no `ReadyForQuery` belongs to it.
    Done,
    /// It is over with a `ReadyForQuery`.
    Ready,
    /// The server now awaits the data of a `COPY`.
    CopyStarts {
        /// Whether an `Execute` began it.
        extended: bool,
    },
    /// It is over, and the server ignores what comes before the next `Sync`.
    Skips,
}

impl Exchange {
    pub(super) fn new(mut expected: VecDeque<Expected>, end: End, facts: Facts) -> Self {
        match end {
            End::Sync => expected.push_back(Expected::Ready),
            End::Query => expected.push_back(Expected::Queried),
            End::Flush => {}
        }
        Self { expected, facts, failed: false }
    }

    pub(super) fn only(expected: Expected) -> Self {
        Self { expected: VecDeque::from([expected]), facts: Facts::default(), failed: false }
    }

    pub(super) fn is_startup(&self) -> bool {
        matches!(self.expected.front(), Some(Expected::Startup))
    }

    pub(super) fn is_pong(&self) -> bool {
        matches!(self.expected.front(), Some(Expected::Pong))
    }

    /// Whether an error would make the server ignore what is sent behind it.
    pub(super) fn may_skip(&self) -> bool {
        match self.expected.back() {
            None | Some(Expected::Ready | Expected::Startup | Expected::Pong) => false,
            Some(Expected::Queried) => self.expected.len() > 1,
            Some(_) => true,
        }
    }

    /// Whether a `ReadyForQuery` is among what is owed.
    fn ends_ready(&self) -> bool {
        matches!(
            self.expected.back(),
            Some(Expected::Ready | Expected::Queried | Expected::Startup | Expected::Pong)
        )
    }

    /// Takes a message of the server for the next part of the answer.
    pub(super) fn take(&mut self, tag: u8, body: &[u8]) -> Result<Progress, WireError> {
        match tag {
            b'N' | b'S' => Ok(Progress::More),
            b'Z' if self.ends_ready() => Ok(Progress::Ready),
            b'E' => Ok(self.fail()),
            b'G' => self.copy_starts(),
            b'W' => {
                Err(malformed("the server begins a replication stream, which has no requests and replies"))
            }
            _ => {
                let taken = self.expect(tag, body);
                if !taken && !self.ends_ready() {
                    return Err(malformed(format!(
                        "the server answered with {} where {} was awaited",
                        kind(tag),
                        self.expected.front().map_or("nothing", Expected::name)
                    )));
                }
                Ok(if self.expected.is_empty() { Progress::Done } else { Progress::More })
            }
        }
    }

    fn fail(&mut self) -> Progress {
        self.failed = true;
        match (self.expected.front(), self.expected.back()) {
            (Some(Expected::Queried | Expected::Startup | Expected::Pong), _) => Progress::More,
            (_, Some(Expected::Ready)) => {
                self.expected = VecDeque::from([Expected::Ready]);
                Progress::More
            }
            _ => Progress::Skips,
        }
    }

    fn copy_starts(&mut self) -> Result<Progress, WireError> {
        match (self.expected.front(), self.expected.len()) {
            (Some(Expected::Queried), _) => Ok(Progress::CopyStarts { extended: false }),
            (Some(Expected::Executed), 1) => Ok(Progress::CopyStarts { extended: true }),
            // The `Sync` is ignored, so nothing is owed for it.
            (Some(Expected::Executed), 2) if self.ends_ready() => Ok(Progress::CopyStarts { extended: true }),
            // Behind the `Execute` comes something that is no data: the server closes the connection with an
            // error.
            (Some(Expected::Executed), _) => Ok(Progress::More),
            _ => Err(malformed("the server awaits the data of a `COPY` that nobody began")),
        }
    }

    /// Whether the message is what is owed next.
    fn expect(&mut self, tag: u8, body: &[u8]) -> bool {
        let ends = match (self.expected.front(), tag) {
            (Some(Expected::Parsed), b'1')
            | (Some(Expected::Bound), b'2')
            | (Some(Expected::Closed), b'3')
            | (Some(Expected::Statement(_) | Expected::Portal(_)), b'n')
            | (Some(Expected::Executed), b'C' | b'I' | b's')
            | (Some(Expected::Copied), b'C') => true,
            (Some(Expected::Statement(about) | Expected::Portal(about)), b'T') => {
                learn(about.as_deref(), |about| columns(body).map(|found| about.columns.set(found)));
                true
            }
            (Some(Expected::Statement(about)), b't') => {
                learn(about.as_deref(), |about| {
                    parameter_types(body).map(|found| about.parameter_types.set(found))
                });
                false
            }
            (Some(Expected::Executed), b'D' | b'H' | b'd' | b'c') => false,
            _ => return false,
        };
        if ends {
            self.expected.pop_front();
        }
        true
    }
}

/// What is known already stays.
fn learn<T>(about: Option<&Statement>, set: impl FnOnce(&Statement) -> Option<Result<(), T>>) {
    if let Some(about) = about {
        drop(set(about));
    }
}

impl Expected {
    /// For messages.
    fn name(&self) -> &'static str {
        match self {
            Self::Startup => "the end of the start-up",
            Self::Pong | Self::Ready => "`ReadyForQuery`",
            Self::Parsed => "`ParseComplete`",
            Self::Bound => "`BindComplete`",
            Self::Closed => "`CloseComplete`",
            Self::Statement(_) | Self::Portal(_) => "a description",
            Self::Executed | Self::Copied => "`CommandComplete`",
            Self::Queried => "the answer to a query",
        }
    }
}
