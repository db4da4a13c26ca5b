//! Owns the proof that a sentence says what the evidence shows, and no more.

use raceproof::outcome::Passing;

use super::*;
use crate::samples;

/// What is told of the choices `bad`, where `good` pass; each request is the number of its step.
fn told(bad: &str, good: Option<&str>) -> String {
    let mut evidence = samples::caught().counterexample.expect("it was caught");
    evidence.shrunk = samples::chosen(bad);
    evidence.cycle = None;
    evidence.passing = good.map(|good| {
        let good = samples::chosen(good);
        let agreed = evidence
            .shrunk
            .schedule
            .0
            .iter()
            .zip(&good.schedule.0)
            .take_while(|(one, two)| one == two)
            .count();
        Passing { trace: good, differs_at: agreed + 1, candidates: 1 }
    });
    let told = sentence(&evidence).to_string();
    let end = " it no longer holds that the counter ends at the number of increments.";
    told.strip_suffix(end).unwrap_or_else(|| panic!("no promise: {told}")).to_owned()
}

/// The newcomer's question: which two steps must not be swapped?
#[test]
fn lost_update_is_told_by_who_must_not_come_between() {
    let evidence = samples::caught().counterexample.expect("it was caught");
    assert_eq!(
        sentence(&evidence).as_str(),
        "B's `GET counter` (step 2) must not come between A's `GET counter` (step 1) and A's `SET counter 1` (step 3), or it \
         no longer holds that the counter ends at the number of increments."
    );
}

#[test]
fn order_is_told_by_the_closest_execution_that_passes() {
    let between = "A's `2` (step 2) must not come between B's `1` (step 1) and B's `3` (step 3), or";
    assert_eq!(told("B A B", Some("B B A")), between);
    assert_eq!(told("B A B", Some("A B B")), between);
    assert_eq!(told("A B", Some("B A")), "A's `1` (step 1) must not come before B's `2` (step 2), or");
    assert_eq!(
        told("A A B B", Some("B B A A")),
        "Steps 1 to 2 (A's `1` to A's `2`) must not come before B's `3` (step 3), or"
    );
    // What another order leads to may be another path, so only where it begins is told.
    assert_eq!(
        told("A B A C", Some("A A B B C")),
        "B's `2` (step 2) must not come between A's `1` (step 1) and A's `3` (step 3), or"
    );
}

/// A step that comes as early as nothing of the other worker's does is told without a window.
#[test]
fn what_never_came_is_told_as_missing() {
    assert_eq!(told("A B", Some("C A B")), "A's `1` (step 1) must not come before C's `1`, or");
}

#[test]
fn faults_and_time_are_told_with_what_lies_around_them() {
    assert_eq!(told("A A~ B", Some("A A B")), "If A crashes (step 2) after A's `1` (step 1),");
    assert_eq!(
        told("A + B", Some("A B +")),
        "If time passes to 1 ms (step 2) between A's `1` (step 1) and B's `3` (step 3),"
    );
    assert_eq!(told("A + B", None), told("A + B", Some("A B")));
}

/// Without an execution that passes nothing is claimed of an order.
#[test]
fn without_a_neighbour_that_passes_only_what_happened_is_told() {
    assert_eq!(told("A A", None), "It takes no other worker: A alone is enough, and");
    assert_eq!(told("A A B", None), "It takes no interleaving: when A and then B run one after the other,");
    assert_eq!(told("A B A", None), "When these steps come in this order, up to A's `3` (step 3),");
}

#[test]
fn cycle_is_told_where_no_neighbour_passes() {
    let mut evidence = samples::caught().counterexample.expect("it was caught");
    evidence.passing = None;
    assert!(sentence(&evidence).as_str().starts_with(
        "A's `SET counter 1` (step 3) must not come between B's `GET counter` (step 2) and B's `SET counter 1` (step 4), or"
    ));
}

#[test]
fn deadlock_split_and_faults_of_the_samples_are_told() {
    let of =
        |outcome: raceproof::Outcome| sentence(&outcome.counterexample.expect("it was caught")).to_string();
    let update = "`UPDATE account SET n = n + 1 WHERE id";
    assert_eq!(
        of(samples::deadlock()),
        format!(
            "A's {update} = 2` (step 3) waits for B, and B's {update} = 1` (step 4) waits for A, a deadlock: A's request is \
             given up, and it no longer holds that no transfer is lost."
        )
    );
    assert_eq!(
        of(samples::split()),
        "Steps 2 to 3 (B's `UPDATE part SET n = 2` to C's `SELECT n FROM part FOR UPDATE`) must not come between what A's \
         `UPDATE stock SET n = (SELECT sum(n) FROM part)` reads (step 1) and what it writes (step 4), or it no longer holds \
         that the stock is counted once."
    );
    assert_eq!(
        of(samples::breakdown()),
        "If the reply to A's `BLPOP signal 0.1` is lost (step 1), it no longer holds that the lock can be taken in the end."
    );
    assert_eq!(
        of(samples::expired()),
        "If time passes to 101 ms (step 2: `lock` is gone) between A's `SET lock A NX PX 100` (step 1) and B's `SET lock B NX \
         PX 100` (step 3), it no longer holds that never two holders at a time."
    );
}

/// A record may have been edited by hand, and holds what the system under test wants.
#[test]
fn edited_and_hostile_records_are_told_in_harmless_text() {
    let mut evidence = samples::hostile().counterexample.expect("it was caught");
    assert!(!sentence(&evidence).as_str().chars().any(char::is_control));
    evidence.passing = Some(Passing { trace: samples::chosen("A"), differs_at: 1_000, candidates: 1 });
    evidence.shrunk.steps.truncate(2);
    assert!(sentence(&evidence).columns() <= SENTENCE_COLUMNS_MAX);
}
