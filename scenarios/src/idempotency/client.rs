//! Owns [`Client`], who pays for an order and sends the request again if no answer comes, and [`Payment`], what differs between
//! the services that it asks.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use raceproof::history::{Operation, OperationEnd};
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};

use crate::rows::text;

/// What everybody pays for unless told otherwise; it is the key of the request, too.
const ORDER: &str = "order 1";
/// How often a request is sent at most: once more than there are faults.
const ATTEMPTS_MAX: u32 = 2;
/// How often the client comes back in the end.
const VISITS_MAX: u32 = 2;
/// How long the client waits before it comes back: longer than any mark lasts.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// The operation of a client.
const PAY: &str = "pay";
/// The operation of a client who comes back because it does not know what became of its payment.
const PAY_IN_THE_END: &str = "pay in the end";

/// What a service tells its client.
pub(super) enum Answer {
    /// The order is paid, by this charge.
    Paid(String),
    /// It is not paid by this request.
    Refused(&'static str),
}

/// A service that takes payments.
#[async_trait(?Send)]
pub(super) trait Payment: Send + Sync {
    /// Its card.
    fn card(&self) -> Card;

    /// Its stores.
    async fn set_up(&self, stores: &mut SetUp) -> Result;

    /// One request for `order`, which is served by a process of its own with connections of its own. If it charges, the charge is
    /// called `charge`.
    async fn request(&self, worker: &Worker, order: &str, charge: &str) -> Result<Answer>;

    /// What the worker's client pays for.
    fn order(&self, _worker: &Worker) -> String {
        ORDER.to_owned()
    }

    /// Whether the client comes back when all is over, since it may have got no answer.
    fn comes_back(&self) -> bool {
        false
    }
}

/// Clients that pay, each with one order.
pub(super) struct Client<P>(pub(super) P);

impl<P: Payment> Client<P> {
    /// Sends the request until there is an answer.
    async fn pay(&self, worker: &Worker, order: &str) -> Result<Answer> {
        let mut attempt = 1;
        loop {
            let charge = format!("{}{attempt}", worker.id());
            let answer = self.0.request(worker, order, &charge).await;
            if answer.is_ok() || attempt == ATTEMPTS_MAX {
                return answer;
            }
            attempt += 1;
        }
    }
}

#[async_trait(?Send)]
impl<P: Payment> Scenario for Client<P> {
    fn card(&self) -> Card {
        self.0.card()
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        self.0.set_up(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let order = self.0.order(&worker);
        let pay = worker.invoke(PAY, &order);
        match self.pay(&worker, &order).await {
            Ok(Answer::Paid(charge)) => pay.ok(charge),
            Ok(Answer::Refused(reason)) => pay.refused(reason),
            Err(error) => pay.unknown(error),
        }
        Ok(())
    }

    fn has_aftermath(&self) -> bool {
        self.0.comes_back()
    }

    async fn aftermath(&self, worker: Worker) -> Result {
        let pay = worker.invoke(PAY_IN_THE_END, ORDER);
        for _ in 0..VISITS_MAX {
            if let Answer::Paid(charge) = self.pay(&worker, ORDER).await? {
                pay.ok(charge);
                return Ok(());
            }
            worker.sleep(PATIENCE).await;
        }
        pay.refused("it is still not paid");
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![charged_once(), told_the_truth(), told_the_same(), paid_in_the_end()]
    }
}

/// The table of what the bank has charged; `constraint` is that on the order, such as `UNIQUE`.
pub(super) async fn charges(stores: &mut SetUp, constraint: &str) -> Result {
    let table = format!("CREATE TABLE charges (id text PRIMARY KEY, order_id text NOT NULL {constraint})");
    Ok(stores.postgres().batch_execute(&table).await?)
}

fn charged_once() -> Invariant {
    Invariant::new("an order is charged at most once", |view: &View<'_>| {
        let mut charges: BTreeMap<&str, u32> = BTreeMap::new();
        for row in view.state.rows("charges") {
            *charges.entry(text(row, "order_id")).or_default() += 1;
        }
        let twice = charges.into_iter().find(|(_, count)| *count > 1);
        twice.map_or(Ok(()), |(order, count)| {
            Err(format!("{order} was charged {count} times: {}", view.state))
        })
    })
}

/// The payments of which a client was told that they are done, with their charges.
fn told<'a>(view: &'a View<'_>) -> impl Iterator<Item = (&'a Operation, &'a str)> {
    let charge = |pay: &'a Operation| match &pay.end {
        OperationEnd::Ok(charge) => Some((pay, charge.as_str())),
        _ => None,
    };
    view.operations.iter().filter_map(charge)
}

fn told_the_truth() -> Invariant {
    Invariant::new("whoever is told of a charge was charged", |view: &View<'_>| {
        let exists = |charge: &str| view.state.rows("charges").any(|row| text(row, "id") == charge);
        let invented = told(view).find(|(_, charge)| !exists(charge));
        invented.map_or(Ok(()), |(pay, charge)| {
            Err(format!("{} was told of {charge}, which there is not: {}", pay.worker, view.state))
        })
    })
}

fn told_the_same() -> Invariant {
    Invariant::new("every answer about an order is the first one again", |view: &View<'_>| {
        let mut first: BTreeMap<&str, &str> = BTreeMap::new();
        let another =
            told(view).find(|(pay, charge)| *first.entry(&pay.argument).or_insert(charge) != *charge);
        another.map_or(Ok(()), |(pay, charge)| {
            Err(format!("{} was told of {charge}, somebody of {}", pay.worker, first[pay.argument.as_str()]))
        })
    })
}

fn paid_in_the_end() -> Invariant {
    Invariant::new("a client who keeps asking has paid in the end", |view: &View<'_>| {
        let asks = |pay: &&Operation| pay.name == PAY_IN_THE_END;
        match view.operations.iter().find(asks).map(|pay| &pay.end) {
            None | Some(OperationEnd::Ok(_)) => Ok(()),
            Some(end) => Err(format!("its last request came to {end:?}; the stores hold {}", view.state)),
        }
    })
}
