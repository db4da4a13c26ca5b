//! Tests of [`Facts`].

use super::*;

fn facts(sql: &str) -> Facts {
    Facts::of(sql.as_bytes())
}

#[test]
fn what_reads_before_it_writes_splits() {
    for sql in [
        "UPDATE t SET n = 1",
        "/* x */ delete from t",
        "MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE",
        "WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x",
        "with x as (select 1) insert into t select * from x",
        "INSERT INTO t SELECT 1",
        "INSERT INTO t VALUES ((SELECT max(n) FROM t))",
        "INSERT INTO t (a, b) VALUES ($1, nextval('s'))",
        "INSERT INTO t VALUES (now())",
        "INSERT INTO t VALUES (\"f\"(1))",
        "INSERT INTO t VALUES (1) ON CONFLICT (n) DO UPDATE SET n = 2",
        "CALL p()",
        "DO $$ BEGIN END $$",
        "EXECUTE s(1)",
        "EXPLAIN ANALYZE UPDATE t SET n = 1",
        "SELECT 1; UPDATE t SET n = 1",
    ] {
        assert!(facts(sql).splits, "{sql}");
    }
}

#[test]
fn what_only_reads_or_only_writes_does_not_split() {
    for sql in [
        "",
        ";;",
        "SELECT * FROM t FOR UPDATE",
        "SELECT 'UPDATE t'; -- DELETE",
        "(SELECT 1) UNION (SELECT 2)",
        "WITH x AS (SELECT 1) SELECT * FROM x",
        "INSERT INTO t (a, b) VALUES ($1, 'x'), (2, DEFAULT)",
        "INSERT INTO \"t\" (a) VALUES ('1'::numeric(10, 2)) RETURNING lower(a)",
        "INSERT INTO t VALUES (1) ON CONFLICT (n) DO NOTHING",
        "INSERT INTO t DEFAULT VALUES",
        "COPY t FROM STDIN",
        "BEGIN",
        "EXPLAIN UPDATE t SET n = 1",
        "CREATE TABLE u AS SELECT 1",
    ] {
        assert!(!facts(sql).splits, "{sql}");
    }
}

#[test]
fn the_last_word_about_listening_counts() {
    let listening = |sql| (facts(sql).listens, facts(sql).hushes);
    assert_eq!(listening("listen a"), (true, false));
    assert_eq!(listening("UNLISTEN a"), (false, false));
    assert_eq!(listening("LISTEN a; UNLISTEN *"), (false, true));
    assert_eq!(listening("DISCARD ALL; LISTEN a"), (true, false));
    assert_eq!(listening("SELECT 'LISTEN a'"), (false, false));
}

#[test]
fn the_structure_is_known_to_change() {
    for sql in [
        "CREATE TABLE t (n int)",
        "create or replace view v as select 1",
        "ALTER TABLE t ADD c int",
        "DROP TABLE t",
        "GRANT SELECT ON t TO a",
        "COMMENT ON TABLE t IS 'x'",
        "REINDEX TABLE t",
        "DO $$ BEGIN CREATE TABLE t (n int); END $$",
        "SELECT 1 INTO t",
        "SELECT 1; DROP TABLE t",
    ] {
        assert!(facts(sql).restructures, "{sql}");
    }
    for sql in [
        "CREATE TEMP TABLE t (n int)",
        "CREATE LOCAL TEMPORARY TABLE t (n int)",
        "CREATE OR REPLACE TEMP VIEW v AS SELECT 1",
        "SELECT 1 INTO TEMP t",
        "INSERT INTO t SELECT 1",
        "WITH x AS (SELECT 1) INSERT INTO t SELECT 1",
        "CALL create_order(1)",
        "TRUNCATE t",
        "SELECT 'CREATE'",
    ] {
        assert!(!facts(sql).restructures, "{sql}");
    }
}

#[test]
fn locks_on_the_structure_and_of_the_session_are_known() {
    for sql in ["LOCK TABLE t", "TRUNCATE t", "CREATE INDEX ON t (n)", "REFRESH MATERIALIZED VIEW v"] {
        assert!(facts(sql).excludes, "{sql}");
    }
    for sql in ["CREATE TEMP TABLE t (n int)", "SELECT 1", "UPDATE t SET n = 1", "GRANT SELECT ON t TO a"] {
        assert!(!facts(sql).excludes, "{sql}");
    }
    assert!(facts("select PG_ADVISORY_LOCK_SHARED(1)").keeps_locks);
    assert!(facts("DO $$ BEGIN PERFORM pg_advisory_lock(1); END $$").keeps_locks);
    assert!(!facts("SELECT pg_advisory_xact_lock(1)").keeps_locks);
    assert!(!facts("SELECT pg_advisory_unlock(1)").keeps_locks);
    assert!(facts("SELECT pg_advisory_unlock_all()").drops_locks);
}
