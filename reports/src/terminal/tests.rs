//! Snapshots of what a person reads, and proofs that hostile data stays data.

use raceproof::Outcome;

use super::{OutcomeLine, Style, full, shortened, sweeps, totals};
use crate::samples;
use crate::story::Story;
use crate::visible::columns;

const COMMAND: &str = "raceproof replay target/raceproof/counter-get-set.json";

fn told(outcome: &Outcome, style: &Style) -> String {
    full(&Story::of(outcome, Some(COMMAND)).expect("a violation"), style)
}

fn at(columns: usize) -> Style {
    Style { columns, ..Style::plain() }
}

#[test]
fn lost_update_at_100_columns() {
    insta::assert_snapshot!(told(&samples::caught(), &at(100)));
}

#[test]
fn one_of_everything_at_120_columns() {
    insta::assert_snapshot!(told(&samples::eventful(), &at(120)));
}

#[test]
fn one_of_everything_at_80_columns_in_ascii() {
    insta::assert_snapshot!(told(&samples::eventful(), &Style { unicode: false, ..at(80) }));
}

#[test]
fn one_of_everything_without_room_for_columns() {
    insta::assert_snapshot!(told(&samples::eventful(), &at(44)));
}

#[test]
fn hostile_data_at_100_columns() {
    insta::assert_snapshot!(told(&samples::hostile(), &at(100)));
}

#[test]
fn deadlock_at_100_columns() {
    insta::assert_snapshot!(told(&samples::deadlock(), &at(100)));
}

#[test]
fn deadlock_without_room_for_columns_in_ascii() {
    insta::assert_snapshot!(told(&samples::deadlock(), &Style { unicode: false, ..at(44) }));
}

#[test]
fn split_statement_and_chosen_wakings_at_100_columns() {
    insta::assert_snapshot!(told(&samples::split(), &at(100)));
}

#[test]
fn every_fault_and_time_at_120_columns() {
    insta::assert_snapshot!(told(&samples::breakdown(), &at(120)));
}

#[test]
fn every_fault_and_time_without_room_for_columns_in_ascii() {
    insta::assert_snapshot!(told(&samples::breakdown(), &Style { unicode: false, ..at(44) }));
}

/// Who reads of one worker alone must not lose what happened to the store.
#[test]
fn fault_of_a_store_is_told_whole_in_a_single_lane() {
    let mut outcome = samples::breakdown();
    let shrunk = &mut outcome.counterexample.as_mut().expect("caught").shrunk;
    shrunk.workers.truncate(1);
    shrunk.steps.drain(..7);
    let text = told(&outcome, &at(80));
    assert!(text.contains("✗ redis restarts with what it had acknowledged │"), "{text}");
}

#[test]
fn lock_that_expires_at_100_columns() {
    insta::assert_snapshot!(told(&samples::expired(), &at(100)));
}

/// One line for each model, and the table of what holds; one below the other where there is no room for columns.
#[test]
fn lines_of_a_run_under_several_models() {
    let outcomes = samples::locks();
    let line = |outcome| OutcomeLine { outcome, name_columns: 33, is_strict_pass: false }.draw(&at(120));
    let text = outcomes.iter().map(line).collect::<String>() + &totals(&outcomes, false, &at(120));
    insta::assert_snapshot!(text + &[120, 44].map(|columns| sweeps(&outcomes, &at(columns))).join(""));
}

/// What is explored under another model than those of the card is told as such.
#[test]
fn model_of_which_the_card_says_nothing_is_not_judged() {
    let mut outcome = samples::correct();
    outcome.model = "crash".parse().expect("a model");
    outcome.coverage.faults.insert("crash".to_owned(), 30);
    let line = OutcomeLine { outcome: &outcome, name_columns: 10, is_strict_pass: false }.draw(&at(160));
    assert!(line.starts_with("? counter/incr under crash  pass, not judged: "), "{line}");
    assert!(line.contains("says nothing about this fault model"), "{line}");
}

/// One line for each level, each with what it holds for.
#[test]
fn lines_of_a_run_at_several_levels() {
    let mut outcomes = samples::swept();
    outcomes.extend([samples::deadlock(), samples::split(), samples::atomic()]);
    let line = |outcome| OutcomeLine { outcome, name_columns: 39, is_strict_pass: false }.draw(&at(120));
    let text = outcomes.iter().map(line).collect::<String>();
    insta::assert_snapshot!(text + &totals(&outcomes, false, &at(120)) + &sweeps(&outcomes, &at(120)));
}

