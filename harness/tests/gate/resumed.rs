//! A search that was ended by a budget goes on from its checkpoint, also as text and in another process, to where it would have come.

use raceproof::checkpoint::CheckpointError;
use raceproof::outcome::Stopped;
use raceproof::plan::StrategyKind;
use raceproof::verdict::Inconclusive;
use raceproof::{Checkpoint, Error, Outcome, Plan, Verdict, Worker};

use crate::probe::{Probe, engine, query};
use crate::resuming::{read_back, told};

/// Adds one to a counter with two commands, behind which a third may be.
fn adding(last: &'static [&'static str]) -> Probe {
    Probe::new(3, move |worker: Worker| async move {
        let mut redis = worker.redis().await?;
        let value: i64 = query(&mut redis, "GET counter").await?;
        for command in last {
            let command = command.replace("{}", &(value + 1).to_string());
            let _: redis::Value = query(&mut redis, &command).await?;
        }
        Ok(())
    })
    .given("SET counter 0")
}

const GET_SET: &[&str] = &["SET counter {}"];

/// On stores of its own, as another process would.
fn resumed(probe: Probe, plan: &Plan, checkpoint: Checkpoint) -> Result<Outcome, Error> {
    let mut engine = engine();
    let outcome = engine.resume(&probe.scenario(), plan, checkpoint, &mut |_| {});
    engine.stop().expect("the store stops");
    outcome
}

/// Ended twice, with and without reduction, systematic, mixed and by chance: everything that is told is the same in the end.
#[test]
fn search_that_is_resumed_twice_comes_to_the_same_as_one_that_is_not_ended() {
    for (strategy, reduces, schedules_max) in [
        (StrategyKind::Dfs, false, 1_000),
        (StrategyKind::Dfs, true, 1_000),
        (StrategyKind::Portfolio, false, 1_000),
        (StrategyKind::Pos, true, 120),
    ] {
        let whole = Plan { strategy, reduces, schedules_max, ..Plan::default() };
        let expected = adding(GET_SET).explore_as(&whole);
        let first = adding(GET_SET).explore_as(&Plan { schedules_max: 10, ..whole.clone() });
        assert_eq!((first.coverage.stopped, first.coverage.exhausted), (Stopped::ScheduleBudget, false));
        let to_twenty = Plan { schedules_max: 20, ..whole.clone() };
        let second = resumed(adding(GET_SET), &to_twenty, read_back(&first)).expect("the same search");
        assert_eq!((second.coverage.schedules, second.coverage.resumed), (20, 1));
        let last = resumed(adding(GET_SET), &whole, read_back(&second)).expect("the same search");
        assert_eq!(told(&last.coverage), told(&expected.coverage), "{strategy}");
        assert_eq!((&last.verdict, last.coverage.resumed), (&expected.verdict, 2));
        assert_eq!(!last.checkpoints.is_empty(), !strategy.is_exhaustive(), "what is exhausted has none");
    }
}

/// The evidence of the first violation is that of the first search, and the numbers go on.
#[test]
fn violation_behind_which_a_search_goes_on_is_kept() {
    let probe = || {
        adding(GET_SET).promising("the counter is 3", |view| match view.state.integer("counter") {
            Some(3) => Ok(()),
            other => Err(format!("{other:?}")),
        })
    };
    let plan = Plan { keep_going: true, ..Plan::default() };
    let expected = probe().explore_as(&plan);
    let first = probe().explore_as(&Plan { schedules_max: 5, ..plan.clone() });
    assert!(first.counterexample.is_some());
    let last = resumed(probe(), &plan, read_back(&first)).expect("the same search");
    assert_eq!(told(&last.coverage), told(&expected.coverage));
    assert_eq!((last.verdict, last.counterexample), (expected.verdict, expected.counterexample));
    let ended = probe().explore_as(&Plan::default());
    assert!(ended.verdict.violation().is_some() && ended.checkpoints.is_empty(), "a violation is an end");
}

#[test]
fn checkpoint_of_another_search_is_refused() {
    let first = adding(GET_SET).explore_as(&Plan { schedules_max: 5, ..Plan::default() });
    let other = Plan { seed: 1, ..Plan::default() };
    let refused = resumed(adding(GET_SET), &other, read_back(&first)).expect_err("another seed");
    let Error::Checkpoint(CheckpointError::OtherSearch(what)) = refused else { panic!("{refused}") };
    assert_eq!(what, "`seed` was 0 and is 1");
}

/// The schedules that are left would say nothing about those that were made, so nothing is said at all.
#[test]
fn code_that_was_changed_in_between_is_noticed() {
    let first = adding(GET_SET).explore_as(&Plan { schedules_max: 5, ..Plan::default() });
    let changed = adding(&["SET counter 7"]);
    let outcome = resumed(changed, &Plan::default(), read_back(&first)).expect("the same search");
    let Verdict::Inconclusive(Inconclusive::Diverged { step, .. }) = outcome.verdict else {
        panic!("{:?}", outcome.verdict)
    };
    assert_eq!((step, outcome.coverage.schedules, outcome.checkpoints), (2, 5, Vec::new()));
}

/// How the order of keys shows is learnt late: who goes on knows it, too.
#[test]
fn what_was_learnt_is_known_when_a_search_goes_on() {
    let probe = || {
        Probe::new(3, |worker: Worker| async move {
            let mut redis = worker.redis().await?;
            let name = worker.id().to_string();
            let () = query(&mut redis, &format!("SET {name} 1")).await?;
            let _: redis::Value = query(&mut redis, "SCAN 0 MATCH none*").await?;
            Ok(())
        })
    };
    let whole = Plan { strategy: StrategyKind::Dfs, ..Plan::default() };
    // In which order keys come is chosen by the server when it starts, so it is the same one.
    let (mut engine, scenario) = (engine(), probe().scenario());
    let mut explore = |plan: &Plan| engine.explore(&scenario, plan, &mut |_| {}).expect("the search runs");
    let expected = explore(&whole);
    let learnt = expected.coverage.reduction.as_ref().expect("it is reduced").coarseness;
    assert!(learnt > 0 && expected.coverage.schedules > 20, "{:?}", expected.coverage);
    let first = explore(&Plan { schedules_max: 20, ..whole.clone() });
    let last = engine.resume(&scenario, &whole, read_back(&first), &mut |_| {}).expect("the same search");
    engine.stop().expect("the store stops");
    assert_eq!(told(&last.coverage), told(&expected.coverage));
}
