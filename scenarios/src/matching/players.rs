//! Owns the players who wait in a Redis set for an opponent.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use raceproof::history::Datum;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;

use crate::anomaly::{CHECK_THEN_ACT, LOST_EFFECT};
use crate::card::{Details, broken, per_model};
use crate::script::eval;

/// The set of those who wait.
const WAITING: &str = "waiting";
/// Games, each with its two players.
const GAMES: &str = "games";
/// Takes somebody who waits and writes the game.
const PAIR: &str = "
local opponent = redis.call('SPOP', KEYS[1])
if not opponent then return false end
redis.call('HSET', KEYS[2], ARGV[1], opponent)
return opponent
";

/// How the opponent is taken. Every worker serves a player of its own, who has just come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// `SRANDMEMBER`, then `SREM`, whose answer nobody reads.
    ///
    /// ```text
    /// A                          B
    /// SRANDMEMBER -> ann
    ///                            SRANDMEMBER -> ann
    /// SREM ann -> 1              SREM ann -> 0
    /// HSET games A ann           HSET games B ann       Ann is in two games
    /// ```
    LookThenRemove,
    /// `SPOP`, then write the game.
    ///
    /// ```text
    /// A
    /// SPOP -> ann
    /// (crashes)                  Ann neither waits nor plays
    /// ```
    Spop,
    /// `SPOP` and the game in one script.
    Script,
}

struct Match(Taken);

const LOOK_THEN_REMOVE: &str = "Each matchmaker looks at somebody who waits with SRANDMEMBER, removes them with SREM and writes the game. Two \
                                that look at the same person both write a game with them.";
const SPOP: &str = "Each matchmaker takes somebody who waits with SPOP and writes the game. Nobody is taken twice, but a matchmaker that \
                    dies in between has taken somebody who now neither waits nor plays.";
const SCRIPT: &str = "Each matchmaker runs a script that takes somebody who waits with SPOP and writes the game. Whatever breaks, \
                      everybody either waits or plays, and once.";

impl Match {
    async fn opponent(&self, redis: &mut MultiplexedConnection, player: &str) -> Result<Option<String>> {
        let opponent: Option<String> = match self.0 {
            Taken::Script => return Ok(eval(redis, PAIR, &[WAITING, GAMES], &[player]).await?),
            Taken::Spop => redis.spop(WAITING).await?,
            Taken::LookThenRemove => redis.srandmember(WAITING).await?,
        };
        let Some(opponent) = opponent else { return Ok(None) };
        if self.0 == Taken::LookThenRemove {
            let _: i64 = redis.srem(WAITING, &opponent).await?;
        }
        let _: i64 = redis.hset(GAMES, player, &opponent).await?;
        Ok(Some(opponent))
    }
}

#[async_trait(?Send)]
impl Scenario for Match {
    fn card(&self) -> Card {
        match self.0 {
            Taken::LookThenRemove => {
                broken("matching/srandmember-then-srem", LOOK_THEN_REMOVE, CHECK_THEN_ACT).on_redis()
            }
            Taken::Spop => per_model("matching/spop", SPOP)
                .holds_under(&["none", "pause"])
                .breaks_under(&["crash", "lost-reply"], LOST_EFFECT),
            Taken::Script => per_model("matching/spop-lua", SCRIPT).workers(3).holds_under(&[
                "none",
                "crash",
                "lost-reply",
            ]),
        }
    }

    /// Of a set of one, even what is taken by chance is certain.
    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(stores.redis().sadd(WAITING, "ann").await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        let player = worker.id().to_string();
        let play = worker.invoke("play", &player);
        match self.opponent(&mut redis, &player).await {
            Ok(Some(opponent)) => play.ok(opponent),
            Ok(None) => play.refused("nobody waits"),
            Err(error) => play.unknown(error),
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("who waited either still waits or is in one game", |view: &View<'_>| {
            let none = BTreeMap::new();
            let games = match view.state.get(GAMES) {
                Some(Datum::Map(games)) => games,
                _ => &none,
            };
            let waits = usize::from(view.state.get(WAITING).is_some());
            match games.values().filter(|opponent| *opponent == "ann").count() {
                games if games + waits == 1 => Ok(()),
                games => Err(format!("ann waits {waits} times and is in {games} games: {}", view.state)),
            }
        })]
    }
}

/// Every variant of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    let every = [Taken::LookThenRemove, Taken::Spop, Taken::Script];
    every.into_iter().map(|taken| Arc::new(Match(taken)) as Arc<dyn Scenario>).collect()
}
