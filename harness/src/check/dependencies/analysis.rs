//! Owns [`Analysis`]: all that is wrong with a history of transactions, and the levels that this rules out.

use std::collections::BTreeMap;

use super::anomaly::Anomaly;
use super::cycle::{Cycle, Dependency, Link, Member};
use super::finding::{Finding, Findings};
use super::graph::{Arc, Graph};
use super::level::Level;
use super::moments::Moments;
use super::readings::{Reading, Readings};
use super::search::{Found, cycles, members};
use super::transactions::{Kind, Status, Transactions};
use super::versions::{NONE, Versions, Write};
use crate::check::Opinion;

/// Which orders count beside those that reads and writes tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scope {
    /// Transactions of one process keep their order.
    pub process: bool,
    /// Who had ended before another began comes before it; needed for [`Level::StrictSerializable`].
    pub real_time: bool,
}

impl Scope {
    /// What must be looked at to judge a `level`.
    #[must_use]
    pub fn of(level: Level) -> Self {
        let is_strict = level == Level::StrictSerializable;
        Self { process: is_strict, real_time: is_strict }
    }
}

/// What a history of transactions came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Analysis {
    /// What is wrong, the gravest and shortest first; at most [`TOLD_MAX`](super::TOLD_MAX) of each kind.
    pub findings: Vec<Finding>,
    /// How often each kind was found. Of cycles one counts for each group of transactions that are entangled.
    pub counts: BTreeMap<Anomaly, usize>,
    /// How many transactions there are.
    pub transactions: usize,
    /// How many dependencies between them are known.
    pub dependencies: usize,
    /// Keys of which nothing can be said, as one value was written to them twice.
    pub ambiguous: Vec<String>,
    scope: Scope,
}

impl Analysis {
    /// Looks at a whole history.
    #[must_use]
    pub fn of(history: &Transactions, scope: Scope) -> Self {
        let mut findings = Findings::default();
        let versions = Versions::of(history);
        let readings = Readings::of(history, &versions, &mut findings);
        let moments = if scope.real_time { Moments::of(history) } else { Moments::default() };
        let graph = Graph::of(history.len(), moments.len(), |take| {
            dependencies(&versions, &readings, take);
            if scope.process {
                processes(history, take);
            }
            moments.each(take);
        });
        for found in cycles(&graph) {
            findings.add_cycle(told(history, &versions, &graph, &found));
        }
        let Findings { told: mut findings, counts } = findings;
        findings.sort_by_key(|finding| {
            (finding.anomaly, finding.cycle.as_ref().map_or(0, |cycle| cycle.members.len()))
        });
        Self {
            findings,
            counts,
            transactions: history.len(),
            dependencies: graph.arcs(),
            ambiguous: versions.ambiguous.iter().map(|key| history.keys.text(*key).to_owned()).collect(),
            scope,
        }
    }

    /// The gravest finding that rules out `level`, the shortest if there are several.
    #[must_use]
    pub fn against(&self, level: Level) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.anomaly.rules_out(level))
    }

    /// The strongest level that nothing rules out; `None` if even the weakest is. Strict serializability is only named if real time was looked at.
    #[must_use]
    pub fn strongest(&self) -> Option<Level> {
        let is_known = |level: &Level| *level != Level::StrictSerializable || self.scope.real_time;
        let levels = Level::ALL.into_iter().rev().filter(is_known);
        levels.into_iter().find(|level| self.against(*level).is_none())
    }

    /// What is to be said of `level`. It is undecided if nothing rules it out and some keys say nothing, or real time was not looked at.
    #[must_use]
    pub fn opinion(&self, level: Level) -> Opinion {
        if let Some(finding) = self.against(level) {
            return Opinion::Broken(format!("not {level}: {}", finding.told));
        }
        if let Some(key) = self.ambiguous.first() {
            let count = self.ambiguous.len();
            let told =
                format!("`{key}` got one value twice, so that reads of it say nothing ({count} such keys)");
            return Opinion::Undecided(told);
        }
        if level == Level::StrictSerializable && !self.scope.real_time {
            return Opinion::Undecided("real time was not looked at".to_owned());
        }
        Opinion::Holds
    }
}

