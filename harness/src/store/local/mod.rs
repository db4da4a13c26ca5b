//! Owns the stores that run as child processes: finding the programs, ports and sockets; `template` has the initdb.

mod account;
mod postgres;
mod program;
mod redis;
mod template;

use std::fs::File;
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use rustix::process::Signal;

pub(crate) use program::{Programs, setpriv};

use super::custody::{self, Custody};
use super::description::ServerDescription;
use super::process::{ChildServer, ProcessIdentity, spawn};
use super::redis::NAMES;
use super::side_by_side::side_by_side;
use super::{Server, StoreError, StoreOptions};
use account::Account;

/// A port that was free may be taken when the server wants it.
const PORT_ATTEMPTS_MAX: usize = 5;
/// The kernel's limit for the path of a socket is 107 bytes on Linux.
const SOCKET_PATH_BYTES_MAX: usize = 107;

type Started = (Server, ServerDescription);

/// Starts what is needed, side by side.
pub(crate) async fn start(
    programs: &Programs,
    options: &StoreOptions,
    custody: &Arc<Custody>,
) -> Result<(Vec<Started>, Option<Started>), StoreError> {
    let (redis, postgres) = tokio::join!(
        async {
            let Some(program) = &programs.redis else { return Ok(Vec::new()) };
            let names = NAMES.iter().take(options.needs.redis);
            let start = |name| redis::start(program, name, options, custody);
            side_by_side(names.map(|name| start(name))).await
        },
        async {
            let Some(programs) = &programs.postgres else { return Ok(None) };
            postgres::start(programs, options, custody).await.map(Some)
        },
    );
    Ok((redis?, postgres?))
}

/// A port of the loopback interface that nobody listens on at this moment.
fn free_port() -> Result<u16, StoreError> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    listener.map(|address| address.port()).map_err(StoreError::io("find a free port of", "127.0.0.1"))
}

/// Whether the server ended because another had taken its port.
fn lost_its_port(log: &str) -> bool {
    log.contains("Address already in use")
}

/// Prepares a server's command: its account, its log, and its death when we die. The environment is not ours, so that
/// no `PGDATA` or `LC_ALL` of the caller changes what the server does.
fn command(
    program: &Path,
    folder: &Path,
    account: Option<&Account>,
    signal: &str,
) -> Result<Command, StoreError> {
    let mut command = match program::setpriv() {
        Some(setpriv) => {
            let mut command = Command::new(setpriv);
            command.args(["--pdeathsig", signal]).arg(program);
            command
        }
        None => Command::new(program),
    };
    let log = log_of(folder);
    let file = File::create(&log).map_err(StoreError::io("create", &log))?;
    let errors = file.try_clone().map_err(StoreError::io("open", &log))?;
    command
        .current_dir(folder)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("LC_ALL", "C.UTF-8");
    command.stdin(Stdio::null()).stdout(file).stderr(errors);
    if let Some(account) = account {
        account.apply(&mut command);
    }
    Ok(command)
}

/// What it means that the system does not run a server's command. The programs were found to be there, so what is denied is its folder:
/// root's servers have an account of their own, which must get through `TMPDIR`.
fn refused(command: &Command) -> impl FnOnce(io::Error) -> StoreError + use<> {
    let program = PathBuf::from(command.get_program());
    let folder = command.get_current_dir().map(Path::to_owned);
    move |error| match folder {
        Some(folder) if error.kind() == io::ErrorKind::PermissionDenied => {
            StoreError::io("run a server under its own account in", folder)(error)
        }
        _ => StoreError::io("run", program)(error),
    }
}

fn log_of(folder: &Path) -> PathBuf {
    folder.join("log")
}

/// The end of what the server wrote, for an error message.
fn log_tail(folder: &Path) -> String {
    const LINES_MAX: usize = 5;
    let log = std::fs::read(log_of(folder)).unwrap_or_default();
    let log = String::from_utf8_lossy(&log).into_owned();
    let lines: Vec<_> = log.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(LINES_MAX)..].join(" | ")
}

/// Starts the server and gives it into custody; gives its number and its identity. That is none where there is no `/proc`; then a server that
/// ends at once is noticed only when it was asked for long enough.
fn launch(
    name: &'static str,
    signal: Signal,
    command: Command,
    custody: &Custody,
) -> Result<(u32, Option<ProcessIdentity>), StoreError> {
    let _making = custody::making()?;
    let refused = refused(&command);
    let child = spawn(command).map_err(refused)?;
    let server = ChildServer::new(name, signal, child);
    let (pid, identity) = (server.pid(), server.identity().cloned());
    custody.hold_process(server)?;
    Ok((pid, identity))
}
