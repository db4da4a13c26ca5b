//! A search of generated workloads that was ended goes on where each of them stands, and what they leave is shared anew.

use std::ops::RangeInclusive;
use std::sync::Arc;

use async_trait::async_trait;
use raceproof::checkpoint::CheckpointError;
use raceproof::interrupt::Interrupt;
use raceproof::outcome::{Coverage, Stopped};
use raceproof::plan::StrategyKind;
use raceproof::run::{Engine, Jobs};
use raceproof::scenario;
use raceproof::store::SetUp;
use raceproof::verdict::Inconclusive;
use raceproof::workload::proptest::prelude::*;
use raceproof::{Card, Error, Generated, Invariant, Outcome, Plan, Scenario, Verdict, Worker, Workload};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use serde::{Deserialize, Serialize};

use crate::counter::Counter;
use crate::resuming::{read_back, told};
use crate::support::{engine, options};

/// Keys that are written, and listed once there is a certain one: that their order shows is learnt in the schedules that list them, and
/// in no other.
struct Keys {
    /// Said before anything else.
    greeting: &'static str,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Access {
    Write(u8),
    List,
}

#[async_trait(?Send)]
impl Workload for Keys {
    type Operation = Access;
    type Session = MultiplexedConnection;

    fn card(&self) -> Card {
        let (name, stores) = ("workload/keys".to_owned(), vec!["redis".to_owned()]);
        Card { name, stores, workers: 3, ..Card::default() }
    }

    fn operation(&self, _worker: usize) -> BoxedStrategy<Access> {
        let write = (0..2_u8).prop_map(Access::Write);
        prop_oneof![write, Just(Access::List)].boxed()
    }

    fn lengths(&self) -> RangeInclusive<usize> {
        1..=1
    }

    async fn set_up(&self, _stores: &mut SetUp) -> scenario::Result {
        Ok(())
    }

    async fn open(&self, worker: &Worker) -> scenario::Result<MultiplexedConnection> {
        Ok(worker.redis().await?)
    }

    async fn perform(
        &self,
        worker: &Worker,
        redis: &mut MultiplexedConnection,
        operation: &Access,
    ) -> scenario::Result {
        let () = redis.set(worker.id().to_string(), self.greeting).await?;
        match operation {
            Access::Write(key) => redis.incr(format!("key-{key}"), 1).await?,
            Access::List => {
                if redis.exists("key-0").await? {
                    let scan = redis::cmd("SCAN").arg(0).arg("MATCH").arg("none*").to_owned();
                    let _: redis::Value = scan.query_async(redis).await?;
                }
            }
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::anything()]
    }
}

const KEYS: Keys = Keys { greeting: "hello" };

/// With a seed whose workloads list keys, and write some.
fn plan(strategy: StrategyKind, schedules_max: u64) -> Plan {
    Plan { seed: 4, strategy, schedules_max, ..Plan::default() }
}

/// A search of so many workloads, which goes on from what is `left` of another one.
fn search<W: Workload>(
    engine: &mut Engine,
    workload: W,
    workloads: u64,
    plan: &Plan,
    left: Option<&Outcome>,
) -> Result<Outcome, Error> {
    let scenario: Arc<dyn Scenario> = Arc::new(Generated::new(workload).drawing(workloads));
    match left {
        Some(left) => engine.resume(&scenario, plan, read_back(left), &mut |_| {}),
        None => engine.explore(&scenario, plan, &mut |_| {}),
    }
}

/// Ended while the first workload is explored, and again behind the last of them: everything that is told is the same in the
/// end, also where footprints have learnt in one workload what they do not know in another.
#[test]
fn search_that_is_resumed_twice_comes_to_the_same_as_one_that_is_not_ended() {
    // In which order keys come is chosen by the server when it starts, so it is the same one.
    let mut engine = engine();
    for (strategy, whole, workloads) in
        [(StrategyKind::Dfs, 100_000, 4), (StrategyKind::Portfolio, 100_000, 3), (StrategyKind::Pos, 400, 4)]
    {
        let mut search = |schedules_max, left: Option<&Outcome>| {
            search(&mut engine, KEYS, workloads, &plan(strategy, schedules_max), left)
                .expect("the same search")
        };
        let expected = search(whole, None);
        let first = search(2, None);
        let drawn = |outcome: &Outcome| outcome.coverage.workloads.expect("they were drawn").drawn;
        assert_eq!((first.coverage.stopped, drawn(&first)), (Stopped::ScheduleBudget, 2));
        let second = search(60, Some(&first));
        assert_eq!((second.coverage.schedules, drawn(&second)), (60, workloads));
        let last = search(whole, Some(&second));
        assert_eq!(told(&last.coverage), told(&expected.coverage), "{strategy}");
        assert_eq!((&last.verdict, last.coverage.resumed), (&Verdict::Pass, 2));
        assert_eq!(last.coverage.exhausted, strategy.is_exhaustive(), "{:?}", last.coverage);
        assert_eq!(last.checkpoints.is_empty(), strategy.is_exhaustive(), "what is exhausted has none");
        if strategy == StrategyKind::Dfs {
            let learnt = last.coverage.reduction.as_ref().expect("it is reduced").coarseness;
            assert!(learnt > 0, "{:?}", last.coverage);
        }
    }
    engine.stop().expect("the store stops");
}

