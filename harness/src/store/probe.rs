//! Owns the question which providers could be used here, asked without starting anything; `raceproof doctor` prints it.

use super::docker::{self, Engine, no_image};
use super::local::Programs;
use super::{ProviderChoice, StoreError, StoreOptions, url};

/// Whether a provider can be used, and why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Availability {
    /// The provider; never `auto`.
    pub provider: ProviderChoice,
    /// Whether a run could use it now.
    pub available: bool,
    /// What it would use, or why it cannot be used and the way out.
    pub detail: String,
    /// Why its stores cannot live by a virtual clock, as a phrase that goes on from "because"; `None` if they can, as far as
    /// that is known before they run.
    pub no_virtual_clock: Option<String>,
}

/// Looks at each provider. An image that would have to be pulled counts as available only once it is there.
pub async fn providers(options: &StoreOptions) -> Vec<Availability> {
    let found = [
        (ProviderChoice::Docker, containers(options).await),
        (ProviderChoice::Local, Programs::find(options.needs).map(|programs| programs.description())),
        (ProviderChoice::Url, url::check(options).map(|_| "the servers that were named".to_owned())),
    ];
    let judged = found.into_iter().map(|(provider, result)| Availability {
        provider,
        available: result.is_ok(),
        detail: result.unwrap_or_else(|error| error.to_string()),
        no_virtual_clock: no_virtual_clock(provider),
    });
    judged.collect()
}

/// Why nothing can be preloaded into servers of this provider. That they obey is asked of each when it runs.
fn no_virtual_clock(provider: ProviderChoice) -> Option<String> {
    let shares_our_kernel = || Engine::connect().is_ok_and(|engine| engine.shares_our_kernel());
    match (provider, raceproof_clock::availability()) {
        (ProviderChoice::Url, _) => Some(url::NOT_OURS.to_owned()),
        (_, Err(unavailable)) => Some(unavailable.to_string()),
        (ProviderChoice::Docker, Ok(())) if !shares_our_kernel() => Some(docker::NOTHING_SHARED.to_owned()),
        (_, Ok(())) => None,
    }
}

async fn containers(options: &StoreOptions) -> Result<String, StoreError> {
    let engine = Engine::connect()?;
    engine.ping().await?;
    let mut origins = Vec::new();
    for image in images(options) {
        if !engine.has_image(image).await {
            return Err(no_image(image, None));
        }
        origins.push(engine.origin(image).await);
    }
    Ok(origins.join(", "))
}

/// The images of the stores that are needed.
pub(super) fn images(options: &StoreOptions) -> impl Iterator<Item = &String> {
    let redis = (options.needs.redis > 0).then_some(&options.redis_image);
    let postgres = options.needs.postgres.then_some(&options.postgres_image);
    redis.into_iter().chain(postgres)
}
