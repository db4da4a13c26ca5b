//! Owns what the gate's [footprints](Gate::footprint) learn in the course of a search.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Gate;

impl Gate {
    /// Forgets what the footprints of the search before have learnt.
    pub fn unlearn(&mut self) {
        self.backends.iter_mut().for_each(|backend| backend.unlearn());
    }

    /// What that is, by the name of the store.
    #[must_use]
    pub fn learnt(&self) -> BTreeMap<String, Value> {
        self.backends.iter().map(|backend| (backend.name().to_owned(), backend.learnt())).collect()
    }

    /// The footprints know nothing but what was [`learnt`](Self::learnt) before; `false` if that is not of these stores.
    #[must_use]
    pub fn relearn(&mut self, mut learnt: BTreeMap<String, Value>) -> bool {
        let mut is_known = true;
        for backend in &mut self.backends {
            let of_this = learnt.remove(backend.name()).unwrap_or(Value::Null);
            is_known &= backend.relearn(of_this);
        }
        is_known
    }

    /// How much the stores' [footprints](Self::footprint) have learnt that makes them touch more than before.
    #[must_use]
    pub fn coarseness(&self) -> u64 {
        self.backends.iter().map(|backend| backend.coarseness()).sum()
    }
}
