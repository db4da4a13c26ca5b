//! Owns [`Finding`]: one anomaly that was found, with its story; and how many of a kind are kept.

use std::collections::BTreeMap;

use super::anomaly::Anomaly;
use super::cycle::Cycle;

/// Most findings of one kind that are told; all are counted.
pub const TOLD_MAX: usize = 8;

/// One anomaly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which.
    pub anomaly: Anomaly,
    /// What was found, in one sentence without a full stop.
    pub told: String,
    /// The cycle, if it is one.
    pub cycle: Option<Cycle>,
}

/// What was found so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Findings {
    pub(super) told: Vec<Finding>,
    pub(super) counts: BTreeMap<Anomaly, usize>,
}

impl Findings {
    /// Adds one that is no cycle; it is only told if not too many of its kind were.
    pub(super) fn add(&mut self, anomaly: Anomaly, tell: impl FnOnce() -> String) {
        if self.count(anomaly) {
            self.told.push(Finding { anomaly, told: tell(), cycle: None });
        }
    }

    /// Adds a cycle.
    pub(super) fn add_cycle(&mut self, cycle: Cycle) {
        if self.count(cycle.anomaly) {
            self.told.push(Finding { anomaly: cycle.anomaly, told: cycle.sentence(), cycle: Some(cycle) });
        }
    }

    /// Whether it is to be told.
    fn count(&mut self, anomaly: Anomaly) -> bool {
        let count = self.counts.entry(anomaly).or_default();
        *count += 1;
        *count <= TOLD_MAX
    }
}
