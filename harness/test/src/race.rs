//! Owns [`Race`]: what a test says about the code that it races. How that is searched is [`crate::check`]'s business.

use std::fmt::Debug;
use std::marker::PhantomData;
use std::ops::RangeInclusive;
use std::panic::Location;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use raceproof::scenario::Result;
use raceproof::store::{Needs, ProviderChoice, SetUp, StoreOptions, postgres, redis};
use raceproof::workload::proptest::strategy::Strategy;
use raceproof::{Card, FaultModel, Generated, Invariant, Isolation, Plan, Scenario, View, Worker};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::answer::Answer;
use crate::drawn::Drawn;
use crate::engines::NO_STORES;
use crate::program::{Prepare, Work};
use crate::promises::{Promises, Team};
use crate::rerun::test_of_this_thread;
use crate::settings::Regressions;

/// How long a race is searched unless told otherwise: tests are waited for.
pub const BUDGET_DEFAULT: Duration = Duration::from_secs(10);

/// Most workers of a race: more have more schedules than anybody explores.
const WORKERS_MAX: usize = 64;

/// Code that is raced, and what it promises. It does nothing until it is [checked](Self::check).
#[must_use = "a race does nothing until it is checked"]
pub struct Race {
    pub(crate) title: String,
    about: String,
    /// Where it was begun.
    pub(crate) place: &'static Location<'static>,
    /// In which test it was begun.
    pub(crate) test: Option<String>,
    pub(crate) stores: StoreOptions,
    pub(crate) plan: Plan,
    pub(crate) regressions: Option<Regressions>,
    promises: Promises,
    cast: Cast,
    lengths: RangeInclusive<usize>,
}

/// Makes a scenario of a card and of promises, once these are known.
type Draw = dyn FnOnce(Card, Promises, RangeInclusive<usize>) -> Arc<dyn Scenario> + Send;

/// Who takes part.
enum Cast {
    /// Workers, each with its program.
    Team(Vec<Arc<dyn Work>>),
    /// So many workers, whose operations are drawn.
    Drawn(usize, Box<Draw>),
}

/// A race about the promise called `title`, such as `the last ticket is sold once`; it names records and kept schedules, so
/// each race of a package has another.
#[track_caller]
pub fn race(title: impl Into<String>) -> Race {
    Race {
        title: title.into(),
        about: String::new(),
        place: Location::caller(),
        test: test_of_this_thread(),
        stores: StoreOptions { needs: NO_STORES, ..StoreOptions::default() },
        plan: Plan { budget: BUDGET_DEFAULT, ..Plan::default() },
        regressions: None,
        promises: Promises::default(),
        cast: Cast::Team(Vec::new()),
        lengths: 1..=6,
    }
}

/// Stores and what they hold.
impl Race {
    /// With a Redis.
    pub fn redis(self) -> Self {
        self.redis_servers(1)
    }

    /// With so many Redis servers, called `redis`, `redis-2` and so on, up to five.
    pub fn redis_servers(mut self, count: usize) -> Self {
        assert!(count <= redis::REDIS_MAX, "a race has at most {} Redis servers", redis::REDIS_MAX);
        self.stores.needs = Needs { redis: count, ..self.stores.needs };
        self
    }

    /// With a PostgreSQL.
    pub fn postgres(mut self) -> Self {
        self.stores.needs.postgres = true;
        self
    }

    /// With stores of this provider, unless `RACEPROOF_STORES` names another: containers, programs of this machine, or the best
    /// that can be had.
    pub fn provided_by(mut self, provider: ProviderChoice) -> Self {
        self.stores.provider = provider;
        self
    }

    /// Brings the stores, which are empty, to the state in which every execution starts: tables, rows, keys. It runs once for
    /// thousands of executions, past the gate.
    pub fn set_up(mut self, set_up: impl AsyncFn(&mut SetUp) -> Result + Send + Sync + 'static) -> Self {
        self.promises.set_up = Some(Box::new(set_up) as Box<dyn Prepare>);
        self
    }
}

/// Who takes part.
impl Race {
    /// With `count` workers more, each of which does `program` at the same time as all others. Called again it adds workers
    /// with another program. An error of a program ends its worker, and is no violation by itself.
    ///
    /// What the program gives its code (a connection, a URL, a pool) must come of the [`Worker`], so that it leads through
    /// the gate; it runs on a runtime of ours whose time the schedule moves.
    ///
    /// # Panics
    /// If the workers of the race have a [workload](Self::workload).
    pub fn workers(
        mut self,
        count: usize,
        program: impl AsyncFn(Worker) -> Result + Send + Sync + 'static,
    ) -> Self {
        assert!(self.workers_count() + count <= WORKERS_MAX, "a race has at most {WORKERS_MAX} workers");
        let program: Arc<dyn Work> = Arc::new(program);
        match &mut self.cast {
            Cast::Team(programs) => programs.extend((0..count).map(|_| Arc::clone(&program))),
            Cast::Drawn(..) => panic!("the workers of a race have programs or a workload, not both"),
        }
        self
    }

