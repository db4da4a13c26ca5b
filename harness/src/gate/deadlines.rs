//! Owns what is known of the moments at which something ends by itself: of each store the next one, remembered until a
//! step may have changed it, so that no store is asked without need.

use std::time::Duration;

use crate::wire::Limiting;

/// What is known of one store's next deadline. All moments are times since the UNIX epoch.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Deadline {
    /// The first one in what every execution starts from.
    at_start: Option<Duration>,
    /// Whether the store may hold any at all.
    is_possible: bool,
    /// The next one, if no step has been taken since it was asked for that may have changed it.
    known: Option<Option<Duration>>,
}

impl Deadline {
    /// Takes in that `deadline` is the first one of what every execution starts from.
    pub(super) fn remember(&mut self, deadline: Option<Duration>) {
        self.at_start = deadline;
        self.restart();
    }

    /// An execution starts.
    pub(super) fn restart(&mut self) {
        self.is_possible = self.at_start.is_some();
        self.known = Some(self.at_start);
    }

    /// Something was done on the store.
    pub(super) fn note(&mut self, limiting: Limiting) {
        self.is_possible |= limiting == Limiting::Sets;
        if self.is_possible && limiting > Limiting::Nothing {
            self.known = None;
        }
    }

    /// It has become `now`.
    pub(super) fn time_has_passed(&mut self, now: Duration) {
        if self.known.flatten().is_some_and(|deadline| deadline <= now) {
            self.known = None;
        }
    }

    /// The next one; `None` if the store has to be asked.
    pub(super) fn known(&self) -> Option<Option<Duration>> {
        if self.is_possible { self.known } else { Some(None) }
    }

    /// What the store answered.
    pub(super) fn learn(&mut self, deadline: Option<Duration>) {
        self.known = Some(deadline);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Option<Duration> = Some(Duration::from_secs(1));

    fn started(at_start: Option<Duration>) -> Deadline {
        let mut deadline = Deadline::default();
        deadline.remember(at_start);
        deadline
    }

    /// Whoever never sets a limit pays nothing for those who do.
    #[test]
    fn store_is_not_asked_before_something_sets_a_limit() {
        let mut deadline = started(None);
        deadline.note(Limiting::Moves);
        assert_eq!(deadline.known(), Some(None));
        deadline.note(Limiting::Sets);
        assert_eq!(deadline.known(), None);
    }

    #[test]
    fn answer_holds_until_something_is_written() {
        let mut deadline = started(None);
        deadline.note(Limiting::Sets);
        deadline.learn(SOON);
        deadline.note(Limiting::Nothing);
        assert_eq!(deadline.known(), Some(SOON));
        deadline.note(Limiting::Moves);
        assert_eq!(deadline.known(), None);
    }

    #[test]
    fn deadline_that_has_passed_is_known_no_longer() {
        let mut deadline = started(SOON);
        deadline.time_has_passed(Duration::from_millis(999));
        assert_eq!(deadline.known(), Some(SOON));
        deadline.time_has_passed(Duration::from_secs(1));
        assert_eq!(deadline.known(), None);
    }

    /// What one execution has done is brought back before the next.
    #[test]
    fn execution_starts_with_what_was_remembered() {
        for at_start in [None, SOON] {
            let mut deadline = started(at_start);
            deadline.note(Limiting::Sets);
            deadline.restart();
            assert_eq!(deadline.known(), Some(at_start));
        }
    }
}
