//! Several engines that make one search: the same result, however fast each is, and a clean end if one fails.

use std::collections::BTreeMap;
use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use raceproof::interrupt::Interrupt;
use raceproof::plan::StrategyKind;
use raceproof::run::Jobs;
use raceproof::scenario::Result;
use raceproof::store::{Needs, ProviderChoice, SetUp, StoreOptions};
use raceproof::{Card, Error, Invariant, Outcome, Plan, Scenario, Shard, Worker};

use crate::probe::query;

/// What the scenario does when it is asked the second time, be it by another engine.
#[derive(Clone, Copy, PartialEq)]
enum Then {
    GoOn,
    Fail,
    Panic,
}

/// The counter that loses updates, in as many steps as there are workers.
struct Counter {
    then: Then,
    set_ups: AtomicU64,
}

#[async_trait(?Send)]
impl Scenario for Counter {
    fn card(&self) -> Card {
        let (name, stores) = ("jobs/counter".into(), vec!["redis".into()]);
        Card { name, stores, workers: 3, ..Card::default() }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        match (self.set_ups.fetch_add(1, Ordering::Relaxed), self.then) {
            (0, _) | (_, Then::GoOn) => Ok(query(stores.redis(), "SET counter 0").await?),
            (_, Then::Fail) => Err("on purpose".into()),
            (_, Then::Panic) => panic::panic_any("on purpose"),
        }
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        let value: i64 = query(&mut redis, "GET counter").await?;
        Ok(query(&mut redis, &format!("SET counter {}", value + 1)).await?)
    }

    fn finally(&self) -> Vec<Invariant> {
        let judge = |found| if found == Some(3) { Ok(()) } else { Err(format!("{found:?}")) };
        vec![Invariant::new("no increment is lost", move |view| judge(view.state.integer("counter")))]
    }
}

fn counter(then: Then) -> Arc<dyn Scenario> {
    Arc::new(Counter { then, set_ups: AtomicU64::new(0) })
}

fn start(jobs: u32) -> Jobs {
    let provider = ProviderChoice::Local;
    let options = StoreOptions { provider, needs: Needs::REDIS, ..StoreOptions::default() };
    Jobs::start(&options, jobs, &Interrupt::never()).expect("a local Redis (run `ci/setup`)")
}

fn explored(jobs: u32, plan: &Plan) -> Outcome {
    let mut jobs = start(jobs);
    let outcome = jobs.explore(&counter(Then::GoOn), plan, &mut |_| {}).expect("it can be explored");
    jobs.stop().expect("what was started can be removed");
    outcome
}

fn all() -> Plan {
    Plan { keep_going: true, strategy: StrategyKind::Dfs, reduces: false, ..Plan::default() }
}

fn counts(outcome: &Outcome) -> (u64, u64, &BTreeMap<String, u64>, bool) {
    let coverage = &outcome.coverage;
    (coverage.schedules, coverage.violating, &coverage.final_states, coverage.exhausted)
}

/// Every schedule is executed by just one of them.
#[test]
fn several_engines_together_make_the_search_of_one() {
    let (one, three) = (explored(1, &all()), explored(3, &all()));
    assert_eq!(counts(&one), counts(&three));
    assert_eq!((one.coverage.schedules, three.coverage.shard), (90, None));
    assert_eq!(one.verdict.word(), three.verdict.word());
    assert!(three.counterexample.is_some_and(|found| found.replays.reproduced == 10));
}

/// What a machine does of a search is not more if it has several engines.
#[test]
fn engines_split_the_shard_that_is_asked_for() {
    let part = |jobs| explored(jobs, &Plan { shard: Shard::new(2, 3).expect("a part"), ..all() });
    let (one, two) = (part(1), part(2));
    assert_eq!(counts(&one), counts(&two));
    assert!(one.coverage.schedules < 90 && two.coverage.shard == one.coverage.shard);
}

/// Which engine is faster differs from time to time.
#[test]
fn violation_is_that_of_the_lowest_number_however_fast_the_engines_are() {
    let plan = Plan { strategy: StrategyKind::Random, seed: 3, ..Plan::default() };
    let (first, second) = (explored(2, &plan), explored(2, &plan));
    assert_eq!(first.coverage.first_violation, second.coverage.first_violation);
    assert_eq!(first.coverage.violating_schedule, second.coverage.violating_schedule);
    assert_eq!((first.verdict, first.counterexample), (second.verdict, second.counterexample));
}

/// A search that would take an hour, of which one engine fails at once.
fn fails(then: Then) -> Error {
    let hour = Duration::from_secs(3_600);
    let endless = Plan { strategy: StrategyKind::Random, schedules_max: u64::MAX, budget: hour, ..all() };
    let mut jobs = start(2);
    let failed = jobs.explore(&counter(then), &endless, &mut |_| {}).expect_err("one of them fails");
    let stopped = jobs.stop();
    assert!(stopped.is_ok(), "what is left of a job that has failed is removed: {stopped:?}");
    failed
}

#[test]
fn error_of_one_engine_ends_all_and_is_told() {
    assert!(matches!(fails(Then::Fail), Error::SetUp { .. }));
}

#[test]
fn panic_of_one_engine_ends_all_and_is_told() {
    assert!(matches!(fails(Then::Panic), Error::Panicked { what, .. } if what == "on purpose"));
}
