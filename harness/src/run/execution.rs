//! Owns [`Execution`]: one run of the workers, choice by choice, from their start to their end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, spawn_local};

use super::executed::{Executed, Happened, Step};
use super::halt::Halt;
use super::idle::Idle;
use super::log::OperationLog;
use super::panics;
use super::patience::Patience;
use crate::check::Invariant;
use crate::choice::Choice;
use crate::clock::RunClock;
use crate::explore::{Decision, Point, Strategy};
use crate::gate::Gate;
use crate::history::{State, WorkerEnd};
use crate::id::WorkerId;
use crate::plan::RunLimits;
use crate::scenario::{Result as ProgramResult, Scenario};
use crate::verdict::{Inconclusive, Verdict};
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

impl Setting<'_> {
    /// The longest time that a store may take to answer.
    pub(super) fn step_max(&self) -> Duration {
        Duration::from_millis(self.limits.step_ms_max)
    }
}

/// A running execution.
pub(crate) struct Execution<'a> {
    pub(super) setting: &'a Setting<'a>,
    pub(super) gate: &'a mut Gate,
    clock: RunClock,
    pub(super) reports: UnboundedReceiver<Event>,
    pub(super) tasks: Vec<Task>,
    pub(super) timers: Vec<Timer>,
    pub(super) log: OperationLog,
    pub(super) steps: Vec<Step>,
    pub(super) initial_state: Option<State>,
    /// How often the runtime had nothing to do since the last thing that happened.
    pub(super) rings: u32,
}

/// A worker's program.
pub(super) struct Task {
    pub(super) worker: WorkerId,
    pub(super) handle: JoinHandle<ProgramResult>,
    pub(super) end: Option<WorkerEnd>,
}

/// A sleeping worker.
pub(super) struct Timer {
    pub(super) worker: WorkerId,
    pub(super) deadline: Duration,
    pub(super) wake: oneshot::Sender<()>,
}

impl<'a> Execution<'a> {
    /// Starts the workers; to be called, and run, on the runtime's thread.
    pub(crate) fn start(setting: &'a Setting<'a>, gate: &'a mut Gate) -> Self {
        let clock = RunClock::default();
        let (team, reports) = Worker::team(setting.workers, setting.seed, &clock);
        let spawn = |worker: Worker| {
            let (id, scenario) = (worker.id(), Arc::clone(setting.scenario));
            let handle = spawn_local(panics::told_elsewhere(async move { scenario.work(worker).await }));
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
        self.cut_off().await;
        let Setting { patience, .. } = *self.setting;
        let final_state =
            patience.for_store(self.setting.step_max(), "its content", self.gate.finish()).await.ok();
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

    /// Drops the programs of workers that have not ended.
    async fn cut_off(&mut self) {
        for task in self.tasks.iter_mut().filter(|task| task.end.is_none()) {
            task.handle.abort();
            // Whatever it was doing when it was cut off is of no interest.
            let _ = (&mut task.handle).await;
        }
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
        let happened = match choice {
            Choice::Run(id) => {
                let step = self.gate.step(id);
                let asked = format_args!("the request of {choice}");
                Happened::Step(
                    id,
                    self.setting.patience.for_store(self.setting.step_max(), asked, step).await?,
                )
            }
            Choice::Deliver(id) => {
                let (store, message) = self.gate.deliver(id);
                Happened::Delivery { connection: id, store, message }
            }
            Choice::Advance => self.let_time_pass().await?,
        };
        self.steps.push(Step { choice, happened, state: None });
        Ok(())
    }

    /// Moves the clock to the next deadline; if no worker sleeps, waits for a store to end a wait.
    async fn let_time_pass(&mut self) -> Result<Happened, Halt> {
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
            let longest = self.gate.longest_wait().unwrap_or_default() + self.setting.step_max();
            let time_out = self.gate.await_time_out();
            replies = self.setting.patience.for_store(longest, "a wait that has a limit", time_out).await?;
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

    fn all_ended(&self) -> bool {
        self.tasks.iter().all(|task| task.end.is_some())
    }
}
