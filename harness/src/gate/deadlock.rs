//! Owns deadlocks inside a store: which requests wait in a circle, and the breaking of it by a victim that was chosen.

use std::time::{Duration, Instant};

use super::connection::{Connection, Phase};
use super::{DeadlockCheck, Gate, GateError, Standing, Waking};
use crate::id::ConnectionId;

/// How many times the store's own limit a victim is given to notice the deadlock.
const PATIENCE: u32 = 4;
/// How often it is asked after.
const ASK_EVERY: Duration = Duration::from_millis(1);

/// That one connection's request waits for another connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// Who waits.
    pub waiter: ConnectionId,
    /// For whom.
    pub holder: ConnectionId,
    /// For what, in words.
    pub lock: String,
}

impl Gate {
    /// Connections whose requests wait in a circle, if the store lets us say which of them is given up.
    pub(super) fn victims(&self) -> impl Iterator<Item = ConnectionId> + '_ {
        let may_choose = |index: &usize| {
            let connection = &self.connections[*index];
            let backend = &self.backends[connection.store];
            let is_held = backend.waking() == Waking::Held && backend.deadlock_check().is_some();
            is_held && backend.will_look(connection.key)
        };
        let all = 0..self.connections.len();
        all.filter(may_choose)
            .filter(|index| self.waits_in_a_circle(*index))
            .map(|index| self.connections[index].id)
    }

    /// Whether the request of the connection at `index` waits for itself, by way of others.
    pub(super) fn waits_in_a_circle(&self, index: usize) -> bool {
        self.waited_for_by(index).contains(&index)
    }

    /// Positions of the connections that the one at `index` waits for, directly and by way of others.
    fn waited_for_by(&self, index: usize) -> Vec<usize> {
        let mut found = Vec::new();
        let mut open = vec![index];
        while let Some(waiter) = open.pop() {
            let Phase::Blocked = self.connections[waiter].phase else { continue };
            for holder in self.holders(waiter) {
                if !found.contains(&holder) {
                    found.push(holder);
                    open.push(holder);
                }
            }
        }
        found
    }

    fn holders(&self, waiter: usize) -> impl Iterator<Item = usize> + '_ {
        let Self { connections, .. } = self;
        let waiter = &connections[waiter];
        let holds = move |index: &usize| {
            let other = &connections[*index];
            other.store == waiter.store && waiter.blocked_by.contains(&other.key)
        };
        (0..connections.len()).filter(holds)
    }

    /// Who waits for whom in the circle that `index` is part of, or in all that waits for it or that it waits for.
    pub(super) async fn circle(&mut self, index: usize) -> Result<Vec<Wait>, GateError> {
        let store = self.connections[index].store;
        let concerned = self.waited_for_by(index);
        let keys: Vec<u64> = concerned.iter().map(|index| self.connections[*index].key).collect();
        let waits = self.backends[store].waits(&keys).await?;
        let named = |key: u64| {
            self.connections
                .iter()
                .find(|other| other.store == store && other.key == key)
                .map(|other| other.id)
        };
        let wait = |wait: super::WaitFor| {
            Some(Wait { waiter: named(wait.waiter)?, holder: named(wait.holder)?, lock: wait.lock })
        };
        Ok(waits.into_iter().filter_map(wait).collect())
    }

    /// Lets the request of the connection at `index` look for a deadlock, and returns when it has given up or waits
    /// no longer in a circle (the store may find a way out by changing the order of those who wait).
    pub(super) async fn break_deadlock(&mut self, index: usize) -> Result<(), GateError> {
        let Connection { store, key, .. } = self.connections[index];
        self.move_on(store);
        self.connections[index].may_be_victim = true;
        self.backends[store].begin_look(key);
        let looked = self.look(index).await;
        self.backends[store].end_look(key);
        if looked? {
            self.connections[index].may_be_victim = false;
            self.backends[store].hold(key);
            return Ok(());
        }
        self.backends[store].let_go(key);
        self.await_answer(index).await
    }

    /// Waits until the connection at `index` has found out about its circle; `true` if its request still waits, though no
    /// longer in one.
    async fn look(&mut self, index: usize) -> Result<bool, GateError> {
        let Connection { store, id, .. } = self.connections[index];
        let limit = match self.backends[store].deadlock_check() {
            Some(DeadlockCheck::After(limit)) => limit * PATIENCE,
            // However slow the machine is, it looks; a store that says nothing is given up by whoever waits for the step.
            Some(DeadlockCheck::WhenTold) | None => Duration::MAX,
        };
        let started = Instant::now();
        loop {
            self.listen(index, ASK_EVERY).await?;
            if self.connections[index].phase == Phase::Answered {
                return Ok(false);
            }
            match self.ask(index).await? {
                Standing::Blocked(by) => self.connections[index].blocked_by = by,
                _ => return Ok(false),
            }
            if !self.waits_in_a_circle(index) {
                return Ok(true);
            }
            if started.elapsed() > limit {
                let what = format!("did not notice the deadlock within {} ms", started.elapsed().as_millis());
                return Err(GateError::Unforced { connection: id, what });
            }
        }
    }
}
