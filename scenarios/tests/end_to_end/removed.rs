//! Owns the proof that a search that is stopped half way leaves nothing, at once or after `doctor --clean`.

use crate::PROVIDERS;
use crate::place::Place;
use crate::running::{Running, wait_until};

/// `kill -9` leaves no time to clean up, so what was started is found by what it was labelled with.
#[test]
fn killed_search_leaves_nothing_after_the_doctor() {
    for provider in PROVIDERS {
        let place = Place::new();
        let mut running = Running::start(&place, provider);
        running.signal("KILL");
        assert_eq!(running.wait(), None);
        assert_eq!(place.left().len(), 1, "the run's folder is still there");
        // An endlessly running server is a state, not a time: the kernel ends local ones with their parent.
        wait_until("local servers end with their owner", || !running.servers_live());

        let told = place.call(&["doctor", "--clean"]).ended_with(0);
        assert!(
            told.stdout.contains("removed folder") && told.stdout.ends_with("nothing is left over\n"),
            "{told:?}"
        );
        assert_eq!(running.containers(), [""; 0]);
        assert_eq!(place.left(), [""; 0], "no socket and no folder is left");
    }
}

/// A signal ends the search in an orderly way: 128 + its number, and everything removed by then.
fn ends_with(signal: &str, code: i32) {
    for provider in PROVIDERS {
        let place = Place::new();
        let mut running = Running::start(&place, provider);
        running.signal(signal);
        assert_eq!(running.wait(), Some(code), "{provider}");
        assert!(!running.servers_live(), "{provider}");
        assert_eq!(running.containers(), [""; 0], "{provider}");
        assert_eq!(place.left(), [""; 0], "{provider}");
    }
}

#[test]
fn interrupted_search_ends_with_130_and_leaves_nothing() {
    ends_with("INT", 130);
}

#[test]
fn terminated_search_ends_with_143_and_leaves_nothing() {
    ends_with("TERM", 143);
}
