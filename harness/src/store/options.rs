//! Owns what a run asks of its stores; the providers fulfil it.

use std::fmt;
use std::str::FromStr;

use super::ClockChoice;

/// Who provides the stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProviderChoice {
    /// Docker if its engine answers and the images can be had, else local processes.
    #[default]
    Auto,
    /// Containers.
    Docker,
    /// Child processes of the binaries installed on this machine.
    Local,
    /// Servers that the user names, confined to a database that is ours or empty.
    Url,
}

impl ProviderChoice {
    /// Every choice, in the order in which help texts list them.
    pub const ALL: [Self; 4] = [Self::Auto, Self::Docker, Self::Local, Self::Url];

    /// The name used on the command line and in records.
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
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that is no provider.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no provider is called `{0}` (choose `auto`, `docker`, `local` or `url`)")]
pub struct UnknownProvider(String);

impl FromStr for ProviderChoice {
    type Err = UnknownProvider;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|choice| choice.name() == name);
        known.ok_or_else(|| UnknownProvider(name.to_owned()))
    }
}

/// Which stores a run uses; the others are not started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// How many Redis servers, up to [`REDIS_MAX`](super::redis::REDIS_MAX).
    pub redis: usize,
    /// A PostgreSQL.
    pub postgres: bool,
}

impl Needs {
    /// One Redis alone.
    pub const REDIS: Self = Self { redis: 1, postgres: false };
    /// PostgreSQL alone.
    pub const POSTGRES: Self = Self { redis: 0, postgres: true };
    /// One of each.
    pub const BOTH: Self = Self { redis: 1, postgres: true };
}

/// Everything that decides which stores are started and how.
///
/// `Debug` prints the URLs without their passwords.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreOptions {
    /// Who provides them.
    pub provider: ProviderChoice,
    /// The image of the docker provider's Redis.
    pub redis_image: String,
    /// The image of the docker provider's PostgreSQL.
    pub postgres_image: String,
    /// The Redis of the url provider. A URL that names no logical database gets the first empty one.
    pub redis_url: Option<String>,
    /// The PostgreSQL of the url provider; a database of our own is created there and dropped again.
    pub postgres_url: Option<String>,
    /// The user's word that the servers named by URL may be written to.
    pub disposable: bool,
    /// Which stores are needed.
    pub needs: Needs,
    /// By which clock they are to live.
    pub clock: ClockChoice,
    /// Whether what is written survives a crash of the server. Off, the stores are several times faster.
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
            needs: Needs::BOTH,
            clock: ClockChoice::Auto,
            persistence: false,
        }
    }
}

impl StoreOptions {
    /// The images of Redis and PostgreSQL.
    pub(crate) fn images(&self) -> [&str; 2] {
        [&self.redis_image, &self.postgres_image]
    }
}

impl fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreOptions")
            .field("provider", &self.provider)
            .field("redis_image", &self.redis_image)
            .field("postgres_image", &self.postgres_image)
            .field("redis_url", &self.redis_url.as_deref().map(without_password))
            .field("postgres_url", &self.postgres_url.as_deref().map(without_password))
            .field("disposable", &self.disposable)
            .field("needs", &self.needs)
            .field("clock", &self.clock)
            .field("persistence", &self.persistence)
            .finish()
    }
}

/// The URL with its user part replaced, fit for messages and records. A text that is no URL is not shown at all, because
/// nobody knows where its password is.
pub(crate) fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return "(not a url)".to_owned() };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    match rest.rsplit_once('@') {
        Some((_, place)) => format!("{scheme}://…@{place}"),
        None => format!("{scheme}://{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn provider_names_round_trip() {
        for choice in ProviderChoice::ALL {
            assert_eq!(choice.to_string().parse(), Ok(choice));
        }
    }

    #[test]
    fn an_unknown_provider_is_refused_with_the_names_that_exist() {
        let error = "podman".parse::<ProviderChoice>().unwrap_err().to_string();
        assert!(error.contains("`podman`") && error.contains("`docker`"), "{error}");
    }

    #[test]
    fn debug_shows_no_password() {
        for url in [
            "redis://:hush@h:1/2",
            "postgres://u:hush@h/d",
            "postgres://h/d?password=hush",
            "host=h password=hush",
        ] {
            let options = StoreOptions { redis_url: Some(url.to_owned()), ..StoreOptions::default() };
            assert!(!format!("{options:?}").contains("hush"), "{options:?}");
        }
    }
}