    /// With `count` workers whose operations are drawn from the seed: `operation` gives the strategy for those of a worker
    /// (from 0), `open` what a worker does before its first, such as connecting, and `perform` does one. What breaks a promise is
    /// shrunk in operations, arguments and schedule at once.
    ///
    /// # Panics
    /// If the race has [workers](Self::workers) with programs.
    pub fn workload<O, S, T, Q, L, P>(mut self, count: usize, operation: Q, open: L, perform: P) -> Self
    where
        O: Debug + Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
        S: 'static,
        T: Strategy<Value = O> + 'static,
        Q: Fn(usize) -> T + Send + Sync + 'static,
        L: AsyncFn(&Worker) -> Result<S> + Send + Sync + 'static,
        P: AsyncFn(&Worker, &mut S, &O) -> Result + Send + Sync + 'static,
    {
        assert!(count <= WORKERS_MAX, "a race has at most {WORKERS_MAX} workers");
        assert!(self.workers_count() == 0, "the workers of a race have programs or one workload, not both");
        let draw = move |card, promises, lengths| -> Arc<dyn Scenario> {
            let types = PhantomData;
            Arc::new(Generated::new(Drawn { card, promises, lengths, operation, open, perform, types }))
        };
        self.cast = Cast::Drawn(count, Box::new(draw));
        self
    }

    /// With so many operations for each worker of a [workload](Self::workload); from 1 to 6 unless told otherwise.
    pub fn operations(self, lengths: RangeInclusive<usize>) -> Self {
        Self { lengths, ..self }
    }

    /// What one more worker does when all others have ended, crashed, or can never go on: what must be possible in the end,
    /// such as taking the lock again.
    pub fn afterwards(mut self, program: impl AsyncFn(Worker) -> Result + Send + Sync + 'static) -> Self {
        self.promises.aftermath = Some(Box::new(program) as Box<dyn Work>);
        self
    }
}

/// What must hold. A race that promises nothing is judged by what its workers come to one after the other.
impl Race {
    /// What must hold after every step.
    pub fn always<A: Answer>(
        mut self,
        promise: &str,
        judge: impl Fn(&View<'_>) -> A + Send + Sync + 'static,
    ) -> Self {
        self.promises.always.push(invariant(promise, judge));
        self
    }

    /// What must hold when all workers are done.
    pub fn finally<A: Answer>(
        mut self,
        promise: &str,
        judge: impl Fn(&View<'_>) -> A + Send + Sync + 'static,
    ) -> Self {
        self.promises.finally.push(invariant(promise, judge));
        self
    }

    /// What must hold when all workers are done, as a checker says it: [`Invariant::linearizable`], for instance.
    pub fn promises(mut self, invariant: Invariant) -> Self {
        self.promises.finally.push(invariant);
        self
    }
}

fn invariant<A: Answer>(promise: &str, judge: impl Fn(&View<'_>) -> A + Send + Sync + 'static) -> Invariant {
    Invariant::judged(promise, move |view| judge(view).opinion(view))
}

/// How it is searched.
impl Race {
    /// Says more about it: what the code does, in a sentence or two for whoever reads the report.
    pub fn about(self, about: impl Into<String>) -> Self {
        Self { about: about.into(), ..self }
    }

    /// With transactions that name no isolation level at this one.
    pub fn isolation(mut self, level: Isolation) -> Self {
        self.plan.isolation = Some(level);
        self
    }

    /// Under this fault model, such as `crash`, `pause+lost-reply` or `drop*2`; under `pause` unless told otherwise.
    ///
    /// # Panics
    /// If the text names none.
    #[track_caller]
    pub fn under(mut self, model: &str) -> Self {
        self.plan.model = model.parse::<FaultModel>().unwrap_or_else(|error| panic!("{error}"));
        self
    }

    /// With chance from this seed, unless `RACEPROOF_SEED` names another.
    pub fn seed(mut self, seed: u64) -> Self {
        self.plan.seed = seed;
        self
    }

    /// For this long at most, unless `RACEPROOF_BUDGET` says otherwise; for [`BUDGET_DEFAULT`] if neither does.
    pub fn budget(mut self, budget: Duration) -> Self {
        self.plan.budget = budget;
        self
    }

    /// With everything else that a search may be told.
    pub fn plan(mut self, change: impl FnOnce(&mut Plan)) -> Self {
        change(&mut self.plan);
        self
    }

    /// With schedules that once violated in this folder, instead of `tests/schedules` of the package, unless
    /// `RACEPROOF_REGRESSIONS` names another.
    pub fn regressions(self, folder: impl Into<PathBuf>) -> Self {
        Self { regressions: Some(Regressions::In(folder.into())), ..self }
    }

    /// How many workers take part.
    pub(crate) fn workers_count(&self) -> usize {
        match &self.cast {
            Cast::Team(programs) => programs.len(),
            Cast::Drawn(count, _) => *count,
        }
    }

    /// The scenario that it amounts to.
    pub(crate) fn into_scenario(self) -> Arc<dyn Scenario> {
        let Needs { redis: count, postgres: has_postgres } = self.stores.needs;
        let names = redis::NAMES.into_iter().take(count).chain(has_postgres.then_some(postgres::NAME));
        let card = Card {
            name: self.title.clone(),
            about: self.about.clone(),
            stores: names.map(str::to_owned).collect(),
            workers: self.workers_count(),
            unproven: true,
            ..Card::default()
        };
        match self.cast {
            Cast::Team(programs) => Arc::new(Team { card, promises: self.promises, programs }),
            Cast::Drawn(_, draw) => draw(card, self.promises, self.lengths),
        }
    }
}
