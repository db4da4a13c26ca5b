//! The examples as their users run them: each test in a process of its own, its output, its files, and what is left when it has
//! ended in whichever way.

mod program;

use std::fs;
use std::path::{Path, PathBuf};

use program::{Place, Ran, Servers};
use rustix::process::Signal;

/// Each example with the test of its bug, the promise that it breaks, and the test of its fix.
const EXAMPLES: [(&str, &str, &str, &str); 4] = [
    ("checkout", "oversells", "there is one order for the one lamp", "sells_once"),
    ("rate_limiter", "lets_too_many_through", "one request is let through", "keeps_the_limit"),
    (
        "cached_prices",
        "keeps_a_stale_price",
        "the cache has the price of the database",
        "fills_only_forwards",
    ),
    ("job_queue", "does_a_job_twice", "no mail is sent twice", "does_each_job_once"),
];

/// A random walk does not come to an end by itself.
const ENDLESS: [(&str, &str); 3] =
    [("RACEPROOF_STRATEGY", "random"), ("RACEPROOF_BUDGET", "5m"), ("RACEPROOF_SCHEDULES", "1000000")];

/// The text says everything, the files are there, and the record shows the same again.
#[test]
fn bugs_fail_with_their_story_and_replay() {
    for (example, bug, promise, _) in EXAMPLES {
        let place = Place::new();
        let ran = place.run(example, bug, &[]);
        assert_eq!(ran.code, Some(101), "{ran:?}");
        ran.tells(&["promised  ", promise, "replayed  10/10 with the same violation", "seed      0"]);
        let record = place.only_file("out", "json");
        assert!(ran.stdout.contains(&format!("RACEPROOF_REPLAY={}", record.display())), "{ran:?}");
        assert!(fs::read_to_string(place.only_file("out", "html")).is_ok_and(|page| page.contains("<html")));
        let kept = place.only_file("schedules", "json");
        assert!(ran.stdout.contains(&format!("kept the schedule in `{}`", kept.display())), "{ran:?}");
        let again = place.run(example, bug, &[("RACEPROOF_REPLAY", &record.display().to_string())]);
        assert_eq!(again.code, Some(101), "{again:?}");
        again.tells(&["reproduced 10/10"]);
        place.is_left_clean();
    }
}

/// It prints nothing, but says on request what it is worth.
#[test]
fn fixes_pass_in_silence() {
    for (example, _, _, fix) in EXAMPLES {
        let place = Place::new();
        let ran = place.run(example, fix, &[]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(!ran.stdout.contains("schedules explored") && ran.stderr.is_empty(), "{ran:?}");
        place.is_left_clean();
    }
    let place = Place::new();
    let told = place.run("checkout", "sells_once", &[("RACEPROOF_VERBOSE", "1")]);
    told.tells(&["schedules explored, exhausted: yes (reduced)"]);
    assert!(!place.path().join("out").exists(), "a pass leaves no record");
}

/// Both tests of an example at once: each has engines of its own, and only one fails.
#[test]
fn tests_run_in_parallel_in_one_process() {
    let place = Place::new();
    let ran = place.run_all("checkout", 2);
    assert_eq!(ran.code, Some(101), "{ran:?}");
    ran.tells(&["1 passed; 1 failed", "--example checkout -- --exact tests::oversells\n"]);
    place.is_left_clean();
}

/// The second one has the engines of the first.
#[test]
fn tests_run_one_after_the_other_in_one_process() {
    let place = Place::new();
    let ran = place.run_all("rate_limiter", 1);
    assert_eq!(ran.code, Some(101), "{ran:?}");
    ran.tells(&["1 passed; 1 failed"]);
    place.is_left_clean();
}

#[test]
fn variable_that_makes_no_sense_fails_the_test_at_once() {
    let place = Place::new();
    let ran = place.run("checkout", "sells_once", &[("RACEPROOF_BUDGET", "soon")]);
    assert_eq!(ran.code, Some(101), "{ran:?}");
    ran.tells(&["`RACEPROOF_BUDGET` is `soon`", "`1m30s`"]);
}

/// A violation is told though nothing can be written.
#[test]
fn folder_that_cannot_be_written_does_not_hide_the_violation() {
    let place = Place::new();
    let file = place.path().join("a-file");
    fs::write(&file, "").expect("a file");
    let below = file.join("below").display().to_string();
    let ran = place.run("rate_limiter", "lets_too_many_through", &[("RACEPROOF_OUT", &below)]);
    assert_eq!(ran.code, Some(101), "{ran:?}");
    ran.tells(&["one request is let through", "record    failed to write"]);
    assert!(!ran.stdout.contains("RACEPROOF_REPLAY"), "there is nothing to replay: {ran:?}");
}

/// Ctrl-C, and what test runners send when a test takes too long: while the servers start, and while the search goes on. Either way
/// servers go away under a test that uses them, and that is not told as a failure.
#[test]
fn interrupted_test_leaves_nothing() {
    for state in [Servers::Run, Servers::Listen, Servers::AreReady].repeat(4) {
        for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
            let place = Place::new();
            let running = place.start("cached_prices", "fills_only_forwards", &ENDLESS).once(state, &place);
            running.signal(signal);
            let ran: Ran = running.ended();
            assert_eq!(ran.code, Some(code), "{state:?}: {ran:?}");
            place.is_left_clean();
        }
    }
}

/// What `kill -9` leaves no time to remove is what the next run removes; servers end with the test.
#[test]
fn killed_test_leaves_no_server() {
    let place = Place::new();
    let running = place.start("cached_prices", "fills_only_forwards", &ENDLESS).once(Servers::Listen, &place);
    running.signal(Signal::KILL);
    assert_eq!(running.ended().code, None);
    place.has_no_servers();
    let next = place.run("rate_limiter", "keeps_the_limit", &[]);
    assert_eq!(next.code, Some(0), "{next:?}");
    place.is_left_clean();
}

/// A file below `folder` is one of these.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    program::entries(folder)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect()
}
