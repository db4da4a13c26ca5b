//! Owns [`Execution`]: one run of the workers, choice by choice, from their start to their end.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, spawn_local};

use super::executed::{Executed, Happened, Step};
use super::following::Following;
use super::halt::{Halt, reason};
use super::idle::Idle;
use super::log::OperationLog;
use super::outsiders::Outsiders;
use super::panics;
use super::patience::Patience;
use super::polling::Polling;
use super::surroundings::{Home, Surroundings};
use super::timers::Timers;
use crate::check::Invariant;
use crate::choice::Choice;
use crate::clock::RunClock;
use crate::explore::{Begun, Decision, Point, Strategy};
use crate::fault::FaultModel;
use crate::gate::{Gate, Stepped};
use crate::history::{Cause, State, WorkerEnd};
use crate::id::{ConnectionId, WorkerId};
use crate::plan::RunLimits;
use crate::scenario::{Moment, Result as ProgramResult, Scenario};
use crate::store::SetUp;
use crate::verdict::{Inconclusive, Verdict, Violation};
use crate::worker::{Event, Shared, Worker};

/// What an execution needs and does not change.
pub(crate) struct Setting<'a> {
    pub(crate) scenario: &'a Arc<dyn Scenario>,
    pub(crate) idle: &'a Idle,
    pub(crate) patience: &'a Patience,
    pub(crate) timers: &'a Timers,
    /// What the process has when no worker is at work, if the system tells.
    pub(crate) surroundings: Option<&'a Surroundings>,
    /// Where the workers run.
    pub(crate) home: Option<&'a Home>,
    pub(crate) always: &'a [Invariant],
    pub(crate) finally: &'a [Invariant],
    pub(crate) workers: &'a [WorkerId],
    /// Whether each worker begins when the one before it has ended.
    pub(crate) in_turn: bool,
    /// Whether it starts what is kept between executions, instead of the workers' programs.
    pub(crate) is_warm_up: bool,
    /// What is kept between executions.
    pub(crate) kept: &'a Arc<Shared>,
    /// The worker of the aftermath, if the scenario has one.
    pub(crate) aftermath: Option<WorkerId>,
    pub(crate) seed: u64,
    pub(crate) limits: RunLimits,
    /// Most requests that are stopped half-way.
    pub(crate) splits_max: usize,
    /// What may break, and whether time may pass while workers could go on.
    pub(crate) model: &'a FaultModel,
    /// Whether workers were seen to have anything in common in their process.
    pub(crate) shares_memory: bool,
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
    pub(super) set_up: &'a mut SetUp,
    pub(super) clock: RunClock,
    pub(super) reports: UnboundedReceiver<Event>,
    pub(super) tasks: Vec<Task>,
    /// The workers that have not begun, where they work in turn.
    pub(super) to_come: VecDeque<Worker>,
    /// The worker of the aftermath, until that begins.
    pub(super) last_worker: Option<Worker>,
    pub(super) timers: Vec<Timer>,
    pub(super) polling: Polling,
    /// When a timer fired that was looked for because nothing else was left; it is told as the next passing of time.
    pub(super) fired: Option<Duration>,
    pub(super) log: OperationLog,
    /// The operations of generated programs that have begun, in order.
    pub(super) begun: Vec<Begun>,
    pub(super) steps: Vec<Step>,
    /// Requests so far that were stopped half-way.
    pub(super) splits: usize,
    /// Faults so far.
    pub(super) faults: usize,
    /// Requests that wait in a store and whose replies will be lost: the step (from 1) of that fault.
    pub(super) losses: BTreeMap<ConnectionId, usize>,
    pub(super) initial_state: Option<State>,
    /// The last conflict with which a store gave up a request of each worker.
    conflicts: BTreeMap<WorkerId, String>,
    pub(super) following: Following,
    /// Whether workers have anything in common in their process: nothing here sees what they do with it.
    pub(super) shares_memory: bool,
    /// How often the runtime had nothing to do since the last thing that happened.
    pub(super) rings: u32,
    /// What the process has beside what workers have made.
    pub(super) surroundings: Option<Surroundings>,
    /// Processes in which workers' programs go on.
    pub(super) outsiders: Outsiders,
    /// Workers who wait until everything else is at rest.
    pub(super) in_line: BTreeMap<WorkerId, oneshot::Sender<()>>,
}

