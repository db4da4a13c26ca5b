//! Owns the proof that both providers give working stores and leave nothing, whatever ends them.

use crate::support::{options, query, start, use_redis};
use crate::traces::traces;
use raceproof::store::probe::{self, Availability};
use raceproof::store::{Address, Needs, ProviderChoice, StoreError, StoreOptions, Stores};

async fn answers_and_leaves_nothing(provider: ProviderChoice) {
    let stores = start(provider, Needs::BOTH).await;
    let run = stores.run().to_owned();
    assert!(!traces(&run).is_empty(), "the search for traces sees nothing even now");
    let (redis, postgres) = (stores.redis().unwrap(), stores.postgres().unwrap());
    use_redis(redis).await;
    assert_eq!(query(postgres, "SELECT current_setting('fsync')").await, "off");
    for server in [redis, postgres] {
        assert!(matches!(server.address, Address::Unix(_)), "{server:?}");
        assert!(!server.version.is_empty() && !server.confined);
    }
    // The loopback port leads to the same servers.
    let over_tcp = |server: &raceproof::store::Server| raceproof::store::Server {
        address: server.tcp.clone().unwrap(),
        ..server.clone()
    };
    use_redis(&over_tcp(redis)).await;
    assert_eq!(query(&over_tcp(postgres), "SELECT 'there'").await, "there");
    assert_eq!(stores.description().provider, provider.name());
    stores.stop().await.unwrap();
    assert_eq!(traces(&run), [""; 0]);
}

#[tokio::test]
async fn docker_answers_and_leaves_nothing() {
    answers_and_leaves_nothing(ProviderChoice::Docker).await;
}

#[tokio::test]
async fn local_answers_and_leaves_nothing() {
    answers_and_leaves_nothing(ProviderChoice::Local).await;
}

/// Published ports are an open door on every interface unless told otherwise.
#[tokio::test]
async fn containers_listen_on_loopback_only() {
    let stores = start(ProviderChoice::Docker, Needs::REDIS).await;
    let name = format!("raceproof-{}-redis", stores.run());
    let ports = std::process::Command::new("docker").args(["port", &name]).output().unwrap();
    let ports = String::from_utf8(ports.stdout).unwrap();
    assert!(!ports.is_empty() && ports.lines().all(|line| line.contains("-> 127.0.0.1:")), "{ports}");
    stores.stop().await.unwrap();
}

#[tokio::test]
async fn several_runs_live_side_by_side() {
    let (docker, local, other) = tokio::join!(
        start(ProviderChoice::Docker, Needs::BOTH),
        start(ProviderChoice::Local, Needs::BOTH),
        start(ProviderChoice::Local, Needs::BOTH),
    );
    for stores in [&docker, &local, &other] {
        use_redis(stores.redis().unwrap()).await;
        assert_eq!(query(stores.postgres().unwrap(), "SELECT 'here'").await, "here");
    }
    for stores in [docker, local, other] {
        let run = stores.run().to_owned();
        stores.stop().await.unwrap();
        assert_eq!(traces(&run), [""; 0]);
    }
}

#[tokio::test]
async fn only_what_is_needed_is_started() {
    let redis = start(ProviderChoice::Local, Needs::REDIS).await;
    assert!(redis.redis().is_some() && redis.postgres().is_none());
    let postgres = start(ProviderChoice::Local, Needs::POSTGRES).await;
    assert!(postgres.redis().is_none() && postgres.postgres().is_some());
    redis.stop().await.unwrap();
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn persistence_turns_the_safe_settings_on() {
    let wanted = StoreOptions { persistence: true, ..options(ProviderChoice::Local, Needs::POSTGRES) };
    let stores = Stores::start(&wanted).await.unwrap();
    assert_eq!(query(stores.postgres().unwrap(), "SELECT current_setting('fsync')").await, "on");
    stores.stop().await.unwrap();
}

/// Unwinding drops the stores outside of any runtime's control.
async fn panic_leaves_nothing(provider: ProviderChoice) {
    let (tell, told) = std::sync::mpsc::channel();
    let panicked = tokio::spawn(async move {
        let stores = start(provider, Needs::BOTH).await;
        tell.send(stores.run().to_owned()).unwrap();
        panic!("on purpose, while the stores run");
    });
    assert!(panicked.await.unwrap_err().is_panic());
    assert_eq!(traces(&told.recv().unwrap()), [""; 0]);
}

#[tokio::test]
async fn a_panic_leaves_no_process() {
    panic_leaves_nothing(ProviderChoice::Local).await;
}

#[tokio::test]
async fn a_panic_leaves_no_container() {
    panic_leaves_nothing(ProviderChoice::Docker).await;
}

#[tokio::test]
async fn an_image_that_cannot_be_had_is_an_error_with_a_way_out() {
    let wanted = StoreOptions {
        redis_image: "127.0.0.1:1/no-such-image:0".to_owned(),
        ..options(ProviderChoice::Docker, Needs::REDIS)
    };
    let error = Stores::start(&wanted).await.unwrap_err();
    assert!(matches!(error, StoreError::Docker { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("`127.0.0.1:1/no-such-image:0`") && text.contains("--stores local"), "{text}");
    assert!(text.contains("docker pull") && !text.contains("ci/setup"), "{text}");
}

#[tokio::test]
async fn auto_takes_docker_where_it_works_and_says_so() {
    let stores = start(ProviderChoice::Auto, Needs::REDIS).await;
    assert_eq!(stores.description().provider, "docker");
    stores.stop().await.unwrap();
}

#[tokio::test]
async fn auto_falls_back_to_local_and_says_why() {
    let wanted = StoreOptions {
        redis_image: "127.0.0.1:1/no-such-image:0".to_owned(),
        ..options(ProviderChoice::Auto, Needs::REDIS)
    };
    let stores = Stores::start(&wanted).await.unwrap();
    assert_eq!(stores.description().provider, "local");
    let reason = &stores.description().reason;
    assert!(reason.contains("no-such-image") && !reason.contains("--stores local"), "{reason}");
    stores.stop().await.unwrap();
}

#[tokio::test]
async fn the_probe_tells_what_can_be_used() {
    let found = probe::providers(&StoreOptions::default()).await;
    let of = |choice| found.iter().find(|found| found.provider == choice).unwrap();
    assert!(matches!(of(ProviderChoice::Docker), Availability { available: true, .. }), "{found:?}");
    assert!(matches!(of(ProviderChoice::Local), Availability { available: true, .. }), "{found:?}");
    assert!(matches!(of(ProviderChoice::Url), Availability { available: false, .. }), "{found:?}");
}
