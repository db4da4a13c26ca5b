//! Owns the stores of a run from start to stop: who provides them, how to reach them, and that nothing of them remains.
//!
//! [`Stores::start`] gives a Redis and a PostgreSQL that answer. Whatever it started goes when the value is stopped or
//! dropped, when a panic unwinds, or when a second signal ends the process; what a `kill -9` leaves is found by the next
//! start, and by [`leftovers`].

mod clock;
mod connect;
mod custody;
mod description;
mod docker;
mod durability;
mod error;
mod ledger;
pub mod leftovers;
mod local;
mod machine;
mod options;
pub mod postgres;
mod power;
pub mod probe;
mod process;
mod processes;
mod ready;
mod recording;
pub mod redis;
mod run_folder;
mod server;
mod set_up;
mod side_by_side;
mod url;

use std::sync::Arc;

pub use clock::{ClockChoice, ServerClock, UnknownClock};
pub use custody::remove_at_exit;
pub use description::{ServerDescription, StoresDescription};
pub use error::StoreError;
pub use options::{Needs, ProviderChoice, StoreOptions, UnknownProvider};
pub use power::Power;
pub use processes::Processes;
pub use server::{Address, Server};
pub use set_up::SetUp;

pub(crate) use custody::{Held, remove_everything};
pub(crate) use local::setpriv;
pub(crate) use machine::cores;

use custody::Custody;
use docker::Engine;
use local::Programs;

/// The stores of a run, running.
pub struct Stores {
    redis: Vec<Server>,
    postgres: Option<Server>,
    description: StoresDescription,
    custody: Arc<Custody>,
}

/// A provider that can be used, with what was found out about it.
enum Provider {
    Docker(Box<Engine>),
    Local(Programs),
    Url,
}

impl Stores {
    /// Starts the stores that are needed and waits until each has answered a command. What earlier runs left behind is
    /// removed on the way.
    ///
    /// # Errors
    /// If no provider can be used or a server does not come up; whatever had been started is removed then.
    pub async fn start(options: &StoreOptions) -> Result<Self, StoreError> {
        let (provider, reason) = choose(options).await?;
        let custody = Custody::new()?;
        let started = async {
            let _making = custody::making()?;
            match &provider {
                Provider::Docker(engine) => docker::start(engine, options, &custody).await,
                Provider::Local(programs) => local::start(programs, options, &custody).await,
                Provider::Url => url::start(options, &custody).await,
            }
        };
        let (started, ()) = tokio::join!(started, leftovers::sweep(provider.engine()));
        let (redis, postgres) = match started {
            Ok(servers) => servers,
            Err(error) => {
                // The first error is the one to tell; what is left is found at the next start.
                let _ = release(custody).await;
                return Err(error);
            }
        };
        let (redis, redis_description) = redis.into_iter().unzip();
        let (postgres, postgres_description) = postgres.unzip();
        let description = StoresDescription {
            provider: provider.choice().name().to_owned(),
            reason,
            persistence: options.persistence,
            redis: redis_description,
            postgres: postgres_description,
        };
        Ok(Self { redis, postgres, description, custody })
    }

    /// The first Redis, if one was needed.
    #[must_use]
    pub fn redis(&self) -> Option<&Server> {
        self.redis.first()
    }

    /// Every Redis, in the order of [`redis::NAMES`].
    #[must_use]
    pub fn redis_servers(&self) -> &[Server] {
        &self.redis
    }

    /// The PostgreSQL, if one was needed.
    #[must_use]
    pub fn postgres(&self) -> Option<&Server> {
        self.postgres.as_ref()
    }

    /// Which stores these are and why; fit for records.
    #[must_use]
    pub fn description(&self) -> &StoresDescription {
        &self.description
    }

    /// The run's name, which is in the names and labels of everything that was started.
    #[must_use]
    pub fn run(&self) -> &str {
        self.custody.run()
    }

    /// Ends and removes everything that was started, and waits for that. Dropping the value does the same, but blocks
    /// the thread and tells nobody of failures.
    ///
    /// # Errors
    /// [`StoreError::Removal`] names what could not be removed; it is tried again at the next start.
    pub async fn stop(self) -> Result<(), StoreError> {
        release(self.custody).await
    }
}

impl std::fmt::Debug for Stores {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut debug = f.debug_struct("Stores");
        debug
            .field("redis", &self.redis)
            .field("postgres", &self.postgres)
            .field("description", &self.description);
        debug.finish_non_exhaustive()
    }
}

/// Removal blocks, so it goes to a thread where that does no harm.
async fn release(custody: Arc<Custody>) -> Result<(), StoreError> {
    let released = tokio::task::spawn_blocking(move || custody.release()).await;
    released.expect("a removal reports its failures and does not panic")
}

impl Provider {
    fn choice(&self) -> ProviderChoice {
        match self {
            Self::Docker(_) => ProviderChoice::Docker,
            Self::Local(_) => ProviderChoice::Local,
            Self::Url => ProviderChoice::Url,
        }
    }

    fn engine(&self) -> Option<&Engine> {
        match self {
            Self::Docker(engine) => Some(engine),
            _ => None,
        }
    }
}

const ASKED_FOR: &str = "it was asked for";

/// The provider to use, and why.
async fn choose(options: &StoreOptions) -> Result<(Provider, String), StoreError> {
    match options.provider {
        ProviderChoice::Docker => Ok((docker_provider(options).await?, ASKED_FOR.to_owned())),
        ProviderChoice::Local => Ok((Provider::Local(Programs::find(options.needs)?), ASKED_FOR.to_owned())),
        ProviderChoice::Url => url::check(options).map(|_| (Provider::Url, ASKED_FOR.to_owned())),
        ProviderChoice::Auto => choose_best(options).await,
    }
}

async fn choose_best(options: &StoreOptions) -> Result<(Provider, String), StoreError> {
    let no_docker = match docker_provider(options).await {
        Ok(provider) => return Ok((provider, "Docker answers and has the images".to_owned())),
        Err(error) => error,
    };
    match Programs::find(options.needs) {
        Ok(programs) => Ok((Provider::Local(programs), no_docker.reason())),
        Err(no_programs) => Err(StoreError::NoProvider {
            tried: format!("docker: {}; local: {}", no_docker.reason(), no_programs.reason()),
            mend: match options.needs {
                Needs { postgres: false, .. } => "apt-get install redis-server",
                Needs { redis: 0, .. } => "apt-get install postgresql",
                _ => "apt-get install redis-server postgresql",
            }
            .to_owned(),
        }),
    }
}

async fn docker_provider(options: &StoreOptions) -> Result<Provider, StoreError> {
    let engine = Engine::connect()?;
    engine.ping().await?;
    for image in probe::images(options) {
        engine.ensure_image(image).await?;
    }
    Ok(Provider::Docker(Box::new(engine)))
}
