//! Owns [`Graph`]: who must come before whom and why, in compressed rows.

use super::cycle::Dependency;
use super::number;
use super::versions::NONE;

/// One dependency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Arc {
    pub(crate) to: u32,
    pub(crate) why: Dependency,
    /// What the first of the two read or wrote; whoever makes the graph knows what the number means.
    pub(crate) before: u32,
    /// What the second read or wrote.
    pub(crate) after: u32,
}

/// A direct serialization graph (Adya). Nodes behind the transactions are moments, which only real time leads to and from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Graph {
    begins: Vec<u32>,
    arcs: Vec<Arc>,
    /// How many nodes are transactions.
    transactions: u32,
}

impl Graph {
    /// A graph of so many transactions and moments; `each` gives every arc with the node that it leads from, twice in the same order.
    pub(crate) fn of(transactions: usize, moments: usize, each: impl Fn(&mut dyn FnMut(u32, Arc))) -> Self {
        let nodes = transactions + moments;
        let mut begins = vec![0_u32; nodes + 1];
        each(&mut |from, arc| begins[from as usize + 1] += u32::from(from != arc.to));
        for node in 0..nodes {
            begins[node + 1] += begins[node];
        }
        let nothing = Arc { to: 0, why: Dependency::Writes, before: NONE, after: NONE };
        let mut arcs = vec![nothing; begins[nodes] as usize];
        let mut ends = begins.clone();
        each(&mut |from, arc| {
            if from != arc.to {
                arcs[ends[from as usize] as usize] = arc;
                ends[from as usize] += 1;
            }
        });
        // In order, so that among several reasons the gravest is met first.
        for node in 0..nodes {
            arcs[begins[node] as usize..begins[node + 1] as usize].sort_unstable();
        }
        Self { begins, arcs, transactions: number(transactions) }
    }

    pub(crate) fn nodes(&self) -> u32 {
        number(self.begins.len()) - 1
    }

    /// Numbers of the arcs that lead from `node`.
    pub(crate) fn from(&self, node: u32) -> std::ops::Range<u32> {
        self.begins[node as usize]..self.begins[node as usize + 1]
    }

    pub(crate) fn arc(&self, number: u32) -> &Arc {
        &self.arcs[number as usize]
    }

    pub(crate) fn arcs(&self) -> usize {
        self.arcs.len()
    }

    pub(crate) fn is_transaction(&self, node: u32) -> bool {
        node < self.transactions
    }
}
