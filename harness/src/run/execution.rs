//! Owns [`Execution`]: one run of the workers, choice by choice, from their start to their end.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, spawn_local};

use super::executed::{Executed, Happened, Step};
use super::halt::Halt;
use super::idle::Idle;
use super::log::OperationLog;
use super::patience::Patience;
use crate::check::{Invariant, View};
use crate::choice::Choice;
use crate::clock::RunClock;
use crate::explore::{Decision, Point, Strategy};
use crate::gate::{Gate, Stream};
use crate::history::{State, WorkerEnd};
use crate::id::WorkerId;
use crate::plan::RunLimits;
use crate::scenario::{Result as ProgramResult, Scenario};
use crate::verdict::{Inconclusive, Verdict, Violation};
use crate::worker::{Event, Worker};

/// What an execution needs and does not change.
pub(crate) struct Setting<'a> {
    pub(crate) scenario: &'a Arc<dyn Scenario>,
    pub(crate) idle: &'a Idle,
    pub(crate) patience: &'a Patience,
    pub(crate) always: &'a [Invariant],
    pub(crate) finally: &'a [Invariant],
    pub(crate) workers: &'a [WorkerId],
    pub(crate) seed: u64,
    pub(crate) limits: RunLimits,
    /// Whether the stores are read after every step even if no invariant asks for it.
    pub(crate) states: bool,
}

/// The promise that every execution makes about its workers' programs.
const NO_PANIC: &str = "no worker panics";
/// The promise that every execution makes about waiting.
const NO_DEADLOCK: &str = "every worker can finish";

/// A running execution.
pub(crate) struct Execution<'a> {
    setting: &'a Setting<'a>,
    gate: &'a mut Gate,
    clock: RunClock,
    reports: UnboundedReceiver<Event>,
    tasks: Vec<Task>,
    timers: Vec<Timer>,
    log: OperationLog,
    steps: Vec<Step>,
    initial_state: Option<State>,
    /// How often the runtime had nothing to do since the last thing that happened.
    rings: u32,
}

struct Task {
    worker: WorkerId,
    handle: JoinHandle<ProgramResult>,
    end: Option<WorkerEnd>,
}

struct Timer {
    worker: WorkerId,
    deadline: Duration,
    wake: oneshot::Sender<()>,
}

/// Why polling for a settled state came back.
enum Settling {
    Settled,
    GateNeedsTending,
}

impl<'a> Execution<'a> {
    /// Starts the workers; to be called, and run, inside a `LocalSet`.
    pub(crate) fn start(setting: &'a Setting<'a>, gate: &'a mut Gate) -> Self {
        let clock = RunClock::default();
        let (team, reports) = Worker::team(setting.workers, setting.seed, &clock);
        let spawn = |worker: Worker| {
            let (id, scenario) = (worker.id(), Arc::clone(setting.scenario));
            let handle = spawn_local(async move { scenario.work(worker).await });
            Task { worker: id, handle, end: None }
        };
        let tasks = team.into_iter().map(spawn).collect();
        let (timers, steps, log) = (Vec::new(), Vec::new(), OperationLog::default());
        Self { setting, gate, clock, reports, tasks, timers, log, steps, initial_state: None, rings: 0 }
    }

    /// Runs to the end that the workers, an invariant, the strategy or a limit gives.
    pub(crate) async fn run(mut self, strategy: &mut dyn Strategy) -> Result<Executed, crate::error::Error> {
        let (mut verdict, mut mismatch) = (Verdict::Pass, None);
        match self.explore(strategy).await {
            Ok(reached) => verdict = reached,
            Err(Halt::Inconclusive(reason)) => verdict = Verdict::Inconclusive(reason),
            Err(Halt::Mismatch(what)) => mismatch = Some((self.steps.len() + 1, what)),
            Err(Halt::Error(error)) => return Err(error),
        }
        let final_state = self.gate.finish().await.ok();
        if matches!(verdict, Verdict::Pass) && mismatch.is_none() && self.all_ended() {
            verdict = self.judge_end(final_state.as_ref());
        }
        let end = |task: &Task| (task.worker, task.end.clone().unwrap_or(WorkerEnd::CutOff));
        let ends: BTreeMap<_, _> = self.tasks.iter().map(end).collect();
        Ok(Executed {
            workers: self.setting.workers.to_vec(),
            steps: self.steps,
            operations: self.log.into_operations(),
            ends,
            initial_state: self.initial_state,
            final_state,
            verdict,
            mismatch,
        })
    }

    /// Takes choices until there are none, or something stops it.
    async fn explore(&mut self, strategy: &mut dyn Strategy) -> Result<Verdict, Halt> {
        let mut previous = None;
        loop {
            self.settle().await?;
            if let Some(violation) = self.judge_step().await? {
                return Ok(Verdict::Violation(violation));
            }
            let options = self.options();
            if options.is_empty() {
                strategy.end(self.steps.len()).map_err(Halt::Mismatch)?;
                return Ok(self.deadlock().map_or(Verdict::Pass, Verdict::Violation));
            }
            if self.steps.len() >= self.setting.limits.steps_max {
                let steps_max = self.setting.limits.steps_max;
                return Err(Halt::Inconclusive(Inconclusive::StepLimit { steps_max }));
            }
            match strategy.choose(&Point { options: &options, previous }) {
                Decision::Take(index) => {
                    previous = options[index].worker();
                    self.take(options[index]).await?;
                }
                Decision::Stop => return Ok(Verdict::Pass),
                Decision::Mismatch(what) => return Err(Halt::Mismatch(what)),
            }
        }
    }

