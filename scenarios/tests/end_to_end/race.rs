//! Scenario files: the examples with their bugs and their fixes, replays from the file that a record names, a command at the gate.

use std::path::{Path, PathBuf};

use crate::place::{Called, Place};

/// The program with the Python environment and the Node modules of `ci/setup`, and Debian's Go packages.
fn call(place: &Place, arguments: &[&str]) -> Called {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let python = target.join("python/bin");
    assert!(python.join("python3").exists(), "`{}` is not there (run ci/setup)", python.display());
    let path = std::env::var("PATH").expect("there is a path");
    let mut command = place.command(arguments);
    command.env("PATH", format!("{}:{path}", python.display()));
    command.env("NODE_PATH", target.join("node/usr/share/nodejs"));
    command.env("GO111MODULE", "off").env("GOPATH", "/usr/share/gocode");
    Called::of(&command.output().expect("the program was built"))
}

fn example(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/race").join(name).display().to_string()
}

/// The bug is found and replays ten times out of ten, from the record alone; the fix is explored without a violation. Nothing is
/// left of either.
fn bug_is_found_and_fix_holds(name: &str, store: &str, budget: &str) {
    let place = Place::new();
    let (bug, fix) = (example(&format!("{name}/bug.toml")), example(&format!("{name}/fix.toml")));
    let found = call(&place, &["run", "-c", &bug, "--stores", "local", "--out", "records"]).ended_with(1);
    assert!(found.stdout.contains("replayed  10/10 with the same violation"), "{}", found.stdout);
    assert!(found.stderr.contains(store), "{}", found.stderr);
    let record = format!("records/examples-{name}-bug.json");
    let again = call(&place, &["replay", &record, "--stores", "local"]).ended_with(0);
    assert!(again.stdout.ends_with("reproduced 10/10\n"), "{}", again.stdout);
    let held = call(&place, &["run", "-c", &fix, "--stores", "local", "--out", "fixed", "--budget", budget]);
    let held = held.ended_with(0);
    assert!(held.stdout.contains("no violation in the"), "{}", held.stdout);
    assert_eq!(place.left(), Vec::<String>::new());
}

#[test]
fn steps_in_the_file_lose_an_update_and_do_not_with_a_lock() {
    bug_is_found_and_fix_holds("steps", "postgres", "20s");
}

#[test]
fn program_for_each_execution_redeems_twice_and_does_not_with_one_command() {
    bug_is_found_and_fix_holds("once", "redis", "10s");
}

#[test]
fn lasting_program_oversells_and_does_not_with_one_statement() {
    bug_is_found_and_fix_holds("lasting", "postgres", "10s");
}

#[test]
fn flask_service_with_a_pool_overbooks_and_does_not_with_a_lock() {
    bug_is_found_and_fix_holds("flask", "postgres", "10s");
}

#[test]
fn fastapi_service_accepts_a_code_twice_and_does_not_with_one_command() {
    bug_is_found_and_fix_holds("fastapi", "redis", "10s");
}

#[test]
fn psycopg2_takes_a_job_twice_and_does_not_with_skip_locked() {
    bug_is_found_and_fix_holds("psycopg2", "postgres", "5s");
}

#[test]
fn sqlalchemy_loses_a_withdrawal_and_does_not_with_a_version() {
    bug_is_found_and_fix_holds("sqlalchemy", "postgres", "5s");
}

#[test]
fn django_redeems_a_coupon_twice_and_does_not_with_one_update() {
    bug_is_found_and_fix_holds("django", "postgres", "5s");
}

#[test]
fn node_postgres_sells_a_seat_twice_and_does_not_with_one_update() {
    bug_is_found_and_fix_holds("node-pg", "postgres", "5s");
}

#[test]
fn node_redis_passes_its_limit_and_does_not_if_it_counts_first() {
    bug_is_found_and_fix_holds("node-redis", "redis", "5s");
}

#[test]
fn go_gives_a_number_twice_and_does_not_with_a_lock() {
    bug_is_found_and_fix_holds("go", "postgres", "5s");
}

#[test]
fn psql_makes_two_leaders_and_does_not_with_one_update() {
    bug_is_found_and_fix_holds("psql", "postgres", "5s");
}

/// Which of the two requests did what is told, and no name of a connection without one.
#[test]
fn report_of_a_service_names_its_requests() {
    let place = Place::new();
    let found = call(&place, &["run", "-c", &example("flask/bug.toml"), "--stores", "local"]).ended_with(1);
    for request in ["A book(POST /book/A) returned 200 booked", "B book(POST /book/B) returned 200 booked"] {
        assert!(found.stdout.contains(request), "{}", found.stdout);
    }
    assert!(!found.stdout.contains("W65535"), "{}", found.stdout);
}

/// What `init` writes runs as it is; a second time it leaves the file alone.
#[test]
fn file_that_init_writes_finds_a_violation() {
    let place = Place::new();
    place.call(&["init"]).ended_with(0);
    place.call(&["init"]).ended_with(2);
    let found = place.call(&["run", "-c", "race.toml", "--stores", "local"]).ended_with(1);
    assert!(found.stdout.contains("the balance is what the withdrawals have left"), "{}", found.stdout);
    place.call(&["replay", "raceproof-records/race.json", "--stores", "local"]).ended_with(0);
}

