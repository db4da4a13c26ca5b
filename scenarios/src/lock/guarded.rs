//! Owns [`Guarded`], what the workers of most variants do (take the lock once, work, give it back), and [`Lock`], what
//! differs between them.

use std::time::Duration;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, Worker};

use super::promises;

/// The lock's name.
pub(super) const KEY: &str = "lock";
/// What the lock protects: a number that every section reads and writes back one higher.
pub(super) const RESOURCE: &str = "resource";
/// How long a lock with a time limit lasts.
pub(super) const TTL_MS: u64 = 100;
/// How long a section thinks between reading and writing; well within the limit.
pub(super) const WORK: Duration = Duration::from_millis(10);
/// How long somebody waits who tries again; shorter than the limit, as pollers do.
const RETRY: Duration = Duration::from_millis(40);
/// How often the last worker tries: longer than the limit in all.
const TRIES_MAX: u32 = 5;

/// The operation of whoever tries to take the lock.
const ACQUIRE: &str = "acquire";
/// The operation that is open as long as the program believes that it holds the lock.
pub(super) const HOLD: &str = "hold";
/// The operation that is done while the lock is held.
pub(super) const SECTION: &str = "section";
/// The operation of whoever gives the lock back.
const RELEASE: &str = "release";
/// The operation of the last worker, which must be able to take the lock.
pub(super) const IN_THE_END: &str = "acquire in the end";

/// What a worker holds in its hands: its connections.
#[async_trait(?Send)]
pub(super) trait Hand: Sized {
    /// The resource, untouched.
    async fn prepare(stores: &mut SetUp) -> Result;
    /// The worker's connections; none is opened before it is needed.
    fn of(worker: Worker) -> Self;
    /// Whose they are.
    fn worker(&self) -> &Worker;
    /// The first half of a section: what the resource counts.
    async fn read(&mut self) -> Result<i64>;
    /// The second half.
    async fn write(&mut self, value: i64) -> Result;
    /// That the resource counts every section.
    fn no_lost_update() -> Invariant;
}

/// How a lock is taken and given back.
#[async_trait(?Send)]
pub(super) trait Lock: Send + Sync {
    /// What its workers use.
    type Hand: Hand;

    /// Its card.
    fn card(&self) -> Card;

    /// What there is beside the resource.
    async fn set_up(&self, _stores: &mut SetUp) -> Result {
        Ok(())
    }

    /// Which of several locks a worker takes.
    fn name(&self, _worker: &Worker) -> String {
        KEY.to_owned()
    }

    /// Whether the section is done only when the lock is given back, since both are one transaction.
    fn is_transaction(&self) -> bool {
        false
    }

    /// Tries to take the lock; whether it was taken.
    async fn acquire(&self, hand: &mut Self::Hand) -> Result<bool>;

    /// What is done while it is held; whether what it protects let it be done.
    async fn work(&self, hand: &mut Self::Hand) -> Result<bool> {
        let value = hand.read().await?;
        hand.worker().sleep(WORK).await;
        hand.write(value + 1).await.map(|()| true)
    }

    /// Gives the lock back.
    async fn release(&self, hand: &mut Self::Hand) -> Result;

    /// What must hold after every step.
    fn always(&self) -> Vec<Invariant> {
        vec![promises::mutual_exclusion()]
    }

    /// Whether one more worker takes the lock in the end.
    fn has_aftermath(&self) -> bool {
        true
    }

    /// What must hold in the end, beside that the lock can be taken again.
    fn finally(&self) -> Vec<Invariant> {
        vec![Self::Hand::no_lost_update()]
    }
}

/// Workers that take the lock once each, and one that must be able to take it in the end.
pub(super) struct Guarded<L>(pub(super) L);

impl<L: Lock> Guarded<L> {
    /// One attempt. Whoever gets an error asks once more, as clients that reconnect do.
    async fn acquire(&self, hand: &mut L::Hand) -> Result<bool> {
        match self.0.acquire(hand).await {
            Ok(is_taken) => Ok(is_taken),
            Err(_) => self.0.acquire(hand).await,
        }
    }

    async fn release(&self, hand: &mut L::Hand) -> Result {
        let release = hand.worker().invoke(RELEASE, self.0.name(hand.worker()));
        match self.0.release(hand).await {
            Ok(()) => {
                release.ok("done");
                Ok(())
            }
            Err(error) => {
                release.unknown(&error);
                Err(error)
            }
        }
    }
}

/// The lock's name and, for what is judged as a lease, when it was given and when it ends.
pub(super) fn held_as(name: &str, worker: &Worker) -> String {
    let from = worker.clock().now().as_millis();
    format!("{name} {from}..{} ms", from + u128::from(TTL_MS))
}

#[async_trait(?Send)]
impl<L: Lock> Scenario for Guarded<L> {
    fn card(&self) -> Card {
        self.0.card()
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        L::Hand::prepare(stores).await?;
        self.0.set_up(stores).await
    }

    /// Whatever happens in the section, the lock is given back, as a `finally` would.
    async fn work(&self, worker: Worker) -> Result {
        let mut hand = L::Hand::of(worker);
        let name = self.0.name(hand.worker());
        let attempt = hand.worker().invoke(ACQUIRE, &name);
        if !self.acquire(&mut hand).await? {
            attempt.refused("somebody else has it");
            return Ok(());
        }
        attempt.ok("taken");
        let hold = hand.worker().invoke(HOLD, held_as(&name, hand.worker()));
        let section = hand.worker().invoke(SECTION, "");
        let worked = self.0.work(&mut hand).await;
        hold.ok("over");
        let released = self.release(&mut hand).await;
        match (&worked, &released) {
            (Err(error), _) => section.unknown(error),
            (Ok(_), Err(error)) if self.0.is_transaction() => section.unknown(error),
            (Ok(true), _) => section.ok("done"),
            (Ok(false), _) => section.refused("what the lock protects refused it"),
        }
        worked.and(released)
    }

    fn has_aftermath(&self) -> bool {
        self.0.has_aftermath()
    }

    async fn aftermath(&self, worker: Worker) -> Result {
        let mut hand = L::Hand::of(worker);
        let attempt = hand.worker().invoke(IN_THE_END, self.0.name(hand.worker()));
        for _ in 0..TRIES_MAX {
            if self.acquire(&mut hand).await? {
                attempt.ok("taken");
                return self.release(&mut hand).await;
            }
            hand.worker().sleep(RETRY).await;
        }
        attempt.refused("it is still taken");
        Ok(())
    }

    fn always(&self) -> Vec<Invariant> {
        self.0.always()
    }

    fn finally(&self) -> Vec<Invariant> {
        let mut promises = self.0.finally();
        promises.push(promises::taken_in_the_end());
        promises
    }
}
