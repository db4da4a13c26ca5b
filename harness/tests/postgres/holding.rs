//! Owns the proof that of several waiters that one step wakes each goes on when it is told to, and that nothing stays
//! stopped.

use std::time::Instant;

use raceproof::gate::{Backend, Standing, Waking};
use raceproof::store::ProviderChoice;

use crate::support::{Bench, Wire, column, run};

/// Every order of three.
const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

/// One session has a key, three more want it, and the first gives it up: whoever is let go first gets it.
async fn the_chosen_waiter_wins(provider: ProviderChoice, rounds: usize) {
    let mut bench = Bench::of(provider).await;
    assert_eq!(bench.backend.waking(), Waking::Held);
    let (holder, holder_key) = bench.client().await;
    run(&holder, "CREATE TABLE t (id int PRIMARY KEY, who int)").await;
    let mut waiters = [bench.upstream().await, bench.upstream().await, bench.upstream().await];
    let keys: Vec<u64> = waiters.iter().map(Wire::key).collect();
    for round in 0..rounds {
        run(&holder, "BEGIN; INSERT INTO t VALUES (1, 9)").await;
        for (index, waiter) in waiters.iter_mut().enumerate() {
            waiter.begin(&format!("INSERT INTO t VALUES (1, {index}) RETURNING who")).await;
            bench.until(keys[index], &Standing::Blocked(vec![holder_key])).await;
            bench.backend.hold(keys[index]);
        }
        run(&holder, "ROLLBACK").await;
        let order = ORDERS[round % ORDERS.len()];
        let mut won = Vec::new();
        for index in order {
            bench.backend.let_go(keys[index]);
            let heard = waiters[index].hear(b'Z').await;
            won.extend(heard.iter().any(|(tag, _)| *tag == b'D').then_some(index));
        }
        assert_eq!(won, [order[0]], "round {round}");
        run(&holder, "DELETE FROM t").await;
    }
    drop(waiters);
    bench.stop().await;
}

#[tokio::test]
async fn a_herd_goes_on_in_the_chosen_order() {
    the_chosen_waiter_wins(ProviderChoice::Local, 50).await;
}

/// The numbers of processes inside a container are not those outside.
#[tokio::test]
async fn a_herd_in_a_container_goes_on_in_the_chosen_order() {
    the_chosen_waiter_wins(ProviderChoice::Docker, 50).await;
}

/// A session that waits and is held.
async fn held(bench: &mut Bench) -> (Wire, tokio_postgres::Client) {
    let (holder, holder_key) = bench.client().await;
    run(&holder, "SELECT pg_advisory_lock(7)").await;
    let mut waiter = bench.upstream().await;
    waiter.begin("SELECT pg_advisory_lock(7)").await;
    bench.until(waiter.key(), &Standing::Blocked(vec![holder_key])).await;
    bench.backend.hold(waiter.key());
    (waiter, holder)
}

#[tokio::test]
async fn a_held_session_can_be_forgotten() {
    let mut bench = Bench::start().await;
    let (waiter, _holder) = held(&mut bench).await;
    bench.backend.forget(waiter.key()).await.unwrap();
    assert_eq!(bench.standing(waiter.key()).await, Standing::Quiet);
    bench.stop().await;
}

/// What it waited for is there, so it would write and commit if it went on for a moment before it ends.
#[tokio::test]
async fn a_forgotten_session_that_was_held_does_not_go_on() {
    let mut bench = Bench::start().await;
    let (holder, holder_key) = bench.client().await;
    run(&holder, "CREATE TABLE t (id int)").await;
    for _ in 0..50 {
        run(&holder, "SELECT pg_advisory_lock(7)").await;
        let mut waiter = bench.upstream().await;
        waiter.begin("INSERT INTO t SELECT 1 FROM (SELECT pg_advisory_xact_lock(7)) AS l").await;
        bench.until(waiter.key(), &Standing::Blocked(vec![holder_key])).await;
        bench.backend.hold(waiter.key());
        run(&holder, "SELECT pg_advisory_unlock(7)").await;
        bench.backend.forget(waiter.key()).await.unwrap();
        assert_eq!(column(&holder, "SELECT count(*) FROM t").await, ["0"]);
    }
    bench.stop().await;
}

#[tokio::test]
async fn a_forgotten_session_that_had_stopped_does_not_write() {
    let mut bench = Bench::start().await;
    let (client, _) = bench.client().await;
    run(&client, "CREATE TABLE t (id int)").await;
    bench.backend.want_splits(true);
    bench.backend.remember().await.unwrap();
    for _ in 0..20 {
        let mut writer = bench.upstream().await;
        bench.backend.arm_split(writer.key()).await.unwrap();
        writer.begin("INSERT INTO t VALUES (1)").await;
        bench.until(writer.key(), &Standing::Stopped).await;
        bench.backend.forget(writer.key()).await.unwrap();
        assert_eq!(column(&client, "SELECT count(*) FROM t").await, ["0"]);
    }
    bench.stop().await;
}

#[tokio::test]
async fn a_dropped_backend_leaves_nothing_stopped() {
    let mut bench = Bench::start().await;
    let (mut waiter, holder) = held(&mut bench).await;
    drop(bench.backend);
    run(&holder, "SELECT pg_advisory_unlock(7)").await;
    waiter.hear(b'Z').await;
    bench.stores.stop().await.unwrap();
}

/// The server would wait for five seconds for a process that does not hear it.
async fn stops_with_a_held_session(provider: ProviderChoice) {
    let mut bench = Bench::of(provider).await;
    let (_waiter, _holder) = held(&mut bench).await;
    let started = Instant::now();
    bench.stores.stop().await.unwrap();
    assert!(started.elapsed().as_secs() < 4, "{:?}", started.elapsed());
    drop(bench.backend);
}

#[tokio::test]
async fn a_local_server_stops_though_a_session_is_held() {
    stops_with_a_held_session(ProviderChoice::Local).await;
}

#[tokio::test]
async fn a_container_stops_though_a_session_is_held() {
    stops_with_a_held_session(ProviderChoice::Docker).await;
}
