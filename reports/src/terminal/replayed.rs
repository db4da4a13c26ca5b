//! Owns the telling of a replay: of what, what it showed, how often, and where it departed from its record.

use raceproof::Outcome;
use raceproof::outcome::Counterexample;
use raceproof::run::Replay;

use super::story::{labelled, lanes};
use super::style::Style;
use crate::story::Lanes;
use crate::wording;

/// What is to be replayed: the promise, what was found instead, and along which schedule.
#[must_use]
pub fn recorded(outcome: &Outcome, evidence: &Counterexample, style: &Style) -> String {
    let mut text = labelled(style, "record", &wording::name(outcome), 2);
    text += &labelled(style, "promised", &evidence.violation.invariant, 4);
    text += &labelled(style, "recorded", &evidence.violation.found, 6);
    text += &labelled(style, "schedule", &evidence.shrunk.schedule.to_string(), 4);
    if let Some(legend) = wording::legend(&evidence.shrunk.schedule) {
        text += &labelled(style, "", &legend, 4);
    }
    if let Some(model) = wording::model(outcome) {
        text += &labelled(style, "model", &model, 3);
    }
    text
}

/// The last replay with its lanes, and how all of them compare with the recorded `evidence`.
#[must_use]
pub fn replayed(replay: &Replay, evidence: &Counterexample, style: &Style) -> String {
    let violation = replay.trace.verdict.violation();
    let mut text = format!("\n{}\n", lanes(&Lanes::of(&replay.trace, violation), style));
    if let Some(violation) = violation {
        text += &labelled(style, "happened", &violation.found, 6);
    }
    let reproduced = replay.replays.reproduced;
    text += &labelled(style, "replayed", &wording::replays(&replay.replays), 2);
    if let Some((step, what)) = &replay.replays.first_difference {
        let now = if reproduced > 0 { "a replay differed" } else { "the code (or the record) now differs" };
        text += &labelled(style, "", &format!("{now} at step {step}: {what}"), 8);
    } else if reproduced == 0 {
        let gone = match evidence.shrunk.steps.len() {
            1 => "the one step is as recorded, but the promise is kept now".to_owned(),
            steps => format!("all {steps} steps are as recorded, but the promise is kept now"),
        };
        text += &labelled(style, "", &gone, 2);
    }
    text
}
