//! Owns the proof that a search that is stopped half way leaves nothing, at once or after `doctor --clean`.

use std::path::PathBuf;

use crate::PROVIDERS;
use crate::place::Place;
use crate::processes::running_in;
use crate::running::{Running, containers_at, wait_until};
use crate::starting::Starting;

/// `kill -9` leaves no time to clean up, so what was started is found by what it was labelled with.
fn is_removed_after_kill(start: fn(&Place, &str) -> Running) {
    for provider in PROVIDERS {
        let place = Place::new();
        let mut running = start(&place, provider);
        running.signal("KILL");
        assert_eq!(running.wait(), None);
        assert_eq!(place.left().len(), 1, "the run's folder is still there");
        if provider == "local" {
            // The kernel ends local servers with their parent, before anybody cleans up.
            wait_until("local servers end with their owner", || !running.servers_live());
        }

        let told = place.call(&["doctor", "--clean"]).ended_with(0);
        assert!(
            told.stdout.contains("removed folder") && told.stdout.ends_with("nothing is left over\n"),
            "{told:?}"
        );
        wait_until("no process of a container is left", || !running.servers_live());
        assert_eq!(running.containers(), [""; 0]);
        assert_eq!(running.folders_in_memory(), [""; 0].map(PathBuf::from));
        assert_eq!(place.left(), [""; 0], "no socket and no folder is left");
    }
}

#[test]
fn killed_search_leaves_nothing_after_the_doctor() {
    is_removed_after_kill(Running::start);
}

/// Processes of the server that the search had stopped cannot end by themselves.
#[test]
fn killed_search_that_held_processes_leaves_nothing_after_the_doctor() {
    is_removed_after_kill(Running::start_holding);
}

/// A signal ends the search in an orderly way: 128 + its number, and everything removed by then.
fn ends_with(signal: &str, code: i32, start: fn(&Place, &str) -> Running) {
    for provider in PROVIDERS {
        let place = Place::new();
        let mut running = start(&place, provider);
        running.signal(signal);
        // For one that is stopped; for others it means nothing.
        running.signal("CONT");
        assert_eq!(running.wait(), Some(code), "{provider}");
        assert!(!running.servers_live(), "{provider}");
        assert_eq!(running.containers(), [""; 0], "{provider}");
        assert_eq!(running.folders_in_memory(), [""; 0].map(PathBuf::from), "{provider}");
        assert_eq!(place.left(), [""; 0], "{provider}");
    }
}

#[test]
fn interrupted_search_ends_with_130_and_leaves_nothing() {
    ends_with("INT", 130, Running::start);
}

/// Each of the two has a thread and stores of its own.
#[test]
fn interrupted_search_of_two_jobs_ends_with_130_and_leaves_nothing() {
    ends_with("INT", 130, Running::start_with_jobs);
}

#[test]
fn interrupted_search_that_held_processes_ends_with_130_and_leaves_nothing() {
    ends_with("INT", 130, Running::start_holding);
}

/// Whatever the start has come to, nothing is half made and left.
#[test]
fn start_that_is_interrupted_twice_leaves_nothing() {
    // What one start has made in files and folders: a database has about a thousand of them.
    for (provider, made) in [("docker", &[1, 3, 6, 9, 11][..]), ("local", &[1, 3, 9, 30, 100, 300, 600, 900])]
    {
        for made in made {
            let place = Place::new();
            let starting = Starting::start(&place, provider);
            wait_until("the start has made so much", || place.fullness() >= *made);
            let (code, told) = starting.interrupted_twice();
            assert_eq!(code, Some(130), "{provider} at {made}: {told}");
            assert_eq!(place.left(), [""; 0], "{provider} at {made}: {told}");
            assert_eq!(running_in(&place.temp()), [""; 0], "{provider} at {made}: {told}");
            assert_eq!(containers_at(&place.temp()), [""; 0], "{provider} at {made}: {told}");
        }
    }
}

#[test]
fn terminated_search_ends_with_143_and_leaves_nothing() {
    ends_with("TERM", 143, Running::start);
}
