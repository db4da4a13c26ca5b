//! Snapshots of the page, and proofs that hostile data stays data.

use raceproof::Outcome;

use super::{PAGE_BYTES_MAX, Source, page};
use crate::document::Document;
use crate::samples;

fn drawn(outcomes: Vec<Outcome>) -> String {
    let command = ["raceproof", "run", "counter"].map(str::to_owned).to_vec();
    let mut document = Document::new(command, outcomes);
    "0.0.0".clone_into(&mut document.program);
    let replay_commands = document
        .outcomes
        .iter()
        .map(|outcome| outcome.verdict.violation().map(|_| "raceproof replay x.json".to_owned()))
        .collect();
    page(&[Source { document: &document, replay_commands }]).expect("rendering fails on no data")
}

/// The part that changes with the data; style sheet and script are looked at, not compared.
fn body(page: &str) -> &str {
    let body = page.split_once("<body>").map_or(page, |(_, body)| body);
    body.split_once("<script>").map_or(body, |(body, _)| body)
}

#[test]
fn page_of_a_run() {
    insta::assert_snapshot!(body(&drawn(samples::everything())));
}

#[test]
fn page_of_levels_splits_and_a_deadlock() {
    let mut outcomes = samples::swept();
    outcomes.extend([samples::deadlock(), samples::split(), samples::atomic()]);
    insta::assert_snapshot!(body(&drawn(outcomes)));
}

#[test]
fn page_of_models_faults_and_time() {
    let mut outcomes = samples::locks();
    outcomes.extend([samples::breakdown(), samples::expired()]);
    insta::assert_snapshot!(body(&drawn(outcomes)));
}

/// A cell that is not what the card expects is marked, and the page says how many there are.
#[test]
fn generated_operations_are_listed_and_escaped() {
    let page = drawn(vec![samples::generated("Say(<b>)")]);
    let list = "<p class=\"label\">What the workers were to do</p>\n<ul>\n<li>A Say(&#60;b&#62;), Say(&#60;b&#62;)</li>\n<li>B nothing</li>";
    assert!(page.contains(list), "{}", body(&page));
    assert!(!drawn(vec![samples::caught()]).contains("What the workers were to do"));
}

#[test]
fn isolation_table_that_differs_is_marked() {
    let mut outcomes = samples::swept();
    assert!(drawn(outcomes.clone()).contains("\"badge comparison good\">equals the published table"));
    outcomes[1].card.isolation = outcomes[3].card.isolation.clone();
    let page = drawn(outcomes);
    assert!(page.contains("<td class=\"differs\">prevented !</td>"));
    assert!(page.contains("1 cell (marked !) differs from the published table"));
}

#[test]
fn page_of_hostile_data() {
    insta::assert_snapshot!(body(&drawn(vec![samples::hostile()])));
}

/// What all rows ran with is said once, above the table; what one of them ran with is said in its row, a store by its
/// first words, as all stores are listed.
#[test]
fn rows_tell_only_what_is_not_common() {
    let (mut other, store) = (samples::correct(), "redis 7.0.15, local process");
    let alike = drawn(vec![samples::missed(), samples::correct()]);
    assert_eq!((alike.matches(store).count(), alike.matches("class=\"summary alike\"").count()), (1, 1));
    other.stores = vec!["redis 8, a container".to_owned()];
    let mixed = drawn(vec![samples::missed(), samples::correct(), other]);
    assert_eq!((mixed.matches(store).count(), mixed.matches("redis 8, a container").count()), (1, 1));
    assert_eq!(mixed.matches("<div>redis 7.0.15</div>").count(), 2);
    assert_eq!((mixed.matches("seed 42").count(), mixed.matches("class=\"summary alike\"").count()), (1, 0));
}

#[test]
fn page_of_nothing_says_so() {
    assert!(drawn(Vec::new()).contains("No scenario was explored."));
}

/// The only tags are those of the template: none came from the data, whatever the data is.
#[test]
fn hostile_data_adds_no_tag_and_no_attribute() {
    let page = drawn(vec![samples::hostile()]);
    for forbidden in ["<img", "javascript:alert(1)\"", "\u{1b}", "\u{202e}", "\u{9b}", "\0", "\r"] {
        assert!(!page.contains(forbidden), "{forbidden:?}");
    }
    assert_eq!(page.matches("<script").count(), 1, "our own");
    assert!(page.contains("&#60;script&#62;") || page.contains("&lt;script&gt;"));
    assert!(body(&page).len() < 60_000, "a value of 1 MiB is cut everywhere: {}", page.len());
}

