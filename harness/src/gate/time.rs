//! Owns the time of the stores that live by the run's clock: it is set, and they are asked when something ends next.

use std::time::Duration;

use super::connection::{Connection, Phase};
use super::{Gate, GateError, TimedOut};
use crate::clock::{Clock, EPOCH};
use crate::wire::Wait;

/// How far past its limit a wait has ended for certain: a store may end it only when the limit lies in the past, and
/// counts in milliseconds.
const PAST: Duration = Duration::from_millis(1);

impl Gate {
    /// The stores with the clock that each lives by.
    #[must_use]
    pub fn clocks(&self) -> Vec<(&'static str, Clock)> {
        self.backends.iter().map(|backend| (backend.name(), backend.clock())).collect()
    }

    /// Makes it [`EPOCH`] for the stores. To be called when they hold what was remembered, before the first client comes.
    ///
    /// # Errors
    /// A store does not answer.
    pub async fn start_time(&mut self) -> Result<(), GateError> {
        self.set_time(EPOCH).await?;
        for deadline in &mut self.deadlines {
            deadline.restart();
        }
        Ok(())
    }

    /// Makes it `now` (time since the UNIX epoch) for all stores that live by the run's clock. Returns the replies of
    /// waits that have ended with it, which are handed over in the order of the workers, when everything else that it
    /// caused has arrived, too.
    ///
    /// # Errors
    /// A store or a client did something that ends the execution.
    pub async fn set_time(&mut self, now: Duration) -> Result<Vec<TimedOut>, GateError> {
        if self.now == now {
            return Ok(Vec::new());
        }
        self.now = now;
        let moved: Vec<usize> =
            self.wanted().filter(|store| self.backends[*store].clock() != Clock::Real).collect();
        for store in &moved {
            self.stir(*store);
            self.backends[*store].set_time(now).await?;
            self.deadlines[*store].time_has_passed(now);
        }
        let mut ended = Vec::new();
        loop {
            for store in &moved {
                self.gather_consequences(*store).await?;
            }
            ended.append(&mut self.hand_over_ended().await?);
            if self.end_with_lost_reply().await?.is_none() {
                return Ok(ended);
            }
        }
    }

    /// Hands over the replies to waits that ended by a clock.
    pub(super) async fn hand_over_ended(&mut self) -> Result<Vec<TimedOut>, GateError> {
        let mut ended = Vec::new();
        for index in 0..self.connections.len() {
            if self.connections[index].phase == Phase::Answered {
                self.check_victim(index)?;
                self.disarm(index).await?;
                let connection = &mut self.connections[index];
                let (id, store, is_lost) = (connection.id, connection.store, connection.loses_reply);
                ended.push(TimedOut { connection: id, store, reply: connection.hand_over_reply(), is_lost });
            }
        }
        Ok(ended)
    }

    /// The first moment (time since the UNIX epoch) at which something ends by itself in a store that lives by the run's
    /// clock: what it holds, or a wait with a limit.
    ///
    /// # Errors
    /// A store does not answer.
    pub async fn next_deadline(&mut self) -> Result<Option<Duration>, GateError> {
        let mut next = self.connections.iter().filter_map(|other| self.end_of_wait(other)).min();
        for store in self.wanted() {
            let (backend, deadline) = (&mut self.backends[store], &mut self.deadlines[store]);
            if backend.clock() == Clock::Real {
                continue;
            }
            let found = match deadline.known() {
                Some(known) => known,
                None => {
                    let found = backend.next_deadline(self.now).await?.filter(|found| *found > self.now);
                    deadline.learn(found);
                    found
                }
            };
            next = next.into_iter().chain(found).min();
        }
        Ok(next)
    }

    /// The first moment at which something that a store holds ends by itself, as far as it is known without asking.
    #[must_use]
    pub fn known_deadline(&self) -> Option<Duration> {
        self.wanted().filter_map(|store| self.deadlines[store].known().flatten()).min()
    }

    /// Whether it is known of all stores when what they hold ends: none of them keeps limits by a clock of its own.
    #[must_use]
    pub fn knows_deadlines(&self) -> bool {
        let is_known = |store: usize| self.deadlines[store].known() == Some(None);
        self.wanted().all(|store| self.backends[store].clock() != Clock::Real || is_known(store))
    }

    /// When the wait of a connection's request has ended, if it has a limit that lies ahead by the run's clock.
    fn end_of_wait(&self, connection: &Connection) -> Option<Duration> {
        let Some(Wait::AtMostMs(ms)) = connection.blocked() else { return None };
        let is_shared = self.backends[connection.store].clock() == Clock::Virtual;
        let end = connection.sent_at.saturating_add(Duration::from_millis(ms)).saturating_add(PAST);
        (is_shared && end > self.now).then_some(end)
    }

    /// Asks for the first deadlines of what was remembered just now.
    pub(super) async fn remember_deadlines(&mut self) -> Result<(), GateError> {
        for store in self.wanted() {
            let (backend, deadline) = (&mut self.backends[store], &mut self.deadlines[store]);
            let is_moved = backend.clock() != Clock::Real;
            let first = if is_moved { backend.next_deadline(self.now).await? } else { None };
            deadline.remember(first);
        }
        Ok(())
    }
}
