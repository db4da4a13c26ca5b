//! Owns [`PostgresBackend`]: Postgres as the gate sees it; what lies in it is in `content`, how it lives by
//! the run's clock in `time`.

mod content;
mod time;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use super::batch::{Batch, array, quoted};
use super::control::{Control, TERMINATE};
use super::exchange::{Answers, Exchange, refused};
use super::footprint::Following;
use super::holding::Holding;
use super::looks::Looks;
use super::moments::Moments;
use super::remembered::Remembered;
use super::renewal::Renewal;
use super::{NAME, login, split, standing, waits};
use crate::clock::Clock;
use crate::explore::Footprint;
use crate::fault::{FaultKind, FaultModel};
use crate::gate::{
    self, Backend, BackendError, DeadlockCheck, Standing, Survival, Upstream, WaitFor, Waking,
};
use crate::history::State;
use crate::isolation::Isolation;
use crate::store::{Server, server::percent_encoded};
use crate::wire::postgres::{PostgresSession, startup_user};
use crate::wire::{Limits, Session};

/// Most replies take no longer, which makes the question unnecessary; a lock wait shows after about 100 µs, the time of a
/// question and an answer later.
const GRACE: Duration = Duration::from_micros(60);
/// A running PostgreSQL server, and the control connection to it.
#[derive(Debug)]
pub struct PostgresBackend {
    pub(super) server: Server,
    pub(super) control: Control,
    pub(super) holding: Holding,
    pub(super) looks: Looks,
    /// The time to which the clock goes back when a process has looked for a deadlock.
    pub(super) looking_since: Option<Duration>,
    pub(super) moments: Moments,
    waking: Waking,
    pub(super) remembered: Option<Remembered>,
    /// Whether the structure is no longer the one that was remembered.
    pub(super) is_stale: bool,
    /// Whether what is acknowledged survives the death of the server's processes.
    pub(super) is_durable: bool,
    wants_splits: bool,
    splits: bool,
    /// Connections that are to stop before they write.
    pub(super) armed: BTreeSet<u64>,
    pub(super) following: Following,
}

impl PostgresBackend {
    /// Connects to `server`.
    ///
    /// # Errors
    /// It does not answer or refuses, or it is older than 12.
    pub async fn connect(server: Server) -> Result<Self, BackendError> {
        let control = Control::connect(&server).await?;
        let mut holding = Holding::new(server.processes);
        let waking = if holding.reaches(control.key) { Waking::Held } else { Waking::Unordered };
        let (remembered, armed) = (None, BTreeSet::new());
        let (is_stale, is_durable, wants_splits, splits) = (false, false, false, false);
        let (looks, looking_since, moments) = (Looks::default(), None, Moments::default());
        Ok(Self {
            server,
            control,
            holding,
            looks,
            looking_since,
            moments,
            waking,
            remembered,
            is_stale,
            is_durable,
            wants_splits,
            splits,
            armed,
            following: Following::default(),
        })
    }

    fn user(&self) -> &str {
        self.server.user.as_deref().unwrap_or("postgres")
    }

    /// Whether a client that said `opening` is let in by us and not by its own password.
    fn is_ours(&self, opening: &Bytes) -> bool {
        startup_user(opening).is_some_and(|(user, _)| user == self.user())
    }

    pub(super) async fn ask(&mut self, action: &'static str, batch: &Batch) -> Result<Answers, BackendError> {
        self.control.exchange.ask(action, batch).await
    }

    /// Runs one prepared statement.
    async fn run(
        &mut self,
        action: &'static str,
        name: &str,
        parameters: &[&str],
    ) -> Result<Answers, BackendError> {
        let mut batch = Batch::default();
        batch.run(name, parameters);
        batch.sync();
        self.ask(action, &batch).await
    }

    async fn begin_renewal(&mut self, upstreams: Vec<Upstream>) -> Result<Renewal, BackendError> {
        let (ours, others): (Vec<_>, Vec<_>) =
            upstreams.into_iter().partition(|upstream| self.is_ours(&upstream.opening));
        for upstream in &ours {
            self.let_go(upstream.key);
        }
        for upstream in others {
            self.forget(upstream.key).await?;
        }
        Ok(Renewal::begin(ours).await)
    }

    async fn end_renewal(&mut self, renewal: Renewal) -> Result<Vec<Upstream>, BackendError> {
        let (renewed, failed) = renewal.end().await;
        for key in failed {
            self.forget(key).await?;
        }
        Ok(renewed)
    }

