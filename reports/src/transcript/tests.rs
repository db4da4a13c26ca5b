//! Owns the proof that a transcript says what was recorded, in words that its client does not obey.

use raceproof::history::Typed;

use super::*;
use crate::samples;

/// The sample of a lost update, as it is recorded with what was typed.
fn typed(lines: &[&str]) -> Outcome {
    let mut outcome = samples::caught();
    let evidence = outcome.counterexample.as_mut().expect("it was caught");
    for (step, line) in evidence.shrunk.steps.iter_mut().zip(lines) {
        step.typed = Some(vec![(*line).to_owned()]);
    }
    evidence.set_up =
        Some(vec![Typed { store: "redis".to_owned(), lines: vec!["SET counter 0".to_owned()] }]);
    outcome
}

const LINES: [&str; 4] = ["GET counter", "GET counter", "SET counter 1", "SET counter 1"];

#[test]
fn script_has_a_block_for_each_session_and_the_order_of_their_steps() {
    let text = transcript(&typed(&LINES), Form::Shell).expect("it can be typed");
    let (_, told) = text.split_once("# ── Set-up ──\n").expect("it has a set-up");
    insta::assert_snapshot!(told);
}

#[test]
fn what_was_not_recorded_is_no_transcript() {
    let refused =
        |outcome: &Outcome| transcript(outcome, Form::Shell).expect_err("it is not known").to_string();
    assert_eq!(refused(&samples::correct()), "there is no counterexample");
    assert_eq!(refused(&samples::caught()), "step 1 sent what cannot be typed");
    let mut outcome = typed(&LINES);
    outcome.counterexample.as_mut().expect("it was caught").set_up = None;
    assert!(refused(&outcome).starts_with("what the set-up has sent is not in the record"));
    assert_eq!(
        refused(&typed(&["GET counter", "QUIT", "SET counter 1", "SET counter 1"])),
        "step 2 is a command that redis-cli obeys itself"
    );
}

#[test]
fn isolationtester_is_given_sql_only() {
    let refused = transcript(&typed(&LINES), Form::Isolationtester).expect_err("it speaks to Redis");
    assert_eq!(refused.to_string(), "the set-up speaks to redis");
}

/// A record may have been edited by hand: what names a store goes into the shell as it is.
#[test]
fn stores_that_are_none_are_refused() {
    let mut outcome = typed(&LINES);
    outcome.card.stores = vec!["redis".to_owned(), "redis'; id #".to_owned()];
    let refused = transcript(&outcome, Form::Shell).expect_err("no such store");
    assert_eq!(refused.to_string(), "nothing here speaks to `redis'; id #`");
    outcome.card.stores = vec!["postgres".to_owned()];
    assert!(
        transcript(&outcome, Form::Shell)
            .expect_err("it speaks to Redis")
            .to_string()
            .starts_with("A speaks to")
    );
}
