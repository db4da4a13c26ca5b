//! Owns the pairs of Postgres.

use bytes::{Bytes, BytesMut};
use postgres_protocol::IsNull;
use postgres_protocol::message::frontend;
use raceproof::gate::Backend;
use raceproof::store::postgres::PostgresBackend;
use raceproof::store::{Needs, ProviderChoice, StoreOptions, Stores};
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use crate::pair::{Ground, Manner, Pair, after, check, pair};
use crate::talker::Talker;

const SCHEMA: &str = "
    CREATE TABLE acct (id int PRIMARY KEY, n int NOT NULL, note text);
    CREATE TABLE other (id int PRIMARY KEY, n int NOT NULL);
    CREATE TABLE tag (name text PRIMARY KEY, n int DEFAULT 0 CHECK (n >= 0));
    CREATE TABLE two (a int, b bigint, n int, PRIMARY KEY (a, b));
    CREATE TABLE uniq (id int PRIMARY KEY, email text UNIQUE, n int);
    CREATE TABLE ser (id serial PRIMARY KEY, v text);
    CREATE TABLE ident (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text);
    CREATE TABLE heap (v text);
    CREATE TABLE parent (id int PRIMARY KEY, n int);
    CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent ON DELETE CASCADE, n int);
    CREATE SEQUENCE ticket;
    CREATE VIEW rich AS SELECT * FROM acct WHERE n > 10;
    CREATE FUNCTION total() RETURNS bigint LANGUAGE sql STABLE RETURN (SELECT sum(n) FROM acct);
    CREATE TABLE watched (id int PRIMARY KEY, n int);
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN INSERT INTO heap VALUES (NEW.id::text); RETURN NEW; END';
    CREATE TRIGGER note BEFORE UPDATE ON watched FOR EACH ROW EXECUTE FUNCTION note();";

const CONTENT: &str = "
    INSERT INTO acct VALUES (1, 10, 'one'), (2, 20, 'two'), (3, 30, NULL);
    INSERT INTO other VALUES (1, 1), (2, 2);
    INSERT INTO tag VALUES ('x', 1), ('y', 2);
    INSERT INTO two VALUES (1, 1, 0), (1, 2, 0);
    INSERT INTO uniq VALUES (1, 'a', 0), (2, 'b', 0);
    INSERT INTO parent VALUES (1, 0), (2, 0);
    INSERT INTO child VALUES (1, 2, 0);
    INSERT INTO watched VALUES (1, 0), (2, 0);
    SELECT setval('ticket', 1, false);";

const TABLES: [&str; 10] =
    ["acct", "other", "tag", "two", "uniq", "ser", "ident", "parent", "child", "watched"];

const BEGIN: &[&str] = &["BEGIN"];
const REPEATABLE: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ";

