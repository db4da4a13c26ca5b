//! Snapshots of what a person reads, and proofs that hostile data stays data.

use raceproof::Outcome;

use super::{OutcomeLine, Style, full, shortened, totals};
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
    for outcome in [samples::caught(), samples::eventful(), samples::hostile()] {
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