/// The dependencies that reads and writes tell: every one leads from a transaction that had its effect to another.
fn dependencies(versions: &Versions, Readings(readings): &Readings, take: &mut dyn FnMut(u32, Arc)) {
    let counts = |write: &&Write| versions.is_effective(write.transaction);
    let next = |version: u32| {
        let next = versions.next.row(version).iter();
        next.filter_map(|after| Some((*after, versions.write(*after).filter(counts)?)))
    };
    for (before, write) in (0..).zip(&versions.writes).filter(|(_, write)| counts(write)) {
        for (after, by) in next(before) {
            take(write.transaction, Arc { to: by.transaction, why: Dependency::Writes, before, after });
        }
    }
    for Reading { transaction, version } in readings {
        let of = versions.write(*version);
        if let Some(write) = of.filter(counts) {
            let (why, version) = (Dependency::Reads, *version);
            take(write.transaction, Arc { to: *transaction, why, before: version, after: version });
        }
        // What its own writer wrote over is no version in Adya's sense; to read it is an anomaly by itself.
        let is_other = |by: &Write| of.is_none_or(|write| write.transaction != by.transaction);
        for (after, by) in next(*version).filter(|(_, by)| is_other(by)) {
            let arc = Arc { to: by.transaction, why: Dependency::Overwrites, before: *version, after };
            take(*transaction, arc);
        }
    }
}

/// The order within each process, of transactions that had their effect for certain.
fn processes(history: &Transactions, take: &mut dyn FnMut(u32, Arc)) {
    let mut last: BTreeMap<u32, u32> = BTreeMap::new();
    for (transaction, header) in (0..).zip(&history.headers) {
        if header.status == Status::Committed
            && let Some(before) = last.insert(header.process, transaction)
        {
            take(before, Arc { to: transaction, why: Dependency::Process, before: NONE, after: NONE });
        }
    }
}

/// A cycle in words.
fn told(history: &Transactions, versions: &Versions, graph: &Graph, found: &Found) -> Cycle {
    let arcs = members(graph, found);
    let member = |(transaction, _): &(u32, u32)| Member {
        name: history.name(*transaction),
        did: history.told(*transaction).to_string(),
    };
    let link = |(_, number): &(u32, u32)| link(history, versions, graph.arc(*number));
    Cycle {
        anomaly: found.anomaly,
        members: arcs.iter().map(member).collect(),
        links: arcs.iter().map(link).collect(),
    }
}

fn link(history: &Transactions, versions: &Versions, arc: &Arc) -> Link {
    let bare = Link {
        dependency: arc.why,
        object: String::new(),
        before: String::new(),
        after: String::new(),
        steps: None,
    };
    let Some(write) = versions.write(arc.after) else { return bare };
    let wrote = |write: &Write| write.value.to_string();
    let read = || seen(history, versions, write.key, arc.before);
    let (before, after) = match arc.why {
        Dependency::Writes => (versions.write(arc.before).map(wrote).unwrap_or_default(), wrote(write)),
        Dependency::Reads => (String::new(), read()),
        _ => (read(), wrote(write)),
    };
    Link { object: history.keys.text(write.key).to_owned(), before, after, ..bare }
}

/// What who reads this version of `key` sees.
fn seen(history: &Transactions, versions: &Versions, key: u32, version: u32) -> String {
    match (versions.write(version), history.kinds[key as usize]) {
        (Some(write), Kind::List) => {
            let end = if write.place == NONE { 0 } else { write.place as usize + 1 };
            ending(&history.trunks[key as usize][..end])
        }
        (Some(write), _) => write.value.to_string(),
        (None, Kind::List) => "[]".to_owned(),
        (None, _) => "nil".to_owned(),
    }
}

/// Most values of a list that are told.
const VALUES_MAX: usize = 8;

/// A list, or its end if it is long.
fn ending(values: &[i64]) -> String {
    let from = values.len().saturating_sub(VALUES_MAX);
    let words: Vec<String> = values[from..].iter().map(ToString::to_string).collect();
    format!("[{}{}]", if from > 0 { "… " } else { "" }, words.join(" "))
}

/// How many transactions a history may have before positions no longer fit.
const _: () = assert!(super::MICROS_MAX < NONE as usize / 2, "moments are numbered behind the transactions");

#[cfg(test)]
mod tests;
