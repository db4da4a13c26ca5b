//! Owns a `postgres` child process on a copy of the initdb template.

use std::path::{Path, PathBuf};

use rustix::process::Signal;

use super::super::clock::{Preload, Store};
use super::super::custody::Custody;
use super::super::description::ServerDescription;
use super::super::ready::{self, READY_MS_MAX};
use super::super::run_folder;
use super::super::{Address, Processes, Server, ServerClock, StoreError, StoreOptions, durability, machine};
use super::account::{Account, make_server_folder};
use super::program::PostgresPrograms;
use super::{
    PORT_ATTEMPTS_MAX, SOCKET_PATH_BYTES_MAX, command, free_port, launch, log_tail, lost_its_port, template,
};

pub(super) async fn start(
    programs: &PostgresPrograms,
    options: &StoreOptions,
    custody: &Custody,
) -> Result<(Server, ServerDescription), StoreError> {
    let folder = custody.folder().join("postgres");
    let account = Account::for_servers();
    make_server_folder(&folder, account)?;
    let data = data_folder(&folder, options.persistence, custody)?;
    let (initdb, aside, into, run) =
        (programs.initdb.clone(), folder.clone(), data.clone(), custody.run().to_owned());
    let copied =
        tokio::task::spawn_blocking(move || template::copy(&initdb, &aside, &into, account, &run)).await;
    copied.expect("copying reports its failures and does not panic")?;
    let preload = Preload::place(Store::Postgres, options.clock, &folder, &folder)?;
    let places = Places { folder: &folder, data: &data, account, preload: &preload };
    let mut attempts = 1;
    let mut server = loop {
        match attempt(&programs.postgres, places, options.persistence, custody).await {
            Err(StoreError::Program { log, .. }) if lost_its_port(&log) && attempts < PORT_ATTEMPTS_MAX => {
                attempts += 1;
            }
            result => break result?,
        }
    };
    server.clock = preload.prove(&server).await?;
    let description = ServerDescription::new(&server, programs.postgres.display().to_string());
    Ok((server, description))
}

/// In memory if nothing is to survive anyway.
fn data_folder(folder: &Path, persistence: bool, custody: &Custody) -> Result<PathBuf, StoreError> {
    let in_memory = if persistence { None } else { run_folder::in_memory(custody.run()) };
    let Some(data) = in_memory else { return Ok(folder.join("data")) };
    custody.hold_in_memory(data.clone())?;
    Ok(data)
}

/// Where a server lives, as whom, and by which clock.
#[derive(Clone, Copy)]
struct Places<'a> {
    folder: &'a Path,
    data: &'a Path,
    account: Option<Account>,
    preload: &'a Preload,
}

async fn attempt(
    program: &Path,
    Places { folder, data, account, preload }: Places<'_>,
    persistence: bool,
    custody: &Custody,
) -> Result<Server, StoreError> {
    let port = free_port()?;
    let socket = folder.join(format!(".s.PGSQL.{port}"));
    let has_socket = socket.as_os_str().len() <= SOCKET_PATH_BYTES_MAX;
    // "Immediate shutdown": nothing is written down, but shared memory is given back and the sessions end.
    let mut command = command(program, folder, account.as_ref(), "QUIT")?;
    command.envs(preload.environment());
    command.arg("-D").arg(data).args(["-h", "127.0.0.1", "-p", &port.to_string()]);
    command.arg("-k").arg(if has_socket { folder.as_os_str() } else { "".as_ref() });
    // The POSIX kind would leave files in /dev/shm behind when everything is killed at once.
    command.args(["-c", "dynamic_shared_memory_type=mmap"]);
    for setting in durability::postgres(persistence).iter().chain(durability::POSTGRES_RUN) {
        command.args(["-c", setting]);
    }
    let (_, process) = launch("postgres", Signal::QUIT, command, custody)?;
    let password = machine::random_hex(16).map_err(StoreError::io("read", "/dev/urandom"))?;
    let mut server = Server {
        address: if has_socket { Address::Unix(socket) } else { Address::loopback(port) },
        tcp: Some(Address::loopback(port)),
        user: Some(template::USER.to_owned()),
        password: Some(template::PASSWORD.to_owned()),
        database: "postgres".to_owned(),
        version: String::new(),
        confined: false,
        processes: Processes::SameHost,
        power: None,
        clock: ServerClock::not_asked(),
    };
    let ended = || StoreError::Program { program: program.display().to_string(), log: log_tail(folder) };
    let over = || process.as_ref().is_some_and(|process| !process.is_alive()).then(ended);
    // The template's password is known to everybody who reads this.
    let change = format!("ALTER USER {} PASSWORD '{password}'", template::USER);
    server.version = ready::postgres_version(&server, Some(&change), READY_MS_MAX, over).await?;
    server.password = Some(password);
    Ok(server)
}
