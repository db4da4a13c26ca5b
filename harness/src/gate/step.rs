//! Owns the execution of one choice at the gate, from the release of a request to the moment at which
//! everything that it caused has arrived.

use std::future::poll_fn;
use std::task::Poll;

use bytes::Bytes;

use super::connection::{Answer, Connection, Phase};
use super::{Gate, GateError, WaitEdge};
use crate::fault::FaultKind;
use crate::id::ConnectionId;
use crate::wire::{Context, Limiting};

/// What came of releasing one request, or of letting one go on.
#[derive(Debug, Clone)]
pub struct Stepped {
    /// Position of the store in [`Gate::backends`].
    pub store: usize,
    /// Requests that had been forwarded before and belong to this step.
    pub queued: Vec<Bytes>,
    /// The request; nothing if the client just vanished, or if the request had been released before.
    pub request: Bytes,
    /// What the request refers to.
    pub context: Option<Context>,
    /// The reply; `None` if the store keeps the request waiting.
    pub reply: Option<Bytes>,
    /// Whether the request has stopped half-way.
    pub has_stopped: bool,
    /// For whom the request waits, as far as the store says so.
    pub blocked_by: Vec<ConnectionId>,
    /// Who waited for whom when a deadlock was broken.
    pub circle: Vec<WaitEdge>,
    /// Requests that had been waiting in the store and whose replies this step brought, by connection.
    pub woken: Vec<(ConnectionId, Answer)>,
    /// Those of these connections, and of the request's own, whose client saw the end instead of the reply.
    pub lost: Vec<ConnectionId>,
}

/// A wait in a store that the store ended by its own clock.
#[derive(Debug, Clone)]
pub struct TimedOut {
    /// Whose wait.
    pub connection: ConnectionId,
    /// Position of the store in [`Gate::backends`].
    pub store: usize,
    /// What the store answered.
    pub reply: Answer,
    /// Whether the client saw the connection end instead.
    pub is_lost: bool,
}

impl Gate {
    /// Releases the held request of `id` and returns when the store has answered it or says that it
    /// waits, and everything that it caused on other connections has arrived. Replies are held until
    /// then and handed over in the order of the workers.
    ///
    /// # Errors
    /// A store or a client did something that ends the execution.
    ///
    /// # Panics
    /// If the connection holds no request; the caller chooses among [`options`](Self::options).
    pub async fn step(&mut self, id: ConnectionId) -> Result<Stepped, GateError> {
        if let Some(position) = self.cancellations.iter().position(|cancellation| cancellation.id == id) {
            return self.cancel(position).await;
        }
        let index = self.index_of(id);
        if self.connections[index].leaves() {
            return self.disconnect(index).await;
        }
        let store = self.connections[index].store;
        self.move_on(store);
        let released = self.connections[index].release(self.now);
        self.deadlines[store].note(released.limiting);
        self.await_answer(index).await?;
        let mut stepped = Stepped::of(store);
        (stepped.queued, stepped.request) = (released.queued, released.request);
        stepped.context = released.context;
        self.complete(stepped, Some(id)).await
    }

    /// Like [`step`](Self::step), but the request stops before it writes its first row, if it writes any.
    ///
    /// # Errors
    /// As for `step`.
    pub async fn split(&mut self, id: ConnectionId) -> Result<Stepped, GateError> {
        let index = self.index_of(id);
        let Connection { store, key, .. } = self.connections[index];
        self.backends[store].arm_split(key).await?;
        self.connections[index].is_armed = true;
        self.step(id).await
    }

    /// Lets a request go on that has stopped half-way.
    ///
    /// # Errors
    /// As for [`step`](Self::step).
    pub async fn resume(&mut self, id: ConnectionId) -> Result<Stepped, GateError> {
        let index = self.index_of(id);
        let store = self.connections[index].store;
        self.move_on(store);
        self.disarm(index).await?;
        self.await_answer(index).await?;
        self.complete(Stepped::of(store), Some(id)).await
    }

    /// Lets a request go on that one step has woken together with others.
    ///
    /// # Errors
    /// As for [`step`](Self::step).
    pub async fn wake(&mut self, id: ConnectionId) -> Result<Stepped, GateError> {
        let index = self.index_of(id);
        self.go_on(index).await?;
        self.complete(Stepped::of(self.connections[index].store), Some(id)).await
    }

    /// Breaks a deadlock by making the request of `id` the victim.
    ///
    /// # Errors
    /// As for [`step`](Self::step).
    pub async fn sacrifice(&mut self, id: ConnectionId) -> Result<Stepped, GateError> {
        let index = self.index_of(id);
        let circle = self.circle(index).await?;
        self.break_deadlock(index).await?;
        let stepped = Stepped { circle, ..Stepped::of(self.connections[index].store) };
        self.complete(stepped, Some(id)).await
    }

    /// Ends the connection at `index` as the end of its client's process does.
    async fn disconnect(&mut self, index: usize) -> Result<Stepped, GateError> {
        let connection = self.connections.remove(index);
        let store = connection.store;
        self.code_stored[store] |= connection.stored_code();
        self.move_on(store);
        self.deadlines[store].note(Limiting::Moves);
        let (key, request) = connection.vanish();
        self.backends[store].forget(key).await?;
        self.complete(Stepped { request, reply: Some(Bytes::new()), ..Stepped::of(store) }, None).await
    }

