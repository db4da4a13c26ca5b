//! Owns the conversation with the Docker engine: is it there, does it have the image, which containers are ours.

use std::path::Path;
use std::time::Duration;

use testcontainers::bollard::errors::Error as EngineError;
use testcontainers::bollard::query_parameters::{
    ListContainersOptionsBuilder, RemoveContainerOptionsBuilder,
};
use testcontainers::bollard::{API_DEFAULT_VERSION, Docker};
use testcontainers::runners::AsyncRunner;
use testcontainers::{GenericImage, ImageExt};

use super::super::ready::with_sources;
use super::super::run_folder::lock_is_free;
use super::super::{StoreError, StoreOptions, machine};
use super::container::{remove_by_name, split_tag};

/// Labels on every container of ours.
pub(super) const RUN: &str = "org.raceproof.run";
pub(super) const MACHINE: &str = "org.raceproof.machine";
pub(super) const BOOT: &str = "org.raceproof.boot";
pub(super) const LOCK: &str = "org.raceproof.lock";
/// On images that `ci/setup` built in place of official ones.
const STAND_IN: &str = "org.raceproof.stand-in";

const PING_MS_MAX: u64 = 3_000;
const ANSWER_S_MAX: u64 = 60;
const PULL_MS_MAX: u64 = 600_000;

/// The Docker engine of this machine.
pub(crate) struct Engine {
    docker: Docker,
    host: String,
}

/// A container whose owner is gone.
#[derive(Debug, Clone)]
pub(crate) struct StaleContainer {
    pub(crate) name: String,
    pub(crate) run: String,
    /// Seconds since 1970.
    pub(crate) created: Option<u64>,
}

impl Engine {
    /// Finds the engine's socket; whether anybody answers there is [`Self::ping`]'s question.
    pub(crate) fn connect() -> Result<Self, StoreError> {
        let host = host();
        if let Some(path) = host.strip_prefix("unix://") {
            if !Path::new(path).exists() {
                let way_out = "install and start Docker, set DOCKER_HOST,";
                return Err(unusable(format!("there is no `{path}`"), way_out));
            }
        } else if !is_loopback(&host) {
            // Ports are published on the engine's loopback interface, which would not be ours.
            return Err(unusable(format!("`{host}` is another machine"), "unset DOCKER_HOST,"));
        }
        let docker = if host.starts_with("unix://") {
            Docker::connect_with_unix(&host, ANSWER_S_MAX, API_DEFAULT_VERSION)
        } else {
            Docker::connect_with_host(&host)
        };
        let docker = docker.map_err(|error| {
            unusable(format!("`{host}` is no address: {}", with_sources(&error)), "check DOCKER_HOST,")
        })?;
        Ok(Self { docker, host })
    }

