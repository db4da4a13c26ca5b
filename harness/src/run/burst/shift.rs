//! Owns [`Shift`]: one burst on one thread, from the start of its workers to what they have left.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::task::{Id, JoinError, JoinSet};

use super::crew::{Haul, News, Order};
use super::reported::Reported;
use crate::gate::{Call, GateError, Sluice, Stream};
use crate::id::WorkerId;
use crate::run::panics;
use crate::run::settling::end_of;
use crate::scenario::{Result as ProgramResult, Scenario};
use crate::worker::{Event, Worker};

/// One burst on one thread.
pub(super) struct Shift<'a> {
    scenario: &'a Arc<dyn Scenario>,
    sluice: &'a mut Sluice,
    news: &'a UnboundedSender<News>,
    tasks: JoinSet<ProgramResult>,
    workers: BTreeMap<Id, WorkerId>,
    haul: Haul,
}

/// What happens next on a thread.
enum Next {
    Order(Option<Order>),
    Event(Event),
    End(Result<(Id, ProgramResult), JoinError>),
    Failure(GateError),
}

impl<'a> Shift<'a> {
    pub(super) fn begin(
        scenario: &'a Arc<dyn Scenario>,
        team: Vec<Worker>,
        sluice: &'a mut Sluice,
        news: &'a UnboundedSender<News>,
    ) -> Self {
        sluice.shut();
        let (tasks, workers, haul) = (JoinSet::new(), BTreeMap::new(), Haul::default());
        let mut shift = Self { scenario, sluice, news, tasks, workers, haul };
        for worker in team {
            let (id, scenario) = (worker.id(), Arc::clone(scenario));
            let program = async move { scenario.work(worker).await };
            let task = shift.tasks.spawn_local(panics::told_elsewhere(program));
            shift.workers.insert(task.id(), id);
        }
        shift
    }

    pub(super) async fn run(
        &mut self,
        orders: &mut UnboundedReceiver<Order>,
        mut reports: UnboundedReceiver<Event>,
    ) {
        loop {
            match self.next(orders, &mut reports).await {
                Next::Order(Some(Order::Release)) => self.sluice.release(),
                Next::Order(Some(Order::Aftermath(worker))) => self.begin_aftermath(worker),
                Next::Order(_) => break,
                Next::Event(event) => self.receive(event).await,
                Next::End(ended) => self.note_end(ended),
                Next::Failure(error) => self.say(News::Gate(Call::Failed(error))),
            }
        }
        self.haul.waiting = self.sluice.waiting();
        self.tasks.abort_all();
        while let Some(ended) = self.tasks.join_next_with_id().await {
            self.note_end(ended);
        }
        while let Ok(event) = reports.try_recv() {
            self.receive(event).await;
        }
    }

    async fn next(
        &mut self,
        orders: &mut UnboundedReceiver<Order>,
        reports: &mut UnboundedReceiver<Event>,
    ) -> Next {
        poll_fn(|context| {
            if let Poll::Ready(order) = orders.poll_recv(context) {
                return Poll::Ready(Next::Order(order));
            }
            if let Poll::Ready(Some(event)) = reports.poll_recv(context) {
                return Poll::Ready(Next::Event(event));
            }
            if let Poll::Ready(Some(ended)) = self.tasks.poll_join_next_with_id(context) {
                return Poll::Ready(Next::End(ended));
            }
            match self.sluice.poll_accept(context) {
                Ok(()) => Poll::Pending,
                Err(error) => Poll::Ready(Next::Failure(error)),
            }
        })
        .await
    }

    fn begin_aftermath(&mut self, worker: Worker) {
        let (id, scenario) = (worker.id(), Arc::clone(self.scenario));
        let program = async move { scenario.aftermath(worker).await };
        let task = self.tasks.spawn_local(panics::told_elsewhere(program));
        self.workers.insert(task.id(), id);
    }

    async fn receive(&mut self, event: Event) {
        match event {
            Event::Connect { worker, store, stream } => {
                self.sluice.connect(worker, store, Stream::InProcess(stream));
            }
            Event::Url { worker, store, answer, .. } => match self.sluice.url(worker, store).await {
                // A worker that no longer waits needs no answer.
                Ok(url) => drop(url.map(|url| answer.send(url))),
                Err(error) => self.say(News::Gate(Call::Failed(error))),
            },
            // What they share there is theirs: nothing here depends on it.
            Event::Shares => {}
            // Nobody waits for anybody to be at rest here.
            Event::RunsIn { .. } => {}
            Event::Alone { go, .. } => drop(go.send(())),
            // Nothing is shrunk here.
            Event::Begins { .. } => {}
            Event::Sleep { worker, deadline, wake } => {
                self.say(News::Sleeps { worker, deadline, wake });
            }
            Event::Invoked { worker, number, name, argument, at } => {
                self.haul.reported.push(Reported::Invoked { at, worker, number, name, argument });
            }
            Event::Returned { number, end, at } => {
                self.haul.reported.push(Reported::Returned { at, number, end });
            }
        }
    }

    fn note_end(&mut self, ended: Result<(Id, ProgramResult), JoinError>) {
        let (id, joined) = match ended {
            Ok((id, result)) => (id, Ok(result)),
            Err(error) => (error.id(), Err(error)),
        };
        if let Some(worker) = self.workers.remove(&id) {
            self.haul.ends.insert(worker, end_of(joined));
            self.say(News::Ended(worker));
        }
    }

    fn say(&self, news: News) {
        // Nobody listens any more when everything is over.
        let _ = self.news.send(news);
    }

    /// What is left, when all clients are gone.
    pub(super) async fn end(mut self) -> Haul {
        self.haul.gone = self.sluice.close().await;
        self.haul.timings = self.sluice.take_timings();
        self.haul
    }
}
