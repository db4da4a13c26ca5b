//! Owns the proof that stores live by the clock that they are given: to the microsecond, forth and back, and that what
//! ends at a time has ended when the time has come and not before.

use std::time::Duration;

use raceproof::clock::{Clock, EPOCH};
use raceproof::gate::{Backend, Standing};
use raceproof::store::postgres::PostgresBackend;
use raceproof::store::redis::RedisBackend;
use raceproof::store::{ClockChoice, Needs, ProviderChoice, Server, StoreError, StoreOptions, Stores};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{options, query, start, use_redis};

const REPEATS: u32 = 1_000;

async fn redis_client(server: &Server) -> MultiplexedConnection {
    redis::Client::open(server.redis_info()).unwrap().get_multiplexed_async_connection().await.unwrap()
}

/// A time that is different each time, to the microsecond.
fn time(number: u32) -> Duration {
    EPOCH + Duration::from_micros(1_234_567) * number
}

async fn stores_tell_the_chosen_time(provider: ProviderChoice) {
    let stores = start(provider, Needs::BOTH).await;
    let (server, postgres) = (stores.redis().unwrap(), stores.postgres().unwrap());
    let mut redis_backend = RedisBackend::connect(server.clone()).await.unwrap();
    let mut postgres_backend = PostgresBackend::connect(postgres.clone()).await.unwrap();
    assert_eq!((redis_backend.clock(), postgres_backend.clock()), (Clock::Virtual, Clock::Virtual));
    let mut client = redis_client(server).await;
    let (sql, driver) = postgres.postgres_config().connect(tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(driver);
    let micros = |function| format!("SELECT (extract(epoch FROM {function}()) * 1000000)::bigint");
    let now = sql.prepare(&micros("now")).await.unwrap();
    let clock_timestamp = sql.prepare(&micros("clock_timestamp")).await.unwrap();
    for number in 0..REPEATS {
        let wanted = time(number);
        redis_backend.set_time(wanted).await.unwrap();
        postgres_backend.set_time(wanted).await.unwrap();
        let expected = (wanted.as_secs(), u64::from(wanted.subsec_micros()));
        let told: (u64, u64) = redis::cmd("TIME").query_async(&mut client).await.unwrap();
        assert_eq!(told, expected);
        let script = "return redis.call('TIME')";
        let told: (u64, u64) = redis::cmd("EVAL").arg(script).arg(0).query_async(&mut client).await.unwrap();
        assert_eq!(told, expected);
        for statement in [&now, &clock_timestamp] {
            let told: i64 = sql.query_one(statement, &[]).await.unwrap().get(0);
            assert_eq!(u128::try_from(told).unwrap(), wanted.as_micros());
        }
    }
    stores.stop().await.unwrap();
}

#[tokio::test]
async fn local_stores_tell_the_chosen_time_to_the_microsecond() {
    stores_tell_the_chosen_time(ProviderChoice::Local).await;
}

#[tokio::test]
async fn containers_tell_the_chosen_time_to_the_microsecond() {
    stores_tell_the_chosen_time(ProviderChoice::Docker).await;
}

async fn key_ends_at_its_deadline(provider: ProviderChoice) {
    let stores = start(provider, Needs::REDIS).await;
    let mut backend = RedisBackend::connect(stores.redis().unwrap().clone()).await.unwrap();
    let mut client = redis_client(stores.redis().unwrap()).await;
    for number in 0..REPEATS {
        let now = time(number % 7);
        backend.set_time(now).await.unwrap();
        let () = client.pset_ex("key", "value", 100).await.unwrap();
        let deadline = backend.next_deadline(now).await.unwrap().unwrap();
        assert_eq!(deadline.as_millis(), now.as_millis() + 101, "Redis keeps a key in its last millisecond");
        backend.set_time(deadline - Duration::from_millis(1)).await.unwrap();
        assert!(client.exists::<_, bool>("key").await.unwrap());
        assert_eq!(backend.next_deadline(deadline - Duration::from_millis(1)).await.unwrap(), Some(deadline));
        backend.set_time(deadline).await.unwrap();
        assert!(!client.exists::<_, bool>("key").await.unwrap());
        assert_eq!(backend.next_deadline(deadline).await.unwrap(), None);
    }
    stores.stop().await.unwrap();
}

#[tokio::test]
async fn key_of_a_local_redis_ends_at_its_deadline() {
    key_ends_at_its_deadline(ProviderChoice::Local).await;
}

#[tokio::test]
async fn key_of_a_redis_in_a_container_ends_at_its_deadline() {
    key_ends_at_its_deadline(ProviderChoice::Docker).await;
}

/// A lock in the way of GETSET keeps its end in its value: in seconds, milliseconds or microseconds.
#[tokio::test]
async fn moment_in_a_value_is_a_deadline() {
    let stores = start(ProviderChoice::Local, Needs::REDIS).await;
    let mut backend = RedisBackend::connect(stores.redis().unwrap().clone()).await.unwrap();
    let mut client = redis_client(stores.redis().unwrap()).await;
    backend.set_time(EPOCH).await.unwrap();
    let at = EPOCH + Duration::from_millis(1_500);
    for value in ["1893456001.5", "1893456001500", "1893456001500000"] {
        let () = redis::cmd("SELECT").arg(3).query_async(&mut client).await.unwrap();
        let () = client.set("lock", value).await.unwrap();
        assert_eq!(
            backend.next_deadline(EPOCH).await.unwrap(),
            Some(at + Duration::from_millis(1)),
            "{value}"
        );
    }
    for value in ["7", "-1893456001500", "1893456001500 ", "1893456000000000000", "189345600150"] {
        let () = client.set("lock", value).await.unwrap();
        assert_eq!(backend.next_deadline(EPOCH).await.unwrap(), None, "{value}");
    }
    stores.stop().await.unwrap();
}

/// What is remembered with a time to live has all of it in each execution, however far the one before has gone.
#[tokio::test]
async fn time_to_live_of_the_set_up_starts_anew_in_each_execution() {
    let stores = start(ProviderChoice::Local, Needs::REDIS).await;
    let mut backend = RedisBackend::connect(stores.redis().unwrap().clone()).await.unwrap();
    let mut client = redis_client(stores.redis().unwrap()).await;
    backend.set_time(EPOCH).await.unwrap();
    let () = client.pset_ex("key", "value", 5_000).await.unwrap();
    backend.remember().await.unwrap();
    for _ in 0..10 {
        backend.set_time(EPOCH).await.unwrap();
        assert_eq!(client.pttl::<_, i64>("key").await.unwrap(), 5_000);
        backend.set_time(EPOCH + Duration::from_secs(9)).await.unwrap();
        let (state, _) = backend.take_state(false, Vec::new()).await.unwrap();
        assert!(state.entries().is_empty(), "{state:?}");
    }
    stores.stop().await.unwrap();
}

/// A raw connection that has sent a command; what comes is read without waiting for it.
async fn sent(backend: &mut RedisBackend, command: &str) -> raceproof::gate::Upstream {
    let mut upstream = backend.open(&bytes::Bytes::new()).await.unwrap();
    upstream.stream.write_all(command.as_bytes()).await.unwrap();
    upstream
}

async fn received_already(upstream: &mut raceproof::gate::Upstream) -> String {
    let mut input = bytes::BytesMut::with_capacity(4_096);
    let read = tokio::time::timeout(Duration::ZERO, upstream.stream.read_buf(&mut input)).await;
    read.map_or(String::new(), |_| String::from_utf8_lossy(&input).into_owned())
}

#[tokio::test]
async fn wait_of_a_command_ends_when_the_clock_passes_its_limit() {
    let stores = start(ProviderChoice::Local, Needs::REDIS).await;
    let mut backend = RedisBackend::connect(stores.redis().unwrap().clone()).await.unwrap();
    for _ in 0..200 {
        backend.set_time(EPOCH).await.unwrap();
        let mut waiter = sent(&mut backend, "BLPOP list 5\r\n").await;
        while backend.standing(&[waiter.key]).await.unwrap() != [Standing::Blocked(vec![])] {}
        backend.set_time(EPOCH + Duration::from_secs(5)).await.unwrap();
        assert_eq!(backend.standing(&[waiter.key]).await.unwrap(), [Standing::Blocked(vec![])]);
        assert_eq!(received_already(&mut waiter).await, "");
        backend.set_time(EPOCH + Duration::from_millis(5_001)).await.unwrap();
        // The runtime has to look at the socket once; the bytes are there.
        tokio::task::yield_now().await;
        assert_eq!(received_already(&mut waiter).await, "*-1\r\n");
    }
    stores.stop().await.unwrap();
}

/// Keys that end at once are told of in the order of their ends, and by the time that `set_time` returns.
#[tokio::test]
async fn ends_of_keys_are_told_in_their_order() {
    let stores = start(ProviderChoice::Local, Needs::REDIS).await;
    let mut backend = RedisBackend::connect(stores.redis().unwrap().clone()).await.unwrap();
    let mut client = redis_client(stores.redis().unwrap()).await;
    let () = redis::cmd("CONFIG")
        .arg(&["SET", "notify-keyspace-events", "Ex"])
        .query_async(&mut client)
        .await
        .unwrap();
    let mut listener = sent(&mut backend, "SUBSCRIBE __keyevent@0__:expired\r\n").await;
    let mut input = bytes::BytesMut::new();
    listener.stream.read_buf(&mut input).await.unwrap();
    for _ in 0..50 {
        backend.set_time(EPOCH).await.unwrap();
        for (key, life) in [("b", 20), ("a", 30), ("d", 10), ("c", 10)] {
            let () = client.pset_ex(key, "value", life).await.unwrap();
        }
        backend.set_time(EPOCH + Duration::from_secs(1)).await.unwrap();
        tokio::task::yield_now().await;
        let told = received_already(&mut listener).await;
        let keys: Vec<&str> = told.lines().filter(|line| ["a", "b", "c", "d"].contains(line)).collect();
        assert_eq!(keys, ["c", "d", "b", "a"], "{told}");
    }
    stores.stop().await.unwrap();
}

/// Whatever reacts to jumps of the clock inside the servers does no harm.
async fn stores_bear_jumps(provider: ProviderChoice) {
    let stores = start(provider, Needs::BOTH).await;
    let (redis_server, postgres) = (stores.redis().unwrap(), stores.postgres().unwrap());
    let mut redis_backend = RedisBackend::connect(redis_server.clone()).await.unwrap();
    let mut postgres_backend = PostgresBackend::connect(postgres.clone()).await.unwrap();
    for number in 0..100 {
        let now = if number % 2 == 0 { EPOCH } else { EPOCH / 2 };
        redis_backend.set_time(now).await.unwrap();
        postgres_backend.set_time(now).await.unwrap();
        use_redis(redis_server).await;
        assert_eq!(query(postgres, "SELECT 'here'").await, "here");
        assert_eq!(redis_backend.state().await.unwrap().entries().len(), 1);
    }
    stores.stop().await.unwrap();
}

#[tokio::test]
async fn local_stores_bear_jumps_of_the_clock() {
    stores_bear_jumps(ProviderChoice::Local).await;
}

#[tokio::test]
async fn containers_bear_jumps_of_the_clock() {
    stores_bear_jumps(ProviderChoice::Docker).await;
}

async fn kinds(choice: ClockChoice) -> (Clock, Clock) {
    let wanted = StoreOptions { clock: choice, ..options(ProviderChoice::Local, Needs::BOTH) };
    let stores = Stores::start(&wanted).await.unwrap();
    let kinds = (stores.redis().unwrap().clock.kind(), stores.postgres().unwrap().clock.kind());
    let lines = stores.description().lines();
    assert!(lines[1].ends_with(&told(kinds.0)) && lines[2].ends_with(&told(kinds.1)), "{lines:?}");
    stores.stop().await.unwrap();
    kinds
}

fn told(kind: Clock) -> String {
    match kind {
        Clock::Virtual => "clock virtual".to_owned(),
        kind => format!("clock {kind}, because it was asked for"),
    }
}

#[tokio::test]
async fn clock_is_the_one_that_was_asked_for_and_told() {
    assert_eq!(kinds(ClockChoice::Auto).await, (Clock::Virtual, Clock::Virtual));
    assert_eq!(kinds(ClockChoice::Virtual).await, (Clock::Virtual, Clock::Virtual));
    assert_eq!(kinds(ClockChoice::Real).await, (Clock::Real, Clock::Real));
    assert_eq!(kinds(ClockChoice::Shifted).await, (Clock::Shifted, Clock::Real));
}

/// The server that is named is one of ours, but nothing says so.
#[tokio::test]
async fn server_named_by_url_is_shifted_and_never_virtual() {
    let local = start(ProviderChoice::Local, Needs::REDIS).await;
    let url = format!("redis://{}", local.redis().unwrap().tcp.clone().unwrap());
    let wanted =
        StoreOptions { redis_url: Some(url), disposable: true, ..options(ProviderChoice::Url, Needs::REDIS) };
    let refused =
        Stores::start(&StoreOptions { clock: ClockChoice::Virtual, ..wanted.clone() }).await.unwrap_err();
    assert!(matches!(refused, StoreError::Clock { .. }), "{refused:?}");
    let stores = Stores::start(&wanted).await.unwrap();
    let mut backend = RedisBackend::connect(stores.redis().unwrap().clone()).await.unwrap();
    assert_eq!(backend.clock(), Clock::Shifted);
    let mut client = redis_client(stores.redis().unwrap()).await;
    backend.set_time(EPOCH).await.unwrap();
    let () = client.set_ex("short", "value", 1_000).await.unwrap();
    let () = client.set_ex("long", "value", 3_000).await.unwrap();
    let deadline = backend.next_deadline(EPOCH).await.unwrap().unwrap();
    assert_eq!(deadline, EPOCH + Duration::from_secs(1_000), "it was set a moment ago");
    backend.set_time(EPOCH + Duration::from_secs(900)).await.unwrap();
    assert!(client.exists::<_, bool>("short").await.unwrap());
    backend.set_time(deadline).await.unwrap();
    assert!(!client.exists::<_, bool>("short").await.unwrap());
    assert!((1_990..=2_000).contains(&client.ttl::<_, i64>("long").await.unwrap()));
    // An execution that starts anew gives nothing back.
    backend.set_time(EPOCH).await.unwrap();
    assert!((1_990..=2_000).contains(&client.ttl::<_, i64>("long").await.unwrap()));
    stores.stop().await.unwrap();
    local.stop().await.unwrap();
}
