//! Owns [`Guided`]: a schedule followed as far as it fits, and where it first did not.

use super::{Decision, Point, Strategy};
use crate::choice::{Choice, Schedule};

/// Follows a schedule, skips choices that are not possible, and once it is used up lets workers go on
/// without preemption. Shrinking uses it for candidates, which need not fit.
#[derive(Debug)]
pub struct Guided {
    schedule: Schedule,
    position: usize,
    begun: bool,
    /// How many choices were taken.
    taken: usize,
    departure: Option<Departure>,
}

/// Where an execution first departs from the schedule that it follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    /// The step, from 1.
    pub step: usize,
    /// What the schedule wants there.
    pub wanted: Choice,
    /// What is possible instead; nothing if it is the end.
    pub possible: Vec<Choice>,
}

impl Guided {
    /// A strategy for one execution along `schedule`.
    #[must_use]
    pub fn new(schedule: Schedule) -> Self {
        Self { schedule, position: 0, begun: false, taken: 0, departure: None }
    }

    /// Where the last execution first departed from the schedule; `None` if it followed it to its end. What happens
    /// behind the end of the schedule is no departure.
    #[must_use]
    pub fn departure(&self) -> Option<&Departure> {
        self.departure.as_ref()
    }

    fn depart(&mut self, step: usize, wanted: Choice, possible: &[Choice]) {
        self.departure.get_or_insert_with(|| Departure { step, wanted, possible: possible.to_vec() });
    }
}

impl Strategy for Guided {
    fn begin(&mut self) -> bool {
        !std::mem::replace(&mut self.begun, true)
    }

    fn rewind(&mut self) {
        (self.position, self.taken, self.departure) = (0, 0, None);
    }

    fn choose(&mut self, point: &Point<'_>) -> Decision {
        self.taken += 1;
        while let Some(wanted) = self.schedule.0.get(self.position).copied() {
            self.position += 1;
            if let Some(index) = point.options.iter().position(|option| *option == wanted) {
                return Decision::Take(index);
            }
            self.depart(self.taken, wanted, point.options);
        }
        Decision::Take(point.preferred()[0])
    }

    fn end(&mut self, steps: usize) -> Result<(), String> {
        if let Some(wanted) = self.schedule.0.get(self.position).copied() {
            self.depart(steps + 1, wanted, &[]);
        }
        Ok(())
    }

    fn exhausted(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
    fn options(text: &str) -> Vec<Choice> {
        let Schedule(options) = text.parse().expect("valid");
        options
    }

    /// Only the first departure explains: whatever follows may be its consequence.
    #[test]
    fn first_departure_is_kept_until_the_execution_is_started_anew() {
        let mut guided = Guided::new("A C B D".parse().expect("valid"));
        let options = options("A B");
        let point = Point { options: &options, previous: None };
        assert_eq!(guided.choose(&point), Decision::Take(0));
        assert_eq!(guided.departure(), None);
        assert_eq!(guided.choose(&point), Decision::Take(1));
        assert!(guided.end(2).is_ok());
        let wanted = "C".parse().expect("valid");
        assert_eq!(guided.departure(), Some(&Departure { step: 2, wanted, possible: options.clone() }));
        guided.rewind();
        assert_eq!(guided.departure(), None);
    }

    #[test]
    fn end_before_the_end_of_the_schedule_is_a_departure_and_what_follows_it_is_none() {
        let options = options("A");
        let point = Point { options: &options, previous: None };
        let mut guided = Guided::new("A B".parse().expect("valid"));
        assert_eq!(guided.choose(&point), Decision::Take(0));
        assert!(guided.end(1).is_ok());
        let wanted = "B".parse().expect("valid");
        assert_eq!(guided.departure(), Some(&Departure { step: 2, wanted, possible: Vec::new() }));
        let mut short = Guided::new("A".parse().expect("valid"));
        let taken = [short.choose(&point), short.choose(&point)];
        assert!(short.end(2).is_ok());
        assert_eq!((taken, short.departure()), ([Decision::Take(0), Decision::Take(0)], None));
    }
}