const INDEPENDENT: &[Pair] = &[
    pair("UPDATE acct SET n = n + 1 WHERE id = 1", "UPDATE acct SET n = n + 5 WHERE id = 1"),
    pair("UPDATE acct SET n = n + 1 WHERE id = 1", "UPDATE acct SET n = n + 1 WHERE id = 2"),
    pair("SELECT * FROM acct WHERE id = 1", "UPDATE acct SET n = 0 WHERE id = 2"),
    pair("SELECT * FROM acct", "SELECT * FROM acct"),
    pair("UPDATE acct SET n = 0", "UPDATE other SET n = 0"),
    after([BEGIN, &[]], "UPDATE acct SET n = 0 WHERE id = 1", "SELECT * FROM acct ORDER BY id"),
    after([BEGIN, BEGIN], "UPDATE acct SET n = 0 WHERE id = 1", "UPDATE acct SET n = 0 WHERE 2 = id"),
    after(
        [&["BEGIN", "UPDATE acct SET n = 0 WHERE id = 1"], &[]],
        "COMMIT",
        "SELECT * FROM acct WHERE id = 2",
    ),
    after(
        [&["BEGIN", "UPDATE acct SET n = 0 WHERE id = 1"], &["BEGIN", "UPDATE acct SET n = 1 WHERE id = 2"]],
        "COMMIT",
        "COMMIT",
    ),
    pair("INSERT INTO acct VALUES (10, 0, 'x')", "INSERT INTO acct (n, id) VALUES (0, 11), (0, 12)"),
    pair("INSERT INTO acct VALUES (10, 0, 'x')", "SELECT n FROM acct WHERE id = 1"),
    pair("DELETE FROM acct WHERE id = 1", "UPDATE acct SET n = 5 WHERE id = 2"),
    pair(
        "INSERT INTO acct VALUES (1, 5) ON CONFLICT (id) DO UPDATE SET n = acct.n + excluded.n",
        "INSERT INTO acct VALUES (2, 5) ON CONFLICT (id) DO UPDATE SET n = acct.n + excluded.n",
    ),
    after([BEGIN, &[]], "SELECT * FROM acct WHERE id = 1 FOR UPDATE", "UPDATE acct SET n = 0 WHERE id = 2"),
    after([BEGIN, &[]], "SELECT * FROM acct WHERE id = 1 FOR UPDATE", "SELECT * FROM acct WHERE id = 1"),
    pair("BEGIN", "UPDATE acct SET n = 0"),
    after(
        [&["BEGIN", "UPDATE acct SET n = 0 WHERE id = 1"], &[]],
        "ROLLBACK",
        "UPDATE acct SET n = 7 WHERE id = 2 RETURNING n",
    ),
    pair("UPDATE two SET n = 1 WHERE a = 1 AND b = 1", "UPDATE two SET n = 1 WHERE a = 1 AND b = 2"),
    pair("UPDATE tag SET n = 1 WHERE name = 'x'", "UPDATE tag SET n = 2 WHERE name = 'y'"),
    pair("UPDATE parent SET n = 1 WHERE id = 2", "SELECT * FROM child"),
    pair("UPDATE acct SET n = 1 WHERE id = 1 AND n > 100", "SELECT * FROM acct WHERE id = 1"),
    pair("INSERT INTO acct VALUES (1, 1)", "SELECT count(*) FROM acct"),
    pair("SELECT count(*), max(n) FROM other", "INSERT INTO acct VALUES (10, 0)"),
    pair("SELECT 1", "UPDATE acct SET n = 0"),
    pair("SHOW transaction_isolation", "UPDATE acct SET n = 0"),
    after([BEGIN, &[]], "SAVEPOINT s", "UPDATE acct SET n = 0"),
    pair("SET lock_timeout = '5s'", "UPDATE acct SET n = 0"),
    after([&[REPEATABLE, "SELECT 1"], &[]], "SELECT * FROM acct", "UPDATE acct SET n = 0"),
    pair("UPDATE uniq SET n = 1 WHERE id = 1", "UPDATE uniq SET n = 2 WHERE id = 2"),
    pair("INSERT INTO child VALUES (5, 1, 0)", "UPDATE acct SET n = 0"),
    pair("INSERT INTO ser (v) VALUES ('a') RETURNING id", "INSERT INTO ident (v) VALUES ('b') RETURNING id"),
    pair(
        "SELECT * FROM acct a JOIN other o ON o.id = a.id WHERE now() > '2020-01-01'",
        "SELECT lower(note) FROM acct WHERE EXISTS (SELECT 1 FROM other)",
    ),
    pair("WITH x AS (SELECT n FROM acct) SELECT sum(n) FROM x", "UPDATE other SET n = 4 WHERE id = 1"),
];

