//! Tests of [`Checkpoint`].

use std::error::Error as _;

use super::*;
use crate::explore::{Portfolio, Strategy, Systematic};

fn identity(plan: &Plan) -> SearchIdentity {
    SearchIdentity::of(&Card { name: "a/b".to_owned(), workers: 2, ..Card::default() }, plan)
}

fn checkpoint() -> Checkpoint {
    let mut portfolio = Portfolio::new(Systematic::new(None, true), 0, Shard::WHOLE);
    let body = CheckpointBody {
        verdict: Verdict::Pass,
        coverage: Coverage { schedules: 20, ..Coverage::default() },
        failing: 1,
        regressions: Vec::new(),
        evidence: None,
        workloads: vec![
            WorkloadState { schedules: 20, strategy: portfolio.checkpoint(), ..WorkloadState::default() },
            WorkloadState::default(),
        ],
    };
    Checkpoint::new(identity(&Plan::default()), body)
}

fn text(checkpoint: &Checkpoint) -> String {
    let mut bytes = Vec::new();
    checkpoint.write(&mut bytes).expect("memory takes everything");
    String::from_utf8(bytes).expect("JSON is text")
}

fn read(text: &str) -> Result<Checkpoint, CheckpointError> {
    Checkpoint::read(&mut text.as_bytes())
}

#[test]
fn what_is_written_is_read_back_and_its_head_alone_too() {
    let checkpoint = checkpoint();
    let text = text(&checkpoint);
    assert_eq!(read(&text).expect("just written"), checkpoint);
    let head = CheckpointHead::read(&mut text.as_bytes()).expect("just written");
    assert_eq!((&head, head.schedules), (checkpoint.head(), 20));
}

/// Every argument that changes a search, by itself.
#[test]
fn another_search_is_refused_with_what_differs() {
    let checkpoint = checkpoint();
    assert!(checkpoint.head().check(&identity(&Plan::default())).is_ok());
    let longer = Plan { schedules_max: 7, keep_going: true, repeat: 3, ..Plan::default() };
    assert!(checkpoint.head().check(&identity(&longer)).is_ok(), "how long it goes on may differ");
    for (plan, told) in [
        (Plan { seed: 8, ..Plan::default() }, "`seed` was 0 and is 8 (give the same"),
        (
            Plan { strategy: StrategyKind::Dfs, ..Plan::default() },
            "`strategy` was \"portfolio\" and is \"dfs\"",
        ),
        (Plan { workers: Some(3), ..Plan::default() }, "`workers` was 2 and is 3"),
        (Plan { reduces: false, ..Plan::default() }, "`reduces` was true and is false"),
        (Plan { preemption_bound: Some(1), ..Plan::default() }, "`preemption bound` was null and is 1"),
        (Plan { splits_max: 0, ..Plan::default() }, "`splits max` was 1 and is 0"),
        (Plan { pct_depth: 4, ..Plan::default() }, "`pct depth` was 3 and is 4"),
        (
            Plan { shard: "1/2".parse().expect("one"), ..Plan::default() },
            "`shard` was \"1/1\" and is \"1/2\"",
        ),
    ] {
        let refused = checkpoint.head().check(&identity(&plan)).expect_err("another search").to_string();
        assert!(refused.contains(told), "{refused}");
    }
}

#[test]
fn what_is_no_checkpoint_of_this_program_is_refused_by_its_kind() {
    let text = text(&checkpoint());
    let other = text.replace(&format!("\"program\":\"{}\"", program()), "\"program\":\"9.9.9\"");
    let refused = read(&other).expect_err("another program");
    assert!(refused.to_string().starts_with("raceproof 9.9.9 wrote it"), "{refused}");
    let newer = read(&text.replace("\"version\":2", "\"version\":3")).expect_err("another form");
    assert!(matches!(newer, CheckpointError::OtherProgram { version: 3, .. }));
    for wrong in ["", "{}\n", "nothing", "{\"format\":\"raceproof-record\"}\n"] {
        assert!(matches!(read(wrong), Err(CheckpointError::NoCheckpoint(_))), "{wrong}");
    }
    let (cut, longer) = (&text[..text.len() - 9], format!("{text}{{}}"));
    for damaged in [cut, &longer, &text.replace("\"failing\":1", "\"failing\":-1")] {
        let refused = read(damaged).expect_err("damaged");
        assert!(matches!(refused, CheckpointError::Damaged(_)) && refused.source().is_some(), "{refused}");
    }
}
