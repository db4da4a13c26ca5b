//! Owns [`Original`]: the execution in which a violation was found, in short, where shrinking has made it smaller.

use raceproof::outcome::Counterexample;

use crate::visible::Visible;
use crate::wording;

/// Most steps that are told, the first and the last ones.
const STEPS_MAX: usize = 60;

/// An execution as a list of steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Original {
    /// How large it is.
    pub size: String,
    /// The first steps, one line each.
    pub first: Vec<Visible>,
    /// How many steps in the middle are not told.
    pub left_out: usize,
    /// The last steps.
    pub last: Vec<Visible>,
}

impl Original {
    /// The execution in which it was found; `None` if that is the one that is drawn.
    pub(super) fn of(evidence: &Counterexample) -> Option<Self> {
        let (found, shrunk) = (&evidence.original, &evidence.shrunk);
        if (&found.schedule, &found.workers) == (&shrunk.schedule, &shrunk.workers) {
            return None;
        }
        let count = found.steps.len();
        let (head, tail) =
            if count <= STEPS_MAX { (count, count) } else { (STEPS_MAX / 2, count - STEPS_MAX / 2) };
        let told = |steps: &[raceproof::history::TraceStep]| {
            steps.iter().map(|step| Visible::of(&step.tell())).collect()
        };
        Some(Self {
            size: wording::size(found),
            first: told(&found.steps[..head]),
            left_out: tail - head,
            last: told(&found.steps[tail..]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn execution_as_it_was_found_is_told_if_it_was_larger() {
        let told = |outcome: raceproof::Outcome| Original::of(&outcome.counterexample.expect("a violation"));
        let original = told(samples::caught()).expect("it had a third worker");
        assert_eq!((original.first.len(), original.left_out, original.last.len()), (6, 0, 0));
        assert_eq!(original.first[2].as_str(), "A: `SET counter 1` -> OK");
        assert_eq!(told(samples::deadlock()), None);
    }

    #[test]
    fn long_execution_loses_its_middle() {
        let mut evidence = samples::caught().counterexample.expect("a violation");
        evidence.original = samples::chosen(&"A ".repeat(100));
        let original = Original::of(&evidence).expect("it is another one");
        assert_eq!((original.first.len(), original.left_out, original.last.len()), (30, 40, 30));
        assert_eq!(original.last[29].as_str(), "A: `100` -> OK");
    }
}