const DEPENDENT: &[Pair] = &[
    pair(
        "UPDATE acct SET n = n + 1 WHERE id = 1 RETURNING n",
        "UPDATE acct SET n = n + 1 WHERE id = 1 RETURNING n",
    ),
    pair("UPDATE acct SET n = n + 1 WHERE id = 1", "SELECT n FROM acct WHERE id = 1"),
    after([BEGIN, &[]], "UPDATE acct SET n = n + 1 WHERE id = 1", "UPDATE acct SET n = n + 1 WHERE id = 1"),
    pair("UPDATE tag SET n = n - 1 WHERE name = 'x'", "UPDATE tag SET n = n - 1 WHERE name = 'x'"),
    pair("UPDATE acct SET n = n + 1 WHERE id = 1", "UPDATE acct SET n = n * 2 WHERE id = 1"),
    pair("SELECT * FROM acct WHERE id = 1", "UPDATE acct SET n = 0 WHERE id = 1"),
    pair("SELECT count(*) FROM acct", "INSERT INTO acct VALUES (10, 0)"),
    pair("SELECT * FROM acct", "DELETE FROM acct WHERE id = 1"),
    after(
        [&["BEGIN", "UPDATE acct SET n = 0 WHERE id = 1"], &[]],
        "COMMIT",
        "SELECT * FROM acct WHERE id = 1",
    ),
    after([BEGIN, BEGIN], "UPDATE acct SET n = 0 WHERE id = 1", "UPDATE acct SET n = 1 WHERE id = 1"),
    after([BEGIN, &[]], "UPDATE acct SET n = 0 WHERE id = 1", "UPDATE acct SET n = 1 WHERE id = 1"),
    after([BEGIN, &[]], "SELECT 1 FROM acct WHERE id = 1 FOR UPDATE", "UPDATE acct SET n = 1 WHERE id = 1"),
    after(
        [BEGIN, BEGIN],
        "SELECT id FROM acct WHERE id = 1 FOR UPDATE",
        "SELECT id FROM acct ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED",
    ),
    pair("INSERT INTO acct VALUES (10, 0)", "INSERT INTO acct VALUES (10, 1)"),
    pair("INSERT INTO ser (v) VALUES ('a') RETURNING id", "INSERT INTO ser (v) VALUES ('b') RETURNING id"),
    pair(
        "INSERT INTO ident (v) VALUES ('a') RETURNING id",
        "INSERT INTO ident (v) VALUES ('b') RETURNING id",
    ),
    pair("INSERT INTO uniq VALUES (10, 'x')", "INSERT INTO uniq VALUES (11, 'x')"),
    pair("UPDATE uniq SET email = 'x' WHERE id = 1", "UPDATE uniq SET email = 'x' WHERE id = 2"),
    pair("DELETE FROM uniq WHERE id = 1", "INSERT INTO uniq VALUES (11, 'a')"),
    pair("SELECT nextval('ticket')", "SELECT nextval('ticket')"),
    pair("INSERT INTO heap VALUES ('a')", "INSERT INTO heap VALUES ('b')"),
    pair("INSERT INTO child VALUES (5, 1, 0)", "DELETE FROM parent WHERE id = 1"),
    after([BEGIN, &[]], "INSERT INTO child VALUES (5, 1, 0)", "DELETE FROM parent WHERE id = 1"),
    pair("DELETE FROM parent WHERE id = 2", "SELECT * FROM child WHERE id = 1"),
    after(
        [
            &[
                "BEGIN ISOLATION LEVEL SERIALIZABLE",
                "SELECT n FROM acct WHERE id = 1",
                "UPDATE acct SET n = 0 WHERE id = 2",
            ],
            &[
                "BEGIN ISOLATION LEVEL SERIALIZABLE",
                "SELECT n FROM acct WHERE id = 2",
                "UPDATE acct SET n = 0 WHERE id = 1",
            ],
        ],
        "COMMIT",
        "COMMIT",
    ),
    after(
        [&[REPEATABLE, "SELECT 1"], &[]],
        "UPDATE acct SET n = n + 1 WHERE id = 1",
        "UPDATE acct SET n = n + 1 WHERE id = 1",
    ),
    after([&[REPEATABLE], &[]], "SELECT n FROM acct WHERE id = 1", "UPDATE acct SET n = n + 1 WHERE id = 1"),
    after([BEGIN, BEGIN], "SELECT pg_try_advisory_xact_lock(1)", "SELECT pg_try_advisory_xact_lock(1)"),
    pair("UPDATE acct SET n = n + 1 RETURNING n", "UPDATE acct SET n = 0 WHERE id = 1"),
    pair(
        "INSERT INTO acct SELECT max(id) + 1, 0 FROM acct",
        "INSERT INTO acct SELECT max(id) + 1, 9 FROM acct",
    ),
    pair("SELECT count(*) FROM rich", "UPDATE acct SET n = 0"),
    pair("SELECT total()", "UPDATE acct SET n = 0"),
    after(
        [&["BEGIN", "UPDATE acct SET n = 0 WHERE id = 1"], BEGIN],
        "ROLLBACK",
        "SELECT id FROM acct WHERE id = 1 FOR UPDATE NOWAIT",
    ),
    after(
        [&["BEGIN", "UPDATE acct SET n = 0 WHERE id = 1"], &[]],
        "SELECT 1 / 0",
        "UPDATE acct SET n = 1 WHERE id = 1",
    ),
    after(
        [&["BEGIN", "SAVEPOINT s", "UPDATE acct SET n = 0 WHERE id = 1"], &[]],
        "ROLLBACK TO s",
        "UPDATE acct SET n = 1 WHERE id = 1",
    ),
    after([&["BEGIN", "INSERT INTO heap VALUES ('a')"], &[]], "COMMIT", "TRUNCATE heap"),
    pair("SELECT xmin FROM acct WHERE id = 1", "UPDATE other SET n = 0; UPDATE acct SET n = 0 WHERE id = 1"),
    pair("UPDATE watched SET n = 1 WHERE id = 1", "UPDATE watched SET n = 1 WHERE id = 2"),
    pair(
        "UPDATE acct SET note = (SELECT note FROM acct WHERE id = 2) WHERE id = 1",
        "UPDATE acct SET note = 'new' WHERE id = 2",
    ),
    pair("WITH gone AS (DELETE FROM acct WHERE id = 3) SELECT 0", "SELECT * FROM acct WHERE id = 3"),
    after([BEGIN, &[]], "LOCK TABLE acct", "SELECT * FROM acct WHERE id = 1"),
];

