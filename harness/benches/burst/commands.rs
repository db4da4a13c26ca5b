//! Owns the Redis scenario that is measured: clients that send one command after the other.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, Worker};
use redis::AsyncCommands;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What redis-benchmark uses.
const KEY: &str = "key:__rand_int__";
const VALUE: &str = "xxx";

/// So many commands in all.
pub(crate) struct Commands {
    pub(crate) clients: usize,
    pub(crate) commands: usize,
    pub(crate) verb: &'static str,
    /// Whether the client only counts the bytes of the answers, as redis-benchmark nearly does; otherwise it is the
    /// client of the `redis` crate.
    pub(crate) is_lean: bool,
}

impl Commands {
    async fn count(&self, worker: &Worker, each: usize) -> Result {
        let (request, answer) = match self.verb {
            "GET" => {
                (format!("*2\r\n$3\r\nGET\r\n${}\r\n{KEY}\r\n", KEY.len()), format!("$3\r\n{VALUE}\r\n"))
            }
            _ => {
                let request = format!("*3\r\n$3\r\nSET\r\n${}\r\n{KEY}\r\n$3\r\n{VALUE}\r\n", KEY.len());
                (request, "+OK\r\n".to_owned())
            }
        };
        let (mut stream, mut buffer) = (worker.stream("redis"), [0; 64]);
        for _ in 0..each {
            stream.write_all(request.as_bytes()).await?;
            stream.read_exact(&mut buffer[..answer.len()]).await?;
            if &buffer[..answer.len()] != answer.as_bytes() {
                return Err("another answer".into());
            }
        }
        Ok(())
    }
}

#[async_trait(?Send)]
impl Scenario for Commands {
    fn card(&self) -> Card {
        let (name, stores) = ("bench/commands".to_owned(), vec!["redis".to_owned()]);
        Card { name, stores, workers: self.clients, ..Card::default() }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(stores.redis().set(KEY, VALUE).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let each = self.commands / self.clients;
        if self.is_lean {
            return self.count(&worker, each).await;
        }
        let mut redis = worker.redis().await?;
        for _ in 0..each {
            match self.verb {
                "GET" => drop(redis.get::<_, String>(KEY).await?),
                _ => redis.set(KEY, VALUE).await?,
            }
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("the value is there", |view| match view.state.text(KEY) {
            Some(VALUE) => Ok(()),
            _ => Err(view.state.to_string()),
        })]
    }
}
