//! Owns [`ReadAndWritten`], what the workers of most variants do (A writes the record, the others read it), and [`Aside`], what
//! differs between them.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, Worker};

use super::record::{Hand, KEY, NEW, READ, WRITE, no_stale_entry, prepare, warm};

/// How a record is written and read that has a copy beside it.
#[async_trait(?Send)]
pub(super) trait Aside: Send + Sync {
    /// Its card.
    fn card(&self) -> Card;

    /// Whether there is a copy at the start.
    fn is_warm(&self) -> bool {
        false
    }

    /// Changes the record to [`NEW`] and sees to its copy.
    async fn write(&self, worker: &Worker, hand: &mut Hand) -> Result;

    /// What the record is.
    async fn read(&self, hand: &mut Hand) -> Result<i64> {
        hand.read_aside().await
    }
}

/// One writer, and others that read.
pub(super) struct ReadAndWritten<A>(pub(super) A);

#[async_trait(?Send)]
impl<A: Aside> Scenario for ReadAndWritten<A> {
    fn card(&self) -> Card {
        self.0.card()
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await?;
        if self.0.is_warm() { warm(stores).await } else { Ok(()) }
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut hand = Hand::of(&worker).await?;
        if worker.index() == 0 {
            let write = worker.invoke(WRITE, NEW);
            self.0.write(&worker, &mut hand).await?;
            write.ok("done");
        } else {
            let read = worker.invoke(READ, "");
            read.ok(self.0.read(&mut hand).await?);
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![no_stale_entry(KEY)]
    }
}
