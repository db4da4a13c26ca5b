//! Owns the proof that transcripts reach what was recorded, run by psql, redis-cli and isolationtester on stores that know
//! nothing of the harness.

#![expect(clippy::unwrap_used, reason = "what a test cannot start or read ends it")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use raceproof::gate::Backend;
use raceproof::history::State;
use raceproof::store::postgres::PostgresBackend;
use raceproof::store::redis::RedisBackend;
use raceproof::store::{Address, ClockChoice, Needs, ProviderChoice, StoreOptions, Stores};
use raceproof_reports::Document;

use crate::place::Place;

/// Where Debian's package of PostgreSQL 15 puts it.
const TESTER: &str = "/usr/lib/postgresql/15/lib/pgxs/src/test/isolation/isolationtester";

/// Plain stores of this machine, with their own time.
struct Plain {
    runtime: tokio::runtime::Runtime,
    stores: Option<Stores>,
    redis: RedisBackend,
    postgres: PostgresBackend,
}

impl Plain {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let options = StoreOptions {
            provider: ProviderChoice::Local,
            needs: Needs::BOTH,
            clock: ClockChoice::Real,
            ..StoreOptions::default()
        };
        let (stores, redis, postgres) = runtime.block_on(async {
            let stores = Stores::start(&options).await.unwrap();
            let redis = RedisBackend::connect(stores.redis().unwrap().clone()).await.unwrap();
            let postgres = PostgresBackend::connect(stores.postgres().unwrap().clone()).await.unwrap();
            (stores, redis, postgres)
        });
        Self { runtime, stores: Some(stores), redis, postgres }
    }

    fn clear(&mut self) {
        self.runtime.block_on(async {
            self.redis.clear().await.unwrap();
            self.postgres.clear().await.unwrap();
        });
    }

    /// The content of both.
    fn state(&mut self) -> String {
        let entries = self.runtime.block_on(async {
            let (redis, postgres) = (self.redis.state().await.unwrap(), self.postgres.state().await.unwrap());
            redis.into_entries().into_iter().chain(postgres.into_entries()).collect::<BTreeMap<_, _>>()
        });
        State::new(entries).to_string()
    }

    /// The folder and the number that libpq knows the server by, and the socket of Redis.
    fn addresses(&self) -> (String, String, String) {
        let stores = self.stores.as_ref().unwrap();
        let path = |address: &Address| match address {
            Address::Unix(path) => path.clone(),
            Address::Tcp { .. } => panic!("local stores have sockets"),
        };
        let (postgres, redis) =
            (path(&stores.postgres().unwrap().address), path(&stores.redis().unwrap().address));
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        (
            text(postgres.parent().unwrap()),
            postgres.extension().unwrap().to_str().unwrap().to_owned(),
            text(&redis),
        )
    }

    fn command(&self, program: &str) -> Command {
        let (folder, port, redis) = self.addresses();
        let mut command = Command::new(program);
        command
            .env("PGHOST", folder)
            .env("PGPORT", port)
            .env("PGUSER", "postgres")
            .env("PGDATABASE", "postgres");
        command.env("REDIS_CLI", format!("redis-cli -s {redis}"));
        command
    }

    fn stop(mut self) {
        let stores = self.stores.take().unwrap();
        drop((self.redis, self.postgres));
        self.runtime.block_on(stores.stop()).unwrap();
    }
}

/// Runs the scenario as `arguments` say, and gives its transcript and the state that was recorded.
fn recorded(place: &Place, name: &str, form: &str) -> (String, String) {
    let run = ["run", name, "--stores", "local", "--no-regressions", "--out", "records"];
    place.call(&run).ended_with(0);
    let found = fs::read_dir(place.path("records")).unwrap().map(|entry| entry.unwrap().path());
    let file_name = |path: &std::path::PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    let wanted = name.replace('/', "-");
    let path =
        found.filter(|path| file_name(path).split('@').next() == Some(&wanted)).min().expect("a record");
    let text = place.call(&["transcript", path.to_str().unwrap(), "--format", form]).ended_with(0).stdout;
    let document = Document::read(&path).unwrap();
    let evidence = document.outcomes[0].counterexample.as_ref().expect("it was caught");
    (text, evidence.shrunk.final_state.clone())
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// One on Redis, one with a statement that waits for a lock, a split, two over both stores of which one lets time pass, a
/// crash.
#[test]
fn transcripts_reach_the_broken_state_by_psql_and_redis_cli() {
    let (place, mut plain) = (Place::new(), Plain::start());
    for name in [
        "counter/get-set",
        "queue/lock-on-deleted-job",
        "inventory/insert-where-not-exists",
        "cache/delete-before-write",
        "cache/deletion-marker",
        "counter/views-getdel",
    ] {
        let (script, expected) = recorded(&place, name, "shell");
        plain.clear();
        let file = place.path("transcript.sh");
        fs::write(&file, &script).unwrap();
        let output = plain.command("bash").arg(&file).stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{name}: {}\n{script}", told(&output));
        assert_eq!(plain.state(), expected, "{name}: {}\n{script}", told(&output));
    }
    plain.stop();
}

#[test]
fn transcripts_reach_the_broken_state_by_isolationtester() {
    let (place, mut plain) = (Place::new(), Plain::start());
    for name in ["inventory/two-skus-opposite-order", "inventory/withdraw-overdraft"] {
        let (spec, expected) = recorded(&place, name, "isolationtester");
        plain.clear();
        let file = place.path("transcript.spec");
        fs::write(&file, &spec).unwrap();
        let input = fs::File::open(&file).unwrap();
        let output = plain.command(TESTER).arg("dbname=postgres").stdin(input).output();
        let output = output.expect("isolationtester is there (run `ci/setup`)");
        assert!(output.status.success(), "{name}: {}\n{spec}", told(&output));
        assert_eq!(plain.state(), expected, "{name}: {}\n{spec}", told(&output));
    }
    plain.stop();
}
