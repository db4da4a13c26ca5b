//! What a session refuses that is confined to one database of a shared server.

use super::*;

#[test]
fn what_reaches_beyond_the_database_is_refused_and_names_it() {
    let lines = [
        "SELECT 3",
        "SELECT 0",
        "SELECT 09",
        "select x",
        "FLUSHALL",
        "SWAPDB 0 9",
        "MOVE k 3",
        "COPY a b DB 3",
        "COPY a b REPLACE db 3",
        "CONFIG SET a b",
        "CONFIG REWRITE",
        "CONFIG RESETSTAT",
        "REPLICAOF NO ONE",
        "SLAVEOF NO ONE",
        "DEBUG SLEEP 0",
        "DEBUG RELOAD",
        "ACL SETUSER a",
        "ACL DELUSER a",
        "ACL LOAD",
        "ACL SAVE",
        "FUNCTION FLUSH",
        "FUNCTION DELETE l",
        "FUNCTION RESTORE x",
        "MODULE LOAD x",
        "CLUSTER RESET",
        "MIGRATE h 1 k 0 0",
        "RESET",
    ];
    for line in lines {
        let reason = Talk::confined(9).refusal(line);
        assert!(reason.contains("database 9"), "{line}: {reason}");
        assert!(
            !matches!(Talk::new().ask(line), RequestClass::Unsupported(_)),
            "{line} on a server of our own"
        );
    }
}

#[test]
fn a_transaction_does_not_hide_it() {
    let mut talk = Talk::confined(9);
    talk.ask("MULTI");
    assert!(talk.refusal("FLUSHALL").starts_with("`FLUSHALL` reaches beyond database 9"));
    assert!(talk.refusal("SELECT 1").contains("database 9"));
    assert_eq!(talk.ask("SET k v"), RequestClass::Queue);
}

#[test]
fn what_stays_in_the_database_is_as_usual() {
    let lines = [
        "FLUSHDB",
        "COPY a b",
        "COPY a b DB 9",
        "COPY a DB",
        "MOVE k 9",
        "CONFIG GET a",
        "ACL WHOAMI",
        "FUNCTION LOAD x",
        "FUNCTION LIST",
        "MODULE LIST",
        "CLUSTER INFO",
        "CLIENT LIST",
        "SCRIPT FLUSH",
        "SET k v",
        "KEYS x",
    ];
    for line in lines {
        assert_eq!(Talk::confined(9).ask(line), STEP, "{line}");
    }
    let mut talk = Talk::confined(9);
    talk.done(&["SELECT 9"]);
    assert!(!talk.0.used());
}

#[test]
fn a_reset_goes_to_database_zero_and_nowhere_else() {
    assert_eq!(Talk::confined(0).ask("RESET"), RequestClass::Pass);
    assert!(Talk::confined(1).refusal("RESET").contains("database 1"));
}
