//! A run that is killed or told to end while stores are being killed and started leaves nothing.

use std::process::Child;
use std::time::Duration;

use raceproof::interrupt::Interrupt;
use raceproof::run::Engine;
use raceproof::store::StoreOptions;
use raceproof::store::{Needs, ProviderChoice};
use raceproof::{Plan, Worker};
use rustix::process::{Pid, Signal, kill_process};

use crate::own_child::{self, ROLE, say_ready};
use crate::probe::Probe;
use crate::traces::traces;

/// Kills and starts stores until it is killed itself. Does nothing unless it is such a child.
#[test]
fn child() {
    let Ok(provider) = std::env::var(ROLE) else { return };
    let interrupt = Interrupt::install().unwrap();
    let provider: ProviderChoice = provider.parse().unwrap();
    let options = StoreOptions { provider, needs: Needs::BOTH, ..StoreOptions::default() };
    let mut engine = Engine::start(&options, interrupt).unwrap();
    let run = engine.stores().run().to_owned();
    let probe = Probe::new(&["redis", "postgres"], |worker: Worker| async move {
        for _ in 0..50 {
            if let Ok(mut redis) = worker.redis().await {
                let _: redis::RedisResult<()> = redis::AsyncCommands::set(&mut redis, "key", 1).await;
            }
            let _ = worker.postgres().await?.batch_execute("SELECT 1").await;
        }
        Ok(())
    });
    let model = "restart+wipe+fail-over*99".parse().unwrap();
    let strategy = raceproof::plan::StrategyKind::Random;
    let (schedules_max, budget) = (u64::MAX, Duration::from_secs(3_600));
    let plan = Plan { model, strategy, schedules_max, budget, keep_going: true, ..Plan::default() };
    say_ready(&run);
    let outcome = engine.explore(&probe.scenario(), &plan, &mut |_| {}).unwrap();
    println!("over: {:?}", outcome.verdict);
    engine.stop().unwrap();
}

fn begin(provider: ProviderChoice) -> (Child, String) {
    own_child::begin("interrupted::child", provider.name())
}

/// Waits until as many servers have been started as only restarts can have started.
fn wait_for_restarts(child: &mut Child, run: &str) {
    let folder = std::env::temp_dir().join("raceproof-0").join(run);
    let settings = ["redis/redis.conf", "redis-socket/redis.conf"].map(|name| folder.join(name));
    let is_wiped = |path: &std::path::PathBuf| {
        std::fs::read_to_string(path).is_ok_and(|settings| settings.contains("wiped-2"))
    };
    while !settings.iter().any(is_wiped) {
        assert!(child.try_wait().unwrap().is_none(), "the child ended by itself");
        std::thread::yield_now();
    }
}

fn told_to_end_leaves_nothing(provider: ProviderChoice) {
    let (mut child, run) = begin(provider);
    wait_for_restarts(&mut child, &run);
    let pid = Pid::from_raw(child.id().try_into().unwrap()).unwrap();
    // Two different signals, as two of the same kind may arrive as one. The second ends the process at once, unless it has
    // ended by itself after the first.
    for signal in [Signal::INT, Signal::TERM] {
        kill_process(pid, signal).unwrap();
    }
    child.wait().unwrap();
    assert_eq!(traces(&run), [""; 0]);
}

#[test]
fn local_run_that_is_told_to_end_amid_outages_leaves_nothing() {
    told_to_end_leaves_nothing(ProviderChoice::Local);
}

#[test]
fn docker_run_that_is_told_to_end_amid_outages_leaves_nothing() {
    told_to_end_leaves_nothing(ProviderChoice::Docker);
}

#[test]
fn killed_run_leaves_no_process_of_a_store() {
    let (mut child, run) = begin(ProviderChoice::Local);
    wait_for_restarts(&mut child, &run);
    child.kill().unwrap();
    child.wait().unwrap();
    while traces(&run).iter().any(|trace| trace.starts_with("process")) {
        std::thread::yield_now();
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // Another test's start may have swept already, so nothing is claimed about what is found.
    let _ = runtime.block_on(raceproof::store::leftovers::remove());
    assert_eq!(traces(&run), [""; 0]);
}
