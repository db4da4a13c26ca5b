//! Schedules that once violated are retried first: on the same code, on code that was put right, on code that changed.

use raceproof::outcome::Stopped;
use raceproof::plan::Plan;
use raceproof::plan::StrategyKind;
use raceproof::regression::{Fate, Regression, Stale};
use raceproof::{Outcome, Verdict, Worker};

use crate::probe::{Probe, engine, query};

const PROMISE: &str = "no increment is lost";

/// Adds one with these commands; `{}` is what the one before it gave, and one more.
fn adding(workers: usize, commands: &'static [&'static str]) -> Probe {
    Probe::new(workers, move |worker: Worker| async move {
        let mut redis = worker.redis().await?;
        let increment = worker.invoke("increment", "");
        let mut value: i64 = 0;
        for command in commands {
            let command = command.replace("{}", &(value + 1).to_string());
            let answer: redis::Value = query(&mut redis, &command).await?;
            value = redis::from_redis_value(answer).unwrap_or(value);
        }
        increment.ok(value);
        Ok(())
    })
    .given("SET counter 0")
}

fn promised(probe: Probe) -> Probe {
    probe.promising(PROMISE, |view| {
        match view.state.integer("counter") == i64::try_from(view.count("increment")).ok() {
            true => Ok(()),
            false => Err(view.state.to_string()),
        }
    })
}

const GET_SET: &[&str] = &["GET counter", "SET counter {}"];

/// The lost update of three workers, as it is kept.
fn kept() -> Regression {
    let plan = Plan { seed: 5, ..Plan::default() };
    let outcome = promised(adding(3, GET_SET)).explore_as(&plan);
    outcome.regression().expect("an update is lost")
}

fn retry(probe: Probe, change: impl FnOnce(&mut Plan)) -> Outcome {
    let (regressions, strategy) = (vec![kept()], StrategyKind::Dfs);
    let mut plan = Plan { regressions, strategy, reduces: false, ..Plan::default() };
    change(&mut plan);
    probe.explore_as(&plan)
}

fn fates(outcome: &Outcome) -> Vec<&Fate> {
    outcome.regressions.iter().map(|retried| &retried.fate).collect()
}

/// It is the first execution, the search has none, and the evidence is as full as any.
#[test]
fn violation_that_is_still_there_is_found_before_the_search() {
    let outcome = retry(promised(adding(3, GET_SET)), |_| {});
    assert_eq!(fates(&outcome), [&Fate::Reproduced]);
    let coverage = &outcome.coverage;
    assert_eq!((coverage.regressions, coverage.schedules, coverage.violating), (1, 0, 0));
    assert_eq!((coverage.stopped, coverage.exhausted), (Stopped::FirstViolation, false));
    let again = outcome.regression().expect("it is violated");
    assert_eq!(again, kept());
    let evidence = outcome.counterexample.expect("it is violated");
    assert_eq!((evidence.shrunk.schedule.to_string(), evidence.replays.reproduced), ("A B B A".into(), 10));
}

/// The record of it must replay, so it tells the chance and the workers of the regression and not those of the plan.
#[test]
fn evidence_of_a_regression_has_its_seed_and_its_workers() {
    let outcome = retry(promised(adding(3, GET_SET)), |plan| (plan.seed, plan.workers) = (9, Some(2)));
    assert_eq!((outcome.seed, outcome.workers), (5, 3));
    let fixed = retry(adding(3, GET_SET), |plan| (plan.seed, plan.workers) = (9, Some(2)));
    assert_eq!((fixed.seed, fixed.workers, fixed.coverage.schedules), (9, 2, 6));
}

/// The same requests, and the promise is kept: fixed, and the search is as long as without.
#[test]
fn fixed_violation_is_told_and_the_search_goes_on() {
    let outcome = retry(adding(3, GET_SET).promising(PROMISE, |_| Ok(())), |_| {});
    assert_eq!(fates(&outcome), [&Fate::Fixed { answered: None }]);
    assert_eq!((outcome.coverage.schedules, outcome.coverage.exhausted), (90, true));
    assert_eq!(outcome.verdict, Verdict::Pass);
    let constant = adding(3, &["GET counter", "SET counter 1"]).given("SET counter 7");
    let other = retry(constant, |_| {});
    assert_eq!(fates(&other), [&Fate::Fixed { answered: Some(1) }]);
}

#[test]
fn code_that_sends_something_else_makes_it_stale_with_the_reason() {
    let outcome = retry(promised(adding(3, &["INCR counter"])), |_| {});
    let stale = Stale { step: 1, reason: "wanted `GET counter`, the code sent `INCR counter`".into() };
    assert_eq!(fates(&outcome), [&Fate::Stale { stale, violated: false }]);
    assert_eq!((outcome.verdict, outcome.coverage.schedules), (Verdict::Pass, 6));
}

/// One more command on the way: the schedule is followed as far as it fits, and the bug is still there.
#[test]
fn bug_on_a_slightly_changed_path_is_found_with_the_old_schedule() {
    let changed = promised(adding(3, &["GET counter", "EXISTS other", "SET counter {}"]));
    let outcome = retry(changed, |_| {});
    let stale = Stale { step: 3, reason: "wanted `SET counter 1`, the code sent `EXISTS other`".into() };
    assert_eq!(fates(&outcome), [&Fate::Stale { stale, violated: true }]);
    assert_eq!(outcome.coverage.schedules, 0);
    let new = outcome.regression().expect("an update is lost");
    assert!(!new.is_same_as(&kept()), "{}", new.schedule);
}

#[test]
fn keep_going_retries_and_then_searches() {
    let outcome = retry(promised(adding(3, GET_SET)), |plan| plan.keep_going = true);
    let coverage = &outcome.coverage;
    assert_eq!((coverage.regressions, coverage.schedules, coverage.exhausted), (1, 90, true));
    assert!(coverage.violating > 0 && coverage.first_violation.is_some());
}

#[test]
fn regression_of_another_scenario_is_not_retried() {
    let outcome = retry(promised(adding(2, &["INCR counter"])), |plan| {
        plan.regressions[0].scenario = "another/one".to_owned();
    });
    assert_eq!((outcome.regressions, outcome.coverage.regressions), (Vec::new(), 0));
}

/// Followed on request, it is told step by step, whatever it comes to.
#[test]
fn regression_is_followed_and_told() {
    let mut engine = engine();
    let mut follow =
        |probe: Probe| engine.follow(&probe.scenario(), &kept(), &Plan::default()).expect("it runs");
    let same = follow(promised(adding(3, GET_SET)));
    assert_eq!((same.fate, same.trace.schedule.to_string()), (Fate::Reproduced, "A B B A".into()));
    assert_eq!(same.trace.steps[2].changes.len(), 1, "the stores are read after every step");
    let short = follow(promised(adding(3, &["GET counter"])));
    assert_eq!(short.trace.schedule.to_string(), "A B");
    let reason = "wanted the choice `B` with `SET counter 1`, but it is the end".to_owned();
    assert_eq!(short.fate, Fate::Stale { stale: Stale { step: 3, reason }, violated: true });
    engine.stop().expect("the store stops");
}
