//! Owns [`Sluice`]: the gate of workers that run free on a thread of their own. It lets everything through at once and
//! writes down what went by; what only the gate itself can give, it asks for with a [`Call`].

mod lending;
mod passage;
mod tape;
mod timings;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::timeout;

pub(crate) use lending::{Call, Returned};
use passage::{Passage, Surface};
pub(crate) use tape::{Entry, Tape};
pub(crate) use timings::Timings;

use super::arrival::{Arrival, Wish};
use super::endpoint::{Endpoint, Lease};
use super::{BackendError, GateError, Stream};
use crate::id::{ConnectionId, WorkerId};

/// How long clients may take to leave when their workers have ended; what is still there then is cut off.
const LEAVING_MS_MAX: u64 = 20;

/// The way of the clients of one thread to the stores.
pub(crate) struct Sluice {
    basin: Rc<Basin>,
    /// One task for each client.
    clients: JoinSet<()>,
    /// Where clients over TCP come in; they stay for as long as the thread does.
    doors: Vec<Door>,
}

struct Door {
    worker: WorkerId,
    store: &'static str,
    url: String,
    endpoint: Endpoint,
}

/// What the clients of one thread share.
struct Basin {
    calls: Box<dyn Fn(Call)>,
    /// What times are counted from.
    zero: Instant,
    /// Whether commands may go to the stores.
    is_released: Cell<bool>,
    /// Who waits for that.
    held: RefCell<Vec<Waker>>,
    opened: RefCell<BTreeMap<WorkerId, u16>>,
    passages: RefCell<BTreeMap<ConnectionId, Place>>,
    timings: RefCell<Timings>,
    /// What is left of connections, and what went by on them.
    gone: RefCell<Vec<(Returned, Tape)>>,
    /// Commands that were answered; the gate looks at it now and then.
    commands: Arc<AtomicU64>,
}

/// Where a passage is as long as it is open.
type Place = Rc<RefCell<Option<Passage>>>;

impl Sluice {
    /// A sluice that asks through `calls`, counts times from `zero` and adds answered commands to `commands`.
    pub(crate) fn new(calls: Box<dyn Fn(Call)>, zero: Instant, commands: Arc<AtomicU64>) -> Self {
        let basin = Basin {
            calls,
            zero,
            is_released: Cell::new(false),
            held: RefCell::default(),
            opened: RefCell::default(),
            passages: RefCell::default(),
            timings: RefCell::default(),
            gone: RefCell::default(),
            commands,
        };
        Self { basin: Rc::new(basin), clients: JoinSet::new(), doors: Vec::new() }
    }

    /// Holds the commands of the clients that come from now on.
    pub(crate) fn shut(&mut self) {
        self.basin.is_released.set(false);
        self.basin.opened.borrow_mut().clear();
        for door in &mut self.doors {
            door.endpoint.turn_away();
        }
    }

    /// Lets all commands go.
    pub(crate) fn release(&self) {
        self.basin.is_released.set(true);
        self.basin.held.take().into_iter().for_each(Waker::wake);
    }

    /// Takes the server's end of a connection of `worker` to the store called `store`.
    pub(crate) fn connect(&mut self, worker: WorkerId, store: &'static str, stream: Stream) {
        let basin = Rc::clone(&self.basin);
        self.clients.spawn_local(async move {
            if let Err(error) = basin.serve(worker, store, stream).await {
                basin.call(Call::Failed(error));
            }
        });
    }

    /// The URL at which any client of `worker` reaches the store called `store`; `None` if nobody answers any more.
    ///
    /// # Errors
    /// The system gives no port.
    pub(crate) async fn url(
        &mut self,
        worker: WorkerId,
        store: &'static str,
    ) -> Result<Option<String>, GateError> {
        let known = self.doors.iter().find(|door| door.worker == worker && door.store == store);
        if let Some(door) = known {
            return Ok(Some(door.url.clone()));
        }
        let endpoint = Endpoint::open(worker, 0, Lease::Execution)?;
        let address = endpoint.address();
        let asked = self.basin.ask(|answer| Call::Url { store, address, answer }).await;
        let Some(url) = asked else { return Ok(None) };
        self.doors.push(Door { worker, store, url: url.clone(), endpoint });
        Ok(Some(url))
    }

    /// Lets in whoever has come over TCP.
    ///
    /// # Errors
    /// The system gives no connection.
    pub(crate) fn poll_accept(&mut self, context: &mut Context<'_>) -> Result<(), GateError> {
        let mut come = Vec::new();
        for Door { worker, store, endpoint, .. } in &mut self.doors {
            while let Some(stream) = endpoint.poll_accept(context)? {
                come.push((*worker, *store, Stream::Tcp(stream)));
            }
        }
        for (worker, store, stream) in come {
            self.connect(worker, store, stream);
        }
        Ok(())
    }

