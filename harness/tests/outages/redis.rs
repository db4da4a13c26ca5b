//! Redis killed: what it has acknowledged is there again, or nothing is; whoever was connected notices.

use raceproof::run::Engine;
use raceproof::scenario::Result;
use raceproof::store::{Needs, ProviderChoice};
use raceproof::{FaultKind, Verdict, View, Worker};
use redis::AsyncCommands;

use crate::probe::{Probe, engine, explore, local, replay, told};

/// Sets two keys, and does each again on a new connection when the first one ends.
async fn set_both(worker: Worker) -> Result {
    for key in ["a", "b"] {
        let set = worker.invoke("set", key);
        let mut attempts = 0;
        loop {
            let done = async { worker.redis().await?.set::<_, _, ()>(key, 1).await };
            match done.await {
                Ok(()) => break,
                Err(error) if attempts > 1 => return Err(error.into()),
                Err(_) => attempts += 1,
            }
        }
        set.ok("");
    }
    Ok(())
}

fn all_there(view: &View<'_>) -> std::result::Result<(), String> {
    match ["given", "a", "b"].iter().find(|key| view.state.text(key) != Some("1")) {
        Some(key) => Err(format!("`{key}` is gone")),
        None => Ok(()),
    }
}

fn restart_keeps(engine: &mut Engine) {
    let probe = Probe::new(&["redis"], set_both).given("SET given 1").promising(all_there);
    let outcome = explore(engine, probe, FaultKind::Restart);
    assert_eq!(outcome.verdict, Verdict::Pass, "{outcome:?}");
    // Not at all, or before either of two requests, or after the second while the worker has not ended.
    assert_eq!(outcome.coverage.schedules, 3);
    assert!(outcome.coverage.failures.is_empty(), "{outcome:?}");
}

fn wipe_loses(engine: &mut Engine) {
    let probe = Probe::new(&["redis"], set_both).given("SET given 1").promising(all_there);
    let scenario = probe.scenario();
    let plan = crate::probe::plan(FaultKind::Wipe);
    let outcome = engine.explore(&scenario, &plan, &mut |_| {}).unwrap();
    assert_eq!(outcome.coverage.violating, 2, "{outcome:?}");
    assert!(told(&outcome).contains(&"redis restarts with nothing".to_owned()), "{outcome:?}");
    let replay = replay(engine, &scenario, &outcome, FaultKind::Wipe);
    assert_eq!((replay.replays.reproduced, replay.replays.differing), (20, 0), "{replay:?}");
}

#[test]
fn restart_keeps_what_was_acknowledged_and_workers_go_on() {
    restart_keeps(&mut local(Needs::REDIS));
}

#[test]
fn wipe_loses_everything_and_the_next_execution_starts_as_ever() {
    wipe_loses(&mut local(Needs::REDIS));
}

#[test]
fn container_restarts_and_is_wiped_as_a_process_is() {
    let mut engine = engine(ProviderChoice::Docker, Needs::REDIS);
    restart_keeps(&mut engine);
    wipe_loses(&mut engine);
    engine.stop().unwrap();
}
