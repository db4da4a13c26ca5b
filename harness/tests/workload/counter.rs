//! A counter with a lost update among operations that do no harm.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::generator::Generator;
use raceproof::plan::StrategyKind;
use raceproof::programs::Planned;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::workload::proptest::prelude::*;
use raceproof::{Card, Generated, Invariant, Outcome, Plan, Scenario, Verdict, Worker, Workload};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use serde::{Deserialize, Serialize};

use crate::support::{explore, left, search, violates};

/// What is added by `Increment` is read and written back, or added at once if it is `correct`.
#[derive(Clone, Copy)]
pub(crate) struct Counter {
    pub(crate) correct: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Operation {
    Get,
    Touch(u8),
    Increment(i64),
}

#[async_trait(?Send)]
impl Workload for Counter {
    type Operation = Operation;
    type Session = MultiplexedConnection;

    fn card(&self) -> Card {
        let (name, stores) = ("workload/counter".to_owned(), vec!["redis".to_owned()]);
        Card { name, stores, workers: 3, ..Card::default() }
    }

    fn operation(&self, _worker: usize) -> BoxedStrategy<Operation> {
        let touch = any::<u8>().prop_map(Operation::Touch);
        let increment = (1..1_000_i64).prop_map(Operation::Increment);
        prop_oneof![Just(Operation::Get), touch, increment].boxed()
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(stores.redis().set("counter", 0).await?)
    }

    async fn open(&self, worker: &Worker) -> Result<MultiplexedConnection> {
        Ok(worker.redis().await?)
    }

