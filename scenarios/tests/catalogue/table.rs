//! Owns the proof that the table of locks in `LOCKS.md` says what the cards say, which [`models`](crate::models) proves to be true.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use raceproof::{Card, Expectation, FaultModel};
use raceproof_scenarios::catalogue;

const HEAD: &str = "# Locks and pools under faults

What each variant holds under, as its card says. `cargo test` searches all of them on real servers, and `raceproof run lock pool` prints the
table of what was found. `none` also stands for the passing of time when nobody can go on without it; `pause` lets it pass at any moment.
A cell is empty where the card says nothing.

";

/// The names of the fault models, the gentlest first.
const MODELS: [&str; 9] =
    ["none", "pause", "crash", "lost-reply", "drop", "error", "restart", "wipe", "fail-over"];

fn cell(card: &Card, model: &str) -> String {
    let model: FaultModel = model.parse().expect("the name of a model");
    match card.models.get(&model) {
        None => String::new(),
        Some(Expectation::Pass) => "holds".to_owned(),
        Some(Expectation::Violation { anomaly }) => {
            format!("**{}**", anomaly.split(" (").next().unwrap_or(anomaly))
        }
    }
}

fn row(cells: impl IntoIterator<Item = String>) -> String {
    format!("| {} |\n", cells.into_iter().collect::<Vec<_>>().join(" | "))
}

/// The document as it should be.
fn document() -> String {
    let mut families: BTreeMap<String, Vec<Card>> = BTreeMap::new();
    for card in catalogue::all().iter().map(|scenario| scenario.card()).filter(|card| !card.models.is_empty())
    {
        let (family, _) = card.name.split_once('/').expect("a family and a variant");
        families.entry(family.to_owned()).or_default().push(card);
    }
    let mut text = HEAD.to_owned();
    for (family, cards) in families {
        let has = |model: &&str| cards.iter().any(|card| !cell(card, model).is_empty());
        let models: Vec<&str> = MODELS.into_iter().filter(has).collect();
        text +=
            &row([format!("`{family}/`")].into_iter().chain(models.iter().map(|model| (*model).to_owned())));
        text += &row(std::iter::repeat_n("---".to_owned(), models.len() + 1));
        for card in &cards {
            let variant = card.name.split_once('/').map_or("", |(_, variant)| variant);
            let cells = models.iter().map(|model| cell(card, model));
            text += &row([format!("`{variant}`")].into_iter().chain(cells));
        }
        text.push('\n');
    }
    text.trim_end().to_owned() + "\n"
}

#[test]
fn document_says_what_the_cards_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("LOCKS.md");
    let (found, expected) = (std::fs::read_to_string(&path).unwrap_or_default(), document());
    if found != expected {
        let proposed = Path::new(env!("CARGO_TARGET_TMPDIR")).join("LOCKS.md");
        std::fs::write(&proposed, expected).expect("the target folder can be written to");
        panic!("`{}` is not what the cards say; `{}` is", path.display(), proposed.display());
    }
}

/// A model that the table does not know would be left out without a word.
#[test]
fn table_knows_every_model_of_the_cards() {
    let known: BTreeSet<FaultModel> = MODELS.iter().map(|name| name.parse().expect("a model")).collect();
    for card in catalogue::all().iter().map(|scenario| scenario.card()) {
        for model in card.models.keys() {
            assert!(known.contains(model), "`{}` speaks of `{model}`", card.name);
        }
    }
}
