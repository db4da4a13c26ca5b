//! Owns [`Jobs`]: one search made by several engines at once, each on a thread and with stores of its own.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};

use super::core::Core;
use super::earliest::Earliest;
use super::engine::{Engine, Replay};
use super::job::Job;
use super::progress::Progress;
use super::retry::Followed;
use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::error::Error;
use crate::history::Trace;
use crate::interrupt::Interrupt;
use crate::outcome::{Outcome, merge, winner};
use crate::plan::{Plan, StrategyKind};
use crate::regression::Regression;
use crate::scenario::Scenario;
use crate::shard::Shard;
use crate::store::{ProviderChoice, StoreOptions};

/// Engines that share the searches: each makes its shard, and what they come to is merged.
///
/// Which violation is told does not depend on which engine is faster: it is that of the lowest number of an execution within its
/// shard, of several such that of the first shard. How many executions the others had made by then does. A search that goes on
/// after the first violation is the same however fast its engines are, as far as its budget of time is not spent.
///
/// Dropping it stops the stores as [`stop`](Self::stop) does, but keeps the errors to itself.
pub struct Jobs {
    jobs: Vec<Job>,
    /// The engine that makes bursts, if there was one: those use all cores by themselves.
    free: Option<Job>,
    options: StoreOptions,
    interrupt: Interrupt,
    /// The stores of all, one line each.
    description: Vec<String>,
}

/// What one engine makes of a search.
struct Part {
    index: usize,
    plan: Plan,
    checkpoint: Option<Checkpoint>,
}

/// What an engine tells while all are at work.
enum News {
    Progress(Progress),
    Found(Box<Result<Outcome, Error>>),
}

impl Jobs {
    /// Starts the stores of `jobs` engines, at least one, and opens a gate before those of each.
    ///
    /// # Errors
    /// A store cannot be started or does not answer, or there is only one set for all; what was started is stopped again.
    pub fn start(options: &StoreOptions, jobs: u32, interrupt: &Interrupt) -> Result<Self, Error> {
        if jobs > 1 && options.provider == ProviderChoice::Url {
            return Err(Error::SharedStores { jobs });
        }
        let start = |(number, core)| Job::start(number, core, options.clone(), interrupt.clone());
        let starting = (1..).zip(Core::for_each(jobs.max(1))).map(start).collect::<Result<Vec<_>, _>>()?;
        let (mut jobs, mut description) = (Vec::new(), Vec::new());
        for (mut job, started) in starting {
            let lines: Vec<String> = started.recv().unwrap_or_else(|_| Err(job.gone()))?;
            let new: Vec<_> = lines.into_iter().filter(|line| !description.contains(line)).collect();
            description.extend(new);
            jobs.push(job);
        }
        Ok(Self { jobs, free: None, options: options.clone(), interrupt: interrupt.clone(), description })
    }

    /// The stores in force, one line each; what all engines have alike is told once.
    #[must_use]
    pub fn description(&self) -> Vec<String> {
        self.description.clone()
    }

