//! Owns the lock that is given back by those who never had it.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::{Card, Invariant, Scenario};

use super::guarded::{Guarded, KEY, Lock};
use super::link::Link;
use super::set_nx_px::set_nx_px;
use crate::anomaly::FOREIGN_RELEASE;
use crate::card::{Details, per_model};

/// An attempt whose `finally` deletes the lock, whether or not it was taken.
///
/// ```text
/// A                    B                         C
/// SET NX PX -> OK
///                      SET NX PX -> nil
///                      DEL (its finally)
///                                                SET NX PX -> OK      A and C hold it
/// ```
struct InFinally {
    checks: bool,
}

#[async_trait(?Send)]
impl Lock for InFinally {
    type Hand = Link;

    fn card(&self) -> Card {
        let source = "BroadleafCommerce/BroadleafCommerce#909";
        if self.checks {
            let about = "A checkout deletes the order's lock when it is done, if it had taken it. Whoever was refused leaves \
                         the lock alone.";
            per_model("lock/released-if-taken", about)
                .workers(3)
                .after(source)
                .holds_under(&["none", "crash"])
        } else {
            let about = "A checkout deletes the order's lock in its finally block, also when it was refused the lock. A \
                         third checkout comes in while the first is still at it.";
            per_model("lock/released-in-finally", about)
                .workers(3)
                .after(source)
                .breaks_under(&["none"], FOREIGN_RELEASE)
        }
    }

    async fn acquire(&self, redis: &mut Link) -> Result<bool> {
        let is_taken = set_nx_px(redis).await?;
        if !is_taken && !self.checks {
            self.release(redis).await?;
        }
        Ok(is_taken)
    }

    async fn work(&self, redis: &mut Link) -> Result<bool> {
        redis.look().await
    }

    async fn release(&self, redis: &mut Link) -> Result {
        Ok(redis.send(redis::cmd("DEL").arg(KEY)).await?)
    }

    fn finally(&self) -> Vec<Invariant> {
        Vec::new()
    }
}

/// Every lock of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(Guarded(InFinally { checks: false })), Arc::new(Guarded(InFinally { checks: true }))]
}
