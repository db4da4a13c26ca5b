//! Owns [`Backend`]: everything that the gate asks of a store. The gate knows none of its implementations (see `store`).

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;
use thiserror::Error;

use super::{Exchange, Stream};
use crate::clock::Clock;
use crate::explore::Footprint;
use crate::fault::{FaultKind, FaultModel};
use crate::history::State;
use crate::isolation::Isolation;
use crate::wire::Session;

/// A connection to a store in the state of a new one.
#[derive(Debug)]
pub struct Upstream {
    /// Its bytes.
    pub stream: Stream,
    /// The store's own name for it (a client id, a process id); 0 if that is not known yet.
    pub key: u64,
    /// What the client said to get it; another client may have it if it says the same.
    pub opening: Bytes,
    /// What the store said to it when it was opened, which every client that gets it is told.
    pub greeting: Bytes,
}

/// A store that was started, but that could not be talked to or that refused.
#[derive(Debug, Error)]
pub enum BackendError {
    /// Bytes could not be exchanged with it.
    #[error("failed to {action} on {store} (did it stop?)")]
    Io {
        /// The store, such as `redis`.
        store: &'static str,
        /// What was attempted.
        action: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// It answered something else than it should.
    #[error("{store} refused to {action}: {answer}")]
    Refused {
        /// The store, such as `redis`.
        store: &'static str,
        /// What was attempted.
        action: &'static str,
        /// What it answered, shortened.
        answer: String,
    },
}

/// What a store says about one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Its request waits inside the store for these connections (the store's own names for them; none if it
    /// does not say).
    Blocked(Vec<u64>),
    /// Its request has stopped where [`Backend::arm_split`] made it stop.
    Stopped,
    /// The store has bytes for it that are not written out yet.
    Sending,
    /// None of these.
    Quiet,
}

/// In which order a store lets several waiting requests go that one step has woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waking {
    /// In the order of its own queue, one after the other.
    Ordered,
    /// In the order in which [`Backend::let_go`] names them, as each is [held](Backend::hold) while it waits.
    Held,
    /// In whatever order the machine runs them.
    Unordered,
}

/// When a request that waits looks for a deadlock, and gives up if it finds one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeadlockCheck {
    /// By itself, so long after the begin of its wait.
    After(Duration),
    /// When it is told to, by [`Backend::begin_look`].
    WhenTold,
}

/// That one connection waits for another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitFor {
    /// The store's own name for the connection that waits.
    pub waiter: u64,
    /// The store's own name for the connection that has what it waits for, or stands before it in the queue.
    pub holder: u64,
    /// What it waits for, in words without names that differ from run to run.
    pub lock: String,
}

/// What of a store is left when it comes back after its process was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Survival {
    /// Everything that it had acknowledged.
    Acknowledged,
    /// Nothing.
    Nothing,
    /// What its replica had received: everything but what the last step that wrote has written. The replica takes over
    /// until the next [`take_state`](Backend::take_state).
    Replicated,
}

/// One store, seen from the gate.
#[async_trait(?Send)]
pub trait Backend {
    /// What it is called in records, such as `redis`.
    fn name(&self) -> &'static str;

    /// A protocol session for a new connection.
    fn session(&self) -> Box<dyn Session>;

    /// The URL by which a client reaches `address` (`127.0.0.1:port`, one of our endpoints) as if it were this store.
    fn url(&self, address: std::net::SocketAddr) -> String;

    /// How long it is worth to listen for a reply before it is asked whether the request waits. Decides nothing but
    /// the cost.
    fn grace(&self) -> Duration {
        Duration::ZERO
    }

    /// Opens a connection for a client that said `opening`.
    ///
    /// # Errors
    /// The store does not answer.
    async fn open(&mut self, opening: &Bytes) -> Result<Upstream, BackendError>;

    /// Brings connections that clients have used, and on which nothing is under way, back to the state of new ones,
    /// whatever transaction or lock they have left. Those for which that is not possible are ended.
    ///
    /// # Errors
    /// The store does not answer.
    async fn renew(&mut self, upstreams: Vec<Upstream>) -> Result<Vec<Upstream>, BackendError>;

    /// Whether other clients can notice that a connection whose client has left is still in the state in which it was
    /// left, so that it must be [renewed](Self::renew) at once and not with the others at the end.
    fn shows_left_clients(&self) -> bool {
        true
    }

