//! Clients that mean harm or break off: nothing panics, hangs or stays behind, and the next execution is as ever.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::run::Engine;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Inconclusive, Invariant, Plan, Scenario, Verdict, Worker};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::script::{Script, card, engine};

/// A worker that sends these bytes, over TCP or in the process, and leaves without listening.
struct Bytes {
    sent: Vec<u8>,
    over_tcp: bool,
}

#[async_trait(?Send)]
impl Scenario for Bytes {
    fn card(&self) -> Card {
        card("sql/bytes", 1)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(stores.postgres().batch_execute("CREATE TABLE t (n int)").await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        if self.over_tcp {
            let url: tokio_postgres::Config = worker.postgres_url().await?.parse()?;
            let port = *url.get_ports().first().ok_or("the URL names a port")?;
            let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await?;
            // Whoever is sent away need not have taken everything.
            let _ = stream.write_all(&self.sent).await;
        } else {
            let _ = worker.stream("postgres").write_all(&self.sent).await;
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::anything()]
    }
}

fn start_up() -> Vec<u8> {
    let mut body = 196_608_u32.to_be_bytes().to_vec();
    body.extend_from_slice(b"user\0postgres\0database\0postgres\0\0");
    let mut message = u32::try_from(body.len() + 4).expect("short").to_be_bytes().to_vec();
    message.extend(body);
    message
}

fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let mut message = vec![tag];
    message.extend(u32::try_from(body.len() + 4).expect("short").to_be_bytes());
    message.extend_from_slice(body);
    message
}

/// A whole conversation: start-up, a simple query, a prepared statement in a transaction, a goodbye.
fn session() -> Vec<u8> {
    let mut bytes = start_up();
    bytes.extend(message(b'Q', b"BEGIN\0"));
    bytes.extend(message(b'P', b"s\0INSERT INTO t VALUES ($1)\0\0\0"));
    bytes.extend(message(b'D', b"Ss\0"));
    bytes.extend(message(b'S', b""));
    bytes.extend(message(b'B', b"\0s\0\0\0\0\x01\0\0\0\x011\0\0"));
    bytes.extend(message(b'E', b"\0\0\0\0\0"));
    bytes.extend(message(b'S', b""));
    bytes.extend(message(b'X', b""));
    bytes
}

fn verdict(engine: &mut Engine, sent: Vec<u8>, over_tcp: bool) -> Verdict {
    let scenario: Arc<dyn Scenario> = Arc::new(Bytes { sent, over_tcp });
    engine.explore(&scenario, &Plan::default(), &mut |_| {}).expect("the engine goes on").verdict
}

fn is_well(engine: &mut Engine) {
    let work: &[&str] = &["BEGIN", "UPDATE t SET n = n + 1", "COMMIT"];
    let script = Script::new(&[work, work]).given("CREATE TABLE t (n int); INSERT INTO t VALUES (0)");
    let scenario: Arc<dyn Scenario> = Arc::new(script);
    let outcome = engine.explore(&scenario, &Plan::default(), &mut |_| {}).expect("the engine goes on");
    assert_eq!(outcome.verdict, Verdict::Pass);
    assert!(outcome.coverage.exhausted);
}

/// The gate may be left at any moment; what had been sent whole is done, the rest is not.
#[test]
fn client_may_break_off_at_every_byte_of_a_session() {
    let mut engine = engine();
    let session = session();
    for length in 0..=session.len() {
        let ended = verdict(&mut engine, session[..length].to_vec(), length % 7 == 0);
        assert_eq!(ended, Verdict::Pass, "after {length} of {} bytes", session.len());
    }
    is_well(&mut engine);
    engine.stop().expect("stops");
}

/// Each is refused by name, at once, without being read to its announced end.
#[test]
fn nonsense_is_refused_by_name_and_forgotten() {
    let mut engine = engine();
    let after = |bytes: &[u8]| [start_up(), bytes.to_vec()].concat();
    let gibibyte = 0x4000_0000_u32.to_be_bytes();
    let cases = [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
        gibibyte.to_vec(),
        0xffff_ffff_u32.to_be_bytes().to_vec(),
        [8_u32.to_be_bytes(), 131_072_u32.to_be_bytes()].concat(),
        after(&[&b"Q"[..], &gibibyte].concat()),
        after(&[&b"Q"[..], &0_u32.to_be_bytes()].concat()),
        after(&message(b'\xfe', b"what")),
    ];
    for (number, sent) in cases.into_iter().enumerate() {
        for over_tcp in [false, true] {
            let ended = verdict(&mut engine, sent.clone(), over_tcp);
            assert!(
                matches!(ended, Verdict::Inconclusive(Inconclusive::Unsupported { .. })),
                "case {number}: {ended:?}"
            );
        }
    }
    is_well(&mut engine);
    engine.stop().expect("stops");
}

/// An encrypted connection is refused as a server without TLS refuses it: `N`, and the client decides.
struct Encrypted;

#[async_trait(?Send)]
impl Scenario for Encrypted {
    fn card(&self) -> Card {
        card("sql/encrypted", 1)
    }

    async fn set_up(&self, _stores: &mut SetUp) -> Result {
        Ok(())
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut stream = worker.stream("postgres");
        for code in [80_877_103_u32, 80_877_104] {
            stream.write_all(&[8_u32.to_be_bytes(), code.to_be_bytes()].concat()).await?;
            worker.invoke("ask", code).ok(char::from(stream.read_u8().await?));
        }
        stream.write_all(&start_up()).await?;
        worker.invoke("start", "").ok(char::from(stream.read_u8().await?));
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("no TLS, no GSS, then an ordinary connection", |view| {
            match view.results("ask")[..] {
                ["N", "N"] if view.results("start") == ["R"] => Ok(()),
                _ => Err(format!("{:?} {:?}", view.results("ask"), view.results("start"))),
            }
        })]
    }
}

#[test]
fn encryption_is_declined_and_the_client_goes_on_without() {
    let mut engine = engine();
    let scenario: Arc<dyn Scenario> = Arc::new(Encrypted);
    let outcome = engine.explore(&scenario, &Plan::default(), &mut |_| {}).expect("runs");
    engine.stop().expect("stops");
    assert_eq!(outcome.verdict, Verdict::Pass);
}
