//! Owns the stores that run in containers: which containers, on which ports and sockets, under which labels.
//!
//! Ports are published on 127.0.0.1 only. Where the engine shares our kernel, each server also gets a unix socket in
//! the run's private folder, which is the faster way to it.

mod container;
mod engine;
mod redis;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) use container::ContainerName;
pub(crate) use engine::{Engine, StaleContainer, no_image};

use super::clock::{Preload, Store};
use super::custody::Custody;
use super::description::ServerDescription;
use super::redis::NAMES;
use super::run_folder::lock_of;
use super::side_by_side::side_by_side;
use super::{Address, Processes, Server, ServerClock, StoreError, StoreOptions, durability, machine, ready};
use container::Wanted;

/// Where the socket folder appears inside a container.
const SOCKETS: &str = "/run/raceproof";
/// Why the clock of a container cannot be virtual.
pub(crate) const NOTHING_SHARED: &str = "the container shares no folder with this machine";
const POSTGRES_PORT: u16 = 5432;

type Started = (Server, ServerDescription);

/// Starts what is needed, side by side.
pub(crate) async fn start(
    engine: &Engine,
    options: &StoreOptions,
    custody: &Arc<Custody>,
) -> Result<(Vec<Started>, Option<Started>), StoreError> {
    let names = NAMES.iter().take(options.needs.redis);
    let (redis, postgres) =
        tokio::join!(side_by_side(names.map(|name| redis::start(engine, name, options, custody))), async {
            if !options.needs.postgres {
                return Ok(None);
            }
            start_postgres(engine, options, custody).await.map(Some)
        },);
    Ok((redis?, postgres?))
}

async fn start_postgres(
    engine: &Engine,
    options: &StoreOptions,
    custody: &Custody,
) -> Result<(Server, ServerDescription), StoreError> {
    let sockets = socket_folder(engine, custody, "postgres")?;
    let preload = preload(Store::Postgres, options, sockets.as_deref())?;
    let mut settings = strings(durability::postgres(options.persistence));
    settings.extend(strings(durability::POSTGRES_RUN));
    if sockets.is_some() {
        // The image's own scripts use the first folder.
        settings.push(format!("unix_socket_directories=/var/run/postgresql,{SOCKETS}"));
    }
    let mut command = strings(&["postgres"]);
    command.extend(settings.into_iter().flat_map(|setting| ["-c".to_owned(), setting]));
    let password = machine::random_hex(16).map_err(StoreError::io("read", "/dev/urandom"))?;
    let mut environment = vec![("POSTGRES_PASSWORD".to_owned(), password.clone())];
    environment.extend(preload.environment());
    let image = &options.postgres_image;
    let wanted = Wanted {
        image,
        store: "postgres",
        port: Some(POSTGRES_PORT),
        entrypoint: None,
        command,
        environment,
        sockets: sockets.clone(),
    };
    let port = container::start(engine, wanted, labels(custody), custody).await?.unwrap_or_default();
    let init = engine.init_of(&container::name(custody, "postgres")).await;
    let processes = init.map_or(Processes::None, |init| Processes::Container { init });
    let mut server = Server {
        address: Address::loopback(port),
        tcp: Some(Address::loopback(port)),
        user: Some("postgres".to_owned()),
        password: Some(password),
        database: "postgres".to_owned(),
        version: String::new(),
        confined: false,
        processes,
        power: None,
        clock: ServerClock::not_asked(),
    };
    // Over TCP first: while the official image sets itself up, a temporary server answers on the socket alone.
    server.version = ready::postgres_version(&server, None, ready::READY_MS_MAX, || None).await?;
    if let Some(socket) = sockets.map(|folder| folder.join(format!(".s.PGSQL.{POSTGRES_PORT}"))) {
        let over_socket = Server { address: Address::Unix(socket), ..server.clone() };
        if ready::ask_postgres(&over_socket.postgres_config(), None).await.is_ok() {
            server = over_socket;
        }
    }
    server.clock = preload.prove(&server).await?;
    let origin = engine.origin(image).await;
    Ok((server.clone(), ServerDescription::new(&server, origin)))
}

/// The folder of the socket also holds library and page: it is what the container sees of this machine.
fn preload(store: Store, options: &StoreOptions, sockets: Option<&Path>) -> Result<Preload, StoreError> {
    match sockets {
        Some(folder) => Preload::place(store, options.clock, folder, Path::new(SOCKETS)),
        None => Preload::impossible(store, options.clock, NOTHING_SHARED),
    }
}

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

/// What says whose a container is.
fn labels(custody: &Custody) -> Vec<(String, String)> {
    let label = |name: &str, value: String| (name.to_owned(), value);
    vec![
        label(engine::RUN, custody.run().to_owned()),
        label(engine::MACHINE, machine::machine()),
        label(engine::BOOT, machine::boot()),
        label(engine::LOCK, lock_of(custody.folder()).display().to_string()),
    ]
}

/// A folder for a server's socket, writable for whatever user the image has; only we get to it through its parents.
fn socket_folder(engine: &Engine, custody: &Custody, store: &str) -> Result<Option<PathBuf>, StoreError> {
    use std::os::unix::fs::PermissionsExt;
    // The kernel's limit for the path of a socket is 107 bytes on Linux.
    const PATH_BYTES_MAX: usize = 107;
    let folder = custody.folder().join(format!("{store}-socket"));
    let longest = folder.join(".s.PGSQL.65535");
    if !engine.shares_our_kernel() || longest.as_os_str().len() > PATH_BYTES_MAX {
        return Ok(None);
    }
    make_open_folder(&folder, std::fs::Permissions::from_mode(0o777))?;
    Ok(Some(folder))
}

fn make_open_folder(folder: &Path, permissions: std::fs::Permissions) -> Result<(), StoreError> {
    std::fs::create_dir(folder).map_err(StoreError::io("create", folder))?;
    std::fs::set_permissions(folder, permissions).map_err(StoreError::io("open up", folder))
}
