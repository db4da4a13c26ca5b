//! Owns what the workers of a generated workload were to do, one line each.

use raceproof::history::Trace;
use raceproof::programs::Planned;

use super::REPORTED_MAX;
use crate::visible::Visible;

/// The workers with their operations; none if these were not generated.
pub(super) fn lines(trace: &Trace) -> Vec<Visible> {
    let Some(programs) = &trace.programs else { return Vec::new() };
    let told = |list: &[Planned]| {
        let texts: Vec<&str> = list.iter().map(|planned| planned.text.as_str()).collect();
        if texts.is_empty() { "nothing".to_owned() } else { texts.join(", ") }
    };
    let lines = programs.operations.iter().map(|(worker, list)| format!("{worker} {}", told(list)));
    lines.take(REPORTED_MAX).map(|line| Visible::of(&line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;
    use crate::story::Story;
    use crate::terminal::{Style, full};

    fn told(text: &str) -> Vec<String> {
        let evidence = samples::generated(text).counterexample.expect("it was caught");
        lines(&evidence.shrunk).iter().map(|line| line.as_str().to_owned()).collect()
    }

    #[test]
    fn operations_are_told_by_worker_and_those_of_hand_written_scenarios_are_not() {
        assert_eq!(told("Add(1)"), ["A Add(1), Add(1)", "B nothing"]);
        assert_eq!(told("\u{1b}[2J")[0], "A \\x1b[2J, \\x1b[2J");
        assert!(lines(&samples::chosen("A B")).is_empty());
    }

    #[test]
    fn operations_stand_before_the_execution() {
        let story = Story::of(&samples::generated("Add(1)"), None).expect("a violation");
        let told = full(&story, &Style::plain());
        let expected = "  workload  A Add(1), Add(1)\n            B nothing\n  start     ";
        assert!(told.contains(expected), "{told}");
        assert!(told.contains("2 workers, 2 operations, "), "{told}");
    }
}
