//! Owns the moment at which a step is over: its request is answered or waits for another worker, and everything
//! that it let go has gone as far as it can.

use std::future::poll_fn;
use std::task::Poll;
use std::time::{Duration, Instant};

use super::connection::{Connection, Phase};
use super::{DeadlockCheck, Gate, GateError, SPIN_MAX, Standing, Waking};
use crate::alarm::timeout;
use crate::id::ConnectionId;
use crate::wire::Wait;

/// Questions after which a store that goes on working is asked less and less often.
const EAGER_QUESTIONS: u32 = 20;
/// Longest pause between two questions.
const PAUSE_MAX: Duration = Duration::from_millis(8);

impl Gate {
    /// Waits until the request at the store is answered, or the store itself says that it waits or has stopped
    /// half-way. Time decides nothing but how often the store is asked.
    pub(super) async fn await_answer(&mut self, index: usize) -> Result<(), GateError> {
        let connection = &mut self.connections[index];
        if connection.phase == Phase::Answered {
            return Ok(());
        }
        connection.phase = Phase::AtStore;
        let (wait, store) = (connection.wait(), connection.store);
        if wait == Wait::Never {
            return self.await_prompt_answer(index).await;
        }
        let mut pause = self.backends[store].grace();
        let started = Instant::now();
        for question in 1_u32.. {
            self.listen(index, pause).await?;
            if self.connections[index].phase == Phase::Answered {
                self.note_answer(index, started);
                return Ok(());
            }
            match self.ask(index).await? {
                Standing::Blocked(by) => return self.block(index, by),
                Standing::Stopped => {
                    self.connections[index].phase = Phase::Stopped;
                    return Ok(());
                }
                Standing::Sending | Standing::Quiet if question > EAGER_QUESTIONS => {
                    pause = (pause * 2).clamp(Duration::from_millis(1), PAUSE_MAX);
                }
                Standing::Sending | Standing::Quiet => {}
            }
        }
        unreachable!("the store answers or is given up first")
    }

    /// Notes that a request was answered at once: a deadlock that it broke was seen when it was about to wait.
    fn note_answer(&mut self, index: usize, started: Instant) {
        let check = self.backends[self.connections[index].store].deadlock_check();
        let is_early = match check {
            Some(DeadlockCheck::After(limit)) => started.elapsed() < limit,
            Some(DeadlockCheck::WhenTold) => true,
            None => false,
        };
        self.connections[index].may_be_victim |= is_early;
    }

    /// A request that was given up to break a deadlock although nobody chose it: it was held too late. One that looks only
    /// when it is told to was told, if only by time that passed.
    pub(super) fn check_victim(&self, index: usize) -> Result<(), GateError> {
        let connection = &self.connections[index];
        let backend = &self.backends[connection.store];
        let looks_by_itself = matches!(backend.deadlock_check(), Some(DeadlockCheck::After(_)));
        let is_chosen_here = backend.waking() == Waking::Held && looks_by_itself;
        if is_chosen_here && connection.breaks_deadlock() && !connection.may_be_victim {
            let what = "became the victim of a deadlock before it could be held".to_owned();
            return Err(GateError::Unforced { connection: connection.id, what });
        }
        Ok(())
    }

    /// Whether a store has something to answer that is no step.
    pub(crate) fn is_passing(&self) -> bool {
        self.connections.iter().any(Connection::is_passing)
    }

    /// Listens for a moment for answers to what is no step, without letting go of the thread; `true` if one came.
    pub(crate) fn spin_for_passing(&mut self) -> Result<bool, GateError> {
        let mut has_come = false;
        for connection in &mut self.connections {
            has_come |= connection.spin_for_passing(SPIN_MAX)?;
        }
        Ok(has_come)
    }

    async fn await_prompt_answer(&mut self, index: usize) -> Result<(), GateError> {
        poll_fn(|context| {
            while self.poll(context)? {}
            self.connections[index].spin_for_answer(SPIN_MAX)?;
            if self.connections[index].phase == Phase::Answered { Poll::Ready(Ok(())) } else { Poll::Pending }
        })
        .await
    }

