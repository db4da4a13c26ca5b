//! Owns the proof that the search answers as brute force does, keeps to its limits, and tells what it found.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::check::models::{CasRegister, Inventory, Lock, Queue, Register};
use crate::check::sample::{ok, refused, unknown};
use crate::history::OperationEnd;

/// Every order of every set of operations that holds all that returned, without any memory; key by key if the model says so.
fn holds_by_force<M: Model<Call: Clone>>(model: &M, operations: &[Operation]) -> bool {
    let mut parts = BTreeMap::<_, Vec<_>>::new();
    for operation in operations {
        let reported = Reported::of(operation);
        if let Some(call) = model.call(&reported).expect("understood") {
            parts.entry(model.key(&reported)).or_default().push((operation, call));
        }
    }
    parts.values().all(|part| goes_on(model, part, &model.init()))
}

fn goes_on<M: Model<Call: Clone>>(model: &M, left: &[(&Operation, M::Call)], state: &M::State) -> bool {
    let has_returned =
        |operation: &Operation| matches!(operation.end, OperationEnd::Ok(_) | OperationEnd::Refused(_));
    if !left.iter().any(|(operation, _)| has_returned(operation)) {
        return true;
    }
    (0..left.len()).any(|next| {
        let (operation, call) = &left[next];
        let is_before = |other: &Operation| {
            has_returned(other) && other.returned.is_some_and(|returned| returned < operation.invoked)
        };
        if left.iter().any(|(other, _)| is_before(other)) {
            return false;
        }
        let Some(state) = model.step(state, call) else { return false };
        let mut rest = left.to_vec();
        rest.remove(next);
        goes_on(model, &rest, &state)
    })
}

/// Up to seven operations of four workers, each what one of `names` says with one of `results`; some refused, some open.
fn history(
    names: &'static [&'static str],
    results: &'static [&'static str],
) -> impl Strategy<Value = Vec<Operation>> {
    let one = (0..4_u8, 0..names.len(), 0..results.len(), 0..12_u64, 1..6_u64, 0..8_u8);
    vec(one, 0..8).prop_map(move |all| {
        let operation = |(worker, name, result, invoked, length, end)| {
            let (worker, name, returned) = (char::from(b'A' + worker), names[name], invoked + length);
            match end {
                0 => unknown(worker, name, invoked),
                1 => refused(worker, name, invoked, returned),
                _ => ok(worker, name, results[result], invoked, returned),
            }
        };
        all.into_iter().map(operation).collect()
    })
}

