//! Owns the best score of a player, who plays on two devices.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, Worker};
use redis::AsyncCommands;

use super::run::{BOARD, PLAYER, best_counts, score};
use crate::anomaly::LOST_UPDATE;
use crate::card::{Details, broken, correct};
use crate::script::send;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    /// `ZSCORE`, compare, `ZADD`.
    ///
    /// ```text
    /// A (20)                 B (30)
    /// ZSCORE -> 10
    ///                        ZSCORE -> 10
    ///                        ZADD 30
    /// ZADD 20                             the 30 are gone
    /// ```
    ReadCompareWrite,
    /// `ZADD GT`.
    Greater,
}

struct Best(Kept);

const READ_COMPARE_WRITE: &str = "Each game reads the player's best score and writes its own if that is higher. A lower score that was \
                                  compared with the same old one is written over a higher.";
const GREATER: &str = "Each game sends its score with ZADD GT. Redis compares with the score that is there when it writes, so the \
                       highest stays.";

#[async_trait(?Send)]
impl Scenario for Best {
    fn card(&self) -> Card {
        match self.0 {
            Kept::ReadCompareWrite => {
                broken("leaderboard/read-compare-write", READ_COMPARE_WRITE, LOST_UPDATE).on_redis()
            }
            Kept::Greater => correct("leaderboard/zadd-gt", GREATER).on_redis().workers(3),
        }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(stores.redis().zadd(BOARD, PLAYER, 10).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        let score = score(&worker);
        let submit = worker.invoke("submit", score);
        if self.0 == Kept::Greater {
            let _: i64 = send(&mut redis, &["ZADD", BOARD, "GT", &score.to_string(), PLAYER]).await?;
            submit.ok("written");
            return Ok(());
        }
        let best: Option<i64> = redis.zscore(BOARD, PLAYER).await?;
        if best.is_none_or(|best| best < score) {
            let _: i64 = redis.zadd(BOARD, PLAYER, score).await?;
        }
        submit.ok("written");
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![best_counts()]
    }
}

/// Every variant of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(Best(Kept::ReadCompareWrite)), Arc::new(Best(Kept::Greater))]
}