/// What those that are soon explored do not need, the others have: nothing of the budget is left while anything is.
#[test]
fn budget_is_used_up_while_any_workload_is_not_explored() {
    let (mut engine, counter) = (engine(), Counter { correct: true });
    let outcome = search(&mut engine, counter, 16, &plan(StrategyKind::Dfs, 600), None).expect("it runs");
    engine.stop().expect("the store stops");
    let Coverage { schedules, stopped, workloads, .. } = outcome.coverage;
    assert_eq!((schedules, stopped), (600, Stopped::ScheduleBudget));
    let exhausted = workloads.expect("they were drawn").exhausted;
    assert!(exhausted > 0 && exhausted < 16, "{exhausted}");
}

/// With just as much as all need together, some have a second turn, and come to the same as if they had been explored in one go.
#[test]
fn workload_whose_turn_comes_again_goes_on_as_if_nobody_had_come_between() {
    let mut engine = engine();
    for seed in 3..7 {
        let mut search = |schedules_max| {
            let plan = Plan { seed, ..plan(StrategyKind::Dfs, schedules_max) };
            search(&mut engine, KEYS, 4, &plan, None).expect("it runs").coverage
        };
        let expected = search(100_000);
        assert!(expected.exhausted, "{expected:?}");
        assert_eq!(told(&search(expected.schedules + 1)), told(&expected), "seed {seed}");
    }
    engine.stop().expect("the store stops");
}

/// A violation behind which a search goes on is told with its first evidence, whose workload is not the one at which it goes on.
#[test]
fn violation_of_an_earlier_search_is_kept() {
    let (mut engine, counter) = (engine(), Counter { correct: false });
    let mut search = |schedules_max, left: Option<&Outcome>| {
        let plan = Plan { keep_going: true, ..plan(StrategyKind::Dfs, schedules_max) };
        search(&mut engine, counter, 3, &plan, left).expect("the same search")
    };
    let first = search(120, None);
    assert!(first.counterexample.is_some() && !first.coverage.exhausted, "{:?}", first.coverage);
    let last = search(150, Some(&first));
    engine.stop().expect("the store stops");
    assert!(last.coverage.violating > first.coverage.violating);
    assert_eq!(last.coverage.first_violation, first.coverage.first_violation);
    assert_eq!(last.counterexample, first.counterexample);
}

/// Each of two engines goes on with its part of every workload.
#[test]
fn search_of_several_engines_goes_on_to_the_same_end() {
    let generated = |counter| -> Arc<dyn Scenario> { Arc::new(Generated::new(counter).drawing(3)) };
    let scenario = generated(Counter { correct: true });
    let mut jobs = Jobs::start(&options(), 2, &Interrupt::never()).expect("two servers start");
    let expected = jobs.explore(&scenario, &plan(StrategyKind::Dfs, 100_000), &mut |_| {}).expect("it runs");
    let first = jobs.explore(&scenario, &plan(StrategyKind::Dfs, 16), &mut |_| {}).expect("it runs");
    assert_eq!((first.coverage.schedules, first.checkpoints.len()), (16, 2));
    let whole = plan(StrategyKind::Dfs, 100_000);
    let last = jobs.resume(&scenario, &whole, first.checkpoints, &mut |_| {}).expect("the same search");
    jobs.stop().expect("the stores stop");
    assert!(expected.coverage.exhausted && expected.coverage.schedules > 16, "{:?}", expected.coverage);
    assert_eq!(told(&last.coverage), told(&expected.coverage));
}

#[test]
fn code_that_was_changed_in_between_is_noticed() {
    let (mut engine, plan) = (engine(), |schedules_max| plan(StrategyKind::Dfs, schedules_max));
    let first = search(&mut engine, KEYS, 3, &plan(5), None).expect("it runs");
    let changed = Keys { greeting: "good morning" };
    let outcome = search(&mut engine, changed, 3, &plan(100_000), Some(&first)).expect("the same search");
    let Verdict::Inconclusive(Inconclusive::Diverged { step, .. }) = outcome.verdict else {
        panic!("{:?}", outcome.verdict)
    };
    assert_eq!((step, outcome.coverage.schedules, outcome.checkpoints), (1, 5, Vec::new()));
    let refused = search(&mut engine, KEYS, 4, &plan(100_000), Some(&first)).expect_err("one more");
    engine.stop().expect("the store stops");
    let Error::Checkpoint(CheckpointError::OtherSearch(what)) = refused else { panic!("{refused}") };
    assert_eq!(what, "`workloads` was 3 and is 4");
}