/// Nothing is fetched, and nothing runs but one script that the policy names: the page works from a disk without network.
#[test]
fn page_is_self_contained() {
    let page = drawn(samples::everything());
    for forbidden in ["http:", "https:", "src=", "<link", "@import", "url("] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    assert!(page.contains("content=\"default-src 'none'; script-src 'sha256-"));
    assert!(page.contains(&format!("<script>{}</script>", include_str!("../../templates/page.js"))));
}

/// Every link leads to a place on the page, and there is one to each violation and to each family.
#[test]
fn links_lead_somewhere() {
    let page = drawn(samples::everything());
    let targets: Vec<_> = page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(
        targets.iter().all(|target| page.matches(&format!("id=\"{target}\"")).count() == 1),
        "{targets:?}"
    );
    for target in ["violation-counter-get-set", "violation-inventory-script", "family-queue", "scenarios"] {
        assert!(targets.contains(&target), "{target}");
    }
}

/// Each violation is told in this order: the promise, what happened, in which order, why, how to see it again.
#[test]
fn violation_is_told_in_the_order_in_which_a_reader_asks() {
    let page = drawn(vec![samples::caught()]);
    let asked = [
        "<dt>promised</dt>",
        "<dt>happened</dt>",
        "In which order",
        "Why that breaks it",
        "How to see it again",
    ];
    let places = asked.map(|words| page.find(words).expect(words));
    assert!(places.is_sorted(), "{places:?}");
    let again = &page[places[4]..];
    for fact in [
        "raceproof replay x.json",
        "10/10",
        "42, strategy dfs",
        "redis 7.0.15, local process",
        "<dt>clock</dt>",
        "<code>A B A B</code>",
    ] {
        assert!(again.contains(fact), "{fact}");
    }
}

/// Whatever the record holds: many scenarios, many violations, long executions of hostile text, many records.
#[test]
fn page_keeps_its_bound() {
    let hostile = samples::hostile_of(2_000);
    let mut long = hostile.clone();
    let evidence = long.counterexample.as_mut().expect("evidence");
    evidence.shrunk.steps = (0..400).map(|step| evidence.shrunk.steps[step % 2].clone()).collect();
    let many = (0..250).map(|number| {
        let mut outcome = if number % 100 == 0 { long.clone() } else { hostile.clone() };
        outcome.card.name = format!("{}{number}/{}", outcome.card.name, outcome.card.about);
        outcome
    });
    let page = drawn(many.collect());
    assert!(page.len() <= PAGE_BYTES_MAX, "{}", page.len());
    assert!(page.len() > PAGE_BYTES_MAX / 2, "there was more than enough to show: {}", page.len());
}

/// What nobody expected is listed and told before what was expected, where there is too much of it.
#[test]
fn what_has_no_room_is_counted() {
    let many = (0..2_500).map(|number| {
        let mut outcome = if number < 1_100 { samples::caught() } else { samples::correct() };
        outcome.card.name = format!("family-{}/{number}", number % 10);
        outcome
    });
    let mut outcomes: Vec<_> = many.collect();
    outcomes.extend([samples::missed(), samples::eventful()]);
    let page = drawn(outcomes);
    assert!(page.len() <= PAGE_BYTES_MAX, "{}", page.len());
    assert!(page.contains("<p>502 more scenarios:") && page.contains("<p>101 more violations would"));
    for place in ["href=\"#violation-inventory-script\"", "id=\"violation-inventory-script\""] {
        assert!(page.contains(place), "{place}");
    }
}

/// Writes the page where a person can look at it: `RACEPROOF_PAGE=/tmp/page.html cargo test`.
#[test]
fn page_to_look_at() {
    let Some(path) = std::env::var_os("RACEPROOF_PAGE") else { return };
    let mut outcomes = samples::everything();
    outcomes.extend(samples::swept());
    outcomes.extend([samples::deadlock(), samples::split(), samples::atomic(), samples::hostile()]);
    outcomes.extend(samples::locks());
    outcomes.extend([samples::breakdown(), samples::expired()]);
    std::fs::write(path, drawn(outcomes)).expect("the path can be written to");
}
