//! Redis fails over: its replica has everything but what the last step that wrote has written.

use raceproof::run::Engine;
use raceproof::scenario::Result;
use raceproof::store::{Needs, ProviderChoice};
use raceproof::{FaultKind, View, Worker};
use redis::AsyncCommands;

use crate::probe::{Probe, engine, local, replay, told};

/// Three writes and a read, and a new connection whenever one ends.
async fn write_thrice(worker: Worker) -> Result {
    let mut redis = worker.redis().await?;
    for key in ["a", "b", "c"] {
        let set = worker.invoke("set", key);
        if redis.set::<_, _, ()>(key, 1).await.is_err() {
            redis = worker.redis().await?;
            // What it finds now is what it goes on with.
            let _: Option<i64> = redis.get(key).await?;
            continue;
        }
        set.ok(key);
    }
    let _: Option<i64> = redis.get("c").await.unwrap_or_default();
    Ok(())
}

/// What was acknowledged and is not there.
fn lost(view: &View<'_>) -> Vec<String> {
    let acknowledged = view.results("set").into_iter().map(str::to_owned);
    acknowledged.filter(|key| view.state.text(key) != Some("1")).collect()
}

fn nothing_is_lost(view: &View<'_>) -> std::result::Result<(), String> {
    match (view.state.text("given"), lost(view).join(" ")) {
        (Some("1"), lost) if lost.is_empty() => Ok(()),
        (given, lost) => Err(format!("lost: {lost}, given: {given:?}")),
    }
}

fn last_write_is_lost(engine: &mut Engine) {
    let probe = Probe::new(&["redis"], write_thrice).given("SET given 1").promising(nothing_is_lost);
    let scenario = probe.scenario();
    let outcome = engine.explore(&scenario, &crate::probe::plan(FaultKind::FailOver), &mut |_| {}).unwrap();
    // Not at all, or after the first, second or third write; when the read is over the worker has ended.
    assert_eq!((outcome.coverage.schedules, outcome.coverage.violating), (4, 3), "{outcome:#?}");
    let states: Vec<_> = outcome.coverage.final_states.keys().cloned().collect();
    let expected = ["a=1 b=1 c=1 given=1", "a=1 b=1 given=1", "a=1 c=1 given=1", "b=1 c=1 given=1"];
    assert_eq!(states.len(), expected.len(), "{states:?}");
    assert!(told(&outcome).contains(&"redis fails over, without the last write".to_owned()), "{outcome:#?}");
    let replay = replay(engine, &scenario, &outcome, FaultKind::FailOver);
    assert_eq!((replay.replays.reproduced, replay.replays.differing), (20, 0), "{replay:?}");
}

#[test]
fn fail_over_loses_exactly_the_last_write_and_is_replayed_alike() {
    last_write_is_lost(&mut local(Needs::REDIS));
}

#[test]
fn container_fails_over_as_a_process_does() {
    let mut engine = engine(ProviderChoice::Docker, Needs::REDIS);
    last_write_is_lost(&mut engine);
    engine.stop().unwrap();
}

/// Restarts and wipes break the link to the replica, which must be made anew for the next execution.
#[test]
fn all_outages_go_together() {
    let mut engine = local(Needs::REDIS);
    let probe = Probe::new(&["redis"], write_thrice).given("SET given 1");
    let mut plan = crate::probe::plan(FaultKind::FailOver);
    plan.model = "restart+wipe+fail-over*2".parse().unwrap();
    let outcome = engine.explore(&probe.scenario(), &plan, &mut |_| {}).unwrap();
    assert!(outcome.coverage.exhausted && outcome.verdict == raceproof::Verdict::Pass, "{outcome:#?}");
}
