//! Owns the isolation family: each anomaly of Adya's thesis and of Kleppmann's Hermitage as two or three transactions.
//!
//! A level allows an anomaly exactly if the search finds it there. What Postgres promises:
//!
//! | level | G0, G1a, G1b, G1c, OTV | PMP, P4, G-single | G2-item, G2 |
//! | --- | --- | --- | --- |
//! | READ COMMITTED | never | allowed | allowed |
//! | REPEATABLE READ (snapshot isolation) | never | never | allowed |
//! | SERIALIZABLE | never | never | never |
//!
//! A transaction reports what it read when it has committed; one that Postgres refuses ends in an error and has read
//! nothing.

mod circular_flow;
mod dirty_read;
mod dirty_write;
mod list_append;
mod lost_update;
mod observed_vanishes;
mod predicate;
mod read_skew;
mod table;
mod write_skew;

use std::sync::Arc;

use raceproof::{Card, Scenario};

use crate::card::per_level;

/// Every variant of the family.
#[must_use]
pub fn all() -> Vec<Arc<dyn Scenario>> {
    vec![
        Arc::new(dirty_write::DirtyWrite),
        Arc::new(dirty_read::AbortedRead),
        Arc::new(dirty_read::IntermediateRead),
        Arc::new(circular_flow::CircularFlow),
        Arc::new(observed_vanishes::ObservedVanishes),
        Arc::new(predicate::ManyPreceders),
        Arc::new(lost_update::LostUpdate),
        Arc::new(read_skew::ReadSkew),
        Arc::new(write_skew::OnItems),
        Arc::new(write_skew::OnPredicate),
        Arc::new(list_append::Crosswise),
        Arc::new(list_append::Torn),
    ]
}

/// What Postgres documents of each level.
fn of_the_store(name: &str, about: &str, anomalies: [Option<&str>; 3]) -> Card {
    Card { promises_of_the_store: true, ..per_level(name, about, anomalies) }
}

/// An anomaly that no level allows.
fn never(name: &str, about: &str) -> Card {
    of_the_store(name, about, [None; 3])
}

/// An anomaly that a snapshot prevents.
fn until_snapshot(name: &str, about: &str, anomaly: &str) -> Card {
    of_the_store(name, about, [Some(anomaly), None, None])
}

/// An anomaly that only one-after-the-other prevents.
fn until_serializable(name: &str, about: &str, anomaly: &str) -> Card {
    of_the_store(name, about, [Some(anomaly), Some(anomaly), None])
}
