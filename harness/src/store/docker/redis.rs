//! Owns a Redis in a container, and how its process is killed and started again while the container stays.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use rustix::fs::{CWD, Mode, OFlags, mkfifoat};

use super::super::clock::Store;
use super::super::custody::Custody;
use super::super::description::ServerDescription;
use super::super::power::{Switch, write_settings};
use super::super::{Address, Power, Server, StoreError, StoreOptions, durability, ready};
use super::container::{self, Wanted};
use super::engine::Engine;
use super::{SOCKETS, labels, preload, socket_folder, strings};

const PORT: u16 = 6379;
const SETTINGS: &str = "redis.conf";
/// The pipe through which the supervisor hears that it is to kill the server.
const ORDERS: &str = "orders";

/// Runs the server and starts another whenever it is told to kill it. The container keeps its name, its port and its
/// folders, and a restart takes milliseconds where that of a container takes a quarter of a second.
const SUPERVISOR: &str = r#"
while :; do
    "$@" &
    server=$!
    read -r order </run/raceproof/orders
    kill -KILL "$server"
    wait "$server"
done
"#;

/// How long the supervisor may take to listen.
const LISTEN_MS_MAX: u64 = 5_000;
const POLL_MS: u64 = 1;

pub(super) async fn start(
    engine: &Engine,
    name: &'static str,
    options: &StoreOptions,
    custody: &Arc<Custody>,
) -> Result<(Server, ServerDescription), StoreError> {
    let sockets = socket_folder(engine, custody, name)?;
    let image = &options.redis_image;
    let preload = preload(Store::Redis, options, sockets.as_deref())?;
    let settings = durability::redis_settings(options.persistence);
    let mut command = Vec::new();
    if let Some(folder) = &sockets {
        prepare(folder, &settings)?;
        command.extend(["-c", SUPERVISOR, "raceproof"].map(str::to_owned));
        command.extend(engine.entrypoint_of(image).await);
        command.extend(["redis-server".to_owned(), format!("{SOCKETS}/{SETTINGS}")]);
        command.extend(["--unixsocket".to_owned(), format!("{SOCKETS}/redis.sock")]);
        command.extend(strings(&["--unixsocketperm", "777"]));
    } else {
        command.extend(strings(&["redis-server"]));
        command.extend(strings(durability::redis(options.persistence)));
    }
    let wanted = Wanted {
        image,
        store: name,
        port: Some(PORT),
        entrypoint: sockets.as_ref().map(|_| "sh"),
        command,
        environment: preload.environment().into_iter().collect(),
        sockets: sockets.clone(),
    };
    let environment = wanted.environment.clone();
    let port = container::start(engine, wanted, labels(custody), custody).await?.unwrap_or_default();
    let mut server = Server::new_redis(Address::loopback(port), port);
    server.version = ready::redis_version(&server, ready::READY_MS_MAX, || None).await?;
    if let Some(folder) = sockets {
        let over_socket = Server { address: Address::Unix(folder.join("redis.sock")), ..server.clone() };
        if ready::ask_redis(over_socket.redis_info()).await.is_ok() {
            server = over_socket;
            server.power = Some(Power::new(Supervisor {
                folder,
                settings,
                name,
                image: image.clone(),
                environment,
                custody: Arc::downgrade(custody),
            }));
        }
    }
    server.clock = preload.prove(&server).await?;
    let origin = engine.origin(image).await;
    Ok((server.clone(), ServerDescription::new(&server, origin)))
}

fn prepare(folder: &Path, settings: &str) -> Result<(), StoreError> {
    write_settings(&folder.join(SETTINGS), settings)?;
    let orders = folder.join(ORDERS);
    let made = mkfifoat(CWD, &orders, Mode::RUSR | Mode::WUSR | Mode::ROTH | Mode::RGRP);
    made.map_err(std::io::Error::from).map_err(StoreError::io("create", &orders))
}

/// The switch of a server under [`SUPERVISOR`].
#[derive(Debug)]
struct Supervisor {
    folder: PathBuf,
    /// With which it starts in any case.
    settings: String,
    name: &'static str,
    image: String,
    /// What makes it live by the run's clock.
    environment: Vec<(String, String)>,
    /// It must not outlive the run because somebody still holds a description of the server.
    custody: Weak<Custody>,
}

#[async_trait]
impl Switch for Supervisor {
    async fn cycle(&self, settings: &str) -> Result<(), StoreError> {
        use std::os::unix::fs::OpenOptionsExt;
        write_settings(&self.folder.join(SETTINGS), &format!("{}{settings}", self.settings))?;
        let orders = self.folder.join(ORDERS);
        let deadline = Instant::now() + Duration::from_millis(LISTEN_MS_MAX);
        let flags = i32::try_from(OFlags::NONBLOCK.bits()).expect("a flag is a small number");
        // It cannot be opened before the supervisor listens.
        let mut pipe = loop {
            match OpenOptions::new().write(true).custom_flags(flags).open(&orders) {
                Ok(pipe) => break pipe,
                Err(error) if Instant::now() >= deadline => {
                    return Err(StoreError::io("open", &orders)(error));
                }
                Err(_) => crate::alarm::sleep(Duration::from_millis(POLL_MS)).await,
            }
        };
        pipe.write_all(b"kill\n").map_err(StoreError::io("write", &orders))
    }

    /// It has the network of this machine, where it listens on no port: so it reaches a port of our loopback interface.
    async fn spare(&self) -> Result<Server, StoreError> {
        let custody = self.custody.upgrade().ok_or(StoreError::Interrupted)?;
        let engine = Engine::connect()?;
        let mut command = strings(&["redis-server", "--port", "0", "--unixsocketperm", "777"]);
        command.extend(["--unixsocket".to_owned(), format!("{SOCKETS}/spare.sock")]);
        command.extend(strings(durability::redis(false)));
        let wanted = Wanted {
            image: &self.image,
            store: &format!("{}-spare", self.name),
            port: None,
            entrypoint: None,
            command,
            environment: self.environment.clone(),
            sockets: Some(self.folder.clone()),
        };
        container::start(&engine, wanted, labels(&custody), &custody).await?;
        let socket = Address::Unix(self.folder.join("spare.sock"));
        let mut server = Server { tcp: None, ..Server::new_redis(socket, 0) };
        server.version = ready::redis_version(&server, ready::READY_MS_MAX, || None).await?;
        Ok(server)
    }
}