    /// Explores the schedules of `scenario` as `plan` says, its budget of schedules being that of all engines together;
    /// `progress` is told now and then how far they are.
    ///
    /// # Errors
    /// As for [`Engine::explore`], or an engine ends by itself. The other ones end their search then.
    pub fn explore(
        &mut self,
        scenario: &Arc<dyn Scenario>,
        plan: &Plan,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Outcome, Error> {
        let anew = self.jobs.iter().map(|_| None).collect();
        self.search(scenario, plan, anew, progress)
    }

    /// Goes on with a search that as many engines made from where each of them was ended: `checkpoints` in the order of the parts.
    ///
    /// # Errors
    /// As for [`explore`](Self::explore) and [`Engine::resume`], and if there is not one for each engine.
    pub fn resume(
        &mut self,
        scenario: &Arc<dyn Scenario>,
        plan: &Plan,
        checkpoints: Vec<Checkpoint>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Outcome, Error> {
        let (found, wanted) = (checkpoints.len(), self.jobs.len());
        if found != wanted {
            return Err(CheckpointError::OtherParts { found, wanted }.into());
        }
        self.search(scenario, plan, checkpoints.into_iter().map(Some).collect(), progress)
    }

    fn search(
        &mut self,
        scenario: &Arc<dyn Scenario>,
        plan: &Plan,
        checkpoints: Vec<Option<Checkpoint>>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Outcome, Error> {
        if let Some(job) = self.jobs.iter_mut().find(|job| job.is_gone()) {
            return Err(job.gone());
        }
        if plan.strategy == StrategyKind::Burst {
            return self.burst(scenario, plan, progress);
        }
        let earliest = Earliest::default();
        let _ends_all = earliest.given_up_by_a_panic();
        let news = self.begin(scenario, plan, checkpoints, &earliest)?;
        let found = self.follow_news(&news, plan.schedules_max, progress);
        let found =
            self.jobs.iter_mut().zip(found).map(|(job, found)| found.unwrap_or_else(|| Err(job.gone())));
        let mut found = found.collect::<Result<Vec<_>, _>>()?;
        for (outcome, part) in found.iter_mut().zip(Shard::all(self.count())) {
            outcome.coverage.shard = Some(part);
        }
        if let Some(index) = winner(&found).filter(|_| plan.has_evidence) {
            let outcome = found[index].clone();
            found[index] = self.jobs[index].ask(|engine| engine.with_evidence(outcome))?;
        }
        let mut merged = merge(found)?;
        merged.coverage.shard = (plan.shard.count() > 1).then_some(plan.shard);
        Ok(merged.with_checkpoints_if_unfinished())
    }

    /// An engine that is bound to no core makes it; it is started when it is first needed.
    fn burst(
        &mut self,
        scenario: &Arc<dyn Scenario>,
        plan: &Plan,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Outcome, Error> {
        let (told, news) = mpsc::channel();
        let (scenario, plan) = (Arc::clone(scenario), plan.clone());
        let schedules_max = plan.schedules_max;
        self.free()?.order(move |engine| {
            make(Part { index: 0, plan, checkpoint: None }, engine, &scenario, &Earliest::default(), &told);
        });
        let found = self.follow_news(&news, schedules_max, progress).swap_remove(0);
        match found {
            Some(found) => found,
            None => Err(self.free()?.gone()),
        }
    }

    fn free(&mut self) -> Result<&mut Job, Error> {
        let job = match self.free.take() {
            Some(job) => job,
            None => {
                let (mut job, started) =
                    Job::start(self.count() + 1, None, self.options.clone(), self.interrupt.clone())?;
                started.recv().unwrap_or_else(|_| Err(job.gone()))?;
                job
            }
        };
        Ok(self.free.insert(job))
    }

    /// Tells every engine to make its part of the search.
    fn begin(
        &self,
        scenario: &Arc<dyn Scenario>,
        plan: &Plan,
        checkpoints: Vec<Option<Checkpoint>>,
        earliest: &Earliest,
    ) -> Result<Receiver<(usize, News)>, Error> {
        let (told, news) = mpsc::channel();
        let shards = plan.shard.split(self.count())?;
        let parts = self.jobs.iter().zip(shards).zip(checkpoints);
        for (index, ((job, shard), checkpoint)) in parts.enumerate() {
            let schedules_max = share(plan.schedules_max, index, self.jobs.len());
            let plan = Plan { shard, schedules_max, has_evidence: false, ..plan.clone() };
            let part = Part { index, plan, checkpoint };
            let (scenario, earliest, told) = (Arc::clone(scenario), earliest.clone(), told.clone());
            job.order(move |engine| make(part, engine, &scenario, &earliest, &told));
        }
        Ok(news)
    }

    /// Waits for what all parts come to; there is none from an engine that has panicked.
    fn follow_news(
        &self,
        news: &Receiver<(usize, News)>,
        schedules_max: u64,
        progress: &mut dyn FnMut(Progress),
    ) -> Vec<Option<Result<Outcome, Error>>> {
        let mut found: Vec<_> = self.jobs.iter().map(|_| None).collect();
        let mut parts = vec![(0, 0); self.jobs.len()];
        for (index, news) in news {
            match news {
                News::Found(result) => found[index] = Some(*result),
                News::Progress(part) => {
                    parts[index] = (part.schedules, part.violating);
                    let schedules = parts.iter().map(|part| part.0).sum();
                    let violating = parts.iter().map(|part| part.1).sum();
                    progress(Progress { schedules, schedules_max, violating });
                }
            }
        }
        found
    }

    /// Replays the schedule of `recorded` on the first engine, `attempts` times, with the seed and the limits of `plan`.
    ///
    /// # Errors
    /// As for [`Engine::replay`], or the engine ends by itself.
    pub fn replay(
        &mut self,
        scenario: &Arc<dyn Scenario>,
        recorded: &Trace,
        plan: &Plan,
        attempts: u32,
    ) -> Result<Replay, Error> {
        let (scenario, recorded, plan) = (Arc::clone(scenario), recorded.clone(), plan.clone());
        self.jobs[0].ask(move |engine| engine.replay(&scenario, &recorded, &plan, attempts))
    }

    /// Follows the schedule of `regression` on the first engine as far as it fits, with the limits of `plan`.
    ///
    /// # Errors
    /// As for [`replay`](Self::replay).
    pub fn follow(
        &mut self,
        scenario: &Arc<dyn Scenario>,
        regression: &Regression,
        plan: &Plan,
    ) -> Result<Followed, Error> {
        let (scenario, regression, plan) = (Arc::clone(scenario), regression.clone(), plan.clone());
        self.jobs[0].ask(move |engine| engine.follow(&scenario, &regression, &plan))
    }

    /// Stops all stores and removes everything that was started.
    ///
    /// # Errors
    /// Something could not be removed; it is found and removed at the next start.
    pub fn stop(self) -> Result<(), Error> {
        // All of them, before the first error is told.
        let stopped: Vec<_> = self.jobs.into_iter().chain(self.free).map(Job::stop).collect();
        stopped.into_iter().collect()
    }

    fn count(&self) -> u32 {
        u32::try_from(self.jobs.len()).expect("as many as a number counted")
    }
}

/// Makes one part of a search, and has the others give up if that fails.
fn make(
    part: Part,
    engine: &mut Engine,
    scenario: &Arc<dyn Scenario>,
    earliest: &Earliest,
    told: &Sender<(usize, News)>,
) {
    let Part { index, plan, checkpoint } = part;
    let _ends_all = earliest.given_up_by_a_panic();
    // Whoever waits for news may be gone; then the search has been given up.
    let mut progress = |progress| drop(told.send((index, News::Progress(progress))));
    let found = engine.explore_part(earliest, scenario, &plan, checkpoint, &mut progress);
    if found.is_err() {
        earliest.give_up();
    }
    let _ = told.send((index, News::Found(Box::new(found))));
}

/// How many of `all` schedules are the share of the engine at `index` of `count`.
fn share(all: u64, index: usize, count: usize) -> u64 {
    let (index, count) = (index as u64, count as u64);
    all / count + u64::from(index < all % count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_the_budget_add_up_to_it() {
        for all in [1, 2, 7, 20_000, u64::MAX] {
            assert_eq!((0..3).map(|index| share(all, index, 3)).sum::<u64>(), all);
        }
    }

    /// Their executions would disturb each other.
    #[test]
    fn several_jobs_on_servers_named_by_url_are_refused() {
        let options = StoreOptions { provider: ProviderChoice::Url, ..StoreOptions::default() };
        let refused = Jobs::start(&options, 2, &Interrupt::never()).err();
        assert!(matches!(refused, Some(Error::SharedStores { jobs: 2 })));
    }
}
