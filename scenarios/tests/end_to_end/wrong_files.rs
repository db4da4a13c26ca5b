//! Scenario files that make no sense: each gives one error, which names the place, and the documented exit code, and leaves nothing.

use std::fs;

use crate::place::Place;

/// A file that is right but for what a case changes.
const RIGHT: &str = r#"stores = ["postgres", "redis"]

[set-up]
sql = "CREATE TABLE counter (v int); INSERT INTO counter VALUES (0)"
redis = "SET hits 0"

[[worker]]
name = "count"
count = 2
steps = [{ sql = "UPDATE counter SET v = v + 1" }]

[[invariant]]
promise = "every count counts"
sql = "SELECT v FROM counter"
equals = "{done.count}"
"#;

/// What is changed into what, the place that is named, a part of what is said, and the exit code.
const WRONG: [(&str, &str, &str, &str, i32); 26] = [
    ("[set-up]", "[set-up", "race.toml:3:8", "", 2),
    ("stores", "stroes", "race.toml:1:1", "unknown field `stroes`", 2),
    ("steps = [{ sql", "steps = [{ sqll", "race.toml:10:12", "unknown field `sqll`", 2),
    ("\"redis\"]", "\"kafka\"]", "race.toml:1:23", "`kafka` is no store", 2),
    ("count = 2", "count = \"two\"", "race.toml:9:9", "invalid type", 2),
    ("count = 2", "count = 0", "race.toml:9:9", "1 to 64 workers", 2),
    ("count = 2", "count = 65", "race.toml:9:9", "1 to 64 workers", 2),
    ("name = \"count\"", "name = \"Count It\"", "race.toml:8:8", "is no name", 2),
    ("steps = [{ sql = \"UPDATE counter SET v = v + 1\" }]", "", "race.toml:7:1", "exactly one of", 2),
    ("v + 1\" }", "v + 1\", redis = \"PING\" }", "race.toml:10:10", "exactly one of", 2),
    ("v = v + 1", "v = {seen + 1}", "race.toml:10:18", "`{seen}` stands for nothing here", 2),
    ("v = v + 1", "v = {index plus 1}", "race.toml:10:18", "stands for no value", 2),
    ("equals = \"{done.count}\"", "equals = \"{done.cuont}\"", "race.toml:15:10", "`{done.cuont}`", 2),
    ("sql = \"SELECT v FROM counter\"", "redis = \"GET 'hits\"", "race.toml:14:9", "a ' is not closed", 2),
    ("promise = \"every count counts\"\n", "", "race.toml:12:1", "missing field `promise`", 2),
    ("promise = \"every count counts\"", "promise = \" \"", "race.toml:13:11", "a promise is a sentence", 2),
    ("[[invariant]]", "grace-ms = 0\n[[invariant]]", "", "unknown field `grace-ms`", 2),
    ("stores =", "grace-ms = 0\nstores =", "race.toml:1:12", "between 1 and 60000", 2),
    (
        "steps = [{ sql = \"UPDATE counter SET v = v + 1\" }]",
        "program = [\"no-such-program\"]",
        "race.toml:10:11",
        "not on `PATH`",
        2,
    ),
    (
        "steps = [{ sql = \"UPDATE counter SET v = v + 1\" }]",
        "program = []",
        "race.toml:10:11",
        "there is no program",
        2,
    ),
    (
        "steps = [{ sql = \"UPDATE counter SET v = v + 1\" }]",
        "request = { service = \"shop\", path = \"/\" }",
        "race.toml:10:23",
        "no service `shop`",
        2,
    ),
    // What only a store, or the system, can refuse.
    ("CREATE TABLE counter", "CREATE TABEL counter", "race.toml:4:7", "syntax error", 2),
    ("SET hits 0", "SETT hits 0", "race.toml:5:9", "Redis refuses this", 2),
    ("SELECT v FROM counter", "SELECT w FROM counter", "race.toml:12:1", "column \"w\" does not exist", 2),
    (
        "steps = [{ sql = \"UPDATE counter SET v = v + 1\" }]",
        "program = [\"sh\", \"-c\", \"echo no idea >&2; exit 3\"]",
        "",
        "ended with status 3: no idea",
        4,
    ),
    (
        "steps = [{ sql = \"UPDATE counter SET v = v + 1\" }]",
        "lasting = [\"sh\", \"-c\", \"exit 0\"]",
        "",
        "ended with status 0",
        4,
    ),
];

#[test]
fn wrong_file_gives_one_error_with_its_place_and_leaves_nothing() {
    for (before, after, at, said, code) in WRONG {
        let place = Place::new();
        assert!(RIGHT.contains(before), "{before}");
        fs::write(place.path("race.toml"), RIGHT.replacen(before, after, 1)).expect("our own folder");
        let called = place.call(&["run", "-c", "race.toml", "--stores", "local"]).ended_with(code);
        let errors: Vec<_> = called.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
        assert_eq!(errors.len(), 1, "{after}: {}", called.stderr);
        assert!(called.stderr.contains(at) && called.stderr.contains(said), "{after}: {}", called.stderr);
        assert_eq!(place.left(), Vec::<String>::new(), "{after}");
    }
}

/// Not in the file, but beside it.
#[test]
fn wrong_arguments_around_a_right_file_are_refused() {
    let place = Place::new();
    fs::write(place.path("race.toml"), RIGHT).expect("our own folder");
    fs::write(place.path("empty.toml"), "stores = [\"redis\"]\n").expect("our own folder");
    let url = "redis://127.0.0.1:1/0";
    for (arguments, said) in [
        (&["run", "-c", "missing.toml"][..], "failed to read the scenario file `missing.toml`"),
        (&["run", "-c", "empty.toml"], "there is no worker"),
        (&["run", "-c", "race.toml", "nothing"], "no scenario matches `nothing`"),
        (&["run", "-c", "race.toml", "-c", "race.toml"], "two scenario files are called `race`"),
        (&["run", "-c", "race.toml", "--stores", "url", "--redis-url", url], "add `--disposable`"),
    ] {
        let called = place.call(arguments).ended_with(2);
        assert!(called.stderr.contains(said), "{}", called.stderr);
    }
    assert_eq!(place.left(), Vec::<String>::new());
}

#[test]
fn right_file_is_right() {
    let place = Place::new();
    fs::write(place.path("race.toml"), RIGHT).expect("our own folder");
    place.call(&["run", "-c", "race.toml", "--stores", "local"]).ended_with(0);
}