    /// Whether the engine answers.
    pub(crate) async fn ping(&self) -> Result<(), StoreError> {
        let answer = crate::alarm::timeout(Duration::from_millis(PING_MS_MAX), self.docker.ping()).await;
        let said = match answer {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) => with_sources(&error),
            Err(_) => format!("no answer within {PING_MS_MAX} ms"),
        };
        let reason = format!("the engine at `{}` did not answer: {said}", self.host);
        Err(unusable(reason, "is it running, and may you use it?"))
    }

    pub(crate) async fn has_image(&self, image: &str) -> bool {
        self.docker.inspect_image(image).await.is_ok()
    }

    /// Pulls the image if it is not there.
    pub(crate) async fn ensure_image(&self, image: &str) -> Result<(), StoreError> {
        if self.has_image(image).await {
            return Ok(());
        }
        let (name, tag) = split_tag(image);
        let request = GenericImage::new(name, tag).with_cmd(Vec::<String>::new());
        let pull = crate::alarm::timeout(Duration::from_millis(PULL_MS_MAX), request.pull_image()).await;
        let said = match pull {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) => with_sources(&error),
            Err(_) => format!("not there after {PULL_MS_MAX} ms"),
        };
        Err(no_image(image, Some(&said)))
    }

    /// The image with the start of its id, for records; a stand-in says so.
    pub(crate) async fn origin(&self, image: &str) -> String {
        const ID_CHARS: usize = 12;
        let Ok(found) = self.docker.inspect_image(image).await else { return image.to_owned() };
        let id: String =
            found.id.unwrap_or_default().trim_start_matches("sha256:").chars().take(ID_CHARS).collect();
        let stand_in =
            found.config.and_then(|config| config.labels).is_some_and(|labels| labels.contains_key(STAND_IN));
        format!("{image} ({id}{})", if stand_in { ", stand-in" } else { "" })
    }

    /// What an image puts before the command of its containers.
    pub(super) async fn entrypoint_of(&self, image: &str) -> Vec<String> {
        let found = self.docker.inspect_image(image).await.ok();
        found.and_then(|found| found.config?.entrypoint).unwrap_or_default()
    }

    /// Whether a unix socket made in a container can be used from here. Docker Desktop runs its containers in a
    /// virtual machine.
    pub(crate) fn shares_our_kernel(&self) -> bool {
        cfg!(target_os = "linux")
            && self.host.starts_with("unix://")
            && !self.host.contains("/.docker/desktop/")
    }

    /// The number that the first process of a container has here; `None` if it is not to be seen from here.
    pub(super) async fn init_of(&self, container: &str) -> Option<u32> {
        if !self.shares_our_kernel() {
            return None;
        }
        let found = self.docker.inspect_container(container, None).await.ok()?;
        found.state?.pid.and_then(|pid| u32::try_from(pid).ok()).filter(|pid| *pid != 0)
    }

    /// SELinux lets containers into folders of ours only when it does not look.
    pub(crate) fn is_confined_by_selinux(&self) -> bool {
        self.shares_our_kernel() && Path::new("/sys/fs/selinux/enforce").exists()
    }

    /// True if it was there and is removed, false if there was none.
    pub(super) async fn remove_container(&self, name: &str) -> Result<bool, String> {
        let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
        match self.docker.remove_container(name, Some(options)).await {
            Ok(()) => Ok(true),
            Err(EngineError::DockerResponseServerError { status_code: 404, .. }) => Ok(false),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Containers of this machine whose run has no owner any more.
    pub(crate) async fn stale_containers(&self) -> Result<Vec<StaleContainer>, StoreError> {
        let ours = vec![format!("{MACHINE}={}", machine::machine())];
        let options =
            ListContainersOptionsBuilder::default().all(true).filters(&[("label", ours)].into()).build();
        let listed = self.docker.list_containers(Some(options)).await;
        let listed = listed.map_err(|error| {
            let reason = format!("it lists no containers: {}", with_sources(&error));
            unusable(reason, "may you use it?")
        })?;
        let stale = listed.into_iter().filter_map(|container| {
            let labels = container.labels.unwrap_or_default();
            let label = |name: &str| labels.get(name).cloned().unwrap_or_default();
            // An engine that machines share may carry the containers of our twin, which has booted on its own.
            let ours = label(BOOT) == machine::boot() || self.host.starts_with("unix://");
            let stale = StaleContainer {
                name: container.names.unwrap_or_default().first()?.trim_start_matches('/').to_owned(),
                run: label(RUN),
                created: container.created.and_then(|time| u64::try_from(time).ok()),
            };
            (ours && lock_is_free(Path::new(&label(LOCK)))).then_some(stale)
        });
        Ok(stale.collect())
    }

    /// Removes a container that [`Self::stale_containers`] named.
    pub(crate) async fn remove_stale(&self, name: &str) -> Result<(), String> {
        remove_by_name(self, name).await.map(drop).map_err(|error| format!("container {name}: {error}"))
    }
}

fn unusable(reason: String, way_out: &str) -> StoreError {
    StoreError::Docker { reason, way_out: way_out.to_owned() }
}

/// The error for an image that is not there; `said` is what a pull gave, if one was tried. `ci/setup` prepares the
/// default images and no others.
pub(crate) fn no_image(image: &str, said: Option<&str>) -> StoreError {
    let pull = said.map_or(String::new(), |said| format!(" and cannot be pulled: {said}"));
    let way_out = if StoreOptions::default().images().contains(&image) {
        format!("run `ci/setup` or `docker pull {image}`,")
    } else {
        format!("run `docker pull {image}`, name another image,")
    };
    unusable(format!("the image `{image}` is absent{pull}"), &way_out)
}

/// The engine that `docker` and testcontainers would take too.
fn host() -> String {
    if let Some(host) = std::env::var("DOCKER_HOST").ok().filter(|host| !host.is_empty()) {
        return host;
    }
    let usual = "/var/run/docker.sock".to_owned();
    let home = std::env::var("HOME").unwrap_or_default();
    let runtime = std::env::var("XDG_RUNTIME_DIR").unwrap_or_default();
    let known = [
        usual.clone(),
        format!("{runtime}/.docker/run/docker.sock"),
        format!("{home}/.docker/run/docker.sock"),
        format!("{home}/.docker/desktop/docker.sock"),
    ];
    let found = known.into_iter().find(|path| Path::new(path).exists());
    format!("unix://{}", found.unwrap_or(usual))
}

fn is_loopback(host: &str) -> bool {
    let place = host.split_once("://").map_or(host, |(_, place)| place);
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|loopback| place.starts_with(loopback))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setup_is_advised_for_default_images_only() {
        let [redis, _] = StoreOptions::default().images().map(str::to_owned);
        let told = no_image(&redis, None).to_string();
        assert!(told.contains("is absent (run `ci/setup` or `docker pull redis:"), "{told}");
        let told = no_image("redis:none", Some("not found")).to_string();
        assert!(told.contains("cannot be pulled: not found (run `docker pull redis:none`"), "{told}");
        assert!(!told.contains("ci/setup"), "{told}");
    }

    #[test]
    fn an_engine_elsewhere_is_not_loopback() {
        assert!(is_loopback("tcp://127.0.0.1:2375"));
        assert!(!is_loopback("tcp://build.example.org:2375"));
    }
}