/// Where the choices of an execution have led.
enum Reached {
    /// To its end, or that of its schedule.
    End(Verdict),
    /// To something that must never be.
    Violation(Violation),
    /// To where another execution goes on in the same way.
    Known,
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
    pub(crate) fn start(setting: &'a Setting<'a>, gate: &'a mut Gate, set_up: &'a mut SetUp) -> Self {
        let clock = RunClock::default();
        let (team, last_worker, reports) =
            Worker::team(setting.workers, setting.aftermath, setting.seed, &clock, setting.kept);
        let (timers, steps, log) = (Vec::new(), Vec::new(), OperationLog::default());
        let mut execution = Self {
            setting,
            gate,
            set_up,
            clock,
            reports,
            tasks: Vec::new(),
            to_come: team.into(),
            last_worker,
            timers,
            polling: Polling::default(),
            fired: None,
            log,
            begun: Vec::new(),
            steps,
            splits: 0,
            faults: 0,
            losses: BTreeMap::new(),
            initial_state: None,
            conflicts: BTreeMap::new(),
            following: Following::default(),
            shares_memory: setting.shares_memory,
            rings: 0,
            surroundings: setting.surroundings.cloned(),
            outsiders: Outsiders::default(),
            in_line: BTreeMap::new(),
        };
        while execution.begin_next() && !setting.in_turn {}
        execution
    }

    /// Starts the program of the next worker; `false` if there is none.
    fn begin_next(&mut self) -> bool {
        let Some(worker) = self.to_come.pop_front() else { return false };
        let scenario = Arc::clone(self.setting.scenario);
        let is_warm_up = self.setting.is_warm_up;
        self.spawn(worker, move |worker| async move {
            if is_warm_up { scenario.warm_up(worker).await } else { scenario.work(worker).await }
        });
        true
    }

    /// Starts the program of `worker`.
    pub(super) fn spawn<F>(&mut self, worker: Worker, program: impl FnOnce(Worker) -> F)
    where
        F: Future<Output = ProgramResult> + 'static,
    {
        let id = worker.id();
        let handle = spawn_local(panics::told_elsewhere(program(worker)));
        self.tasks.push(Task { worker: id, handle, end: None });
    }

    /// Runs to the end that the workers, an invariant, the strategy or a limit gives.
    pub(crate) async fn run(mut self, strategy: &mut dyn Strategy) -> Result<Executed, crate::error::Error> {
        let (mut verdict, mut mismatch, mut unforced, mut is_redundant) = (Verdict::Pass, None, None, false);
        self.following.is_wanted = strategy.observes();
        self.gate.follow();
        match self.explore(strategy).await {
            Ok(Reached::End(reached)) => verdict = reached,
            Ok(Reached::Violation(violation)) => {
                verdict = Verdict::Violation(violation);
                strategy.cut_short(&self.unfinished());
            }
            Ok(Reached::Known) => {
                is_redundant = true;
                self.run_out().await;
            }
            Err(Halt::Inconclusive(reason)) => {
                verdict = Verdict::Inconclusive(reason);
                strategy.cut_short(&self.unfinished());
            }
            Err(Halt::Unforced(what)) => {
                verdict = Verdict::Inconclusive(Inconclusive::Unforced { what: what.clone() });
                unforced = Some(what);
            }
            Err(Halt::Mismatch(what)) => mismatch = Some((self.steps.len() + 1, what)),
            Err(Halt::Error(error)) => return Err(error),
        }
        if matches!(verdict, Verdict::Pass) && mismatch.is_none() && !is_redundant && self.all_ended() {
            verdict = match self.inspect(Moment::Finally).await {
                Ok(broken) => broken.map_or(verdict, Verdict::Violation),
                Err(Halt::Error(error)) => return Err(error),
                Err(halt) => Verdict::Inconclusive(reason(halt)),
            };
        }
        self.cut_off().await;
        let Setting { patience, .. } = *self.setting;
        let finished = patience.for_store(self.setting.step_max(), "its content", self.gate.finish()).await;
        let is_judged = mismatch.is_none() && !is_redundant;
        if is_judged && matches!(verdict, Verdict::Pass) && self.all_ended() {
            verdict = self.judge_end(finished.as_ref());
        }
        let final_state = finished.ok();
        let end = |task: &Task| (task.worker, task.end.clone().unwrap_or(WorkerEnd::CutOff));
        let ends: BTreeMap<_, _> = self.tasks.iter().map(end).collect();
        let mut conflicts = self.conflicts;
        conflicts.retain(|worker, _| matches!(ends.get(worker), Some(WorkerEnd::Failed(_))));
        Ok(Executed {
            workers: self.setting.workers.to_vec(),
            aftermath: self.setting.aftermath.filter(|worker| ends.contains_key(worker)),
            steps: self.steps,
            operations: self.log.into_operations(),
            ends,
            initial_state: self.initial_state,
            final_state,
            verdict,
            conflicts,
            unforced,
            mismatch,
            is_redundant,
            shares_memory: self.shares_memory,
            grace: self.outsiders.grace(self.setting.scenario.grace()),
            begun: self.begun,
            programs: None,
        })
    }