struct Postgres {
    backend: PostgresBackend,
    client: Client,
}

#[async_trait::async_trait(?Send)]
impl Ground for Postgres {
    fn backend(&mut self) -> &mut dyn Backend {
        &mut self.backend
    }

    async fn bring_back(&mut self) {
        let names = TABLES.join(", ");
        let sql = format!("TRUNCATE {names}, heap RESTART IDENTITY CASCADE; {CONTENT}");
        self.client.batch_execute(&sql).await.unwrap();
    }

    /// Of tables with a key in its order, for nobody could see another one.
    async fn content(&mut self) -> String {
        let mut told = rows(&self.client, "SELECT heap::text FROM heap").await;
        for table in TABLES {
            told.extend(rows(&self.client, &format!("SELECT t::text FROM {table} t ORDER BY 1")).await);
        }
        told.join(" ")
    }
}

async fn rows(client: &Client, sql: &str) -> Vec<String> {
    let messages = client.simple_query(sql).await.unwrap();
    let rows = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    });
    rows.collect()
}

fn requests(step: &str) -> Vec<Vec<u8>> {
    let mut bytes = BytesMut::new();
    frontend::query(step, &mut bytes).unwrap();
    vec![bytes.to_vec()]
}

/// The same as a prepared statement, if it is one alone.
fn prepared(step: &str) -> Vec<Vec<u8>> {
    if step.contains(';') {
        return requests(step);
    }
    let mut bytes = BytesMut::new();
    frontend::parse("", step, [], &mut bytes).unwrap();
    let none: [&[u8]; 0] = [];
    let bound = frontend::bind("", "", [], none, |_, _| Ok(IsNull::Yes), [], &mut bytes);
    assert!(bound.is_ok());
    frontend::execute("", 0, &mut bytes).unwrap();
    frontend::sync(&mut bytes);
    vec![bytes.to_vec()]
}