#[test]
fn schema_knows_every_table_of_a_file() {
    let schema = Place::new().call(&["schema", "race"]).ended_with(0).json();
    for table in ["stores", "set-up", "worker", "invariant", "service"] {
        assert!(schema["properties"][table].is_object(), "{table}");
    }
}

#[test]
fn command_at_the_gate_is_told_step_by_step() {
    let place = Place::new();
    let words = ["gate", "--on", "postgres", "--stores", "local", "--", "psql", "--no-psqlrc", "-c"];
    let told = place
        .call(&[&words[..], &["CREATE TABLE seats (id int)", "-c", "INSERT INTO seats VALUES (7)"]].concat());
    let told = told.ended_with(0);
    assert!(
        told.stdout.contains("INSERT INTO seats VALUES (7)") && told.stdout.contains("2 steps"),
        "{}",
        told.stdout
    );
    place.call(&["gate", "--on", "redis", "--stores", "local", "--", "false"]).ended_with(1);
    place.call(&["gate", "--", "no-such-program"]).ended_with(2);
    assert_eq!(place.left(), Vec::<String>::new());
}

/// Sleeping for longer than the grace is told in the record, with the grace; sleeping for less leaves no trace.
#[test]
fn grace_that_decided_is_part_of_the_record() {
    let place = Place::new();
    let graces = |grace_ms: u64| {
        let program = "redis-cli -u $REDIS_URL INCR a; sleep 0.3; redis-cli -u $REDIS_URL INCR a";
        let text = format!(
            "stores = ['redis']\ngrace-ms = {grace_ms}\n[[worker]]\nprogram = ['sh', '-c', '{program}']\n\
             [[invariant]]\npromise = 'both count'\nredis = 'GET a'\nequals = 2\n"
        );
        std::fs::write(place.path("race.toml"), text).expect("our own folder");
        let words = ["run", "-c", "race.toml", "--stores", "local", "--format", "json"];
        place.call(&words).ended_with(0).json()["outcomes"][0]["coverage"]["grace"].clone()
    };
    assert_eq!(graces(20)["ms"], 20);
    assert!(graces(20)["times"].as_u64() > Some(0));
    assert!(graces(5_000).is_null());
}

/// What a lost store makes inconclusive is one search, and the next one has another store.
#[test]
fn store_that_is_lost_is_lost_for_one_search_only() {
    let place = Place::new();
    // Before the first execution it runs twice.
    let kill = r"echo x >> runs; pid=$(redis-cli -u $REDIS_URL INFO server | tr -d '\r' | sed -n s/^process_id://p)
        [ $(wc -l < runs) -lt 3 ] || kill -9 $pid; redis-cli -u $REDIS_URL GET a";
    let file = |name: &str, program: &str| {
        let text = format!(
            "name = '{name}'\nstores = ['redis']\n[set-up]\nredis = 'SET a 1'\n[[worker]]\nprogram = ['sh', '-c', '''{program}''']\n\
             [[invariant]]\npromise = 'a is 1'\nredis = 'GET a'\nequals = 1\n"
        );
        std::fs::write(place.path(&format!("{name}.toml")), text).expect("our own folder");
    };
    file("kills", kill);
    file("reads", "redis-cli -u $REDIS_URL GET a");
    let words = ["run", "-c", "kills.toml", "-c", "reads.toml", "--stores", "local", "--format", "json"];
    let document = place.call(&words).ended_with(3).json();
    let verdict = |index: usize| document["outcomes"][index]["verdict"].clone();
    assert!(verdict(0).to_string().contains("store-lost"), "{}", verdict(0));
    assert!(verdict(1).to_string().contains("pass"), "{}", verdict(1));
    assert_eq!(place.left(), Vec::<String>::new());
}

/// A request that waits for the only connection of the pool is known to wait, so nothing breaks and nothing hangs.
#[test]
fn requests_that_share_one_connection_go_one_behind_the_other() {
    let place = Place::new();
    let copied =
        |name: &str| std::fs::read_to_string(example(&format!("flask/{name}"))).expect("it is there");
    let service = copied("seats.py").replace("min_size=2, max_size=2", "min_size=1, max_size=1");
    assert!(service.contains("max_size=1"), "{service}");
    std::fs::write(place.path("seats.py"), service).expect("our own folder");
    std::fs::write(place.path("race.toml"), copied("bug.toml")).expect("our own folder");
    let words = ["run", "-c", "race.toml", "--stores", "local", "--format", "json", "--budget", "10s"];
    let outcome = call(&place, &words).ended_with(0).json()["outcomes"][0].clone();
    assert_eq!(outcome["verdict"]["is"], "pass", "{outcome}");
    assert!(outcome["coverage"]["grace"]["times"].as_u64() > Some(0), "{outcome}");
    assert_eq!(place.left(), Vec::<String>::new());
}
