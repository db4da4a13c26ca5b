//! Owns the engine of these tests, and which legs of the catalogue run on it.

use std::sync::Arc;

use raceproof::interrupt::Interrupt;
use raceproof::run::Engine;
use raceproof::store::{Needs, ProviderChoice, StoreOptions, postgres};
use raceproof::{Isolation, Scenario};
use raceproof_scenarios::catalogue;

/// Fresh local stores behind a gate.
pub(crate) fn engine(needs: Needs) -> Engine {
    let stores = StoreOptions { provider: ProviderChoice::Local, needs, ..StoreOptions::default() };
    Engine::start(&stores, Interrupt::never()).expect("`redis-server` and `postgres` start (run `ci/setup`)")
}

/// Every scenario on Postgres, at every level of which its card speaks, else at the store's own.
pub(crate) fn legs_on_postgres() -> Vec<(Arc<dyn Scenario>, Option<Isolation>)> {
    let on_postgres =
        |scenario: &Arc<dyn Scenario>| scenario.card().stores.iter().any(|name| name == postgres::NAME);
    let legs = |scenario: Arc<dyn Scenario>| {
        let levels: Vec<_> = scenario.card().isolation.into_keys().map(Some).collect();
        let levels = if levels.is_empty() { vec![None] } else { levels };
        levels.into_iter().map(move |level| (Arc::clone(&scenario), level))
    };
    catalogue::all().into_iter().filter(on_postgres).flat_map(legs).collect()
}
