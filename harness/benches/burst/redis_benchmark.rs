//! Owns the running of redis-benchmark.

use std::process::Command;

use raceproof::store::Address;

use crate::Failure;

/// What it is to do.
pub(crate) struct RedisBenchmark<'a> {
    pub(crate) address: &'a Address,
    pub(crate) clients: usize,
    pub(crate) commands: usize,
    pub(crate) verb: &'static str,
}

impl RedisBenchmark<'_> {
    /// Commands per second.
    pub(crate) fn rate(&self) -> Result<f64, Failure> {
        let mut command = Command::new("redis-benchmark");
        match self.address {
            Address::Unix(path) => command.arg("-s").arg(path),
            Address::Tcp { host, port } => command.arg("-h").arg(host).arg("-p").arg(port.to_string()),
        };
        let (clients, commands) = (self.clients.to_string(), self.commands.to_string());
        command.args(["-c", &clients, "-n", &commands, "-t", &self.verb.to_lowercase(), "--csv"]);
        let said = String::from_utf8(command.output()?.stdout)?;
        let line = said.lines().find(|line| line.starts_with(&format!("\"{}\"", self.verb)));
        let rate = line.and_then(|line| line.split(',').nth(1)?.trim_matches('"').parse().ok());
        rate.ok_or_else(|| format!("redis-benchmark said {said:?}").into())
    }
}
