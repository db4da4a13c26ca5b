//! What each client says and hears in a session of its own, byte for byte.

use std::path::Path;
use std::process::Command;

use crate::both::{Store, both, installed, place, said};
use crate::recorder::{Said, record};

const TABLE: &str = "CREATE TABLE stock (sku int PRIMARY KEY, units int NOT NULL CHECK (units >= 0), note text);
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
        let talk = |recorder: u16| wrote = said(&mut run(&url.replace(&format!(":{port}"), &format!(":{recorder}"))));
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

/// Without what is another one for each connection: the key with which a Postgres session is cancelled, and the number of a Redis client.
fn comparable(store: Store, said: Vec<Said>) -> Vec<Said> {
    let of = |said: Said| match store {
        Store::Postgres(_) => Said { by_store: without_keys(&said.by_store), ..said },
        Store::Redis => Said { by_store: without_number(&said.by_store), ..said },
    };
    said.into_iter().map(of).collect()
}

/// The answers to questions for encryption are single bytes; all else has a type and a length, which counts itself.
fn without_keys(by_store: &[u8]) -> Vec<u8> {
    let plain = by_store.iter().take_while(|byte| **byte == b'N').count();
    let (mut kept, mut rest) = (by_store[..plain].to_vec(), &by_store[plain..]);
    while let [kind, a, b, c, d, ..] = *rest {
        let length = u32::from_be_bytes([a, b, c, d]) as usize + 1;
        let (message, after) = rest.split_at(length.min(rest.len()));
        if kind != b'K' {
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
    is_the_same(Store::Postgres(TABLE), python("psycopg3.py"));
}

#[test]
fn psycopg2_says_and_hears_the_same() {
    is_the_same(Store::Postgres(TABLE), python("psycopg2.py"));
}

#[test]
fn sqlalchemy_says_and_hears_the_same() {
    is_the_same(Store::Postgres(TABLE), python("sqlalchemy_orm.py"));
}

#[test]
fn django_says_and_hears_the_same() {
    is_the_same(Store::Postgres(TABLE), python("django_orm.py"));
}

#[test]
fn redis_py_says_and_hears_the_same() {
    is_the_same(Store::Redis, python("redis_py.py"));
}

#[test]
fn node_postgres_says_and_hears_the_same() {
    is_the_same(Store::Postgres(TABLE), node("pg.js"));
}

#[test]
fn node_redis_says_and_hears_the_same() {
    is_the_same(Store::Redis, node("redis.js"));
}

#[test]
fn lib_pq_says_and_hears_the_same() {
    is_the_same(Store::Postgres(TABLE), |url| {
        let mut command = Command::new("go");
        command.env("GO111MODULE", "off").env("GOPATH", "/usr/share/gocode");
        command.args(["run", &session("pq.go"), url]);
        command
    });
}

#[test]
fn psql_says_and_hears_the_same() {
    is_the_same(Store::Postgres(TABLE), |url| {
        let mut command = Command::new("psql");
        command.args([url, "--no-psqlrc", "--file", &session("psql.sql")]);
        command
    });
}

#[test]
fn redis_cli_says_and_hears_the_same() {
    is_the_same(Store::Redis, |url| {
        let mut command = Command::new("sh");
        command.args([&session("redis-cli.sh"), url]);
        command
    });
}