    /// Passes on the wish to end what another connection is doing.
    async fn cancel(&mut self, position: usize) -> Result<Stepped, GateError> {
        let cancellation = self.cancellations.remove(position);
        let store = cancellation.store;
        self.move_on(store);
        self.backends[store].cancel(&cancellation.opening).await?;
        let concerned = |other: &Connection| {
            let waits = matches!(other.phase, Phase::Blocked | Phase::Stopped | Phase::Woken);
            waits && other.store == store && other.key == cancellation.key
        };
        if let Some(index) = self.connections.iter().position(concerned) {
            self.see_the_end(index).await?;
        }
        self.deadlines[store].note(Limiting::Moves);
        let request = cancellation.opening;
        self.complete(Stepped { request, reply: Some(Bytes::new()), ..Stepped::of(store) }, None).await
    }

    /// Gathers what a step on the store of `stepped` caused, and hands the replies over.
    pub(super) async fn complete(
        &mut self,
        mut stepped: Stepped,
        main: Option<ConnectionId>,
    ) -> Result<Stepped, GateError> {
        loop {
            self.gather_consequences(stepped.store).await?;
            self.hand_over_replies(&mut stepped, main).await?;
            let Some(id) = self.end_with_lost_reply().await? else { break };
            stepped.lost.push(id);
        }
        if self.expected[stepped.store].allows(FaultKind::FailOver) {
            self.backends[stepped.store].note_step().await?;
        }
        let is_main = |connection: &&Connection| Some(connection.id) == main;
        if let Some(connection) = self.connections.iter().find(is_main) {
            stepped.has_stopped = matches!(connection.phase, Phase::Stopped);
            stepped.blocked_by = self.names(stepped.store, &connection.blocked_by);
        }
        Ok(stepped)
    }

    /// Hands over the replies that are here, in the order of the workers.
    async fn hand_over_replies(
        &mut self,
        stepped: &mut Stepped,
        main: Option<ConnectionId>,
    ) -> Result<(), GateError> {
        for index in 0..self.connections.len() {
            if self.connections[index].phase == Phase::Answered {
                self.check_victim(index)?;
                self.disarm(index).await?;
                let connection = &mut self.connections[index];
                let (id, answer) = (connection.id, connection.hand_over_reply());
                if Some(id) == main {
                    stepped.context = answer.context;
                    stepped.reply = Some(answer.bytes);
                } else {
                    stepped.woken.push((id, answer));
                }
            }
        }
        if stepped.request.is_empty() || !stepped.woken.is_empty() {
            // A request that was released earlier went on.
            self.deadlines[stepped.store].note(Limiting::Moves);
        }
        Ok(())
    }

    fn names(&self, store: usize, keys: &[u64]) -> Vec<ConnectionId> {
        let named = self.connections.iter().filter(|other| other.store == store && keys.contains(&other.key));
        named.map(|other| other.id).collect()
    }

    pub(super) async fn disarm(&mut self, index: usize) -> Result<(), GateError> {
        if std::mem::replace(&mut self.connections[index].is_armed, false) {
            let Connection { store, key, .. } = self.connections[index];
            self.backends[store].disarm_split(key).await?;
        }
        Ok(())
    }

    /// Hands the oldest message that the store pushed to `id` to its client, and returns it with the
    /// position of its store.
    ///
    /// # Panics
    /// If there is none; the caller chooses among [`options`](Self::options).
    pub fn deliver(&mut self, id: ConnectionId) -> (usize, Bytes) {
        let index = self.index_of(id);
        (self.connections[index].store, self.connections[index].deliver())
    }

    /// The codes under which a store gave requests of `id` up because of other clients, in this reply.
    #[must_use]
    pub fn conflict(&self, id: ConnectionId, reply: &[u8]) -> Option<String> {
        self.connections.iter().find(|other| other.id == id)?.conflict(reply)
    }

    /// Connections whose wait in a store ended although no step of ours ended it (its own time-out).
    #[must_use]
    pub fn ended_by_themselves(&self) -> Vec<ConnectionId> {
        let answered = self.connections.iter().filter(|connection| connection.phase == Phase::Answered);
        answered.map(|connection| connection.id).collect()
    }

    /// Waits for the store to end a wait by its own clock, and hands the replies over.
    ///
    /// # Errors
    /// A store or a client did something that ends the execution.
    pub async fn await_time_out(&mut self) -> Result<Vec<TimedOut>, GateError> {
        poll_fn(|context| {
            while self.poll(context)? {}
            if self.ended_by_themselves().is_empty() {
                Poll::Pending
            } else {
                Poll::Ready(Ok::<_, GateError>(()))
            }
        })
        .await?;
        let ended = self.hand_over_ended().await?;
        while self.end_with_lost_reply().await?.is_some() {}
        Ok(ended)
    }

    pub(super) fn index_of(&self, id: ConnectionId) -> usize {
        let found = self.connections.iter().position(|connection| connection.id == id);
        found.expect("a choice names a connection that exists")
    }
}

impl Stepped {
    pub(super) fn of(store: usize) -> Self {
        Self {
            store,
            queued: Vec::new(),
            request: Bytes::new(),
            context: None,
            reply: None,
            has_stopped: false,
            blocked_by: Vec::new(),
            circle: Vec::new(),
            woken: Vec::new(),
            lost: Vec::new(),
        }
    }
}
