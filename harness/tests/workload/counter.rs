//! A counter with a lost update among operations that do no harm.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::workload::proptest::prelude::*;
use raceproof::{Card, Invariant, Plan, Verdict, Worker, Workload};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use serde::{Deserialize, Serialize};

use crate::support::{left, search, violations};

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
    for seed in 0..10 {
        let found = search(BROKEN, &plan(seed)).counterexample.expect("an increment is lost");
        let drawn = found.original.programs.as_ref().expect("they were generated");
        println!("seed {seed}: {drawn} -> {} [{}] after {}", left(&found), found.shrunk.schedule, found.shrink_candidates);
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

/// A large list, drawn last, of which all but two operations must go.
#[test]
fn long_lists_shrink_as_far() {
    for seed in 0..5 {
        let scenario = std::sync::Arc::new(raceproof::Generated::new(BROKEN).drawing(1));
        let mut engine = crate::support::engine();
        let scenario: std::sync::Arc<dyn raceproof::Scenario> = scenario;
        let outcome = engine.explore(&scenario, &plan(seed), &mut |_| {}).expect("the search runs");
        engine.stop().expect("the store stops");
        let found = outcome.counterexample.expect("an increment is lost");
        let drawn = found.original.programs.as_ref().expect("they were generated");
        println!("seed {seed}: {drawn} -> {} [{}] after {}", left(&found), found.shrunk.schedule, found.shrink_candidates);
        assert_eq!(left(&found).matches("Increment(1)").count(), 2, "{}", left(&found));
    }
}

/// The definition of what shrinking promises, by brute force: of everything that is one step smaller, no schedule violates.
#[test]
fn what_is_left_is_locally_minimal() {
    let found = search(BROKEN, &plan(3)).counterexample.expect("an increment is lost");
    assert!(violations(BROKEN, &found, |_| ()), "it violates as it is");
    for index in 0..2 {
        let without = |programs: &mut raceproof::Programs| {
            let list = programs.operations.values_mut().nth(index).expect("two workers");
            list.clear();
        };
        assert!(!violations(BROKEN, &found, without), "without operation {index}");
    }
}

#[test]
fn correct_counter_passes_in_every_workload() {
    let outcome = search(Counter { correct: true }, &Plan { schedules_max: 800, ..plan(0) });
    assert_eq!(outcome.verdict, Verdict::Pass);
    let workloads = outcome.coverage.workloads.expect("they were drawn");
    assert_eq!((workloads.drawn, outcome.coverage.schedules <= 800), (16, true));
    assert!(workloads.exhausted >= 1 && workloads.exhausted < 16, "{workloads:?}");
    assert!(!outcome.coverage.exhausted);
}

/// The workload, what is found and what is left of it come from the seed alone.
#[test]
fn same_seed_gives_the_same_outcome_and_another_seed_another_workload() {
    let evidence = |seed| search(BROKEN, &plan(seed)).counterexample.expect("an increment is lost");
    let (first, second) = (evidence(1), evidence(1));
    assert_eq!(first, second);
    assert_ne!(first.original.programs, evidence(2).original.programs);
}
