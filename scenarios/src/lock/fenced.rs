//! Owns the locks around a row in Postgres, with fencing tokens and without.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::{SetUp, postgres, redis};
use raceproof::{Card, Invariant, Scenario, View, Worker};
use tokio_postgres::Client;

use super::guarded::{Guarded, Hand, KEY, Lock, TTL_MS};
use super::link::Link;
use super::promises;
use super::session::{prepare_row, read_row, write_row};
use super::set_nx_px::{delete_own, set_nx_px};
use crate::anomaly::{LOST_UPDATE, REPEATED_TOKEN};
use crate::card::{Details, per_model};

/// A worker with Redis for the lock and Postgres for the row.
pub(super) struct Both {
    redis: Link,
    postgres: Option<Client>,
    /// The fencing token that came with the lock.
    token: i64,
}

impl Both {
    async fn client(&mut self) -> Result<&Client> {
        if self.postgres.as_ref().is_none_or(Client::is_closed) {
            self.postgres = Some(self.redis.worker().postgres().await?);
        }
        Ok(self.postgres.as_ref().expect("it was opened just now"))
    }
}

#[async_trait(?Send)]
impl Hand for Both {
    async fn prepare(stores: &mut SetUp) -> Result {
        prepare_row(stores).await
    }

    fn of(worker: Worker) -> Self {
        Self { redis: Link::of(worker), postgres: None, token: 0 }
    }

    fn worker(&self) -> &Worker {
        self.redis.worker()
    }

    async fn read(&mut self) -> Result<i64> {
        read_row(self.client().await?).await
    }

    async fn write(&mut self, value: i64) -> Result {
        write_row(self.client().await?, value).await
    }

    fn no_lost_update() -> Invariant {
        promises::no_lost_update_in_row()
    }
}

/// What keeps the row from those whose lock has ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fence {
    /// Nothing.
    ///
    /// ```text
    /// A                        B
    /// SET NX PX, SELECT n -> 0
    /// (the time limit passes)
    ///                          SET NX PX, SELECT n -> 0, UPDATE n = 1
    /// UPDATE n = 1             one of two sections is lost
    /// ```
    None,
    /// A token, which the row compares when it is written.
    ///
    /// ```text
    /// A (token 1)              B (token 2)
    /// SELECT n -> 0
    /// (the time limit passes)
    ///                          SELECT n -> 0
    /// UPDATE n = 1, fence = 1
    ///                          UPDATE n = 1, fence = 2     one of two sections is lost
    /// ```
    AtWrite,
    /// A token, which the row remembers when it is read and compares when it is written.
    AtReadAndWrite,
    /// The same, but the token is a number in Redis, which Redis may forget.
    ///
    /// ```text
    /// A                                   B
    /// EVAL (SET NX PX, INCR) -> token 1
    /// (the replica takes over, without the last write)
    ///                                     EVAL (SET NX PX, INCR) -> token 1
    /// ```
    ByRedis,
}

struct Fenced {
    name: &'static str,
    about: &'static str,
    fence: Fence,
}

/// Takes the lock and counts the tokens up, or answers nothing.
const SET_AND_COUNT: &str = "
if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return false end
return redis.call('INCR', 'tokens')
";

const READ_FENCED: &str = "UPDATE resource SET fence = $1 WHERE id = 1 AND fence <= $1 RETURNING n";
const WRITE_FENCED: &str = "UPDATE resource SET n = $2, fence = $1 WHERE id = 1 AND fence <= $1";

impl Fenced {
    /// The token, if the lock was taken.
    async fn take(&self, hand: &mut Both) -> Result<Option<i64>> {
        if self.fence == Fence::ByRedis {
            let (owner, ttl) = (hand.redis.owner(), TTL_MS.to_string());
            return Ok(hand.redis.eval(SET_AND_COUNT, KEY, &[&owner, &ttl]).await?);
        }
        if !set_nx_px(&mut hand.redis).await? {
            return Ok(None);
        }
        if self.fence == Fence::None {
            return Ok(Some(0));
        }
        let row = hand.client().await?.query_one("SELECT nextval('tokens')", &[]).await?;
        Ok(Some(row.try_get(0)?))
    }

