//! STUB, to be dropped at the merge: the surface of the engine that the program is written against.
#![expect(missing_docs, reason = "a stub that is dropped at the merge")]

pub mod scenario {
    use crate::Card;

    pub trait Scenario: Send + Sync {
        fn card(&self) -> Card;
    }
}

pub mod interrupt {
    #[derive(Debug, Clone, Default)]
    pub struct Interrupt;

    impl Interrupt {
        pub fn install() -> Result<Self, std::io::Error> {
            Ok(Self)
        }

        #[must_use]
        pub fn signal(&self) -> Option<i32> {
            None
        }
    }
}

pub mod store {
    use std::fmt;
    use std::str::FromStr;

    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub enum ProviderChoice {
        #[default]
        Auto,
        Docker,
        Local,
        Url,
    }

    impl ProviderChoice {
        pub const ALL: [Self; 4] = [Self::Auto, Self::Docker, Self::Local, Self::Url];

        #[must_use]
        pub fn name(self) -> &'static str {
            match self {
                Self::Auto => "auto",
                Self::Docker => "docker",
                Self::Local => "local",
                Self::Url => "url",
            }
        }
    }

    impl fmt::Display for ProviderChoice {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.pad(self.name())
        }
    }

    #[derive(Debug, thiserror::Error)]
    #[error("no provider is called `{0}` (choose `auto`, `docker`, `local` or `url`)")]
    pub struct UnknownProvider(String);

    impl FromStr for ProviderChoice {
        type Err = UnknownProvider;

        fn from_str(name: &str) -> Result<Self, Self::Err> {
            let known = Self::ALL.into_iter().find(|choice| choice.name() == name);
            known.ok_or_else(|| UnknownProvider(name.to_owned()))
        }
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Needs {
        pub redis: bool,
        pub postgres: bool,
    }

    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct StoreOptions {
        pub provider: ProviderChoice,
        pub redis_image: String,
        pub postgres_image: String,
        pub redis_url: Option<String>,
        pub postgres_url: Option<String>,
        pub disposable: bool,
        pub needs: Needs,
        pub persistence: bool,
    }

    impl Default for StoreOptions {
        fn default() -> Self {
            Self {
                provider: ProviderChoice::Auto,
                redis_image: "redis:7-bookworm".to_owned(),
                postgres_image: "postgres:15-bookworm".to_owned(),
                redis_url: None,
                postgres_url: None,
                disposable: false,
                needs: Needs { redis: true, postgres: true },
                persistence: false,
            }
        }
    }

    #[derive(Debug, thiserror::Error)]
    #[error("the stores are a stub")]
    pub struct StoreError;

    /// What earlier runs left behind, one line each; removed if `clean`.
    pub fn leftovers(_clean: bool) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }
}

pub mod run {
    use std::sync::Arc;

    use super::Error;
    use super::interrupt::Interrupt;
    use super::scenario::Scenario;
    use super::store::{StoreError, StoreOptions};
    use crate::history::Trace;
    use crate::outcome::{Outcome, Replays};
    use crate::plan::Plan;

    #[derive(Debug)]
    pub struct Engine;

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Progress {
        pub schedules: u64,
        pub schedules_max: u64,
        pub violating: u64,
    }

    #[derive(Debug, Clone, PartialEq)]
    pub struct Replay {
        pub trace: Trace,
        pub replays: Replays,
        pub diverged: Option<(usize, String)>,
    }

    impl Engine {
        pub fn start(_options: &StoreOptions, _interrupt: Interrupt) -> Result<Self, Error> {
            Err(Error::Store(StoreError))
        }

        #[must_use]
        pub fn description(&self) -> Vec<String> {
            Vec::new()
        }

        pub fn explore(
            &mut self,
            _scenario: &Arc<dyn Scenario>,
            _plan: &Plan,
            _progress: &mut dyn FnMut(Progress),
        ) -> Result<Outcome, Error> {
            Err(Error::Store(StoreError))
        }

        pub fn replay(
            &mut self,
            _scenario: &Arc<dyn Scenario>,
            _recorded: &Trace,
            _plan: &Plan,
            _attempts: u32,
        ) -> Result<Replay, Error> {
            Err(Error::Store(StoreError))
        }

        pub fn stop(self) -> Result<(), Error> {
            Ok(())
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("failed to start the runtime")]
    Runtime(#[source] std::io::Error),
    #[error(transparent)]
    Store(#[from] store::StoreError),
}
