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
    use raceproof::Programs;

    use super::*;
    use crate::samples;
    use crate::terminal::{Style, full};

    fn trace(text: &str) -> Trace {
        let planned = Planned { position: 4, text: text.to_owned(), value: text.into() };
        let workers = ["A", "B"].map(|worker| worker.parse().expect("a worker"));
        let lists = [vec![planned.clone(), planned], Vec::new()];
        let programs = Programs { number: 2, operations: workers.into_iter().zip(lists).collect() };
        Trace { programs: Some(programs), ..samples::chosen("A B") }
    }

    #[test]
    fn operations_are_told_by_worker_and_those_of_hand_written_scenarios_are_not() {
        let told =
            |trace: &Trace| lines(trace).iter().map(|line| line.as_str().to_owned()).collect::<Vec<_>>();
        assert_eq!(told(&trace("Add(1)")), ["A Add(1), Add(1)", "B nothing"]);
        assert_eq!(told(&trace("\u{1b}[2J"))[0], "A \\x1b[2J, \\x1b[2J");
        assert!(told(&samples::chosen("A B")).is_empty());
    }

    #[test]
    fn operations_stand_before_the_execution() {
        let mut outcome = samples::caught();
        let evidence = outcome.counterexample.as_mut().expect("it was caught");
        evidence.shrunk.programs = trace("Add(1)").programs;
        let story = crate::story::Story::of(&outcome, None).expect("a violation");
        let told = full(&story, &Style::plain());
        let expected = "  workload  A Add(1), Add(1)\n            B nothing\n  start     ";
        assert!(told.contains(expected), "{told}");
        assert!(told.contains("2 workers, 2 operations, "), "{told}");
    }
}
