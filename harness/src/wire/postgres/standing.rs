//! Owns [`Standing`]: what a connection keeps at the server between two exchanges.

use super::facts::Facts;

/// What the server's last `ReadyForQuery` said about the transaction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Transaction {
    #[default]
    None,
    Open,
    Failed,
}

impl Transaction {
    /// The status in a `ReadyForQuery`.
    pub(super) fn of(body: &[u8]) -> Option<Self> {
        match body {
            [b'I'] => Some(Self::None),
            [b'T'] => Some(Self::Open),
            [b'E'] => Some(Self::Failed),
            _ => None,
        }
    }
}

/// What answered requests have left behind.
#[derive(Debug, Default)]
pub(super) struct Standing {
    transaction: Transaction,
    /// Something ran since the last `ReadyForQuery`, in a transaction that the next `Sync` ends.
    implicit: bool,
    /// It listens to a channel, or may do so as soon as its transaction is committed.
    pub(super) listens: bool,
    /// Its transaction has locked the structure of the data.
    pub(super) excludes: bool,
    keeps_locks: bool,
}

impl Standing {
    /// An exchange is over, and so is its implicit transaction.
    pub(super) fn ready(&mut self, transaction: Transaction, facts: Facts, failed: bool) {
        self.transaction = transaction;
        self.answered(facts, failed);
        self.implicit = false;
        let ended = transaction == Transaction::None;
        self.excludes &= !ended;
        // Inside a transaction it could still be rolled back.
        if facts.hushes && !failed && ended {
            self.listens = false;
        }
        if facts.drops_locks && !failed {
            self.keeps_locks = false;
        }
    }

    /// An exchange is over without a `ReadyForQuery`.
    pub(super) fn answered(&mut self, facts: Facts, failed: bool) {
        self.implicit = true;
        self.listens |= facts.listens && !failed;
        self.excludes |= facts.excludes;
        // Kept even if what follows it fails.
        self.keeps_locks |= facts.keeps_locks;
    }

    /// How the transaction stands in which the next request runs; an implicit one counts as open.
    pub(super) fn transaction(&self) -> Transaction {
        if self.implicit && self.transaction == Transaction::None {
            Transaction::Open
        } else {
            self.transaction
        }
    }

    /// Whether the end of the connection ends a transaction or lets a lock go.
    pub(super) fn lingers(&self) -> bool {
        self.transaction != Transaction::None || self.implicit || self.keeps_locks
    }
}
