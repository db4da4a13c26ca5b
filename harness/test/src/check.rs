//! Owns the checking of a [`Race`]: from what a test and the environment say to a pass or a [`Failure`].

use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use raceproof::interrupt;
use raceproof::outcome::Judgement;
use raceproof::run::RegressionFolder;
use raceproof::{Error, Plan, Scenario, Verdict};
use raceproof_reports::Folder;
use tokio::sync::oneshot;

use crate::engines::{Lease, NO_STORES, Wanted};
use crate::failure::Failure;
use crate::passed::{Passed, line};
use crate::race::Race;
use crate::replay;
use crate::rerun::Rerun;
use crate::settings::{Regressions, Settings};
use crate::violation::Telling;

/// Whether the promises hold.
impl Race {
    /// Searches, within the budget, for an order of the workers' commands and statements that breaks a promise. What it comes to
    /// is a pass that says what it is worth.
    ///
    /// The search runs on threads of its own, so this works in every runtime. A future that is dropped does not end it.
    ///
    /// # Panics
    /// If a promise is broken: with the violation step by step, the seed, and the command that replays it. Its record and a page
    /// are written below `target`, and its schedule is kept in `tests/schedules`. Also if nothing can be said, with the reason.
    pub async fn check(self) -> Passed {
        match self.try_check().await {
            Ok(passed) => passed,
            Err(failure) => panic!("{}", failure.told()),
        }
    }

    /// As [`check`](Self::check), for a test without a runtime.
    ///
    /// # Panics
    /// As for `check`.
    #[track_caller]
    pub fn check_blocking(self) -> Passed {
        match self.try_check_blocking() {
            Ok(passed) => passed,
            Err(failure) => panic!("{}", failure.told()),
        }
    }

    /// As [`check`](Self::check), without a panic.
    ///
    /// # Errors
    /// If a promise is broken, or nothing can be said.
    pub async fn try_check(self) -> Result<Passed, Failure> {
        let (told, found) = oneshot::channel();
        let search = move || drop(told.send(self.try_check_blocking()));
        let thread = thread::Builder::new().name("raceproof-race".to_owned()).spawn(search);
        let thread = thread.map_err(Error::Runtime)?;
        match found.await {
            Ok(result) => result,
            // It has said nothing, so it has panicked, and is about to end.
            Err(_) => resume_unwind(thread.join().expect_err("a search ends with a result or a panic")),
        }
    }

    /// As [`try_check`](Self::try_check), for a test without a runtime.
    ///
    /// # Errors
    /// As for `try_check`.
    pub fn try_check_blocking(self) -> Result<Passed, Failure> {
        let settings = Settings::of_process()?;
        match () {
            () if self.workers_count() == 0 => return Err(Failure::NoWorkers),
            () if self.stores.needs == NO_STORES => return Err(Failure::NoStores),
            () => {}
        }
        let check = Check::of(self, settings);
        let checked = check.run();
        if let Ok(passed) = &checked
            && check.settings.is_verbose
        {
            // The test harness shows it with `--nocapture`, or `--show-output`.
            print!("{passed}");
        }
        checked
    }
}

/// A race with everything that is known before it starts.
pub(crate) struct Check {
    pub(crate) title: String,
    pub(crate) scenario: Arc<dyn Scenario>,
    pub(crate) plan: Plan,
    pub(crate) settings: Settings,
    pub(crate) rerun: Rerun,
    /// Where the test begins its race.
    pub(crate) place: String,
    wanted: Wanted,
    /// Where schedules that once violated are, unless nowhere.
    kept: Option<PathBuf>,
}

