//! Owns a `redis-server` child process.

use std::path::Path;

use rustix::process::Signal;

use super::super::custody::Custody;
use super::super::description::ServerDescription;
use super::super::ready::{self, READY_MS_MAX};
use super::super::{Address, Server, StoreError, durability};
use super::account::{Account, make_server_folder};
use super::{PORT_ATTEMPTS_MAX, SOCKET_PATH_BYTES_MAX, command, free_port, launch, log_tail, lost_its_port};

pub(super) async fn start(
    program: &Path,
    persistence: bool,
    custody: &Custody,
) -> Result<(Server, ServerDescription), StoreError> {
    let folder = custody.folder().join("redis");
    let account = Account::for_servers();
    make_server_folder(&folder, account)?;
    let mut attempts = 1;
    let server = loop {
        match attempt(program, &folder, account, persistence, custody).await {
            Err(StoreError::Program { log, .. }) if lost_its_port(&log) && attempts < PORT_ATTEMPTS_MAX => {
                attempts += 1;
            }
            result => break result?,
        }
    };
    let description = ServerDescription::new(&server, program.display().to_string());
    Ok((server, description))
}

async fn attempt(
    program: &Path,
    folder: &Path,
    account: Option<Account>,
    persistence: bool,
    custody: &Custody,
) -> Result<Server, StoreError> {
    let port = free_port()?;
    let socket = folder.join("redis.sock");
    // Nothing is worth writing down when it ends, so it is ended in the quickest way.
    let mut command = command(program, folder, account.as_ref(), "KILL")?;
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--daemonize", "no"]);
    command.arg("--dir").arg(folder).args(durability::redis(persistence));
    let has_socket = socket.as_os_str().len() <= SOCKET_PATH_BYTES_MAX;
    if has_socket {
        command.arg("--unixsocket").arg(&socket).args(["--unixsocketperm", "700"]);
    }
    let process = launch("redis-server", Signal::KILL, command, custody)?;
    let address = if has_socket { Address::Unix(socket) } else { Address::loopback(port) };
    let mut server = Server::new_redis(address, port);
    let ended = || StoreError::Program { program: program.display().to_string(), log: log_tail(folder) };
    let over = || process.as_ref().is_some_and(|process| !process.is_alive()).then(ended);
    server.version = ready::redis_version(&server, READY_MS_MAX, over).await?;
    Ok(server)
}
