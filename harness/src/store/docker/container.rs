//! Owns one container from its making to its removal; what runs in it is decided next door.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use testcontainers::bollard::models::PortBinding;
use testcontainers::core::{IntoContainerPort, Mount};
use testcontainers::runners::AsyncRunner;
use testcontainers::{GenericImage, ImageExt};

use super::super::StoreError;
use super::super::custody::{Custody, block_on};
use super::super::machine::cores;
use super::SOCKETS;
use super::engine::Engine;

/// The engine's own time for making and starting a container, the image being there.
const START_MS_MAX: u64 = 60_000;
/// How long a container that is just being made may take to appear, so that it can be removed.
const APPEAR_MS_MAX: u64 = 2_000;
const REMOVE_MS_MAX: u64 = 20_000;
const POLL_MS: u64 = 20;

/// What a container is made from.
pub(super) struct Wanted<'a> {
    pub(super) image: &'a str,
    pub(super) store: &'a str,
    /// The port inside; with none it is given this machine's own network.
    pub(super) port: Option<u16>,
    /// What runs the command, if not what the image says.
    pub(super) entrypoint: Option<&'static str>,
    pub(super) command: Vec<String>,
    pub(super) environment: Vec<(String, String)>,
    /// A folder of ours that the container sees as [`SOCKETS`].
    pub(super) sockets: Option<PathBuf>,
}

/// A container of ours, known by its name before it exists, so that no moment is left in which it could be lost.
#[derive(Debug, Clone)]
pub(crate) struct ContainerName {
    name: String,
    /// The engine may be about to make it: "no such container" is not final then.
    being_made: Arc<AtomicBool>,
}

impl ContainerName {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Removes the container with its volumes. It blocks, and wants a thread of its own.
    pub(crate) fn remove(&self) -> Result<(), String> {
        let result = block_on(async {
            let engine = Engine::connect().map_err(|error| error.to_string())?;
            let appear = Instant::now() + Duration::from_millis(APPEAR_MS_MAX);
            loop {
                let found = remove_by_name(&engine, &self.name).await?;
                if found || !self.being_made.load(Ordering::SeqCst) || Instant::now() >= appear {
                    return Ok(());
                }
                crate::alarm::sleep(Duration::from_millis(POLL_MS)).await;
            }
        });
        let result: Result<(), String> = result.map_err(|error| error.to_string()).and_then(|result| result);
        result.map_err(|error| format!("container {}: {error}", self.name))
    }
}

/// Removes a container and waits until it is gone; false if there was none.
pub(super) async fn remove_by_name(engine: &Engine, name: &str) -> Result<bool, String> {
    let deadline = Instant::now() + Duration::from_millis(REMOVE_MS_MAX);
    let mut found = false;
    loop {
        match engine.remove_container(name).await {
            Ok(true) => return Ok(true),
            Ok(false) => return Ok(found),
            // Somebody else is removing it, or it is just being started.
            Err(error) if Instant::now() >= deadline => return Err(error),
            Err(_) => found = true,
        }
        crate::alarm::sleep(Duration::from_millis(POLL_MS)).await;
    }
}

/// What a container of this run is called.
pub(super) fn name(custody: &Custody, store: &str) -> String {
    format!("raceproof-{}-{store}", custody.run())
}

/// Makes and starts a container, held by `custody`, and gives the loopback port that leads to its own.
pub(super) async fn start(
    engine: &Engine,
    wanted: Wanted<'_>,
    labels: Vec<(String, String)>,
    custody: &Custody,
) -> Result<Option<u16>, StoreError> {
    let name = name(custody, wanted.store);
    let being_made = Arc::new(AtomicBool::new(true));
    custody.hold_container(ContainerName { name: name.clone(), being_made: Arc::clone(&being_made) })?;
    let (image, port) = (wanted.image.to_owned(), wanted.port);
    let failed = |source| StoreError::Container { image, source };
    let result = request(engine, wanted, name, labels).start().await;
    being_made.store(false, Ordering::SeqCst);
    let container = match result {
        Ok(container) => container,
        Err(error) => return Err(failed(error.into())),
    };
    let published = match port {
        Some(port) => container.get_host_port_ipv4(port.tcp()).await.map(Some),
        None => Ok(None),
    };
    // From here on the custody alone removes it: a second remover would only collect an error, and this one needs a
    // runtime in its drop, which the signal thread does not have.
    std::mem::forget(container);
    published.map_err(|error| failed(error.into()))
}

fn request(
    engine: &Engine,
    wanted: Wanted<'_>,
    name: String,
    labels: Vec<(String, String)>,
) -> testcontainers::ContainerRequest<GenericImage> {
    let (image, tag) = split_tag(wanted.image);
    let confined_by_selinux = engine.is_confined_by_selinux();
    // An engine may have one core for itself and its stores.
    let only_core = <[usize; 1]>::try_from(cores()).ok().map(|[core]| core);
    let mut image = GenericImage::new(image, tag);
    if let Some(port) = wanted.port {
        image = image.with_exposed_port(port.tcp());
    }
    if let Some(entrypoint) = wanted.entrypoint {
        image = image.with_entrypoint(entrypoint);
    }
    let mut request = image
        .with_cmd(wanted.command)
        .with_container_name(name)
        .with_labels(labels)
        .with_startup_timeout(Duration::from_millis(START_MS_MAX))
        .with_host_config_modifier(move |host| {
            let loopback =
                PortBinding { host_ip: Some("127.0.0.1".to_owned()), host_port: Some(String::new()) };
            host.publish_all_ports = Some(false);
            host.cpuset_cpus = only_core.map(|core| core.to_string());
            let bind = |port| [(format!("{port}/tcp"), Some(vec![loopback]))].into();
            host.port_bindings = wanted.port.map(bind);
            if wanted.port.is_none() {
                host.network_mode = Some("host".to_owned());
            }
            if confined_by_selinux {
                host.security_opt = Some(vec!["label=disable".to_owned()]);
            }
        });
    for (name, value) in wanted.environment {
        request = request.with_env_var(name, value);
    }
    match wanted.sockets {
        Some(folder) => request.with_mount(Mount::bind_mount(folder.display().to_string(), SOCKETS)),
        None => request,
    }
}

/// Name and tag; the engine's own default is `latest`. A digest splits so that the two join to the same text again.
pub(super) fn split_tag(image: &str) -> (&str, &str) {
    match image.rsplit_once(':') {
        // A colon before a slash belongs to the registry's port.
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (image, "latest"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_port_is_no_tag() {
        assert_eq!(split_tag("localhost:5000/redis"), ("localhost:5000/redis", "latest"));
        assert_eq!(split_tag("localhost:5000/redis:7"), ("localhost:5000/redis", "7"));
        assert_eq!(split_tag("redis@sha256:ab"), ("redis@sha256", "ab"));
    }
}
