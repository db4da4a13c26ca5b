//! Owns the passing of time in an execution: when it is an option, how far it goes, and what it ends.

use std::task::Context;
use std::time::Duration;

use super::executed::Happened;
use super::execution::{Execution, Setting, Timer};
use super::halt::Halt;
use crate::choice::Choice;
use crate::clock::EPOCH;
use crate::id::WorkerId;

impl Execution<'_> {
    /// Whether time may pass where `others` are the other options.
    ///
    /// With pauses it may wherever it leads somewhere, without them only where nothing else is left that is no fault.
    /// Never while the order of those is open that one step has woken: stores do not leave that open for long.
    pub(super) async fn may_time_pass(&mut self, others: &[Choice]) -> Result<bool, Halt> {
        if self.all_ended() || others.iter().any(|option| matches!(option, Choice::Wake(_))) {
            return Ok(false);
        }
        let is_last = others.iter().all(|option| option.fault().is_some());
        if !is_last && !self.setting.model.pauses {
            return Ok(false);
        }
        let store_clock = is_last && self.gate.longest_wait().is_some();
        Ok(self.next_deadline().await?.is_some() || store_clock)
    }

    /// The next moment of the run's clock at which something ends: a sleep, a wait in a store, what a store holds.
    async fn next_deadline(&mut self) -> Result<Option<Duration>, Halt> {
        let Setting { patience, .. } = *self.setting;
        let limit = self.setting.step_max();
        let in_stores = patience.for_store(limit, "its next deadline", self.gate.next_deadline()).await?;
        let in_stores = in_stores.map(|deadline| deadline.saturating_sub(EPOCH));
        let goes_on = |timer: &&Timer| !self.polling.goes_in_circles(timer.worker);
        let sleeps = self.timers.iter().filter(goes_on).map(|timer| timer.deadline);
        Ok(sleeps.chain(in_stores).min())
    }

    /// Whether a worker has a timer of tokio's. The only way to know is to let the first one fire, so it is asked only when
    /// nobody can go on without it.
    pub(super) async fn has_timer(&mut self) -> Result<bool, Halt> {
        // Programs outside know nothing of these timers, and what they do must not be taken for one.
        if self.all_ended() || !self.outsiders.is_empty() {
            return Ok(false);
        }
        let Setting { timers, idle, .. } = *self.setting;
        let goes_on = |context: &mut Context<'_>| {
            Ok::<bool, Halt>(self.poll_progress(context)? || self.gate.needs_tending())
        };
        self.fired = timers.fire_next(idle, goes_on).await?;
        Ok(self.fired.is_some())
    }

    /// When the first of those wakes that only repeat what they did, at a moment that is farther away each time.
    fn next_repetition(&mut self) -> Option<Duration> {
        let first = self.timers.iter().map(|timer| timer.deadline).min()?;
        let later = self.clock.now() + Duration::from_millis(self.polling.doubled_ms());
        Some(first.max(later))
    }

    /// Moves the clock to the next deadline; if there is none, waits for a store to end a wait by its own clock.
    pub(super) async fn let_time_pass(&mut self) -> Result<Happened, Halt> {
        let Setting { patience, .. } = *self.setting;
        let limit = self.setting.step_max();
        let next = match self.fired.take() {
            Some(fired) => Some(fired),
            None => self.next_deadline().await?,
        };
        let next =
            if next.is_none() && self.gate.longest_wait().is_none() { self.next_repetition() } else { next };
        let (mut woke, replies) = match next {
            Some(deadline) => {
                if self.gate.known_deadline().is_some_and(|end| end.saturating_sub(EPOCH) <= deadline) {
                    self.observe_deadline();
                }
                self.clock.move_to(deadline);
                let passing = self.gate.set_time(self.clock.wall());
                let replies = patience.for_store(limit, "the passing of time", passing).await?;
                self.setting.timers.pass_to(self.clock.now()).await;
                (self.wake_sleepers(deadline), replies)
            }
            None => {
                let longest = self.gate.longest_wait().unwrap_or_default().saturating_add(limit);
                let time_out = self.gate.await_time_out();
                (Vec::new(), patience.for_store(longest, "a wait that has a limit", time_out).await?)
            }
        };
        for lost in replies.iter().filter(|timed_out| timed_out.is_lost) {
            self.note_loss(lost.connection);
        }
        woke.sort();
        let now_ms = u64::try_from(self.clock.now().as_millis()).unwrap_or(u64::MAX);
        Ok(Happened::TimePassed { now_ms, woke, replies })
    }

    fn wake_sleepers(&mut self, deadline: Duration) -> Vec<WorkerId> {
        let due = self.timers.extract_if(.., |timer| timer.deadline <= deadline);
        let wake = |Timer { worker, wake, .. }| {
            // A worker that no longer waits needs no waking.
            let _ = wake.send(());
            worker
        };
        due.map(wake).collect()
    }
}