fn opening() -> Bytes {
    let mut bytes = BytesMut::new();
    let parameters = [("user", "postgres"), ("database", "postgres")];
    frontend::startup_message(parameters, &mut bytes).unwrap();
    bytes.freeze()
}

async fn start() -> (Stores, Postgres, Manner) {
    let options =
        StoreOptions { provider: ProviderChoice::Local, needs: Needs::POSTGRES, ..StoreOptions::default() };
    let stores = Stores::start(&options).await.unwrap();
    let server = stores.postgres().unwrap().clone();
    let backend = PostgresBackend::connect(server.clone()).await.unwrap();
    let (client, driver) = server.postgres_config().connect(NoTls).await.unwrap();
    tokio::spawn(driver);
    client.batch_execute(SCHEMA).await.unwrap();
    let manner = Manner { opening: opening(), requests, end: Some("COMMIT") };
    (stores, Postgres { backend, client }, manner)
}

async fn stop(stores: Stores, postgres: Postgres) {
    drop(postgres);
    stores.stop().await.unwrap();
}

#[tokio::test]
async fn postgres_steps_deemed_independent_commute() {
    let (stores, mut postgres, manner) = start().await;
    check(&mut postgres, &manner, INDEPENDENT, true).await;
    let manner = Manner { requests: prepared, ..manner };
    check(&mut postgres, &manner, INDEPENDENT, true).await;
    stop(stores, postgres).await;
}

#[tokio::test]
async fn postgres_steps_that_do_not_commute_are_deemed_dependent() {
    let (stores, mut postgres, manner) = start().await;
    check(&mut postgres, &manner, DEPENDENT, false).await;
    let manner = Manner { requests: prepared, ..manner };
    check(&mut postgres, &manner, DEPENDENT, false).await;
    stop(stores, postgres).await;
}

/// Two rows that are written in another order lie in another order, which only some statements show.
#[tokio::test]
async fn writes_of_different_rows_are_dependent_once_their_order_was_shown() {
    let (stores, mut postgres, manner) = start().await;
    postgres.bring_back().await;
    let mut talker = Talker::connect(&mut postgres.backend, 0, &manner.opening).await;
    let mut step = async |backend: &mut PostgresBackend, sql| {
        let (footprint, _) = talker.step(backend, &requests(sql)).await;
        (footprint, backend.coarseness())
    };
    let backend = &mut postgres.backend;
    let (one, two) = ("UPDATE acct SET n = 1 WHERE id = 1", "UPDATE acct SET n = 1 WHERE id = 2");
    assert!(!step(backend, one).await.0.conflicts_with(&step(backend, two).await.0));
    for hidden in [
        "SELECT sum(n), coalesce(max(note), '') FROM acct",
        "SELECT * FROM acct WHERE n > 5 ORDER BY id LIMIT 1",
        "SELECT EXISTS (SELECT 1 FROM acct WHERE n > 5)",
        "SELECT id FROM acct WHERE id = 3",
        "SELECT * FROM other",
    ] {
        assert_eq!(step(backend, hidden).await.1, 0, "{hidden}");
    }
    assert_eq!(step(backend, "SELECT id AS n FROM acct ORDER BY n").await.1, 1);
    assert!(step(backend, one).await.0.conflicts_with(&step(backend, two).await.0));
    assert_eq!(step(backend, "SELECT * FROM acct LIMIT 1").await.1, 1, "it is known");
    backend.unlearn();
    assert!(!step(backend, one).await.0.conflicts_with(&step(backend, two).await.0));
    drop(talker);
    stop(stores, postgres).await;
}
