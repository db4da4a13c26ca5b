//! Owns [`Drawn`]: a workload whose parts are closures.

use std::fmt::Debug;
use std::marker::PhantomData;
use std::ops::RangeInclusive;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::workload::proptest::strategy::{BoxedStrategy, Strategy};
use raceproof::{Card, Invariant, Worker, Workload};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::promises::Promises;

/// Workers whose operations are drawn.
pub(crate) struct Drawn<O, S, Q, L, P> {
    pub(crate) card: Card,
    pub(crate) promises: Promises,
    pub(crate) lengths: RangeInclusive<usize>,
    /// The operations of a worker.
    pub(crate) operation: Q,
    /// What a worker does before the first.
    pub(crate) open: L,
    /// Does one.
    pub(crate) perform: P,
    pub(crate) types: PhantomData<fn() -> (O, S)>,
}

#[async_trait(?Send)]
impl<O, S, T, Q, L, P> Workload for Drawn<O, S, Q, L, P>
where
    O: Debug + Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    S: 'static,
    T: Strategy<Value = O> + 'static,
    Q: Fn(usize) -> T + Send + Sync + 'static,
    L: AsyncFn(&Worker) -> Result<S> + Send + Sync + 'static,
    P: AsyncFn(&Worker, &mut S, &O) -> Result + Send + Sync + 'static,
{
    type Operation = O;
    type Session = S;

    fn card(&self) -> Card {
        self.card.clone()
    }

    fn operation(&self, worker: usize) -> BoxedStrategy<O> {
        (self.operation)(worker).boxed()
    }

    fn lengths(&self) -> RangeInclusive<usize> {
        self.lengths.clone()
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        self.promises.set_up(stores).await
    }

    async fn open(&self, worker: &Worker) -> Result<S> {
        (self.open)(worker).await
    }

    async fn perform(&self, worker: &Worker, session: &mut S, operation: &O) -> Result {
        (self.perform)(worker, session, operation).await
    }

    fn has_aftermath(&self) -> bool {
        self.promises.aftermath.is_some()
    }

    async fn aftermath(&self, worker: Worker) -> Result {
        self.promises.aftermath(worker).await
    }

    fn always(&self) -> Vec<Invariant> {
        self.promises.always.clone()
    }

    fn finally(&self) -> Vec<Invariant> {
        self.promises.finally.clone()
    }
}