impl Check {
    fn of(race: Race, settings: Settings) -> Self {
        let rerun = Rerun::of_process(race.test.as_deref());
        let kept = match settings.regressions.as_ref().or(race.regressions.as_ref()) {
            Some(Regressions::In(path)) => Some(path.clone()),
            Some(Regressions::Off) => None,
            None => match &rerun.folder {
                Some(folder) => Some(folder.join("tests/schedules")),
                None => RegressionFolder::default_in(Path::new(".")),
            },
        };
        let mut plan = race.plan.clone();
        plan.seed = settings.seed.unwrap_or(plan.seed);
        plan.budget = settings.budget.unwrap_or(plan.budget);
        plan.schedules_max = settings.schedules_max.unwrap_or(plan.schedules_max);
        plan.strategy = settings.strategy.unwrap_or(plan.strategy);
        let mut stores = race.stores.clone();
        stores.provider = settings.provider.unwrap_or(stores.provider);
        stores.redis_url.clone_from(&settings.redis_url);
        stores.postgres_url.clone_from(&settings.postgres_url);
        stores.disposable = settings.disposable;
        let wanted = Wanted { stores, jobs: settings.jobs.unwrap_or(1) };
        let (title, place) = (race.title.clone(), format!("{}:{}", race.place.file(), race.place.line()));
        let scenario = race.into_scenario();
        Self { title, scenario, plan, settings, rerun, place, wanted, kept }
    }

    fn run(&self) -> Result<Passed, Failure> {
        if let Some(record) = &self.settings.replay
            && let Some(failure) = replay::replay(self, record)?
        {
            return Err(failure);
        }
        let mut kept = self.kept.as_ref().map(RegressionFolder::open).transpose()?;
        let regressions = kept.as_ref().map_or_else(Vec::new, RegressionFolder::regressions);
        let plan = Plan { regressions, ..self.plan.clone() };
        let explore = |lease: &mut Lease| lease.jobs().explore(&self.scenario, &plan, &mut |_| {});
        let outcome = self.with_engines(explore, |outcome| &outcome.verdict)?;
        let settled = kept.as_mut().map_or_else(|| Ok(Vec::new()), |kept| kept.settle(&outcome));
        match (&outcome.verdict, outcome.judgement()) {
            (Verdict::Violation(_), _) => {
                Err(Failure::Violation(Box::new(Telling { check: self, settled }.of(outcome))))
            }
            (_, Judgement::AsExpected) => {
                settled?;
                Ok(Passed { outcome })
            }
            _ => {
                let story = line(&outcome) + &Telling { check: self, settled }.ending(&outcome);
                Err(Failure::Inconclusive { outcome: Box::new(outcome), story })
            }
        }
    }

    /// What `use_them` gives of engines that have what is needed. They are kept for the next race unless something may be wrong
    /// with them. In a process that was told to end nothing is given: its servers are being removed, and that is nobody's failure.
    pub(crate) fn with_engines<T>(
        &self,
        use_them: impl FnOnce(&mut Lease) -> Result<T, Error>,
        verdict: impl FnOnce(&T) -> &Verdict,
    ) -> Result<T, Error> {
        let result = Lease::of(self.wanted.clone()).and_then(|mut lease| {
            let result = use_them(&mut lease);
            match result.as_ref().map(verdict) {
                Ok(Verdict::Pass | Verdict::Violation(_)) => drop(lease),
                Ok(Verdict::Inconclusive(_)) | Err(_) => lease.give_up(),
            }
            result
        });
        interrupt::wait_for_end();
        result
    }

    /// Where records and pages go: below `target`, by package, as other packages may have races of the same name.
    pub(crate) fn folder(&self) -> Folder {
        let Rerun { target, package, folder, .. } = &self.rerun;
        match (&self.settings.out, target) {
            (Some(out), _) => Folder::at(out),
            (None, Some(target)) => {
                Folder::at(target.join("raceproof").join(package.as_deref().unwrap_or_default()))
            }
            (None, None) => Folder::default_in(folder.as_deref().unwrap_or(Path::new("."))),
        }
    }

    /// The command that runs the test again, with these variables.
    pub(crate) fn command(&self, variables: Vec<(&str, String)>) -> String {
        let stores = self.settings.provider.map(|provider| ("RACEPROOF_STORES", provider.to_string()));
        let variables: Vec<_> = stores.into_iter().chain(variables).collect();
        self.rerun.line(&variables)
    }
}

#[cfg(test)]
mod tests;
