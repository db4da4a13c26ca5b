//! Owns the filter that tells what a crawler has not seen before.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, Worker};

use super::bits::{FILTER, add, add_one_by_one};
use crate::anomaly::DUPLICATE_EFFECT;
use crate::card::{Details, broken, correct};
use crate::operations::at_most;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Set {
    /// Bit by bit, each with the answer whether it was set.
    ///
    /// ```text
    /// A                      B
    /// SETBIT 1 -> 0 (new)
    ///                        SETBIT 1 -> 1
    ///                        SETBIT 10 -> 0 (new)
    /// SETBIT 10 -> 1                                  both fetch the page
    /// ```
    OneByOne,
    /// All of them in a script.
    Script,
}

struct Seen(Set);

const ONE_BY_ONE: &str = "Each crawler sets the bits of a page one at a time and fetches the page if one of them was not set. Of two that set \
                          them at once each finds a bit that the other has not set yet, and both fetch it.";
const SCRIPT: &str = "Each crawler sets the bits of a page in one script, which says whether one of them was not set. The second finds all \
                      of them set.";

#[async_trait(?Send)]
impl Scenario for Seen {
    fn card(&self) -> Card {
        match self.0 {
            Set::OneByOne => broken("bloom-filter/add-bit-by-bit", ONE_BY_ONE, DUPLICATE_EFFECT).on_redis(),
            Set::Script => correct("bloom-filter/add-lua", SCRIPT).on_redis().workers(3),
        }
    }

    async fn set_up(&self, _stores: &mut SetUp) -> Result {
        Ok(())
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        let fetch = worker.invoke("fetch", "ann");
        let is_new = match self.0 {
            Set::OneByOne => add_one_by_one(&mut redis, FILTER, "ann").await?,
            Set::Script => add(&mut redis, FILTER, "ann").await?,
        };
        if is_new {
            fetch.ok("fetched");
        } else {
            fetch.refused("seen");
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![at_most(1, "fetch")]
    }
}

/// Every variant of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(Seen(Set::OneByOne)), Arc::new(Seen(Set::Script))]
}
