//! Owns the catalogue as a page of Markdown: a section per family, with a table of its variants and of what each holds under.

use std::fmt::Write;

use raceproof::{Card, Expectation, FaultModel, Isolation};

const HEAD: &str = "# The catalogue

What `raceproof list --format markdown` prints. A broken variant is one that `raceproof run` must catch, a correct one must show no violation; \
both are held to it on every change. *Real bug* names the project and the issue from which a variant is built, broken or mended. A second table \
says what becomes of each variant under the fault models of which its card speaks: `none` also stands for the passing of time when nobody can go \
on without it, `pause` lets it pass at any moment, and a cell is empty where the card says nothing.
";

/// The page of `cards`, which are in the order of their families.
pub(super) fn catalogue_page(cards: &[&Card]) -> String {
    let mut page = HEAD.to_owned();
    let broken = cards.iter().filter(|card| card.expected.is_violation()).count();
    let (all, correct) = (cards.len(), cards.len() - broken);
    let families = cards.chunk_by(|one, other| one.family() == other.family());
    let count = families.clone().count();
    let _ = writeln!(page, "\n{all} variants in {count} families: {broken} broken, {correct} correct.");
    for family in families {
        let _ = writeln!(page, "\n## {}\n", family[0].family());
        page += &variants(family);
        page += &under_faults(family);
    }
    page
}

fn variants(family: &[&Card]) -> String {
    let mut table = row(["variant", "stores", "workers", "expected", "real bug", "about"].map(str::to_owned));
    table += &row(std::array::from_fn::<_, 6, _>(|_| "---".to_owned()));
    for card in family {
        let source = card.source.clone().unwrap_or_default();
        let workers = card.workers.to_string();
        let cells = [
            code(variant(card)),
            card.stores.join(", "),
            workers,
            expected(card),
            source,
            card.about.clone(),
        ];
        table += &row(cells.map(|cell| cell.replace('|', "\\|")));
    }
    table
}

/// The anomaly, at each level if they differ, or `pass`; what models change is in the second table.
fn expected(card: &Card) -> String {
    if card.isolation.is_empty() {
        return judged(&card.expected, "pass");
    }
    let mut levels: Vec<(String, Vec<Isolation>)> = Vec::new();
    for (level, expectation) in &card.isolation {
        let judged = judged(expectation, "pass");
        match levels.last_mut().filter(|(before, _)| *before == judged) {
            Some((_, same)) => same.push(*level),
            None => levels.push((judged, vec![*level])),
        }
    }
    let named = |levels: &[Isolation]| levels.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let told: Vec<_> = levels.iter().map(|(judged, at)| format!("{judged} at {}", named(at))).collect();
    told.join("; ")
}

fn under_faults(family: &[&Card]) -> String {
    let mut models: Vec<&FaultModel> = family.iter().flat_map(|card| card.models.keys()).collect();
    models.sort();
    models.dedup();
    if models.is_empty() {
        return String::new();
    }
    let head =
        std::iter::once("variant".to_owned()).chain(models.iter().map(|model| code(&model.to_string())));
    let mut table =
        "\n".to_owned() + &row(head) + &row(std::iter::repeat_n("---".to_owned(), models.len() + 1));
    for card in family.iter().filter(|card| !card.models.is_empty()) {
        let cell = |model: &&FaultModel| {
            card.models.get(model).map_or_else(String::new, |said| judged(said, "holds"))
        };
        table += &row(std::iter::once(code(variant(card))).chain(models.iter().map(cell)));
    }
    table
}

fn judged(expectation: &Expectation, good: &str) -> String {
    match expectation {
        Expectation::Pass => good.to_owned(),
        Expectation::Violation { anomaly } => {
            format!("**{}**", anomaly.split(" (").next().unwrap_or(anomaly))
        }
    }
}

fn variant(card: &Card) -> &str {
    card.name.split_once('/').map_or(card.name.as_str(), |(_, variant)| variant)
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

fn row(cells: impl IntoIterator<Item = String>) -> String {
    format!("| {} |\n", cells.into_iter().collect::<Vec<_>>().join(" | "))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::cli::fake;

    /// Whatever a card says is in one of the tables, and a bar in it ends no cell.
    #[test]
    fn page_has_levels_models_and_sources() {
        let caught = fake::caught("counter/get-set").card;
        let broken = caught.expected.clone();
        let levels =
            Isolation::ALL.into_iter().zip([broken.clone(), broken.clone(), Expectation::Pass]).collect();
        let skew = Card {
            name: "isolation/skew".to_owned(),
            isolation: levels,
            about: "A | B. C.".to_owned(),
            ..caught.clone()
        };
        let models: BTreeMap<FaultModel, Expectation> = [("none", Expectation::Pass), ("pause", broken)]
            .map(|(model, said)| (model.parse().expect("a model"), said))
            .into();
        let lock = Card {
            name: "isolation/lock".to_owned(),
            source: Some("a/b#1".to_owned()),
            models,
            ..caught.clone()
        };
        insta::assert_snapshot!(
            catalogue_page(&[&caught, &skew, &lock]).split_once("\n\n").expect("a head").1
        );
    }
}