    /// Ends a connection of which only the key is left, and returns when the store has forgotten it and undone
    /// what was not committed. A request that is held or has stopped half-way does not go on before that.
    ///
    /// # Errors
    /// The store does not answer.
    async fn forget(&mut self, key: u64) -> Result<(), BackendError>;

    /// Passes on a client's wish ([`Opening::Cancel`](crate::wire::Opening::Cancel)) to end what another connection
    /// is doing, and returns when the store has taken note of it.
    ///
    /// # Errors
    /// The store does not answer, or knows nothing of the kind.
    async fn cancel(&mut self, opening: &Bytes) -> Result<(), BackendError> {
        let _ = opening;
        let answer = "it knows no such request".to_owned();
        Err(BackendError::Refused { store: self.name(), action: "cancel a request", answer })
    }

    /// The whole content of the store.
    ///
    /// # Errors
    /// The store does not answer or refuses.
    async fn state(&mut self) -> Result<State, BackendError>;

    /// Removes everything, also what was [remembered](Self::remember).
    ///
    /// # Errors
    /// The store does not answer or refuses.
    async fn clear(&mut self) -> Result<(), BackendError>;

    /// Takes the present content for the one in which every execution starts, until the next
    /// [`clear`](Self::clear). `false` if it cannot be brought back by [`take_state`](Self::take_state) once
    /// scripts, functions or the structure of the data have been changed.
    ///
    /// # Errors
    /// The store does not answer or refuses.
    async fn remember(&mut self) -> Result<bool, BackendError>;

    /// The whole content of the store, which is brought back to what was remembered; with `code` also scripts and
    /// functions that were added are removed. Connections that clients have `left` are [renewed](Self::renew) on the
    /// way.
    ///
    /// # Errors
    /// The store does not answer or refuses.
    async fn take_state(
        &mut self,
        code: bool,
        left: Vec<Upstream>,
    ) -> Result<(State, Vec<Upstream>), BackendError>;

    /// How these connections stand, asked of the store itself. When the answer is here, everything that
    /// the store sent before it (except for connections that are [`Standing::Sending`]) has arrived.
    ///
    /// # Errors
    /// The store does not answer.
    async fn standing(&mut self, keys: &[u64]) -> Result<Vec<Standing>, BackendError>;

    /// In which order requests go on that one step has woken.
    fn waking(&self) -> Waking {
        Waking::Ordered
    }

    /// Makes sure that a connection whose request waits does not go on by itself when the wait is over.
    /// Only where [`waking`](Self::waking) is [`Waking::Held`].
    fn hold(&mut self, key: u64) {
        let _ = key;
    }

    /// Waits until all that were told to [`hold`](Self::hold) do so; called before anything happens that could wake them.
    fn settle_held(&mut self) {}

    /// Undoes [`hold`](Self::hold).
    fn let_go(&mut self, key: u64) {
        let _ = key;
    }

    /// When requests look for deadlocks. `None` if they never do.
    fn deadlock_check(&self) -> Option<DeadlockCheck> {
        None
    }

    /// Whether a request that waits will still look for a deadlock: each does so once.
    fn will_look(&self, key: u64) -> bool {
        let _ = key;
        true
    }

    /// Lets a request go on that is [held](Self::hold), so that it looks for a deadlock.
    fn begin_look(&mut self, key: u64) {
        self.let_go(key);
    }

    /// The request has looked: it has given up, or goes on waiting.
    fn end_look(&mut self, key: u64) {
        let _ = key;
    }

    /// Who waits for whom and for what, among these connections.
    ///
    /// # Errors
    /// The store does not answer.
    async fn waits(&mut self, keys: &[u64]) -> Result<Vec<WaitFor>, BackendError> {
        let _ = keys;
        Ok(Vec::new())
    }

    /// Whether requests can be stopped half-way in what was remembered.
    fn splits(&self) -> bool {
        false
    }

    /// Whether the store can be made to stop requests half-way at all.
    fn can_split(&self) -> bool {
        false
    }

    /// Says whether requests are to be split after the next [`remember`](Self::remember).
    fn want_splits(&mut self, wanted: bool) {
        let _ = wanted;
    }

