//! Our words and tables for a Redis in a plight, compared with the server's own.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;

use raceproof::run::Engine;
use raceproof::store::Address;
use raceproof::wire::redis::{Flags, RedisSession, command};
use raceproof::wire::{Injected, Limits, Session};
use redis::Value;

use crate::script::{Store, engine};

/// A client that speaks the protocol itself.
struct Raw(BufReader<UnixStream>);

impl Raw {
    fn open(engine: &Engine) -> Self {
        match &engine.stores().redis().expect("it was started").address {
            Address::Unix(path) => Self(BufReader::new(UnixStream::connect(path).expect("it listens"))),
            other => panic!("a local server has a socket, not {other:?}"),
        }
    }

    fn send(&mut self, line: &str) {
        self.0.get_mut().write_all(format!("{line}\r\n").as_bytes()).expect("it reads");
    }

    /// Asks for a reply of one line.
    fn ask(&mut self, line: &str) -> String {
        self.send(line);
        let mut reply = String::new();
        self.0.read_line(&mut reply).expect("it answers");
        reply
    }
}

/// What a client is told here.
fn injected(words: &[&[u8]], code: &str) -> String {
    let session = RedisSession::new(Limits::default());
    match session.inject(&command(words), None, code.parse().expect("a word")) {
        Injected::Answer { answer, .. } => String::from_utf8(answer).expect("text"),
        other => panic!("an answer is made up, not {other:?}"),
    }
}

/// A write and a transaction with a write, refused by the server: `begin` brings the plight about on another connection.
fn compare(engine: &Engine, code: &str, begin: impl FnOnce(&mut Raw)) {
    let (mut client, mut other) = (Raw::open(engine), Raw::open(engine));
    for line in ["MULTI", "SET a 1"] {
        assert!(client.ask(line).starts_with('+'));
    }
    begin(&mut other);
    assert_eq!(client.ask("EXEC"), injected(&[b"EXEC"], code));
    assert_eq!(client.ask("SET a 1"), injected(&[b"SET", b"a", b"1"], code), "the transaction is over");
}

#[test]
fn errors_are_the_servers_own_to_the_letter() {
    let engine = engine(Store::Redis);
    compare(&engine, "OOM", |other| assert_eq!(other.ask("CONFIG SET maxmemory 1"), "+OK\r\n"));
    Raw::open(&engine).ask("CONFIG SET maxmemory 0");
    compare(&engine, "READONLY", |other| assert_eq!(other.ask("REPLICAOF 127.0.0.1 1"), "+OK\r\n"));
    Raw::open(&engine).ask("REPLICAOF NO ONE");
    Raw::open(&engine).ask("CONFIG SET busy-reply-threshold 1");
    let mut script = Raw::open(&engine);
    compare(&engine, "BUSY", |other| {
        script.send("EVAL \"while true do end\" 0");
        while !other.ask("PING").starts_with("-BUSY") {}
    });
    assert_eq!(Raw::open(&engine).ask("SCRIPT KILL"), "+OK\r\n");
    engine.stop().expect("stops");
}

/// The flags that decide who refuses what, command by command. Newer servers know more commands than our table.
#[test]
fn flags_of_commands_are_the_servers_own() {
    let engine = engine(Store::Redis);
    let info = engine.stores().redis().expect("it was started").redis_info();
    let client = redis::Client::open(info).expect("an address");
    let mut connection = client.get_connection().expect("it listens");
    let version: redis::InfoDict = redis::cmd("INFO").query(&mut connection).expect("it answers");
    let version: String = version.get("redis_version").expect("it has one");
    let all: Vec<Value> = redis::cmd("COMMAND").query(&mut connection).expect("it answers");
    let mut seen = 0;
    for told in &all {
        seen += check(told);
    }
    assert!(seen > 300 || !version.starts_with("7.0"), "{version}: {seen}");
    engine.stop().expect("stops");
}

/// Compares a command and its subcommands; returns how many there were.
fn check(told: &Value) -> usize {
    let Value::Array(fields) = told else { panic!("{told:?}") };
    let text = |value: &Value| match value {
        Value::BulkString(bytes) => String::from_utf8(bytes.clone()).expect("text"),
        Value::SimpleString(text) => text.clone(),
        other => panic!("{other:?}"),
    };
    let name = text(&fields[0]).to_ascii_uppercase();
    let flags: BTreeSet<String> = match &fields[2] {
        Value::Array(flags) | Value::Set(flags) => flags.iter().map(text).collect(),
        other => panic!("{other:?}"),
    };
    let has = |flag: &str| flags.contains(flag);
    let theirs = Flags {
        writes: has("write"),
        grows: has("denyoom"),
        answered_loading: has("loading"),
        answered_busy: has("allow_busy"),
    };
    assert_eq!(Flags::of(&name), theirs, "{name}");
    let members = match fields.get(9) {
        Some(Value::Array(members)) => members.iter().map(check).sum(),
        _ => 0,
    };
    1 + members
}
