//! Owns the proof that a server lives by its page: it is asked for the time, and must tell what the page says.

use std::time::Duration;

use raceproof_clock::Page;

use super::super::Server;
use super::super::ready::{connect_postgres, with_sources};
use super::preload::Store;
use crate::clock::EPOCH;

/// A time that no clock tells by chance.
const TEST_TIME: Duration = EPOCH.saturating_add(Duration::from_micros(123_654_321));
const ANSWER_MS_MAX: u64 = 5_000;

/// Whether `server` tells the time that its page says; if not, what it said instead.
pub(super) async fn obeys(store: Store, server: &Server, page: &Page) -> Result<(), String> {
    let asked = async {
        match store {
            Store::Redis => ask_redis(server, page).await.map_err(|error| with_sources(&error)),
            Store::Postgres => ask_postgres(server, page).await.map_err(|error| with_sources(&error)),
        }
    };
    let told = crate::alarm::timeout(Duration::from_millis(ANSWER_MS_MAX), asked).await;
    page.set(None);
    let failed = |said: &str| format!("a library was preloaded into it, but {said}");
    match told {
        Ok(Ok(told)) if told == TEST_TIME => Ok(()),
        Ok(Ok(_)) => Err(failed("it does not follow the page")),
        Ok(Err(said)) => Err(failed(&said)),
        Err(_) => Err(failed("it did not tell the time")),
    }
}

/// The connection is made by the real clock, so that no time-out of the server's sees a jump.
async fn ask_redis(server: &Server, page: &Page) -> redis::RedisResult<Duration> {
    let client = redis::Client::open(server.redis_info())?;
    let mut connection = client.get_multiplexed_async_connection().await?;
    page.set(Some(TEST_TIME));
    let (seconds, micros): (u64, u64) = redis::cmd("TIME").query_async(&mut connection).await?;
    Ok(Duration::from_secs(seconds) + Duration::from_micros(micros))
}

async fn ask_postgres(server: &Server, page: &Page) -> Result<Duration, tokio_postgres::Error> {
    let client = connect_postgres(&server.postgres_config()).await?;
    page.set(Some(TEST_TIME));
    let question = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
    let micros: i64 = client.query_one(question, &[]).await?.get(0);
    Ok(Duration::from_micros(u64::try_from(micros).unwrap_or_default()))
}
