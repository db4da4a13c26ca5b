//! Owns the list of the best that is kept beside the board, so that it need not be put together for every visitor.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::history::Datum;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;

use super::run::BOARD;
use crate::anomaly::STALE_ENTRY;
use crate::card::{Details, broken, correct};
use crate::script::eval;

/// Where the list is kept.
const TOP: &str = "top";
/// Writes a score, and removes the list.
const SUBMIT: &str = "
redis.call('ZADD', KEYS[1], 'GT', ARGV[2], ARGV[1])
return redis.call('DEL', KEYS[2])
";
/// Puts the list together and keeps it.
const FILL: &str = "
local top = table.concat(redis.call('ZREVRANGE', KEYS[1], 0, 1), ' ')
redis.call('SET', KEYS[2], top)
return top
";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Filled {
    /// `ZREVRANGE`, then `SET`.
    ///
    /// ```text
    /// A (visitor)                       B (cid scores 30)
    /// GET top -> nil
    /// ZREVRANGE board -> ann bob
    ///                                   ZADD board 30 cid, DEL top
    /// SET top ann bob                                                 cid is never shown
    /// ```
    InProgram,
    /// By a script.
    InRedis,
}

struct Top(Filled);

const IN_PROGRAM: &str = "Visitors read a kept list of the best, and put it together and keep it if there is none; a new score removes it. A \
                          visitor who has read the board before the score keeps the old list behind the removal.";
const IN_REDIS: &str = "Visitors read a kept list of the best, and a script puts it together and keeps it if there is none; another writes a \
                        score and removes it. No score comes between what the list is made of and its being kept.";

/// Worker A visits; the others score.
fn is_visitor(worker: &Worker) -> bool {
    worker.index() == 0
}

impl Top {
    async fn visit(&self, redis: &mut MultiplexedConnection) -> Result<String> {
        if let Some(top) = redis.get(TOP).await? {
            return Ok(top);
        }
        if self.0 == Filled::InRedis {
            return Ok(eval(redis, FILL, &[BOARD, TOP], &[]).await?);
        }
        let best: Vec<String> = redis.zrevrange(BOARD, 0, 1).await?;
        let top = best.join(" ");
        let () = redis.set(TOP, &top).await?;
        Ok(top)
    }
}

#[async_trait(?Send)]
impl Scenario for Top {
    fn card(&self) -> Card {
        match self.0 {
            Filled::InProgram => broken("leaderboard/top-stale-fill", IN_PROGRAM, STALE_ENTRY).on_redis(),
            Filled::InRedis => correct("leaderboard/top-lua", IN_REDIS).on_redis().workers(3),
        }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(stores.redis().zadd_multiple(BOARD, &[(20, "ann"), (10, "bob")]).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        if is_visitor(&worker) {
            let visit = worker.invoke("visit", "");
            visit.ok(self.visit(&mut redis).await?);
            return Ok(());
        }
        let (player, score) = (format!("cid{}", worker.id()), "30");
        let submit = worker.invoke("submit", &player);
        if self.0 == Filled::InRedis {
            let _: i64 = eval(&mut redis, SUBMIT, &[BOARD, TOP], &[&player, score]).await?;
        } else {
            let _: i64 = redis.zadd(BOARD, &player, score).await?;
            let _: i64 = redis.del(TOP).await?;
        }
        submit.ok("written");
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("a list that is kept is that of the best", |view: &View<'_>| {
            let Some(Datum::Scores(scores)) = view.state.get(BOARD) else { return Ok(()) };
            let mut best: Vec<(i64, &String)> =
                scores.iter().filter_map(|(player, score)| Some((score.parse().ok()?, player))).collect();
            best.sort();
            let best: Vec<&str> = best.iter().rev().take(2).map(|(_, player)| player.as_str()).collect();
            match view.state.text(TOP) {
                Some(top) if top != best.join(" ") => {
                    Err(format!("it is `{top}`, and the best are `{}`", best.join(" ")))
                }
                _ => Ok(()),
            }
        })]
    }
}

/// Every variant of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(Top(Filled::InProgram)), Arc::new(Top(Filled::InRedis))]
}