    async fn disarm_all(&mut self) -> Result<(), BackendError> {
        while let Some(key) = self.armed.first().copied() {
            self.disarm_split(key).await?;
        }
        Ok(())
    }
}

#[async_trait(?Send)]
impl Backend for PostgresBackend {
    fn name(&self) -> &'static str {
        NAME
    }

    fn session(&self) -> Box<dyn Session> {
        Box::new(PostgresSession::new(Limits::default()))
    }

    fn url(&self, address: SocketAddr) -> String {
        let (user, database) = (percent_encoded(self.user()), percent_encoded(&self.server.database));
        format!("postgres://{user}@{address}/{database}")
    }

    fn grace(&self) -> Duration {
        GRACE
    }

    async fn open(&mut self, opening: &Bytes) -> Result<Upstream, BackendError> {
        const ACTION: &str = "open a connection";
        let Some((_, database)) = startup_user(opening) else {
            return Err(refused(ACTION, "what the client said is no start-up message"));
        };
        if database != self.server.database {
            let ours = &self.server.database;
            let answer = format!("only the database `{ours}` is watched and brought back, not `{database}`");
            return Err(refused(ACTION, answer));
        }
        self.following.note_opening(opening);
        let mut exchange = Exchange::open(&self.server.address).await?;
        let mut greeting = match self.is_ours(opening) {
            true => login::log_in(&mut exchange, opening, &self.server).await?,
            false => login::introduce(&mut exchange, opening).await?,
        };
        let (stream, behind) = exchange.into_parts();
        greeting.bytes.extend_from_slice(&behind);
        let (opening, bytes) = (opening.clone(), greeting.bytes.freeze());
        Ok(Upstream { stream, key: greeting.key, opening, greeting: bytes })
    }

    async fn renew(&mut self, upstreams: Vec<Upstream>) -> Result<Vec<Upstream>, BackendError> {
        let renewal = self.begin_renewal(upstreams).await?;
        self.end_renewal(renewal).await
    }

    /// What a session holds that others could notice makes the end of its client a step, which ends the session too.
    fn shows_left_clients(&self) -> bool {
        false
    }

    async fn forget(&mut self, key: u64) -> Result<(), BackendError> {
        const ACTION: &str = "end a connection";
        if key == 0 {
            return Ok(());
        }
        let process = key.to_string();
        self.run(ACTION, TERMINATE, &[&process]).await?;
        // Only now, as it would go on otherwise and perhaps commit before it hears that it is to end.
        self.holding.forget(key);
        self.looks.end(key);
        self.control.see_the_end(ACTION, &process).await?;
        self.disarm_split(key).await
    }

    async fn cancel(&mut self, opening: &Bytes) -> Result<(), BackendError> {
        const ACTION: &str = "cancel a request";
        let mut exchange = Exchange::open(&self.server.address).await?;
        exchange.write(ACTION, opening).await?;
        exchange.closed(ACTION).await
    }

    async fn state(&mut self) -> Result<State, BackendError> {
        let Some(remembered) = self.remembered.as_mut().filter(|_| !self.is_stale) else {
            return self.read_anew().await;
        };
        let mut batch = Batch::default();
        remembered.look(&mut batch);
        let sections = self.control.exchange.ask_each("read all data", &batch).await?;
        match remembered.seen(sections) {
            Ok(state) => Ok(state),
            Err(refusal) if refusal.is_structural() => self.read_anew().await,
            Err(refusal) => Err(refusal.into_error("read all data")),
        }
    }

    async fn clear(&mut self) -> Result<(), BackendError> {
        self.remove_all().await
    }

    fn can_split(&self) -> bool {
        true
    }

    fn want_splits(&mut self, wanted: bool) {
        self.wants_splits = wanted;
    }

    /// What cannot be brought back exactly is an error of [`take_state`](Backend::take_state).
    async fn remember(&mut self) -> Result<bool, BackendError> {
        self.keep_all().await?;
        // A structure that was changed is brought back by nothing but the set-up.
        Ok(false)
    }

    async fn take_state(
        &mut self,
        code: bool,
        left: Vec<Upstream>,
    ) -> Result<(State, Vec<Upstream>), BackendError> {
        self.bring_back(code, left).await
    }

    async fn standing(&mut self, keys: &[u64]) -> Result<Vec<Standing>, BackendError> {
        const ACTION: &str = "say how connections stand";
        self.holding.settle();
        if let Some(key) = self.holding.slipped() {
            return Err(refused(ACTION, format!("process {key} waits and could not be stopped")));
        }
        let answers = self.run(ACTION, standing::STANDING, &[&array(keys)]).await?;
        let control = self.control.key;
        Ok(answers[0].iter().map(|row| standing::read(row, control)).collect())
    }

    fn waking(&self) -> Waking {
        self.waking
    }

    fn settle_held(&mut self) {
        self.holding.settle();
    }

    fn hold(&mut self, key: u64) {
        self.looks.begin(key, self.chosen_time().unwrap_or_default());
        self.holding.hold(key);
    }

    fn let_go(&mut self, key: u64) {
        self.looks.end(key);
        self.holding.let_go(key);
    }

    fn deadlock_check(&self) -> Option<DeadlockCheck> {
        Some(self.check())
    }

    fn will_look(&self, key: u64) -> bool {
        !self.looks.has_looked(key)
    }

    fn begin_look(&mut self, key: u64) {
        self.go_ahead(key);
    }

    fn end_look(&mut self, key: u64) {
        self.go_back(key);
    }

    fn clock(&self) -> Clock {
        self.server.clock.kind()
    }

    async fn set_time(&mut self, now: Duration) -> Result<(), BackendError> {
        self.pass(now).await
    }

    fn run_to(&mut self, now: Duration) {
        if let Some(page) = self.server.clock.page() {
            page.set(Some(now));
        }
    }

    async fn next_deadline(&mut self, now: Duration) -> Result<Option<Duration>, BackendError> {
        self.next_moment(now).await
    }

    async fn waits(&mut self, keys: &[u64]) -> Result<Vec<WaitFor>, BackendError> {
        let answers = self.run("say who waits for whom", waits::WAITS, &[&array(keys)]).await?;
        Ok(waits::read(&answers[0], keys))
    }

    fn splits(&self) -> bool {
        self.splits
    }

    async fn arm_split(&mut self, key: u64) -> Result<(), BackendError> {
        if self.armed.insert(key) {
            self.run("stop a statement", split::ARM, &[&key.to_string()]).await?;
        }
        Ok(())
    }

    async fn disarm_split(&mut self, key: u64) -> Result<(), BackendError> {
        if self.armed.remove(&key) {
            self.run("let a statement go on", split::DISARM, &[&key.to_string()]).await?;
        }
        Ok(())
    }

    fn follow(&mut self) {
        self.following.begin();
    }

    async fn footprint(&mut self, exchange: &gate::Exchange<'_>) -> Result<Footprint, BackendError> {
        self.look_at_schema().await?;
        Ok(self.following.take(exchange, self.control.isolation))
    }

    fn coarseness(&self) -> u64 {
        self.following.coarseness()
    }

    fn unlearn(&mut self) {
        self.following.unlearn();
    }

    fn learnt(&self) -> serde_json::Value {
        self.following.learnt()
    }

    fn relearn(&mut self, learnt: serde_json::Value) -> bool {
        self.following.relearn(learnt)
    }

    fn can(&self, kind: FaultKind) -> bool {
        kind == FaultKind::Restart && !self.server.confined
    }

    async fn expect(&mut self, model: &FaultModel) -> Result<(), BackendError> {
        let durable = model.allows(FaultKind::Restart);
        if durable == self.is_durable || self.server.confined {
            return Ok(());
        }
        self.endure(durable).await
    }

    async fn restart(&mut self, survival: Survival) -> Result<bool, BackendError> {
        if survival != Survival::Acknowledged {
            return Err(refused("restart", "it comes back with what it had acknowledged only"));
        }
        self.cycle().await.map(|()| false)
    }

    async fn set_isolation(&mut self, level: Option<Isolation>) -> Result<bool, BackendError> {
        let change = match level {
            Some(level) => format!("SET default_transaction_isolation = '{}'", level.sql().to_lowercase()),
            None => "RESET default_transaction_isolation".to_owned(),
        };
        let mut batch = Batch::default();
        batch.query(&format!("ALTER DATABASE {} {change}", quoted(&self.server.database)));
        self.ask("set the isolation level", &batch).await?;
        self.following.forget_schema();
        Ok(true)
    }
}
