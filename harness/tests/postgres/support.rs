//! Owns what the Postgres tests share: a server with a backend, and clients of it.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use postgres_protocol::message::frontend;
use raceproof::gate::{Backend, Standing, Stream, Upstream};
use raceproof::store::postgres::PostgresBackend;
use raceproof::store::{Needs, ProviderChoice, Server, StoreOptions, Stores};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_postgres::{Client, NoTls};

/// A state that should come about comes within this time, even on a busy machine.
const STATE_MS_MAX: Duration = Duration::from_millis(10_000);

/// A server of our own and a backend for it.
pub(crate) struct Bench {
    pub(crate) stores: Stores,
    pub(crate) server: Server,
    pub(crate) backend: PostgresBackend,
}

impl Bench {
    pub(crate) async fn start() -> Self {
        Self::of(ProviderChoice::Local).await
    }

    pub(crate) async fn of(provider: ProviderChoice) -> Self {
        let options = StoreOptions { provider, needs: Needs::POSTGRES, ..StoreOptions::default() };
        let stores = Stores::start(&options).await.unwrap();
        let server = stores.postgres().unwrap().clone();
        let backend = PostgresBackend::connect(server.clone()).await.unwrap();
        Self { stores, server, backend }
    }

    pub(crate) async fn stop(self) {
        drop(self.backend);
        self.stores.stop().await.unwrap();
    }

    /// A client past the gate, and its process id.
    pub(crate) async fn client(&self) -> (Client, u64) {
        let (client, driver) = self.server.postgres_config().connect(NoTls).await.unwrap();
        tokio::spawn(driver);
        let pid: i32 = client.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);
        (client, u64::try_from(pid).unwrap())
    }

    /// A client whose connection the backend has opened.
    pub(crate) async fn upstream(&mut self) -> Wire {
        let opening = startup(&[("user", "postgres"), ("database", "postgres")]);
        Wire::over(self.backend.open(&opening).await.unwrap())
    }

    pub(crate) async fn standing(&mut self, key: u64) -> Standing {
        self.backend.standing(&[key]).await.unwrap().pop().unwrap()
    }

    /// Asks until the connection stands so.
    pub(crate) async fn until(&mut self, key: u64, wanted: &Standing) {
        let deadline = Instant::now() + STATE_MS_MAX;
        loop {
            let standing = self.standing(key).await;
            if standing == *wanted {
                return;
            }
            assert!(Instant::now() < deadline, "{key} is {standing:?}, not {wanted:?}");
            tokio::task::yield_now().await;
        }
    }
}

pub(crate) fn startup(parameters: &[(&str, &str)]) -> Bytes {
    let mut bytes = BytesMut::new();
    frontend::startup_message(parameters.iter().copied(), &mut bytes).unwrap();
    bytes.freeze()
}

/// Runs statements of which only success matters.
pub(crate) async fn run(client: &Client, sql: &str) {
    client.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}

/// The first column of every row, in the order in which they come.
pub(crate) async fn column(client: &Client, sql: &str) -> Vec<String> {
    let messages = client.simple_query(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    let rows = messages.iter().filter_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or("(null)").to_owned()),
        _ => None,
    });
    rows.collect()
}

/// A client that speaks the protocol itself.
pub(crate) struct Wire {
    pub(crate) upstream: Upstream,
    input: BytesMut,
}

/// One message of the server: its tag and body.
pub(crate) type Heard = (u8, Bytes);

impl Wire {
    pub(crate) fn over(upstream: Upstream) -> Self {
        Self { upstream, input: BytesMut::new() }
    }

    pub(crate) fn key(&self) -> u64 {
        self.upstream.key
    }

    fn stream(&mut self) -> &mut Stream {
        &mut self.upstream.stream
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.stream().write_all(bytes).await.unwrap();
    }

    /// Messages up to one with the tag `last`.
    pub(crate) async fn hear(&mut self, last: u8) -> Vec<Heard> {
        let mut heard: Vec<Heard> = Vec::new();
        while heard.last().is_none_or(|(tag, _)| *tag != last) {
            match cut(&mut self.input) {
                Some(message) => heard.push(message),
                None => {
                    let read = self.upstream.stream.read_buf(&mut self.input).await.unwrap();
                    assert!(read > 0, "the server closed the connection after {heard:?}");
                }
            }
        }
        heard
    }

    /// What a statement in plain text gives: the first column of each row, or what went wrong.
    pub(crate) async fn query(&mut self, sql: &str) -> Result<Vec<String>, String> {
        self.begin(sql).await;
        let heard = self.hear(b'Z').await;
        if let Some((_, body)) = heard.iter().find(|(tag, _)| *tag == b'E') {
            return Err(String::from_utf8_lossy(body).into_owned());
        }
        let rows = heard.iter().filter(|(tag, _)| *tag == b'D');
        Ok(rows
            .map(|(_, body)| String::from_utf8_lossy(body.get(6..).unwrap_or_default()).into_owned())
            .collect())
    }

    /// Sends a statement in plain text.
    pub(crate) async fn begin(&mut self, sql: &str) {
        let mut bytes = BytesMut::new();
        frontend::query(sql, &mut bytes).unwrap();
        self.send(&bytes).await;
    }
}

/// Cuts the first message off.
pub(crate) fn cut(input: &mut BytesMut) -> Option<Heard> {
    let (head, _) = input.split_first_chunk::<5>()?;
    let length = 1 + usize::try_from(u32::from_be_bytes([head[1], head[2], head[3], head[4]])).unwrap();
    (input.len() >= length).then(|| {
        let message = input.split_to(length).freeze();
        (message[0], message.slice(5..))
    })
}
