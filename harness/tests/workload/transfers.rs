//! Transfers between two accounts, with a bug that only a large amount shows.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::workload::proptest::prelude::*;
use raceproof::{Card, Invariant, Plan, Programs, Worker, Workload};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::support::{left, search, violates};

/// What both accounts have.
const BALANCE: i64 = 50;

/// Two accounts with [`BALANCE`] each.
struct Accounts {
    /// Whether the balance is looked at first; else one transfer alone may take too much.
    looks: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Operation {
    Look,
    Transfer { from: u8, amount: i64 },
}

#[async_trait(?Send)]
impl Workload for Accounts {
    type Operation = Operation;
    type Session = MultiplexedConnection;

    fn card(&self) -> Card {
        let (name, stores) = ("workload/transfers".to_owned(), vec!["redis".to_owned()]);
        Card { name, stores, workers: 3, ..Card::default() }
    }

    fn operation(&self, _worker: usize) -> BoxedStrategy<Operation> {
        let transfer = (0..2_u8, 1..100_i64).prop_map(|(from, amount)| Operation::Transfer { from, amount });
        prop_oneof![Just(Operation::Look), transfer].boxed()
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(stores.redis().mset(&[("account-0", BALANCE), ("account-1", BALANCE)]).await?)
    }

    async fn open(&self, worker: &Worker) -> Result<MultiplexedConnection> {
        Ok(worker.redis().await?)
    }

    async fn perform(
        &self,
        _worker: &Worker,
        redis: &mut MultiplexedConnection,
        operation: &Operation,
    ) -> Result {
        let Operation::Transfer { from, amount } = operation else {
            let _: i64 = redis.get("account-0").await?;
            return Ok(());
        };
        let (source, target) = (format!("account-{from}"), format!("account-{}", 1 - from));
        if self.looks && redis.get::<_, i64>(&source).await? < *amount {
            return Ok(());
        }
        let () = redis.decr(&source, *amount).await?;
        Ok(redis.incr(&target, *amount).await?)
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("no account is overdrawn", |view| {
            let overdrawn = |key: &&str| view.state.integer(key).is_some_and(|balance| balance < 0);
            match ["account-0", "account-1"].into_iter().find(overdrawn) {
                None => Ok(()),
                Some(key) => Err(format!("{key}: {}", view.state)),
            }
        })]
    }
}

fn plan(seed: u64) -> Plan {
    Plan { seed, schedules_max: 3_200, ..Plan::default() }
}

/// One transfer alone is enough, of one more than there is: the boundary, found through values on both of its sides.
#[test]
fn argument_shrinks_to_the_boundary() {
    for seed in 0..5 {
        let found =
            search(Accounts { looks: false }, &plan(seed)).counterexample.expect("an account is overdrawn");
        assert!(left(&found).ends_with(": Transfer { from: 0, amount: 51 }"), "{}", left(&found));
        assert_eq!(found.shrunk.workers.len(), 1);
    }
}

/// Transfers that look first take too much only together. There are several ways to it; none that is found has a transfer that
/// could be left out or be of less, by brute force over all schedules.
#[test]
fn arguments_that_depend_on_each_other_are_locally_minimal() {
    let looks = || Accounts { looks: true };
    for seed in 0..4 {
        let found = search(looks(), &plan(seed)).counterexample.expect("an account is overdrawn");
        assert_eq!((found.replays.reproduced, found.replays.differing), (10, 0));
        let programs = found.shrunk.programs.as_ref().expect("they were generated");
        assert!(violates(looks(), programs), "{programs}");
        for changed in smaller(programs) {
            assert!(!violates(looks(), &changed), "{programs}: {changed}");
        }
    }
}

/// `programs` without each of its operations, and with each of its amounts smaller by one.
fn smaller(programs: &Programs) -> Vec<Programs> {
    let mut smaller = Vec::new();
    for (worker, list) in &programs.operations {
        for (place, planned) in list.iter().enumerate() {
            let mut without = programs.clone();
            without.operations.entry(*worker).and_modify(|list| drop(list.remove(place)));
            smaller.push(without);
            if let Some(amount @ 2..) = planned.value["Transfer"]["amount"].as_i64() {
                let mut less = planned.clone();
                less.value["Transfer"]["amount"] = json!(amount - 1);
                smaller.push(programs.with(*worker, place, less));
            }
        }
    }
    assert!(smaller.len() >= programs.operations.len(), "{programs}");
    smaller
}
