//! A run that is killed or told to end while stores are being killed and started leaves nothing.
//!
//! The run is this very program, started again for one of its tests with a variable that says what to do.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use raceproof::interrupt::Interrupt;
use raceproof::run::Engine;
use raceproof::store::StoreOptions;
use raceproof::store::{Needs, ProviderChoice};
use raceproof::{Plan, Worker};
use rustix::process::{Pid, Signal, kill_process};

use crate::probe::Probe;

/// What a child is to do; absent in the tests themselves.
const ROLE: &str = "RACEPROOF_TEST_OUTAGES";
const READY: &str = "outages go on in run ";

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
    let plan = Plan { model, strategy, schedules_max: u64::MAX, keep_going: true, ..Plan::default() };
    println!("{READY}{run}");
    let outcome = engine.explore(&probe.scenario(), &plan, &mut |_| {}).unwrap();
    println!("over: {:?}", outcome.verdict);
    engine.stop().unwrap();
}

fn begin(provider: ProviderChoice) -> (Child, String) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["interrupted::child", "--exact", "--nocapture", "--test-threads=1"])
        .env(ROLE, provider.name())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains(READY) {
        line.clear();
        assert!(lines.read_line(&mut line).unwrap() > 0, "the child ended before its stores were up");
    }
    // The child writes on, so its output must not be closed.
    child.stdout = Some(lines.into_inner());
    let (_, run) = line.trim_end().split_once(READY).unwrap();
    (child, run.to_owned())
}

/// Processes that name the run's folder in their arguments, containers and folders.
fn traces(run: &str) -> Vec<String> {
    let numbers = std::fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.file_name());
    let numbers = numbers.filter_map(|name| name.into_string().ok()?.parse::<u32>().ok());
    let own = std::process::id();
    let names_it = |id: &u32| {
        let arguments = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        *id != own && String::from_utf8_lossy(&arguments).contains(run)
    };
    let mut traces: Vec<String> = numbers.filter(names_it).map(|id| format!("process {id}")).collect();
    let filter = format!("label=org.raceproof.run={run}");
    let listed = Command::new("docker").args(["ps", "-a", "-q", "--filter", &filter]).output().unwrap();
    assert!(listed.status.success());
    let listed = String::from_utf8(listed.stdout).unwrap();
    traces.extend(listed.lines().map(|id| format!("container {id}")));
    for folder in [std::env::temp_dir().join("raceproof-0"), "/dev/shm".into()] {
        let found = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let found = found.map(|entry| entry.path().display().to_string());
        traces.extend(found.filter(|path| path.contains(run)));
    }
    traces
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
