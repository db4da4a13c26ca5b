//! Folders of regressions on disk, with outcomes made up.

use std::collections::BTreeMap;

use tempfile::TempDir;

use super::*;
use crate::card::Card;
use crate::history::{Effect, Trace, TraceStep};
use crate::outcome::{Counterexample, Coverage, Replays, Stopped};
use crate::plan::Plan;
use crate::regression::Retried;
use crate::verdict::{Inconclusive, Verdict, Violation};
use crate::{FaultModel, Schedule};

/// An outcome whose violation has this schedule, each step of which sends `request`.
fn found(schedule: &str, request: &str) -> Outcome {
    let violation = Violation::new("nothing is lost", "all is", None);
    let verdict = Verdict::Violation(violation.clone());
    let schedule: Schedule = schedule.parse().expect("a schedule");
    let step = |choice: &crate::Choice| TraceStep {
        effect: Effect::Request {
            connection: choice.connection().expect("a request"),
            store: "a store".into(),
            queued: Vec::new(),
            request: request.into(),
            reply: None,
            stopped: false,
            blocked_by: Vec::new(),
            digest: "00".into(),
        },
        woken: Vec::new(),
        changes: Vec::new(),
        violated: None,
        typed: None,
    };
    let trace = Trace {
        workers: ["A", "B", "D"].map(|worker| worker.parse().expect("a worker")).into(),
        programs: None,
        steps: schedule.0.iter().map(step).collect(),
        schedule,
        initial_state: String::new(),
        final_state: String::new(),
        operations: Vec::new(),
        ends: BTreeMap::new(),
        verdict: verdict.clone(),
        courses: Vec::new(),
    };
    let replays = Replays { attempts: 1, reproduced: 1, differing: 0, first_difference: None };
    let mut outcome = passed();
    outcome.verdict = verdict;
    outcome.counterexample = Some(Counterexample {
        violation,
        original: trace.clone(),
        original_replays: replays.clone(),
        shrunk: trace,
        replays,
        shrink_candidates: 0,
        passing: None,
        cycle: None,
        set_up: None,
    });
    outcome
}

fn passed() -> Outcome {
    let name = "counter/get SET".into();
    Outcome {
        card: Card { name, workers: 3, ..Card::default() },
        workers: 3,
        isolation: None,
        model: FaultModel::default(),
        seed: 7,
        verdict: Verdict::Pass,
        coverage: Coverage {
            strategy: "dfs".into(),
            schedules: 1,
            steps: 1,
            exhausted: true,
            stopped: Stopped::Exhausted,
            elapsed_us: 1,
            ..Coverage::default()
        },
        regressions: Vec::new(),
        bursts: None,
        checkpoints: Vec::new(),
        counterexample: None,
        stores: Vec::new(),
        clock: String::new(),
    }
}

/// `outcome`, in which the regressions of `folder` came to this.
fn retried(folder: &RegressionFolder, fate: &Fate, mut outcome: Outcome) -> Outcome {
    let retried = |regression| Retried { regression, fate: fate.clone() };
    outcome.regressions = folder.regressions().into_iter().map(retried).collect();
    outcome
}

fn stale(violated: bool) -> Fate {
    Fate::Stale {
        stale: Stale { step: 2, reason: "wanted `GET a`, the code sent `INCR a`".into() },
        violated,
    }
}

fn place() -> (TempDir, RegressionFolder) {
    let place = tempfile::tempdir().expect("a temporary folder");
    let folder = RegressionFolder::open(place.path().join("schedules")).expect("nothing is there yet");
    (place, folder)
}

fn names(folder: &RegressionFolder) -> Vec<String> {
    let name = |path: PathBuf| path.file_name().expect("a file").to_string_lossy().into_owned();
    files(folder.path()).expect("readable").into_iter().map(name).collect()
}

/// The name is pinned: another one would make a second file of every violation that is kept somewhere.
#[test]
fn violation_is_kept_once_under_a_name_of_its_own() {
    let (_place, mut folder) = place();
    assert_eq!(folder.settle(&passed()).expect("nothing to write"), []);
    assert!(!folder.path().exists(), "a folder is made when something is kept");
    let added = folder.settle(&found("A B", "GET a")).expect("written");
    let name = "counter-get____-38053c26fd6b4244.regression.json";
    assert_eq!((added, names(&folder)), (vec![Settled::Added(folder.path().join(name))], vec![name.into()]));
    assert_eq!(folder.settle(&found("A B", "GET a")).expect("known"), []);
    let mut again = RegressionFolder::open(folder.path()).expect("well-formed");
    assert_eq!(again.regressions(), folder.regressions());
    assert_eq!(again.settle(&found("A B", "GET a")).expect("known"), []);
    assert!(matches!(again.settle(&found("B A", "GET a")).expect("written")[..], [Settled::Added(_)]));
    assert_eq!(names(&again).len(), 2);
}

/// The aftermath's worker is started by the engine; a regression names those that take part from the start.
#[test]
fn worker_of_the_aftermath_is_not_part_of_the_team() {
    let regression = found("A B", "GET a").regression().expect("a violation");
    assert_eq!(regression.team, ["A", "B"].map(|worker| worker.parse().expect("a worker")));
    assert_eq!((regression.workers, regression.seed), (3, 7));
}

