//! On which threads workers run, and what is left of them.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, ThreadId};

use raceproof::{Verdict, Worker};

use crate::probe::{Probe, bursts, engine, query};

/// The workers of one burst run on several threads, and none on the engine's own.
#[test]
fn workers_of_a_burst_run_on_several_threads() {
    let seen: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let note = Arc::clone(&seen);
    let name = |id: ThreadId| format!("{id:?}");
    let probe = Probe::redis(4, "", move |worker: Worker| {
        note.lock().unwrap_or_else(PoisonError::into_inner).insert(name(thread::current().id()));
        async move {
            let mut redis = worker.redis().await?;
            Ok(query(&mut redis, &format!("SET {} 1", worker.id())).await?)
        }
    });
    let outcome = probe.run(&bursts(3));
    assert_eq!(outcome.verdict, Verdict::Pass);
    let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(seen.len() >= 2 && !seen.contains(&name(thread::current().id())), "{seen:?}");
    assert_eq!(Some(seen.len()), outcome.bursts.map(|bursts| bursts.threads));
}

/// The connections of one burst serve the next; they do not add up, and all keys are gone with their burst.
#[test]
fn connections_and_keys_do_not_add_up() {
    let mut engine = engine("redis");
    let scenario = Probe::redis(4, "", |worker: Worker| async move {
        let mut redis = worker.redis().await?;
        let clients: String = query(&mut redis, "CLIENT LIST").await?;
        let keys: usize = query(&mut redis, "DBSIZE").await?;
        worker.invoke("clients", "").ok(clients.lines().count());
        worker.invoke("keys", "").ok(keys);
        Ok(query(&mut redis, &format!("SET {} 1", worker.id())).await?)
    })
    .promising("few clients, and only keys of this burst", |view| {
        let most =
            |name: &str| view.results(name).iter().filter_map(|count| count.parse::<usize>().ok()).max();
        // The four, the engine's control connection, and that of the set-up.
        if most("clients") <= Some(6) && most("keys") <= Some(3) { Ok(()) } else { Err("more".to_owned()) }
    })
    .scenario();
    for _ in 0..3 {
        let outcome = engine.explore(&scenario, &bursts(20), &mut |_| {}).expect("the bursts run");
        assert_eq!((outcome.verdict, outcome.coverage.schedules), (Verdict::Pass, 20));
    }
    engine.stop().expect("the store stops");
}

/// A client of its own over TCP passes like one in this process.
#[test]
fn client_over_tcp_runs_free_too() {
    let outcome = Probe::redis(3, "", |worker: Worker| async move {
        let url = worker.redis_url().await?;
        let mut redis = redis::Client::open(url)?.get_multiplexed_async_connection().await?;
        Ok(query(&mut redis, "INCR counter").await?)
    })
    .promising("all are counted", |view| match view.state.integer("counter") {
        Some(3) => Ok(()),
        _ => Err(view.state.to_string()),
    })
    .run(&bursts(10));
    assert_eq!(
        (&outcome.verdict, outcome.coverage.schedules),
        (&Verdict::Pass, 10),
        "{:?}",
        outcome.coverage
    );
}
