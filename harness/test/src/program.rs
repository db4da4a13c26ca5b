//! Owns the closures of a test as values: what a worker does, and what the set-up does.

use std::future::Future;
use std::pin::Pin;

use raceproof::Worker;
use raceproof::scenario::Result;
use raceproof::store::SetUp;

/// A program that runs; it stays on the thread of its engine, so what it holds need not be `Send`.
type Running<'a> = Pin<Box<dyn Future<Output = Result> + 'a>>;

/// What a worker does.
pub(crate) trait Work: Send + Sync {
    fn run(&self, worker: Worker) -> Running<'_>;
}

impl<F: AsyncFn(Worker) -> Result + Send + Sync> Work for F {
    fn run(&self, worker: Worker) -> Running<'_> {
        Box::pin(self(worker))
    }
}

/// What brings the stores to where every execution starts.
pub(crate) trait Prepare: Send + Sync {
    fn run<'a>(&'a self, stores: &'a mut SetUp) -> Running<'a>;
}

impl<F: AsyncFn(&mut SetUp) -> Result + Send + Sync> Prepare for F {
    fn run<'a>(&'a self, stores: &'a mut SetUp) -> Running<'a> {
        Box::pin(self(stores))
    }
}
