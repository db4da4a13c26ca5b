//! Owns [`Rig`]: the gate, the stores' set-up connections and the runtime's idle bell, with which executions
//! are run one after the other.

use std::sync::Arc;
use std::time::Duration;

use super::executed::Executed;
use super::execution::{Execution, Setting};
use super::halt::Halt;
use super::idle::Idle;
use super::patience::{Exhausted, Patience};
use super::surroundings::{Home, Surroundings};
use super::timers::Timers;
use super::warming::Kept;
use crate::check::Invariant;
use crate::checkpoint::Learnt;
use crate::error::Error;
use crate::explore::Strategy;
use crate::fault::FaultModel;
use crate::gate::{Gate, spinning};
use crate::history::{Trace, Typed};
use crate::id::WorkerId;
use crate::isolation::Isolation;
use crate::plan::{Plan, RunLimits};
use crate::programs::Programs;
use crate::scenario::{Moment, Scenario};
use crate::store::SetUp;
use crate::verdict::{Culprit, Inconclusive, Verdict};

/// What executions run on.
pub(crate) struct Rig {
    pub(crate) gate: Gate,
    pub(crate) set_up: SetUp,
    /// What the last set-up has sent, if it can be typed.
    pub(crate) set_up_typed: Option<Vec<Typed>>,
    pub(crate) idle: Arc<Idle>,
    pub(crate) patience: Patience,
    pub(crate) timers: Timers,
    /// Where the workers run, if the system tells.
    pub(crate) home: Option<Home>,
    /// What the process has when no worker is at work, and of which subject and after how many outages that was seen: for
    /// another one replicas are started, and a store that is killed is replaced.
    pub(crate) surroundings: Option<((u64, u64), Surroundings)>,
    /// The subject whose set-up the stores remember.
    pub(crate) prepared_for: Option<u64>,
    /// What the workers of a subject keep between executions.
    pub(crate) kept: Option<Kept>,
    /// The subject whose workers were seen to have anything in common in their process.
    pub(crate) shares_memory: Option<u64>,
    /// How many subjects there were.
    pub(crate) subjects: u64,
}

/// How often an execution is tried that the machine was too slow for.
const ATTEMPTS_MAX: u32 = 20;

/// A scenario with everything about its executions that a search does not change.
#[derive(Clone)]
pub(crate) struct Subject {
    /// Tells its set-up from that of others.
    pub(super) number: u64,
    isolation: Option<Isolation>,
    splits_max: usize,
    installs_splits: bool,
    model: FaultModel,
    pub(crate) scenario: Arc<dyn Scenario>,
    /// What the workers are to do, if it was generated; then `scenario` does it.
    pub(super) programs: Option<Arc<Programs>>,
    pub(super) always: Vec<Invariant>,
    pub(super) finally: Vec<Invariant>,
    pub(crate) seed: u64,
    /// How many workers the whole team has, whoever takes part.
    pub(crate) workers: usize,
    /// The worker of the aftermath, which is called after those of the whole team, whoever takes part.
    pub(super) aftermath: Option<WorkerId>,
    pub(super) limits: RunLimits,
    /// Whether it promises nothing itself, so that it is judged by what its workers come to one after the other.
    pub(super) is_judged_by_orders: bool,
    /// Why nothing says what is right, if so.
    unjudged: Option<Inconclusive>,
    /// Whether each worker begins when the one before it has ended.
    in_turn: bool,
    /// Whether it starts what is kept between executions, instead of the workers' programs.
    pub(super) is_warm_up: bool,
}

impl Subject {
    /// The same, with `faults_max` faults at most.
    pub(crate) fn with_faults_max(&self, faults_max: usize) -> Self {
        Self { model: FaultModel { faults_max, ..self.model.clone() }, ..self.clone() }
    }

    /// The same where nothing breaks and each worker begins when the one before it has ended.
    pub(crate) fn one_after_the_other(&self) -> Self {
        Self { in_turn: true, ..self.with_faults_max(0) }
    }

    /// The same, whose workers start what they keep, one after the other, within `settle_ms_max`, and promise nothing.
    pub(super) fn warming(&self, settle_ms_max: u64) -> Self {
        let limits = RunLimits { settle_ms_max, ..self.limits };
        let (always, finally) = (Vec::new(), Vec::new());
        Self { is_warm_up: true, aftermath: None, limits, always, finally, ..self.one_after_the_other() }
    }

    /// The same, which promises just this.
    pub(crate) fn promising(self, invariant: Invariant) -> Self {
        Self { finally: vec![invariant], ..self }
    }

    /// The same, with the reason for which nothing says what is right.
    pub(crate) fn unjudged(self, why: String) -> Self {
        Self { unjudged: Some(Inconclusive::NoPromise { why }), ..self }
    }
}

/// How closely an execution is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// The stores are read where an invariant asks for it.
    Needed,
    /// The stores are read after every step.
    EveryStep,
    /// So they are, and each invariant is asked.
    Courses,
}

