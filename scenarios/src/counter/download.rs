//! Owns the download counter with a limit, after the bug in Firefox Send (`mozilla/send#1299`).

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;

use super::{LOST_UPDATE, card};

const LIMIT: i64 = 1;
const SOURCE: &str = "mozilla/send#1299";

async fn prepare(stores: &mut SetUp) -> Result {
    Ok(stores.redis().hset_multiple("file", &[("downloads", 0), ("limit", LIMIT)]).await?)
}

fn promises() -> Vec<Invariant> {
    vec![Invariant::new("a file is downloaded at most as often as its limit says", |view: &View<'_>| {
        match view.count("download") {
            done if done <= usize::try_from(LIMIT).unwrap_or(0) => Ok(()),
            done => Err(format!("{done} downloads with a limit of {LIMIT}; the stores hold {}", view.state)),
        }
    })]
}

/// `HGET`, compare, send the file, `HSET`: both see a counter below the limit.
///
/// ```text
/// A                       B
/// HGET downloads -> 0
///                         HGET downloads -> 0
/// HSET downloads 1        HSET downloads 1     two downloads, limit 1
/// ```
pub(super) struct ReadThenHset;

#[async_trait(?Send)]
impl Scenario for ReadThenHset {
    fn card(&self) -> Card {
        let about = "A download is allowed if the counter that was read is below the limit, and the counter is \
                     written back afterwards. Parallel downloads read the same counter, pass, and count once.";
        let card = card("download-hget-hset", about, Some(LOST_UPDATE), 2);
        Card { source: Some(SOURCE.to_owned()), ..card }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        let download = worker.invoke("download", "file");
        let count: i64 = redis.hget("file", "downloads").await?;
        if count >= LIMIT {
            download.refused("limit reached");
            return Ok(());
        }
        let _: i64 = redis.hset("file", "downloads", count + 1).await?;
        download.ok("sent");
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promises()
    }
}

/// The fix: `HINCRBY` first, and the file only if the new value is within the limit.
pub(super) struct Hincrby;

#[async_trait(?Send)]
impl Scenario for Hincrby {
    fn card(&self) -> Card {
        let about = "Each download counts itself with HINCRBY and goes on only if the number it got is within \
                     the limit. The numbers are distinct, so no more than the limit can pass.";
        let card = card("download-hincrby", about, None, 3);
        Card { source: Some(SOURCE.to_owned()), ..card }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        let download = worker.invoke("download", "file");
        let count: i64 = redis.hincr("file", "downloads", 1).await?;
        if count > LIMIT {
            download.refused("limit reached");
        } else {
            download.ok("sent");
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promises()
    }
}
