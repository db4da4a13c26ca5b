//! Owns the pairs of Redis.

use bytes::Bytes;
use raceproof::gate::Backend;
use raceproof::store::redis::RedisBackend;
use raceproof::store::{Needs, ProviderChoice, StoreOptions, Stores};
use raceproof::wire::redis::command;

use crate::pair::{Ground, Manner, Pair, after, check, pair};
use crate::talker::Talker;

const SET_UP: &[&str] =
    &["SET a 1", "SET b 2", "RPUSH l x y z", "HSET h f 1", "SADD s m n", "ZADD z 1 m", "XADD st 1-1 f v"];

const GET: &str = "EVAL|return redis.call('GET', KEYS[1])|1|a";
const GET_BY_NAME: &str = "EVALSHA|d3c21d0c2b9ca22f82737626a27bcaf5d288f99f|1|a";
const INCR_B: &str = "EVAL|return redis.call('INCR', KEYS[1])|1|b";
/// It touches more than it says.
const INCR_HIDDEN: &str = "EVAL|redis.call('INCR', 'b') return redis.call('GET', KEYS[1])|1|a";
const INCR_GIVEN: &str = "EVAL|return redis.call('INCR', ARGV[1])|1|c|b";
const ANY: &str = "EVAL|return redis.call(ARGV[1], 'b')|1|c|INCR";

const INDEPENDENT: &[Pair] = &[
    pair("SET a 5", "SET b 5"),
    pair("SET a 5", "SET a 5"),
    pair("SET a 5 PX 100", "SET a 5 PX 100"),
    pair("GET a", "GET a"),
    pair("GET a", "INCR b"),
    pair("SET c 1", "SET d 1"),
    pair("SET a 5 NX", "GET a"),
    pair("SETNX a 5", "SET a 6 NX"),
    pair("DEL c", "EXISTS c"),
    pair("LPUSH l w", "HSET h g 1"),
    pair("LRANGE l 0 -1", "LLEN l"),
    pair("RPOPLPUSH l k", "HINCRBY h f 1"),
    pair("SINTERSTORE k s", "INCR a"),
    pair("SUNIONSTORE k s", "SMEMBERS s"),
    pair("COPY a c", "GET a"),
    pair("MSET a 1 c 2", "MGET b h"),
    pair("DBSIZE", "GET a"),
    pair("DBSIZE", "KEYS a"),
    pair("XREAD COUNT 1 STREAMS st 0", "XLEN st"),
    pair("XADD st 2-1 f v", "ZINCRBY z 1 m"),
    pair(GET, INCR_B),
    pair(GET, GET),
    pair(INCR_HIDDEN, "INCR c"),
    pair("WATCH a", "INCR b"),
    after([&["WATCH a"], &[]], "MULTI;INCR c;EXEC", "INCR b"),
    pair("MULTI;INCR a;INCR c;EXEC", "MULTI;INCR b;GET h;EXEC"),
    pair("BLPOP l 0", "INCR a"),
    pair("BLPOP q 0", "INCR a"),
    pair("GET l", "INCR a"),
    pair("PEXPIRE a 1000", "GET b"),
    pair("SORT l ALPHA", "INCR a"),
];

const DEPENDENT: &[Pair] = &[
    pair("SET a 5", "SET a 6"),
    pair("GET a", "INCR a"),
    pair("SETNX c 5", "SETNX c 6"),
    pair("DEL a", "EXISTS a"),
    pair("INCR a", "INCR a"),
    pair("SET a 5", "SET a 6"),
    pair("SET a 5", "SET a 5 PX 100"),
    pair("SET a 5 GET", "SET a 5 GET"),
    pair("LPOP l", "LPOP l"),
    pair("LPUSH l v", "LPUSH l w"),
    pair("RPOPLPUSH l k", "LLEN k"),
    pair("SINTERSTORE k s", "SADD s o"),
    pair("COPY a c", "INCR a"),
    pair("RENAME a c", "INCR a"),
    pair("MSET a 7 c 2", "MGET a b"),
    pair("DBSIZE", "SET c 1"),
    pair("DBSIZE", "DEL a"),
    pair("FLUSHALL", "GET a"),
    pair("XGROUP CREATE st g 0", "XREADGROUP GROUP g c STREAMS st >"),
    after(
        [&["XGROUP CREATE st g 0"], &[]],
        "XREADGROUP GROUP g c STREAMS st >",
        "XREADGROUP GROUP g d STREAMS st >",
    ),
    after([&["XGROUP CREATE st g 0"], &[]], "XREADGROUP GROUP g c STREAMS st 0", "XINFO CONSUMERS st g"),
    pair(GET, "INCR a"),
    pair(INCR_HIDDEN, INCR_B),
    pair(INCR_HIDDEN, "GET b"),
    pair(INCR_GIVEN, "GET b"),
    pair(ANY, "GET b"),
    after([&["WATCH a"], &[]], "MULTI;INCR c;EXEC", "INCR a"),
    pair("MULTI;INCR a;EXEC", "MULTI;GET a;EXEC"),
    pair("BLPOP q 0", "RPUSH q v"),
    after([&["SCRIPT|LOAD|return redis.call('GET', KEYS[1])"], &[]], "SCRIPT FLUSH", GET_BY_NAME),
    pair(GET, GET_BY_NAME),
    pair("CONFIG SET maxmemory-samples 7", "CONFIG GET maxmemory-samples"),
    pair("APPEND a 1", "STRLEN a"),
    pair("HSET h f 2", "HGETALL h"),
];

struct Redis {
    backend: RedisBackend,
}

#[async_trait::async_trait(?Send)]
impl Ground for Redis {
    fn backend(&mut self) -> &mut dyn Backend {
        &mut self.backend
    }

    async fn bring_back(&mut self) {
        self.backend.clear().await.unwrap();
        let mut talker = Talker::connect(&mut self.backend, 9, &Bytes::new()).await;
        talker.step(&mut self.backend, &requests("CONFIG SET maxmemory-samples 5")).await;
        for line in SET_UP {
            talker.step(&mut self.backend, &requests(line)).await;
        }
    }

    async fn content(&mut self) -> String {
        self.backend.state().await.unwrap().to_string()
    }
}

/// Words are separated by blanks, or by bars if there are some; requests by semicolons.
fn requests(step: &str) -> Vec<Vec<u8>> {
    let words = |request: &str| {
        let blank = if request.contains('|') { '|' } else { ' ' };
        let words: Vec<&[u8]> =
            request.split(blank).filter(|word| !word.is_empty()).map(str::as_bytes).collect();
        command(&words)
    };
    step.split(';').map(words).collect()
}

async fn start() -> (Stores, Redis, Manner) {
    let options =
        StoreOptions { provider: ProviderChoice::Local, needs: Needs::REDIS, ..StoreOptions::default() };
    let stores = Stores::start(&options).await.unwrap();
    let backend = RedisBackend::connect(stores.redis().unwrap().clone()).await.unwrap();
    (stores, Redis { backend }, Manner { opening: Bytes::new(), requests, end: None })
}

#[tokio::test]
async fn redis_steps_deemed_independent_commute() {
    let (stores, mut redis, manner) = start().await;
    check(&mut redis, &manner, INDEPENDENT, true).await;
    drop(redis);
    stores.stop().await.unwrap();
}

#[tokio::test]
async fn redis_steps_that_do_not_commute_are_deemed_dependent() {
    let (stores, mut redis, manner) = start().await;
    check(&mut redis, &manner, DEPENDENT, false).await;
    drop(redis);
    stores.stop().await.unwrap();
}