    /// Lets one thing happen.
    async fn take(&mut self, choice: Choice) -> Result<(), Halt> {
        self.rings = 0;
        let step_ms_max = self.setting.limits.step_ms_max;
        let in_time = Duration::from_millis(step_ms_max);
        let silent = |_| {
            let what = format!("no answer within {step_ms_max} ms to the request of {choice}");
            Halt::Inconclusive(Inconclusive::StoreLost { what })
        };
        let happened = match choice {
            Choice::Run(id) => Happened::Step(
                id,
                self.setting.patience.within(in_time, self.gate.step(id)).await.map_err(silent)??,
            ),
            Choice::Deliver(id) => {
                let (store, message) = self.gate.deliver(id);
                Happened::Delivery { connection: id, store, message }
            }
            Choice::Advance => self.let_time_pass(in_time).await?,
        };
        self.steps.push(Step { choice, happened, state: None });
        Ok(())
    }

    /// Moves the clock to the next deadline; if no worker sleeps, waits for a store to end a wait.
    async fn let_time_pass(&mut self, in_time: Duration) -> Result<Happened, Halt> {
        let (mut woke, mut replies) = (Vec::new(), Vec::new());
        if let Some(deadline) = self.timers.iter().map(|timer| timer.deadline).min() {
            self.clock.move_to(deadline);
            let due = self.timers.extract_if(.., |timer| timer.deadline <= deadline);
            for Timer { worker, wake, .. } in due {
                // A worker that no longer waits needs no waking.
                let _ = wake.send(());
                woke.push(worker);
            }
            woke.sort();
        } else {
            let longest = self.gate.longest_wait().unwrap_or_default() + in_time;
            let silent = |_| {
                let what = format!("no wait ended within {} ms", longest.as_millis());
                Halt::Inconclusive(Inconclusive::StoreLost { what })
            };
            replies =
                self.setting.patience.within(longest, self.gate.await_time_out()).await.map_err(silent)??;
        }
        let now_ms = u64::try_from(self.clock.now().as_millis()).unwrap_or(u64::MAX);
        Ok(Happened::TimePassed { now_ms, woke, replies })
    }

    /// What may happen next, in canonical order.
    fn options(&self) -> Vec<Choice> {
        let mut options = self.gate.options();
        let store_clock = options.is_empty() && self.gate.longest_wait().is_some();
        if !self.timers.is_empty() || store_clock {
            options.push(Choice::Advance);
        }
        options
    }

    /// Waits until every worker is held at the gate, waits in a store, sleeps or has ended, and nothing
    /// on this thread can go on by itself.
    async fn settle(&mut self) -> Result<(), Halt> {
        let Setting { patience, limits: RunLimits { settle_ms_max, .. }, .. } = *self.setting;
        loop {
            let limit = Duration::from_millis(settle_ms_max);
            let settling = poll_fn(|context| self.poll_settled(context));
            match patience.within(limit, settling).await {
                Ok(Ok(Settling::Settled)) => return Ok(()),
                Ok(Ok(Settling::GateNeedsTending)) => self.gate.tend().await?,
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

    fn all_ended(&self) -> bool {
        self.tasks.iter().all(|task| task.end.is_some())
    }

    /// Checks what must always hold, after a step or before the first one.
    async fn judge_step(&mut self) -> Result<Option<Violation>, Halt> {
        if self.setting.always.is_empty() && !self.setting.states {
            return Ok(None);
        }
        let state = self.gate.state().await?;
        let count = self.steps.len();
        let violation = self.broken(self.setting.always, &state, (count > 0).then_some(count));
        match self.steps.last_mut() {
            Some(step) => step.state = Some(state),
            None => self.initial_state = Some(state),
        }
        Ok(violation)
    }

    /// Checks what must hold when all workers have ended.
    fn judge_end(&self, state: Option<&State>) -> Verdict {
        let Some(state) = state else {
            let what = "the final state could not be read".to_owned();
            return Verdict::Inconclusive(Inconclusive::StoreLost { what });
        };
        let panicked = self.tasks.iter().find_map(|task| match &task.end {
            Some(WorkerEnd::Panicked(message)) => Some(format!("{} panicked: {message}", task.worker)),
            _ => None,
        });
        let panicked = panicked.map(|found| Violation { invariant: NO_PANIC.to_owned(), found, step: None });
        let broken = panicked.or_else(|| self.broken(self.setting.finally, state, None));
        broken.map_or(Verdict::Pass, Verdict::Violation)
    }

    fn broken(&self, invariants: &[Invariant], state: &State, step: Option<usize>) -> Option<Violation> {
        let view = View { state, operations: self.log.operations(), workers: self.setting.workers.len() };
        invariants.iter().find_map(|invariant| invariant.violation(&view, step))
    }

    /// The violation that nobody can go on although somebody has not ended.
    fn deadlock(&self) -> Option<Violation> {
        let stuck: Vec<_> = self.tasks.iter().filter(|task| task.end.is_none()).collect();
        if stuck.is_empty() {
            return None;
        }
        let names = stuck.iter().map(|task| task.worker.to_string()).collect::<Vec<_>>().join(", ");
        let found = format!("{names} waits for ever: no worker is left that could wake it");
        Some(Violation { invariant: NO_DEADLOCK.to_owned(), found, step: None })
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
