//! Workers that wait for each other inside their process, when stores were killed before or are killed meanwhile: what we start
//! and end for that is nothing that could wake a worker.

use std::sync::Arc;

use raceproof::scenario::Result;
use raceproof::store::Needs;
use raceproof::{FaultKind, FaultModel, Plan, Verdict, Worker};
use tokio::sync::Mutex;

use crate::probe::{Probe, explore, local};

/// One at a time, be it that the connection ends.
async fn take_turns(worker: Worker) -> Result {
    let lock: Arc<Mutex<()>> = worker.shared(Mutex::default);
    let mut redis = worker.redis().await?;
    let _guard = lock.lock().await;
    let _lost: redis::RedisResult<i64> = redis::cmd("INCR").arg("n").query_async(&mut redis).await;
    if let Ok(postgres) = worker.postgres().await {
        let _lost = postgres.batch_execute("SELECT 1").await;
    }
    Ok(())
}

fn probe() -> Probe {
    Probe::new(&["redis", "postgres"], take_turns).workers(2)
}

#[test]
fn waiting_inside_is_a_state_before_and_after_every_outage() {
    let mut engine = local(Needs::BOTH);
    for model in
        [None, Some(FaultKind::FailOver), None, Some(FaultKind::Wipe), Some(FaultKind::Restart), None]
    {
        let outcome = match model {
            Some(kind) => explore(&mut engine, probe(), kind),
            None => {
                let plan = Plan { model: FaultModel::default(), keep_going: true, ..Plan::default() };
                engine.explore(&probe().scenario(), &plan, &mut |_| {}).unwrap()
            }
        };
        assert_eq!(outcome.verdict, Verdict::Pass, "{model:?}: {outcome:#?}");
        assert!(outcome.coverage.exhausted, "{model:?}: {outcome:#?}");
    }
    engine.stop().unwrap();
}
