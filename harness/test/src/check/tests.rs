//! Races on a local Redis, told, written, kept and replayed.

mod workload;

use std::path::Path;

use raceproof::Plan;
use raceproof::outcome::Stopped;
use raceproof::plan::StrategyKind;
use raceproof::regression::Fate;
use raceproof::store::ProviderChoice;
use redis::AsyncCommands;
use tempfile::TempDir;

use super::*;
use crate::race::race;

const TITLE: &str = "no increment is lost";

/// Two workers that each add one, in one command or in two.
fn counter(is_fixed: bool) -> Race {
    race(TITLE)
        .redis()
        .set_up(async |stores| Ok(stores.redis().set("counter", 0).await?))
        .workers(2, async move |worker| {
            let mut redis = worker.redis().await?;
            let increment = worker.invoke("increment", "");
            let value: i64 = if is_fixed {
                redis.incr("counter", 1).await?
            } else {
                let value: i64 = redis.get("counter").await?;
                redis.set("counter", value + 1).await.map(|()| value + 1)?
            };
            increment.ok(value);
            Ok(())
        })
        .finally("the counter is what was added", |view| match view.state.integer("counter") {
            Some(2) => Ok(()),
            found => Err(format!("it is {found:?}")),
        })
}

/// What the environment says in these tests: local stores, and everything goes into `place`.
fn settings(place: &Path) -> Settings {
    Settings {
        provider: Some(ProviderChoice::Local),
        out: Some(place.join("out")),
        regressions: Some(Regressions::In(place.join("schedules"))),
        ..Settings::default()
    }
}

fn place() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn checked(race: Race, settings: Settings) -> Result<Passed, Failure> {
    Check::of(race, settings).run()
}

fn violated(race: Race, settings: Settings) -> Box<crate::Violated> {
    match checked(race, settings) {
        Err(Failure::Violation(violated)) => violated,
        other => panic!("{other:?}"),
    }
}