    /// Waits until the store has closed the connection at `index`: when that arrives must not decide whether its client
    /// still finds the connection open.
    pub(super) async fn await_close(&mut self, index: usize) -> Result<(), GateError> {
        poll_fn(|context| {
            while self.poll(context)? {}
            if self.connections[index].is_closed_by_store() { Poll::Ready(Ok(())) } else { Poll::Pending }
        })
        .await
    }

    /// Listens for an answer for up to `pause`: without letting go of the thread if that is short.
    pub(super) async fn listen(&mut self, index: usize, pause: Duration) -> Result<(), GateError> {
        poll_fn(|context| {
            while self.poll(context)? {}
            Poll::Ready(Ok::<_, GateError>(()))
        })
        .await?;
        if pause < Duration::from_millis(1) {
            return self.connections[index].spin_for_answer(pause);
        }
        let answered = poll_fn(|context| {
            while self.poll(context)? {}
            let is_here = self.connections[index].phase == Phase::Answered;
            if is_here { Poll::Ready(Ok::<_, GateError>(())) } else { Poll::Pending }
        });
        // No answer in time is no error: it is asked again.
        timeout(pause, answered).await.unwrap_or(Ok(()))
    }

    /// How the connection at `index` stands, in the store's own words.
    pub(super) async fn ask(&mut self, index: usize) -> Result<Standing, GateError> {
        let Connection { store, key, .. } = self.connections[index];
        let mut standings = self.backends[store].standing(&[key]).await?;
        // The answer may have come with that of the question.
        self.listen(index, Duration::ZERO).await?;
        Ok(match self.connections[index].phase {
            Phase::Answered => Standing::Quiet,
            _ => standings.pop().expect("one connection has one standing"),
        })
    }

    fn block(&mut self, index: usize, by: Vec<u64>) -> Result<(), GateError> {
        let Connection { store, key, .. } = self.connections[index];
        self.check_holders(index, &by)?;
        if self.backends[store].waking() == Waking::Held {
            self.backends[store].hold(key);
        }
        let connection = &mut self.connections[index];
        (connection.phase, connection.blocked_by) = (Phase::Blocked, by);
        connection.blocked_at = self.moves;
        Ok(())
    }

    /// To be called before a request on `store` is sent or goes on.
    pub(super) fn move_on(&mut self, store: usize) {
        self.touched[store] = true;
        self.stir(store);
    }

    /// To be called before anything that could wake a request that waits in `store`.
    pub(super) fn stir(&mut self, store: usize) {
        self.moves += 1;
        self.backends[store].settle_held();
    }

    /// Everybody whom a request waits for is one of our workers (0: a transaction that was prepared by one).
    fn check_holders(&self, index: usize, by: &[u64]) -> Result<(), GateError> {
        let Connection { store, id, .. } = self.connections[index];
        let is_ours =
            |holder: &u64| self.connections.iter().any(|other| other.store == store && other.key == *holder);
        match by.iter().find(|holder| **holder != 0 && !is_ours(holder)) {
            Some(holder) => Err(GateError::BlockedByStranger { connection: id, holder: *holder }),
            None => Ok(()),
        }
    }

    /// Waits until the replies of all requests that the last step let go, and all messages that it caused,
    /// are here. Asks the store only if somebody waits or listens.
    pub(super) async fn gather_consequences(&mut self, store: usize) -> Result<(), GateError> {
        match self.backends[store].waking() {
            Waking::Ordered => self.gather_in_order(store).await?,
            Waking::Held => while self.wake_one(store).await? {},
            Waking::Unordered => while self.wake_all(store).await? {},
        }
        self.flush_pushes(store).await
    }

    /// Those who wait, but for one that has begun to and after which nothing has moved: it waits still.
    fn waiting(&self, store: usize) -> Vec<(ConnectionId, u64)> {
        let waits = |connection: &&Connection| {
            let waits = connection.store == store && connection.blocked().is_some();
            waits && connection.blocked_at < self.moves
        };
        self.connections.iter().filter(waits).map(|other| (other.id, other.key)).collect()
    }