impl Detail {
    /// Whether the stores are read after every step even if no invariant asks for it.
    pub(super) fn has_states(self) -> bool {
        self != Self::Needed
    }

    /// Whether each invariant is asked after every step, whenever it is promised.
    pub(super) fn has_courses(self) -> bool {
        self == Self::Courses
    }
}

impl Subject {
    /// What can be said at all where executions came to `verdict`.
    pub(crate) fn judged(&self, verdict: Verdict) -> Verdict {
        match &self.unjudged {
            Some(reason) => verdict.merge(Verdict::Inconclusive(reason.clone())),
            None => verdict,
        }
    }

    /// All its workers.
    pub(crate) fn whole_team(&self) -> Vec<WorkerId> {
        (0..self.workers).map(|index| WorkerId(u16::try_from(index).unwrap_or(u16::MAX))).collect()
    }

    /// Those of `workers` that take part from the start.
    pub(crate) fn team(&self, workers: &[WorkerId]) -> Vec<WorkerId> {
        workers.iter().copied().filter(|worker| Some(*worker) != self.aftermath).collect()
    }
}

impl Rig {
    /// `scenario` as `plan` wants it.
    pub(crate) fn subject(&mut self, scenario: &Arc<dyn Scenario>, plan: &Plan) -> Subject {
        self.subjects += 1;
        self.gate.unlearn();
        let card = scenario.card();
        let team = plan.workers.unwrap_or(card.workers);
        let last = WorkerId(u16::try_from(team).unwrap_or(u16::MAX));
        let culprit = card.culprit(plan.isolation, &plan.model);
        let blamed = |invariants: Vec<Invariant>| match culprit {
            Culprit::Code => invariants,
            Culprit::Store => invariants.into_iter().map(Invariant::of_the_store).collect(),
        };
        let (always, finally) = (blamed(scenario.always()), blamed(scenario.finally()));
        Subject {
            number: self.subjects,
            isolation: plan.isolation,
            splits_max: plan.splits_max,
            installs_splits: plan.installs_splits || plan.splits_max > 0,
            model: plan.model.clone(),
            is_judged_by_orders: always.is_empty()
                && finally.is_empty()
                && ![Moment::Always, Moment::Finally].into_iter().any(|moment| scenario.inspects(moment)),
            unjudged: None,
            in_turn: false,
            is_warm_up: false,
            always,
            finally,
            scenario: Arc::clone(scenario),
            programs: None,
            seed: plan.seed,
            workers: team,
            aftermath: scenario.has_aftermath().then_some(last),
            limits: plan.limits,
        }
    }

    /// Runs `workers` once under `strategy`, from the state that the set-up gives. What the machine was too slow
    /// for is tried again.
    pub(crate) async fn execute(
        &mut self,
        subject: &Subject,
        workers: &[WorkerId],
        detail: Detail,
        strategy: &mut dyn Strategy,
    ) -> Result<Executed, Error> {
        for _ in 1..ATTEMPTS_MAX {
            match self.attempt(subject, workers, detail, strategy).await? {
                Executed { unforced: Some(_), .. } => strategy.rewind(),
                executed => return Ok(executed),
            }
        }
        self.attempt(subject, workers, detail, strategy).await
    }

    async fn attempt(
        &mut self,
        subject: &Subject,
        workers: &[WorkerId],
        detail: Detail,
        strategy: &mut dyn Strategy,
    ) -> Result<Executed, Error> {
        match self.prepare(subject).await {
            Ok(()) => {}
            Err(Halt::Inconclusive(reason)) => {
                return Ok(Executed::never(workers, Verdict::Inconclusive(reason)));
            }
            Err(Halt::Error(error)) => return Err(error),
            Err(Halt::Mismatch(_) | Halt::Unforced(_)) => unreachable!("nothing was chosen yet"),
        }
        self.run_once(subject, workers, detail, strategy).await
    }

    /// Runs `workers`, on stores that are prepared.
    pub(super) async fn run_once(
        &mut self,
        subject: &Subject,
        workers: &[WorkerId],
        detail: Detail,
        strategy: &mut dyn Strategy,
    ) -> Result<Executed, Error> {
        self.see_surroundings(subject);
        self.timers.restart();
        let kept = self.keeps_for(subject);
        let setting = Setting {
            scenario: &subject.scenario,
            idle: &self.idle,
            patience: &self.patience,
            timers: &self.timers,
            home: self.home.as_ref(),
            surroundings: self.surroundings.as_ref().map(|(_, seen)| seen),
            always: &subject.always,
            finally: &subject.finally,
            workers,
            in_turn: subject.in_turn,
            is_warm_up: subject.is_warm_up,
            kept: &kept,
            aftermath: subject.aftermath,
            seed: subject.seed,
            limits: subject.limits,
            model: &subject.model,
            splits_max: subject.splits_max,
            shares_memory: self.shares_memory == Some(subject.number),
            detail,
        };
        let execution = Execution::start(&setting, &mut self.gate, &mut self.set_up);
        let mut executed = execution.run(strategy).await?;
        self.drop_broken(&executed);
        executed.programs.clone_from(&subject.programs);
        if executed.shares_memory {
            self.shares_memory = Some(subject.number);
        }
        Ok(executed)
    }

