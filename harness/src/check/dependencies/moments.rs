//! Owns [`Moments`]: who had ended before who began, with as many arcs as there are transactions.

use super::cycle::Dependency;
use super::graph::Arc;
use super::number;
use super::transactions::{Header, Status, Transactions};
use super::versions::NONE;

/// Moments at which transactions had just ended, one after the other. A transaction leads to the moment of its end, each moment to the
/// next, and the last moment before a transaction began to that transaction: so one leads to another exactly if it had ended before.
#[derive(Debug, Default)]
pub(super) struct Moments {
    /// For each moment in order who ended then.
    ended: Vec<u32>,
    /// For each transaction how many moments were over when it began.
    over: Vec<u32>,
}

impl Moments {
    /// Those of committed transactions; of who has not committed nobody knows when it took effect.
    pub(super) fn of(history: &Transactions) -> Self {
        let end = |header: &Header| header.completed.filter(|_| header.status == Status::Committed);
        let headers = history.headers.iter().enumerate();
        let mut ends: Vec<(u64, u32)> =
            headers.filter_map(|(transaction, header)| Some((end(header)?, number(transaction)))).collect();
        ends.sort_unstable();
        let over = |header: &Header| number(ends.partition_point(|(end, _)| *end < header.invoked));
        let over = history.headers.iter().map(over).collect();
        Self { ended: ends.into_iter().map(|(_, transaction)| transaction).collect(), over }
    }

    pub(super) fn len(&self) -> usize {
        self.ended.len()
    }

    /// Every arc with the node that it leads from; moments are numbered behind the transactions.
    pub(super) fn each(&self, take: &mut dyn FnMut(u32, Arc)) {
        if self.over.is_empty() {
            return;
        }
        let first = number(self.over.len());
        let arc = |to| Arc { to, why: Dependency::RealTime, before: NONE, after: NONE };
        for (moment, transaction) in (first..).zip(&self.ended) {
            take(*transaction, arc(moment));
            if moment > first {
                take(moment - 1, arc(moment));
            }
        }
        for (transaction, over) in (0..).zip(&self.over) {
            if *over > 0 {
                take(first + over - 1, arc(transaction));
            }
        }
    }
}