    /// Takes choices until there are none, or something stops it.
    async fn explore(&mut self, strategy: &mut dyn Strategy) -> Result<Reached, Halt> {
        let mut previous = None;
        loop {
            self.settle().await?;
            let violation = self.judge_step().await?;
            self.tell(strategy).await?;
            if let Some(violation) = violation {
                return Ok(Reached::Violation(violation));
            }
            let options = self.options().await?;
            if options.is_empty() {
                if self.all_ended() && (self.begin_next() || self.begin_aftermath()) || self.await_outsiders()
                {
                    continue;
                }
                strategy.end(self.steps.len()).map_err(Halt::Mismatch)?;
                return Ok(Reached::End(self.deadlock().map_or(Verdict::Pass, Verdict::Violation)));
            }
            let forced = self.polling.forced.as_ref().map(|forced| forced.from);
            let count = forced.filter(|_| self.gate.knows_deadlines()).unwrap_or(self.steps.len());
            if count >= self.setting.limits.steps_max {
                let steps_max = self.setting.limits.steps_max;
                return Err(Halt::Inconclusive(Inconclusive::StepLimit { steps_max }));
            }
            match strategy.choose(&Point { options: &options, previous }) {
                Decision::Take(index) => {
                    previous = options[index].turn().or(previous);
                    self.take(options[index]).await?;
                }
                // Repetitions are no part of the schedule of a worker that waits for ever.
                Decision::Stop if forced.is_some() => self.take(options[0]).await?,
                Decision::Stop => return Ok(Reached::End(Verdict::Pass)),
                Decision::Redundant => return Ok(Reached::Known),
                Decision::Mismatch(what) => return Err(Halt::Mismatch(what)),
            }
        }
    }

    /// Lets one thing happen.
    pub(super) async fn take(&mut self, choice: Choice) -> Result<(), Halt> {
        self.rings = 0;
        self.polling.is_old = false;
        if let Some(worker) = choice.worker() {
            self.gate.set_cause(worker);
        }
        let ends_more = self.ends_more(choice);
        if self.following.is_wanted {
            self.note_unfinished();
        }
        let happened = match choice {
            Choice::Run(id) | Choice::Split(id) => Happened::Step(id, self.step(choice).await?),
            Choice::Resume(id) => Happened::Continuation(id, Cause::Resumed, self.step(choice).await?),
            Choice::Wake(id) => Happened::Continuation(id, Cause::Woken, self.step(choice).await?),
            Choice::Victim(id) => Happened::Continuation(id, Cause::Victim, self.step(choice).await?),
            Choice::Deliver(id) => {
                let (store, message) = self.gate.deliver(id);
                Happened::Delivery { connection: id, store, message }
            }
            Choice::Advance => self.let_time_pass().await?,
            fault => self.break_it(fault).await?,
        };
        self.splits += usize::from(matches!(choice, Choice::Split(_)));
        self.faults += usize::from(choice.fault().is_some());
        self.observe(&happened).await?;
        self.steps.push(Step { choice, happened, state: None });
        match self.following.is_wanted {
            true => self.follow(choice, ends_more).await,
            false => Ok(()),
        }
    }

    /// Lets a request go to the store, or go on there.
    async fn step(&mut self, choice: Choice) -> Result<Stepped, Halt> {
        let Setting { patience, .. } = *self.setting;
        let (limit, asked) = (self.setting.step_max(), format_args!("the request of {choice}"));
        let stepped = match choice {
            Choice::Run(id) => patience.for_store(limit, asked, self.gate.step(id)).await,
            Choice::Split(id) => patience.for_store(limit, asked, self.gate.split(id)).await,
            Choice::Resume(id) => patience.for_store(limit, asked, self.gate.resume(id)).await,
            Choice::Wake(id) => patience.for_store(limit, asked, self.gate.wake(id)).await,
            Choice::Victim(id) => patience.for_store(limit, asked, self.gate.sacrifice(id)).await,
            _ => unreachable!("no request goes to a store"),
        }?;
        self.note_answers(choice.connection(), &stepped);
        Ok(stepped)
    }

    /// Notes what the answers of a step mean for the workers that get them, or that do not.
    pub(super) fn note_answers(&mut self, own: Option<ConnectionId>, stepped: &Stepped) {
        let own = own.zip(stepped.reply.clone());
        let others = stepped.woken.iter().map(|(id, answer)| (*id, answer.bytes.clone()));
        let seen = own.into_iter().chain(others).filter(|(id, _)| !stepped.lost.contains(id));
        for (id, reply) in seen {
            if let Some(code) = self.gate.conflict(id, &reply) {
                self.conflicts.insert(id.worker, code);
            }
        }
        for id in &stepped.lost {
            self.note_loss(*id);
        }
    }

    /// Notes that the reply of `id` is here and lost: its request was executed after all.
    pub(super) fn note_loss(&mut self, id: ConnectionId) {
        if let Some(step) = self.losses.remove(&id) {
            self.log.executed(id.worker, step);
        }
    }

    pub(super) fn all_ended(&self) -> bool {
        self.tasks.iter().all(|task| task.end.is_some())
    }
}
