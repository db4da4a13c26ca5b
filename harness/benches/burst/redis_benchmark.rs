//! Owns the running of redis-benchmark.

use std::process::{Command, Output};

use raceproof::store::Address;

use crate::Failure;

/// What it is to do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RedisBenchmark {
    pub(crate) clients: usize,
    pub(crate) commands: usize,
    /// How many commands each client sends before it waits for an answer.
    pub(crate) pipeline: usize,
    pub(crate) verb: &'static str,
}

impl RedisBenchmark {
    /// The command that does it.
    pub(crate) fn command(&self, address: &Address) -> Command {
        let mut command = Command::new("redis-benchmark");
        match address {
            Address::Unix(path) => command.arg("-s").arg(path),
            Address::Tcp { host, port } => command.arg("-h").arg(host).arg("-p").arg(port.to_string()),
        };
        let counts = [("-c", self.clients), ("-n", self.commands), ("-P", self.pipeline)];
        for (option, count) in counts {
            command.arg(option).arg(count.to_string());
        }
        command.args(["-t", &self.verb.to_lowercase(), "--csv"]);
        command
    }

    /// Commands per second, of what it said.
    pub(crate) fn told(&self, done: &Output) -> Result<f64, Failure> {
        let said = String::from_utf8_lossy(&done.stdout);
        let line = said.lines().find(|line| line.starts_with(&format!("\"{}\"", self.verb)));
        let rate = line.and_then(|line| line.split(',').nth(1)?.trim_matches('"').parse().ok());
        let errors = String::from_utf8_lossy(&done.stderr);
        rate.ok_or_else(|| format!("redis-benchmark said {said:?}, {errors}").into())
    }

    /// Commands per second.
    pub(crate) fn rate(&self, address: &Address) -> Result<f64, Failure> {
        self.told(&self.command(address).output()?)
    }
}
