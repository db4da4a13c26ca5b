//! What is taken out of texts, of records and of their reports, and what is left alone.

use proptest::prelude::*;
use raceproof::history::{Effect, TraceStep};
use raceproof::redacted::is_like;

use super::*;
use crate::case::Cases;
use crate::document::Document;
use crate::html::Source;
use crate::samples;

fn redactor(patterns: &[&str]) -> Redactor {
    let patterns: Vec<_> = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
    Redactor::new(&patterns).expect("they are regular expressions")
}

#[test]
fn matches_of_all_patterns_are_taken_out_once() {
    let redactor = redactor(&["b+", "bc", "x*"]);
    assert_eq!(redactor.text("abbcd"), format!("a{REDACTED}d"));
    assert_eq!(redactor.text(&redactor.text("abbcd x")), format!("a{REDACTED}d {REDACTED}"));
    assert_eq!(redactor.text("cd"), "cd");
}

/// A secret that was cut is no match any more.
#[test]
fn begin_of_a_match_before_a_cut_is_taken_out() {
    let redactor = redactor(&[r"sk_[a-z]{8}\b", "(?i)bearer [^ ]+"]);
    assert_eq!(redactor.text("SET a sk_abc… (3)"), format!("SET a {REDACTED}… (3)"));
    assert_eq!(redactor.text("SET a sk_abc (3)"), "SET a sk_abc (3)");
    assert_eq!(redactor.text("x: Beare…"), format!("x: {REDACTED}…"));
    assert_eq!(redactor.text("SET a 17…"), "SET a 17…");
}

#[test]
fn bad_pattern_is_told_by_its_number_only() {
    let refused = Redactor::new(&["a".to_owned(), "hunter2(".to_owned()]).expect_err("it is none");
    assert!(refused.to_string().starts_with("pattern 2 of"), "{refused}");
    assert!(!format!("{refused:?}").contains("hunter2"));
}

#[test]
fn command_keeps_its_shape_without_the_patterns() {
    let words = ["raceproof", "run", "--redact", "hunter2", "--redact=x(", "--out", "y-secret"];
    let told = redactor(&["secret"]).command(&words.map(str::to_owned));
    assert_eq!(
        told,
        ["raceproof", "run", "--redact", "***", "--redact=***", "--out", &format!("y-{REDACTED}")]
    );
}

fn all() -> Vec<raceproof::Outcome> {
    let mut all = samples::everything();
    all.extend([samples::split(), samples::deadlock(), samples::breakdown(), samples::expired()]);
    all.push(samples::generated("Increment(3)"));
    all
}

/// Nothing that a pattern can match makes a record something else than a record of the same search.
#[test]
fn form_survives_a_pattern_that_matches_everything() {
    let redactor = redactor(&["(?s).+"]);
    for outcome in all() {
        let redacted = redactor.value(outcome.clone()).expect("its form is left alone");
        assert_eq!(redacted.card.name, outcome.card.name);
        assert_eq!(redacted.judgement(), outcome.judgement());
        let (Some(then), Some(now)) = (&outcome.counterexample, &redacted.counterexample) else {
            continue;
        };
        assert_eq!(now.shrunk.schedule, then.shrunk.schedule);
        assert_eq!(now.shrunk.first_difference(&then.shrunk), None, "replays take anything for the mark");
        assert_eq!(now.violation.found, REDACTED);
    }
}

/// A short value could be found out by trying.
#[test]
fn digest_of_what_was_taken_out_goes_with_it() {
    let digests = |pattern: &str| {
        let mut outcome = samples::caught();
        let steps = &mut outcome.counterexample.as_mut().expect("it was caught").shrunk.steps;
        for step in steps.iter_mut() {
            if let Effect::Request { digest, .. } = &mut step.effect {
                "00ff".clone_into(digest);
            }
        }
        let redacted = redactor(&[pattern]).value(outcome).expect("its form is left alone");
        let steps = redacted.counterexample.expect("it was caught").shrunk.steps;
        let digest = |step: &TraceStep| match &step.effect {
            Effect::Request { digest, .. } => digest.clone(),
            other => panic!("{other:?}"),
        };
        steps.iter().map(digest).collect::<Vec<_>>()
    };
    assert_eq!(digests("SET [a-z]+ 1"), ["00ff", "00ff", REDACTED, REDACTED]);
}

/// What is in no text of a record is in none of its reports.
#[test]
fn secret_is_in_no_report_of_a_redacted_record() {
    let secret = "increment";
    let told = |outcomes| {
        let document = Document::new(Vec::new(), outcomes);
        let cases = Cases { document: &document, commands: &[], is_strict_pass: true };
        let source = Source { document: &document, replay_commands: Vec::new() };
        [
            document.to_json().expect("JSON"),
            crate::junit(&cases).expect("XML"),
            crate::sarif(&cases).expect("JSON"),
            crate::markdown(&cases),
            crate::github::annotations(&cases),
            crate::html::page(&[source]).expect("a page"),
        ]
    };
    assert!(
        told(all()).iter().all(|report| report.contains(secret)),
        "it is in all as long as it is not redacted"
    );
    let redacted = redactor(&[secret]).value(all()).expect("its form is left alone");
    for report in told(redacted) {
        assert!(!report.contains(secret), "{report}");
    }
}

proptest! {
    /// Nothing is left that matches, and replays take the text for what it was.
    #[test]
    fn nothing_that_matches_is_left(text in "[a-c…é ]{0,30}") {
        let redactor = redactor(&["ab+c?", "ca"]);
        let redacted = redactor.text(&text).into_owned();
        prop_assert!(!redacted.contains("ab") && !redacted.contains("ca"), "{}", redacted);
        prop_assert!(is_like(&redacted, &text));
        prop_assert_eq!(redactor.text(&redacted), redacted.as_str());
    }
}
