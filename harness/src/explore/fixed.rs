//! Owns [`Fixed`]: one given schedule, exactly.

use super::{Decision, Point, Strategy, tell};
use crate::choice::Schedule;

/// Repeats one schedule; what does not fit is a mismatch, and its end is the end of the execution.
#[derive(Debug)]
pub struct Fixed {
    schedule: Schedule,
    position: usize,
}

impl Fixed {
    /// A strategy that repeats `schedule`, as often as it is asked to.
    #[must_use]
    pub fn new(schedule: Schedule) -> Self {
        Self { schedule, position: 0 }
    }
}

impl Strategy for Fixed {
    fn begin(&mut self) -> bool {
        self.position = 0;
        true
    }

    fn rewind(&mut self) {
        self.position = 0;
    }

    fn choose(&mut self, point: &Point<'_>) -> Decision {
        let Some(wanted) = self.schedule.0.get(self.position) else {
            return Decision::Stop;
        };
        self.position += 1;
        match point.options.iter().position(|option| option == wanted) {
            Some(index) => Decision::Take(index),
            None => Decision::Mismatch(format!("`{wanted}` is wanted, possible is {}", tell(point.options))),
        }
    }

    fn end(&mut self, steps: usize) -> Result<(), String> {
        match self.schedule.0.get(steps) {
            Some(wanted) => Err(format!("`{wanted}` is wanted, but it is the end")),
            None => Ok(()),
        }
    }

    fn exhausted(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choice::Choice;

    #[test]
    fn schedule_is_followed_to_its_end_and_no_further() {
        let schedule: Schedule = "B +".parse().expect("valid");
        let options: [Choice; 3] = ["A", "B", "+"].map(|text| text.parse().expect("valid"));
        let point = Point { options: &options, previous: None };
        let mut fixed = Fixed::new(schedule);
        assert!(fixed.begin());
        let taken: Vec<_> = (0..3).map(|_| fixed.choose(&point)).collect();
        assert_eq!(taken, [Decision::Take(1), Decision::Take(2), Decision::Stop]);
        assert!(fixed.end(2).is_ok());
        assert!(fixed.end(1).is_err());
    }

    #[test]
    fn choice_that_is_not_possible_is_a_mismatch() {
        let mut fixed = Fixed::new("C".parse().expect("valid"));
        assert!(fixed.begin());
        let options = ["A".parse().expect("valid")];
        let decision = fixed.choose(&Point { options: &options, previous: None });
        assert_eq!(decision, Decision::Mismatch("`C` is wanted, possible is A".into()));
    }
}
