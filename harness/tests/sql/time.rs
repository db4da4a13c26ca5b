//! A Postgres that lives by the run's clock: what depends on `now()` changes at a `+`, the same in every replay.

use raceproof::plan::StrategyKind;
use raceproof::{FaultModel, Plan};

use crate::script::Script;

const LEASE: &str = "CREATE TABLE lease (id int PRIMARY KEY, until timestamptz NOT NULL)";
const TAKE: &str = "INSERT INTO lease VALUES (1, now() + interval '10 s')";
const STEAL: &str = "UPDATE lease SET until = now() + interval '10 s' WHERE until < now() RETURNING until";

fn schedules(model: FaultModel) -> (u64, u64) {
    let strategy = StrategyKind::Dfs;
    let plan = Plan { keep_going: true, splits_max: 0, strategy, reduces: false, model, ..Plan::default() };
    let outcome = Script::new(&[&[TAKE], &[STEAL]])
        .given(LEASE)
        .promising("nobody steals", |view| match view.results("sql").iter().any(|rows| rows.contains("20")) {
            true => Err("stolen".to_owned()),
            false => Ok(()),
        })
        .explore_as(&plan);
    assert!(outcome.coverage.exhausted, "{:?}", outcome.verdict);
    if let Some(found) = &outcome.counterexample {
        assert_eq!((found.replays.reproduced, found.replays.differing), (10, 0));
        assert_eq!(found.shrunk.schedule.to_string(), "A + B");
    }
    (outcome.coverage.schedules, outcome.coverage.violating)
}

/// A lease is a deadline of the store although it is only a value in a row. Before it, after it, and past it.
#[test]
fn lease_in_a_row_ends_when_time_passes() {
    assert_eq!(schedules(FaultModel::pause()), (3, 1));
    assert_eq!(schedules(FaultModel::none()), (2, 0));
}

/// `now()`, `clock_timestamp()` and the start of the transaction are one frozen moment, the same in each of three runs.
#[test]
fn now_is_the_moment_of_the_run() {
    let sql = "SELECT extract(epoch FROM now()), clock_timestamp() = now()";
    let trace = Script::new(&[&[sql], &[sql]]).trace("A B");
    let told: Vec<String> = trace.operations.iter().map(|operation| format!("{:?}", operation.end)).collect();
    assert_eq!(told, ["Ok(\"(1893456000.000000, t)\")"; 2]);
}
