//! Several Redis servers in one run.

use raceproof::store::redis::NAMES;
use raceproof::store::{Needs, ProviderChoice, StoreError, StoreOptions, Stores};
use raceproof::{FaultKind, Verdict, View, Worker};
use redis::AsyncCommands;

use crate::probe::{Probe, engine, explore};

async fn set_on_each(worker: Worker) -> raceproof::scenario::Result {
    for name in NAMES {
        let mut redis = worker.redis_at(name).await?;
        redis.set::<_, _, ()>("key", name).await?;
    }
    Ok(())
}

fn each_has_its_own(view: &View<'_>) -> Result<(), String> {
    let expected = |name: &str| if name == "redis" { "key".to_owned() } else { format!("{name}/key") };
    match NAMES.iter().find(|name| view.state.text(&expected(name)) != Some(name)) {
        Some(name) => Err(format!("{name} has something else: {}", view.state)),
        None => Ok(()),
    }
}

fn five_at_once(provider: ProviderChoice) {
    let mut engine = engine(provider, Needs { redis: 5, postgres: false });
    assert_eq!(engine.description().len(), 6);
    let probe = Probe::new(&NAMES, set_on_each).promising(each_has_its_own);
    let plan = raceproof::Plan::default();
    let outcome = engine.explore(&probe.scenario(), &plan, &mut |_| {}).unwrap();
    assert_eq!(outcome.verdict, Verdict::Pass, "{outcome:#?}");
    engine.stop().unwrap();
}

#[test]
fn five_local_servers_are_told_apart() {
    five_at_once(ProviderChoice::Local);
}

#[test]
fn five_containers_are_told_apart() {
    five_at_once(ProviderChoice::Docker);
}

/// Only the third is wiped, and only where something was done there.
#[test]
fn one_of_several_is_wiped() {
    let mut engine = engine(ProviderChoice::Local, Needs { redis: 3, postgres: false });
    let probe = Probe::new(&NAMES[..3], |worker: Worker| async move {
        let mut third = worker.redis_at("redis-3").await?;
        third.set::<_, _, ()>("key", 1).await?;
        let _: Option<i64> = worker.redis().await?.get("key").await?;
        Ok(())
    });
    let probe = probe.promising(|view| match view.state.text("redis-3/key") {
        Some("1") => Ok(()),
        found => Err(format!("{found:?}")),
    });
    let outcome = explore(&mut engine, probe, FaultKind::Wipe);
    let told = crate::probe::told(&outcome);
    assert!(told.contains(&"redis-3 restarts with nothing".to_owned()), "{told:?}");
    assert!(outcome.coverage.failures.len() <= 1, "{outcome:#?}");
    engine.stop().unwrap();
}

#[tokio::test]
async fn named_servers_are_one_redis_at_most() {
    let options = StoreOptions {
        provider: ProviderChoice::Url,
        redis_url: Some("redis://127.0.0.1:1".to_owned()),
        disposable: true,
        needs: Needs { redis: 2, postgres: false },
        ..StoreOptions::default()
    };
    let error = Stores::start(&options).await.unwrap_err();
    assert!(matches!(error, StoreError::OnlyOne { wanted: 2 }), "{error:?}");
}
