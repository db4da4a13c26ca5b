//! Owns a rate limiter on Redis that lets too many through, its fix, and the test of both. It is run with
//!
//! ```sh
//! cargo test -p raceproof-test --example rate_limiter lets_too_many_through   # fails, and shows how
//! cargo test -p raceproof-test --example rate_limiter keeps_the_limit         # passes
//! ```

#![cfg_attr(not(test), expect(dead_code, reason = "it is its tests that are run"))]

use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands, RedisResult, Script};

/// The service: so many requests of a client in each window.
struct RateLimiter {
    redis: MultiplexedConnection,
    limit: i64,
    window_ms: i64,
}

impl RateLimiter {
    /// The bug: others look at the count before it is raised.
    async fn check_then_count(&mut self, client: &str) -> RedisResult<bool> {
        let key = format!("requests:{client}");
        let count: Option<i64> = self.redis.get(&key).await?;
        if count.unwrap_or(0) >= self.limit {
            return Ok(false);
        }
        let count: i64 = self.redis.incr(&key, 1).await?;
        if count == 1 {
            let () = self.redis.pexpire(&key, self.window_ms).await?;
        }
        Ok(true)
    }

    /// The fix: one script counts, begins the window, and says how many there are now.
    async fn count_then_check(&mut self, client: &str) -> RedisResult<bool> {
        let script = Script::new(
            "local count = redis.call('INCR', KEYS[1])
             if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
             return count",
        );
        let key = format!("requests:{client}");
        let count: i64 = script.key(key).arg(self.window_ms).invoke_async(&mut self.redis).await?;
        Ok(count <= self.limit)
    }
}

#[cfg(test)]
mod tests {
    use raceproof_test::{View, Worker, race};

    use super::*;

    #[tokio::test]
    async fn lets_too_many_through() {
        race("one of two requests is let through")
            .redis()
            .under("none")
            .workers(2, async |worker| {
                let mut limiter = limiter(&worker).await?;
                worker.invoke("request", "").returned(limiter.check_then_count("alice").await)?;
                Ok(())
            })
            .finally("one request is let through", |view| let_through(view) == 1)
            .check()
            .await;
    }

    #[tokio::test]
    async fn keeps_the_limit() {
        race("one of two requests is let through by a script")
            .redis()
            .under("none")
            .workers(2, async |worker| {
                let mut limiter = limiter(&worker).await?;
                worker.invoke("request", "").returned(limiter.count_then_check("alice").await)?;
                Ok(())
            })
            .finally("one request is let through", |view| let_through(view) == 1)
            .check()
            .await;
    }

    /// The races are under `none`, so that nobody pauses until the window is over: the second is let through, too, then.
    async fn limiter(worker: &Worker) -> RedisResult<RateLimiter> {
        Ok(RateLimiter { redis: worker.redis().await?, limit: 1, window_ms: 60_000 })
    }

    fn let_through(view: &View<'_>) -> usize {
        view.results("request").into_iter().filter(|result| *result == "true").count()
    }
}

fn main() {
    println!("this example is a test: cargo test -p raceproof-test --example rate_limiter");
}
