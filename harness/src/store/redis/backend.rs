//! Owns [`RedisBackend`]: Redis as the gate sees it.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use bytes::Bytes;
use raceproof_clock::Page;

use super::endurance::Endurance;
use super::exchange::{Exchange, refusal};
use super::footprint::Following;
use super::log_in::{log_in, slices};
use super::remembered::{self, Remembered};
use super::replica::Replica;
use super::{NAME, snapshot, standing, time};
use crate::clock::{Clock, EPOCH};
use crate::explore::Footprint;
use crate::fault::{FaultKind, FaultModel};
use crate::gate::{self, Backend, BackendError, Standing, Survival, Upstream};
use crate::history::State;
use crate::store::Server;
use crate::wire::redis::{RedisSession, Value};
use crate::wire::{Limits, Session};

/// A running Redis server, and the control connection to it.
#[derive(Debug)]
pub struct RedisBackend {
    /// Which of the run's Redis servers it is.
    name: &'static str,
    pub(super) server: Server,
    pub(super) control: Exchange,
    remembered: Remembered,
    /// Settings before a set-up could change them.
    settings: Vec<Vec<u8>>,
    pub(super) endurance: Endurance,
    pub(super) replica: Option<Replica>,
    /// What time it is for a server whose own clock cannot be set.
    shifted_to: Duration,
    following: Following,
}

impl RedisBackend {
    /// Connects to `server`, the run's only or first Redis.
    ///
    /// # Errors
    /// As for [`connect_as`](Self::connect_as).
    pub async fn connect(server: Server) -> Result<Self, BackendError> {
        Self::connect_as(NAME, server).await
    }

    /// Connects to `server`, the run's Redis called `name`.
    ///
    /// # Errors
    /// It does not answer or refuses, or it is older than 6.2, which brought `RESET` and `CLIENT LIST ID`.
    pub async fn connect_as(name: &'static str, server: Server) -> Result<Self, BackendError> {
        if is_too_old(&server.version) {
            let answer = format!("it is version {}, and 6.2 is needed for `RESET`", server.version);
            return Err(BackendError::Refused { store: NAME, action: "stand behind the gate", answer });
        }
        let mut control = Exchange::open(&server.address).await?;
        control.tell("log in", &slices(&log_in(&server))).await?;
        Ok(Self {
            name,
            server,
            control,
            remembered: Remembered::default(),
            settings: Vec::new(),
            endurance: Endurance::default(),
            replica: None,
            shifted_to: Duration::ZERO,
            following: Following::default(),
        })
    }

    fn flush(&self) -> &'static [&'static [u8]] {
        if self.server.confined { &[b"FLUSHDB", b"SYNC"] } else { &[b"FLUSHALL", b"SYNC"] }
    }

    /// The content under the names that it has in a run of several servers: keys of all but the first bear the server's
    /// name.
    fn named(&self, state: State) -> State {
        if self.name == NAME {
            return state;
        }
        let prefixed = |(key, datum)| (format!("{}/{key}", self.name), datum);
        State::new(state.into_entries().into_iter().map(prefixed).collect())
    }

    /// All settings with their names, where we may ask.
    async fn read_settings(&mut self) -> Result<Vec<Vec<u8>>, BackendError> {
        if self.server.confined {
            return Ok(Vec::new());
        }
        let all: &[&[u8]] = &[b"CONFIG", b"GET", b"*"];
        let read = |_: usize, value: &Value<'_>| match value {
            Value::Array(items) => {
                Ok(items.iter().map(|item| item.text().unwrap_or_default().to_vec()).collect())
            }
            _ => Err(refusal(value).unwrap_or_else(|| "no list".to_owned())),
        };
        let mut settings = self.control.ask("read its settings", &[all], read).await?;
        Ok(settings.pop().expect("one command has one answer"))
    }

    fn database(&self) -> u32 {
        self.server.database.parse().unwrap_or(0)
    }

    /// What time it is for the server, if that is ours to say.
    fn chosen_time(&self) -> Option<Duration> {
        self.server.clock.page().and_then(Page::get)
    }

    /// Makes it `now` and ends what ends by then. What ends is asked for before: afterwards the server hides it, and ends it
    /// in an order of its own.
    async fn end_all_until(&mut self, now: Duration) -> Result<(), BackendError> {
        let before = self.chosen_time().unwrap_or_else(real_time);
        let mut end: Vec<Vec<u8>> =
            [b"EVAL".as_slice(), time::END.as_bytes(), b"0"].map(<[u8]>::to_vec).into();
        if before < now {
            let (before, after) = (time::millis(before), now.as_millis().to_string());
            let arguments: &[&[u8]] = &[before.as_bytes(), after.as_bytes()];
            end.extend(self.eval("say what ends", time::ENDING, arguments, time::read_ending).await?);
        }
        if let Some(page) = self.server.clock.page() {
            page.set(Some(now));
        }
        let end: Vec<&[u8]> = end.iter().map(Vec::as_slice).collect();
        self.control.tell("end what has ended", &[&end]).await?;
        // The server writes answers after each round of its loop, in an order of its own; what it had to say in that round,
        // also to those whose wait is over, has been written when it answers in another one.
        self.control.tell("say that it goes on", &[&[b"PING"]]).await
    }

    /// Runs one of the scripts that look at every database of ours.
    async fn eval<T>(
        &mut self,
        action: &'static str,
        script: &str,
        arguments: &[&[u8]],
        read: impl Fn(&Value<'_>) -> Result<T, String>,
    ) -> Result<T, BackendError> {
        let scope = time::scope(self.server.confined);
        let command = [&[b"EVAL", script.as_bytes(), b"0", scope], arguments].concat();
        let mut answers = self.control.ask(action, &[&command], |_, value| read(value)).await?;
        Ok(answers.pop().expect("one command has one answer"))
    }
}

