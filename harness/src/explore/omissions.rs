//! Owns the schedules that say less than another: with one fault, one split request or one passing of time fewer. Whether that
//! keeps the violation is found out by running them.

use crate::choice::{Choice, Schedule};

/// Schedules with one fault, one split or one passing of time fewer than `schedule`: faults first, then splits, and of each the
/// later ones first. A fault is left out, and where it hit a request that request also takes its usual course. A request that
/// was split is executed whole where it began.
#[must_use]
pub fn omissions(schedule: &Schedule) -> Vec<Schedule> {
    let positions = |wanted: &dyn Fn(&Choice) -> bool| {
        let found = schedule.0.iter().enumerate().filter(|(_, choice)| wanted(choice));
        found.map(|(position, _)| position).rev().collect::<Vec<_>>()
    };
    let mut omitted = Vec::new();
    for position in positions(&|choice| choice.fault().is_some()) {
        omitted.extend(with(schedule, position, instead(schedule.0[position])));
        omitted.push(without(schedule, position));
    }
    omitted.extend(
        positions(&|choice| matches!(choice, Choice::Split(_))).into_iter().map(|at| whole(schedule, at)),
    );
    let times = positions(&|choice| matches!(choice, Choice::Advance));
    omitted.extend(times.into_iter().map(|position| without(schedule, position)));
    omitted
}

/// The request that is split at `position` is not, so it need not be let go on.
fn whole(schedule: &Schedule, position: usize) -> Schedule {
    let connection = schedule.0[position].connection().expect("a request comes by a connection");
    let mut changed = schedule.clone();
    changed.0[position] = Choice::Run(connection);
    let resumed = changed.0[position..].iter().position(|choice| *choice == Choice::Resume(connection));
    if let Some(behind) = resumed {
        changed.0.remove(position + behind);
    }
    changed
}

/// The usual course of a request that a fault hit.
fn instead(choice: Choice) -> Option<Choice> {
    match choice {
        Choice::Drop(connection) | Choice::LoseReply(connection) | Choice::Refuse(connection, _) => {
            Some(Choice::Run(connection))
        }
        _ => None,
    }
}

fn with(schedule: &Schedule, position: usize, choice: Option<Choice>) -> Option<Schedule> {
    let mut changed = schedule.clone();
    changed.0[position] = choice?;
    Some(changed)
}

fn without(schedule: &Schedule, position: usize) -> Schedule {
    let mut changed = schedule.clone();
    changed.0.remove(position);
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(schedule: &str) -> Vec<String> {
        omissions(&schedule.parse().expect("valid")).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_fault_and_every_passing_of_time_is_left_out_once() {
        assert_eq!(told("A + B~ + A"), ["A + + A", "A + B~ A", "A B~ + A"]);
        assert_eq!(told("store:wipe A"), ["A"]);
    }

    #[test]
    fn request_that_a_fault_hit_may_take_its_usual_course() {
        assert_eq!(told("A? B"), ["A B", "B"]);
        assert_eq!(told("A.1- B=40001"), ["A.1- B", "A.1-", "A.1 B=40001", "B=40001"]);
    }

    #[test]
    fn split_request_is_executed_whole() {
        assert_eq!(
            told("A< + B A> B.1< A<"),
            ["A< + B A> B.1< A", "A< + B A> B.1 A<", "A + B B.1< A<", "A< B A> B.1< A<"]
        );
    }

    #[test]
    fn schedule_without_any_has_nothing_to_leave_out() {
        assert!(told("A B B.1 C!").is_empty());
    }
}
