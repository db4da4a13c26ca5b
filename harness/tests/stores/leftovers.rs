//! Owns the proof that what a killed run leaves is found and removed, and that signals leave nothing.

use std::process::{Child, Command, Stdio};

use crate::own_child::{self, ROLE, say_ready};
use crate::support::{options, start};
use crate::traces::{base, containers, processes, traces};
use raceproof::interrupt::Interrupt;
use raceproof::store::leftovers::{self, Leftover, LeftoverKind};
use raceproof::store::{Needs, ProviderChoice, Stores};
use rustix::process::{Pid, Signal, kill_process};

/// Starts stores, says so, and then does as its role says until it is killed. Does nothing unless it is such a child.
#[tokio::test]
async fn child() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let (provider, manner) = role.split_once(' ').unwrap();
    let interrupt = Interrupt::install().unwrap();
    let provider = provider.parse().unwrap();
    if manner == "fickle" {
        return cancel_a_start(provider).await;
    }
    let stores = start(provider, Needs::BOTH).await;
    say_ready(stores.run());
    match manner {
        "polite" => {
            let signal = interrupt.wait().await;
            assert!(interrupt.is_set() && interrupt.signal() == Some(signal));
            stores.stop().await.unwrap();
        }
        _ => std::future::pending().await,
    }
}

/// Gives a start up as soon as it has begun.
async fn cancel_a_start(provider: ProviderChoice) {
    let wanted = options(provider, Needs::BOTH);
    let begun = async {
        while !base().exists() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = begun => {}
        _ = Stores::start(&wanted) => panic!("the start was over before it was given up"),
    }
}

/// A start that is given up half way has entered each thing before it was made. The child has a temp folder of its own,
/// so that whatever is there is its own.
fn cancelled_start_leaves_nothing(provider: ProviderChoice) {
    let folder = tempfile::tempdir().unwrap();
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["leftovers::child", "--exact"])
        .env(ROLE, format!("{provider} fickle"))
        .env("TMPDIR", folder.path())
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let name = folder.path().to_str().unwrap();
    assert_eq!(processes(name), [""; 0]);
    let locks = Command::new("docker")
        .args(["ps", "-a", "--format", "{{.Label \"org.raceproof.lock\"}}"])
        .output()
        .unwrap();
    assert!(locks.status.success() && !String::from_utf8_lossy(&locks.stdout).contains(name));
}

#[test]
fn a_cancelled_start_leaves_no_container() {
    cancelled_start_leaves_nothing(ProviderChoice::Docker);
}

#[test]
fn a_cancelled_start_leaves_no_process() {
    cancelled_start_leaves_nothing(ProviderChoice::Local);
}

/// A child whose stores are up, and its run.
fn child_with_stores(provider: ProviderChoice, manner: &str) -> (Child, String) {
    own_child::begin("leftovers::child", &format!("{provider} {manner}"))
}

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_raw(child.id().try_into().unwrap()).unwrap(), signal).unwrap();
}

fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

fn of_run(found: &[Leftover], run: &str) -> Vec<LeftoverKind> {
    found.iter().filter(|left| left.run == run).map(|left| left.kind).collect()
}

/// The servers' parent-death signal does its work without any sweep.
#[tokio::test]
async fn servers_die_with_a_killed_owner() {
    let (child, run) = child_with_stores(ProviderChoice::Local, "kill me");
    assert!(!processes(&run).is_empty());
    kill(child);
    while !processes(&run).is_empty() {
        tokio::task::yield_now().await;
    }
    // Another test's start may have swept already, so nothing is claimed about what is found.
    let _ = leftovers::remove().await;
    assert_eq!(traces(&run), [""; 0]);
}

#[tokio::test]
async fn a_killed_runs_containers_and_folder_are_removed_by_the_next_start() {
    let (child, run) = child_with_stores(ProviderChoice::Docker, "kill me");
    let living = leftovers::find().await;
    assert_eq!(of_run(&living.found, &run), [], "a living run is no leftover");
    kill(child);
    assert_eq!(containers(&run).len(), 2);
    let next = start(ProviderChoice::Docker, Needs::REDIS).await;
    next.stop().await.unwrap();
    assert_eq!(traces(&run), [""; 0]);
}

async fn signal_leaves_nothing(provider: ProviderChoice, manner: &str, signals: &[Signal]) -> Option<i32> {
    let (mut child, run) = child_with_stores(provider, manner);
    for signal in signals {
        send(&child, *signal);
    }
    let status = child.wait().unwrap();
    assert_eq!(traces(&run), [""; 0]);
    status.code()
}

#[tokio::test]
async fn the_first_signal_lets_the_run_end_by_itself() {
    assert_eq!(signal_leaves_nothing(ProviderChoice::Local, "polite", &[Signal::INT]).await, Some(0));
    assert_eq!(signal_leaves_nothing(ProviderChoice::Local, "polite", &[Signal::HUP]).await, Some(0));
}

/// Two different signals, as two of the same kind may arrive as one.
#[tokio::test]
async fn the_second_signal_ends_the_process_and_leaves_no_process() {
    let code = signal_leaves_nothing(ProviderChoice::Local, "stubborn", &[Signal::TERM, Signal::HUP]).await;
    assert!(matches!(code, Some(143 | 129)), "{code:?}");
}

#[tokio::test]
async fn the_second_signal_ends_the_process_and_leaves_no_container() {
    let code = signal_leaves_nothing(ProviderChoice::Docker, "stubborn", &[Signal::INT, Signal::TERM]).await;
    assert!(matches!(code, Some(130 | 143)), "{code:?}");
}

/// One signal, and a run that does not care: the patience has a limit.
#[tokio::test]
async fn a_run_that_ignores_the_first_signal_is_ended_anyway() {
    let code = signal_leaves_nothing(ProviderChoice::Local, "stubborn", &[Signal::TERM]).await;
    assert_eq!(code, Some(143));
}
