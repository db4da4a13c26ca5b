//! Owns the proof that what waits in Postgres by the clock ends when the clock says so, and not before.

use std::time::Duration;

use raceproof::clock::EPOCH;
use raceproof::gate::{Backend, DeadlockCheck, Standing};
use raceproof::store::ProviderChoice;
use tokio::io::AsyncReadExt;

use crate::support::{Bench, Heard, Wire, column, run};

const REPEATS: usize = 50;

/// Whether the server has sent anything yet.
async fn is_silent(wire: &mut Wire) -> bool {
    tokio::task::yield_now().await;
    let mut byte = [0; 1];
    tokio::time::timeout(Duration::ZERO, wire.upstream.stream.read_exact(&mut byte)).await.is_err()
}

fn sqlstate(heard: &[Heard]) -> String {
    let error = heard.iter().find(|(tag, _)| *tag == b'E').map_or(&[][..], |(_, body)| body);
    let code = error.split(|byte| *byte == 0).find(|field| field.first() == Some(&b'C'));
    String::from_utf8_lossy(code.map_or(&[], |code| &code[1..])).into_owned()
}

async fn lock_time_out_follows_the_clock(provider: ProviderChoice) {
    let mut bench = Bench::of(provider).await;
    bench.backend.set_time(EPOCH).await.unwrap();
    let (holder, holder_key) = bench.client().await;
    run(&holder, "SELECT pg_advisory_lock(7)").await;
    let mut waiter = bench.upstream().await;
    waiter.query("SET lock_timeout = '50ms'").await.unwrap();
    for round in 0..REPEATS {
        bench.backend.set_time(EPOCH).await.unwrap();
        waiter.begin("SELECT pg_advisory_lock(7)").await;
        bench.until(waiter.key(), &Standing::Blocked(vec![holder_key])).await;
        if round % 2 == 0 {
            bench.backend.hold(waiter.key());
        }
        bench.backend.set_time(EPOCH + Duration::from_micros(49_999)).await.unwrap();
        assert_eq!(bench.standing(waiter.key()).await, Standing::Blocked(vec![holder_key]));
        assert!(is_silent(&mut waiter).await);
        bench.backend.set_time(EPOCH + Duration::from_millis(50)).await.unwrap();
        assert_eq!(bench.standing(waiter.key()).await, Standing::Quiet);
        assert_eq!(sqlstate(&waiter.hear(b'Z').await), "55P03");
    }
    bench.stop().await;
}

#[tokio::test]
async fn lock_time_out_follows_the_clock_of_a_local_server() {
    lock_time_out_follows_the_clock(ProviderChoice::Local).await;
}

#[tokio::test]
async fn lock_time_out_follows_the_clock_of_a_container() {
    lock_time_out_follows_the_clock(ProviderChoice::Docker).await;
}

/// Its real timer would have rung many times.
#[tokio::test]
async fn time_out_of_a_real_moment_is_not_taken() {
    let mut bench = Bench::start().await;
    bench.backend.set_time(EPOCH).await.unwrap();
    let mut session = bench.upstream().await;
    session.query("SET statement_timeout = '1ms'").await.unwrap();
    for _ in 0..REPEATS {
        let counted = session.query("SELECT count(*) FROM generate_series(1, 50000)").await.unwrap();
        assert_eq!(counted, ["50000"]);
    }
    bench.stop().await;
}

#[tokio::test]
async fn sleep_ends_when_the_clock_says_so() {
    let mut bench = Bench::start().await;
    bench.backend.set_time(EPOCH).await.unwrap();
    let (watcher, _) = bench.client().await;
    let mut sleeper = bench.upstream().await;
    for _ in 0..REPEATS {
        bench.backend.set_time(EPOCH).await.unwrap();
        sleeper.begin("SELECT pg_sleep(3600)").await;
        let asleep = format!("SELECT wait_event FROM pg_stat_activity WHERE pid = {}", sleeper.key());
        while column(&watcher, &asleep).await != ["PgSleep"] {}
        bench.backend.set_time(EPOCH + Duration::from_secs(3_599)).await.unwrap();
        assert!(is_silent(&mut sleeper).await);
        bench.backend.set_time(EPOCH + Duration::from_secs(3_600)).await.unwrap();
        assert_eq!(sleeper.hear(b'Z').await.len(), 4);
    }
    bench.stop().await;
}

/// A session with a lock of its own that waits for the other's.
async fn circle(bench: &mut Bench) -> [Wire; 2] {
    let mut both = [bench.upstream().await, bench.upstream().await];
    for (number, wire) in both.iter_mut().enumerate() {
        wire.query(&format!("SELECT pg_advisory_lock({number})")).await.unwrap();
    }
    let keys = [both[0].key(), both[1].key()];
    for (number, wire) in both.iter_mut().enumerate() {
        wire.begin(&format!("SELECT pg_advisory_lock({})", 1 - number)).await;
        bench.until(keys[number], &Standing::Blocked(vec![keys[1 - number]])).await;
        bench.backend.hold(keys[number]);
    }
    bench.backend.settle_held();
    both
}