    /// Sees to it that what is known of them is of this subject, and of after the last outage.
    pub(super) fn see_surroundings(&mut self, subject: &Subject) {
        let moment = (subject.number, self.gate.outages());
        if self.surroundings.as_ref().is_none_or(|(seen_at, _)| *seen_at != moment) {
            let seen = self.home.as_ref().and_then(|home| Surroundings::now(home, self.gate.descriptors()));
            self.surroundings = seen.map(|seen| (moment, seen));
        }
    }

    /// Brings the stores, and their time, to where an execution of `subject` starts.
    pub(super) async fn prepare(&mut self, subject: &Subject) -> Result<(), Halt> {
        self.bring_back(subject).await?;
        if self.wants_warm_up(subject) {
            self.warm_up(subject).await?;
            self.bring_back(subject).await?;
        }
        let limit = Duration::from_millis(subject.limits.step_ms_max);
        self.patience.for_store(limit, "its time being set", self.gate.start_time()).await
    }

    pub(super) async fn bring_back(&mut self, subject: &Subject) -> Result<(), Halt> {
        let limit = Duration::from_millis(subject.limits.step_ms_max);
        if self.prepared_for == Some(subject.number) && !self.gate.is_stale() {
            if self.gate.take_clean() {
                return Ok(());
            }
            self.patience.for_store(limit, "being reset", self.gate.finish()).await?;
            if self.gate.take_clean() {
                return Ok(());
            }
        }
        // Programs of the same subject go on: the set-up makes what there was.
        if self.prepared_for.take() != Some(subject.number) {
            self.let_go().await?;
        }
        self.gate.want(&subject.scenario.card().stores);
        if let Some(what) = self.gate.impossible(&subject.model) {
            return Err(Halt::Inconclusive(Inconclusive::Unsupported { what }));
        }
        let expected = self.gate.expect(&subject.model);
        self.patience.for_store(limit, "being prepared for what may break", expected).await?;
        let cleared = self.gate.clear(subject.isolation, subject.installs_splits);
        if !self.patience.for_store(limit, "being emptied", cleared).await? {
            let scenario = subject.scenario.card().name;
            return Err(Halt::Error(Error::NoIsolation { scenario }));
        }
        self.set_up(subject, limit).await?;
        self.patience.for_store(limit, "being remembered", self.gate.remember()).await?;
        // Executions start from what was brought back, the first one too.
        self.patience.for_store(limit, "being reset", self.gate.finish()).await?;
        self.gate.take_clean();
        self.prepared_for = Some(subject.number);
        Ok(())
    }

    async fn set_up(&mut self, subject: &Subject, limit: Duration) -> Result<(), Halt> {
        self.set_up.refresh(self.gate.outages()).await.map_err(|error| Halt::Error(error.into()))?;
        self.set_up.begin();
        let mut set_up = subject.scenario.set_up(&mut self.set_up);
        let prepared = self.patience.within(limit, spinning(|context| set_up.as_mut().poll(context))).await;
        drop(set_up);
        match prepared {
            Ok(Ok(())) => {
                self.set_up_typed = self.set_up.typed();
                Ok(())
            }
            Ok(Err(source)) => {
                Err(Halt::Error(Error::SetUp { scenario: subject.scenario.card().name, source }))
            }
            Err(Exhausted) => {
                let what = format!("the set-up was not done within {} ms", limit.as_millis());
                Err(Halt::Inconclusive(Inconclusive::StoreLost { what }))
            }
        }
    }

    /// How much is known about what requests, and workers, have to do with each other; raised when that is more.
    pub(crate) fn coarseness(&self, subject: &Subject) -> u64 {
        self.gate.coarseness() + u64::from(self.shares_memory == Some(subject.number))
    }

    /// What is known of that.
    pub(crate) fn learnt(&self, subject: &Subject) -> Learnt {
        let shares_memory = self.shares_memory == Some(subject.number);
        Learnt { stores: self.gate.learnt(), shares_memory }
    }

    /// Nothing but that is known; `false` if it is not of these stores.
    pub(crate) fn relearn(&mut self, subject: &Subject, learnt: Learnt) -> bool {
        self.shares_memory = learnt.shares_memory.then_some(subject.number);
        self.gate.relearn(learnt.stores)
    }

    /// Tells an execution in text.
    pub(crate) fn trace(&self, executed: &Executed) -> Trace {
        executed.trace(self.gate.backends())
    }
}
