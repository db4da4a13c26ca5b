//! Owns how an execution comes to rest between two choices.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::execution::{Execution, Setting, Task, Timer};
use super::halt::Halt;
use super::outsiders::Calm;
use super::panics;
use super::surroundings::Surroundings;
use crate::explore::Begun;
use crate::gate::Stream;
use crate::history::WorkerEnd;
use crate::id::WorkerId;
use crate::plan::RunLimits;
use crate::scenario::Result as ProgramResult;
use crate::verdict::Inconclusive;
use crate::worker::Event;

/// How often the runtime must have had nothing to do before a worker is taken to wait in this process: the first time no
/// task can go on, the second time nor has anything arrived on a socket.
const RINGS_OF_SILENCE: u32 = 1;

/// Why polling for a settled state came back.
enum Settling {
    Settled,
    GateNeedsTending,
}

impl Execution<'_> {
    /// Waits until every worker is held at the gate, waits in a store, sleeps or has ended, and nothing
    /// on this thread can go on by itself.
    pub(super) async fn settle(&mut self) -> Result<(), Halt> {
        let Setting { patience, limits: RunLimits { settle_ms_max, .. }, .. } = *self.setting;
        loop {
            let limit = Duration::from_millis(settle_ms_max);
            let settling = poll_fn(|context| self.poll_settled(context));
            match patience.within(limit, settling).await {
                Ok(Ok(Settling::Settled)) => return Ok(()),
                Ok(Ok(Settling::GateNeedsTending)) => {
                    let tended = self.gate.tend();
                    patience.for_store(self.setting.step_max(), "a connection", tended).await?;
                }
                Ok(Err(halt)) => return Err(halt),
                Err(_) => {
                    let workers = self.unsettled().map(|worker| worker.to_string()).collect::<Vec<_>>();
                    let workers = workers.join(", ");
                    return Err(Halt::Inconclusive(Inconclusive::Unsettled { workers, settle_ms_max }));
                }
            }
        }
    }

    fn poll_settled(&mut self, context: &mut Context<'_>) -> Poll<Result<Settling, Halt>> {
        let has_rung = self.setting.idle.take_ring();
        self.rings += u32::from(has_rung);
        while self.poll_progress(context)? || (has_rung && self.gate.spin_for_passing()?) {
            self.rings = 0;
            self.outsiders.disturb();
        }
        if self.gate.needs_tending() {
            return Poll::Ready(Ok(Settling::GateNeedsTending));
        }
        if let Some(connection) = self.gate.ended_by_themselves().first() {
            let what = format!("the wait of {connection} ended by the store's own clock");
            let step = self.steps.len() + 1;
            return Poll::Ready(Err(Halt::Inconclusive(Inconclusive::Nondeterministic { step, what })));
        }
        if !self.outsiders.is_empty() {
            return self.poll_outsiders(has_rung, context);
        }
        if self.unsettled().next().is_some() {
            if self.wait_inside() {
                return self.poll_quiet(context);
            }
            // When all tasks have done what they can, it is worth to listen for a moment before the thread sleeps.
            if !has_rung && self.gate.is_passing() {
                self.setting.idle.arm(context.waker());
            }
            return Poll::Pending;
        }
        // One ring: no task can go on. Two: nor had anything arrived on a socket.
        if self.rings > u32::from(self.gate.through_kernel()) {
            return Poll::Ready(Ok(Settling::Settled));
        }
        self.setting.idle.arm(context.waker());
        Poll::Pending
    }

    /// Settled, once nothing of ours can go on and the processes of the workers' programs are at rest, and every worker has come to
    /// the gate or to its end, or has done nothing for the scenario's grace. Whoever waits in line goes on then.
    fn poll_outsiders(&mut self, has_rung: bool, context: &mut Context<'_>) -> Poll<Result<Settling, Halt>> {
        let is_busy =
            self.gate.is_common_busy() || self.tasks.iter().any(|task| self.gate.presence(task.worker).busy);
        if !has_rung || is_busy {
            if !has_rung {
                self.setting.idle.arm(context.waker());
            }
            return Poll::Pending;
        }
        let quiet = match self.outsiders.look() {
            Calm::Working => {
                self.outsiders.pause(context);
                return Poll::Pending;
            }
            Calm::Perhaps => {
                self.setting.idle.arm(context.waker());
                return Poll::Pending;
            }
            Calm::For(quiet) => quiet,
        };
        if self.gate.has_unclaimed() {
            let waiting = self.waiting();
            self.gate.claim(&waiting);
        }
        self.wake_up();
        let idle: Vec<WorkerId> = self.unsettled().collect();
        let grace = self.setting.scenario.grace();
        if idle.iter().any(|worker| !self.outsiders.has(*worker))
            || (self.outsiders.is_awaited && !idle.is_empty())
        {
            // Something in this process, or the system's time, brings them further.
            self.outsiders.pause(context);
            return Poll::Pending;
        }
        if !idle.is_empty() && quiet < grace {
            self.outsiders.wake_after(grace - quiet, context);
            return Poll::Pending;
        }
        self.outsiders.graces += idle.len() as u64;
        self.outsiders.dozing.extend(idle);
        match self.in_line.pop_first() {
            Some((worker, go)) => {
                self.gate.set_cause(worker);
                // A worker that no longer waits needs no waking.
                let _ = go.send(());
                self.outsiders.disturb();
                self.setting.idle.arm(context.waker());
                Poll::Pending
            }
            None => Poll::Ready(Ok(Settling::Settled)),
        }
    }

    /// Those of whom nothing is at the gate although they have not ended, who have waited longest first.
    fn waiting(&self) -> Vec<WorkerId> {
        let dozing = self.outsiders.dozing.iter().copied().filter(|worker| !self.rests(*worker));
        dozing.chain(self.unsettled()).collect()
    }

    /// Whoever has come to the gate, or to its end, waits no longer.
    fn wake_up(&mut self) {
        let mut dozing = std::mem::take(&mut self.outsiders.dozing);
        dozing.retain(|worker| !self.rests(*worker));
        self.outsiders.dozing = dozing;
    }

    /// Gives those more time who were taken to wait for others, if nobody is left who could do anything; `false` if there
    /// is none of them.
    pub(super) fn await_outsiders(&mut self) -> bool {
        self.outsiders.is_awaited = !self.outsiders.dozing.is_empty();
        self.outsiders.dozing.clear();
        self.outsiders.is_awaited
    }

    /// Whether all workers that are not settled may wait for something in this process: nothing of them is under way.
    fn wait_inside(&self) -> bool {
        self.surroundings.is_some()
            && self.unsettled().all(|worker| !self.gate.presence(worker).busy)
            && !self.gate.is_passing()
    }

    /// Settled, once no task can go on and nothing has arrived, and if nothing in this process could wake a worker by
    /// itself: no thread, no child and no socket that was not there before, and the clock of its timers stands still.
    fn poll_quiet(&mut self, context: &mut Context<'_>) -> Poll<Result<Settling, Halt>> {
        if self.rings <= RINGS_OF_SILENCE {
            self.setting.idle.arm(context.waker());
            return Poll::Pending;
        }
        let now = self.surroundings_beside(0);
        let before = self.surroundings.as_ref().zip(self.setting.home);
        let is_quiet = now.zip(before).is_some_and(|(now, (before, home))| now.add_nothing_to(before, home));
        if !is_quiet {
            return Poll::Pending;
        }
        self.shares_memory = true;
        Poll::Ready(Ok(Settling::Settled))
    }

    /// What the process has now beside the gate's sockets, those of its clients, and `more`.
    pub(super) fn surroundings_beside(&self, more: usize) -> Option<Surroundings> {
        Surroundings::now(self.setting.home?, self.gate.descriptors() + more)
    }

    pub(super) fn poll_progress(&mut self, context: &mut Context<'_>) -> Result<bool, Halt> {
        let mut progress = false;
        while let Poll::Ready(Some(event)) = self.reports.poll_recv(context) {
            self.receive(event)?;
            progress = true;
        }
        for task in self.tasks.iter_mut().filter(|task| task.end.is_none()) {
            if let Poll::Ready(joined) = Pin::new(&mut task.handle).poll(context) {
                task.end = Some(end_of(joined));
                progress = true;
            }
        }
        Ok(progress | self.gate.poll(context)?)
    }

    fn receive(&mut self, event: Event) -> Result<(), Halt> {
        match event {
            Event::Connect { worker, store, stream } => {
                self.gate.connect(worker, store, Stream::InProcess(stream))?;
            }
            Event::Url { worker, store, lease, answer } => {
                // A worker that no longer waits needs no answer.
                let _ = answer.send(self.gate.url(worker, store, lease)?);
            }
            Event::RunsIn { worker, process } => self.outsiders.enter(worker, process),
            Event::Alone { worker, go } => drop(self.in_line.insert(worker, go)),
            Event::Shares => self.shares_memory = true,
            Event::Begins { worker, place } => {
                self.begun.push(Begun { worker, place, after_steps: self.steps.len() });
            }
            Event::Sleep { worker, deadline, wake } => {
                if !self.has_crashed(worker) {
                    self.polling.sleeps(worker, deadline.saturating_sub(self.clock.now()));
                    self.timers.push(Timer { worker, deadline, wake });
                }
            }
            Event::Invoked { worker, number, name, argument, .. } => {
                self.log.invoked(worker, number, name, argument, self.steps.len());
            }
            Event::Returned { number, end, .. } => {
                // What is left of a program that has crashed (a task that it had spawned) ends nothing.
                if !self.has_crashed(self.log.worker(number)) {
                    self.log.returned(number, end, self.steps.len());
                }
            }
        }
        Ok(())
    }

    fn has_crashed(&self, worker: WorkerId) -> bool {
        self.tasks.iter().any(|task| task.worker == worker && task.end == Some(WorkerEnd::Crashed))
    }

    fn unsettled(&self) -> impl Iterator<Item = WorkerId> + '_ {
        let unsettled =
            |task: &&Task| !self.rests(task.worker) && !self.outsiders.dozing.contains(&task.worker);
        self.tasks.iter().filter(unsettled).map(|task| task.worker)
    }

    /// Whether `worker` has ended, or nothing happens to it before something is chosen.
    fn rests(&self, worker: WorkerId) -> bool {
        let presence = self.gate.presence(worker);
        let has_ended = || self.tasks.iter().any(|task| task.worker == worker && task.end.is_some());
        let sleeps = || self.timers.iter().any(|timer| timer.worker == worker);
        let is_in_line = || self.in_line.contains_key(&worker);
        let is_held = presence.held || presence.blocked || presence.listening;
        !presence.busy && (is_held || has_ended() || sleeps() || is_in_line())
    }
}

