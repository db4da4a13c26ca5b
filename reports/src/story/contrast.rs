//! Owns the sentence that tells a violation from the closest execution that passes: which one step makes the difference.

use raceproof::Choice;
use raceproof::history::{Effect, Trace, TraceStep};
use raceproof::outcome::Passing;

use super::difference::Difference;

/// What would have to be otherwise for `violating` to pass, as the end of "it passes".
pub(super) fn sentence(violating: &Trace, passing: &Passing) -> String {
    let told = |trace: &Trace, index: usize| trace.steps.get(index).map_or_else(|| "?".to_owned(), what);
    match Difference::between(violating, passing) {
        // The fewer steps are named first.
        Difference::Moved { first, second } if second.len() <= first.len() => {
            format!("if {} before {}", come(violating, second), steps(violating, first))
        }
        Difference::Moved { first, second } => {
            format!("if {} after {}", come(violating, first), steps(violating, second))
        }
        Difference::LeftOut(at) => match violating.schedule.0.get(at) {
            Some(Choice::Split(_)) => format!("if the request of step {} is not split", at + 1),
            Some(Choice::Advance) => format!("if no time passes at step {}", at + 1),
            _ => format!("without the fault of step {} ({})", at + 1, told(violating, at)),
        },
        Difference::Instead(at) => format!("if step {} is {} instead", at + 1, told(&passing.trace, at)),
        Difference::Ends(at) => format!("if it ends before step {}", at + 1),
        Difference::GoesOn => "if it goes on".to_owned(),
    }
}

fn come(trace: &Trace, range: std::ops::Range<usize>) -> String {
    let verb = if range.len() == 1 { "comes" } else { "come" };
    format!("{} {verb}", steps(trace, range))
}

/// `step 4 (A: `SET counter 1`)`, or `steps 2 to 3`.
fn steps(trace: &Trace, range: std::ops::Range<usize>) -> String {
    match (range.len(), trace.steps.get(range.start)) {
        (1, Some(step)) => format!("step {} ({})", range.start + 1, what(step)),
        _ => format!("steps {} to {}", range.start + 1, range.end),
    }
}

/// What happens in a step, without what came of it.
fn what(step: &TraceStep) -> String {
    match &step.effect {
        Effect::Request { connection, request, .. } => format!("{connection}: `{request}`"),
        Effect::Continued { connection, .. } => format!("{connection} goes on"),
        Effect::Delivery { connection, .. } => format!("{connection} receives a message"),
        Effect::Fault { fault, .. } => fault.tell(),
        Effect::TimePassed { .. } => "time passes".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    /// Both executions have these choices; what is sent is told by the number of the step.
    fn told(bad: &str, good: &str) -> String {
        let (bad, good) = (samples::chosen(bad), samples::chosen(good));
        let agreed = bad.schedule.0.iter().zip(&good.schedule.0).take_while(|(one, two)| one == two).count();
        sentence(&bad, &Passing { trace: good, differs_at: agreed + 1, candidates: 1 })
    }

    #[test]
    fn what_comes_earlier_or_later_is_told_with_the_fewer_steps() {
        assert_eq!(told("A B B A", "A A B B"), "if step 4 (A: `4`) comes before steps 2 to 3");
        assert_eq!(told("A B A", "B A A"), "if step 2 (B: `2`) comes before step 1 (A: `1`)");
        assert_eq!(told("A B B A", "B B A A"), "if step 1 (A: `1`) comes after steps 2 to 3");
        assert_eq!(told("A A B B", "B B A A"), "if steps 3 to 4 come before steps 1 to 2");
        assert_eq!(told("A + B", "A B +"), "if step 3 (B: `3`) comes before step 2 (time passes)");
        // Behind the end of a violation that cut the execution short anything may follow.
        assert_eq!(told("A B", "B A C A"), "if step 2 (B: `2`) comes before step 1 (A: `1`)");
    }

    #[test]
    fn what_does_not_happen_is_told() {
        assert_eq!(told("A + A", "A A"), "if no time passes at step 2");
        assert_eq!(told("A A~ B", "A A B"), "without the fault of step 2 (A crashes)");
        assert_eq!(told("A~", "A A"), "without the fault of step 1 (A crashes)");
        assert_eq!(told("A< B A>", "A B"), "if the request of step 1 is not split");
    }

    #[test]
    fn other_differences_are_told_by_their_first_step() {
        assert_eq!(told("A B B C", "A C A B"), "if step 2 is C: `2` instead");
        assert_eq!(told("A B", "A"), "if it ends before step 2");
        assert_eq!(told("A", "A B"), "if it goes on");
    }
}
