//! Owns the stores that the user names: we take only what is ours or empty there, and leave it as it was.

mod postgres;
mod redis;

use std::sync::Arc;

pub(crate) use postgres::OwnDatabase;
pub(crate) use redis::UsedDatabase;

use super::clock::{Preload, Store};
use super::custody::Custody;
use super::description::ServerDescription;
use super::options::without_password;
use super::{Server, StoreError, StoreOptions};

/// A server that the user names is expected to run already, so it is asked once.
const ANSWER_MS_MAX: u64 = 3_000;
/// Why its clock cannot be virtual.
pub(crate) const NOT_OURS: &str = "nothing can be preloaded into a server that we did not start";

type Started = (Server, ServerDescription);

/// Confines the run to databases of its own on the named servers.
pub(crate) async fn start(
    options: &StoreOptions,
    custody: &Arc<Custody>,
) -> Result<(Vec<Started>, Option<Started>), StoreError> {
    let urls = check(options)?;
    let redis = match urls.redis {
        Some(url) => {
            let clock = clock(Store::Redis, options)?;
            vec![described(redis::start(url, custody).await?, clock, url).await?]
        }
        None => Vec::new(),
    };
    let postgres = match urls.postgres {
        Some(url) => {
            let clock = clock(Store::Postgres, options)?;
            Some(described(postgres::start(url, custody).await?, clock, url).await?)
        }
        None => None,
    };
    Ok((redis, postgres))
}

/// The URLs of the stores that are needed.
pub(crate) struct Urls<'a> {
    redis: Option<&'a str>,
    postgres: Option<&'a str>,
}

/// Whether the provider may be used at all; nothing is contacted.
pub(crate) fn check(options: &StoreOptions) -> Result<Urls<'_>, StoreError> {
    if !options.disposable {
        return Err(StoreError::NotDisposable);
    }
    let wanted = |needed: bool, url: &'_ Option<String>, store, flag| match (needed, url) {
        (true, None) => Err(StoreError::UrlMissing { store, flag }),
        _ => Ok(needed),
    };
    if options.needs.redis > 1 {
        return Err(StoreError::OnlyOne { wanted: options.needs.redis });
    }
    let redis = wanted(options.needs.redis > 0, &options.redis_url, "Redis", "--redis-url")?;
    let postgres = wanted(options.needs.postgres, &options.postgres_url, "PostgreSQL", "--postgres-url")?;
    Ok(Urls {
        redis: options.redis_url.as_deref().filter(|_| redis),
        postgres: options.postgres_url.as_deref().filter(|_| postgres),
    })
}

/// Before the server is contacted: what cannot be had is known beforehand.
fn clock(store: Store, options: &StoreOptions) -> Result<Preload, StoreError> {
    Preload::impossible(store, options.clock, NOT_OURS)
}

async fn described(
    mut server: Server,
    clock: Preload,
    url: &str,
) -> Result<(Server, ServerDescription), StoreError> {
    server.clock = clock.prove(&server).await?;
    let description = ServerDescription::new(&server, without_password(url));
    Ok((server, description))
}

fn unusable(url: &str, reason: impl Into<String>) -> StoreError {
    StoreError::Url { url: without_password(url), reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use super::super::Needs;
    use super::*;

    #[test]
    fn a_url_needs_the_word_that_it_is_disposable() {
        let options = StoreOptions {
            redis_url: Some("redis://127.0.0.1:1".to_owned()),
            needs: Needs::REDIS,
            ..StoreOptions::default()
        };
        assert!(matches!(check(&options), Err(StoreError::NotDisposable)));
        assert!(check(&StoreOptions { disposable: true, ..options }).is_ok());
    }

    #[test]
    fn a_needed_store_needs_its_url() {
        let options = StoreOptions { disposable: true, needs: Needs::POSTGRES, ..StoreOptions::default() };
        let Err(error) = check(&options) else { panic!("accepted") };
        assert!(error.to_string().contains("--postgres-url"), "{error}");
    }
}
