//! Owns the agreement with brute force: a history has no findings exactly if some serial order explains all that was read.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::check::dependencies::{Micro, Seen};

/// One transaction of a small history: its status, when it began and ended, and what it did.
#[derive(Debug, Clone)]
struct Small {
    status: Status,
    span: (u64, u64),
    micros: Vec<Micro>,
}

fn built(small: &[Small]) -> Transactions {
    let mut history = Transactions::new();
    for (process, one) in (0..).zip(small) {
        let (invoked, completed) = one.span;
        let header = Header { process, status: one.status, invoked, completed: Some(completed) };
        history.push(header, &one.micros).unwrap();
    }
    history
}

/// Whether some order of the committed and of any of the unknown explains all reads; `real_time` if it must keep to real time.
fn has_serial_order(small: &[Small], real_time: bool) -> bool {
    let taken = small.iter().filter(|one| one.status != Status::Aborted).collect();
    extends(&BTreeMap::new(), &taken, real_time)
}

fn extends(state: &BTreeMap<String, Vec<i64>>, left: &Vec<&Small>, real_time: bool) -> bool {
    let committed = |one: &&&Small| one.status == Status::Committed;
    if left.iter().find(committed).is_none() {
        return true;
    }
    left.iter().enumerate().any(|(place, next)| {
        let is_late = left.iter().filter(committed).any(|other| other.span.1 < next.span.0);
        let mut after = state.clone();
        if (real_time && is_late) || !applies(&mut after, next) {
            return false;
        }
        let mut rest = left.clone();
        rest.remove(place);
        extends(&after, &rest, real_time)
    })
}

/// Registers are lists of which only the last value shows.
fn applies(state: &mut BTreeMap<String, Vec<i64>>, one: &Small) -> bool {
    one.micros.iter().all(|micro| {
        let content = state.entry(micro.key().to_owned()).or_default();
        match micro {
            Micro::Append(_, value) | Micro::Write(_, value) => {
                content.push(*value);
                true
            }
            Micro::Read(..) if one.status != Status::Committed => true,
            Micro::Read(_, None) => content.is_empty(),
            Micro::Read(_, Some(Seen::List(list))) => content == list,
            Micro::Read(_, Some(Seen::Value(value))) => content.last() == Some(value),
        }
    })
}

/// What one transaction is drawn from: status, begin, length, and for each micro-operation its key, whether it writes, and a
/// number from which its answer is made.
type Draw = (u8, u64, u64, Vec<(u8, bool, u16)>);

fn draws() -> impl Strategy<Value = Vec<Draw>> {
    let micro = (0..2_u8, any::<bool>(), any::<u16>());
    prop::collection::vec((0..8_u8, 0..6_u64, 0..6_u64, prop::collection::vec(micro, 1..4)), 1..6)
}

/// Answers are drawn near to what a serial execution would give, so that both verdicts are frequent.
fn small(draws: &[Draw], is_list: bool) -> Vec<Small> {
    let mut content: BTreeMap<u8, Vec<i64>> = BTreeMap::new();
    let mut value = 0;
    let mut all = Vec::new();
    for (status, invoked, length, drawn) in draws {
        let status = match status {
            0 => Status::Aborted,
            1 => Status::Unknown,
            _ => Status::Committed,
        };
        let mut micros = Vec::new();
        for (key, writes, luck) in drawn {
            let name = format!("k{key}");
            let list = content.entry(*key).or_default();
            if *writes {
                value += 1;
                // Who aborts is sometimes seen all the same.
                if status == Status::Committed || luck % 2 == 0 {
                    list.push(value);
                }
                micros.push(if is_list { Micro::append(name, value) } else { Micro::write(name, value) });
                continue;
            }
            // Most reads see everything; some miss the last one or two.
            let missed = [1, 2].get(usize::from(luck % 8)).copied().unwrap_or(0);
            let seen = &list[..list.len().saturating_sub(missed)];
            let last = seen.last().copied();
            micros.push(if is_list { Micro::list(name, seen) } else { Micro::value(name, last) });
        }
        all.push(Small { status, span: (2 * invoked, 2 * (invoked + length) + 1), micros });
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn lists_have_findings_exactly_if_no_serial_order_explains_them(draws in draws()) {
        let small = small(&draws, true);
        let analysis = Analysis::of(&built(&small), Scope::default());
        let holds = has_serial_order(&small, false);
        prop_assert_eq!(analysis.findings.is_empty(), holds, "{:?}: {:#?}", &small, &analysis.findings);
        prop_assert_eq!(analysis.opinion(Level::Serializable) == Opinion::Holds, holds);
    }

    #[test]
    fn lists_are_strict_exactly_if_a_serial_order_in_real_time_explains_them(draws in draws()) {
        let small = small(&draws, true);
        let analysis = Analysis::of(&built(&small), Scope { process: false, real_time: true });
        let holds = has_serial_order(&small, true);
        prop_assert_eq!(analysis.findings.is_empty(), holds, "{:?}: {:#?}", &small, &analysis.findings);
    }

    /// The order of blind writes is not known, so some histories without an order have no finding; never the other way round.
    #[test]
    fn registers_have_findings_only_if_no_serial_order_explains_them(draws in draws()) {
        let small = small(&draws, false);
        for real_time in [false, true] {
            let analysis = Analysis::of(&built(&small), Scope { process: false, real_time });
            let holds = has_serial_order(&small, real_time);
            prop_assert!(!holds || analysis.findings.is_empty(), "{:?}: {:#?}", &small, &analysis.findings);
        }
    }
}
