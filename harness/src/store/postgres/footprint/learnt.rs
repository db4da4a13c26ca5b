//! Owns [`Learnt`]: what a search has learnt about which differences show, so that nothing that was taken to be independent stays so.

use std::collections::BTreeSet;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

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
