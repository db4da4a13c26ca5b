//! Owns the cached lists, whose keys must say everything that the list depends on.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;

use super::record::Hand;
use crate::anomaly::KEY_COLLISION;
use crate::card::{Details, broken, correct};

const LIST: &str = "list";

/// What a worker filters by.
fn filter(worker: &Worker) -> &'static str {
    if worker.index() % 2 == 0 { "red" } else { "blue" }
}

/// The name of the only product of a colour.
fn product(filter: &str) -> String {
    format!("{filter} chair")
}

/// One list, two filters.
///
/// ```text
/// A (red)                      B (blue)
/// GET products -> nil
/// SELECT … red -> red chair
/// SET products red chair
///                              GET products -> red chair
/// ```
struct ListKey {
    has_filter: bool,
}

#[async_trait(?Send)]
impl Scenario for ListKey {
    fn card(&self) -> Card {
        if self.has_filter {
            let about = "A list of products is cached under a key that names the page and the filter by which it was made. \
                         Everything that the list depends on is in the key, so nobody finds another list under it.";
            correct("cache/list-key-with-filter", about).on_both()
        } else {
            let about = "A list of products is cached under a key that names the page and leaves out the filter by which it was \
                         made. Whoever asks next with another filter is served the first one's list.";
            broken("cache/list-key-without-filter", about, KEY_COLLISION).on_both()
        }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let table = "CREATE TABLE products (name text PRIMARY KEY, colour text NOT NULL);
                     INSERT INTO products VALUES ('red chair', 'red'), ('blue chair', 'blue')";
        Ok(stores.postgres().batch_execute(table).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut hand = Hand::of(&worker).await?;
        let filter = filter(&worker);
        let key = if self.has_filter { format!("products:1:{filter}") } else { "products:1".to_owned() };
        let list = worker.invoke(LIST, filter);
        let found: Option<String> = hand.redis.get(&key).await?;
        if let Some(products) = found {
            list.ok(products);
            return Ok(());
        }
        let query = "SELECT name FROM products WHERE colour = $1";
        let products: String = hand.postgres.query_one(query, &[&filter]).await?.try_get(0)?;
        let () = hand.redis.set_ex(&key, &products, 60).await?;
        list.ok(products);
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        let promise = "a list holds what its filter asks for";
        vec![Invariant::new(promise, |view: &View<'_>| {
            for (list, products) in view.done(LIST).zip(view.results(LIST)) {
                if products != product(&list.argument) {
                    return Err(format!("{} asked for {} and got {products}", list.worker, list.argument));
                }
            }
            Ok(())
        })]
    }
}

/// Every cache of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(ListKey { has_filter: false }), Arc::new(ListKey { has_filter: true })]
}
