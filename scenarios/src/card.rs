//! Owns how cards are written: what most have in common first, then the rest by name.

use raceproof::store::{postgres, redis};
use raceproof::{Card, Expectation, FaultModel, Isolation};

/// The card of a variant that breaks its promise: two workers on Postgres unless told otherwise.
pub(crate) fn broken(name: &str, about: &str, anomaly: &str) -> Card {
    card(name, about, expectation(Some(anomaly)))
}

/// The card of a variant that keeps its promise: two workers on Postgres unless told otherwise.
pub(crate) fn correct(name: &str, about: &str) -> Card {
    card(name, about, expectation(None))
}

/// The card of a variant that depends on the isolation level: the anomaly at each, the weakest level first.
pub(crate) fn per_level(name: &str, about: &str, anomalies: [Option<&str>; 3]) -> Card {
    let isolation = Isolation::ALL.into_iter().zip(anomalies.map(expectation)).collect();
    Card { isolation, ..card(name, about, expectation(anomalies[0])) }
}

/// The card of a variant that is run under several fault models, which [`Details::holds_under`] and
/// [`Details::breaks_under`] name: two workers on Redis unless told otherwise.
pub(crate) fn per_model(name: &str, about: &str) -> Card {
    card(name, about, expectation(None)).on_redis()
}

/// What a card says beyond its name and verdict.
pub(crate) trait Details {
    /// It runs this many workers.
    fn workers(self, count: usize) -> Self;
    /// It runs on Redis instead.
    fn on_redis(self) -> Self;
    /// It runs on Redis and Postgres.
    fn on_both(self) -> Self;
    /// It runs on these stores instead.
    fn on(self, stores: &[&str]) -> Self;
    /// Nothing breaks under these fault models, such as `pause`.
    fn holds_under(self, models: &[&str]) -> Self;
    /// Under each of these fault models some schedule shows `anomaly`.
    fn breaks_under(self, models: &[&str], anomaly: &str) -> Self;
    /// Its violation lies within single statements.
    fn within_statements(self) -> Self;
    /// It is built from this real bug.
    fn after(self, source: &str) -> Self;
}

impl Details for Card {
    fn workers(self, count: usize) -> Self {
        Self { workers: count, ..self }
    }

    fn on_redis(self) -> Self {
        Self { stores: vec![redis::NAME.to_owned()], ..self }
    }

    fn on_both(self) -> Self {
        Self { stores: vec![redis::NAME.to_owned(), postgres::NAME.to_owned()], ..self }
    }

    fn on(self, stores: &[&str]) -> Self {
        Self { stores: stores.iter().map(ToString::to_string).collect(), ..self }
    }

    fn holds_under(self, models: &[&str]) -> Self {
        under(self, models, &expectation(None))
    }

    fn breaks_under(self, models: &[&str], anomaly: &str) -> Self {
        let broken = expectation(Some(anomaly));
        under(Self { expected: broken.clone(), ..self }, models, &broken)
    }

    fn within_statements(self) -> Self {
        Self { needs_splits: true, ..self }
    }

    fn after(self, source: &str) -> Self {
        Self { source: Some(source.to_owned()), ..self }
    }
}

fn under(mut card: Card, models: &[&str], expected: &Expectation) -> Card {
    for model in models {
        let model: FaultModel = model.parse().expect("a card names fault models");
        let before = card.models.insert(model.clone(), expected.clone());
        assert!(before.is_none(), "`{}` says twice what it does under `{model}`", card.name);
    }
    card
}

fn card(name: &str, about: &str, expected: Expectation) -> Card {
    let (name, about) = (name.to_owned(), about.to_owned());
    Card { name, about, expected, stores: vec![postgres::NAME.to_owned()], ..Card::default() }
}

fn expectation(anomaly: Option<&str>) -> Expectation {
    match anomaly {
        Some(anomaly) => Expectation::Violation { anomaly: anomaly.to_owned() },
        None => Expectation::Pass,
    }
}