fn files(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<_> = names.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Everything that a developer needs stands in the text, and what it names is there.
#[test]
fn violation_is_told_and_written() {
    let place = place();
    let violated = violated(counter(false), settings(place.path()));
    let (root, line) =
        (place.path().display().to_string(), violated.story.lines().find(|line| line.contains("  test ")));
    let line = line.expect("the place of the test");
    assert!(line.contains("src/check/tests.rs:"), "{line}");
    let story =
        violated.story.replace(&root, "PLACE").replace(line, "  test      LINE").replace(" --release", "");
    insta::assert_snapshot!(story);
    let record = violated.record.expect("it was written");
    assert_eq!(files(&place.path().join("out")), ["no_increment_is_lost.html", "no_increment_is_lost.json"]);
    let document = raceproof_reports::Document::read(&record).expect("a record");
    assert!(document.outcomes[0].counterexample.is_some());
    let page = std::fs::read_to_string(violated.page.expect("it was written")).expect("text");
    assert!(page.contains("RACEPROOF_REPLAY") && !page.contains("false alarm"));
}

/// The schedule is kept beside the test, found at once the next time, and passes when the code is put right.
#[test]
fn schedule_that_violated_is_kept_and_retried_first() {
    let place = place();
    violated(counter(false), settings(place.path()));
    let kept = files(&place.path().join("schedules"));
    assert!(kept.len() == 1 && kept[0].ends_with(".regression.json"), "{kept:?}");
    let again = violated(counter(false), settings(place.path()));
    assert_eq!((again.outcome.coverage.regressions, again.outcome.coverage.schedules), (1, 0));
    assert!(!again.story.contains("kept  "), "nothing new: {}", again.story);
    let passed = checked(counter(true), settings(place.path())).expect("it is put right");
    let fates: Vec<_> = passed.outcome.regressions.iter().map(|retried| &retried.fate).collect();
    assert!(matches!(fates[..], [Fate::Stale { violated: false, .. }]), "{fates:?}");
    assert_eq!(files(&place.path().join("schedules")), kept);
    let off = Settings { regressions: Some(Regressions::Off), ..settings(place.path()) };
    assert_eq!(violated(counter(false), off).outcome.coverage.regressions, 0);
}

#[test]
fn pass_says_what_it_is_worth_and_writes_nothing() {
    let place = place();
    let passed = checked(counter(true), settings(place.path())).expect("it is right");
    assert!(passed.outcome.coverage.exhausted);
    let told = passed.to_string();
    let (head, time) = told.rsplit_once("; ").expect("the time comes last");
    let expected =
        "✓ no increment is lost  pass: no violation in the 2 schedules explored, exhausted: yes (reduced)";
    assert_eq!(head, expected);
    assert!(time.contains('s'), "{told}");
    assert!(files(place.path()).is_empty());
}

/// Silence is never a pass: what could not be judged fails, with the reason.
#[test]
fn what_cannot_be_judged_fails_with_the_reason() {
    let place = place();
    let endless = race("an endless loop")
        .redis()
        .workers(2, async |worker| {
            let mut redis = worker.redis().await?;
            loop {
                let _: i64 = redis.incr("counter", 1).await?;
            }
        })
        .finally("it ends", |_| true)
        .plan(|plan| plan.limits.steps_max = 20);
    let failure = checked(endless, settings(place.path())).expect_err("it does not end");
    assert!(matches!(failure, Failure::Inconclusive { .. }), "{failure:?}");
    assert!(failure.told().contains("an execution exceeded 20 steps"), "{}", failure.told());
    assert!(failure.told().contains("RACEPROOF_SEED=0"), "{}", failure.told());
}

#[test]
fn environment_overrules_the_race() {
    let place = place();
    let given = Settings {
        seed: Some(7),
        schedules_max: Some(1),
        strategy: Some(StrategyKind::Random),
        jobs: Some(2),
        ..settings(place.path())
    };
    let race = counter(true).seed(3).plan(|plan| plan.schedules_max = 100);
    let passed = checked(race, given).expect("it is right");
    let coverage = &passed.outcome.coverage;
    assert_eq!((passed.outcome.seed, coverage.schedules, coverage.stopped), (7, 1, Stopped::ScheduleBudget));
    assert_eq!(coverage.strategy, "random");
}

/// A record shows its violation again, and says when it does not; neither is a pass.
#[test]
fn record_is_replayed_instead_of_searching() {
    let place = place();
    let record = violated(counter(false), settings(place.path())).record.expect("it was written");
    let replaying = || Settings { replay: Some(record.clone()), ..settings(place.path()) };
    let again = checked(counter(false), replaying()).expect_err("it is a replay");
    assert!(matches!(again, Failure::Replayed { reproduced: 10, .. }), "{again:?}");
    assert!(again.told().ends_with("reproduced 10/10\n"), "{}", again.told());
    let fixed = checked(counter(true), replaying()).expect_err("it is a replay");
    assert!(matches!(fixed, Failure::Replayed { reproduced: 0, .. }), "{fixed:?}");
    assert!(fixed.told().contains("the code (or the record) now differs at step 1"), "{}", fixed.told());
    let mut other = counter(true);
    other.title = "another one".to_owned();
    assert!(checked(other, replaying()).is_ok(), "a record of another race is none of its business");
}

/// Whatever is wrong with a race is told before anything starts.
#[test]
fn incomplete_race_is_an_error() {
    let told = |race: Race| race.try_check_blocking().expect_err("incomplete").told();
    assert!(told(race("nobody").redis()).contains("has no workers"));
    assert!(told(race("nothing").workers(1, async |_| Ok(()))).contains("has no stores"));
}

#[test]
fn failing_set_up_is_told_with_its_causes() {
    let place = place();
    let broken = counter(true).set_up(async |stores| Ok(stores.redis().incr("a", "b").await?));
    let failure = checked(broken, settings(place.path())).expect_err("it fails");
    let cause = "ResponseError: value is not an integer or out of range";
    assert_eq!(failure.told(), format!("the set-up of `no increment is lost` failed: {cause}"));
    assert!(checked(counter(true), settings(place.path())).is_ok(), "the next race has other engines");
}

/// A promise that only holds in the end is not asked in between, and one that always holds is.
#[test]
fn always_is_judged_after_every_step() {
    let place = place();
    let race = counter(true).always("it is never 1", |view| view.state.integer("counter") != Some(1));
    let violated = violated(race, settings(place.path()));
    let violation = violated.outcome.verdict.violation().expect("it is 1 after the first step").clone();
    assert_eq!((violation.invariant.as_str(), violation.step), ("it is never 1", Some(1)));
    assert_eq!(violation.found, "the stores hold counter=1");
}

/// Nothing was promised, and the two come to what no order of them comes to.
#[test]
fn race_without_promises_is_judged_by_serial_orders() {
    let place = place();
    let race = |is_fixed: bool| {
        race("anything that an order gives").redis().workers(2, async move |worker| {
            let mut redis = worker.redis().await?;
            if is_fixed {
                return Ok(redis.incr("counter", 1).await?);
            }
            let value: Option<i64> = redis.get("counter").await?;
            Ok(redis.set("counter", value.unwrap_or(0) + 1).await?)
        })
    };
    assert!(checked(race(true), settings(place.path())).is_ok());
    violated(race(false), settings(place.path()));
}

/// Two roles, and one more who comes last.
#[test]
fn workers_may_have_different_programs_and_an_aftermath() {
    let place = place();
    let append = |name: &'static str| {
        async move |worker: raceproof::Worker| -> raceproof::scenario::Result {
            Ok(worker.redis().await?.rpush("names", name).await?)
        }
    };
    let race = race("everybody comes once")
        .redis()
        .workers(1, append("a"))
        .workers(1, append("b"))
        .afterwards(append("last"))
        .finally("the last one is last", |view| {
            view.state.get("names").is_some_and(|names| {
                let names = names.to_string();
                names == "[a, b, last]" || names == "[b, a, last]"
            })
        });
    let passed = checked(race, settings(place.path())).expect("all come");
    assert_eq!(passed.outcome.coverage.final_states.len(), 2);
}

/// The model is part of the race, and a record of it is told so.
#[test]
fn fault_model_is_part_of_the_race() {
    let place = place();
    let race = || {
        race("the lock is free in the end")
            .redis()
            .workers(1, async |worker| {
                let mut redis = worker.redis().await?;
                let () = redis.set("lock", 1).await?;
                Ok(redis.del("lock").await?)
            })
            .finally("the lock is free", |view| view.state.get("lock").is_none())
    };
    assert!(checked(race(), settings(place.path())).is_ok());
    let crashed = violated(race().under("crash"), settings(place.path()));
    assert!(crashed.story.contains("crash"), "{}", crashed.story);
    let record = crashed.record.expect("it was written");
    assert!(record.ends_with("the_lock_is_free_in_the_end@crash.json"), "{}", record.display());
}

/// Plans of a race start from the defaults of a test.
#[test]
fn test_has_less_time_than_a_run() {
    let check = Check::of(counter(true), Settings::default());
    assert_eq!(check.plan.budget, crate::BUDGET_DEFAULT);
    assert!(check.plan.budget < Plan::default().budget);
}