    /// The store answers by itself those whom it let go.
    async fn gather_in_order(&mut self, store: usize) -> Result<(), GateError> {
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
            self.listen(self.index_of(asked[0].0), Duration::ZERO).await?;
            let incomplete = asked.iter().zip(&standings).any(|((id, _), standing)| {
                let connection = &self.connections[self.index_of(*id)];
                let reply_awaited =
                    connection.blocked().is_some() && !matches!(standing, Standing::Blocked(_));
                reply_awaited || *standing == Standing::Sending || connection.partly_received()
            });
            if !incomplete {
                return Ok(());
            }
        }
    }

    /// Positions of those who wait no longer, although none of them has gone on; notes for whom the others wait.
    async fn woken(&mut self, store: usize) -> Result<Vec<usize>, GateError> {
        let asked = self.waiting(store);
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<u64> = asked.iter().map(|(_, key)| *key).collect();
        let standings = self.backends[store].standing(&keys).await?;
        let mut woken = Vec::new();
        for ((id, _), standing) in asked.into_iter().zip(standings) {
            let index = self.index_of(id);
            match standing {
                Standing::Blocked(by) => {
                    self.check_holders(index, &by)?;
                    self.connections[index].blocked_by = by;
                }
                _ => woken.push(index),
            }
        }
        Ok(woken)
    }

    /// Lets the one request go on that the last step let go; of several, notes that it has to be chosen which is
    /// first. `true` if there may be more.
    async fn wake_one(&mut self, store: usize) -> Result<bool, GateError> {
        let woken = self.woken(store).await?;
        let is_open = self.connections.iter().any(|other| matches!(other.phase, Phase::Woken));
        if let ([index], false) = (&woken[..], is_open) {
            self.go_on(*index).await?;
            return Ok(true);
        }
        for index in woken {
            self.connections[index].phase = Phase::Woken;
        }
        Ok(false)
    }

    /// Lets a request that is held after its wait go on, as far as it can.
    pub(super) async fn go_on(&mut self, index: usize) -> Result<(), GateError> {
        let Connection { store, key, .. } = self.connections[index];
        self.move_on(store);
        self.backends[store].let_go(key);
        self.await_answer(index).await
    }

    /// Lets a request that waits and was cancelled go on to its end. It is not asked whether it still waits: that would
    /// be the answer of the moment before it hears of its end.
    pub(super) async fn see_the_end(&mut self, index: usize) -> Result<(), GateError> {
        let Connection { store, key, .. } = self.connections[index];
        self.connections[index].phase = Phase::AtStore;
        self.backends[store].let_go(key);
        while self.connections[index].phase != Phase::Answered {
            self.listen(index, PAUSE_MAX).await?;
        }
        Ok(())
    }

    /// Waits for all that the last step let go, which the machine runs in any order. `true` if there may be more.
    async fn wake_all(&mut self, store: usize) -> Result<bool, GateError> {
        let woken = self.woken(store).await?;
        self.herds += u64::from(woken.len() > 1);
        for index in &woken {
            self.await_answer(*index).await?;
        }
        let circle = (0..self.connections.len())
            .find(|index| self.connections[*index].store == store && self.waits_in_a_circle(*index));
        if let (true, Some(index)) = (woken.is_empty(), circle) {
            self.await_victim(index).await?;
            return Ok(true);
        }
        Ok(!woken.is_empty())
    }

    /// Waits until the store has broken the deadlock that `index` is part of.
    async fn await_victim(&mut self, index: usize) -> Result<(), GateError> {
        let Connection { store, key, id, .. } = self.connections[index];
        self.backends[store].begin_look(key);
        let over = poll_fn(|context| {
            while self.poll(context)? {}
            let is_over = !self.waits_in_a_circle(self.index_of(id));
            if is_over { Poll::Ready(Ok(())) } else { Poll::Pending }
        })
        .await;
        self.backends[store].end_look(key);
        over
    }

    /// Waits until listeners have everything that the last step made the store say to them.
    async fn flush_pushes(&mut self, store: usize) -> Result<(), GateError> {
        let listeners = self.connections.iter_mut().filter(|other| other.store == store && other.listens());
        let pinged = listeners.map(Connection::ping).fold(false, |any, pinged| any | pinged);
        if !pinged {
            return Ok(());
        }
        poll_fn(|context| {
            while self.poll(context)? {}
            let is_over = !self.connections.iter().any(Connection::is_pinged);
            if is_over { Poll::Ready(Ok(())) } else { Poll::Pending }
        })
        .await
    }
}