#[test]
fn stale_regression_is_marked_in_its_file_until_it_fits_again() {
    let (_place, mut folder) = place();
    folder.settle(&found("A B", "GET a")).expect("written");
    let outcome = retried(&folder, &stale(false), passed());
    let settled = folder.settle(&outcome).expect("written");
    assert!(matches!(&settled[..], [Settled::MarkedStale(_, Stale { step: 2, .. })]), "{settled:?}");
    let mut again = RegressionFolder::open(folder.path()).expect("well-formed");
    let mark = again.regressions()[0].stale.clone().expect("marked");
    assert_eq!(mark.reason, "wanted `GET a`, the code sent `INCR a`");
    let still = retried(&again, &stale(true), passed());
    assert_eq!(again.settle(&still).expect("nothing new"), []);
    let because = Inconclusive::StepLimit { steps_max: 1 };
    let unsure = retried(&again, &Fate::Unsure { because }, passed());
    assert_eq!(again.settle(&unsure).expect("nothing said"), []);
    let fits = retried(&again, &Fate::Fixed { answered: None }, passed());
    assert!(matches!(again.settle(&fits).expect("written")[..], [Settled::Unmarked(_)]));
    assert_eq!(again.regressions()[0].stale, None);
}

/// The same schedule with other requests is the same file, which then says what is sent now.
#[test]
fn stale_regression_that_violates_along_the_same_schedule_is_renewed() {
    let (_place, mut folder) = place();
    folder.settle(&found("A B", "GET a")).expect("written");
    let outcome = retried(&folder, &stale(true), found("A B", "HGET a b"));
    let settled = folder.settle(&outcome).expect("written");
    assert!(matches!(settled[..], [Settled::MarkedStale(..), Settled::Renewed(_)]), "{settled:?}");
    let [kept] = &RegressionFolder::open(folder.path()).expect("well-formed").regressions()[..] else {
        panic!("one file");
    };
    assert_eq!((kept.stale.clone(), kept.steps[0].sent.clone()), (None, vec!["HGET a b".to_owned()]));
}

#[test]
fn bad_file_is_an_error_with_its_name_and_line_and_a_later_version_is_left_alone() {
    let (_place, mut folder) = place();
    folder.settle(&found("A B", "GET a")).expect("written");
    let path = folder.path().join(&names(&folder)[0]);
    let text = fs::read_to_string(&path).expect("readable");
    let later = text.replace("\"version\": 1", "\"version\": 2");
    fs::write(&path, &later).expect("writable");
    fs::write(folder.path().join("notes.json"), "not ours").expect("writable");
    let mut newer = RegressionFolder::open(folder.path()).expect("a later version is no error");
    assert_eq!((newer.newer(), newer.regressions().len()), (&[path.clone()][..], 0));
    assert_eq!(newer.settle(&found("A B", "GET a")).expect("left alone"), []);
    assert_eq!(fs::read_to_string(&path).expect("readable"), later);
    fs::write(&path, text.replace("\"seed\": 7", "\"seed\": seven")).expect("writable");
    let error = RegressionFolder::open(folder.path()).expect_err("damaged");
    let source = std::error::Error::source(&error).expect("a cause").to_string();
    assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    assert!(source.starts_with("line 8: "), "{source}");
}

/// Nothing is lost: neither what was edited nor what is new.
#[test]
fn edited_file_is_not_overwritten() {
    let (_place, mut folder) = place();
    folder.settle(&found("A B", "GET a")).expect("written");
    let path = folder.path().join(&names(&folder)[0]);
    let text = fs::read_to_string(&path).expect("readable").replace("get SET", "of-mine");
    fs::write(&path, &text).expect("writable");
    let mut again = RegressionFolder::open(folder.path()).expect("well-formed");
    again.settle(&found("A B", "GET a")).expect("written");
    assert_eq!(names(&again).len(), 2);
    assert_eq!(fs::read_to_string(&path).expect("readable"), text);
    // Another run that began before knows nothing of the second one, and finds it there.
    assert_eq!(RegressionFolder::open(folder.path()).expect("well-formed").regressions().len(), 2);
    let mut before = RegressionFolder { kept: Vec::new(), ..folder };
    assert_eq!(before.settle(&found("A B", "GET a")).expect("left alone"), []);
}

#[test]
fn file_in_the_place_of_the_folder_is_an_error() {
    let (place, _) = place();
    let path = place.path().join("schedules");
    fs::write(&path, "").expect("writable");
    assert!(matches!(RegressionFolder::open(&path), Err(RegressionFolderError::Unreadable { .. })));
}

#[test]
fn default_folder_is_taken_only_where_it_exists() {
    let place = tempfile::tempdir().expect("a temporary folder");
    assert_eq!(RegressionFolder::default_in(place.path()), None);
    let path = place.path().join("tests/schedules");
    fs::create_dir_all(&path).expect("writable");
    assert_eq!(RegressionFolder::default_in(place.path()), Some(path));
}

/// What a search under another level, model or bound would not have found is not retried in it.
#[test]
fn regression_belongs_to_searches_that_could_have_found_it() {
    let regression = found("A< B A>", "GET a").regression().expect("a violation");
    let belongs = |name: &str, plan: &Plan| plan.could_find(name, &regression);
    let name = regression.scenario.clone();
    assert!(belongs(&name, &Plan { seed: 1, workers: Some(2), ..Plan::default() }));
    assert!(!belongs("counter/incr", &Plan::default()));
    assert!(!belongs(&name, &Plan { splits_max: 0, ..Plan::default() }));
    assert!(!belongs(&name, &Plan { model: FaultModel::none(), ..Plan::default() }));
    assert!(!belongs(&name, &Plan { isolation: Some(crate::Isolation::Serializable), ..Plan::default() }));
    let plan = Plan { seed: 1, workers: Some(2), splits_max: 0, ..Plan::default() }.retrying(&regression);
    assert_eq!((plan.seed, plan.workers, plan.splits_max), (7, Some(3), 1));
}
