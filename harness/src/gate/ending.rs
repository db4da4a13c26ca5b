//! Owns what happens around executions: how connections end, and how stores come back to where executions start.

use std::collections::BTreeMap;

use super::connection::{Connection, Remains};
use super::{Gate, GateError, Upstream, is_quiet};
use crate::clock::{Clock, EPOCH};
use crate::fault::FaultModel;
use crate::history::State;
use crate::isolation::Isolation;
use crate::wire::Limiting;

/// Warm connections kept for each store.
const WARM_MAX: usize = 64;

impl Gate {
    /// Ends a connection whose client is gone. What can be used again is brought to the state of a new connection, where
    /// nobody would notice only when the execution is over.
    pub(super) async fn retire(&mut self, connection: Connection) -> Result<(), GateError> {
        let store = connection.store;
        self.torn |= connection.lease.outlasts() && !connection.is_left();
        self.code_stored[store] |= connection.stored_code();
        match connection.dismantle() {
            Remains::Reusable { upstream, used: false } => self.warm[store].push(upstream),
            Remains::Reusable { upstream, used: true } => self.used[store].push(upstream),
            Remains::Broken { key } => self.backends[store].forget(key).await?,
        }
        if self.backends[store].shows_left_clients() { self.renew(store).await } else { Ok(()) }
    }

    /// Ends a connection as the end of its client's process does: at once where others may notice.
    pub(super) async fn end(&mut self, connection: Connection) -> Result<(), GateError> {
        if !connection.lingers() {
            return self.retire(connection).await;
        }
        let store = connection.store;
        self.torn |= connection.lease.outlasts() && !connection.is_left();
        self.code_stored[store] |= connection.stored_code();
        self.move_on(store);
        self.deadlines[store].note(Limiting::Moves);
        let (key, _) = connection.vanish();
        Ok(self.backends[store].forget(key).await?)
    }

    /// Brings what clients of one store have left to the state of new connections.
    async fn renew(&mut self, store: usize) -> Result<(), GateError> {
        let left = self.take_left(store);
        if !left.is_empty() {
            let renewed = self.backends[store].renew(left).await?;
            self.keep_warm(store, renewed);
        }
        Ok(())
    }

    /// Connections that clients have used and left, without those that another client had closed.
    fn take_left(&mut self, store: usize) -> Vec<Upstream> {
        let mut left = std::mem::take(&mut self.used[store]);
        left.retain(|upstream| is_quiet(&upstream.stream));
        left
    }

    fn keep_warm(&mut self, store: usize, renewed: Vec<Upstream>) {
        self.warm[store].extend(renewed);
        self.warm[store].truncate(WARM_MAX);
    }

    /// Ends all connections, returns the content of the stores, and brings them back to what was remembered.
    ///
    /// # Errors
    /// A store does not answer.
    pub async fn finish(&mut self) -> Result<State, GateError> {
        self.clean = false;
        self.part().await?;
        let seen = self.turn_back().await?;
        let mut entries = BTreeMap::new();
        for (store, seen) in self.wanted().zip(seen) {
            let left = self.take_left(store);
            let (state, renewed) = self.backends[store].take_state(self.code_stored[store], left).await?;
            let state = seen.unwrap_or(state);
            entries.append(&mut state.into_entries());
            self.keep_warm(store, renewed);
        }
        let kept = |(code, restorable): (&bool, &bool)| !code || *restorable;
        self.stale |= !self.code_stored.iter().zip(&self.restorable).all(kept);
        self.clean = !self.stale;
        self.code_stored.fill(false);
        Ok(State::new(entries))
    }

    /// Makes it the time at which executions start, if time has passed: limits that are brought back later would be over
    /// already. Returns, for each store that counts, what it held whose time was changed.
    async fn turn_back(&mut self) -> Result<Vec<Option<State>>, GateError> {
        let mut seen: Vec<Option<State>> = self.wanted().map(|_| None).collect();
        if self.now != EPOCH {
            for (store, seen) in self.wanted().zip(&mut seen) {
                if self.backends[store].clock() != Clock::Real {
                    *seen = Some(self.backends[store].state().await?);
                }
            }
            self.set_time(EPOCH).await?;
        }
        Ok(seen)
    }

    /// Lets go of all clients.
    async fn part(&mut self) -> Result<(), GateError> {
        self.arrivals.clear();
        self.cancellations.clear();
        self.opened.clear();
        self.crashed.clear();
        self.touched.fill(false);
        for endpoint in &mut self.endpoints {
            endpoint.turn_away();
        }
        self.cause = None;
        for connection in std::mem::take(&mut self.connections) {
            if connection.lease.outlasts() && connection.may_stay() {
                self.connections.push(connection);
                continue;
            }
            self.retire(connection).await?;
        }
        self.begin_anew();
        for store in 0..self.backends.len() {
            if std::mem::take(&mut self.detoured[store]) {
                self.warm[store].clear();
                self.used[store].clear();
            }
        }
        Ok(())
    }

    /// Whether something was changed that only a new set-up mends, such as the structure of the data.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.stale
    }

    /// Whether the stores are as they were remembered; asked once before each execution, which changes them.
    pub fn take_clean(&mut self) -> bool {
        std::mem::replace(&mut self.clean, false)
    }

    /// Removes everything from the stores, for a set-up, which runs at the moment at which executions start. Transactions that name no isolation level will run at
    /// `isolation` (`None`: the store's own), and requests can be split if `splits`. `false` if a level was asked
    /// for and no store knows any.
    ///
    /// # Errors
    /// A store does not answer.
    pub async fn clear(&mut self, isolation: Option<Isolation>, splits: bool) -> Result<bool, GateError> {
        (self.clean, self.stale) = (false, false);
        self.part().await?;
        self.set_time(EPOCH).await?;
        for store in self.wanted() {
            self.renew(store).await?;
        }
        for store in self.wanted() {
            self.backends[store].clear().await?;
            self.backends[store].want_splits(splits);
        }
        self.code_stored.fill(false);
        self.set_isolation(isolation).await
    }

    /// Says what may happen to the stores. To be called before [`clear`](Self::clear).
    ///
    /// # Errors
    /// A store does not answer.
    pub async fn expect(&mut self, model: &FaultModel) -> Result<(), GateError> {
        for store in self.wanted().filter(|store| self.expected[*store] != *model).collect::<Vec<_>>() {
            self.backends[store].expect(model).await?;
            // They were opened before.
            self.warm[store].clear();
            self.expected[store] = model.clone();
        }
        Ok(())
    }

    async fn set_isolation(&mut self, level: Option<Isolation>) -> Result<bool, GateError> {
        let mut is_known = level.is_none();
        for store in self.wanted() {
            if self.isolation[store] == level {
                // It was the store's own, or one that it has.
                is_known = true;
            } else if self.backends[store].set_isolation(level).await? {
                // They were opened at another level.
                self.warm[store].clear();
                self.isolation[store] = level;
                is_known = true;
            }
        }
        Ok(is_known)
    }

    /// Takes what the stores hold now for the content in which every execution starts.
    ///
    /// # Errors
    /// A store does not answer.
    pub async fn remember(&mut self) -> Result<(), GateError> {
        for store in self.wanted() {
            self.restorable[store] = self.backends[store].remember().await?;
        }
        self.remember_deadlines().await
    }

    /// The content of all stores.
    ///
    /// # Errors
    /// A store does not answer.
    pub async fn state(&mut self) -> Result<State, GateError> {
        let mut entries = BTreeMap::new();
        for store in self.wanted() {
            entries.append(&mut self.backends[store].state().await?.into_entries());
        }
        Ok(State::new(entries))
    }
}
