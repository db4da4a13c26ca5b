//! Owns [`Circle`]: a deadlock as the requests that waited for each other, in the order that closes the circle.

use raceproof::history::{Effect, WaitFor};
use raceproof::id::ConnectionId;

use crate::visible::Visible;

/// Most waits that a circle shows, and most that it shows beside itself.
const LINKS_MAX: usize = 16;

/// A deadlock that was broken by giving up one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circle {
    /// Whose request was given up.
    pub victim: Visible,
    /// The waits of the circle, the victim's first; each waits for the next one's waiter, and the last for the victim.
    /// Empty if the waits that were recorded do not close.
    pub links: Vec<Link>,
    /// Waits that are no part of the circle.
    pub others: Vec<Link>,
}

/// One request that waited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Who waited.
    pub waiter: Visible,
    /// For whom.
    pub holder: Visible,
    /// For what, in words.
    pub lock: Visible,
}

impl Circle {
    /// The circle that a step broke, if it did and if it is known who waited for whom.
    pub(super) fn of(effect: &Effect) -> Option<Self> {
        let Effect::Continued { connection, circle, .. } = effect else { return None };
        if circle.is_empty() {
            return None;
        }
        let closed = closed(*connection, circle).unwrap_or_default();
        let beside = circle.iter().enumerate().filter(|(index, _)| !closed.contains(index));
        Some(Self {
            victim: Visible::of(&connection.to_string()),
            links: closed.iter().take(LINKS_MAX).map(|index| Link::of(&circle[*index])).collect(),
            others: beside.take(LINKS_MAX).map(|(_, wait)| Link::of(wait)).collect(),
        })
    }
}

impl Link {
    fn of(wait: &WaitFor) -> Self {
        Self {
            waiter: Visible::of(&wait.waiter.to_string()),
            holder: Visible::of(&wait.holder.to_string()),
            lock: Visible::of(&wait.lock),
        }
    }
}

/// Positions of the waits on a shortest way from `victim` back to it; `None` if there is none.
pub(super) fn closed(victim: ConnectionId, waits: &[WaitFor]) -> Option<Vec<usize>> {
    // Each way is a list of positions; the shortest ways come first, and no wait is followed twice.
    let mut followed = vec![false; waits.len()];
    let mut ways = std::collections::VecDeque::from([(victim, Vec::new())]);
    while let Some((at, way)) = ways.pop_front() {
        for (index, wait) in waits.iter().enumerate().filter(|(_, wait)| wait.waiter == at) {
            if std::mem::replace(&mut followed[index], true) {
                continue;
            }
            let longer = [way.as_slice(), &[index]].concat();
            if wait.holder == victim {
                return Some(longer);
            }
            ways.push_back((wait.holder, longer));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(pairs: &[&str]) -> Vec<WaitFor> {
        let wait = |pair: &&str| {
            let (waiter, holder) = pair.split_once(' ').expect("two names");
            let of = |name: &str| name.parse().expect("a connection");
            WaitFor { waiter: of(waiter), holder: of(holder), lock: String::new() }
        };
        pairs.iter().map(wait).collect()
    }

    fn closed_from(victim: &str, pairs: &[&str]) -> Option<Vec<usize>> {
        closed(victim.parse().expect("a connection"), &waits(pairs))
    }

    /// Whatever the order in which the store told the waits, the circle begins with the victim and closes.
    #[test]
    fn circle_begins_with_its_victim_and_closes() {
        assert_eq!(closed_from("A", &["B A", "A B"]), Some(vec![1, 0]));
        assert_eq!(closed_from("B", &["C A", "A B", "B C"]), Some(vec![2, 0, 1]));
        assert_eq!(closed_from("A", &["D A", "A B", "B C", "A C", "C A"]), Some(vec![3, 4]));
    }

    /// A record may have been edited by hand: waits that do not close are no circle, and never an endless loop.
    #[test]
    fn waits_that_do_not_close_are_no_circle() {
        assert_eq!(closed_from("A", &["A B", "B C", "C B"]), None);
        assert_eq!(closed_from("A", &[]), None);
    }
}
