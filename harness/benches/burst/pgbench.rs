//! Owns the running of pgbench.

use std::io::Write;
use std::process::{Command, Output};

use raceproof::store::{Address, Server};
use tempfile::NamedTempFile;

use crate::Failure;

/// What it is to do.
pub(crate) struct Pgbench {
    /// `simple`, `extended` or `prepared`.
    pub(crate) mode: &'static str,
    pub(crate) clients: usize,
    pub(crate) statements: usize,
    /// What each client does again and again; `None` is pgbench's own `--select-only`.
    pub(crate) script: Option<NamedTempFile>,
}

impl Pgbench {
    /// The same statement as in [`Statements`](crate::statements::Statements), with the same value.
    pub(crate) fn reading_the_counter(
        mode: &'static str,
        clients: usize,
        statements: usize,
    ) -> Result<Self, Failure> {
        let mut script = NamedTempFile::new()?;
        script.write_all(b"\\set id 1\nSELECT n FROM counter WHERE id = :id;\n")?;
        Ok(Self { mode, clients, statements, script: Some(script) })
    }

    /// pgbench before the database of `server`, which is at `address`.
    pub(crate) fn before(server: &Server, address: &Address) -> Result<Command, Failure> {
        let mut command = Command::new("pgbench");
        match address {
            Address::Unix(path) => {
                let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                let port = name.rsplit('.').next().unwrap_or_default();
                command.arg("-h").arg(path.parent().ok_or("a socket lies in a folder")?).args(["-p", port]);
            }
            Address::Tcp { host, port } => drop(command.arg("-h").arg(host).args(["-p", &port.to_string()])),
        }
        command.arg("-U").arg(server.user.as_deref().unwrap_or("postgres"));
        command.env("PGPASSWORD", server.password.as_deref().unwrap_or(""));
        command.env("PGDATABASE", &server.database);
        Ok(command)
    }

    /// The command that does it.
    pub(crate) fn command(&self, server: &Server, address: &Address) -> Result<Command, Failure> {
        let mut command = Self::before(server, address)?;
        let each = (self.statements / self.clients).to_string();
        let threads = std::thread::available_parallelism()?.to_string();
        let clients = self.clients.to_string();
        command.args(["-n", "-M", self.mode, "-c", &clients, "-j", &threads, "-t", &each]);
        match &self.script {
            Some(script) => command.arg("-f").arg(script.path()),
            None => command.arg("--select-only"),
        };
        Ok(command)
    }

    /// Statements per second, of what it said.
    pub(crate) fn told(done: &Output) -> Result<f64, Failure> {
        let said = String::from_utf8_lossy(&done.stdout);
        let rate = said.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
        let errors = String::from_utf8_lossy(&done.stderr);
        rate.ok_or_else(|| format!("pgbench said {said:?}, {errors}").into())
    }

    /// Statements per second.
    pub(crate) fn rate(&self, server: &Server, address: &Address) -> Result<f64, Failure> {
        Self::told(&self.command(server, address)?.output()?)
    }
}
