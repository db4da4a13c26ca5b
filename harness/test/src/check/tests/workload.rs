//! Races whose operations are drawn: what is left of them when they break a promise.

use raceproof::workload::proptest::prelude::*;
use redis::AsyncCommands;
use serde::{Deserialize, Serialize};

use super::*;

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Operation {
    Look,
    Withdraw(i64),
}

/// An account with 50, and withdrawals that look first, or decide in one script.
fn account(is_fixed: bool) -> Race {
    const WITHDRAW: &str = "if tonumber(redis.call('GET', KEYS[1])) < tonumber(ARGV[1]) then return 0 end
        redis.call('DECRBY', KEYS[1], ARGV[1]) return 1";
    race("no account is overdrawn")
        .redis()
        .set_up(async |stores| Ok(stores.redis().set("account", 50).await?))
        .workload(
            2,
            |_worker| prop_oneof![Just(Operation::Look), (1..60_i64).prop_map(Operation::Withdraw)],
            async |worker| Ok(worker.redis().await?),
            async move |_worker, redis, operation| {
                let Operation::Withdraw(amount) = operation else {
                    let _: i64 = redis.get("account").await?;
                    return Ok(());
                };
                if is_fixed {
                    return Ok(redis::Script::new(WITHDRAW)
                        .key("account")
                        .arg(amount)
                        .invoke_async(redis)
                        .await?);
                }
                if redis.get::<_, i64>("account").await? >= *amount {
                    let () = redis.decr("account", *amount).await?;
                }
                Ok(())
            },
        )
        .operations(1..=3)
        .finally("the balance is not negative", |view| view.state.integer("account") >= Some(0))
}

/// Withdrawals that come to one more than there is; without any of them, or by less, nothing is overdrawn.
#[test]
fn operations_and_arguments_shrink_with_the_schedule() {
    let place = place();
    for seed in 0..3 {
        let given =
            Settings { seed: Some(seed), regressions: Some(Regressions::Off), ..settings(place.path()) };
        let violated = violated(account(false), given);
        let shrunk = violated.outcome.counterexample.expect("evidence").shrunk;
        let lists = shrunk.programs.expect("they were drawn").operations;
        let amounts: Vec<i64> =
            lists.values().flatten().filter_map(|planned| planned.value["Withdraw"].as_i64()).collect();
        assert_eq!(lists.values().flatten().count(), amounts.len(), "looks do no harm: {lists:?}");
        assert_eq!(amounts.iter().sum::<i64>(), 51, "one less would do no harm: {lists:?}");
        assert!(violated.story.contains("Withdraw("), "{}", violated.story);
    }
}

#[test]
fn right_operations_pass_in_every_workload() {
    let place = place();
    let given = Settings { schedules_max: Some(200), ..settings(place.path()) };
    let passed = checked(account(true), given).expect("a script looks and withdraws in one step");
    assert_eq!(passed.outcome.coverage.workloads.map(|workloads| workloads.drawn), Some(16));
}
