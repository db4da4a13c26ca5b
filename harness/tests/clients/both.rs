//! Owns [`both`]: the same thing done directly and through a gate, each on fresh stores.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use raceproof::interrupt::Interrupt;
use raceproof::plan::StrategyKind;
use raceproof::run::Engine;
use raceproof::scenario::Result;
use raceproof::store::{Needs, ProviderChoice, SetUp, StoreOptions};
use raceproof::{Card, Invariant, Plan, Scenario, Verdict, Worker};

/// A store, by its name in cards, and what is in it at first.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Store {
    Redis,
    Postgres(&'static str),
}

impl Store {
    fn name(self) -> &'static str {
        match self {
            Self::Redis => "redis",
            Self::Postgres(_) => "postgres",
        }
    }
}

/// One worker that does `play` with a URL.
struct Play<T> {
    store: Store,
    is_gated: bool,
    play: Arc<dyn Fn(&str) -> T + Send + Sync>,
    direct: Mutex<Option<String>>,
    came_to: Arc<Mutex<Option<T>>>,
}

#[async_trait(?Send)]
impl<T: Send + 'static> Scenario for Play<T> {
    fn card(&self) -> Card {
        let stores = vec![self.store.name().to_owned()];
        Card { name: "clients/play".to_owned(), stores, workers: 1, ..Card::default() }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        if let Store::Postgres(sql) = self.store {
            stores.postgres().batch_execute(sql).await?;
        }
        *self.direct.lock().expect("no one panics with it") = stores.url(self.store.name());
        Ok(())
    }

    async fn work(&self, worker: Worker) -> Result {
        let direct = self.direct.lock().expect("no one panics with it").clone();
        let url = if self.is_gated { worker.url(self.store.name()).await? } else { direct.ok_or("a URL")? };
        // The thread of a worker is that of its gate, too.
        let play = Arc::clone(&self.play);
        let came_to = tokio::task::spawn_blocking(move || play(&url)).await?;
        *self.came_to.lock().expect("no one panics with it") = Some(came_to);
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::anything()]
    }
}

/// What `play` gives with the URL of a store, directly and through a gate.
pub(crate) fn both<T: Send + 'static>(
    store: Store,
    play: impl Fn(&str) -> T + Send + Sync + 'static,
) -> (T, T) {
    let play: Arc<dyn Fn(&str) -> T + Send + Sync> = Arc::new(play);
    let once = |is_gated| {
        let needs = if store.name() == "redis" { Needs::REDIS } else { Needs::POSTGRES };
        let options = StoreOptions { provider: ProviderChoice::Local, needs, ..StoreOptions::default() };
        let mut engine = Engine::start(&options, Interrupt::never()).expect("the store starts");
        let (play, came_to) = (Arc::clone(&play), Arc::new(Mutex::new(None)));
        let (direct, shared) = (Mutex::new(None), Arc::clone(&came_to));
        let scenario: Arc<dyn Scenario> = Arc::new(Play { store, is_gated, play, direct, came_to: shared });
        let plan = Plan { strategy: StrategyKind::Burst, schedules_max: 1, ..Plan::default() };
        let outcome = engine.explore(&scenario, &plan, &mut |_| {}).expect("it runs");
        engine.stop().expect("the store stops");
        assert_eq!(outcome.verdict, Verdict::Pass, "{:?}", outcome.coverage.failures);
        came_to.lock().expect("no one panics with it").take().expect("it came to something")
    };
    (once(false), once(true))
}

/// What a program writes; one that fails fails the test with its words.
pub(crate) fn said(command: &mut Command) -> String {
    let done = command.output().unwrap_or_else(|error| panic!("{command:?}: {error} (run ci/setup)"));
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?} ended with {}: {errors}", done.status);
    String::from_utf8_lossy(&done.stdout).into_owned()
}

/// Where a URL leads: host and port.
pub(crate) fn place(url: &str) -> (&str, &str) {
    let authority = url.split("://").nth(1).and_then(|rest| rest.split('/').next()).expect("a URL");
    authority.rsplit('@').next().and_then(|at| at.rsplit_once(':')).expect("a port")
}

/// What `ci/setup` has put under `target`.
pub(crate) fn installed(path: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let installed = target.join(path);
    assert!(installed.exists(), "`{}` is not there (run ci/setup)", installed.display());
    installed
}
