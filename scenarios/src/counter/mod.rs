//! Owns the counter family: increments and scores that must not get lost or double.

mod backup;
mod counter_cache;
mod download;
mod get_set;
mod incr;
mod lua;
mod postgres;
mod promise;
mod resent;
mod views;
mod virality;
mod watch;

use std::sync::Arc;

use raceproof::{Card, Expectation, Scenario};

/// Every variant of the family.
#[must_use]
pub fn all() -> Vec<Arc<dyn Scenario>> {
    let mut all: Vec<Arc<dyn Scenario>> = vec![
        Arc::new(get_set::GetSet),
        Arc::new(watch::ExecIgnored),
        Arc::new(watch::ExecRetried),
        Arc::new(incr::Incr),
        Arc::new(lua::Lua),
        Arc::new(download::ReadThenHset),
        Arc::new(download::Hincrby),
        Arc::new(backup::GetThenSet),
        Arc::new(backup::Getset),
        Arc::new(virality::CheckThenSet),
        Arc::new(virality::SetNxEx),
        Arc::new(postgres::ReadModifyWrite),
        Arc::new(postgres::Increment),
        Arc::new(counter_cache::DoubleDestroy),
        Arc::new(counter_cache::RowCountChecked),
    ];
    all.extend([resent::all(), views::all()].into_iter().flatten());
    all
}

/// The card of a variant on Redis; `anomaly` if it is broken.
fn card(name: &str, about: &str, anomaly: Option<&str>, workers: usize) -> Card {
    let expected = match anomaly {
        Some(anomaly) => Expectation::Violation { anomaly: anomaly.to_owned() },
        None => Expectation::Pass,
    };
    Card {
        name: format!("counter/{name}"),
        about: about.to_owned(),
        expected,
        stores: vec![raceproof::store::redis::NAME.to_owned()],
        workers,
        ..Card::default()
    }
}

const LOST_UPDATE: &str = "lost update";