    async fn perform(
        &self,
        worker: &Worker,
        redis: &mut MultiplexedConnection,
        operation: &Operation,
    ) -> Result {
        match operation {
            Operation::Get => drop(redis.get::<_, i64>("counter").await?),
            Operation::Touch(key) => redis.set(format!("touched-{key}"), 1).await?,
            Operation::Increment(by) => {
                let increment = worker.invoke("increment", by);
                if self.correct {
                    let () = redis.incr("counter", *by).await?;
                } else {
                    let value: i64 = redis.get("counter").await?;
                    let () = redis.set("counter", value + by).await?;
                }
                increment.ok("");
            }
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("no increment is lost", |view| {
            let sum: i64 = view.operations.iter().filter_map(|done| done.argument.parse::<i64>().ok()).sum();
            match view.state.integer("counter") == Some(sum) {
                true => Ok(()),
                false => Err(format!("the increments come to {sum}: {}", view.state)),
            }
        })]
    }
}

const BROKEN: Counter = Counter { correct: false };

fn plan(seed: u64) -> Plan {
    Plan { seed, ..Plan::default() }
}

/// Whatever was drawn: two workers with an increment by one each, one between the read and the write of the other.
#[test]
fn lost_update_shrinks_to_one_increment_by_one_of_two_workers() {
    for seed in 0..6 {
        let found = search(BROKEN, &plan(seed)).counterexample.expect("an increment is lost");
        let drawn = found.original.programs.as_ref().expect("they were generated");
        assert_eq!(drawn.operations.len(), 3, "{drawn}");
        let lists = found.shrunk.programs.as_ref().expect("they were generated").operations.values();
        let texts: Vec<&str> = lists.flatten().map(|planned| planned.text.as_str()).collect();
        assert_eq!(texts, ["Increment(1)", "Increment(1)"], "{drawn}");
        assert_eq!(found.shrunk.schedule.context_switches(), 2, "{}", found.shrunk.schedule);
        assert_eq!(found.shrunk.steps.len(), 4, "{}", found.shrunk.schedule);
        assert_eq!((found.replays.reproduced, found.replays.differing), (10, 0));
        assert!(found.shrink_candidates < 2_000, "{}", found.shrink_candidates);
    }
}

/// Up to six operations of each worker, of which all but two must go, wherever two workers increment.
#[test]
fn long_lists_shrink_as_far() {
    let generated = || Generated::new(BROKEN).drawing(1);
    let increments = |list: &Vec<Planned>| list.iter().any(|planned| planned.text.starts_with("Increment"));
    let (mut shrunk, mut operations) = (0, 0);
    for seed in 0..8 {
        let drawn = generated().draw(seed, 0, 3).expect("any number does");
        let violates = drawn.operations.values().filter(|list| increments(list)).count() > 1;
        let scenario: Arc<dyn Scenario> = Arc::new(generated());
        let outcome = explore(&scenario, &Plan { schedules_max: 300, ..plan(seed) });
        assert_eq!(outcome.verdict.violation().is_some(), violates, "{drawn}");
        let Some(found) = outcome.counterexample else { continue };
        assert_eq!(found.original.programs, Some(drawn));
        assert_eq!(left(&found).matches("Increment(1)").count(), 2, "{}", left(&found));
        assert_eq!((found.shrunk.steps.len(), found.replays.reproduced), (4, 10));
        operations += found.original.programs.map_or(0, |programs| programs.count(&found.original.workers));
        shrunk += 1;
    }
    assert!(shrunk >= 3 && operations >= shrunk * 6, "{operations} operations in {shrunk} workloads");
}

/// What shrinking promises, by brute force: without either of the two, no schedule violates.
#[test]
fn what_is_left_is_locally_minimal() {
    let found = search(BROKEN, &plan(3)).counterexample.expect("an increment is lost");
    let programs = found.shrunk.programs.expect("they were generated");
    assert!(violates(BROKEN, &programs), "{programs}");
    for worker in programs.operations.keys() {
        let mut without = programs.clone();
        without.operations.insert(*worker, Vec::new());
        assert!(!violates(BROKEN, &without), "{without}");
    }
}

#[test]
fn correct_counter_passes_in_every_workload() {
    let outcome = search(Counter { correct: true }, &Plan { schedules_max: 400, ..plan(0) });
    assert_eq!(outcome.verdict, Verdict::Pass);
    let workloads = outcome.coverage.workloads.expect("they were drawn");
    assert_eq!((workloads.drawn, outcome.coverage.schedules), (16, 400));
    assert!(workloads.exhausted >= 1 && workloads.exhausted < 16, "{workloads:?}");
    assert!(!outcome.coverage.exhausted);
}

/// The workload, what is found and what is left of it come from the seed alone.
#[test]
fn same_seed_gives_the_same_outcome_and_another_seed_another_workload() {
    let drawn = |outcome: &Outcome| {
        let evidence = outcome.counterexample.as_ref().expect("an increment is lost");
        evidence.original.programs.clone().expect("they were generated")
    };
    let [first, second, other] = [1, 1, 2].map(|seed| search(BROKEN, &plan(seed)));
    assert_eq!(first.counterexample, second.counterexample);
    assert_eq!(first.coverage.schedules, second.coverage.schedules);
    assert_eq!(first.coverage.final_states, second.coverage.final_states);
    assert_ne!(drawn(&first).operations, drawn(&other).operations);
}

/// Nothing is chosen or drawn again there, so each worker does its list of the largest workload, every time the same.
#[test]
fn workers_that_run_free_do_the_largest_workload() {
    let plan = Plan { strategy: StrategyKind::Burst, schedules_max: 20, ..plan(4) };
    let outcome = search(Counter { correct: true }, &plan);
    assert_eq!((outcome.verdict, outcome.coverage.schedules), (Verdict::Pass, 20));
    let drawn = Generated::new(BROKEN).draw(4, 15, 3).expect("any number does");
    let value = |planned: &Planned| planned.value["Increment"].as_i64();
    let sum: i64 = drawn.operations.values().flatten().filter_map(value).sum();
    let states: Vec<&String> = outcome.coverage.final_states.keys().collect();
    assert!(states.len() == 1 && states[0].contains(&format!("counter={sum}")), "{sum}: {states:?}");
}
