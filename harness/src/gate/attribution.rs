//! Owns whose a connection is that a program opens which works for several workers, such as a service with a pool: that of the
//! worker for whom it is used at the moment.
//!
//! ```text
//! A goes on alone ── the pool's first connection holds a request ── it is A's
//! B goes on alone ── the pool's second one does ── it is B's
//! A's request is answered ── some connection holds the next ── it is A's, unless A has its response: then it is of the one
//!                                                             that has waited longest inside the program
//! ```

use super::connection::Connection;
use super::{Gate, GateError, Lease};
use crate::id::{ConnectionId, WorkerId};

/// Stands for the worker where it is not known whose a connection is.
pub(crate) const NOBODY: WorkerId = WorkerId(u16::MAX);

impl Gate {
    /// From now on programs that work for several go on for `worker`.
    pub fn set_cause(&mut self, worker: WorkerId) {
        self.cause = Some(worker);
    }

    /// Whether some connection holds a request of which it is not known for whom it is.
    #[must_use]
    pub fn has_unclaimed(&self) -> bool {
        self.connections.iter().any(Connection::is_unclaimed)
    }

    /// Says for whom the requests are of which that is not known. To be asked when everything is at rest; `waiting` are the
    /// workers who have nothing at the gate, those first who have waited longest.
    ///
    /// Whoever the program went on for last comes first, with the connection that he has used last; then those who wait, in
    /// their order. What more connections hold than there are workers, as when a pool opens several at once, is for the cause, or for
    /// who has waited longest. A connection of which a transaction is open stays with its worker.
    pub fn claim(&mut self, waiting: &[WorkerId]) {
        let last = self.cause.or(waiting.first().copied()).unwrap_or(NOBODY);
        let mut waiting = waiting.to_vec();
        while let Some(index) = self.next_unclaimed() {
            let cause = self.cause.filter(|cause| waiting.contains(cause));
            let worker = cause.or(waiting.first().copied()).unwrap_or(last);
            waiting.retain(|other| *other != worker);
            self.claim_for(index, worker);
        }
        self.connections.sort_by_key(|connection| connection.id);
    }

    /// The next to be claimed: that which the cause has used last, else the first that was opened.
    fn next_unclaimed(&self) -> Option<usize> {
        let unclaimed = |index: &usize| self.connections[*index].is_unclaimed();
        let key = |index: &usize| {
            let connection = &self.connections[*index];
            (Some(connection.id.worker) != self.cause, connection.id)
        };
        (0..self.connections.len()).filter(unclaimed).min_by_key(key)
    }

    /// Gives the connection at `index` the lowest name of `worker` that no connection in use has.
    fn claim_for(&mut self, index: usize, worker: WorkerId) {
        let in_use = |id: ConnectionId| {
            self.connections.iter().any(|other| other.id == id && other.is_used_by(worker))
        };
        let free = (0..).map(|ordinal| ConnectionId { worker, ordinal }).find(|id| !in_use(*id));
        let id = free.expect("there are fewer connections than names");
        let named = self.connections.iter().position(|other| other.id == id);
        if let Some(other) = named.filter(|other| *other != index) {
            self.connections[other].id = self.nameless();
        }
        self.connections[index].claim(id);
    }

    /// A name for a connection that nobody uses.
    fn nameless(&self) -> ConnectionId {
        let taken = |id: ConnectionId| self.connections.iter().any(|other| other.id == id);
        let mut names = (0..).map(|ordinal| ConnectionId { worker: NOBODY, ordinal });
        names.find(|id| !taken(*id)).expect("there are fewer connections than names")
    }

    /// Names the connections that have outlasted an execution as if they had just been opened.
    pub(super) fn begin_anew(&mut self) {
        // The order in which the stores have let them in is the same in every execution.
        self.connections.sort_by_key(|connection| (connection.store, connection.key));
        for connection in &mut self.connections {
            let worker = if connection.lease == Lease::Common { NOBODY } else { connection.id.worker };
            let next = self.opened.entry(worker).or_insert(0);
            connection.begin_anew(ConnectionId { worker, ordinal: *next });
            *next += 1;
        }
        self.connections.sort_by_key(|connection| connection.id);
    }

    /// Ends the connections that would outlast executions: their programs are gone.
    ///
    /// # Errors
    /// A store does not answer.
    pub async fn evict(&mut self) -> Result<(), GateError> {
        self.opened.clear();
        for connection in std::mem::take(&mut self.connections) {
            self.retire(connection).await?;
        }
        self.torn = false;
        Ok(())
    }

    /// Whether a connection that was to outlast an execution was ended in the middle of something, so that its program may
    /// not be what it was.
    #[must_use]
    pub fn is_torn(&self) -> bool {
        self.torn
    }

    /// Whether something of a program that works for several is under way, whoever it is for.
    #[must_use]
    pub fn is_common_busy(&self) -> bool {
        let common = |connection: &&super::Connection| connection.lease == Lease::Common;
        self.connections.iter().filter(common).any(Connection::busy)
    }
}
