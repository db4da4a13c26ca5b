//! Owns the stores that run in containers: which containers, on which ports and sockets, under which labels.
//!
//! Ports are published on 127.0.0.1 only. Where the engine shares our kernel, each server also gets a unix socket in
//! the run's private folder, which is the faster way to it.

mod container;
mod engine;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) use container::ContainerName;
pub(crate) use engine::{Engine, StaleContainer, no_image};

use super::custody::Custody;
use super::description::ServerDescription;
use super::run_folder::lock_of;
use super::{Address, Server, StoreError, StoreOptions, durability, machine, ready};
use container::Wanted;

/// Where the socket folder appears inside a container.
const SOCKETS: &str = "/run/raceproof";
const REDIS_PORT: u16 = 6379;
const POSTGRES_PORT: u16 = 5432;

type Started = Option<(Server, ServerDescription)>;

/// Starts what is needed, side by side.
pub(crate) async fn start(
    engine: &Engine,
    options: &StoreOptions,
    custody: &Arc<Custody>,
) -> Result<(Started, Started), StoreError> {
    let (redis, postgres) = tokio::join!(
        async {
            if !options.needs.redis {
                return Ok(None);
            }
            start_redis(engine, options, custody).await.map(Some)
        },
        async {
            if !options.needs.postgres {
                return Ok(None);
            }
            start_postgres(engine, options, custody).await.map(Some)
        },
    );
    Ok((redis?, postgres?))
}

async fn start_redis(
    engine: &Engine,
    options: &StoreOptions,
    custody: &Custody,
) -> Result<(Server, ServerDescription), StoreError> {
    let sockets = socket_folder(engine, custody, "redis")?;
    let mut command = strings(&["redis-server"]);
    command.extend(strings(durability::redis(options.persistence)));
    if sockets.is_some() {
        command.extend(["--unixsocket".to_owned(), format!("{SOCKETS}/redis.sock")]);
        command.extend(strings(&["--unixsocketperm", "777"]));
    }
    let image = &options.redis_image;
    let wanted = Wanted {
        image,
        store: "redis",
        port: REDIS_PORT,
        command,
        environment: vec![],
        sockets: sockets.clone(),
    };
    let port = container::start(engine, wanted, labels(custody), custody).await?;
    let mut server = Server::new_redis(Address::loopback(port), port);
    server.version = ready::redis_version(&server, ready::READY_MS_MAX, || None).await?;
    if let Some(socket) = sockets.map(|folder| folder.join("redis.sock")) {
        let over_socket = Server { address: Address::Unix(socket), ..server.clone() };
        if ready::ask_redis(over_socket.redis_info()).await.is_ok() {
            server = over_socket;
        }
    }
    let origin = engine.origin(image).await;
    Ok((server.clone(), ServerDescription::new(&server, origin)))
}

async fn start_postgres(
    engine: &Engine,
    options: &StoreOptions,
    custody: &Custody,
) -> Result<(Server, ServerDescription), StoreError> {
    let sockets = socket_folder(engine, custody, "postgres")?;
    let mut settings = strings(durability::postgres(options.persistence));
    if sockets.is_some() {
        // The image's own scripts use the first folder.
        settings.push(format!("unix_socket_directories=/var/run/postgresql,{SOCKETS}"));
    }
    let mut command = strings(&["postgres"]);
    command.extend(settings.into_iter().flat_map(|setting| ["-c".to_owned(), setting]));
    let password = machine::random_hex(16).map_err(StoreError::io("read", "/dev/urandom"))?;
    let environment = vec![("POSTGRES_PASSWORD".to_owned(), password.clone())];
    let image = &options.postgres_image;
    let wanted = Wanted {
        image,
        store: "postgres",
        port: POSTGRES_PORT,
        command,
        environment,
        sockets: sockets.clone(),
    };
    let port = container::start(engine, wanted, labels(custody), custody).await?;
    let mut server = Server {
        address: Address::loopback(port),
        tcp: Some(Address::loopback(port)),
        user: Some("postgres".to_owned()),
        password: Some(password),
        database: "postgres".to_owned(),
        version: String::new(),
        confined: false,
    };
    // Over TCP first: while the official image sets itself up, a temporary server answers on the socket alone.
    server.version = ready::postgres_version(&server, None, ready::READY_MS_MAX, || None).await?;
    if let Some(socket) = sockets.map(|folder| folder.join(format!(".s.PGSQL.{POSTGRES_PORT}"))) {
        let over_socket = Server { address: Address::Unix(socket), ..server.clone() };
        if ready::ask_postgres(&over_socket.postgres_config(), None).await.is_ok() {
            server = over_socket;
        }
    }
    let origin = engine.origin(image).await;
    Ok((server.clone(), ServerDescription::new(&server, origin)))
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
