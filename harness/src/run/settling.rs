//! Owns how an execution comes to rest between two choices.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::execution::{Execution, Setting, Task, Timer};
use super::halt::Halt;
use crate::gate::Stream;
use crate::history::WorkerEnd;
use crate::id::WorkerId;
use crate::plan::RunLimits;
use crate::scenario::Result as ProgramResult;
use crate::verdict::Inconclusive;
use crate::worker::Event;

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
        self.rings += u32::from(self.setting.idle.take_ring());
        while self.poll_progress(context)? {
            self.rings = 0;
        }
        if self.gate.needs_tending() {
            return Poll::Ready(Ok(Settling::GateNeedsTending));
        }
        if let Some(connection) = self.gate.ended_by_themselves().first() {
            let what = format!("the wait of {connection} ended by the store's own clock");
            let step = self.steps.len() + 1;
            return Poll::Ready(Err(Halt::Inconclusive(Inconclusive::Nondeterministic { step, what })));
        }
        if self.unsettled().next().is_some() {
            return Poll::Pending;
        }
        // One ring: no task can go on. Two: nor had anything arrived on a socket.
        if self.rings > u32::from(self.gate.through_kernel()) {
            return Poll::Ready(Ok(Settling::Settled));
        }
        self.setting.idle.arm(context.waker());
        Poll::Pending
    }

    fn poll_progress(&mut self, context: &mut Context<'_>) -> Result<bool, Halt> {
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
            Event::Url { worker, store, answer } => {
                // A worker that no longer waits needs no answer.
                let _ = answer.send(self.gate.url(worker, store)?);
            }
            Event::Sleep { worker, deadline, wake } => self.timers.push(Timer { worker, deadline, wake }),
            Event::Invoked { worker, number, name, argument } => {
                self.log.invoked(worker, number, name, argument, self.steps.len());
            }
            Event::Returned { number, end } => self.log.returned(number, end),
        }
        Ok(())
    }

    fn unsettled(&self) -> impl Iterator<Item = WorkerId> + '_ {
        let unsettled = |task: &&Task| {
            let presence = self.gate.presence(task.worker);
            let sleeps = || self.timers.iter().any(|timer| timer.worker == task.worker);
            let rests = presence.held || presence.blocked || presence.listening;
            presence.busy || !(task.end.is_some() || rests || sleeps())
        };
        self.tasks.iter().filter(unsettled).map(|task| task.worker)
    }
}

fn end_of(joined: Result<ProgramResult, tokio::task::JoinError>) -> WorkerEnd {
    match joined {
        Ok(Ok(())) => WorkerEnd::Finished,
        Ok(Err(error)) => WorkerEnd::Failed(error.to_string()),
        Err(error) => match error.try_into_panic() {
            Ok(payload) => WorkerEnd::Panicked(panic_message(payload.as_ref())),
            Err(_cancelled) => WorkerEnd::CutOff,
        },
    }
}

fn panic_message(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "(no text)".to_owned())
}
