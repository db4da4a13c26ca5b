//! Owns the measurements of linearizability: recorded histories, many small ones, one long one, and an execution's.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;
use std::{fs, iter};

use raceproof::check::linearizability::{Judgement, Limits, check};
use raceproof::check::models::CasRegister;
use raceproof::check::{Invariant, View, reading};
use raceproof::history::{Operation, OperationEnd, State};
use raceproof::id::WorkerId;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::Failure;
use crate::table::{Bar, Table, median};

/// Judging all recorded histories may take this long: a quarter of what Porcupine, in Go, takes for as many.
const RECORDED_SECONDS_MAX: f64 = 0.1;
/// Histories of fifty operations that must be judged in a second.
const SMALL_PER_SECOND_MIN: f64 = 20_000.0;
const SMALL_OPERATIONS: usize = 50;
const SMALL_HISTORIES: usize = 4_000;
const LONG_OPERATIONS: usize = 10_000;
/// Operations of an execution, as a search makes them by the thousand.
const EXECUTION_OPERATIONS: usize = 4;
const ROUNDS: usize = 5;
/// Workers of a generated history.
const WORKERS: usize = 5;

pub(crate) fn measure(table: &mut Table) -> Result<(), Failure> {
    recorded(table)?;
    small(table);
    long(table);
    execution(table);
    Ok(())
}

/// Whether the operations of a register that begins with `initial` are linearizable.
fn judge(initial: &str, operations: &[Operation]) -> bool {
    let judgement = check(&CasRegister { initial: initial.into() }, operations, &Limits::default());
    match judgement.expect("operations of a register") {
        Judgement::Linearizable(_) => true,
        Judgement::Broken(_) => false,
        Judgement::Undecided(why) => panic!("{why}"),
    }
}

/// The median of some rounds, in seconds of a core: what others do on this machine does not count.
fn seconds(mut work: impl FnMut()) -> f64 {
    let round = |()| {
        let begin = on_core();
        work();
        (on_core() - begin).as_secs_f64()
    };
    median(&iter::repeat_n((), ROUNDS).map(round).collect::<Vec<_>>())
}

/// How long this thread has been on a core, as Linux tells it.
fn on_core() -> Duration {
    let told = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells it");
    let nanoseconds = told.split(' ').next().and_then(|first| first.parse().ok());
    Duration::from_nanos(nanoseconds.expect("the first number is nanoseconds"))
}

fn recorded(table: &mut Table) -> Result<(), Failure> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/etcd");
    let expected: BTreeMap<String, String> =
        serde_json::from_str(&fs::read_to_string(folder.join("expected.json"))?)?;
    let texts =
        expected.keys().map(|name| fs::read_to_string(folder.join(name))).collect::<Result<Vec<_>, _>>()?;
    let read = || -> Result<Vec<_>, _> { texts.iter().map(|text| reading::read(text)).collect() };
    let histories = read()?;
    let reading = seconds(|| drop(black_box(read())));
    table.row(format!("{} etcd histories, reading", texts.len()), format!("{:.2} ms", reading * 1e3), None);
    let mut right = 0;
    let judging = seconds(|| {
        let judged = histories.iter().map(|history| judge("nil", &history[0].operations));
        right = judged
            .zip(expected.values())
            .filter(|(holds, verdict)| *holds == (*verdict == "linearizable"))
            .count();
    });
    let bar = Bar::new(format!("at most {} ms", RECORDED_SECONDS_MAX * 1e3), judging <= RECORDED_SECONDS_MAX);
    table.row("the same, judging", format!("{:.2} ms", judging * 1e3), Some(bar));
    let all = Bar::new("all".to_owned(), right == texts.len());
    table.row("the same, judged as expected", format!("{right} of {}", texts.len()), Some(all));
    Ok(())
}

/// A history of a real register: each operation takes effect at a random moment between its two events.
fn generated(chance: &mut ChaCha8Rng, operations: usize, workers: usize) -> Vec<Operation> {
    let mut below = |bound: usize| usize::try_from(chance.next_u32()).unwrap_or(0) % bound;
    let mut history: Vec<Operation> = Vec::with_capacity(operations);
    // The open operation of each worker, and whether it has taken effect.
    let mut open: Vec<Option<(usize, bool)>> = vec![None; workers];
    let (mut value, mut event) = (0, 0);
    while history.len() < operations || open.iter().any(Option::is_some) {
        let worker = below(workers);
        match open[worker] {
            None if history.len() < operations => {
                let (name, argument) = match below(3) {
                    0 => ("write", below(5).to_string()),
                    1 => ("cas", format!("{} {}", below(5), below(5))),
                    _ => ("read", String::new()),
                };
                open[worker] = Some((history.len(), false));
                history.push(invoked(worker, name, argument, event));
                event += 1;
            }
            None => {}
            Some((index, false)) => {
                history[index].end = effect(&history[index], &mut value);
                open[worker] = Some((index, true));
            }
            Some((index, true)) => {
                history[index].returned = Some(event);
                event += 1;
                open[worker] = None;
            }
        }
    }
    history
}