/// What time it is outside.
fn real_time() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Whether a version such as `7.0.15` is below 6.2; what is no version is not.
fn is_too_old(version: &str) -> bool {
    let mut numbers = version.split('.').map(|number| number.parse::<u32>().ok());
    matches!((numbers.next().flatten(), numbers.next().flatten()), (Some(major), Some(minor)) if (major, minor) < (6, 2))
}

/// The commands that remove scripts and functions; Redis before 7.0 has no functions.
const FLUSH_CODE: [&[&[u8]]; 2] = [&[b"SCRIPT", b"FLUSH", b"SYNC"], &[b"FUNCTION", b"FLUSH", b"SYNC"]];

/// The command that reads everything.
pub(super) const READ: &[&[u8]] = &[b"EVAL", snapshot::SCRIPT.as_bytes(), b"0"];

#[async_trait(?Send)]
impl Backend for RedisBackend {
    fn name(&self) -> &'static str {
        self.name
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

    async fn open(&mut self, opening: &Bytes) -> Result<Upstream, BackendError> {
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
        let (key, opening) = (answers[last], opening.clone());
        Ok(Upstream { stream: exchange.into_stream(), key, opening, greeting: Bytes::new() })
    }

    async fn renew(&mut self, upstreams: Vec<Upstream>) -> Result<Vec<Upstream>, BackendError> {
        let mut renewed = Vec::with_capacity(upstreams.len());
        for upstream in upstreams {
            let mut exchange = Exchange::over(upstream.stream);
            let mut commands = vec![vec![b"RESET".as_slice()]];
            commands.extend(log_in(&self.server));
            exchange.tell("reset a connection", &slices(&commands)).await?;
            renewed.push(Upstream { stream: exchange.into_stream(), ..upstream });
        }
        Ok(renewed)
    }

    async fn forget(&mut self, key: u64) -> Result<(), BackendError> {
        let key = key.to_string();
        let kill: &[&[u8]] = &[b"CLIENT", b"KILL", b"ID", key.as_bytes()];
        self.control.tell("end a connection", &[kill]).await
    }

    async fn state(&mut self) -> Result<State, BackendError> {
        let mut states = self.control.ask("read all data", &[READ], |_, value| snapshot::read(value)).await?;
        Ok(self.named(states.pop().expect("one command has one answer")))
    }

    async fn clear(&mut self) -> Result<(), BackendError> {
        self.remembered = Remembered::default();
        self.take_state(true, Vec::new()).await?;
        self.settings = self.read_settings().await?;
        Ok(())
    }