/// The two agree, and an order that is found is one: each point lies within its operation, and the model agrees.
fn agrees<M: Model<Call: Clone>>(model: &M, operations: &[Operation]) -> Result<(), TestCaseError> {
    let judgement = check(model, operations, &Limits::default()).expect("understood");
    prop_assert_eq!(matches!(judgement, Judgement::Linearizable(_)), holds_by_force(model, operations));
    if let Judgement::Linearizable(points) = judgement {
        for point in &points {
            let operation = &operations[point.operation];
            let ends = operation.returned.filter(|_| !matches!(operation.end, OperationEnd::Open));
            prop_assert!(operation.invoked <= point.after_event);
            prop_assert!(ends.is_none_or(|returned| point.after_event <= returned));
        }
        prop_assert!(points.is_sorted_by_key(|point| point.after_event));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn registers_are_judged_as_by_force(
        operations in history(&["read", "read", "write 1", "write 2", "cas 1 2", "cas nil 1"], &["nil", "1", "2"])
    ) {
        agrees(&CasRegister::default(), &operations)?;
    }

    #[test]
    fn queues_are_judged_as_by_force(
        operations in history(&["enqueue x", "enqueue y", "dequeue", "dequeue"], &["x", "y", ""])
    ) {
        agrees(&Queue, &operations)?;
    }

    #[test]
    fn locks_are_judged_as_by_force(
        operations in history(&["acquire l", "release l", "acquire l", "acquire m"], &["1", "2", "3"]),
        is_reentrant: bool,
        is_fenced: bool,
    ) {
        let operations: Vec<_> = operations;
        agrees(&Lock { is_reentrant, is_fenced }, &operations)?;
    }

    #[test]
    fn inventories_are_judged_as_by_force(
        operations in history(&["sell", "sell 2", "restock", "read", "sell x"], &["0", "1", "2"])
    ) {
        agrees(&Inventory { units: 2 }, &operations)?;
    }
}

#[test]
fn explanation_names_the_longest_prefix_and_who_cannot_come_next() {
    let operations = [
        ok('A', "write 1", "", 0, 1),
        ok('A', "write 2", "", 2, 5),
        ok('B', "read", "2", 3, 4),
        ok('B', "read", "1", 6, 7),
    ];
    let judgement = check(&Register::default(), &operations, &Limits::default()).expect("understood");
    let Judgement::Broken(stuck) = judgement else { panic!("{judgement:?}") };
    let prefix: Vec<_> = stuck.prefix.iter().map(|point| (point.operation, point.after_event)).collect();
    assert_eq!((&prefix[..], &stuck.blocked[..]), (&[(0, 0), (1, 2), (2, 3)][..], &[3][..]));
    assert_eq!(
        stuck.told(&operations),
        "at most 3 of 4 operations fit into one order:\n  \
         A write 1 ok [0, 1]\n  A write 2 ok [2, 5]\n  B read → 2 [3, 4]\n\
         then the state is 2, and none of these can come next:\n  B read → 1 [6, 7]"
    );
}

#[test]
fn explanation_of_one_key_names_it_and_an_impossible_begin_is_told_as_such() {
    let operations = [ok('A', "sell tea", "", 0, 1), ok('B', "sell mate", "", 2, 3)];
    let judgement = check(&Inventory { units: 0 }, &operations, &Limits::default()).expect("understood");
    let Judgement::Broken(stuck) = judgement else { panic!("{judgement:?}") };
    assert_eq!(
        stuck.told(&operations),
        "none of the 1 operations of `mate` can come first; at first the state is 0 left\n\
         none of these can:\n  B sell mate ok [2, 3]"
    );
}

#[test]
fn points_tell_when_each_operation_took_effect() {
    let operations = [ok('A', "write 1", "", 0, 9), ok('B', "read", "nil", 1, 2), ok('B', "read", "1", 3, 4)];
    let judgement = check(&Register::default(), &operations, &Limits::default());
    let point = |operation, after_event| Point { operation, after_event };
    assert_eq!(judgement, Ok(Judgement::Linearizable(vec![point(1, 1), point(0, 1), point(2, 3)])));
}

/// Eight writes and a read of what nobody wrote: every order of the writes is tried, or every set of them.
#[test]
fn limits_are_kept_and_named() {
    let mut operations: Vec<_> =
        (0..8).map(|value| ok('A', &format!("write {value}"), "", value, 20)).collect();
    operations.push(ok('B', "read", "9", 15, 16));
    let within = |steps_max, memory_bytes_max| {
        let limits = Limits { steps_max, memory_bytes_max };
        check(&Register::default(), &operations, &limits).expect("understood")
    };
    assert!(matches!(within(100_000, 1 << 20), Judgement::Broken(_)));
    assert_eq!(within(100, 1 << 20), Judgement::Undecided(Exceeded::Steps(100)));
    assert_eq!(within(100_000, 1_000), Judgement::Undecided(Exceeded::Memory(1_000)));
}

/// Without recursion, a long history needs no stack; with parts of sets only, it needs little memory.
#[test]
fn long_history_is_judged() {
    let operation = |index: u64| {
        let (writes, value) = (index.is_multiple_of(2), (index / 2).to_string());
        let worker = if writes { 'A' } else { 'B' };
        let what = if writes { format!("write {value}") } else { "read".to_owned() };
        // Each read overlaps the write before it and the one after.
        ok(worker, &what, if writes { "" } else { &value }, 10 * index, 10 * index + 12)
    };
    let mut operations: Vec<_> = (0..10_000).map(operation).collect();
    let limits = Limits { steps_max: 200_000, memory_bytes_max: 4 << 20 };
    assert!(matches!(check(&Register::default(), &operations, &limits), Ok(Judgement::Linearizable(_))));
    operations.push(ok('C', "read", "0", 200_000, 200_001));
    assert!(matches!(check(&Register::default(), &operations, &limits), Ok(Judgement::Broken(_))));
}

#[test]
fn model_of_two_closures_is_enough() {
    let turn = sequential(false, |is_on: &bool, call: Reported<'_>| match (call.name, call.answer) {
        ("toggle", Answer::Ok(now)) => (now == if *is_on { "off" } else { "on" }).then_some(!is_on),
        ("toggle", Answer::Unknown) => Some(!is_on),
        _ => None,
    });
    let toggles =
        |last| [ok('A', "toggle", "on", 0, 3), unknown('B', "toggle", 1), ok('C', "toggle", last, 5, 6)];
    for (last, explained) in [("on", true), ("off", true), ("up", false)] {
        let judgement = check(&turn, &toggles(last), &Limits::default()).expect("closures understand all");
        assert_eq!(matches!(judgement, Judgement::Linearizable(_)), explained, "{last}");
    }
}

#[test]
fn model_may_be_of_some_operations_only() {
    let operations = [ok('A', "write 1", "", 0, 1), ok('A', "sing", "", 2, 3), ok('B', "read", "1", 4, 5)];
    let told = check(&Register::default(), &operations, &Limits::default()).expect_err("it cannot sing");
    assert_eq!(told.to_string(), "operation 2: `sing` is no operation of a register (it knows: read, write)");
    let only = Only { model: Register::default(), names: &["read", "write"] };
    assert!(matches!(check(&only, &operations, &Limits::default()), Ok(Judgement::Linearizable(_))));
    let only = Only { model: Register::default(), names: &["read"] };
    assert!(matches!(check(&only, &operations, &Limits::default()), Ok(Judgement::Broken(_))));
}
