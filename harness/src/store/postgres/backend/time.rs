//! Owns how Postgres lives by the run's clock: who is told that time has passed, and who looks for a deadlock.

use std::time::Duration;

use raceproof_clock::Page;

use super::super::alarm;
use super::super::batch::Batch;
use super::super::moments::Moments;
use super::PostgresBackend;
use crate::clock::Clock;
use crate::gate::{Backend, BackendError, DeadlockCheck, Standing};

impl PostgresBackend {
    /// What time it is for the server, if that is ours to say.
    pub(super) fn chosen_time(&self) -> Option<Duration> {
        self.server.clock.page().and_then(Page::get)
    }

    /// Rings for a process and waits until it has done what there is to do.
    fn tell_the_time(&mut self, key: u64) {
        if let Some(pid) = self.holding.signalled(key) {
            alarm::ring(pid);
            alarm::settle(pid);
        }
    }

    /// Rings for one that is held, if it still waits: one whose wait is over goes on when it is told to and not before.
    async fn tell_the_time_while_held(&mut self, key: u64, now: Duration) -> Result<(), BackendError> {
        if !self.waits_for_others(key).await? {
            return Ok(());
        }
        self.holding.let_go(key);
        self.tell_the_time(key);
        self.looks.tell(key, now, self.control.deadlock_timeout);
        if self.waits_for_others(key).await? {
            self.holding.hold(key);
            self.holding.settle();
        } else {
            self.looks.end(key);
        }
        Ok(())
    }

    async fn waits_for_others(&mut self, key: u64) -> Result<bool, BackendError> {
        Ok(matches!(self.standing(&[key]).await?.first(), Some(Standing::Blocked(_))))
    }

    /// When processes look for deadlocks: not by themselves while the clock stands still.
    pub(super) fn check(&self) -> DeadlockCheck {
        match self.chosen_time().or(self.looking_since) {
            Some(_) => DeadlockCheck::WhenTold,
            None => DeadlockCheck::After(self.control.deadlock_timeout),
        }
    }

    /// Lets a process look for a deadlock. The clock goes ahead for this process alone: everybody else who waits is stopped.
    pub(super) fn go_ahead(&mut self, key: u64) {
        if let (Some(now), Some(page)) = (self.chosen_time(), self.server.clock.page()) {
            page.set(Some(now + self.control.deadlock_timeout));
            self.looking_since = Some(now);
        }
        self.holding.let_go(key);
        if self.looking_since.is_some()
            && let Some(pid) = self.holding.signalled(key)
        {
            alarm::ring(pid);
        }
    }

    /// The process has looked.
    pub(super) fn go_back(&mut self, key: u64) {
        if let (Some(now), Some(page)) = (self.looking_since.take(), self.server.clock.page()) {
            page.set(Some(now));
        }
        self.looks.note(key);
    }

    /// Makes it `now`, and lets whatever ends by then end.
    pub(super) async fn pass(&mut self, now: Duration) -> Result<(), BackendError> {
        let Some(page) = self.server.clock.page() else { return Ok(()) };
        page.set(Some(now));
        self.holding.settle();
        let sessions = self.run("say who is in the middle of something", alarm::SESSIONS, &[]).await?;
        let held = self.looks.keys();
        let mut awake: Vec<u64> = sessions[0].iter().filter_map(|row| row.number(0)).collect();
        awake.retain(|key| !self.holding.holds(*key));
        for key in awake {
            self.tell_the_time(key);
        }
        for key in held {
            self.tell_the_time_while_held(key, now).await?;
        }
        Ok(())
    }

    /// The next moment that stands in a table.
    pub(super) async fn next_moment(&mut self, now: Duration) -> Result<Option<Duration>, BackendError> {
        const ACTION: &str = "say which time comes next";
        let mut batch = Batch::default();
        if self.clock() != Clock::Virtual || self.is_stale || !self.moments.ask(&mut batch, now) {
            return Ok(None);
        }
        let sections = self.control.exchange.ask_each(ACTION, &batch).await?;
        Moments::read(sections).map_err(|refusal| refusal.into_error(ACTION))
    }
}
