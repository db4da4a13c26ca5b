//! Owns [`Barrage`]: bursts of one scenario until something ends it, and the outcome.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::crews::Crews;
use super::free::{Course, FreeRun, Ran};
use super::record::{latencies, told};
use super::series::Series;
use crate::burst::Bursts;
use crate::error::Error;
use crate::fault::FaultKind;
use crate::gate::Timings;
use crate::history::State;
use crate::id::WorkerId;
use crate::interrupt::Interrupt;
use crate::outcome::{Outcome, Stopped};
use crate::plan::Plan;
use crate::run::clocks;
use crate::run::executed::Executed;
use crate::run::exploration::PROGRESS_EVERY;
use crate::run::halt::{Halt, reason};
use crate::run::progress::Progress;
use crate::run::rig::{Rig, Subject};
use crate::run::tally::Tally;
use crate::scenario::Scenario;
use crate::verdict::{Inconclusive, Verdict};

/// One scenario's bursts.
pub(crate) struct Barrage<'a> {
    pub(crate) rig: &'a mut Rig,
    pub(crate) scenario: &'a Arc<dyn Scenario>,
    pub(crate) plan: &'a Plan,
    pub(crate) interrupt: &'a Interrupt,
    pub(crate) progress: &'a mut dyn FnMut(Progress),
    pub(crate) stores: Vec<String>,
}

/// What the bursts have come to so far.
struct Sum {
    verdict: Verdict,
    bursts: Bursts,
    timings: Timings,
    series: Series,
    /// What every burst starts from.
    initial: Option<State>,
}

