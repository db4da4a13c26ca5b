//! Owns the invariants that several counters share.

use raceproof::{Invariant, View};

/// The number under `key` equals the number of `increment` operations that took effect.
pub(super) fn nothing_lost(key: &'static str) -> Invariant {
    Invariant::new("the counter equals the number of acknowledged increments", move |view: &View<'_>| {
        let done = view.count("increment");
        match view.state.text(key) {
            Some(value) if value == done.to_string() => Ok(()),
            value => {
                Err(format!("`{key}` is {} after {done} acknowledged increments", value.unwrap_or("missing")))
            }
        }
    })
}
