//! Owns a `redis-server` child process, and how it is killed and started again.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use async_trait::async_trait;
use rustix::process::Signal;

use super::super::clock::{Preload, Store};
use super::super::custody::Custody;
use super::super::description::ServerDescription;
use super::super::power::{Switch, write_settings};
use super::super::process::ProcessIdentity;
use super::super::ready::{self, READY_MS_MAX};
use super::super::{Address, Power, Server, StoreError, StoreOptions, durability};
use super::account::{Account, make_server_folder};
use super::{PORT_ATTEMPTS_MAX, SOCKET_PATH_BYTES_MAX, command, free_port, launch, log_tail, lost_its_port};

/// Starts the Redis called `name`.
pub(super) async fn start(
    program: &Path,
    name: &str,
    options: &StoreOptions,
    custody: &Arc<Custody>,
) -> Result<(Server, ServerDescription), StoreError> {
    let folder = custody.folder().join(name);
    let account = Account::for_servers();
    make_server_folder(&folder, account)?;
    let preload = Preload::place(Store::Redis, options.clock, &folder, &folder)?;
    let mut attempts = 1;
    let mut server = loop {
        let place = Place {
            program: program.to_owned(),
            folder: folder.clone(),
            account,
            persistence: options.persistence,
            environment: preload.environment(),
            port: free_port()?,
        };
        match attempt(place, custody).await {
            Err(StoreError::Program { log, .. }) if lost_its_port(&log) && attempts < PORT_ATTEMPTS_MAX => {
                attempts += 1;
            }
            result => break result?,
        }
    };
    server.clock = preload.prove(&server).await?;
    let description = ServerDescription::new(&server, program.display().to_string());
    Ok((server, description))
}

async fn attempt(place: Place, custody: &Arc<Custody>) -> Result<Server, StoreError> {
    let socket = place.socket();
    let address = socket.map_or_else(|| Address::loopback(place.port), Address::Unix);
    let mut server = Server::new_redis(address, place.port);
    let switch = ChildSwitch::start(place, custody)?;
    let over = || switch.over();
    server.version = ready::redis_version(&server, READY_MS_MAX, over).await?;
    server.power = Some(Power::new(switch));
    Ok(server)
}

/// Where a server lives, and as whom.
#[derive(Debug, Clone)]
struct Place {
    program: PathBuf,
    folder: PathBuf,
    account: Option<Account>,
    persistence: bool,
    /// What makes it live by the run's clock.
    environment: Option<(String, String)>,
    /// 0 if it listens on its socket only.
    port: u16,
}

impl Place {
    fn socket(&self) -> Option<PathBuf> {
        let socket = self.folder.join("redis.sock");
        (socket.as_os_str().len() <= SOCKET_PATH_BYTES_MAX).then_some(socket)
    }

    /// The command that runs it. What changes from one start to the next stands in a file.
    fn command(&self, settings: &str) -> Result<Command, StoreError> {
        let file = self.folder.join("redis.conf");
        write_settings(&file, &(durability::redis_settings(self.persistence) + settings))?;
        // Nothing is worth writing down when it ends, so it is ended in the quickest way.
        let mut command = command(&self.program, &self.folder, self.account.as_ref(), "KILL")?;
        command.arg(file).args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"]);
        command.envs(self.environment.clone());
        command.args(["--daemonize", "no", "--dir"]).arg(&self.folder);
        if let Some(socket) = self.socket() {
            command.arg("--unixsocket").arg(socket).args(["--unixsocketperm", "700"]);
        }
        Ok(command)
    }
}

/// The switch of a child process.
#[derive(Debug)]
struct ChildSwitch {
    place: Place,
    /// It must not outlive the run because somebody still holds a description of the server.
    custody: Weak<Custody>,
    process: Mutex<Process>,
}

#[derive(Debug)]
struct Process {
    pid: u32,
    identity: Option<ProcessIdentity>,
}

impl ChildSwitch {
    fn start(place: Place, custody: &Arc<Custody>) -> Result<Self, StoreError> {
        let process = run(&place, "", custody)?;
        Ok(Self { place, custody: Arc::downgrade(custody), process: Mutex::new(process) })
    }

    fn process(&self) -> std::sync::MutexGuard<'_, Process> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn run(place: &Place, settings: &str, custody: &Custody) -> Result<Process, StoreError> {
    let (pid, identity) = launch("redis-server", Signal::KILL, place.command(settings)?, custody)?;
    Ok(Process { pid, identity })
}

#[async_trait]
impl Switch for ChildSwitch {
    async fn cycle(&self, settings: &str) -> Result<(), StoreError> {
        let custody = self.custody.upgrade().ok_or(StoreError::Interrupted)?;
        let mut process = self.process();
        custody.end_process(process.pid)?;
        *process = run(&self.place, settings, &custody)?;
        Ok(())
    }

    async fn spare(&self) -> Result<Server, StoreError> {
        let custody = self.custody.upgrade().ok_or(StoreError::Interrupted)?;
        let folder = self.place.folder.join("spare");
        make_server_folder(&folder, self.place.account)?;
        let place = Place { folder, port: 0, ..self.place.clone() };
        let socket = place.socket().ok_or_else(|| StoreError::Program {
            program: place.program.display().to_string(),
            log: "the path of its socket would be too long (set TMPDIR to a shorter one)".to_owned(),
        })?;
        let mut server = Server { tcp: None, ..Server::new_redis(Address::Unix(socket), 0) };
        let switch = Self::start(place, &custody)?;
        server.version = ready::redis_version(&server, READY_MS_MAX, || switch.over()).await?;
        Ok(server)
    }

    fn over(&self) -> Option<StoreError> {
        let is_alive = self.process().identity.as_ref().is_none_or(ProcessIdentity::is_alive);
        let Place { program, folder, .. } = &self.place;
        let ended = || StoreError::Program { program: program.display().to_string(), log: log_tail(folder) };
        (!is_alive).then(ended)
    }
}
