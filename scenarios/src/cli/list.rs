//! Owns `raceproof list`: the catalogue as text or JSON.

use std::sync::Arc;

use raceproof::{Card, Expectation, Scenario};
use raceproof_reports::Style;
use raceproof_reports::visible::columns;
use serde_json::json;

use super::args::{Format, ListArgs};
use super::exit::Exit;
use super::failure::Failure;
use super::output::Output;
use super::pattern;

/// Lists the scenarios that the patterns select.
pub(super) fn list(
    args: &ListArgs,
    catalogue: &[Arc<dyn Scenario>],
    output: &mut Output,
) -> Result<Exit, Failure> {
    let cards: Vec<Card> = catalogue.iter().map(|scenario| scenario.card()).collect();
    let names: Vec<_> = cards.iter().map(|card| card.name.clone()).collect();
    let selected: Vec<_> =
        pattern::select(&names, &args.patterns)?.into_iter().map(|index| &cards[index]).collect();
    let text = match args.format {
        Format::Human => human(&selected, &output.style),
        Format::Json => as_json(&selected).map_err(Failure::Json)?,
    };
    output.result(&text);
    Ok(Exit::AsExpected)
}

/// A head, then one line each: name, stores, the expected verdict (an anomaly stands for the violation that it is), and
/// as much of the description as fits.
fn human(cards: &[&Card], style: &Style) -> String {
    let cell = |text: &str| style.fit(text, CELL_COLUMNS_MAX);
    let mut rows = vec![(["scenario", "stores", "expected"].map(str::to_owned), "about")];
    rows.extend(cards.iter().map(|card| {
        ([cell(&card.name), cell(&card.stores.join("+")), cell(expected(card))], card.about.as_str())
    }));
    let widths = [0, 1, 2].map(|index| rows.iter().map(|row| columns(&row.0[index])).max().unwrap_or(0));
    let line = |(row, about): &([String; 3], &str)| {
        let padded = row.iter().zip(widths).map(|(cell, width)| Style::pad(cell, width));
        let known = padded.collect::<Vec<_>>().join("  ");
        let room = style.columns.saturating_sub(columns(&known) + 2);
        let about = if room < ABOUT_COLUMNS_MIN { String::new() } else { style.fit(about, room) };
        format!("{known}  {about}").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

const CELL_COLUMNS_MAX: usize = 40;
/// Less of a description says nothing.
const ABOUT_COLUMNS_MIN: usize = 16;

fn expected(card: &Card) -> &str {
    match &card.expected {
        Expectation::Pass => "pass",
        Expectation::Violation { anomaly } => anomaly,
    }
}

/// `{"format": "raceproof-list", "version": 1, "scenarios": [card …]}`; append-only, as records are.
fn as_json(cards: &[&Card]) -> Result<String, serde_json::Error> {
    let list = json!({ "format": "raceproof-list", "version": 1, "scenarios": cards });
    Ok(serde_json::to_string_pretty(&list)? + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::fake;

    fn at(columns: usize) -> Style {
        Style { columns, ..Style::plain() }
    }

    #[test]
    fn lines_are_aligned_and_fit() {
        let (caught, passed) = (fake::caught("counter/get-set").card, fake::passed("counter/incr").card);
        insta::assert_snapshot!(human(&[&caught, &passed], &at(80)), @r"
        scenario         stores  expected     about
        counter/get-set  redis   lost update  Adds one to a counter in two commands. Wh…
        counter/incr     redis   pass         Adds one to a counter in two commands. Wh…
        ");
        assert!(human(&[&caught], &at(40)).lines().all(|line| !line.contains("Adds")));
    }

    #[test]
    fn json_is_versioned_and_holds_the_cards() {
        let card = fake::caught("counter/get-set").card;
        let value: serde_json::Value = serde_json::from_str(&as_json(&[&card]).unwrap()).unwrap();
        assert_eq!((value["format"].as_str(), value["version"].as_u64()), (Some("raceproof-list"), Some(1)));
        assert_eq!(serde_json::from_value::<Card>(value["scenarios"][0].clone()).unwrap(), card);
    }
}
