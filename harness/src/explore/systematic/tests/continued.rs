//! A search that is written down half-way, and goes on from what was written.

use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};

use super::{CASES, Course, Model, any_act};
use crate::choice::Schedule;
use crate::explore::{
    Decision, PartialOrderSampling, Pct, Point, Portfolio, RandomWalk, Strategy, StrategyState, Systematic,
};
use crate::shard::Shard;

/// Executions of a search that has no end by itself.
const EXECUTIONS_MAX: usize = 150;
/// What may be searched with, by number.
const KINDS: usize = 6;

fn strategy(kind: usize, shard: Shard) -> Box<dyn Strategy> {
    let systematic = |reduces| Systematic::new(None, reduces).of_shard(shard);
    match kind {
        0 => Box::new(systematic(false)),
        1 => Box::new(systematic(true)),
        2 => Box::new(Portfolio::new(systematic(true), 7, shard)),
        3 => Box::new(PartialOrderSampling::new(7, shard)),
        4 => Box::new(Pct::new(7, 3, shard)),
        _ => Box::new(RandomWalk::new(7, shard)),
    }
}

/// The schedules of the next executions, at most `most`, each with whether another shard has it.
fn go_on(model: &Model, strategy: &mut dyn Strategy, most: usize) -> Vec<(Schedule, bool)> {
    let mut found = Vec::new();
    while found.len() < most && strategy.begin() {
        let count = model.programs.len();
        let mut course =
            Course { seen: vec![Vec::new(); count], crashed: vec![false; count], ..Course::default() };
        let (mut previous, mut schedule) = (None, Schedule::default());
        loop {
            let options = model.options(&course);
            if options.is_empty() {
                strategy.end(schedule.0.len()).expect("ends where it ended before");
                break;
            }
            match strategy.choose(&Point { options: &options, previous }) {
                Decision::Take(index) => {
                    previous = options[index].turn().or(previous);
                    let transition = model.take(&mut course, options[index]);
                    schedule.0.push(options[index]);
                    if strategy.observes() {
                        strategy.observe(transition);
                    }
                }
                Decision::Redundant => break,
                other => panic!("a deterministic system never comes to {other:?}"),
            }
        }
        found.push((schedule, strategy.is_elsewhere()));
    }
    found
}

fn written(strategy: &mut dyn Strategy) -> String {
    serde_json::to_string(&strategy.checkpoint().expect("it can tell")).expect("text")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    /// Whatever the strategy and wherever it is interrupted, once and again, the schedules are those of the search that was not;
    /// and what is written of two searches that stand in the same place is the same.
    #[test]
    fn interrupted_search_goes_on_as_if_it_had_not_been(
        programs in proptest::collection::vec(proptest::collection::vec(any_act(), 0..4), 1..4),
        has_crash in any::<bool>(),
        time_after in proptest::option::of(0..3usize),
        kind in 0..KINDS,
        shards in 1..3u32,
        first in 0..60usize,
        second in 0..60usize,
    ) {
        let model = Model { programs, has_crash, time_after };
        let shard = Shard::new(1, shards).expect("the first of them");
        let mut whole = strategy(kind, shard);
        let expected = go_on(&model, whole.as_mut(), EXECUTIONS_MAX);

        let mut found = Vec::new();
        let mut running = strategy(kind, shard);
        for most in [first, second] {
            found.extend(go_on(&model, running.as_mut(), most.min(EXECUTIONS_MAX - found.len())));
            if running.exhausted() {
                break;
            }
            let text = written(running.as_mut());
            running = strategy(kind, shard);
            let state: StrategyState = serde_json::from_str(&text).expect("it was written so");
            running.restore(state).expect("it hangs together");
            prop_assert_eq!(written(running.as_mut()), text);
        }
        if !running.exhausted() {
            found.extend(go_on(&model, running.as_mut(), EXECUTIONS_MAX - found.len()));
        }
        prop_assert_eq!(found, expected);
        prop_assert_eq!(running.exhausted(), whole.exhausted());
    }

    /// What was damaged on the way is refused or searched to its end; it never brings the program down.
    #[test]
    fn damaged_state_is_refused_or_harmless(reduces in any::<bool>(), at in 0..2_000usize, digit in 0..10u8) {
        let programs = vec![vec![super::Act::Raise(0), super::Act::Raise(1)]; 3];
        let model = Model { programs, has_crash: false, time_after: None };
        let mut search = strategy(usize::from(reduces), Shard::WHOLE);
        go_on(&model, search.as_mut(), 9);
        let mut text = written(search.as_mut()).into_bytes();
        let digits: Vec<usize> = (0..text.len()).filter(|index| text[*index].is_ascii_digit()).collect();
        text[digits[at % digits.len()]] = b'0' + digit;
        if let Ok(state) = serde_json::from_slice::<StrategyState>(&text) {
            let mut other = strategy(usize::from(reduces), Shard::WHOLE);
            if other.restore(state).is_ok() {
                other.checkpoint();
            }
        }
    }
}

/// Each strategy takes what is its own, and nothing else.
#[test]
fn state_of_another_strategy_is_refused() {
    for (kind, other) in [(0, 2), (2, 3), (3, 0), (5, 2)] {
        let state = strategy(kind, Shard::WHOLE).checkpoint().expect("it can tell");
        assert!(strategy(other, Shard::WHOLE).restore(state.clone()).is_err(), "{kind} to {other}");
        assert!(strategy(kind, Shard::WHOLE).restore(state).is_ok(), "{kind}");
    }
}

/// A branch is waited for once, at a node that is there, behind one that leads to it.
#[test]
fn state_that_does_not_hang_together_is_refused() {
    let model = Model { programs: vec![vec![super::Act::Raise(0)]; 2], has_crash: false, time_after: None };
    let mut search = strategy(0, Shard::WHOLE);
    go_on(&model, search.as_mut(), 1);
    let text = written(search.as_mut());
    let waiting = "\"waiting\":{\"0\":[[0,1,0,false]]},\"count\":1";
    assert!(text.contains(waiting), "{text}");
    let restored = |waiting_now: &str| {
        let state = serde_json::from_str(&text.replace(waiting, waiting_now)).expect("the form is right");
        strategy(0, Shard::WHOLE).restore(state)
    };
    assert!(restored(waiting).is_ok());
    for wrong in [
        "\"waiting\":{\"0\":[[9,1,0,false]]},\"count\":1",
        "\"waiting\":{\"0\":[[0,7,0,false]]},\"count\":1",
        "\"waiting\":{\"0\":[[0,0,0,false]]},\"count\":1",
        "\"waiting\":{\"0\":[[0,1,0,false],[0,1,0,false]]},\"count\":2",
        "\"waiting\":{\"0\":[[0,1,0,false]]},\"count\":2",
        "\"waiting\":{\"0\":[]},\"count\":0",
    ] {
        assert!(restored(wrong).is_err(), "{wrong}");
    }
}
