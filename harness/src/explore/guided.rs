//! Owns [`Guided`]: a schedule followed as far as it fits.

use super::{Decision, Point, Strategy};
use crate::choice::Schedule;

/// Follows a schedule, skips choices that are not possible, and once it is used up lets workers go on
/// without preemption. Shrinking uses it for candidates, which need not fit.
#[derive(Debug)]
pub struct Guided {
    schedule: Schedule,
    position: usize,
    begun: bool,
}

impl Guided {
    /// A strategy for one execution along `schedule`.
    #[must_use]
    pub fn new(schedule: Schedule) -> Self {
        Self { schedule, position: 0, begun: false }
    }
}

impl Strategy for Guided {
    fn begin(&mut self) -> bool {
        !std::mem::replace(&mut self.begun, true)
    }

    fn rewind(&mut self) {
        self.position = 0;
    }

    fn choose(&mut self, point: &Point<'_>) -> Decision {
        while let Some(wanted) = self.schedule.0.get(self.position) {
            self.position += 1;
            if let Some(index) = point.options.iter().position(|option| option == wanted) {
                return Decision::Take(index);
            }
        }
        Decision::Take(point.preferred()[0])
    }

    fn exhausted(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choice::Choice;
    use crate::id::WorkerId;

    #[test]
    fn impossible_choices_are_skipped_and_the_rest_goes_on_without_preemption() {
        let mut guided = Guided::new("C B".parse().expect("valid"));
        assert!(guided.begin());
        let options: [Choice; 2] = ["A", "B"].map(|text| text.parse().expect("valid"));
        assert_eq!(guided.choose(&Point { options: &options, previous: None }), Decision::Take(1));
        let after_b = Point { options: &options, previous: Some(WorkerId(1)) };
        assert_eq!(guided.choose(&after_b), Decision::Take(1));
        assert!(!guided.begin());
    }
}