    /// Whose commands the stores have yet to answer, and who listens for messages.
    pub(crate) fn waiting(&self) -> BTreeSet<WorkerId> {
        let passages = self.basin.passages.borrow();
        let waits = |place: &Place| place.borrow().as_ref().is_some_and(Passage::is_waiting);
        passages.iter().filter(|(_, place)| waits(place)).map(|(id, _)| id.worker).collect()
    }

    /// Waits until the clients of workers that have ended are gone, cuts off the rest, and returns what is left of all
    /// connections, with what went by on them.
    pub(crate) async fn close(&mut self) -> Vec<(Returned, Tape)> {
        let leaving = async { while self.clients.join_next().await.is_some() {} };
        // Whoever has not left by then is cut off below.
        let _ = timeout(Duration::from_millis(LEAVING_MS_MAX), leaving).await;
        self.clients.shutdown().await;
        for (_, place) in self.basin.passages.take() {
            self.basin.gone.borrow_mut().extend(place.take().map(Passage::dismantle));
        }
        self.basin.gone.take()
    }

    /// How long the stores took to answer, since this was last asked.
    pub(crate) fn take_timings(&self) -> Timings {
        self.basin.timings.take()
    }
}

impl Basin {
    fn call(&self, call: Call) {
        (self.calls)(call);
    }

    async fn ask<T>(&self, call: impl FnOnce(oneshot::Sender<T>) -> Call) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        self.call(call(answer));
        answered.await.ok()
    }

    /// Takes one client from its arrival to its end.
    async fn serve(&self, worker: WorkerId, store: &'static str, client: Stream) -> Result<(), GateError> {
        let Some((store, session)) = self.ask(|answer| Call::Session { store, answer }).await else {
            return Ok(());
        };
        let mut arrival = Arrival::new(worker, store, client, session);
        let has_come = poll_fn(|context| match arrival.poll(context) {
            Ok(_) if arrival.is_ready() => Poll::Ready(Ok(true)),
            Ok(_) if arrival.is_gone() => Poll::Ready(Ok(false)),
            Ok(_) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        });
        if !has_come.await? {
            return Ok(());
        }
        match arrival.take_wish() {
            Wish::Connection(opening) => {
                let Some(lent) = self.ask(|answer| Call::Lend { store, opening, answer }).await else {
                    return Ok(());
                };
                let failed = |source| BackendError::Io { store: "a store", action: "take over", source };
                let upstream = lent.unpack().map_err(failed)?;
                let id = self.name(worker);
                let Arrival { client, session, .. } = arrival;
                self.pass(id, Passage::new(id, store, client, upstream, session)?).await
            }
            Wish::Cancel { opening, .. } => {
                // The client waits until its connection is closed.
                self.ask(|answer| Call::Cancel { store, opening, answer }).await;
                Ok(())
            }
        }
    }

    fn name(&self, worker: WorkerId) -> ConnectionId {
        let mut opened = self.opened.borrow_mut();
        let next = opened.entry(worker).or_insert(0);
        let id = ConnectionId { worker, ordinal: *next };
        *next += 1;
        id
    }

    /// Lets everything through between a client and its store until one of them is gone.
    async fn pass(&self, id: ConnectionId, passage: Passage) -> Result<(), GateError> {
        let place = Rc::new(RefCell::new(Some(passage)));
        self.passages.borrow_mut().insert(id, Rc::clone(&place));
        poll_fn(|context| {
            let mut place = place.borrow_mut();
            let Some(passage) = place.as_mut() else { return Poll::Ready(Ok(())) };
            let mut timings = self.timings.borrow_mut();
            let (zero, is_released) = (self.zero, self.is_released.get());
            let before = passage.commands();
            passage.poll(context, &mut Surface { zero, is_released, timings: &mut timings })?;
            self.commands.fetch_add(passage.commands() - before, Ordering::Relaxed);
            if passage.is_held() && !is_released {
                self.held.borrow_mut().push(context.waker().clone());
                self.call(Call::Held(id.worker));
            }
            if passage.is_over() { Poll::Ready(Ok::<(), GateError>(())) } else { Poll::Pending }
        })
        .await?;
        self.passages.borrow_mut().remove(&id);
        self.gone.borrow_mut().extend(place.take().map(Passage::dismantle));
        Ok(())
    }
}
