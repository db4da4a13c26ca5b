//! Owns the cached results of functions, which are invalidated by a tag for what they were computed from (django-cacheops).

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, Worker};
use redis::AsyncCommands;

use super::record::{Hand, NEW, READ, WRITE, no_stale_entry, prepare};
use crate::anomaly::STALE_ENTRY;
use crate::card::{Details, broken, correct};

/// The result.
const QUERY: &str = "query";
/// The set of keys that depend on row 1.
const TAG: &str = "tag:records:1";
/// What shows that nobody has invalidated since the call began.
const PRECALL: &str = "precall";
const SOURCE: &str = "Suor/django-cacheops#302";

const STORE: &str = "
redis.call('SETEX', KEYS[1], 600, ARGV[1])
redis.call('SADD', KEYS[2], KEYS[1])
return 1
";
const BEGIN_CALL: &str = "
redis.call('SETEX', KEYS[1], 60, 'p')
redis.call('SADD', KEYS[2], KEYS[1])
return 1
";
const STORE_IF_FRESH: &str = "
if redis.call('EXISTS', KEYS[3]) == 0 then return 0 end
redis.call('SETEX', KEYS[1], 600, ARGV[1])
redis.call('SADD', KEYS[2], KEYS[1])
return 1
";
const INVALIDATE: &str = "
local keys = redis.call('SMEMBERS', KEYS[1])
redis.call('DEL', KEYS[1])
for _, key in ipairs(keys) do redis.call('DEL', key) end
return #keys
";

/// A computes and caches; B changes the row and deletes what is tagged with it.
///
/// ```text
/// A                                    B
/// GET query -> nil
/// SELECT -> 1
///                                      UPDATE 2
///                                      EVAL delete what is tagged -> 0
/// EVAL SETEX query 1, SADD tag query                          the result stays 1
/// ```
struct Tagged {
    keeps_fresh: bool,
}

impl Tagged {
    async fn call(&self, hand: &mut Hand) -> Result<i64> {
        let found: Option<i64> = hand.redis.get(QUERY).await?;
        if let Some(value) = found {
            return Ok(value);
        }
        if self.keeps_fresh {
            let _: i64 = hand.eval(BEGIN_CALL, &[PRECALL, TAG], &[]).await?;
        }
        let value = hand.load().await?;
        let argument = [value.to_string()];
        let _: i64 = if self.keeps_fresh {
            hand.eval(STORE_IF_FRESH, &[QUERY, TAG, PRECALL], &argument).await?
        } else {
            hand.eval(STORE, &[QUERY, TAG], &argument).await?
        };
        Ok(value)
    }
}

#[async_trait(?Send)]
impl Scenario for Tagged {
    fn card(&self) -> Card {
        let card = if self.keeps_fresh {
            let about = "Before it computes, a function leaves a key under the tags of what it reads, and its result is stored \
                         only if that key is still there. An invalidation during the call deletes the key with the rest.";
            correct("cache/keep-fresh", about)
        } else {
            let about = "A function computes a result from rows and stores it under their tags. An invalidation during the \
                         call finds nothing under the tags yet, and the old result is stored after it.";
            broken("cache/invalidated-during-call", about, STALE_ENTRY)
        };
        card.on_both().after(SOURCE)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut hand = Hand::of(&worker).await?;
        if worker.index() == 0 {
            let read = worker.invoke(READ, "");
            read.ok(self.call(&mut hand).await?);
            return Ok(());
        }
        let write = worker.invoke(WRITE, NEW);
        hand.store(NEW).await?;
        let _: i64 = hand.eval(INVALIDATE, &[TAG], &[]).await?;
        write.ok("done");
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![no_stale_entry(QUERY)]
    }
}

/// Every cache of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(Tagged { keeps_fresh: false }), Arc::new(Tagged { keeps_fresh: true })]
}