fn invoked(worker: usize, name: &str, argument: String, invoked: u64) -> Operation {
    Operation {
        worker: WorkerId(u16::try_from(worker).unwrap_or_default()),
        name: name.to_owned(),
        argument,
        invoked,
        invoked_after_steps: 0,
        returned: None,
        returned_after_steps: None,
        end: OperationEnd::Open,
        fault: None,
    }
}

fn effect(operation: &Operation, value: &mut usize) -> OperationEnd {
    let number = |text: &str| text.parse().unwrap_or_default();
    match operation.argument.split_once(' ') {
        Some((expected, new)) if number(expected) == *value => *value = number(new),
        Some(_) => return OperationEnd::Refused(String::new()),
        None if operation.name == "write" => *value = number(&operation.argument),
        None => return OperationEnd::Ok(value.to_string()),
    }
    OperationEnd::Ok(String::new())
}

/// The history with one read's result changed to another value of the register, so that it is broken; `None` if no
/// such change breaks it.
fn wrong(history: &[Operation]) -> Option<Vec<Operation>> {
    let reads = (0..history.len()).rev().filter(|place| history[*place].name == "read");
    let changes = reads.flat_map(|read| (0..5).map(move |value| (read, value)));
    let mut changed = changes.map(|(read, value)| {
        let mut history = history.to_vec();
        history[read].end = OperationEnd::Ok(value.to_string());
        history
    });
    changed.find(|history| !judge("0", history))
}

/// Every other one is wrong by one changed result.
fn small(table: &mut Table) {
    let mut chance = ChaCha8Rng::seed_from_u64(7);
    let history = |index: usize| {
        let right = generated(&mut chance, SMALL_OPERATIONS, WORKERS);
        if index.is_multiple_of(2) { wrong(&right).unwrap_or(right) } else { right }
    };
    let histories: Vec<_> = (0..SMALL_HISTORIES).map(history).collect();
    let mut broken = 0;
    let taken = seconds(|| broken = histories.iter().filter(|history| !judge("0", history)).count());
    let per_second = f64::from(u32::try_from(SMALL_HISTORIES).unwrap_or(0)) / taken;
    let name = format!("histories of {SMALL_OPERATIONS} operations ({broken} of {SMALL_HISTORIES} wrong)");
    table.row(name, format!("{per_second:.0}/s"), Some(Bar::at_least(per_second, SMALL_PER_SECOND_MIN)));
}

fn long(table: &mut Table) {
    let history = generated(&mut ChaCha8Rng::seed_from_u64(11), LONG_OPERATIONS, 2);
    let taken = seconds(|| assert!(judge("0", &history), "a real register made it"));
    let per_second = f64::from(u32::try_from(LONG_OPERATIONS).unwrap_or(0)) / taken;
    table.row(
        format!("one history of {LONG_OPERATIONS} operations of two workers"),
        format!("{per_second:.0} operations/s"),
        None,
    );
}

fn execution(table: &mut Table) {
    let operations = generated(&mut ChaCha8Rng::seed_from_u64(13), EXECUTION_OPERATIONS, 2);
    let invariant = Invariant::linearizable(CasRegister { initial: "0".into() });
    let (state, team) = (State::default(), [WorkerId(0), WorkerId(1)]);
    let view = View {
        state: &state,
        operations: &operations,
        workers: 2,
        team: &team,
        crashed: &[],
        failed: &[],
        faults: 0,
    };
    let times = 10_000_u32;
    let taken = seconds(|| {
        for _ in 0..times {
            assert!(black_box(invariant.violation(&view, None)).is_none(), "a real register made it");
        }
    });
    let each = Duration::from_secs_f64(taken / f64::from(times));
    table.row(
        format!("`Invariant::linearizable` on {EXECUTION_OPERATIONS} operations"),
        format!("{each:.2?}"),
        None,
    );
}
