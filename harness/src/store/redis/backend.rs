//! Owns [`RedisBackend`]: Redis as the gate sees it.

use std::net::SocketAddr;

use async_trait::async_trait;

use super::exchange::{Exchange, refusal};
use super::{NAME, snapshot, standing};
use crate::gate::{Backend, BackendError, Standing, Upstream};
use crate::history::State;
use crate::store::Server;
use crate::wire::redis::{RedisSession, Value};
use crate::wire::{Limits, Session};

/// A running Redis server, and the control connection to it.
#[derive(Debug)]
pub struct RedisBackend {
    server: Server,
    control: Exchange,
}

impl RedisBackend {
    /// Connects to `server`.
    ///
    /// # Errors
    /// It does not answer or refuses, or it is older than 6.2, which brought `RESET` and `CLIENT LIST ID`.
    pub async fn connect(server: Server) -> Result<Self, BackendError> {
        if is_too_old(&server.version) {
            let answer = format!("it is version {}, and 6.2 is needed for `RESET`", server.version);
            return Err(BackendError::Refused { store: NAME, action: "stand behind the gate", answer });
        }
        let mut control = Exchange::open(&server.address).await?;
        control.tell("log in", &slices(&log_in(&server))).await?;
        Ok(Self { server, control })
    }

    fn database(&self) -> u32 {
        self.server.database.parse().unwrap_or(0)
    }
}

/// Whether a version such as `7.0.15` is below 6.2; what is no version is not.
fn is_too_old(version: &str) -> bool {
    let mut numbers = version.split('.').map(|number| number.parse::<u32>().ok());
    matches!((numbers.next().flatten(), numbers.next().flatten()), (Some(major), Some(minor)) if (major, minor) < (6, 2))
}

/// The command that reads everything.
const READ: &[&[u8]] = &[b"EVAL", snapshot::SCRIPT.as_bytes(), b"0"];

/// The commands that bring a new connection to where its client expects to be.
fn log_in(server: &Server) -> Vec<Vec<&[u8]>> {
    let mut commands: Vec<Vec<&[u8]>> = Vec::new();
    if let Some(password) = &server.password {
        let user = server.user.as_deref().unwrap_or("default");
        commands.push(vec![b"AUTH", user.as_bytes(), password.as_bytes()]);
    }
    if server.database != "0" {
        commands.push(vec![b"SELECT", server.database.as_bytes()]);
    }
    commands
}

fn slices<'a, 'b>(commands: &'a [Vec<&'b [u8]>]) -> Vec<&'a [&'b [u8]]> {
    commands.iter().map(Vec::as_slice).collect()
}

#[async_trait(?Send)]
impl Backend for RedisBackend {
    fn name(&self) -> &'static str {
        NAME
    }

    fn session(&self) -> Box<dyn Session> {
        let limits = Limits::default();
        Box::new(match self.server.confined {
            true => RedisSession::confined(limits, self.database()),
            false => RedisSession::new(limits),
        })
    }

    fn url(&self, address: SocketAddr) -> String {
        format!("redis://{address}/{}", self.server.database)
    }

    async fn open(&mut self) -> Result<Upstream, BackendError> {
        let mut exchange = Exchange::open(&self.server.address).await?;
        let mut commands = log_in(&self.server);
        commands.push(vec![b"CLIENT", b"ID"]);
        let last = commands.len() - 1;
        let read = |index: usize, value: &Value<'_>| match value {
            Value::Error(text) => Err(String::from_utf8_lossy(text).into_owned()),
            Value::Integer(id) if index == last => Ok(u64::try_from(*id).unwrap_or_default()),
            _ => Ok(0),
        };
        let answers = exchange.ask("open a connection", &slices(&commands), read).await?;
        Ok(Upstream { stream: exchange.into_stream(), key: answers[last] })
    }

    async fn renew(&mut self, upstream: Upstream) -> Result<Upstream, BackendError> {
        let mut exchange = Exchange::over(upstream.stream);
        let mut commands = vec![vec![b"RESET".as_slice()]];
        commands.extend(log_in(&self.server));
        exchange.tell("reset a connection", &slices(&commands)).await?;
        Ok(Upstream { stream: exchange.into_stream(), key: upstream.key })
    }

    async fn forget(&mut self, key: u64) -> Result<(), BackendError> {
        let key = key.to_string();
        let kill: &[&[u8]] = &[b"CLIENT", b"KILL", b"ID", key.as_bytes()];
        self.control.tell("end a connection", &[kill]).await
    }

    async fn state(&mut self) -> Result<State, BackendError> {
        let mut states = self.control.ask("read all data", &[READ], |_, value| snapshot::read(value)).await?;
        Ok(states.pop().expect("one command has one answer"))
    }

    async fn take_state(&mut self, code: bool) -> Result<State, BackendError> {
        let flush: &[&[u8]] =
            if self.server.confined { &[b"FLUSHDB", b"SYNC"] } else { &[b"FLUSHALL", b"SYNC"] };
        let scripts: &[&[u8]] = &[b"SCRIPT", b"FLUSH", b"SYNC"];
        let functions: &[&[u8]] = &[b"FUNCTION", b"FLUSH", b"SYNC"];
        let all = [READ, flush, scripts, functions];
        let commands = if code { &all[..] } else { &all[..2] };
        let read = |index: usize, value: &Value<'_>| match (index, refusal(value)) {
            (0, _) => snapshot::read(value).map(Some),
            // Redis before 7.0 has no functions to flush.
            (1 | 2, Some(refused)) => Err(refused),
            _ => Ok(None),
        };
        let answers = self.control.ask("read and remove all data", commands, read).await?;
        Ok(answers.into_iter().next().flatten().expect("the first command reads the state"))
    }

    async fn standing(&mut self, keys: &[u64]) -> Result<Vec<Standing>, BackendError> {
        let keys_text: Vec<String> = keys.iter().map(ToString::to_string).collect();
        let mut list: Vec<&[u8]> = vec![b"CLIENT", b"LIST", b"ID"];
        list.extend(keys_text.iter().map(String::as_bytes));
        let read = |_: usize, value: &Value<'_>| match value.text() {
            Some(text) => Ok(standing::standings(&String::from_utf8_lossy(text), keys)),
            None => Err(refusal(value).unwrap_or_else(|| "no text".to_owned())),
        };
        let mut standings = self.control.ask("ask how connections stand", &[&list], read).await?;
        Ok(standings.pop().expect("one command has one answer"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(is_too_old("6.0.16") && is_too_old("5.9"));
        assert!(
            !is_too_old("6.2.0") && !is_too_old("7.0.15") && !is_too_old("10.1") && !is_too_old("unstable")
        );
    }
}
