//! Owns the execution of one choice at the gate, from the release of a request to the moment at which
//! everything that it caused has arrived.

use std::future::poll_fn;
use std::task::Poll;

use bytes::Bytes;

use super::connection::{Connection, Phase};
use super::{Gate, GateError, Standing};
use crate::id::ConnectionId;
use crate::wire::Wait;

/// What came of releasing one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stepped {
    /// Position of the store in [`Gate::backends`].
    pub store: usize,
    /// Requests that had been forwarded before and belong to this step.
    pub queued: Vec<Bytes>,
    /// The request.
    pub request: Bytes,
    /// The reply; `None` if the store keeps the request waiting.
    pub reply: Option<Bytes>,
    /// Requests that had been waiting in the store and whose replies this step brought, by connection.
    pub woken: Vec<(ConnectionId, Bytes)>,
}

/// A wait in a store that the store ended by its own clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimedOut {
    /// Whose wait.
    pub connection: ConnectionId,
    /// Position of the store in [`Gate::backends`].
    pub store: usize,
    /// What the store answered.
    pub reply: Bytes,
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
        let index = self.index_of(id);
        let store = self.connections[index].store;
        let (queued, request, wait) = self.connections[index].release();
        self.await_answer(index, wait).await?;
        self.gather_consequences(store).await?;
        let (mut reply, mut woken) = (None, Vec::new());
        for connection in self.connections.iter_mut().filter(|other| other.phase == Phase::Answered) {
            let bytes = connection.hand_over_reply();
            if connection.id == id { reply = Some(bytes) } else { woken.push((connection.id, bytes)) }
        }
        Ok(Stepped { store, queued, request, reply, woken })
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
        let answered = self.connections.iter_mut().filter(|connection| connection.phase == Phase::Answered);
        let timed_out = |connection: &mut Connection| {
            let (id, store, reply) = (connection.id, connection.store, connection.hand_over_reply());
            TimedOut { connection: id, store, reply }
        };
        Ok(answered.map(timed_out).collect())
    }

    fn index_of(&self, id: ConnectionId) -> usize {
        let found = self.connections.iter().position(|connection| connection.id == id);
        found.expect("a choice names a connection that exists")
    }

    /// Waits for the answer; a request that may wait in the store is asked after, again and again, until
    /// it is answered or the store itself says that it waits. Time decides nothing.
    async fn await_answer(&mut self, index: usize, wait: Wait) -> Result<(), GateError> {
        loop {
            poll_fn(|context| {
                while self.poll(context)? {}
                if wait == Wait::Never {
                    self.connections[index].spin_for_answer()?;
                }
                let answered = self.connections[index].phase == Phase::Answered;
                if answered || wait != Wait::Never {
                    Poll::Ready(Ok::<_, GateError>(()))
                } else {
                    Poll::Pending
                }
            })
            .await?;
            let Connection { phase, store, key, .. } = self.connections[index];
            if phase == Phase::Answered {
                return Ok(());
            }
            if self.backends[store].standing(&[key]).await? == [Standing::Blocked] {
                self.connections[index].phase = Phase::Blocked(wait);
                return Ok(());
            }
        }
    }

    /// Waits until the replies of all requests that the last step let go, and all messages that it caused,
    /// are here. Asks the store only if somebody waits or listens.
    async fn gather_consequences(&mut self, store: usize) -> Result<(), GateError> {
        loop {
            let concerned = |connection: &&Connection| {
                connection.store == store && (connection.blocked().is_some() || connection.listens())
            };
            let asked: Vec<(ConnectionId, u64)> =
                self.connections.iter().filter(concerned).map(|other| (other.id, other.key)).collect();
            if asked.is_empty() {
                return Ok(());
            }
            let keys: Vec<u64> = asked.iter().map(|(_, key)| *key).collect();
            let standings = self.backends[store].standing(&keys).await?;
            poll_fn(|context| {
                while self.poll(context)? {}
                Poll::Ready(Ok::<_, GateError>(()))
            })
            .await?;
            let incomplete = asked.iter().zip(&standings).any(|((id, _), standing)| {
                let connection = &self.connections[self.index_of(*id)];
                let reply_awaited = connection.blocked().is_some() && *standing != Standing::Blocked;
                reply_awaited || *standing == Standing::Sending || connection.partly_received()
            });
            if !incomplete {
                return Ok(());
            }
        }
    }
}