#[tokio::test]
async fn one_that_is_told_to_look_for_a_deadlock_is_the_victim() {
    let mut bench = Bench::start().await;
    assert_eq!(bench.backend.deadlock_check(), Some(DeadlockCheck::After(Duration::from_millis(10))));
    bench.backend.set_time(EPOCH).await.unwrap();
    assert_eq!(bench.backend.deadlock_check(), Some(DeadlockCheck::WhenTold));
    for round in 0..REPEATS {
        let mut both = circle(&mut bench).await;
        let (victim, other) = (round % 2, 1 - round % 2);
        let keys = [both[0].key(), both[1].key()];
        bench.backend.begin_look(keys[victim]);
        assert_eq!(sqlstate(&both[victim].hear(b'Z').await), "40P01");
        bench.backend.end_look(keys[victim]);
        bench.backend.let_go(keys[victim]);
        assert_eq!(bench.standing(keys[other]).await, Standing::Blocked(vec![keys[victim]]));
        for key in keys {
            bench.backend.forget(key).await.unwrap();
        }
        let (client, _) = bench.client().await;
        let now = column(&client, "SELECT extract(epoch FROM clock_timestamp())").await;
        assert_eq!(now, ["1893456000.000000"]);
    }
    bench.stop().await;
}

/// Time that passes makes the one look that has waited longest; whoever has looked without finding anything never looks again.
#[tokio::test]
async fn passing_time_breaks_a_deadlock_and_lets_each_look_once() {
    let mut bench = Bench::start().await;
    for _ in 0..REPEATS {
        bench.backend.set_time(EPOCH).await.unwrap();
        let mut both = circle(&mut bench).await;
        let keys = [both[0].key(), both[1].key()];
        assert!(keys.iter().all(|key| bench.backend.will_look(*key)));
        bench.backend.set_time(EPOCH + Duration::from_millis(9)).await.unwrap();
        assert!(keys.iter().all(|key| bench.backend.will_look(*key)));
        bench.backend.set_time(EPOCH + Duration::from_millis(10)).await.unwrap();
        assert_eq!(sqlstate(&both[0].hear(b'Z').await), "40P01");
        assert_eq!(bench.standing(keys[1]).await, Standing::Blocked(vec![keys[0]]));
        assert!(!bench.backend.will_look(keys[1]) && bench.backend.will_look(keys[0]));
        for key in keys {
            bench.backend.forget(key).await.unwrap();
        }
    }
    bench.stop().await;
}

/// Whoever is woken while time passes still goes on when it is told to.
#[tokio::test]
async fn time_lets_nobody_go_on_whose_wait_is_over() {
    let mut bench = Bench::start().await;
    let (holder, holder_key) = bench.client().await;
    for _ in 0..REPEATS {
        bench.backend.set_time(EPOCH).await.unwrap();
        run(&holder, "SELECT pg_advisory_lock(7)").await;
        let mut waiter = bench.upstream().await;
        waiter.begin("SELECT pg_advisory_lock(7)").await;
        bench.until(waiter.key(), &Standing::Blocked(vec![holder_key])).await;
        bench.backend.hold(waiter.key());
        bench.backend.settle_held();
        run(&holder, "SELECT pg_advisory_unlock(7)").await;
        bench.backend.set_time(EPOCH + Duration::from_secs(1)).await.unwrap();
        assert!(is_silent(&mut waiter).await);
        bench.backend.let_go(waiter.key());
        waiter.hear(b'Z').await;
        bench.backend.forget(waiter.key()).await.unwrap();
    }
    bench.stop().await;
}

#[tokio::test]
async fn moment_in_a_table_is_a_deadline() {
    let mut bench = Bench::start().await;
    let (client, _) = bench.client().await;
    assert_eq!(bench.backend.next_deadline(EPOCH).await.unwrap(), None);
    run(
        &client,
        "CREATE TABLE lease (id int, until timestamptz); CREATE TABLE other (at timestamp, ago timestamptz)",
    )
    .await;
    bench.backend.remember().await.unwrap();
    bench.backend.set_time(EPOCH).await.unwrap();
    assert_eq!(bench.backend.next_deadline(EPOCH).await.unwrap(), None);
    run(
        &client,
        "INSERT INTO lease VALUES (1, now() + '5 s'), (2, now() + '9 s'), (3, 'infinity'), (4, NULL)",
    )
    .await;
    let at = |millis| Some(EPOCH + Duration::from_millis(millis));
    assert_eq!(bench.backend.next_deadline(EPOCH).await.unwrap(), at(5_001));
    assert_eq!(bench.backend.next_deadline(at(5_001).unwrap()).await.unwrap(), at(9_001));
    assert_eq!(bench.backend.next_deadline(at(9_001).unwrap()).await.unwrap(), None);
    run(
        &client,
        "INSERT INTO other VALUES (now() + '3 s', now() - interval '1 s'), (now() + '2 days', now())",
    )
    .await;
    assert_eq!(bench.backend.next_deadline(EPOCH).await.unwrap(), at(3_001));
    // Whoever has locked a table keeps nobody waiting, and what is not committed is nothing.
    run(&client, "BEGIN; UPDATE lease SET until = now() + '1 s'; LOCK TABLE other").await;
    assert_eq!(bench.backend.next_deadline(EPOCH).await.unwrap(), at(5_001));
    run(&client, "LOCK TABLE lease").await;
    assert_eq!(bench.backend.next_deadline(EPOCH).await.unwrap(), None);
    assert_eq!(
        bench.backend.state().await.unwrap().entries().len(),
        0,
        "nothing was there when it was read last"
    );
    run(&client, "COMMIT").await;
    assert_eq!(bench.backend.next_deadline(EPOCH).await.unwrap(), at(1_001));
    bench.stop().await;
}
