//! Tests of [`Following`] without a server: what statements touch, and what transactions and answers make of it.

use super::super::super::row::{Row, row};
use super::*;
use crate::id::WorkerId;
use crate::wire::postgres::Executed;
use crate::wire::postgres::Parameter;

const A: ConnectionId = ConnectionId { worker: WorkerId(0), ordinal: 0 };
const DONE: &[u8] = b"C\0\0\0\x0dUPDATE 1\0Z\0\0\0\x05I";
const OPEN: &[u8] = b"C\0\0\0\x0dUPDATE 1\0Z\0\0\0\x05T";
const FAILED: &[u8] = b"E\0\0\0\x0cC23505\0\0Z\0\0\0\x05";

fn rows(of: &[&[&str]]) -> Vec<Row> {
    of.iter().map(|values| row(&values.iter().map(|value| Some(*value)).collect::<Vec<_>>())).collect()
}

/// A database with an account table, one with a further key and a sequence, and a parent with its child.
fn following() -> Following {
    let relation = |name, id| vec!["public", name, id, "f"];
    let column =
        |table, number, name, kind, default| vec![table, number, name, kind, "-1", "t", "f", default, "", ""];
    let relations =
        [relation("acct", "1"), relation("item", "2"), relation("parent", "3"), relation("child", "4")];
    let columns = [
        column("1", "1", "id", "23", ""),
        column("1", "2", "n", "23", "0"),
        column("1", "3", "note", "25", ""),
        column("2", "1", "id", "23", "nextval('item_id_seq'::regclass)"),
        column("2", "2", "email", "25", ""),
        column("3", "1", "id", "23", ""),
        column("3", "2", "n", "23", ""),
        column("4", "1", "id", "23", ""),
        column("4", "2", "parent", "23", ""),
    ];
    let index = |table, primary, column| vec![table, primary, "t", column, "", ""];
    let indexes = [
        index("1", "t", "1"),
        index("2", "t", "1"),
        index("2", "f", "2"),
        index("3", "t", "1"),
        index("4", "t", "1"),
    ];
    let table = |all: &[Vec<&str>]| rows(&all.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let answers: Answers = vec![
        table(&relations),
        table(&columns),
        table(&indexes),
        rows(&[&["1", "(n >= 0)"]]),
        rows(&[&["4", "{2}", "3", "{1}"]]),
        rows(&[&["total"]]),
        rows(&[&["f", "f", "\"$user\", public", "on", ""]]),
        rows(&[&["lower"], &["now"], &["count"], &["sum"], &["max"], &["array_agg"]]),
    ];
    let mut following = Following::default();
    following.learn_schema(answers, BTreeSet::new());
    following
}

fn query(sql: &str) -> Vec<u8> {
    let length = u32::try_from(sql.len() + 5).unwrap();
    [b"Q".as_slice(), &length.to_be_bytes(), sql.as_bytes(), b"\0"].concat()
}

fn take(following: &mut Following, sql: &str, reply: Option<&[u8]>) -> Footprint {
    at(following, sql, reply, Isolation::ReadCommitted)
}

fn at(following: &mut Following, sql: &str, reply: Option<&[u8]>, level: Isolation) -> Footprint {
    let request = if sql.is_empty() { Vec::new() } else { query(sql) };
    let exchange = Exchange { connection: A, queued: &[], request: &request, context: None, reply };
    following.take(&exchange, level)
}

/// A footprint in words, in their order: `r` reads, `w` writes.
fn told(footprint: &Footprint) -> String {
    let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
    let told = |touch: &Touch| {
        let object = touch.object.as_ref().map_or("*".to_owned(), text).replace("public.", "");
        let part = touch.part.as_ref().map(|part| format!("[{}]", text(part))).unwrap_or_default();
        format!("{} {object}{part}", if touch.access == explore::Access::Reads { 'r' } else { 'w' })
    };
    let told: BTreeSet<String> = footprint.0.iter().map(told).collect();
    told.into_iter().collect::<Vec<_>>().join(", ")
}

fn touches(sql: &str) -> String {
    told(&take(&mut following(), sql, Some(DONE)))
}

/// Adding to one row is the same in either order, unless rows are refused by their values, or what is left is told.
#[test]
fn sums_of_one_row_merge() {
    let merges = |sql: &str| {
        let footprint = take(&mut following(), sql, Some(DONE));
        footprint.0.iter().any(|touch| matches!(touch.access, explore::Access::Merges(_)))
    };
    assert!(merges("UPDATE parent SET n = n - 1 WHERE id = 1"));
    assert!(!merges("UPDATE acct SET n = n - 1 WHERE id = 1"), "it has a check");
    for other in [
        "UPDATE parent SET n = n - 1 WHERE id = 1 RETURNING n",
        "UPDATE parent SET n = n - 1 WHERE id = 1 AND n > 0",
        "UPDATE parent SET n = n - -1 WHERE id = 1",
        "UPDATE parent SET n = id - 1 WHERE id = 1",
        "UPDATE parent SET n = 1 WHERE id = 1",
        "UPDATE parent SET n = n - 1",
        "BEGIN; UPDATE parent SET n = n - 1 WHERE id = 1",
    ] {
        assert!(!merges(other), "{other}");
    }
}

#[test]
fn one_row_is_touched_where_the_key_is_given() {
    for (sql, expected) in [
        ("SELECT * FROM acct WHERE id = 1", "r rows acct[1:1]"),
        ("SELECT * FROM public.acct AS a WHERE a.id = '01' AND (n > 0)", "r rows acct[1:1]"),
        ("SELECT * FROM acct WHERE id = -1::bigint", "r rows acct"),
        ("UPDATE acct SET n = n + 1 WHERE id = 7", "w locks acct[1:7], w rows acct[1:7]"),
        ("DELETE FROM acct WHERE 7 = id", "w locks acct[1:7], w rows acct[1:7]"),
        ("INSERT INTO acct VALUES (7)", "w locks acct[1:7], w rows acct[1:7]"),
        (
            "INSERT INTO acct (n, id) VALUES (0, 7), (0, 8) ON CONFLICT (id) DO UPDATE SET n = 1",
            "w locks acct[1:7], w locks acct[1:8], w rows acct[1:7], w rows acct[1:8]",
        ),
    ] {
        assert_eq!(touches(sql), expected, "{sql}");
    }
}

#[test]
fn whole_table_is_touched_where_other_rows_may_be_noticed() {
    let whole = "w locks acct, w rows acct";
    for (sql, expected) in [
        ("SELECT * FROM acct", "r rows acct"),
        ("SELECT * FROM acct WHERE id = 1 OR n = 1", "r rows acct"),
        ("SELECT * FROM acct WHERE id = 1 AND note::int > 0", "r rows acct"),
        ("SELECT * FROM acct WHERE id = 1 AND n / n > 0", "r rows acct"),
        ("SELECT * FROM acct WHERE id = 1.0", "r rows acct"),
        ("SELECT * FROM acct a, child c WHERE a.id = 1", "r rows acct, r rows child"),
        ("UPDATE acct SET id = 2 WHERE id = 1", whole),
        ("UPDATE acct SET n = 1 FROM item WHERE acct.id = 1", "r rows item, w locks acct, w rows acct"),
        ("INSERT INTO acct (n) VALUES (1)", whole),
        ("INSERT INTO acct SELECT 1, 2", whole),
        ("INSERT INTO acct VALUES (7) ON CONFLICT (id) DO UPDATE SET id = 8", whole),
        ("INSERT INTO item (email) VALUES ('a')", "w locks item, w rows item, w sequence item_id_seq"),
        ("INSERT INTO item VALUES (5, 'a')", "w locks item, w rows item"),
        ("UPDATE item SET email = 'b' WHERE id = 1", "w locks item, w rows item"),
        ("DELETE FROM item WHERE id = 1", "w locks item, w rows item"),
        ("UPDATE parent SET n = 1 WHERE id = 1", "w locks parent[1:1], w rows parent[1:1]"),
        ("DELETE FROM parent WHERE id = 1", "w locks child, w locks parent, w rows child, w rows parent"),
    ] {
        assert_eq!(touches(sql), expected, "{sql}");
    }
}

#[test]
fn what_is_not_known_touches_everything() {
    for sql in [
        "SELECT total()",
        "SELECT a.total FROM acct a",
        "SELECT random()",
        "SELECT lower(note), xmin FROM acct",
        "SELECT * FROM unknown",
        "SELECT * FROM pg_class",
        "SELECT * FROM other.acct",
        "SELECT 'acct'::regclass",
        "SELECT * INTO t FROM acct",
        "SELECT 1 OPERATOR(s.+) 2",
        "SELECT * FROM acct TABLESAMPLE SYSTEM (10)",
        "LOCK TABLE acct",
        "CREATE TABLE t ()",
        "DO $$ BEGIN END $$",
        "COPY acct TO STDOUT",
        "SET search_path = s",
        "DECLARE c CURSOR FOR SELECT 1",
        "NOTIFY c",
        "no SQL",
        "WITH acct AS (SELECT 1) SELECT total() FROM acct",
    ] {
        assert_eq!(touches(sql), "w *", "{sql}");
    }
    for quiet in
        ["SELECT 1", "BEGIN", "SHOW server_version", "SET lock_timeout = 5", "SELECT lower('A'), now()"]
    {
        assert_eq!(touches(quiet), "", "{quiet}");
    }
}

/// The text is parsed again and again in the search, so its tree must not be too deep for the stack.
#[test]
fn deep_and_long_texts_are_read_to_their_end() {
    for sql in [
        format!("SELECT 1{}", "+1".repeat(2_000)),
        format!("SELECT {}1{}", "(".repeat(2_000), ")".repeat(2_000)),
        format!("SELECT 1 WHERE true{}", " AND a".repeat(600)),
        format!("SELECT 1{}", " UNION SELECT 1".repeat(250)),
        format!("SELECT '{}'", "x".repeat(10_000)),
    ] {
        assert_eq!(touches(&sql), "w *");
    }
}

#[test]
fn name_of_a_with_query_is_no_table() {
    assert_eq!(touches("WITH acct AS (SELECT 1) SELECT * FROM acct"), "");
    assert_eq!(touches("WITH acct AS (SELECT * FROM acct) SELECT * FROM acct"), "r rows acct");
    assert_eq!(touches("WITH x AS (WITH acct AS (SELECT 1) SELECT 1) SELECT * FROM acct"), "r rows acct");
}

#[test]
fn what_is_not_committed_is_noticed_by_its_locks_only() {
    let mut following = following();
    assert_eq!(told(&take(&mut following, "BEGIN", Some(OPEN))), "");
    let written = take(&mut following, "UPDATE acct SET n = 1 WHERE id = 1", Some(OPEN));
    assert_eq!(told(&written), "r rows acct[1:1], w locks acct[1:1]");
    let locked = take(&mut following, "SELECT 1 FROM acct WHERE id = 2 FOR UPDATE", Some(OPEN));
    assert_eq!(told(&locked), "r rows acct[1:2], w locks acct[1:2]");
    let mut other = following.take(
        &Exchange {
            connection: ConnectionId { ordinal: 1, ..A },
            queued: &[],
            request: &query("SELECT * FROM acct"),
            context: None,
            reply: None,
        },
        Isolation::ReadCommitted,
    );
    assert!(!other.conflicts_with(&written));
    let committed = take(&mut following, "COMMIT", Some(DONE));
    assert_eq!(told(&committed), "w locks acct[1:1], w locks acct[1:2], w rows acct[1:1]");
    assert!(other.conflicts_with(&committed));
    other.add(take(&mut following, "COMMIT", Some(DONE)));
    assert_eq!(told(&other), "r rows acct", "nothing is left to commit");
}

#[test]
fn transaction_that_fails_lets_go_what_it_holds_and_publishes_nothing() {
    let mut following = following();
    take(&mut following, "BEGIN; UPDATE acct SET n = 1 WHERE id = 1", Some(OPEN));
    let failed = [FAILED, b"E"].concat();
    assert_eq!(told(&take(&mut following, "SELECT 1", Some(&failed))), "w locks acct[1:1]");
    assert_eq!(told(&take(&mut following, "ROLLBACK", Some(DONE))), "w locks acct[1:1]");
    assert_eq!(told(&take(&mut following, "SELECT 1", Some(DONE))), "");
}

#[test]
fn write_that_found_no_row_or_failed_has_only_read() {
    let mut following = following();
    let none = b"C\0\0\0\x0dUPDATE 0\0Z\0\0\0\x05I";
    let sql = "UPDATE acct SET n = 1 WHERE id = 1";
    assert_eq!(told(&take(&mut following, sql, Some(none))), "r locks acct[1:1], r rows acct[1:1]");
    let failed = [FAILED, b"I"].concat();
    let drawn = told(&take(&mut following, "INSERT INTO item (email) VALUES ('a')", Some(&failed)));
    assert_eq!(drawn, "r locks item, r rows item, w sequence item_id_seq", "a number is not given back");
    let untold = "WITH w AS (UPDATE acct SET n = 1 WHERE id = 1) SELECT 0";
    assert_eq!(told(&take(&mut following, untold, Some(none))), "w locks acct[1:1], w rows acct[1:1]");
    assert!(
        told(&take(&mut following, "BEGIN; UPDATE acct SET n = 1 WHERE id = 1", Some(none))).contains('w')
    );
}

#[test]
fn request_that_waits_is_told_whole_again_when_it_goes_on() {
    let mut following = following();
    let waits = take(&mut following, "UPDATE acct SET n = 1 WHERE id = 1", None);
    assert_eq!(told(&waits), "r rows acct[1:1], w locks acct[1:1]", "nobody sees yet what it writes");
    let none = b"C\0\0\0\x0dUPDATE 0\0Z\0\0\0\x05I";
    let ends = told(&take(&mut following, "", Some(none)));
    assert_eq!(ends, "w locks acct[1:1], w rows acct[1:1]", "it has stood in the queue");
    assert_eq!(told(&take(&mut following, "", Some(b""))), "w *", "its client is gone");
}

#[test]
fn snapshot_of_a_repeatable_read_reads_everything_once() {
    let mut following = following();
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ";
    assert_eq!(
        told(&take(&mut following, begin, Some(OPEN))),
        "r *",
        "`Parse` may choose it behind our back"
    );
    let first = take(&mut following, "SELECT * FROM acct WHERE id = 1", Some(OPEN));
    assert_eq!(told(&first), "r *, r rows acct[1:1]");
    assert_eq!(told(&take(&mut following, "SELECT * FROM child", Some(OPEN))), "");
    let written = take(&mut following, "UPDATE acct SET n = 1 WHERE id = 1", Some(OPEN));
    assert_eq!(told(&written), "r rows acct[1:1], w locks acct[1:1]");
    assert_eq!(told(&take(&mut following, "COMMIT", Some(DONE))), "w locks acct[1:1], w rows acct[1:1]");
    let alone = at(&mut following, "SELECT * FROM acct", Some(DONE), Isolation::RepeatableRead);
    assert_eq!(told(&alone), "r rows acct");
}

#[test]
fn serializable_transaction_touches_everything() {
    let mut following = following();
    assert_eq!(told(&at(&mut following, "SELECT 1", Some(DONE), Isolation::Serializable)), "w *");
    for sql in ["BEGIN", "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "SELECT 1", "COMMIT"] {
        let is_first = sql == "BEGIN";
        let expected = if is_first { "" } else { "w *" };
        assert_eq!(told(&take(&mut following, sql, Some(OPEN))), expected, "{sql}");
    }
}

#[test]
fn unclear_statement_makes_the_end_of_its_transaction_unclear() {
    let mut following = following();
    take(&mut following, "BEGIN", Some(OPEN));
    take(&mut following, "UPDATE acct SET n = txid_current()", Some(OPEN));
    assert_eq!(told(&take(&mut following, "SELECT 1", Some(OPEN))), "");
    assert_eq!(told(&take(&mut following, "COMMIT", Some(DONE))), "w *");
    assert_eq!(told(&take(&mut following, "SELECT 1", Some(DONE))), "", "the next one is clear");
    take(&mut following, "SET search_path = s", Some(DONE));
    assert_eq!(told(&take(&mut following, "SELECT 1", Some(DONE))), "w *", "until the execution ends");
    following.begin();
    assert_eq!(told(&take(&mut following, "SELECT 1", Some(DONE))), "");
}

#[test]
fn structure_that_is_forgotten_must_be_asked_for_again() {
    let mut following = following();
    assert!(following.knows_schema());
    following.forget_schema();
    assert!(!following.knows_schema());
    assert_eq!(told(&take(&mut following, "SELECT * FROM acct", None)), "w *");
}

#[test]
fn crowded_table_is_written_whole_and_at_once() {
    let mut following = following();
    following.crowded.insert("rows public.acct".into());
    take(&mut following, "BEGIN", Some(OPEN));
    let written = take(&mut following, "UPDATE acct SET n = 1 WHERE id = 1", Some(OPEN));
    assert_eq!(told(&written), "w locks acct, w rows acct");
}

/// What the parameters of a statement mean for the row that it touches.
#[test]
fn parameter_proves_a_row_only_if_it_cannot_become_another_value() {
    let schema = following().schema.unwrap();
    let part = |text: Option<&'static str>, type_id, sql: &'static str| {
        let parameters =
            vec![Parameter { type_id, text: text.map(Into::into), sent: text.map(str::as_bytes) }];
        let deeds = deeds(&schema, &Executed { sql: sql.as_bytes().into(), parameters });
        let [Deed::Touches(touches)] = deeds.as_slice() else { panic!("{deeds:?}") };
        touches.accesses[0].part.clone()
    };
    let sql = "SELECT * FROM acct WHERE id = $1";
    let seven = Some(Bytes::from_static(b"1:7"));
    assert_eq!(part(Some("7"), None, sql), seven);
    assert_eq!(part(Some("7"), Some(20), "UPDATE acct SET n = 1 WHERE id = $1::bigint"), seven);
    assert_eq!(part(Some("7"), Some(23), "INSERT INTO acct VALUES ($1, 0)"), seven);
    for (text, type_id) in [(None, Some(23)), (Some("7"), Some(701)), (Some("7.0"), None), (Some(" 7"), None)]
    {
        assert_eq!(part(text, type_id, sql), None, "{text:?} {type_id:?}");
    }
    assert_eq!(part(Some("7"), None, "SELECT * FROM acct WHERE id = $2"), None);
    assert_eq!(part(Some("x"), None, "SELECT * FROM acct WHERE id = 1 AND note = $1::int::text"), None);
}

/// `options=-csearch_path=s` makes other tables of the same names.
#[test]
fn client_that_asks_for_settings_is_not_understood() {
    let opening = |parameters: &str| {
        let length = u32::try_from(parameters.len() + 9).unwrap();
        [&length.to_be_bytes()[..], b"\0\x03\0\0", parameters.as_bytes(), b"\0"].concat()
    };
    let mut following = following();
    following.note_opening(&opening("user\0a\0client_encoding\0UTF8\0TimeZone\0UTC\0"));
    assert_eq!(told(&take(&mut following, "SELECT 1", Some(DONE))), "");
    following.note_opening(&opening("user\0a\0options\0-csearch_path=s\0"));
    assert_eq!(told(&take(&mut following, "SELECT 1", Some(DONE))), "w *");
}
