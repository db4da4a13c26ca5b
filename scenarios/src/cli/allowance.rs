//! Owns [`Allowance`]: how much of the time of a run each of its searches gets.

use std::time::Duration;

/// What one search gets at most, unless the user says otherwise.
pub(super) const EACH: Duration = Duration::from_secs(30);
/// What all together get, unless the user says what each gets.
pub(super) const ALL: Duration = Duration::from_secs(90);

/// Of what is left, one search gets at least this part, so that one in the middle of many that end at once is not cut short.
const PART: u32 = 64;

/// The time of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Allowance {
    /// What one search gets at most.
    pub(super) each: Duration,
    /// What all together get; `None` if each gets its own.
    pub(super) all: Option<Duration>,
}

impl Allowance {
    /// The time that the user gives to each search, or the default.
    pub(super) fn of(each: Option<Duration>) -> Self {
        Self { each: each.unwrap_or(EACH), all: each.is_none().then_some(ALL) }
    }

    /// What the next search gets where so much time is over and so many searches are `left`, itself included.
    ///
    /// One that `is_brief` ends by itself as soon as it has found what it is to find, so it gets all that one may get.
    pub(super) fn share(&self, elapsed: Duration, left: usize, is_brief: bool) -> Duration {
        let Some(all) = self.all.filter(|_| !is_brief) else { return self.each };
        let rest = all.saturating_sub(elapsed);
        let equal = rest / u32::try_from(left.max(1)).unwrap_or(u32::MAX);
        equal.max(rest / PART).min(self.each).max(LEAST)
    }
}

/// A search that gets nothing says nothing.
const LEAST: Duration = Duration::from_millis(700);

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn few_searches_get_what_one_gets_at_most() {
        assert_eq!(Allowance::of(None).share(Duration::ZERO, 1, false), EACH);
        assert_eq!(Allowance::of(None).share(Duration::ZERO, 3, false), seconds(30));
        assert_eq!(Allowance::of(None).share(Duration::ZERO, 6, false), seconds(15));
    }

    #[test]
    fn among_many_a_long_one_gets_a_part_of_what_is_left() {
        let allowance = Allowance::of(None);
        assert_eq!(allowance.share(seconds(26), 1_000, false), seconds(1));
        assert_eq!(allowance.share(seconds(80), 1_000, false), LEAST);
        assert_eq!(allowance.share(seconds(90), 1_000, false), LEAST);
        assert_eq!(allowance.share(seconds(90), 1_000, true), EACH);
    }

    /// Long ones one after the other never take more than there is, but for the least of each.
    #[test]
    fn all_searches_together_keep_to_what_there_is() {
        let allowance = Allowance::of(None);
        let elapsed = (0..1_000)
            .fold(Duration::ZERO, |elapsed, done| elapsed + allowance.share(elapsed, 1_000 - done, false));
        assert!(elapsed <= ALL + LEAST * 1_000, "{elapsed:?}");
    }

    #[test]
    fn what_the_user_gives_to_each_is_given_to_each() {
        let allowance = Allowance::of(Some(seconds(90)));
        assert_eq!((allowance.each, allowance.share(seconds(9_000), 500, false)), (seconds(90), seconds(90)));
    }
}
