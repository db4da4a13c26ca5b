//! Owns Redlock: a lock that is held by whoever has it on most of five independent Redis servers.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::store::redis::NAMES;
use raceproof::{Card, Invariant, Scenario, Worker};

use super::guarded::{Guarded, Hand, Lock, TTL_MS, WORK};
use super::link::Link;
use super::promises;
use super::set_nx_px::{delete_own, set_nx_px};
use crate::anomaly::TWO_HOLDERS;
use crate::card::{Details, per_model};

/// What is taken off a lease because clocks do not run at the same speed.
const DRIFT: Duration = Duration::from_millis(2);

/// A worker with a connection to each server.
pub(super) struct Quorum {
    worker: Rc<Worker>,
    servers: Vec<Link>,
    /// Which servers have given it the lock, or may have.
    given: Vec<usize>,
}

#[async_trait(?Send)]
impl Hand for Quorum {
    async fn prepare(stores: &mut SetUp) -> Result {
        Link::prepare(stores).await
    }

    /// Every second worker asks the servers in the opposite order.
    fn of(worker: Worker) -> Self {
        let worker = Rc::new(worker);
        let mut servers: Vec<_> = NAMES.iter().map(|store| Link::to(Rc::clone(&worker), store)).collect();
        if worker.index() % 2 == 1 {
            servers.reverse();
        }
        Self { worker, servers, given: Vec::new() }
    }

    fn worker(&self) -> &Worker {
        &self.worker
    }

    async fn read(&mut self) -> Result<i64> {
        Link::to(Rc::clone(&self.worker), NAMES[0]).read().await
    }

    async fn write(&mut self, value: i64) -> Result {
        Link::to(Rc::clone(&self.worker), NAMES[0]).write(value).await
    }

    fn no_lost_update() -> Invariant {
        promises::no_lost_update()
    }
}

/// Asks one server after the other until enough have given the lock.
///
/// ```text
/// A                          B (opposite order)
/// 1, 2, 3: SET NX PX -> OK   (three of five)
///          (3 restarts and has forgotten everything)
///                            5, 4, 3: SET NX PX -> OK     three of five, too
/// ```
struct Redlock {
    name: &'static str,
    about: &'static str,
    /// How many of the five are enough.
    enough: usize,
    /// How much later than the others the first worker comes. When all come at once, a search tries all orders of their
    /// requests before it lets a holder pause.
    late: Duration,
}

impl Redlock {
    /// Gives back what servers may have given.
    async fn give_back(quorum: &mut Quorum) {
        for index in std::mem::take(&mut quorum.given) {
            // A server that does not answer lets the lock expire.
            let _ = delete_own(&mut quorum.servers[index]).await;
        }
    }
}

#[async_trait(?Send)]
impl Lock for Redlock {
    type Hand = Quorum;

    fn card(&self) -> Card {
        let card = per_model(self.name, self.about).on(&NAMES);
        match (self.enough, self.late) {
            (2, _) => card.breaks_under(&["none"], TWO_HOLDERS),
            (_, Duration::ZERO) => {
                card.holds_under(&["none", "crash", "lost-reply"]).breaks_under(&["wipe"], TWO_HOLDERS)
            }
            _ => card.holds_under(&["none"]).breaks_under(&["pause"], TWO_HOLDERS),
        }
    }

    /// Stops where enough servers have given the lock, or one refuses; one that does not answer is passed over.
    async fn acquire(&self, quorum: &mut Quorum) -> Result<bool> {
        if quorum.worker.index() == 0 && !self.late.is_zero() {
            quorum.worker.sleep(self.late).await;
        }
        let begun = quorum.worker.clock().now();
        let mut given = 0;
        for (index, server) in quorum.servers.iter_mut().enumerate() {
            let answer = set_nx_px(server).await;
            given += usize::from(matches!(answer, Ok(true)));
            if !matches!(answer, Ok(false)) {
                quorum.given.push(index);
            }
            // Whoever is refused meets somebody else, and does not fight for the rest.
            if given == self.enough || matches!(answer, Ok(false)) {
                break;
            }
        }
        let spent = quorum.worker.clock().now() - begun;
        let is_valid = spent + DRIFT < Duration::from_millis(TTL_MS);
        if given == self.enough && is_valid {
            return Ok(true);
        }
        Self::give_back(quorum).await;
        Ok(false)
    }

    /// Thinks first and looks then. The resource lies on the first server, but any would do.
    async fn work(&self, quorum: &mut Quorum) -> Result<bool> {
        quorum.worker.sleep(WORK).await;
        quorum.read().await.map(|_| true)
    }

    /// It is a lease for a period and ends by itself; only who did not get it gives back what servers gave.
    async fn release(&self, _quorum: &mut Quorum) -> Result {
        Ok(())
    }

    fn always(&self) -> Vec<Invariant> {
        Vec::new()
    }

    /// A lock that nobody gives back can be taken when its limit has passed; that needs no proof with five servers.
    fn has_aftermath(&self) -> bool {
        false
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![promises::mutual_exclusion_in_the_end()]
    }
}

/// Every lock of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![
        Arc::new(Guarded(Redlock {
            name: "lock/redlock",
            about: "The lock is held by whoever has it on three of five Redis servers. It outlives any server that stops, but \
                    not one that comes back with nothing.",
            enough: 3,
            late: Duration::ZERO,
        })),
        Arc::new(Guarded(Redlock {
            name: "lock/redlock-paused",
            about: "One worker comes while another holds the lock on three of five Redis servers. If the holder pauses \
                    beyond the time limit, all five have forgotten it.",
            enough: 3,
            late: Duration::from_millis(5),
        })),
        Arc::new(Guarded(Redlock {
            name: "lock/redlock-two-of-five",
            about: "The lock is held by whoever has it on half of five Redis servers, rounded down. Two of five and two \
                    of five are two holders.",
            enough: 2,
            late: Duration::ZERO,
        })),
    ]
}
