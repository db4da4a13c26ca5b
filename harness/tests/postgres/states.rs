//! Owns the proof that the content is read whole and brought back exactly, down to where each row lies.

use std::time::Instant;

use raceproof::gate::{Backend, BackendError};
use raceproof::store::Server;
use raceproof::store::postgres::PostgresBackend;
use tokio_postgres::Client;

use crate::support::{Bench, column, run};

const SHOP: &str = "
    CREATE TABLE customer (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, note text);
    CREATE TABLE stock (
        id serial PRIMARY KEY, item text UNIQUE, n int NOT NULL,
        doubled int GENERATED ALWAYS AS (n * 2) STORED
    );
    CREATE TABLE sale (
        customer int REFERENCES customer ON DELETE CASCADE, stock int REFERENCES stock, at int,
        PRIMARY KEY (stock, customer)
    );
    CREATE TABLE log (line text);
    CREATE TABLE part (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
    CREATE TABLE part_low PARTITION OF part FOR VALUES FROM (0) TO (10);
    CREATE TABLE part_high PARTITION OF part FOR VALUES FROM (10) TO (20);
    CREATE SCHEMA other;
    CREATE TABLE other.\"Odd name\" (\"a b\" int);
    CREATE TABLE empty ();
    CREATE SEQUENCE ticket;
    INSERT INTO customer (name, note) VALUES ('b', NULL), ('a', ''), ('c', 'x, y');
    INSERT INTO stock (item, n) VALUES ('hat', 3), ('coat', 1), ('bag', NULLIF(2, 3));
    UPDATE stock SET n = n + 1 WHERE item = 'hat';
    INSERT INTO sale VALUES (1, 1, 5), (2, 1, NULL);
    INSERT INTO log VALUES ('one'), ('two'), ('one');
    INSERT INTO part VALUES (15, 'high'), (1, 'low');
    INSERT INTO other.\"Odd name\" VALUES (7);
    SELECT setval('ticket', 41);";

/// Without an order they come as they lie.
const LOOK: [&str; 7] = [
    "SELECT customer.*::text FROM customer",
    "SELECT stock.*::text FROM stock",
    "SELECT sale.*::text FROM sale",
    "SELECT line FROM log",
    "SELECT part.*::text FROM part",
    "SELECT \"a b\"::text FROM other.\"Odd name\"",
    "SELECT last_value || ' ' || is_called FROM ticket UNION ALL
        SELECT last_value || ' ' || is_called FROM stock_id_seq UNION ALL
        SELECT last_value || ' ' || is_called FROM customer_id_seq",
];

async fn look(client: &Client) -> Vec<Vec<String>> {
    let mut seen = Vec::new();
    for sql in LOOK {
        seen.push(column(client, sql).await);
    }
    seen
}

/// Something different in each round; some of it fails or is rolled back, and leaves dead rows.
async fn mischief(client: &Client, round: usize) {
    run(client, "UPDATE stock SET n = n - 1; SELECT nextval('ticket'); INSERT INTO log VALUES ('three')")
        .await;
    let of_round = match round % 5 {
        0 => "DELETE FROM customer WHERE name = 'b'; INSERT INTO customer (name) VALUES ('new');",
        1 => "INSERT INTO stock (item, n) SELECT 'i' || g, g FROM generate_series(1, 20) AS g;",
        2 => "BEGIN; INSERT INTO customer (name) SELECT 'gone' FROM generate_series(1, 9); ROLLBACK;",
        3 => "UPDATE part SET id = 17 - id; DELETE FROM log WHERE line = 'one'; TRUNCATE sale;",
        _ => "UPDATE customer SET note = repeat('x', 500); UPDATE customer SET note = NULL;",
    };
    run(client, of_round).await;
}

#[tokio::test]
async fn two_hundred_executions_start_with_the_same_rows_in_the_same_order() {
    let mut bench = Bench::start().await;
    let (client, _) = bench.client().await;
    run(&client, SHOP).await;
    let before = look(&client).await;
    bench.backend.remember().await.unwrap();
    assert_eq!(look(&client).await, before, "remembering is seen");
    let state = bench.backend.state().await.unwrap();
    for round in 0..200 {
        mischief(&client, round).await;
        let taken = bench.backend.take_state(false, Vec::new()).await.unwrap().0;
        assert_ne!(taken, state);
        assert_eq!(look(&client).await, before, "round {round}");
        assert_eq!(bench.backend.state().await.unwrap(), state);
    }
    bench.stop().await;
}

/// What an execution does must lead to the same order too, though it starts on a page that is partly used: on a page
/// that has filled up a new version of a row is put into a gap before the others, and not behind them.
#[tokio::test]
async fn the_same_execution_answers_in_the_same_order_each_time() {
    let mut bench = Bench::start().await;
    let (client, _) = bench.client().await;
    run(&client, "CREATE TABLE wide (id int, n int, v text)").await;
    run(&client, "INSERT INTO wide SELECT g, 0, repeat('x', 150) FROM generate_series(1, 3) AS g").await;
    bench.backend.remember().await.unwrap();
    let mut seen = Vec::new();
    for _ in 0..100 {
        let mut answers = Vec::new();
        for id in [2, 1, 2] {
            run(&client, &format!("UPDATE wide SET n = n + 1 WHERE id = {id}")).await;
            answers.push(column(&client, "SELECT id || ':' || n FROM wide").await);
        }
        seen.push(answers);
        bench.backend.take_state(false, Vec::new()).await.unwrap();
    }
    assert_eq!(seen[0][1], ["3:0", "2:1", "1:1"]);
    seen.dedup();
    assert_eq!(seen.len(), 1, "{seen:?}");
    bench.stop().await;
}

#[tokio::test]
async fn a_state_names_every_row_and_leaves_out_nulls() {
    let mut bench = Bench::start().await;
    let (client, _) = bench.client().await;
    run(&client, SHOP).await;
    let fresh = bench.backend.state().await.unwrap();
    bench.backend.remember().await.unwrap();
    assert_eq!(bench.backend.state().await.unwrap(), fresh);
    let told: Vec<String> = fresh.entries().iter().map(|(key, datum)| format!("{key}={datum}")).collect();
    assert_eq!(
        told,
        [
            "customer(1)={id: 1, name: b}",
            "customer(2)={id: 2, name: a, note: }",
            "customer(3)={id: 3, name: c, note: x, y}",
            "log(#1)={line: one}",
            "log(#2)={line: one}",
            "log(#3)={line: two}",
            "other.Odd name(#1)={a b: 7}",
            "part_high(15)={id: 15, v: high}",
            "part_low(1)={id: 1, v: low}",
            "sale(1, 1)={at: 5, customer: 1, stock: 1}",
            "sale(1, 2)={customer: 2, stock: 1}",
            "stock(1)={doubled: 8, id: 1, item: hat, n: 4}",
            "stock(2)={doubled: 2, id: 2, item: coat, n: 1}",
            "stock(3)={doubled: 4, id: 3, item: bag, n: 2}",
        ]
    );
    assert_eq!(fresh.rows("stock").count(), 3);
    bench.stop().await;
}

#[tokio::test]
async fn what_changed_the_structure_is_read_and_not_taken_for_restored() {
    let mut bench = Bench::start().await;
    let (client, _) = bench.client().await;
    run(&client, SHOP).await;
    bench.backend.remember().await.unwrap();
    run(&client, "DROP TABLE log; ALTER TABLE stock ADD colour text; CREATE TABLE fresh (x int)").await;
    run(&client, "INSERT INTO fresh VALUES (1)").await;
    for state in
        [bench.backend.state().await.unwrap(), bench.backend.take_state(true, Vec::new()).await.unwrap().0]
    {
        assert!(state.rows("log").count() == 0 && state.rows("fresh").count() == 1, "{state}");
    }
    let refused = bench.backend.take_state(false, Vec::new()).await.unwrap_err();
    assert!(
        matches!(&refused, BackendError::Refused { answer, .. } if answer.contains("structure")),
        "{refused}"
    );
    bench.backend.clear().await.unwrap();
    assert!(bench.backend.state().await.unwrap().entries().is_empty());
    run(&client, SHOP).await;
    let before = look(&client).await;
    bench.backend.remember().await.unwrap();
    mischief(&client, 0).await;
    bench.backend.take_state(false, Vec::new()).await.unwrap();
    assert_eq!(look(&client).await, before);
    bench.stop().await;
}

#[tokio::test]
async fn clearing_leaves_a_database_like_a_new_one() {
    const RIGHTS: &str = "SELECT nspname || ' ' || nspowner::regrole || ' ' || coalesce(nspacl::text, '')
        FROM pg_namespace WHERE nspname !~ '^pg_' ORDER BY 1";
    let mut bench = Bench::start().await;
    let (client, _) = bench.client().await;
    let before = column(&client, RIGHTS).await;
    run(&client, SHOP).await;
    run(
        &client,
        "CREATE ROLE clerk; GRANT SELECT ON stock TO clerk; CREATE FUNCTION f() RETURNS int RETURN 1",
    )
    .await;
    bench.backend.want_splits(true);
    bench.backend.remember().await.unwrap();
    bench.backend.clear().await.unwrap();
    assert_eq!(column(&client, RIGHTS).await, before);
    let left = "SELECT relname FROM pg_class WHERE oid >= 16384 UNION ALL SELECT proname FROM pg_proc WHERE oid >= 16384
        UNION ALL SELECT rolname FROM pg_roles WHERE rolname = 'clerk'
        UNION ALL SELECT setconfig::text FROM pg_db_role_setting";
    assert_eq!(column(&client, left).await, [""; 0]);
    run(&client, SHOP).await;
    bench.stop().await;
}

/// A prepared transaction outlives the session that began it: the next execution would find its locks and its name.
#[tokio::test]
async fn what_was_prepared_and_not_ended_is_taken_back() {
    let mut bench = Bench::start().await;
    let (client, _) = bench.client().await;
    run(&client, SHOP).await;
    let before = look(&client).await;
    bench.backend.remember().await.unwrap();
    for round in 0..5 {
        let prepared = "BEGIN; UPDATE stock SET n = n - 1; INSERT INTO log VALUES ('doubt'); PREPARE TRANSACTION 'it''s'";
        run(&client, prepared).await;
        run(&client, "UPDATE part SET v = 'seen'").await;
        bench.backend.take_state(false, Vec::new()).await.unwrap();
        assert_eq!(look(&client).await, before, "round {round}");
        assert_eq!(column(&client, "SELECT gid FROM pg_prepared_xacts").await, [""; 0]);
    }
    bench.stop().await;
}

/// A set-up that does not remember starts from nothing.
#[tokio::test]
async fn what_was_never_remembered_is_removed() {
    let mut bench = Bench::start().await;
    let (client, _) = bench.client().await;
    run(&client, SHOP).await;
    assert_eq!(bench.backend.take_state(false, Vec::new()).await.unwrap().0.entries().len(), 14);
    assert!(bench.backend.state().await.unwrap().entries().is_empty());
    bench.stop().await;
}

/// Without the right to let foreign keys rest, tables are brought back in the order of their references.
#[tokio::test]
async fn a_plain_owner_can_bring_back_too() {
    let bench = Bench::start().await;
    let (client, _) = bench.client().await;
    run(&client, "CREATE ROLE plain LOGIN").await;
    run(&client, "CREATE DATABASE own OWNER plain").await;
    let server = Server {
        user: Some("plain".to_owned()),
        database: "own".to_owned(),
        confined: true,
        ..bench.server.clone()
    };
    let (owner, driver) = server.postgres_config().connect(tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(driver);
    let mut backend = PostgresBackend::connect(server.clone()).await.unwrap();
    run(&owner, SHOP).await;
    let before = look(&owner).await;
    backend.remember().await.unwrap();
    for round in 0..20 {
        mischief(&owner, round).await;
        backend.take_state(false, Vec::new()).await.unwrap();
        assert_eq!(look(&owner).await, before, "round {round}");
    }
    backend.clear().await.unwrap();
    assert!(backend.state().await.unwrap().entries().is_empty());
    // Before version 15 the schema `public` was not the owner's.
    let (master, driver) = Server { user: bench.server.user.clone(), ..server }
        .postgres_config()
        .connect(tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(driver);
    run(&master, "ALTER SCHEMA public OWNER TO postgres; GRANT ALL ON SCHEMA public TO PUBLIC").await;
    run(&owner, SHOP).await;
    backend.remember().await.unwrap();
    backend.clear().await.unwrap();
    assert!(backend.state().await.unwrap().entries().is_empty());
    drop(backend);
    bench.stop().await;
}

#[tokio::test]
async fn a_large_table_comes_back_in_order() {
    let mut bench = Bench::start().await;
    let (client, _) = bench.client().await;
    run(&client, "CREATE TABLE big (id int PRIMARY KEY, v text) WITH (fillfactor = 60)").await;
    run(
        &client,
        "INSERT INTO big SELECT (g * 7919) % 5000, repeat('x', g % 90) FROM generate_series(1, 5000) g",
    )
    .await;
    bench.backend.remember().await.unwrap();
    let before = column(&client, "SELECT id FROM big").await;
    let started = Instant::now();
    for round in 0..5 {
        run(&client, &format!("UPDATE big SET v = 'y' WHERE id % 5 = {round}; DELETE FROM big WHERE id < 9"))
            .await;
        bench.backend.take_state(false, Vec::new()).await.unwrap();
        assert_eq!(column(&client, "SELECT id FROM big").await, before);
    }
    assert!(started.elapsed().as_secs() < 20);
    bench.stop().await;
}