    /// What the row counts; `None` if it has seen a greater token.
    async fn read(&self, hand: &mut Both) -> Result<Option<i64>> {
        if matches!(self.fence, Fence::None | Fence::AtWrite) {
            return hand.read().await.map(Some);
        }
        let token = hand.token;
        let row = hand.client().await?.query_opt(READ_FENCED, &[&token]).await?;
        Ok(row.map(|row| row.try_get::<_, i32>(0)).transpose()?.map(i64::from))
    }

    /// Whether the row took it.
    async fn write(&self, hand: &mut Both, value: i64) -> Result<bool> {
        if self.fence == Fence::None {
            return hand.write(value).await.map(|()| true);
        }
        let (token, value) = (hand.token, i32::try_from(value)?);
        Ok(hand.client().await?.execute(WRITE_FENCED, &[&token, &value]).await? == 1)
    }
}

#[async_trait(?Send)]
impl Lock for Fenced {
    type Hand = Both;

    fn card(&self) -> Card {
        let card = per_model(self.name, self.about).on(&[redis::NAME, postgres::NAME]);
        match self.fence {
            Fence::None => card
                .after("mastodon/mastodon#15645")
                .holds_under(&["none", "crash"])
                .breaks_under(&["pause", "fail-over"], LOST_UPDATE),
            Fence::AtWrite => {
                card.holds_under(&["none", "crash"]).breaks_under(&["pause", "fail-over"], LOST_UPDATE)
            }
            Fence::AtReadAndWrite => {
                card.holds_under(&["none", "pause", "crash", "lost-reply", "wipe", "fail-over"])
            }
            Fence::ByRedis => card
                .holds_under(&["none", "pause", "crash"])
                .breaks_under(&["wipe", "fail-over"], REPEATED_TOKEN),
        }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(stores.postgres().batch_execute("CREATE SEQUENCE tokens").await?)
    }

    async fn acquire(&self, hand: &mut Both) -> Result<bool> {
        let Some(token) = self.take(hand).await? else { return Ok(false) };
        hand.token = token;
        if self.fence != Fence::None {
            hand.worker().invoke(TOKEN, "").ok(token);
        }
        Ok(true)
    }

    async fn work(&self, hand: &mut Both) -> Result<bool> {
        match self.read(hand).await? {
            Some(value) => self.write(hand, value + 1).await,
            None => Ok(false),
        }
    }

    async fn release(&self, hand: &mut Both) -> Result {
        delete_own(&mut hand.redis).await
    }

    /// Two may believe that they hold the lock: what is promised is what becomes of the row.
    fn always(&self) -> Vec<Invariant> {
        Vec::new()
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![tokens_increase(), Both::no_lost_update()]
    }
}

/// The operation of being given a token.
const TOKEN: &str = "token";

fn tokens_increase() -> Invariant {
    Invariant::new("every token is greater than those given before", |view: &View<'_>| {
        let tokens: Vec<i64> = view.results(TOKEN).iter().filter_map(|token| token.parse().ok()).collect();
        match tokens.windows(2).find(|pair| pair[1] <= pair[0]) {
            Some(pair) => Err(format!("{} was given after {}", pair[1], pair[0])),
            None => Ok(()),
        }
    })
}

/// Every lock of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![
        Arc::new(Guarded(Fenced {
            name: "lock/lease-around-write",
            about: "A lock in Redis with a time limit guards a row that is read and written back in Postgres. Whoever \
                    pauses longer than the limit writes what has become of an old value.",
            fence: Fence::None,
        })),
        Arc::new(Guarded(Fenced {
            name: "lock/fenced-at-write-only",
            about: "Each holder draws a fencing token, and the row refuses writes with a smaller token than it has \
                    seen. It has not seen the token of a holder that only read so far, and takes the old one's write.",
            fence: Fence::AtWrite,
        })),
        Arc::new(Guarded(Fenced {
            name: "lock/set-nx-px-lua-release-fenced",
            about: "Each holder draws a fencing token from a sequence beside the row, which remembers the greatest one \
                    at every read and write. Two may believe that they hold the lock, but only the later one's write counts.",
            fence: Fence::AtReadAndWrite,
        })),
        Arc::new(Guarded(Fenced {
            name: "lock/fenced-by-redis",
            about: "Each holder gets the fencing token from a counter in the Redis that keeps the lock. When Redis \
                    forgets its last writes, the next holder is given the same token, and the row takes both.",
            fence: Fence::ByRedis,
        })),
    ]
}
