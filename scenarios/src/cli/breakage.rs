//! Owns [`Breakage`]: what may break in a run, as the arguments ask for it, and the fault model that it is for each
//! scenario.

use std::collections::BTreeSet;

use raceproof::store::redis;
use raceproof::{Card, FaultKind, FaultModel};
use raceproof_reports::wording;

use super::args::{ALL_FAULTS, SearchArgs};
use super::request::RequestError;

/// What was asked for, instead of the models of the cards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Breakage {
    /// What may break, where the stores of a scenario can have it.
    kinds: BTreeSet<FaultKind>,
    /// Whether the kinds were named one by one, so that they were meant.
    are_named: bool,
    faults_max: usize,
    pauses: bool,
}

impl Breakage {
    /// What the arguments ask for; `None` if they leave it to the cards.
    pub(super) fn of(args: &SearchArgs) -> Result<Option<Self>, RequestError> {
        if args.faults.is_none() && args.fault.is_empty() && !args.no_time {
            return Ok(None);
        }
        if args.faults == Some(0) && !args.fault.is_empty() {
            return Err(RequestError::FaultOfNone);
        }
        let faults_max = args.faults.map_or(usize::from(!args.fault.is_empty()), usize::from);
        let is_all = args.fault.is_empty() || args.fault.iter().any(|word| word == ALL_FAULTS);
        let kinds = match (faults_max, is_all) {
            (0, _) => BTreeSet::new(),
            (_, true) => FaultKind::ALL.into(),
            (_, false) => args.fault.iter().map(|word| word.parse()).collect::<Result<_, _>>()?,
        };
        Ok(Some(Self { kinds, are_named: !is_all, faults_max, pauses: !args.no_time }))
    }

    /// The model under which the scenario of `card` runs: its stores may have no fault of some kinds.
    pub(super) fn model(&self, card: &Card) -> FaultModel {
        let kinds: BTreeSet<_> = self.kinds.iter().copied().filter(|kind| is_possible(*kind, card)).collect();
        let faults_max = if kinds.is_empty() { 0 } else { self.faults_max };
        FaultModel { pauses: self.pauses, kinds, faults_max }
    }

    /// What is to be said of kinds that were named and that mean nothing to some scenarios.
    pub(super) fn unused(&self, cards: &[&Card]) -> Vec<String> {
        if !self.are_named {
            return Vec::new();
        }
        let of_kind = |kind: &FaultKind| {
            let without: Vec<_> = cards.iter().filter(|card| !is_possible(*kind, card)).collect();
            match without.as_slice() {
                [] => None,
                [only] => Some(format!(
                    "`{}` uses no Redis, so `--fault {kind}` means nothing to it: it runs without that",
                    only.name
                )),
                several => Some(format!(
                    "{} scenarios use no Redis, so `--fault {kind}` means nothing to them: they run without that",
                    several.len()
                )),
            }
        };
        self.kinds.iter().filter_map(of_kind).collect()
    }

    /// It in a phrase.
    pub(super) fn told(&self) -> String {
        wording::breakage_of(&self.kinds, self.faults_max, self.pauses)
    }
}

/// Whether the stores of a scenario can have a fault: only a Redis comes back with nothing, or has a replica.
fn is_possible(kind: FaultKind, card: &Card) -> bool {
    match kind {
        FaultKind::Wipe | FaultKind::FailOver => {
            card.stores.iter().any(|store| store.starts_with(redis::NAME))
        }
        FaultKind::Crash | FaultKind::LostReply | FaultKind::Drop | FaultKind::Error | FaultKind::Restart => {
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::args::{Args, Command};
    use crate::cli::fake;

    fn asked(words: &[&str]) -> Result<Option<Breakage>, RequestError> {
        let words = ["raceproof", "run", "--stores", "auto"].iter().chain(words).copied();
        match Args::try_parse_from(words).expect("well-formed").command {
            Command::Run(args) => Breakage::of(&args.search),
            other => panic!("`run` was read as {other:?}"),
        }
    }

    fn model(words: &[&str], stores: &[&str]) -> String {
        let mut card = fake::passed("a/a").card;
        card.stores = stores.iter().map(ToString::to_string).collect();
        asked(words).expect("no contradiction").expect("something was asked for").model(&card).to_string()
    }

    /// All ways to say it; what is not said of faults is one of every kind, and time passes unless it is forbidden.
    #[test]
    fn flags_become_a_model() {
        for (words, expected) in [
            (["--faults", "0"].as_slice(), "pause"),
            (&["--no-time"], "none"),
            (&["--no-time", "--faults", "0"], "none"),
            (&["--fault", "crash"], "pause+crash"),
            (&["--fault", "crash,drop", "--no-time"], "crash+drop"),
            (&["--fault", "drop", "--fault", "crash", "--faults", "2"], "pause+crash+drop*2"),
            (&["--faults", "1"], "pause+crash+lost-reply+drop+error+restart+wipe+fail-over"),
            (&["--fault", "crash,all"], "pause+crash+lost-reply+drop+error+restart+wipe+fail-over"),
        ] {
            assert_eq!(model(words, &["redis"]), expected, "{words:?}");
        }
        assert_eq!(asked(&[]), Ok(None));
    }

    /// A replica, and a start from nothing, are Redis's.
    #[test]
    fn kinds_are_those_that_the_stores_can_have() {
        let all = ["--faults", "2", "--no-time"];
        assert_eq!(model(&all, &["postgres"]), "crash+lost-reply+drop+error+restart*2");
        assert!(model(&all, &["postgres", "redis-3"]).contains("wipe+fail-over"));
        assert_eq!(model(&["--fault", "wipe"], &["postgres"]), "pause");
    }

    /// A kind that was named was meant, so it is told where it means nothing.
    #[test]
    fn kind_that_means_nothing_is_told() {
        let redis = fake::passed("a/redis").card;
        let mut postgres = fake::passed("a/postgres").card;
        postgres.stores = vec!["postgres".to_owned()];
        let told =
            |words: &[&str], cards: &[&Card]| asked(words).expect("fine").expect("asked").unused(cards);
        let wiped = told(&["--fault", "wipe,crash"], &[&redis, &postgres]);
        assert_eq!(wiped.len(), 1);
        assert!(wiped[0].starts_with("`a/postgres` uses no Redis, so `--fault wipe`"), "{wiped:?}");
        assert!(
            told(&["--fault", "wipe"], &[&postgres, &postgres])[0].starts_with("2 scenarios use no Redis")
        );
        assert_eq!(told(&["--faults", "1"], &[&postgres]), [""; 0]);
    }

    #[test]
    fn fault_of_which_none_may_happen_is_refused() {
        assert_eq!(asked(&["--fault", "crash", "--faults", "0"]), Err(RequestError::FaultOfNone));
    }

    #[test]
    fn breakage_is_told_as_it_was_asked_for() {
        let told = |words: &[&str]| asked(words).expect("fine").expect("asked").told();
        assert_eq!(told(&["--no-time"]), "no faults, no pauses");
        assert_eq!(told(&["--faults", "2"]), "at most 2 faults of any kind, pauses at any moment");
    }
}