#[test]
fn isolation_table_that_differs_is_marked_at_every_width() {
    let mut outcomes = samples::swept();
    outcomes[1].card.isolation = outcomes[3].card.isolation.clone();
    outcomes[4].verdict = samples::inconclusive().verdict;
    outcomes[5].coverage.exhausted = false;
    let text = [100, 40].map(|columns| sweeps(&outcomes, &at(columns))).join("");
    insta::assert_snapshot!(text);
}

/// A card that says nothing about a level is told as such, and not as a pass that was expected.
#[test]
fn level_of_which_the_card_says_nothing_is_not_judged() {
    let mut outcome = samples::atomic();
    outcome.isolation = Some(raceproof::Isolation::Serializable);
    let line = OutcomeLine { outcome: &outcome, name_columns: 10, is_strict_pass: false }.draw(&at(160));
    assert!(line.starts_with("? inventory/sum @ serializable  pass, not judged: "), "{line}");
    assert!(line.contains("says nothing about this isolation level"), "{line}");
}

#[test]
fn lines_of_a_run() {
    let outcomes = samples::everything();
    let mut text = String::new();
    for outcome in &outcomes {
        text += &OutcomeLine { outcome, name_columns: 21, is_strict_pass: false }.draw(&at(120));
        if let Some(story) = Story::of(outcome, Some(COMMAND)) {
            text += &shortened(&story, &at(120));
        }
    }
    text += &totals(&outcomes, false, &at(120));
    insta::assert_snapshot!(text);
}

/// The exit code is 1 because of the violation, so the line and the totals say it; a pass is left alone.
#[test]
fn violation_under_strict_pass_is_marked() {
    let outcomes = [samples::caught(), samples::correct()];
    let line =
        |outcome| OutcomeLine { outcome, name_columns: 15, is_strict_pass: true }.draw(&Style::plain());
    let text = outcomes.iter().map(line).collect::<String>() + &totals(&outcomes, true, &Style::plain());
    insta::assert_snapshot!(text, @r"
    ✗ counter/get-set  REFUSED by --strict-pass, an expected violation (lost update): found in schedule 2; 20.4 ms
    ✓ counter/incr     expected pass: no violation in the 90 schedules explored, exhausted: yes; 20.4 ms
    2 scenarios: 1 as expected, 1 violation refused by --strict-pass
    ");
}

/// Whatever the width, no line is wider (but the command, which is never cut), and no byte of a control
/// or an escape sequence is left.
#[test]
fn no_line_is_too_wide_and_no_control_character_is_left() {
    for outcome in [
        samples::caught(),
        samples::eventful(),
        samples::hostile(),
        samples::deadlock(),
        samples::split(),
        samples::breakdown(),
    ] {
        for width in [40, 60, 80, 100, 160] {
            for unicode in [true, false] {
                let style = Style { unicode, ..at(width) };
                let line =
                    OutcomeLine { outcome: &outcome, name_columns: 30, is_strict_pass: true }.draw(&style);
                let text = told(&outcome, &style) + &line;
                assert!(text.chars().all(|character| character == '\n' || !character.is_control()));
                assert!(!text.contains('\u{202e}') && (unicode || text.is_ascii()));
                for line in text.lines().filter(|line| !line.contains(COMMAND)) {
                    assert!(columns(line) <= width, "{width}: {line}");
                }
            }
        }
    }
}

/// Colours only add: without their escape sequences the text is the same.
#[test]
fn colours_change_no_text() {
    let outcome = samples::eventful();
    let mut coloured = told(&outcome, &Style { colour: true, ..at(100) });
    for code in ["32", "1;31", "33", "2", "1", "0"] {
        coloured = coloured.replace(&format!("\u{1b}[{code}m"), "");
    }
    let trimmed = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    assert_eq!(trimmed(&coloured), trimmed(&told(&outcome, &at(100))));
}

/// Nobody had said that the code is right, so nobody is wrong about it; and it need not say anything about itself.
#[test]
fn violation_of_ones_own_code_is_no_false_alarm() {
    let mut outcome = samples::eventful();
    let line = |outcome: &Outcome| {
        OutcomeLine { outcome, name_columns: 20, is_strict_pass: false }.draw(&Style::plain())
    };
    assert!(line(&outcome).contains("FALSE ALARM"));
    (outcome.card.unproven, outcome.card.about) = (true, String::new());
    assert!(line(&outcome).contains("VIOLATION, a promise is broken"), "{}", line(&outcome));
    assert!(totals(std::slice::from_ref(&outcome), false, &Style::plain()).contains("1 violation"));
    assert!(!told(&outcome, &at(100)).contains("\n\n\n"), "no line about nothing");
    let mut passed = samples::correct();
    assert!(line(&passed).contains("expected pass"));
    passed.card.unproven = true;
    assert!(line(&passed).contains("  pass: no violation in"), "{}", line(&passed));
}
