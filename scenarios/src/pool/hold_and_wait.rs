//! Owns the orders that are written through one connection, and their audit through another one of the same pool.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_postgres::GenericClient;

use crate::anomaly::POOL_STARVATION;
use crate::card::{broken, correct};
use crate::rows;

/// How many connections the pool has.
const CONNECTIONS: usize = 2;
/// How long a worker waits that gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// The pool that the workers share. A permit is the right to one connection: what a pool counts.
struct Pool(Semaphore);

fn pool(worker: &Worker) -> Arc<Pool> {
    worker.shared(|| Pool(Semaphore::new(CONNECTIONS)))
}

/// How a worker comes to the connections for an order and its audit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gets {
    /// One, and a second one while it has the first.
    ///
    /// ```text
    /// A                          B
    /// connection 1
    ///                            connection 2
    /// waits for a connection     waits for a connection
    /// ```
    OneByOne,
    /// One, which does for both.
    One,
    /// Both in one go.
    Both,
    /// One, and a second one, for which it waits a limited time.
    OneByOneWithLimit,
}

struct Order {
    name: &'static str,
    about: &'static str,
    gets: Gets,
}

async fn write_order(postgres: &impl GenericClient, worker: &Worker) -> Result {
    let order = "INSERT INTO orders VALUES ($1)";
    postgres.execute(order, &[&worker.id().to_string()]).await?;
    Ok(())
}

async fn write_audit(postgres: &impl GenericClient, worker: &Worker) -> Result {
    let audit = "INSERT INTO audit VALUES ($1)";
    postgres.execute(audit, &[&worker.id().to_string()]).await?;
    Ok(())
}

impl Order {
    /// The transaction of the order, within which the audit is written through another connection; whether it was
    /// committed.
    async fn through_two(&self, worker: &Worker, pool: &Pool) -> Result<bool> {
        let count = if self.gets == Gets::Both { 2 } else { 1 };
        let _first = pool.0.acquire_many(count).await?;
        let mut first = worker.postgres().await?;
        let order = first.transaction().await?;
        write_order(&order, worker).await?;
        let _second = match self.gets {
            Gets::Both => None,
            Gets::OneByOneWithLimit => match timeout(PATIENCE, pool.0.acquire()).await {
                Ok(second) => Some(second?),
                Err(_) => {
                    order.rollback().await?;
                    return Ok(false);
                }
            },
            _ => Some(pool.0.acquire().await?),
        };
        write_audit(&worker.postgres().await?, worker).await?;
        order.commit().await?;
        Ok(true)
    }

    /// Both in one transaction.
    async fn through_one(worker: &Worker, pool: &Pool) -> Result<bool> {
        let _only = pool.0.acquire().await?;
        let mut only = worker.postgres().await?;
        let order = only.transaction().await?;
        write_order(&order, worker).await?;
        write_audit(&order, worker).await?;
        order.commit().await?;
        Ok(true)
    }
}

#[async_trait(?Send)]
impl Scenario for Order {
    fn card(&self) -> Card {
        match self.gets {
            Gets::OneByOne => broken(self.name, self.about, POOL_STARVATION),
            _ => correct(self.name, self.about),
        }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let tables = "CREATE TABLE orders (id text PRIMARY KEY); CREATE TABLE audit (id text PRIMARY KEY)";
        Ok(stores.postgres().batch_execute(tables).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let pool = pool(&worker);
        let buy = worker.invoke("order", "");
        let is_written = match self.gets {
            Gets::One => Self::through_one(&worker, &pool).await?,
            _ => self.through_two(&worker, &pool).await?,
        };
        if is_written {
            buy.ok("written");
        } else {
            buy.refused("no connection within 30 s");
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("every order that was written has its audit", |view: &View<'_>| {
            let audits: Vec<_> = view.state.rows("audit").map(|audit| rows::text(audit, "id")).collect();
            match view.state.rows("orders").find(|order| !audits.contains(&rows::text(order, "id"))) {
                Some(order) => Err(format!("order {} has none: {}", rows::text(order, "id"), view.state)),
                None => Ok(()),
            }
        })]
    }
}

/// Every variant of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![
        Arc::new(Order {
            name: "pool/hold-and-wait",
            about: "Each worker writes an order through one connection of a pool of two, and needs a second one for its \
                    audit before it commits. When each has one, each waits for the other's.",
            gets: Gets::OneByOne,
        }),
        Arc::new(Order {
            name: "pool/one-connection",
            about: "Each worker writes the order and its audit through one connection, in one transaction. Whoever has a \
                    connection needs nothing more.",
            gets: Gets::One,
        }),
        Arc::new(Order {
            name: "pool/both-at-once",
            about: "Each worker gets both connections in one go before it begins. Nobody has one and waits for \
                    another.",
            gets: Gets::Both,
        }),
        Arc::new(Order {
            name: "pool/time-out",
            about: "Each worker waits for its second connection for a limited time, then gives up and undoes its order. \
                    Orders may be refused, but nobody waits for ever.",
            gets: Gets::OneByOneWithLimit,
        }),
    ]
}
