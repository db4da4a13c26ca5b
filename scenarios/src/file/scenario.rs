//! Owns [`FileScenario`]: a scenario file as a scenario like any other.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use raceproof::history::Operation;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Broken, Card, Expectation, Moment, Scenario, Worker};

use super::race::{self, Race, Work};
use super::template::Values;
use super::{judging, lasting, once, service, steps};

/// What a scenario file says, as code.
pub(super) struct FileScenario {
    race: Race,
}

impl FileScenario {
    pub(super) fn new(race: Race) -> Self {
        Self { race }
    }

    /// What `worker` is to do; with more workers than the file has, the kinds take turns.
    fn kind(&self, worker: &Worker) -> &Arc<race::Worker> {
        &self.race.workers[worker.index() % self.race.workers.len()]
    }
}

/// How an operation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    Ok(String),
    Refused(String),
}

#[async_trait(?Send)]
impl Scenario for FileScenario {
    fn card(&self) -> Card {
        let Race { name, about, stores, workers, expected, path, .. } = &self.race;
        let expected = match expected.clone() {
            Some(anomaly) => Expectation::Violation { anomaly },
            None => Expectation::Pass,
        };
        Card {
            name: name.clone(),
            about: about.clone(),
            expected,
            stores: stores.clone(),
            workers: workers.len(),
            file: Some(path.display().to_string()),
            ..Card::default()
        }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(judging::set_up(&self.race, stores).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let kind = Arc::clone(self.kind(&worker));
        let values = of_worker(&worker);
        let (name, argument) = told(&kind, &values)?;
        if let Work::Request(request) = &kind.work {
            // Its turn comes before it is told to have begun.
            service::take_turn(&worker, request).await?;
        }
        let invocation = worker.invoke(&name, argument);
        let end = match &kind.work {
            Work::Steps(steps) => steps::run(&worker, steps, values).await,
            Work::Once(program) => once::run(&self.race, &worker, program).await,
            Work::Lasting(_) => lasting::run(&worker).await,
            Work::Request(request) => service::send(&worker, request, &values).await,
        };
        match end {
            Ok(End::Ok(result)) => invocation.ok(result),
            Ok(End::Refused(reason)) => invocation.refused(reason),
            Err(error) => {
                invocation.unknown(&error);
                return Err(error);
            }
        }
        Ok(())
    }

    fn has_warm_up(&self) -> bool {
        self.race.workers.iter().any(|worker| !matches!(worker.work, Work::Steps(_)))
    }

    async fn warm_up(&self, worker: Worker) -> Result {
        match &self.kind(&worker).work {
            Work::Steps(_) => Ok(()),
            Work::Once(program) => once::run(&self.race, &worker, program).await.map(drop),
            Work::Lasting(program) => lasting::start(&self.race, &worker, program).await,
            Work::Request(request) => service::start(&self.race, &worker, request, &of_worker(&worker)).await,
        }
    }

    fn grace(&self) -> Duration {
        self.race.grace
    }

    fn inspects(&self, moment: Moment) -> bool {
        self.race.invariants.iter().any(|invariant| invariant.always == (moment == Moment::Always))
    }

    async fn inspect(
        &self,
        stores: &mut SetUp,
        operations: &[Operation],
        moment: Moment,
    ) -> Result<Option<Broken>> {
        Ok(judging::judge(&self.race, stores, operations, moment).await?)
    }
}

/// The values that every worker's texts may name.
fn of_worker(worker: &Worker) -> Values {
    [
        ("worker", worker.id().to_string()),
        ("index", worker.index().to_string()),
        ("workers", worker.workers().to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), Some(value)))
    .into()
}

/// What an operation is called, and with which argument.
fn told(kind: &race::Worker, values: &Values) -> std::result::Result<(String, String), String> {
    match &kind.work {
        Work::Request(request) => {
            Ok((kind.name.clone(), format!("{} {}", request.method, request.path.plain(values)?)))
        }
        _ => Ok((kind.name.clone(), String::new())),
    }
}
