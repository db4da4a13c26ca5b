//! Owns the leaderboard family: scores that go up, and lists of the best.

mod best;
mod points;
mod run;
mod top;

use std::sync::Arc;

use raceproof::Scenario;

/// Every variant of the family.
#[must_use]
pub fn all() -> Vec<Arc<dyn Scenario>> {
    let variants = [best::all(), points::all(), run::all(), top::all()];
    variants.into_iter().flatten().collect()
}
