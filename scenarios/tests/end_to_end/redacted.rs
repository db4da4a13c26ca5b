//! Owns the proof that what is to be redacted is in no file and in no output, and that what is left can be replayed.

use std::fs;
use std::path::Path;

use crate::place::{Called, Place, entries};

/// The one-time password of the scenario, as the workers send it and as Redis answers it.
const SECRET: &str = "471193";
const NAME: &str = "token/otp-get-then-del";
/// The pattern is one that does not hold the secret, so that it may be in the words of a command.
const REDACT: [&str; 2] = ["--redact", "4711[0-9]+"];

fn call(place: &Place, words: &[&str]) -> Called {
    place.call(&[words, &["--stores", "local"]].concat())
}

/// Everything that lies in a folder, also in folders in it.
fn is_in_some_file(folder: &Path, text: &str) -> bool {
    entries(folder).iter().any(|path| match path.is_dir() {
        true => is_in_some_file(path, text),
        false => String::from_utf8_lossy(&fs::read(path).expect("our own file")).contains(text),
    })
}

fn is_told(called: &Called, text: &str) -> bool {
    called.stdout.contains(text) || called.stderr.contains(text)
}

/// A place with a run of which the secret was redacted, with its kept schedule.
fn redacted() -> Place {
    let place = Place::new();
    fs::create_dir_all(place.path("tests/schedules")).expect("our own folder");
    let run =
        call(&place, &[&["run", NAME, "--verbose", "--out", "out"], &REDACT[..]].concat()).ended_with(0);
    assert!(!is_told(&run, SECRET) && run.stdout.contains("‹redacted›"), "{run:?}");
    assert!(!is_in_some_file(&place.path("out"), SECRET), "a file of the run");
    assert!(!is_in_some_file(&place.path("tests"), SECRET), "a kept schedule");
    assert!(
        is_in_some_file(&place.path("out"), "‹redacted›")
            && is_in_some_file(&place.path("tests"), "‹redacted›")
    );
    // The pattern may be a secret as well.
    assert!(!is_in_some_file(&place.path("out"), "4711"), "the pattern in the command of a record");
    place
}

#[test]
fn secret_is_in_what_is_not_redacted() {
    let place = Place::new();
    let run = call(&place, &["run", NAME, "--verbose", "--out", "out"]).ended_with(0);
    assert!(is_told(&run, SECRET) && is_in_some_file(&place.path("out"), SECRET));
}

/// Replays take anything for what was redacted, and everything else for what it is.
#[test]
fn redacted_record_and_kept_schedule_replay() {
    let place = redacted();
    let record = "out/token-otp-get-then-del.json";
    let replay = call(&place, &[&["replay", record], &REDACT[..]].concat()).ended_with(0);
    assert!(
        replay.stdout.ends_with("replayed  10/10 with the same violation\nreproduced 10/10\n"),
        "{replay:?}"
    );
    assert!(!is_told(&replay, SECRET), "{replay:?}");
    let kept = entries(&place.path("tests/schedules"))[0].display().to_string();
    let followed = call(&place, &[&["replay", &kept, "--guided"], &REDACT[..]].concat()).ended_with(0);
    assert!(followed.stdout.contains("to its end") && !is_told(&followed, SECRET), "{followed:?}");
    let again = call(&place, &[&["run", NAME, "--out", "again"], &REDACT[..]].concat()).ended_with(0);
    assert!(again.stdout.contains("found again by a kept schedule"), "{again:?}");
    assert_eq!(entries(&place.path("tests/schedules")).len(), 1);
    let text = fs::read_to_string(place.path(record)).expect("it was written");
    fs::write(place.path("other.json"), text.replace("GET otp", "GET other")).expect("our own folder");
    let other = call(&place, &["replay", "other.json"]).ended_with(0);
    assert!(other.stdout.contains("10 with another history"), "{other:?}");
}

/// Old records are redacted when something is made of them.
#[test]
fn reports_and_histories_of_old_records_are_redacted() {
    let place = Place::new();
    call(&place, &["run", NAME, "--out", "out"]).ended_with(0);
    for format in ["human", "json", "junit", "sarif", "markdown", "github"] {
        let words = ["report", "out", "--strict-pass", "--format", format];
        let report = place.call(&[&words, &REDACT[..]].concat()).ended_with(0);
        assert!(!is_told(&report, SECRET), "{format}: {report:?}");
    }
    place.call(&[&["report", "out", "--out", "page.html"], &REDACT[..]].concat()).ended_with(0);
    let page = fs::read_to_string(place.path("page.html")).expect("it was written");
    assert!(!page.contains(SECRET) && page.contains("‹redacted›"));
    let history = format!(
        "{{:type :invoke, :f :read, :value nil, :process 0}}\n{{:type :ok, :f :read, :value {SECRET}, :process 0}}\n"
    );
    fs::write(place.path("history.edn"), history).expect("our own folder");
    let check =
        place.call(&[&["check", "history.edn", "--model", "register"], &REDACT[..]].concat()).ended_with(1);
    assert!(!is_told(&check, SECRET) && is_told(&check, "‹redacted›"), "{check:?}");
}

/// A search that is ended before its end leaves a checkpoint, which holds all that was seen.
#[test]
fn redacted_search_leaves_no_checkpoint() {
    let place = Place::new();
    let words = ["run", "token/otp-getdel", "--schedules", "2", "--out", "out"];
    let run = call(&place, &[&words, &REDACT[..]].concat()).ended_with(0);
    assert!(run.stderr.contains("searches leave no checkpoints") && !is_told(&run, SECRET), "{run:?}");
    assert_eq!(entries(&place.path("out/checkpoints")).len(), 0);
    call(&place, &words).ended_with(0);
    assert_eq!(entries(&place.path("out/checkpoints")).len(), 1, "without, there is one");
    let resumed = call(&place, &[&words, &REDACT[..], &["--resume"]].concat()).ended_with(2);
    assert!(resumed.stderr.contains("leave `--resume` or `--redact` away"), "{resumed:?}");
}

#[test]
fn wrong_pattern_is_usage_and_is_not_repeated() {
    let place = Place::new();
    let told = call(&place, &["run", NAME, "--redact", "a", "--redact", "hunter2("]).ended_with(2);
    assert!(told.stderr.contains("pattern 2 of `--redact`") && !is_told(&told, "hunter2"), "{told:?}");
}
