//! Owns the promise that the operations of workers are consistent with a level.

use std::collections::BTreeMap;

use super::analysis::{Analysis, Scope};
use super::level::Level;
use super::micro::MicroList;
use super::transactions::{Header, Status, Transactions};
use crate::check::{Explanation, Invariant, Opinion};
use crate::history::{Operation, OperationEnd};
use crate::id::WorkerId;

/// What an operation that is a transaction is called.
pub const TRANSACTION: &str = "txn";

impl Invariant {
    /// The operations called [`TRANSACTION`] are [consistent with](Self::consistent_with) some serial order.
    #[must_use]
    pub fn serializable() -> Self {
        Self::consistent_with(Level::Serializable)
    }

    /// The operations called [`TRANSACTION`] are consistent with `level`.
    ///
    /// Such an operation is invoked with what it is going to do and returns what it did, both in the notation of [`MicroList`]; what the invocation reads
    /// is told as `nil`. Refused means rolled back; an operation that is open or ended in an error may have had its effect. Every
    /// value is appended or written to a key only once, and keys are empty before the first operation. The search for an anomaly is complete for lists only:
    /// of registers the order of blind writes is not known.
    ///
    /// ```
    /// use raceproof::check::{Micro, MicroList};
    ///
    /// let mut done = MicroList(vec![Micro::append("x", 1), Micro::read("y")]);
    /// // let transaction = worker.invoke(TRANSACTION, &done);
    /// done.0[1] = Micro::list("y", [2, 3]);
    /// // transaction.ok(&done);
    /// assert_eq!(done.to_string(), "[[:append x 1] [:r y [2 3]]]");
    /// ```
    #[must_use]
    pub fn consistent_with(level: Level) -> Self {
        Self::explained(format!("the transactions are {}", adjective(level)), move |view| {
            explained(view.operations, level)
        })
    }
}

fn adjective(level: Level) -> String {
    match level {
        Level::Serializable => "serializable".to_owned(),
        Level::StrictSerializable => "strictly serializable".to_owned(),
        level => format!("consistent with {level}"),
    }
}

/// What is to be said of the operations called [`TRANSACTION`] and `level`, in the notation that [`Invariant::consistent_with`] describes. It is
/// undecided if one is written in another way.
#[must_use]
pub fn judge_transactions(operations: &[Operation], level: Level) -> Opinion {
    explained(operations, level).0
}

/// The same, with the cycle, if that is what rules out `level`.
fn explained(operations: &[Operation], level: Level) -> (Opinion, Option<Explanation>) {
    match history(operations) {
        Ok(history) => {
            let analysis = Analysis::of(&history, Scope::of(level));
            let cycle = analysis.against(level).and_then(|finding| finding.cycle.clone());
            (analysis.opinion(level), cycle.map(Explanation::Cycle))
        }
        Err(what) => (Opinion::Undecided(what), None),
    }
}

/// The operations that are transactions; the error tells of one that is written in another way.
fn history(operations: &[Operation]) -> Result<Transactions, String> {
    let transactions = || operations.iter().filter(|operation| operation.name == TRANSACTION);
    let mut counts: BTreeMap<WorkerId, (usize, usize)> = BTreeMap::new();
    transactions().for_each(|operation| counts.entry(operation.worker).or_default().1 += 1);
    let mut history = Transactions::new();
    for operation in transactions() {
        let (status, text) = match &operation.end {
            // What only says again what was asked for may be left out.
            OperationEnd::Ok(result) if result.is_empty() => (Status::Committed, &operation.argument),
            OperationEnd::Ok(result) => (Status::Committed, result),
            OperationEnd::Refused(_) => (Status::Aborted, &operation.argument),
            OperationEnd::Open | OperationEnd::Unknown(_) => (Status::Unknown, &operation.argument),
        };
        let worker = operation.worker;
        let micros: Result<MicroList, _> = text.parse();
        let micros =
            micros.map_err(|error| format!("{worker} reported a transaction as `{text}`: {error}"))?;
        let process = u32::from(worker.0);
        let header = Header { process, status, invoked: operation.invoked, completed: operation.returned };
        let added = history.push(header, &micros.0).map_err(|error| error.to_string())?;
        if let Some((number, all)) = counts.get_mut(&worker) {
            *number += 1;
            let is_only = *all == 1;
            let name = if is_only { worker.to_string() } else { format!("{worker}'s transaction {number}") };
            history.label(added, name);
        }
    }
    Ok(history)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::View;
    use crate::check::sample::{ok, refused, unknown};
    use crate::history::State;

    fn found(level: Level, operations: &[Operation]) -> Option<String> {
        let state = State::default();
        let view =
            View { state: &state, operations, workers: 2, team: &[], crashed: &[], failed: &[], faults: 0 };
        Invariant::consistent_with(level).violation(&view, None).map(|violation| violation.found)
    }

    /// Snapshot isolation allows a write skew, one after the other does not.
    #[test]
    fn write_skew_breaks_the_promise_of_serializability_only() {
        let skew = [
            ok('A', "txn [[:r x nil] [:append y 1]]", "[[:r x []] [:append y 1]]", 0, 3),
            ok('B', "txn [[:r y nil] [:append x 1]]", "[[:r y []] [:append x 1]]", 1, 2),
        ];
        assert_eq!(found(Level::SnapshotIsolation, &skew), None);
        let told = found(Level::Serializable, &skew).expect("neither saw the other");
        let story = "not serializable: A read `x` as [] before B wrote 1 to it (rw); B read `y` as [] before A wrote 1 \
                     to it (rw); so A must come before itself: a write skew (G2-item)";
        assert_eq!(told, story);
    }

    /// The twin in which the second saw the first; what was rolled back or is open leaves no trace, and other operations are none.
    #[test]
    fn transactions_in_a_row_keep_the_promise() {
        let row = [
            ok('A', "txn [[:r x nil] [:append y 1]]", "[[:r x []] [:append y 1]]", 0, 1),
            ok('B', "txn [[:r y nil] [:append x 1]]", "[[:r y [1]] [:append x 1]]", 2, 3),
            refused('A', "txn [[:append x 2]]", 4, 5),
            unknown('B', "txn [[:append x 3]]", 6),
            ok('A', "sell 1", "", 7, 8),
        ];
        assert_eq!(found(Level::StrictSerializable, &row), None);
    }

    /// The worker reported something that is no transaction, so nothing can be said: neither that it is right nor that it is wrong.
    #[test]
    fn what_is_written_in_another_way_is_undecided() {
        let told = judge_transactions(&[ok('A', "txn x", "read x", 0, 1)], Level::Serializable);
        let Opinion::Undecided(why) = told else { panic!("{told:?}") };
        assert!(why.starts_with("A reported a transaction as `read x`"), "{why}");
    }
}
