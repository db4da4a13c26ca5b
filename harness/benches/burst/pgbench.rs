//! Owns the running of pgbench.

use std::io::Write;
use std::process::Command;

use raceproof::store::{Address, Server};

use crate::Failure;

/// The same statement as in [`Statements`](crate::statements::Statements), with the same value.
const SCRIPT: &str = "\\set id 1\nSELECT n FROM counter WHERE id = :id;\n";

/// What it is to do.
pub(crate) struct Pgbench<'a> {
    pub(crate) server: &'a Server,
    pub(crate) clients: usize,
    pub(crate) statements: usize,
    pub(crate) is_prepared: bool,
}

impl Pgbench<'_> {
    /// Statements per second.
    pub(crate) fn rate(&self) -> Result<f64, Failure> {
        let mut script = tempfile::NamedTempFile::new()?;
        script.write_all(SCRIPT.as_bytes())?;
        let mut command = Command::new("pgbench");
        match &self.server.address {
            Address::Unix(path) => {
                let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                let port = name.rsplit('.').next().unwrap_or_default();
                command.arg("-h").arg(path.parent().ok_or("a socket lies in a folder")?).args(["-p", port]);
            }
            Address::Tcp { host, port } => drop(command.arg("-h").arg(host).args(["-p", &port.to_string()])),
        }
        let each = (self.statements / self.clients).to_string();
        let mode = if self.is_prepared { "prepared" } else { "simple" };
        let threads = std::thread::available_parallelism()?.to_string();
        command.args(["-n", "-M", mode, "-c", &self.clients.to_string(), "-j", &threads, "-t", &each, "-f"]);
        command.arg(script.path()).arg("-U").arg(self.server.user.as_deref().unwrap_or("postgres"));
        command.env("PGPASSWORD", self.server.password.as_deref().unwrap_or(""));
        let done = command.arg(&self.server.database).output()?;
        let said = String::from_utf8(done.stdout)?;
        let rate = said.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
        rate.ok_or_else(|| format!("pgbench said {said:?}, {}", String::from_utf8_lossy(&done.stderr)).into())
    }
}
