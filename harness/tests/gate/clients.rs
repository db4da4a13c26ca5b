//! Clients that come over TCP, as any client in any language does.

use raceproof::interrupt::Interrupt;
use raceproof::run::Engine;
use raceproof::store::{ProviderChoice, StoreOptions, Stores};
use raceproof::{Inconclusive, Plan, Verdict, Worker};

use crate::probe::{Probe, local, query, send};

async fn increment_over_tcp(worker: Worker) -> raceproof::scenario::Result {
    let config = redis::AsyncConnectionConfig::new().set_response_timeout(None);
    let client = redis::Client::open(worker.redis_url().await?)?;
    let mut redis = client.get_multiplexed_async_connection_with_config(&config).await?;
    let value: i64 = query(&mut redis, "GET counter").await?;
    let () = query(&mut redis, &format!("SET counter {}", value + 1)).await?;
    Ok(())
}

/// The same search as over in-process streams: 4! / (2!)^2 = 6 schedules, and its handshake is no step.
#[test]
fn client_over_tcp_is_explored_like_any_other() {
    let outcome = Probe::new(2, increment_over_tcp).given("SET counter 0").promising("two", |view| {
        if view.state.integer("counter") == Some(2) { Ok(()) } else { Err(view.state.to_string()) }
    });
    let outcome = outcome.explore();
    assert_eq!((outcome.coverage.schedules, outcome.coverage.violating), (6, 4), "{outcome:?}");
    let replays = outcome.counterexample.expect("a lost update").replays;
    assert_eq!((replays.reproduced, replays.differing), (10, 0));
}

/// In a store that others may share, only the one database may be touched.
#[test]
fn shared_store_is_confined_to_one_database() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let stores = runtime.block_on(Stores::start(&local())).expect("redis-server is installed");
    let address = stores.redis().and_then(|server| server.tcp.clone()).expect("it listens on TCP");
    let options = StoreOptions {
        provider: ProviderChoice::Url,
        redis_url: Some(format!("redis://{address}/4")),
        disposable: true,
        ..local()
    };
    let mut engine = Engine::start(&options, Interrupt::never()).expect("database 4 is empty");
    let mut explore = |command: &'static str| {
        let probe = Probe::new(1, move |worker| async move {
            let _: redis::Value = send(&worker, command).await?;
            Ok(())
        });
        engine.explore(&probe.scenario(), &Plan::default(), &mut |_| {}).expect("runs").verdict
    };
    assert_eq!(explore("SET k v"), Verdict::Pass);
    assert!(matches!(explore("FLUSHALL"), Verdict::Inconclusive(Inconclusive::Unsupported { .. })));
    assert!(matches!(explore("SELECT 0"), Verdict::Inconclusive(Inconclusive::Unsupported { .. })));
    engine.stop().expect("stops");
    runtime.block_on(stores.stop()).expect("stops");
}
