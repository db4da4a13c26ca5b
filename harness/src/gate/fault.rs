//! Owns what breaks at the gate: workers that crash, connections that end, replies that are lost, requests that are
//! answered with an error. Whether something breaks is chosen elsewhere.

use std::collections::BTreeSet;

use super::connection::{Connection, Phase, Released};
use super::step::Stepped;
use super::{Gate, GateError};
use crate::id::{ConnectionId, Word, WorkerId};
use crate::wire::Injected;

/// What came of one fault.
#[derive(Debug, Clone, Default)]
pub struct Struck {
    /// The request that it hit, if it hit one; its reply is what the store said, whether or not the client saw it.
    pub hit: Option<Stepped>,
    /// Whether the store has executed that request.
    pub executed: bool,
    /// What the end of connections caused, store by store.
    pub after: Vec<Stepped>,
}

impl Gate {
    /// Whether `worker` stands between two requests: it has something at the gate, or `sleeps`, and nothing of it is at
    /// a store.
    #[must_use]
    pub fn may_crash(&self, worker: WorkerId, sleeps: bool) -> bool {
        let at_store = self.of(worker).any(Connection::is_at_store);
        (self.presence(worker).held || sleeps) && !at_store
    }

    /// Connections on which a request is held that may be hit by a fault.
    pub fn holding_requests(&self) -> impl Iterator<Item = ConnectionId> + '_ {
        self.connections
            .iter()
            .filter(|connection| connection.holds_request())
            .map(|connection| connection.id)
    }

    fn of(&self, worker: WorkerId) -> impl Iterator<Item = &Connection> {
        self.connections.iter().filter(move |connection| connection.id.worker == worker)
    }

    /// Ends everything of `worker` as the end of its process does, and listens to it no more. All that it has at the
    /// gate is gone before this first waits, so that nothing of what its program does in its fall gets out.
    ///
    /// # Errors
    /// A store or a client did something that ends the execution.
    pub async fn crash(&mut self, worker: WorkerId) -> Result<Struck, GateError> {
        self.crashed.insert(worker);
        self.arrivals.retain(|arrival| arrival.worker != worker);
        self.cancellations.retain(|cancellation| cancellation.id.worker != worker);
        let of_worker = |connection: &mut Connection| connection.id.worker == worker;
        let mut ended: Vec<Connection> = self.connections.extract_if(.., of_worker).collect();
        let mut struck = Struck::default();
        if let Some(connection) = ended.iter_mut().find(|connection| connection.holds_request()) {
            struck.hit = connection.withhold().map(|held| Stepped::withheld(connection.store, held));
        }
        let stores: BTreeSet<usize> = ended.iter().map(|connection| connection.store).collect();
        for connection in ended {
            self.end(connection).await?;
        }
        for store in stores {
            struck.after.push(self.complete(Stepped::of(store), None).await?);
        }
        Ok(struck)
    }

    /// Discards the held request of `id` and ends its connection on both sides.
    ///
    /// # Errors
    /// A store or a client did something that ends the execution.
    ///
    /// # Panics
    /// If the connection [holds no request](Self::holding_requests), as all faults of connections.
    pub async fn drop_connection(&mut self, id: ConnectionId) -> Result<Struck, GateError> {
        let index = self.index_of(id);
        let mut connection = self.connections.remove(index);
        let store = connection.store;
        let withheld = connection.withhold().expect("only a held request is discarded");
        self.end(connection).await?;
        let after = self.complete(Stepped::of(store), None).await?;
        Ok(Struck { hit: Some(Stepped::withheld(store, withheld)), executed: false, after: vec![after] })
    }

    /// Releases the held request of `id` as [`step`](Self::step) does, but when the answer is here, be it later, the
    /// connection ends on both sides instead.
    ///
    /// # Errors
    /// A store or a client did something that ends the execution.
    pub async fn lose_reply(&mut self, id: ConnectionId) -> Result<Struck, GateError> {
        let index = self.index_of(id);
        self.connections[index].loses_reply = true;
        let hit = self.step(id).await?;
        Ok(Struck { executed: hit.reply.is_some(), hit: Some(hit), after: Vec::new() })
    }

    /// The codes of the errors with which the held request of `id` may be answered.
    #[must_use]
    pub fn errors(&self, id: ConnectionId) -> Vec<Word> {
        self.connections[self.index_of(id)].errors()
    }

    /// Answers the held request of `id` with the error `code` instead of executing it.
    ///
    /// # Errors
    /// A store or a client did something that ends the execution.
    pub async fn refuse(&mut self, id: ConnectionId, code: Word) -> Result<Struck, GateError> {
        let index = self.index_of(id);
        let Connection { store, key, .. } = self.connections[index];
        let (withheld, injected) =
            self.connections[index].refuse(code).expect("only a held request is refused");
        match injected {
            Injected::Answer { undo: None, answer } => self.connections[index].make_up(&answer)?,
            Injected::Answer { undo: Some(undo), answer } => {
                self.send_instead(index, &undo).await?;
                self.connections[index].tell_instead(&answer);
            }
            Injected::Instead(request) => {
                self.send_instead(index, &request).await?;
                self.connections[index].clean(code);
            }
            Injected::End => {
                self.move_on(store);
                // Its last words are the answer.
                self.connections[index].phase = Phase::AtStore;
                self.backends[store].forget(key).await?;
                self.await_answer(index).await?;
                self.await_close(index).await?;
            }
        }
        let hit = self.complete(Stepped::withheld(store, withheld), Some(id)).await?;
        Ok(Struck { hit: Some(hit), ..Struck::default() })
    }

    async fn send_instead(&mut self, index: usize, request: &[u8]) -> Result<(), GateError> {
        self.move_on(self.connections[index].store);
        self.connections[index].send_instead(request);
        self.await_answer(index).await
    }

    /// Ends the first connection whose reply was here and is lost.
    pub(super) async fn end_with_lost_reply(&mut self) -> Result<Option<ConnectionId>, GateError> {
        let is_over = |connection: &Connection| connection.loses_reply && connection.phase == Phase::Free;
        let Some(index) = self.connections.iter().position(is_over) else { return Ok(None) };
        let connection = self.connections.remove(index);
        let id = connection.id;
        self.end(connection).await?;
        Ok(Some(id))
    }
}

impl Stepped {
    /// A request that was not sent.
    fn withheld(store: usize, withheld: Released) -> Self {
        let Released { queued, request, context, .. } = withheld;
        Self { queued, request, context, ..Self::of(store) }
    }
}
