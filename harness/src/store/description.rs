//! Owns the account of which stores a run had and why; records and reports print it.

use serde::{Deserialize, Serialize};

use super::Server;

/// Which stores a run had, who provided them, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoresDescription {
    /// The provider that was taken: `docker`, `local` or `url`.
    pub provider: String,
    /// Why this one, as a phrase that goes on from "because".
    pub reason: String,
    /// Whether what was written would have survived a crash of the server.
    pub persistence: bool,
    /// The Redis servers, as many as were needed.
    pub redis: Vec<ServerDescription>,
    /// The PostgreSQL, if one was needed.
    pub postgres: Option<ServerDescription>,
}

/// One of the stores.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerDescription {
    /// What the server says its version is.
    pub version: String,
    /// What was started: an image with its id, the path of a binary, or a URL without its password.
    pub origin: String,
    /// `unix` or `tcp`.
    pub transport: String,
    /// By which clock it lived, and why not by a better one.
    #[serde(default)]
    pub clock: String,
}

impl StoresDescription {
    /// The description for people: one line for the provider, one for each store.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let kept = if self.persistence { "data survives a crash" } else { "durability off" };
        let mut lines = vec![format!("stores by {}, {kept}, because {}", self.provider, self.reason)];
        let redis = super::redis::NAMES.iter().zip(&self.redis);
        let postgres = self.postgres.iter().map(|server| (&super::postgres::NAME, server));
        lines.extend(redis.chain(postgres).map(|(name, server)| {
            let ServerDescription { version, origin, transport, clock } = server;
            format!("{name} {version} over {transport}: {origin}, clock {clock}")
        }));
        lines
    }
}

impl ServerDescription {
    pub(crate) fn new(server: &Server, origin: impl Into<String>) -> Self {
        Self {
            version: server.version.clone(),
            origin: origin.into(),
            transport: server.address.transport().to_owned(),
            clock: server.clock.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn provider_is_told_with_its_reason() {
        let redis = ServerDescription {
            version: "7".to_owned(),
            origin: "/usr/bin/redis-server".to_owned(),
            transport: "unix".to_owned(),
            clock: "virtual".to_owned(),
        };
        let description = StoresDescription {
            provider: "local".to_owned(),
            reason: "the image `x` is absent".to_owned(),
            persistence: false,
            redis: vec![redis],
            postgres: None,
        };
        let expected = [
            "stores by local, durability off, because the image `x` is absent",
            "redis 7 over unix: /usr/bin/redis-server, clock virtual",
        ];
        assert_eq!(description.lines(), expected);
    }
}
