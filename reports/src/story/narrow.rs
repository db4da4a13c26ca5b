//! Owns the narrowing of lanes to fewer steps: the first, the last, and those about the step that broke the promise.

use super::{Lanes, Row};

impl Lanes {
    /// Leaves out what is in the middle, so that at most `steps_max` steps stay (and the step that breaks the promise,
    /// wherever it is).
    pub fn narrow(&mut self, steps_max: usize) {
        let steps = self.rows.iter().filter(|row| matches!(row, Row::Step(_))).count();
        if steps <= steps_max {
            return;
        }
        let (head, tail) = (steps_max / 2, steps - (steps_max - steps_max / 2));
        let mut rows: Vec<Row> = Vec::new();
        let mut place = 0;
        for row in self.rows.drain(..) {
            let left_out = match &row {
                Row::LeftOut(count) => *count,
                Row::Step(step) => {
                    place += 1;
                    usize::from(place > head && place <= tail && !step.is_the_violation)
                }
            };
            match (left_out, rows.last_mut()) {
                (0, _) => rows.push(row),
                (more, Some(Row::LeftOut(count))) => *count += more,
                (more, _) => rows.push(Row::LeftOut(more)),
            }
        }
        self.rows = rows;
    }
}

#[cfg(test)]
mod tests {
    use super::super::Story;
    use super::*;
    use crate::samples;

    /// Each row in a word: the number of a step, or how many are left out.
    fn told(steps: usize, broken: Option<usize>, steps_max: usize) -> Vec<String> {
        let choices = vec!["A"; steps].join(" ");
        let mut outcome = samples::caught();
        let evidence = outcome.counterexample.as_mut().expect("it was caught");
        evidence.shrunk = samples::chosen(&choices);
        evidence.violation.step = broken;
        let mut lanes = Story::of(&outcome, None).and_then(|story| story.lanes).expect("it has steps");
        lanes.narrow(steps_max);
        let word = |row: &Row| match row {
            Row::Step(step) => step.number.to_string(),
            Row::LeftOut(count) => format!("-{count}"),
        };
        lanes.rows.iter().map(word).collect()
    }

    #[test]
    fn first_and_last_steps_stay() {
        assert_eq!(told(4, None, 4), ["1", "2", "3", "4"]);
        assert_eq!(told(9, None, 4), ["1", "2", "-5", "8", "9"]);
        assert_eq!(told(9, None, 1), ["-8", "9"]);
    }

    /// The step that breaks the promise is the one that matters.
    #[test]
    fn step_of_the_violation_stays() {
        assert_eq!(told(9, Some(5), 2), ["1", "-3", "5", "-3", "9"]);
        assert_eq!(told(9, Some(9), 2), ["1", "-7", "9"]);
    }

    /// What a long story has left out already is counted, too.
    #[test]
    fn what_was_left_out_before_is_counted() {
        assert_eq!(told(300, None, 2), ["1", "-298", "300"]);
    }
}
