//! Owns what scenarios ran with: what all have in common is said once, what one has for itself in its line.

use std::collections::{BTreeMap, BTreeSet};

use raceproof::Outcome;

use super::Visible;
use crate::wording;

/// Most facts that are listed in one place.
const FACTS_MAX: usize = 16;

/// What the scenarios of a page ran with.
pub(super) struct Circumstances {
    /// What all have in common.
    pub(super) shared: Vec<Visible>,
    /// The stores that not all have in common, each whole.
    pub(super) stores: Vec<Visible>,
    /// A store's line by its first words, which stand for it where no other store's line begins with them.
    short: BTreeMap<String, BTreeSet<Visible>>,
    /// Whether a line has anything of its own to say.
    pub(super) differ: bool,
}

impl Circumstances {
    pub(super) fn of<'a>(outcomes: impl Iterator<Item = &'a Outcome> + Clone) -> Self {
        let mut short: BTreeMap<String, BTreeSet<Visible>> = BTreeMap::new();
        for store in outcomes.clone().flat_map(stores) {
            short.entry(first_words(&store)).or_default().insert(store);
        }
        let mut all = outcomes.map(facts);
        let mut shared = all.next().unwrap_or_default();
        let mut differ = false;
        for of_one in all {
            let before = shared.len();
            shared.retain(|fact| of_one.contains(fact));
            differ |= shared.len() < before || of_one.len() > shared.len();
        }
        let stores = short.values().flatten().filter(|store| !shared.contains(store));
        Self { stores: stores.take(FACTS_MAX).cloned().collect(), shared, short, differ }
    }

    /// What `outcome` has for itself.
    pub(super) fn own(&self, outcome: &Outcome) -> Vec<Visible> {
        let own = facts(outcome).into_iter().filter(|fact| !self.shared.contains(fact));
        let told = |fact: Visible| {
            let first = first_words(&fact);
            match self.short.get(&first) {
                Some(lines) if lines.len() == 1 && lines.contains(&fact) => Visible::of(&first),
                _ => fact,
            }
        };
        own.map(told).collect()
    }
}

/// What one scenario ran with, one phrase each: the model in force, then the rest.
fn facts(outcome: &Outcome) -> Vec<Visible> {
    let mut facts = vec![wording::breakage(&outcome.model)];
    facts.extend(outcome.isolation.map(|level| format!("isolation {level}")));
    facts.extend(wording::model_beside_name(outcome));
    facts.push(format!("clock: {}", outcome.clock));
    facts.push(wording::counted(outcome.workers as u64, "worker"));
    facts.push(format!("seed {}", outcome.seed));
    facts.push(format!("strategy {}", outcome.coverage.strategy));
    facts.iter().map(|fact| Visible::of(fact)).chain(stores(outcome)).collect()
}

fn stores(outcome: &Outcome) -> impl Iterator<Item = Visible> {
    outcome.stores.iter().take(FACTS_MAX).map(|store| Visible::of(store))
}

/// `redis 7.0.15` of `redis 7.0.15 over unix: /usr/bin/redis-server`.
fn first_words(store: &Visible) -> String {
    let words: Vec<_> = store.as_str().split(' ').take(2).collect();
    words.join(" ").trim_end_matches([',', ':', ';']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    fn own(outcomes: &[Outcome]) -> Vec<Vec<String>> {
        let circumstances = Circumstances::of(outcomes.iter());
        let told = |outcome| circumstances.own(outcome).iter().map(ToString::to_string).collect();
        outcomes.iter().map(told).collect()
    }

    #[test]
    fn what_all_have_in_common_is_nobodys_own() {
        let outcomes = [samples::caught(), samples::correct()];
        let circumstances = Circumstances::of(outcomes.iter());
        assert!(circumstances.shared.iter().any(|fact| fact.as_str() == "redis 7.0.15, local process"));
        assert!(!circumstances.differ && circumstances.stores.is_empty());
        assert_eq!(own(&outcomes), [[""; 0]; 2]);
    }

    /// A store is called by its first words only where they tell it from all others.
    #[test]
    fn stores_are_called_by_what_tells_them_apart() {
        let on = |stores: &[&str]| {
            let mut outcome = samples::correct();
            outcome.stores = stores.iter().map(|store| (*store).to_owned()).collect();
            outcome
        };
        let outcomes = [on(&["redis 7.0, here", "pg 15, here"]), on(&["redis 7.0, there"])];
        assert_eq!(own(&outcomes), [vec!["redis 7.0, here", "pg 15"], vec!["redis 7.0, there"]]);
        let circumstances = Circumstances::of(outcomes.iter());
        let listed: Vec<_> = circumstances.stores.iter().map(Visible::as_str).collect();
        assert_eq!(listed, ["pg 15, here", "redis 7.0, here", "redis 7.0, there"]);
        assert!(circumstances.differ);
    }

    #[test]
    fn no_scenario_has_no_circumstances() {
        let circumstances = Circumstances::of([].iter());
        assert!(circumstances.shared.is_empty() && !circumstances.differ);
    }
}
