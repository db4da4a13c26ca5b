//! Shrinking where the promise speaks of the whole team: fewer workers break it, but not by the bug that was found.

use raceproof::outcome::Counterexample;
use raceproof::{Plan, Worker};

use crate::probe::{Probe, query};

/// Workers that each read and write back one more, and the promise that the counter comes to `sum`.
fn coming_to(sum: i64) -> Probe {
    let adding = |worker: Worker| async move {
        let mut redis = worker.redis().await?;
        let value: i64 = query(&mut redis, "GET counter").await?;
        Ok(query(&mut redis, &format!("SET counter {}", value + 1)).await?)
    };
    Probe::new(3, adding).given("SET counter 0").promising("the sum is right", move |view| {
        match view.state.integer("counter") == Some(sum) {
            true => Ok(()),
            false => Err(view.state.to_string()),
        }
    })
}

fn evidence(probe: Probe) -> Counterexample {
    probe.explore_as(&Plan::default()).counterexample.expect("an update is lost")
}

/// One worker alone comes to 1 and two come to 2, which is no bug.
#[test]
fn violation_by_a_part_of_the_team_that_needs_no_race_is_no_smaller_one() {
    let found = evidence(coming_to(3));
    assert_eq!(found.shrunk.workers.len(), 3, "{}", found.shrunk.schedule);
    assert!(found.shrunk.schedule.context_switches() >= 2, "{}", found.shrunk.schedule);
}

/// What the team breaks one after the other is no race at all, and told with as few as can be.
#[test]
fn violation_without_any_race_shrinks_to_one_worker() {
    let found = evidence(coming_to(0));
    assert_eq!((found.shrunk.workers.len(), found.shrunk.schedule.to_string()), (1, "A A".to_owned()));
}
