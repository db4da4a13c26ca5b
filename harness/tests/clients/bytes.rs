//! What each client says and hears in a session of its own, byte for byte.

use std::path::Path;
use std::process::Command;

use crate::both::{Store, both, installed, place, said};
use crate::recorder::{Said, record};

const TABLE: &str =
    "CREATE TABLE stock (sku int PRIMARY KEY, units int NOT NULL CHECK (units >= 0), note text);
    INSERT INTO stock VALUES (1, 10, 'lamp'), (2, 0, NULL), (3, 7, 'Ärmel ☃')";

/// The session of a client: its file, run by a command that has the URL as its last word.
fn session(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/sessions").join(name);
    assert!(path.exists(), "{}", path.display());
    path.display().to_string()
}

/// Records the session both ways, and compares what was said and what the program has written.
fn is_the_same(store: Store, run: impl Fn(&str) -> Command + Send + Sync + 'static) {
    let (direct, gated) = both(store, move |url| {
        let (host, port) = place(url);
        let mut wrote = String::new();
        let talk = |recorder: u16| {
            wrote = said(&mut run(&url.replace(&format!(":{port}"), &format!(":{recorder}"))));
        };
        let said = record(&format!("{host}:{port}"), talk).expect("it can be recorded");
        (said, wrote)
    });
    let (direct, gated) = ((comparable(store, direct.0), direct.1), (comparable(store, gated.0), gated.1));
    assert!(!direct.0.is_empty() && direct.1.ends_with("end\n"), "{direct:?}");
    assert_eq!(told(&direct.0), told(&gated.0));
    assert_eq!(direct, gated);
}

/// Readable where the two differ.
fn told(said: &[Said]) -> String {
    let one = |said: &Said| format!("{}\n{}", said.by_client.escape_ascii(), said.by_store.escape_ascii());
    said.iter().map(one).collect::<Vec<_>>().join("\n\n")
}

/// Without what is another one for each connection: how a Postgres session is logged in (the gate does it by itself) and the key with
/// which it is cancelled, notifications, which name the process that they come from (what was heard of them is in what the program
/// wrote), and the number of a Redis client.
fn comparable(store: Store, said: Vec<Said>) -> Vec<Said> {
    let of = |said: Said| match store {
        Store::Postgres(_) => Said {
            by_client: without(b"p", behind_start(&said.by_client)),
            by_store: without(b"RKA", behind_refusals(&said.by_store)),
        },
        Store::Redis => Said { by_store: without_number(&said.by_store), ..said },
    };
    said.into_iter().map(of).collect()
}

/// A client's first messages have no type: questions for encryption, and who it is.
fn behind_start(by_client: &[u8]) -> &[u8] {
    let mut rest = by_client;
    while let [0, _, c, d, _, ..] = *rest {
        rest = &rest[usize::from(u16::from_be_bytes([c, d]))..];
    }
    rest
}

/// The answers to questions for encryption are single bytes.
fn behind_refusals(by_store: &[u8]) -> &[u8] {
    let refusals = by_store.iter().take_while(|byte| **byte == b'N').count();
    &by_store[refusals..]
}

/// Messages of other types than these; each has a type, and a length that counts itself.
fn without(types: &[u8], mut rest: &[u8]) -> Vec<u8> {
    let mut kept = Vec::new();
    while let [kind, a, b, c, d, ..] = *rest {
        let length = u32::from_be_bytes([a, b, c, d]) as usize + 1;
        let (message, after) = rest.split_at(length.min(rest.len()));
        if !types.contains(&kind) {
            kept.extend_from_slice(message);
        }
        rest = after;
    }
    kept
}

fn without_number(by_store: &[u8]) -> Vec<u8> {
    const NUMBER: &[u8] = b"$2\r\nid\r\n:";
    let Some(at) = by_store.windows(NUMBER.len()).position(|window| window == NUMBER) else {
        return by_store.to_vec();
    };
    let (before, behind) = by_store.split_at(at + NUMBER.len());
    let digits = behind.iter().take_while(|byte| byte.is_ascii_digit()).count();
    [before, &behind[digits..]].concat()
}

fn python(name: &'static str) -> impl Fn(&str) -> Command + Send + Sync {
    move |url| {
        let mut command = Command::new(installed("python/bin/python3"));
        command.arg(session(name)).arg(url);
        command
    }
}

fn node(name: &'static str) -> impl Fn(&str) -> Command + Send + Sync {
    move |url| {
        let mut command = Command::new("node");
        command.env("NODE_PATH", installed("node/usr/share/nodejs")).arg(session(name)).arg(url);
        command
    }
}

#[test]
fn psycopg_says_and_hears_the_same() {
    is_the_same(Store::Postgres(TABLE), python("with_psycopg.py"));
}

#[test]
fn psycopg2_says_and_hears_the_same() {
    is_the_same(Store::Postgres(TABLE), python("with_psycopg2.py"));
}

#[test]
fn sqlalchemy_says_and_hears_the_same() {
    is_the_same(Store::Postgres(TABLE), python("with_sqlalchemy.py"));
}

#[test]
fn django_says_and_hears_the_same() {
    is_the_same(Store::Postgres(TABLE), python("with_django.py"));
}

#[test]
fn redis_py_says_and_hears_the_same() {
    is_the_same(Store::Redis, python("with_redis.py"));
}

#[test]
fn node_postgres_says_and_hears_the_same() {
    is_the_same(Store::Postgres(TABLE), node("with_pg.js"));
}

#[test]
fn node_redis_says_and_hears_the_same() {
    is_the_same(Store::Redis, node("with_redis.js"));
}

#[test]
fn lib_pq_says_and_hears_the_same() {
    is_the_same(Store::Postgres(TABLE), |url| {
        let mut command = Command::new("go");
        command.env("GO111MODULE", "off").env("GOPATH", "/usr/share/gocode");
        command.args(["run", &session("with_pq.go"), url]);
        command
    });
}

#[test]
fn psql_says_and_hears_the_same() {
    is_the_same(Store::Postgres(TABLE), |url| {
        let mut command = Command::new("psql");
        command.args([url, "--no-psqlrc", "--file", &session("with_psql.sql")]);
        command
    });
}

#[test]
fn redis_cli_says_and_hears_the_same() {
    is_the_same(Store::Redis, |url| {
        let mut command = Command::new("sh");
        command.args([&session("with_redis_cli.sh"), url]);
        command
    });
}
