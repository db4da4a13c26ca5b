//! Owns the proof that arguments become the plan, the legs and the stores that they say.

use clap::Parser;

use super::*;
use crate::cli::args::{Args, Command, RunArgs};
use crate::cli::fake;

fn args(words: &[&str]) -> RunArgs {
    // The environment of the test must not choose the stores.
    let pinned = if words.contains(&"--stores") { vec![] } else { vec!["--stores", "auto"] };
    let words = ["raceproof", "run"].iter().chain(words).chain(&pinned).copied();
    match Args::try_parse_from(words).expect("well-formed").command {
        Command::Run(args) => args,
        other => panic!("`run` was read as {other:?}"),
    }
}

fn stores_for(words: &[&str]) -> Result<StoreOptions, RequestError> {
    let outcome = fake::passed("counter/incr");
    stores(&args(words).stores, &[&outcome.card])
}

#[test]
fn flags_become_a_plan() {
    let plan = plan(&args(&["--seed", "3", "--preemptions", "2", "--workers", "4", "--keep-going"]).search);
    let expected =
        Plan { seed: 3, preemption_bound: Some(2), workers: Some(4), keep_going: true, ..Plan::default() };
    assert_eq!(plan, Ok(expected));
}

#[test]
fn splits_and_repeats_become_a_plan() {
    let of = |words: &[&str]| plan(&args(words).search).expect("well-formed");
    assert_eq!((of(&["--splits", "3"]).splits_max, of(&["--repeat", "20"]).repeat), (3, 20));
    assert_eq!((of(&["--no-split"]).splits_max, of(&["--splits", "0"]).splits_max), (0, 0));
    assert_eq!((of(&[]).splits_max, of(&[]).repeat), (1, 1));
}

#[test]
fn levels_are_named_one_by_one_with_commas_or_all_at_once() {
    let of = |words: &[&str]| levels(&args(words).search).expect("checked by the parser");
    let two = BTreeSet::from([Isolation::ReadCommitted, Isolation::Serializable]);
    assert_eq!(of(&["--isolation", "serializable,read-committed"]), two);
    assert_eq!(of(&["--isolation", "serializable", "--isolation", "read-committed"]), two);
    assert_eq!(of(&["--isolation", "serializable,all"]), Isolation::ALL.into());
    assert_eq!(of(&[]), BTreeSet::new());
}

fn postgres(name: &str, levels: &[Isolation]) -> Card {
    let mut card = fake::passed(name).card;
    card.stores = vec!["postgres".to_owned()];
    card.isolation = levels.iter().map(|level| (*level, card.expected.clone())).collect();
    card
}

fn legs_of(cards: &[&Card], levels: &[Isolation]) -> Vec<String> {
    legs(cards, &levels.iter().copied().collect(), None, StrategyKind::Dfs)
        .iter()
        .map(ToString::to_string)
        .collect()
}

/// Its own levels, else the store's own; what is asked for outranks both, but means nothing without Postgres.
#[test]
fn scenario_runs_once_at_each_of_its_levels() {
    let swept = postgres("a/swept", &[Isolation::Serializable, Isolation::ReadCommitted]);
    let (plain, redis) = (postgres("a/plain", &[]), fake::passed("a/redis").card);
    let cards = [&swept, &plain, &redis];
    assert_eq!(
        legs_of(&cards, &[]),
        ["a/swept @ read-committed", "a/swept @ serializable", "a/plain", "a/redis"]
    );
    assert_eq!(
        legs_of(&cards, &[Isolation::RepeatableRead]),
        ["a/swept @ repeatable-read", "a/plain @ repeatable-read", "a/redis"]
    );
}

/// In the order of a table's columns, whatever the order in which the card names them; what is asked for runs once.
#[test]
fn scenario_runs_once_under_each_of_its_models() {
    let mut swept = fake::passed("a/swept").card;
    let models = ["crash", "fail-over", "pause", "none"];
    swept.models = models.map(|text| (text.parse().expect("a model"), swept.expected.clone())).into();
    let plain = fake::passed("a/plain").card;
    let told = |words: &[&str]| -> Vec<String> {
        let breakage = Breakage::of(&args(words).search).expect("no contradiction");
        let legs = legs(&[&swept, &plain], &BTreeSet::new(), breakage.as_ref(), StrategyKind::Dfs);
        legs.iter().map(ToString::to_string).collect()
    };
    let under = ["none", "pause", "crash", "fail-over"].map(|model| format!("a/swept under {model}"));
    assert_eq!(told(&[]), [&under[..], &["a/plain".to_owned()]].concat());
    assert_eq!(told(&["--no-time"]), ["a/swept under none", "a/plain under none"]);
    assert_eq!(told(&["--faults", "0"]), ["a/swept under pause", "a/plain"]);
}

