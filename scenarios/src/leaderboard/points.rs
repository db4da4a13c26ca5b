//! Owns the points that a player collects.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::history::Datum;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;

use super::run::{BOARD, PLAYER};
use crate::anomaly::LOST_UPDATE;
use crate::card::{Details, broken, correct};
use crate::operations::done;

/// The points of one game.
const POINTS: i64 = 5;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Added {
    /// `ZSCORE`, add, `ZADD`.
    ///
    /// ```text
    /// A                      B
    /// ZSCORE -> 10
    ///                        ZSCORE -> 10
    /// ZADD 15                ZADD 15          five points are gone
    /// ```
    InProgram,
    /// `ZINCRBY`.
    InRedis,
}

struct Points(Added);

const IN_PROGRAM: &str = "Each game reads the player's points, adds its own and writes the sum. Two games that read the same points \
                          count once.";
const IN_REDIS: &str = "Each game adds its points with ZINCRBY. Reading, adding and writing are one command.";

#[async_trait(?Send)]
impl Scenario for Points {
    fn card(&self) -> Card {
        match self.0 {
            Added::InProgram => broken("leaderboard/zscore-then-zadd", IN_PROGRAM, LOST_UPDATE).on_redis(),
            Added::InRedis => correct("leaderboard/zincrby", IN_REDIS).on_redis().workers(3),
        }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(stores.redis().zadd(BOARD, PLAYER, 10).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        let add = worker.invoke("add", POINTS);
        if self.0 == Added::InRedis {
            let sum: f64 = redis.zincr(BOARD, PLAYER, POINTS).await?;
            add.ok(sum);
            return Ok(());
        }
        let points: Option<i64> = redis.zscore(BOARD, PLAYER).await?;
        let sum = points.unwrap_or(0) + POINTS;
        let _: i64 = redis.zadd(BOARD, PLAYER, sum).await?;
        add.ok(sum);
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("every game's points count", |view: &View<'_>| {
            let expected = 10 + POINTS * done(view, "add");
            let points = match view.state.get(BOARD) {
                Some(Datum::Scores(scores)) => scores.get(PLAYER).cloned(),
                _ => None,
            };
            if points == Some(expected.to_string()) {
                Ok(())
            } else {
                Err(format!("the player has {points:?} of {expected} points"))
            }
        })]
    }
}

/// Every variant of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(Points(Added::InProgram)), Arc::new(Points(Added::InRedis))]
}