    async fn remember(&mut self) -> Result<bool, BackendError> {
        let info: &[&[u8]] = &[b"INFO", b"memory"];
        let read = |_: usize, value: &Value<'_>| match value.text() {
            Some(text) => Ok(remembered::code_count(&String::from_utf8_lossy(text))),
            None => Err(refusal(value).unwrap_or_else(|| "no text".to_owned())),
        };
        let code = self.control.ask("count scripts", &[info], read).await?[0];
        let dump: &[&[u8]] = &[b"EVAL", remembered::SCRIPT.as_bytes(), b"0"];
        let at = self.chosen_time();
        let read = |_: usize, value: &Value<'_>| Remembered::read(value, at);
        let mut read = self.control.ask("keep all data", &[dump], read).await?;
        self.remembered = read.pop().expect("one command has one answer");
        // A setting that the set-up has changed is lost with the process as scripts are.
        Ok(code == 0 && self.read_settings().await? == self.settings)
    }

    async fn take_state(
        &mut self,
        code: bool,
        left: Vec<Upstream>,
    ) -> Result<(State, Vec<Upstream>), BackendError> {
        let renewed = self.renew(left).await?;
        let replicated = self.fail_back().await?;
        // What was remembered is brought back at the time at which it was, for some of it may have ended since.
        if let Some(page) = self.server.clock.page().filter(|page| page.get().is_some()) {
            page.set(Some(self.remembered.at().unwrap_or(EPOCH)));
        }
        let mut commands: Vec<Vec<&[u8]>> = vec![READ.to_vec(), self.flush().to_vec()];
        if code {
            commands.extend(FLUSH_CODE.map(<[_]>::to_vec));
        }
        // Redis before 7.0 refuses to flush functions.
        let may_refuse = code.then_some(3);
        commands.extend(self.remembered.commands());
        let read = |index: usize, value: &Value<'_>| match (index, refusal(value)) {
            (0, _) => snapshot::read(value).map(Some),
            (_, Some(refused)) if may_refuse != Some(index) => Err(refused),
            _ => Ok(None),
        };
        let answers = self.control.ask("read and reset all data", &slices(&commands), read).await?;
        let state = answers.into_iter().next().flatten().expect("the first command reads the state");
        self.tidy_log().await?;
        self.catch_up().await?;
        Ok((self.named(replicated.unwrap_or(state)), renewed))
    }

    fn follow(&mut self) {
        self.following.begin();
    }

    async fn footprint(&mut self, exchange: &gate::Exchange<'_>) -> Result<Footprint, BackendError> {
        self.following.look(&mut self.control, exchange).await
    }

    fn coarseness(&self) -> u64 {
        self.following.coarseness()
    }

    fn unlearn(&mut self) {
        self.following.forget();
    }

    fn learnt(&self) -> serde_json::Value {
        self.following.learnt()
    }

    fn relearn(&mut self, learnt: serde_json::Value) -> bool {
        self.following.relearn(learnt)
    }

    fn can(&self, kind: FaultKind) -> bool {
        let is_known = matches!(kind, FaultKind::Restart | FaultKind::Wipe | FaultKind::FailOver);
        is_known && self.server.power.is_some()
    }

    async fn expect(&mut self, model: &FaultModel) -> Result<(), BackendError> {
        self.endure(model.allows(FaultKind::Restart)).await?;
        self.replicate(model.allows(FaultKind::FailOver)).await
    }

    async fn note_step(&mut self) -> Result<(), BackendError> {
        self.note_written().await
    }

    fn has_unreplicated(&self) -> bool {
        self.replica.as_ref().is_some_and(Replica::has_unreplicated)
    }

    async fn restart(&mut self, survival: Survival) -> Result<bool, BackendError> {
        match survival {
            Survival::Replicated => self.fail_over().await?,
            Survival::Acknowledged | Survival::Nothing => self.cycle(survival).await?,
        }
        Ok(true)
    }

    fn clock(&self) -> Clock {
        self.server.clock.kind()
    }

    async fn set_time(&mut self, now: Duration) -> Result<(), BackendError> {
        match self.clock() {
            Clock::Virtual => self.end_all_until(now).await,
            Clock::Shifted => {
                let passed = now.saturating_sub(self.shifted_to).as_millis();
                // The first time that is told is where the clock starts.
                let is_start = std::mem::replace(&mut self.shifted_to, now).is_zero();
                if is_start || passed == 0 {
                    return Ok(());
                }
                let read = |value: &Value<'_>| refusal(value).map_or(Ok(()), Err);
                self.eval("let time pass", time::SHIFT, &[passed.to_string().as_bytes()], read).await
            }
            Clock::Real => Ok(()),
        }
    }

    fn run_to(&mut self, now: Duration) {
        if let Some(page) = self.server.clock.page() {
            page.set(Some(now));
        }
    }

    async fn next_deadline(&mut self, now: Duration) -> Result<Option<Duration>, BackendError> {
        let (millis, ahead) = (time::millis(now), time::ahead_ms_max());
        let arguments: &[&[u8]] = &[millis.as_bytes(), ahead.as_bytes()];
        match self.clock() {
            Clock::Virtual => {
                let next = self.eval("say what ends next", time::NEXT, arguments, time::read_next).await?;
                Ok(next.map(|moment| moment + time::GRAIN))
            }
            Clock::Shifted => {
                let next = self.eval("say what ends next", time::NEXT, arguments, time::read_next).await?;
                // What is left of a life is taken off whole, and then nothing is left.
                Ok(next.map(time::rounded))
            }
            Clock::Real => Ok(None),
        }
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
