//! Owns [`Series`]: how bursts went in the course of time, in a bounded number of moments.

use super::record::latencies;
use crate::burst::{MOMENTS_MAX, Moment};
use crate::gate::{Backend, Timings};

/// Moments of equally many bursts each, but for the last one.
#[derive(Debug)]
pub(super) struct Series {
    moments: Vec<(Moment, Timings)>,
    /// How many bursts a moment has.
    bursts_each: u64,
}

impl Default for Series {
    fn default() -> Self {
        Self { moments: Vec::new(), bursts_each: 1 }
    }
}

impl Series {
    /// Adds a burst. Where there is no room for more moments, each becomes one with its neighbour.
    pub(super) fn add(&mut self, running_us: u64, commands: u64, is_violating: bool, timings: &Timings) {
        let is_full = |(moment, _): &(Moment, Timings)| moment.bursts == self.bursts_each;
        if self.moments.last().is_none_or(is_full) {
            if self.moments.len() == MOMENTS_MAX {
                self.halve();
            }
            self.moments.push(Default::default());
        }
        let (last, sum) = self.moments.last_mut().expect("there is one now");
        let violating = u64::from(is_violating);
        merge(last, &Moment { bursts: 1, running_us, commands, violating, ..Moment::default() });
        sum.merge(timings);
    }

    fn halve(&mut self) {
        self.bursts_each *= 2;
        let mut halved = Vec::with_capacity(MOMENTS_MAX);
        let mut rest = std::mem::take(&mut self.moments).into_iter();
        while let Some((mut moment, mut timings)) = rest.next() {
            if let Some((next, theirs)) = rest.next() {
                merge(&mut moment, &next);
                timings.merge(&theirs);
            }
            halved.push((moment, timings));
        }
        self.moments = halved;
    }

    /// The moments with their latencies.
    pub(super) fn told(self, backends: &[Box<dyn Backend>]) -> Vec<Moment> {
        let told = |(moment, timings): (Moment, Timings)| Moment {
            latencies: latencies(&timings, backends),
            ..moment
        };
        self.moments.into_iter().map(told).collect()
    }
}

fn merge(moment: &mut Moment, other: &Moment) {
    moment.bursts += other.bursts;
    moment.running_us += other.running_us;
    moment.commands += other.commands;
    moment.violating += other.violating;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However many bursts there are, the moments are few, of equally many, and lose none.
    #[test]
    fn series_is_bounded_and_loses_nothing() {
        let mut series = Series::default();
        let count = 5 * MOMENTS_MAX as u64 + 3;
        for number in 0..count {
            series.add(2, 10, number % 100 == 0, &Timings::default());
        }
        let moments = series.told(&[]);
        assert!(moments.len() <= MOMENTS_MAX, "{}", moments.len());
        let sum = |of: fn(&Moment) -> u64| moments.iter().map(of).sum::<u64>();
        assert_eq!((sum(|moment| moment.bursts), sum(|moment| moment.commands)), (count, 10 * count));
        assert_eq!(sum(|moment| moment.violating), count.div_ceil(100));
        let (last, others) = moments.split_last().expect("there are some");
        assert!(others.iter().all(|moment| moment.bursts == 8) && last.bursts <= 8);
    }
}
