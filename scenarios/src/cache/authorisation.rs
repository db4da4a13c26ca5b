//! Owns the cached page that not everybody may see.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;

use super::record::{Hand, READ};
use crate::anomaly::BROKEN_ACCESS;
use crate::card::{Details, broken, correct};

const PAGE: &str = "page:1";

/// Ann may see the page, Bob may not.
fn user(worker: &Worker) -> &'static str {
    if worker.index() % 2 == 0 { "ann" } else { "bob" }
}

/// The look into the cache stands before the question who asks.
///
/// ```text
/// A (Ann)                                B (Bob)
/// GET page:1 -> nil
/// SELECT readers: ann may
/// SELECT the page
/// SET page:1 salaries
///                                        GET page:1 -> salaries    nobody has asked whether he may
/// ```
struct CachedPage {
    asks_first: bool,
}

async fn may_read(hand: &Hand, user: &str) -> Result<bool> {
    let readers = hand.postgres.query_opt("SELECT name FROM readers WHERE name = $1", &[&user]).await?;
    Ok(readers.is_some())
}

impl CachedPage {
    /// The page; `None` for whoever may not see it.
    async fn read(&self, hand: &mut Hand, user: &str) -> Result<Option<String>> {
        if self.asks_first && !may_read(hand, user).await? {
            return Ok(None);
        }
        let found: Option<String> = hand.redis.get(PAGE).await?;
        if found.is_some() {
            return Ok(found);
        }
        if !self.asks_first && !may_read(hand, user).await? {
            return Ok(None);
        }
        let page: String =
            hand.postgres.query_one("SELECT text FROM pages WHERE id = 1", &[]).await?.try_get(0)?;
        let () = hand.redis.set_ex(PAGE, &page, 60).await?;
        Ok(Some(page))
    }
}

#[async_trait(?Send)]
impl Scenario for CachedPage {
    fn card(&self) -> Card {
        if self.asks_first {
            let about = "A request asks the database whether its user may see the page and looks into the cache afterwards. What is \
                         cached is the same for all who may see it, and nobody else gets so far.";
            correct("cache/authorised-first", about).on_both()
        } else {
            let about = "A request looks into the cache first and asks whether its user may see the page only where it has to load \
                         it. Once somebody who may has loaded it, everybody is served.";
            broken("cache/served-before-authorisation", about, BROKEN_ACCESS).on_both()
        }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let tables = "CREATE TABLE pages (id int PRIMARY KEY, text text NOT NULL);
                      CREATE TABLE readers (name text PRIMARY KEY);
                      INSERT INTO pages VALUES (1, 'salaries');
                      INSERT INTO readers VALUES ('ann')";
        Ok(stores.postgres().batch_execute(tables).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut hand = Hand::of(&worker).await?;
        let user = user(&worker);
        let read = worker.invoke(READ, user);
        match self.read(&mut hand, user).await? {
            Some(page) => read.ok(page),
            None => read.refused("forbidden"),
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        let promise = "only who may see the page is served it";
        vec![Invariant::new(promise, |view: &View<'_>| {
            let may = |user: &str| view.state.get(&format!("readers({user})")).is_some();
            let served = view.done(READ).find(|read| !may(&read.argument));
            served.map_or(Ok(()), |read| Err(format!("{} was served it", read.argument)))
        })]
    }
}

/// Every cache of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(CachedPage { asks_first: false }), Arc::new(CachedPage { asks_first: true })]
}