/// A burst takes no choices: what would bound them is refused by name, and what counts bursts is not.
#[test]
fn burst_refuses_what_speaks_of_choices() {
    let of = |words: &[&str]| plan(&args(&[&["--strategy", "burst"], words].concat()).search);
    for words in [
        &["--preemptions", "1"][..],
        &["--no-split"],
        &["--faults", "0"],
        &["--fault", "crash"],
        &["--no-time"],
        &["--repeat", "2"],
        &["--jobs", "2"],
        &["--shard", "1/2"],
    ] {
        assert_eq!(of(words), Err(RequestError::ChoiceOfBurst { flag: flag_of(words[0]) }));
    }
    let plan = of(&["--schedules", "7", "--workers", "3", "--keep-going"]).expect("well-formed");
    assert_eq!((plan.strategy, plan.schedules_max), (StrategyKind::Burst, 7));
}

fn flag_of(word: &str) -> &'static str {
    let flags =
        ["--preemptions", "--no-split", "--faults", "--fault", "--no-time", "--repeat", "--jobs", "--shard"];
    flags.into_iter().find(|flag| *flag == word).expect("one of these")
}

/// Under `pause` and nothing else, which is told where the card has more to say.
#[test]
fn burst_runs_each_scenario_under_one_model() {
    let mut swept = fake::passed("a/swept").card;
    swept.models =
        ["crash", "pause"].map(|text| (text.parse().expect("a model"), swept.expected.clone())).into();
    let (plain, levels) = (postgres("a/plain", &[Isolation::Serializable]), BTreeSet::new());
    let told: Vec<_> =
        legs(&[&swept, &plain], &levels, None, StrategyKind::Burst).iter().map(ToString::to_string).collect();
    assert_eq!(told, ["a/swept under pause", "a/plain @ serializable"]);
    assert!(
        models_unused(&[&swept, &plain], StrategyKind::Burst)
            .is_some_and(|told| told.contains("1 scenario "))
    );
    assert_eq!(models_unused(&[&swept, &plain], StrategyKind::Dfs), None);
    assert_eq!(models_unused(&[&plain], StrategyKind::Burst), None);
}

#[test]
fn level_that_means_nothing_is_told() {
    let (plain, redis) = (postgres("a/plain", &[]), fake::passed("a/redis").card);
    let told = |cards: &[&Card]| levels_unused(cards, &BTreeSet::from([Isolation::Serializable]));
    assert_eq!(told(&[&plain]), None);
    assert!(told(&[&plain, &redis]).expect("one").starts_with("`a/redis` uses no Postgres"));
    assert!(told(&[&redis, &redis]).expect("two").starts_with("2 scenarios use no Postgres"));
    assert_eq!(levels_unused(&[&redis], &BTreeSet::new()), None);
}

#[test]
fn bound_of_samples_is_refused() {
    let refused = plan(&args(&["--strategy", "random", "--preemptions", "2"]).search);
    assert_eq!(refused, Err(RequestError::BoundOfSamples(StrategyKind::Random)));
    assert!(plan(&args(&["--strategy", "random"]).search).is_ok());
    assert!(plan(&args(&["--preemptions", "2"]).search).is_ok());
}

/// Only what the cards name is started.
#[test]
fn stores_are_those_that_the_cards_need() {
    let options = stores_for(&[]).expect("auto needs nothing more");
    assert_eq!((options.needs.redis, options.needs.postgres), (1, false));
    let mut card = fake::passed("a/b").card;
    card.stores = vec!["mongo".to_owned()];
    assert!(matches!(stores(&args(&[]).stores, &[&card]), Err(RequestError::UnknownStore { .. })));
}

#[test]
fn servers_named_by_url_need_the_word_and_the_urls() {
    let url = ["--stores", "url", "--redis-url", "redis://h"];
    assert_eq!(stores_for(&url), Err(RequestError::NotDisposable));
    assert!(stores_for(&[&url[..], &["--disposable"]].concat()).is_ok());
    let missing = stores_for(&["--stores", "url", "--disposable"]);
    assert_eq!(missing, Err(RequestError::UrlMissing { store: "Redis", flag: "--redis-url" }));
}

/// Each job needs its own.
#[test]
fn several_jobs_on_one_set_of_servers_are_refused() {
    let asked = |words: &[&str]| {
        let args = args(words);
        jobs(&args.search, &args.stores)
    };
    assert_eq!(asked(&["--jobs", "2", "--stores", "url"]), Err(RequestError::SharedStores));
    assert_eq!((asked(&["--jobs", "1", "--stores", "url"]), asked(&["--jobs", "2"])), (Ok(1), Ok(2)));
    let many = asked(&["--jobs", "2", "--shard", "1/4294967295"]);
    assert!(matches!(many, Err(RequestError::TooManyParts(_))), "{many:?}");
}

/// An option that would be ignored is an error: it was meant.
#[test]
fn options_without_effect_are_refused() {
    let unused = stores_for(&["--stores", "docker", "--postgres-url", "postgres://h"]);
    assert_eq!(unused, Err(RequestError::UrlUnused { flag: "--postgres-url" }));
    assert_eq!(stores_for(&["--disposable"]), Err(RequestError::DisposableUnused));
}

#[test]
fn words_choose_the_same_stores_again() {
    let given = ["--stores", "docker", "--redis-image", "redis:8", "--clock", "real"];
    assert_eq!(words(&args(&given).stores), given);
    assert!(words(&args(&[]).stores).is_empty());
}