    /// Makes the next request of a connection stop before it writes its first row.
    ///
    /// # Errors
    /// The store does not answer.
    async fn arm_split(&mut self, key: u64) -> Result<(), BackendError> {
        let _ = key;
        Ok(())
    }

    /// Lets a request that has stopped there go on, and the next ones not stop.
    ///
    /// # Errors
    /// The store does not answer.
    async fn disarm_split(&mut self, key: u64) -> Result<(), BackendError> {
        let _ = key;
        Ok(())
    }

    /// Begins to follow what connections touch: an execution is about to start.
    fn follow(&mut self) {}

    /// What `exchange` touches; asked for each one after [`follow`](Self::follow), in order. In doubt everything.
    ///
    /// # Errors
    /// The store does not answer.
    async fn footprint(&mut self, exchange: &Exchange<'_>) -> Result<Footprint, BackendError> {
        let _ = exchange;
        Ok(Footprint::everything())
    }

    /// Raised whenever something was learnt by which a footprint was too small that was given before: begin anew.
    fn coarseness(&self) -> u64 {
        0
    }

    /// Forgets what was learnt so: another search is about to start.
    fn unlearn(&mut self) {}

    /// What was learnt so, with the [coarseness](Self::coarseness), in a form of the store's own.
    fn learnt(&self) -> Value {
        Value::Null
    }

    /// Knows nothing but what was [`learnt`](Self::learnt) before; `false` if that is not its form.
    fn relearn(&mut self, learnt: Value) -> bool {
        learnt.is_null()
    }

    /// Which clock the store lives by.
    fn clock(&self) -> Clock {
        Clock::Real
    }

    /// Makes it `now` (time since the UNIX epoch) for the store, and returns when everything that ended by then has ended
    /// and what the store says about it has been sent. For a shifted clock, what has passed since the last call is taken
    /// off every limit that the store keeps. Does nothing for a real clock.
    ///
    /// # Errors
    /// The store does not answer.
    async fn set_time(&mut self, now: Duration) -> Result<(), BackendError> {
        let _ = now;
        Ok(())
    }

    /// Makes it `now` (time since the UNIX epoch) for a store that lives by the run's clock while its clients run free:
    /// at once, and what ends by then is left to the store. Does nothing for any other clock, which runs by itself.
    fn run_to(&mut self, now: Duration) {
        let _ = now;
    }

    /// The first moment after `now` (time since the UNIX epoch) at which something in the store has changed by itself,
    /// or at which something that it holds may be taken for over. `None` if there is none.
    ///
    /// # Errors
    /// The store does not answer.
    async fn next_deadline(&mut self, now: Duration) -> Result<Option<Duration>, BackendError> {
        let _ = now;
        Ok(None)
    }

    /// Whether this can be made to happen to the whole store.
    fn can(&self, kind: FaultKind) -> bool {
        let _ = kind;
        false
    }

    /// Says what may happen to the store: what must survive that is made to, for connections that are opened afterwards
    /// and after the next [`clear`](Self::clear).
    ///
    /// # Errors
    /// The store does not answer or refuses.
    async fn expect(&mut self, model: &FaultModel) -> Result<(), BackendError> {
        let _ = model;
        Ok(())
    }

    /// Takes note that a step on the store is over; called only where a fail-over is expected.
    ///
    /// # Errors
    /// The store does not answer.
    async fn note_step(&mut self) -> Result<(), BackendError> {
        Ok(())
    }

    /// Whether a fail-over would lose a write: some step of this execution has written.
    fn has_unreplicated(&self) -> bool {
        false
    }

    /// Kills the store, and returns when it, or what takes over from it, answers again. No
    /// connection to it is left but our own. `true` if scripts and settings that clients had stored in it are gone.
    ///
    /// # Errors
    /// It does not come back.
    async fn restart(&mut self, survival: Survival) -> Result<bool, BackendError> {
        let _ = survival;
        let answer = "nothing here can start it again".to_owned();
        Err(BackendError::Refused { store: self.name(), action: "restart", answer })
    }

    /// Sets the isolation level of transactions that name none, for connections that are opened afterwards; `None`
    /// is the store's own default. `false` if the store has no such levels.
    ///
    /// # Errors
    /// The store does not answer or refuses.
    async fn set_isolation(&mut self, level: Option<Isolation>) -> Result<bool, BackendError> {
        let _ = level;
        Ok(false)
    }
}