pub(super) fn end_of(joined: Result<ProgramResult, tokio::task::JoinError>) -> WorkerEnd {
    match joined {
        Ok(Ok(())) => WorkerEnd::Finished,
        Ok(Err(error)) => WorkerEnd::Failed(told(error.as_ref())),
        Err(error) => match error.try_into_panic() {
            Ok(payload) => WorkerEnd::Panicked(panics::message(payload.as_ref())),
            Err(_cancelled) => WorkerEnd::CutOff,
        },
    }
}

/// An error with its causes, of each the line that names it: what follows often holds process ids and the like, which
/// differ from run to run.
fn told(error: &dyn std::error::Error) -> String {
    let first_line = |text: String| text.lines().next().unwrap_or_default().to_owned();
    let mut told = first_line(error.to_string());
    let mut cause = error.source();
    while let Some(error) = cause {
        let line = first_line(error.to_string());
        // Many errors tell their cause themselves.
        if !told.contains(&line) {
            told = format!("{told}: {line}");
        }
        cause = error.source();
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("db error")]
    struct Outer(#[source] Inner);

    #[derive(Debug, thiserror::Error)]
    #[error("deadlock detected\nprocess 7 waits for process 8")]
    struct Inner;

    /// The process numbers would make every replay differ.
    #[test]
    fn error_is_told_with_its_causes_and_without_what_differs() {
        assert_eq!(told(&Outer(Inner)), "db error: deadlock detected");
        assert_eq!(told(&Inner), "deadlock detected");
    }
}
