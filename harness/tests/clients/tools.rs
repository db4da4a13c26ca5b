//! Tools that are made to put stores under load: what they leave is the same through the gate.

use std::fmt::Write as _;
use std::process::Command;

use crate::both::{Store, both, place, said};

/// Everything that pgbench's transactions change but the times.
const BALANCES: &str = "\
    SELECT count(*), sum(abalance), md5(string_agg(aid || ':' || abalance, ',' ORDER BY aid)) FROM pgbench_accounts
    UNION ALL SELECT count(*), sum(tbalance), md5(string_agg(tid || ':' || tbalance, ',' ORDER BY tid)) FROM pgbench_tellers
    UNION ALL SELECT count(*), sum(bbalance), md5(string_agg(bid || ':' || bbalance, ',' ORDER BY bid)) FROM pgbench_branches
    UNION ALL SELECT count(*), sum(delta), md5(string_agg(tid || ':' || aid || ':' || delta, ',' ORDER BY tid, aid, delta))
        FROM pgbench_history";

fn psql(url: &str, arguments: &[&str]) -> String {
    let mut command = Command::new("psql");
    said(command.arg(url).args(["--no-psqlrc", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]).args(arguments))
}

fn pgbench_leaves_the_same(mode: &'static str) {
    let (direct, gated) = both(Store::Postgres(""), move |url| {
        let pgbench = |arguments: &[&str]| said(Command::new("pgbench").args(arguments).arg(url));
        pgbench(&["--initialize", "--quiet"]);
        // The seed makes every client's numbers the same both times.
        let load = ["-c", "4", "-j", "2", "-t", "100", "--random-seed", "7", "-M", mode];
        let told = pgbench(&load);
        assert!(told.contains("number of transactions actually processed: 400/400"), "{told}");
        psql(url, &["-c", BALANCES])
    });
    assert!(direct.starts_with("100000|"), "{direct}");
    assert_eq!(direct, gated);
}

#[test]
fn pgbench_with_simple_queries_leaves_the_same() {
    pgbench_leaves_the_same("simple");
}

#[test]
fn pgbench_with_extended_queries_leaves_the_same() {
    pgbench_leaves_the_same("extended");
}

#[test]
fn pgbench_with_prepared_statements_leaves_the_same() {
    pgbench_leaves_the_same("prepared");
}

fn redis_benchmark_leaves_the_same(pipeline: &'static str) {
    let (direct, gated) = both(Store::Redis, move |url| {
        let (host, port) = place(url);
        let kinds = "set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,zadd,zpopmin,lrange_100,mset";
        let load = ["-c", "8", "-n", "3000", "-P", pipeline, "-t", kinds, "--csv", "-h", host, "-p", port];
        let told = said(Command::new("redis-benchmark").args(load));
        assert_eq!(told.lines().filter(|line| line.starts_with('"')).count(), 16, "{told}");
        let ask = |words: &str| {
            said(Command::new("redis-cli").args(["-u", url]).args(words.split_ascii_whitespace()))
        };
        let keys = ask("KEYS *");
        let mut keys: Vec<_> = keys.lines().collect();
        keys.sort_unstable();
        keys.iter().fold(String::new(), |mut left, key| {
            let _ = write!(left, "{key}: {}{}", ask(&format!("TYPE {key}")), ask(&format!("DUMP {key}")));
            left
        })
    });
    assert!(direct.contains("counter:__rand_int__: string"), "{direct}");
    assert_eq!(direct, gated);
}

#[test]
fn redis_benchmark_with_single_commands_leaves_the_same() {
    redis_benchmark_leaves_the_same("1");
}

#[test]
fn redis_benchmark_with_pipelines_leaves_the_same() {
    redis_benchmark_leaves_the_same("16");
}

/// 40 MB go in and come out as they were, as text and as bytes.
#[test]
fn large_copies_go_in_and_come_out_unchanged() {
    let (direct, gated) = both(Store::Postgres("CREATE TABLE big (id int, note text)"), |url| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = |name: &str| folder.path().join(name).display().to_string();
        let row = |id: u32| format!("{id}\t{id:x>80} and \\N, \\t and ☃\n").replace("\\N,", "n,");
        let text: String = (0..400_000).map(row).collect();
        std::fs::write(path("in"), &text).expect("it can be written");
        psql(url, &["-c", &format!("\\copy big FROM '{}'", path("in"))]);
        let by_id = "(SELECT * FROM big ORDER BY id)";
        psql(url, &["-c", &format!("\\copy {by_id} TO '{}'", path("out"))]);
        assert!(
            std::fs::read_to_string(path("out")).expect("it was written") == text,
            "the text has changed"
        );
        psql(url, &["-c", &format!("\\copy {by_id} TO '{}' WITH (FORMAT binary)", path("bytes"))]);
        psql(
            url,
            &[
                "-c",
                "TRUNCATE big",
                "-c",
                &format!("\\copy big FROM '{}' WITH (FORMAT binary)", path("bytes")),
            ],
        );
        let bytes = std::fs::read(path("bytes")).expect("it was written");
        (bytes.len(), psql(url, &["-c", "SELECT count(*), md5(string_agg(note, '' ORDER BY id)) FROM big"]))
    });
    assert!(direct.0 > 40_000_000, "{direct:?}");
    assert_eq!(direct, gated);
}
