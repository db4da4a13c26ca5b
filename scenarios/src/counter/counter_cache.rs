//! Owns the number of comments that a post keeps beside the comments themselves.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};

use crate::anomaly::CHECK_THEN_ACT;
use crate::card::{Details, broken, correct};
use crate::rows;

const SOURCE: &str = "rails/rails#14735";
const LOAD: &str = "SELECT id FROM comments WHERE id = 9";
const DECREMENT: &str = "UPDATE posts SET comments_count = comments_count - 1 WHERE id = 1";
const DELETE: &str = "DELETE FROM comments WHERE id = 9";

async fn prepare(stores: &mut SetUp) -> Result {
    let tables = "CREATE TABLE posts (id int PRIMARY KEY, comments_count int NOT NULL);
                  CREATE TABLE comments (id int PRIMARY KEY, post int NOT NULL);
                  INSERT INTO posts VALUES (1, 1);
                  INSERT INTO comments VALUES (9, 1)";
    Ok(stores.postgres().batch_execute(tables).await?)
}

fn promises() -> Vec<Invariant> {
    vec![Invariant::new("a post's count equals the number of its comments", |view: &View<'_>| {
        let comments = rows::count(view, "comments", "post", "1");
        match rows::sum(view, "posts", "comments_count") {
            count if i64::try_from(comments).is_ok_and(|comments| comments == count) => Ok(()),
            count => Err(format!("the count is {count}, and there are {comments} comments")),
        }
    })]
}

/// Deleting twice deletes once; counting down twice counts twice.
///
/// ```text
/// A                        B
/// SELECT comment 9         SELECT comment 9
/// BEGIN
/// UPDATE count 1 -> 0
/// DELETE comment 9: 1
/// COMMIT                   BEGIN, UPDATE count 0 -> -1
///                          DELETE comment 9: 0 rows, and nobody looks
///                          COMMIT
/// ```
pub(super) struct DoubleDestroy;

#[async_trait(?Send)]
impl Scenario for DoubleDestroy {
    fn card(&self) -> Card {
        let about = "Each worker loads a comment, counts its post down and deletes it. The second DELETE finds nothing and does \
                     not fail, but its count has been taken down all the same.";
        broken("counter/counter-cache-double-destroy", about, CHECK_THEN_ACT).after(SOURCE)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let destroy = worker.invoke("destroy", "comment 9");
        if postgres.query_opt(LOAD, &[]).await?.is_none() {
            destroy.refused("no such comment");
            return Ok(());
        }
        let transaction = postgres.transaction().await?;
        transaction.execute(DECREMENT, &[]).await?;
        transaction.execute(DELETE, &[]).await?;
        transaction.commit().await?;
        destroy.ok("destroyed");
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promises()
    }
}

/// The fix: delete first, and count down only if a row was deleted.
pub(super) struct RowCountChecked;

#[async_trait(?Send)]
impl Scenario for RowCountChecked {
    fn card(&self) -> Card {
        let about = "Each worker loads a comment, deletes it, and counts its post down if the DELETE matched a row. Only one DELETE \
                     matches, so the count is taken down once.";
        correct("counter/counter-cache-row-count", about).after(SOURCE)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let destroy = worker.invoke("destroy", "comment 9");
        if postgres.query_opt(LOAD, &[]).await?.is_none() {
            destroy.refused("no such comment");
            return Ok(());
        }
        let transaction = postgres.transaction().await?;
        let deleted = transaction.execute(DELETE, &[]).await?;
        if deleted == 1 {
            transaction.execute(DECREMENT, &[]).await?;
        }
        transaction.commit().await?;
        if deleted == 1 {
            destroy.ok("destroyed");
        } else {
            destroy.refused("already gone");
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promises()
    }
}
