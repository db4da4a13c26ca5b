//! Owns [`Judgement`]: what is said of a history, for the report and for the reader.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::item::{Item, Part};
use super::limits::Exceeded;
use crate::check::Opinion;
use crate::check::telling;
use crate::history::Operation;

/// What is said of a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// It is linearizable: every operation has a point at which it took effect. In the order of time; operations that never
    /// took effect, or that the model ignores, have none.
    Linearizable(Vec<Point>),
    /// It is not, and why.
    Broken(Stuck),
    /// It could not be decided within this limit.
    Undecided(Exceeded),
}

/// When an operation took effect, in one explanation of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Point {
    /// Its position among the operations of the history.
    pub operation: usize,
    /// The event (an invocation) right behind which it took effect; several points there are in order.
    pub after_event: u64,
}

/// Where the best explanation of a history ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Stuck {
    /// The part of the object, such as a key, if parts are judged one by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// How many operations of that part have returned.
    pub returned: usize,
    /// The longest linearizable prefix, in the order of its linearization.
    pub prefix: Vec<Point>,
    /// The state after it.
    pub state: String,
    /// The operations of which one must come next, none of which can: positions among the operations of the history.
    pub blocked: Vec<usize>,
}

/// Most operations of a prefix that are told.
const PREFIX_TOLD_MAX: usize = 8;
/// Most blocked operations that are told.
const BLOCKED_TOLD_MAX: usize = 8;

impl Judgement {
    /// The judgement in three values, told in terms of these operations.
    #[must_use]
    pub fn opinion(&self, operations: &[Operation]) -> Opinion {
        match self {
            Self::Linearizable(_) => Opinion::Holds,
            Self::Broken(stuck) => Opinion::Broken(stuck.told(operations)),
            Self::Undecided(exceeded) => Opinion::Undecided(exceeded.to_string()),
        }
    }

    /// Where the best explanation ends, if there is none of the whole.
    #[must_use]
    pub fn stuck(self) -> Option<Stuck> {
        if let Self::Broken(stuck) = self { Some(stuck) } else { None }
    }

    /// Puts the points of all parts into the order of time.
    pub(super) fn linearizable(mut points: Vec<Point>) -> Self {
        points.sort_by_key(|point| point.after_event);
        Self::Linearizable(points)
    }
}

/// The earliest points at which items can take effect in this order.
pub(super) fn points<C>(items: &[Item<C>], order: &[u32]) -> impl Iterator<Item = Point> {
    let mut after_event = 0;
    order.iter().map(move |item| {
        let item = &items[*item as usize];
        after_event = item.invoked.max(after_event);
        Point { operation: item.operation, after_event }
    })
}

impl Stuck {
    /// What became of a part whose longest prefix this is.
    pub(super) fn new<C>(part: Part<C>, prefix: &[u32], state: String) -> Self {
        let mut is_placed = vec![false; part.items.len()];
        prefix.iter().for_each(|item| is_placed[*item as usize] = true);
        let returned = |item: &&Item<C>| item.returned.is_some();
        let left = || part.items.iter().zip(&is_placed).filter(|(_, placed)| !**placed).map(|(item, _)| item);
        let first_return = left().filter_map(|item| item.returned).min().unwrap_or(u64::MAX);
        let blocked = left().filter(returned).filter(|item| item.invoked <= first_return);
        Self {
            blocked: blocked.map(|item| item.operation).collect(),
            returned: part.items.iter().filter(returned).count(),
            prefix: points(&part.items, prefix).collect(),
            key: part.key,
            state,
        }
    }

    /// What happened, in a few lines: the order as far as there is one, the state after it, and who cannot come next.
    #[must_use]
    pub fn told(&self, operations: &[Operation]) -> String {
        let mut told = String::new();
        let key = self.key.as_ref().map(|key| format!(" of `{key}`")).unwrap_or_default();
        let placed =
            self.prefix.iter().filter(|point| telling::has_returned(&operations[point.operation])).count();
        let of = self.returned;
        let _ = if placed == 0 {
            writeln!(
                told,
                "none of the {of} operations{key} can come first; at first the state is {}",
                self.state
            )
        } else {
            writeln!(told, "at most {placed} of {of} operations{key} fit into one order:")
        };
        let skipped = self.prefix.len().saturating_sub(PREFIX_TOLD_MAX);
        if skipped > 0 {
            let _ = writeln!(told, "  … {skipped} more before");
        }
        for point in &self.prefix[skipped..] {
            let _ = writeln!(told, "  {}", telling::operation(&operations[point.operation]));
        }
        if placed > 0 {
            let _ = writeln!(told, "then the state is {}, and none of these can come next:", self.state);
        } else {
            let _ = writeln!(told, "none of these can:");
        }
        for index in self.blocked.iter().take(BLOCKED_TOLD_MAX) {
            let _ = writeln!(told, "  {}", telling::operation(&operations[*index]));
        }
        if self.blocked.len() > BLOCKED_TOLD_MAX {
            let _ = writeln!(told, "  … {} more", self.blocked.len() - BLOCKED_TOLD_MAX);
        }
        told.truncate(told.trim_end().len());
        told
    }
}
