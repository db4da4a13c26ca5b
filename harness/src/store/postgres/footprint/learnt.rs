//! Owns [`Learnt`]: what a search has learnt about which differences show, so that nothing that was taken to be independent stays so.

use std::collections::BTreeSet;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::following::Following;
use crate::octets;

/// What holds for all executions of a search.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Learnt {
    /// Raised whenever a footprint turns out to have been too small.
    pub(super) coarseness: u64,
    /// A client has asked for settings by which its statements may mean something else.
    pub(super) is_distrusted: bool,
    /// Tables the order of whose rows was noticed.
    shown: BTreeSet<String>,
    /// Tables of which one row alone was said to be written.
    parted: BTreeSet<String>,
}

impl Learnt {
    /// Forgets what was learnt of the data; a client's settings are those of the program.
    pub(super) fn forget(&mut self) {
        *self = Self { is_distrusted: self.is_distrusted, ..Self::default() };
    }

    /// The order of the rows of a table is noticed.
    pub(super) fn show(&mut self, rows: &Bytes) {
        let name = octets::text(rows);
        self.coarseness += u64::from(!self.shown.contains(&name) && self.parted.contains(&name));
        self.shown.insert(name);
    }

    /// Whether the order of the rows of a table was noticed.
    pub(super) fn shows(&self, rows: &Bytes) -> bool {
        !self.shown.is_empty() && self.shown.contains(&octets::text(rows))
    }

    /// One row alone of a table is said to be written.
    pub(super) fn part(&mut self, rows: &Bytes) {
        let name = octets::text(rows);
        self.parted.insert(name);
    }
}

impl Following {
    /// Forgets what was learnt about which differences show.
    pub(in super::super) fn unlearn(&mut self) {
        self.begin();
        self.learnt.forget();
    }

    pub(in super::super) fn coarseness(&self) -> u64 {
        self.learnt.coarseness
    }

    pub(in super::super) fn learnt(&self) -> Value {
        json!(self.learnt)
    }

    /// Knows nothing but what was learnt before; `false` if it is not that.
    pub(in super::super) fn relearn(&mut self, learnt: Value) -> bool {
        self.begin();
        serde_json::from_value(learnt).map(|learnt| self.learnt = learnt).is_ok()
    }
}
