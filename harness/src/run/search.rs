//! Owns [`Search`]: all that is done to search one scenario, and the outcome.

use std::sync::Arc;

use super::clocks;
use super::evidence::Untold;
use super::exploration::Exploration;
use super::found::Found;
use super::retry::Retry;
use super::rig::Detail;
use super::series::Series;
use super::tally::Tally;
use crate::checkpoint::Checkpoint;
use crate::error::Error;
use crate::outcome::{Outcome, Stopped};
use crate::regression::Retried;
use crate::verdict::{Inconclusive, Verdict};

/// One search.
pub(crate) struct Search<'a> {
    pub(crate) exploration: Exploration<'a>,
    /// From where it goes on, if it does.
    pub(crate) checkpoint: Option<Box<Checkpoint>>,
    pub(crate) stores: Vec<String>,
}

impl Search<'_> {
    /// Searches, and gathers the evidence of a violation; if the plan wants none, what it could be gathered from comes along.
    pub(crate) async fn run(mut self) -> Result<(Outcome, Option<Untold>), Error> {
        let (plan, scenario) = (self.exploration.plan, self.exploration.scenario);
        let card = scenario.card();
        let (mut found, tally) =
            (Found::default(), Tally::start(&self.exploration.rig.gate, plan.final_states_max));
        let (left, mut tally) = self.go_on(&mut found, tally);
        let mut series = Series::begin(&mut self.exploration, left).await?;
        if !self.retry(&mut found, &mut tally).await? {
            series.run(&mut self.exploration, &mut found, &mut tally).await?;
        }
        if found.stopped == Stopped::FirstViolation {
            self.exploration.earliest.note(tally.schedules);
        }
        series.tell(&mut tally);
        let (failing, vacuous) = (tally.failing, tally.vacuous());
        let gate = &self.exploration.rig.gate;
        let (coverage, clock) =
            (tally.coverage(plan, series.is_over(), found.stopped, gate), clocks::told(&gate.clocks()));
        let checkpoint = self.checkpoint_of(series, &found, &coverage, failing);
        let verdict = match vacuous {
            Some(what) => found.verdict.merge(Verdict::Inconclusive(Inconclusive::Vacuous { what })),
            None => found.verdict,
        };
        let (seed, workers, counterexample) = match found.earlier {
            Some((seed, workers, evidence)) => (seed, workers, Some(evidence)),
            None => (plan.seed, plan.workers.unwrap_or(card.workers), None),
        };
        let mut outcome = Outcome {
            card,
            workers,
            isolation: plan.isolation,
            model: plan.model.clone(),
            seed,
            verdict,
            coverage,
            regressions: found.regressions,
            counterexample,
            bursts: None,
            checkpoints: checkpoint.into_iter().collect(),
            stores: self.stores,
            clock,
        };
        let violating = found.violating.filter(|_| outcome.counterexample.is_none());
        let mut untold =
            violating.map(|(subject, executed)| Untold { source: Arc::clone(scenario), subject, executed });
        if let Some(violation) = untold.take_if(|_| plan.has_evidence) {
            violation.tell(self.exploration.rig, &mut outcome).await?;
        }
        outcome.keep_evidence();
        Ok((outcome, untold))
    }

    /// Retries the regressions that belong here, which is the first shard's to do; says whether the search ends with one of them.
    async fn retry(&mut self, found: &mut Found, tally: &mut Tally) -> Result<bool, Error> {
        let Exploration { rig, scenario, plan, interrupt, .. } = &mut self.exploration;
        if plan.shard.index() > 0 {
            return Ok(false);
        }
        let name = scenario.card().name;
        for regression in plan.regressions.iter().filter(|kept| plan.could_find(&name, kept)) {
            if interrupt.is_set() {
                break;
            }
            if found.regressions.iter().any(|retried| retried.regression.is_same_as(regression)) {
                continue;
            }
            let retry = Retry::run(rig, scenario, plan, regression, Detail::Needed).await?;
            tally.regressions += 1;
            let Retry { subject, executed, fate } = retry;
            found.regressions.push(Retried { regression: regression.clone(), fate });
            if found.take(executed.verdict.clone(), &subject, executed, plan.keep_going) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