impl Barrage<'_> {
    /// Runs the bursts.
    pub(crate) async fn run(mut self) -> Result<Outcome, Error> {
        // Statements that can be stopped half-way cost a trigger in each table.
        let plan = Plan { splits_max: 0, installs_splits: false, ..self.plan.clone() };
        let (subject, card) = (self.rig.subject(self.scenario, &plan), self.scenario.card());
        let subject = self.rig.judged_by_orders(subject).await?;
        let count = plan.workers.unwrap_or(card.workers);
        let workers: Vec<WorkerId> =
            (0..count).map(|index| WorkerId(u16::try_from(index).unwrap_or(u16::MAX))).collect();
        let mut crews = Crews::hire(count)?;
        let mut tally = Tally::start(&self.rig.gate, self.plan.final_states_max);
        let bursts = Bursts { threads: crews.len(), ..Bursts::default() };
        let (timings, series) = (Timings::default(), Series::default());
        let mut sum = Sum { verdict: Verdict::Pass, bursts, timings, series, initial: None };
        let stopped = self.explore(&subject, &workers, &mut crews, &mut tally, &mut sum).await?;
        sum.verdict = subject.judged(sum.verdict);
        if let Some(what) = tally.vacuous() {
            sum.verdict = sum.verdict.merge(Verdict::Inconclusive(Inconclusive::Vacuous { what }));
        }
        let gate = &self.rig.gate;
        sum.bursts.latencies = latencies(&sum.timings, gate.backends());
        sum.bursts.series = sum.series.told(gate.backends());
        let mut coverage = tally.coverage(&plan, false, stopped, gate);
        // Statements ran as the server runs them, side by side.
        coverage.splits_max = None;
        Ok(Outcome {
            card,
            workers: count,
            isolation: plan.isolation,
            model: plan.model.clone(),
            seed: plan.seed,
            verdict: sum.verdict,
            coverage,
            // A burst retries nothing: it follows no schedule.
            regressions: Vec::new(),
            counterexample: None,
            checkpoints: Vec::new(),
            bursts: Some(sum.bursts),
            stores: self.stores,
            clock: clocks::told_free(&gate.clocks()),
        })
    }

    async fn explore(
        &mut self,
        subject: &Subject,
        workers: &[WorkerId],
        crews: &mut Crews,
        tally: &mut Tally,
        sum: &mut Sum,
    ) -> Result<Stopped, Error> {
        if FaultKind::ALL.iter().any(|kind| self.plan.model.allows(*kind)) {
            let what = "a burst takes no choices, so nothing can be made to break in it".to_owned();
            sum.verdict = Verdict::Inconclusive(Inconclusive::Unsupported { what });
            return Ok(Stopped::Inconclusive);
        }
        let mut told = Instant::now();
        loop {
            if let Some(stopped) = self.spent(tally) {
                return Ok(stopped);
            }
            let ran = self.burst(subject, workers, crews, sum).await?;
            if ran.is_interrupted {
                return Ok(Stopped::Interrupted);
            }
            tally.count(&ran.executed);
            if let Some(stopped) = self.take(&ran, tally, sum) {
                return Ok(stopped);
            }
            if told.elapsed() >= PROGRESS_EVERY {
                told = Instant::now();
                let Tally { schedules, violating, .. } = *tally;
                (self.progress)(Progress { schedules, schedules_max: self.plan.schedules_max, violating });
            }
        }
    }

    /// The reason for which no further burst is to be started, if there is one.
    fn spent(&self, tally: &Tally) -> Option<Stopped> {
        if self.interrupt.is_set() {
            return Some(Stopped::Interrupted);
        }
        if tally.schedules >= self.plan.schedules_max {
            return Some(Stopped::ScheduleBudget);
        }
        tally.over_budget(self.plan, self.plan.budget).then_some(Stopped::TimeBudget)
    }

    async fn burst(
        &mut self,
        subject: &Subject,
        workers: &[WorkerId],
        crews: &mut Crews,
        sum: &mut Sum,
    ) -> Result<Ran, Error> {
        match self.prepare(subject, sum).await {
            Ok(()) => {}
            Err(Halt::Error(error)) => return Err(error),
            Err(halt) => {
                let verdict = Verdict::Inconclusive(reason(halt));
                return Ok(Ran::never(Executed::never(workers, verdict)));
            }
        }
        let longest = self.plan.budget.max(Duration::from_millis(subject.limits.step_ms_max));
        let (interrupt, course) = (self.interrupt, Course::default());
        FreeRun { rig: &mut *self.rig, crews, subject, workers, interrupt, longest, course }.run().await
    }

    async fn prepare(&mut self, subject: &Subject, sum: &mut Sum) -> Result<(), Halt> {
        self.rig.prepare(subject).await?;
        if sum.initial.is_none() {
            let limit = Duration::from_millis(subject.limits.step_ms_max);
            let state = self.rig.gate.state();
            sum.initial = Some(self.rig.patience.for_store(limit, "its content", state).await?);
        }
        Ok(())
    }

    /// Takes in one burst; says whether and why it was the last.
    fn take(&self, ran: &Ran, tally: &Tally, sum: &mut Sum) -> Option<Stopped> {
        sum.timings.merge(&ran.timings);
        let running_us = u64::try_from(ran.running.as_micros()).unwrap_or(u64::MAX);
        let is_violating = ran.executed.verdict.violation().is_some();
        sum.series.add(running_us, ran.commands, is_violating, &ran.timings);
        let Sum { bursts, .. } = sum;
        bursts.operations += ran.executed.operations.len() as u64;
        bursts.commands += ran.commands;
        bursts.running_us += running_us;
        let verdict = &ran.executed.verdict;
        let stopped = match verdict {
            Verdict::Pass => None,
            Verdict::Inconclusive(_) => Some(Stopped::Inconclusive),
            Verdict::Violation(_) => (!self.plan.keep_going).then_some(Stopped::FirstViolation),
        };
        if is_violating && bursts.violating.is_none() {
            let gate = &self.rig.gate;
            let (backends, sessions) = (gate.backends(), gate.sessions());
            bursts.violating = Some(told(ran, tally.schedules, sum.initial.as_ref(), backends, sessions));
        }
        sum.verdict = std::mem::replace(&mut sum.verdict, Verdict::Pass).merge(verdict.clone());
        stopped
    }
}
