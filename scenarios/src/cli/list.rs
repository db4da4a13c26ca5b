//! Owns `raceproof list`: the catalogue as a table, a page or JSON.

use std::sync::Arc;

use raceproof::{Card, Expectation, Isolation, Scenario};
use raceproof_reports::Style;
use raceproof_reports::visible::columns;
use schemars::JsonSchema;
use serde::Serialize;

use super::args::{ALL_LEVELS, ListArgs, ListFormat};
use super::catalogue_page::catalogue_page;
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
        ListFormat::Human => human(&selected, &output.style),
        ListFormat::Markdown => catalogue_page(&selected),
        ListFormat::Json => as_json(&selected).map_err(Failure::Json)?,
    };
    output.result(&text);
    Ok(Exit::AsExpected)
}

/// A head, then one line each: name, stores, levels if any has some, the expected verdict (an anomaly stands for the
/// violation that it is, and fault models for what breaks under them), and as much of the description as fits.
fn human(cards: &[&Card], style: &Style) -> String {
    let cell = |text: &str| style.fit(text, CELL_COLUMNS_MAX);
    let mut rows = vec![(["scenario", "stores", "levels", "expected"].map(str::to_owned), "about")];
    rows.extend(cards.iter().map(|card| {
        let known = [&card.name, &card.stores.join("+"), &levels(card), &expected(card)];
        (known.map(|text| cell(text)), card.about.as_str())
    }));
    let widths = [0, 1, 2, 3].map(|index| rows.iter().map(|row| columns(&row.0[index])).max().unwrap_or(0));
    // A catalogue without levels has no column for them.
    let has_levels = cards.iter().any(|card| !card.isolation.is_empty());
    let line = |(row, about): &([String; 4], &str)| {
        let shown =
            row.iter().zip(widths).enumerate().filter(|(index, _)| has_levels || *index != LEVELS_COLUMN);
        let padded = shown.map(|(_, (cell, width))| Style::pad(cell, width));
        let known = padded.collect::<Vec<_>>().join("  ");
        let room = style.columns.saturating_sub(columns(&known) + 2);
        let about = if room < ABOUT_COLUMNS_MIN { String::new() } else { style.fit(about, room) };
        format!("{known}  {about}").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

const LEVELS_COLUMN: usize = 2;
const CELL_COLUMNS_MAX: usize = 40;
/// Less of a description says nothing.
const ABOUT_COLUMNS_MIN: usize = 16;

/// The isolation levels at which a scenario runs unless told otherwise: `all`, names, or `-`.
fn levels(card: &Card) -> String {
    let levels: Vec<_> = card.isolation.keys().map(ToString::to_string).collect();
    match levels.len() {
        0 => "-".to_owned(),
        count if count == Isolation::ALL.len() => ALL_LEVELS.to_owned(),
        _ => levels.join("+"),
    }
}

/// `pass`, the anomaly, or `breaks under pause, crash` where a card speaks of fault models.
fn expected(card: &Card) -> String {
    let breaking: Vec<_> = card.models.iter().filter(|(_, expected)| expected.is_violation()).collect();
    match &card.expected {
        _ if !breaking.is_empty() => {
            let models: Vec<_> = breaking.iter().map(|(model, _)| model.to_string()).collect();
            format!("breaks under {}", models.join(", "))
        }
        Expectation::Pass => "pass".to_owned(),
        Expectation::Violation { anomaly } => anomaly.clone(),
    }
}

/// What the field `format` of the document says.
pub(super) const FORMAT: &str = "raceproof-list";

/// The scenarios of a program; append-only within a version, as records are.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Listed {
    /// Always `raceproof-list`.
    format: String,
    /// The version of the format, from 1.
    version: u64,
    /// The scenarios, in the order of the catalogue.
    scenarios: Vec<Card>,
}

fn as_json(cards: &[&Card]) -> Result<String, serde_json::Error> {
    let scenarios = cards.iter().map(|card| (*card).clone()).collect();
    let list = Listed { format: FORMAT.to_owned(), version: 1, scenarios };
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
    fn levels_have_a_column_where_there_are_any() {
        let redis = fake::passed("counter/incr").card;
        let one = fake::at(Isolation::Serializable, fake::passed("inventory/one")).card;
        let levels = Isolation::ALL.map(|level| (level, Expectation::Pass));
        let all = Card { name: "isolation/skew".to_owned(), isolation: levels.into(), ..one.clone() };
        insta::assert_snapshot!(human(&[&redis, &one, &all], &at(80)), @r"
        scenario        stores    levels        expected  about
        counter/incr    redis     -             pass      Adds one to a counter in two …
        inventory/one   postgres  serializable  pass      Adds one to a counter in two …
        isolation/skew  postgres  all           pass      Adds one to a counter in two …
        ");
    }

    #[test]
    fn models_are_told_where_something_breaks_under_them() {
        let mut card = fake::caught("lock/fragile").card;
        let pass = fake::passed("a/a").card.expected;
        card.models = [("crash", card.expected.clone()), ("none", pass), ("pause", card.expected.clone())]
            .map(|(model, expected)| (model.parse().expect("a model"), expected))
            .into();
        assert_eq!(expected(&card), "breaks under pause, crash");
        card.models.values_mut().for_each(|expected| *expected = Expectation::Pass);
        card.expected = Expectation::Pass;
        assert_eq!(expected(&card), "pass");
    }

    #[test]
    fn json_is_versioned_and_holds_the_cards() {
        let card = fake::caught("counter/get-set").card;
        let value: serde_json::Value = serde_json::from_str(&as_json(&[&card]).unwrap()).unwrap();
        assert_eq!((value["format"].as_str(), value["version"].as_u64()), (Some("raceproof-list"), Some(1)));
        assert_eq!(serde_json::from_value::<Card>(value["scenarios"][0].clone()).unwrap(), card);
    }
}
