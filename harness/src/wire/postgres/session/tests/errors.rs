//! Tests of errors that take the place of answers: the session stays in step with the server.

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

/// A unit that is one step: simple or prepared, alone or not.
fn unit(sql: &str, prepared: bool) -> Vec<u8> {
    match prepared {
        true => [parse("s", sql), bind("s", &[]), execute(""), SYNC.to_vec()].concat(),
        false => query(sql),
    }
}

/// What the server says if nothing goes wrong, and how the transaction stands then.
fn answer(sql: &str, prepared: bool, open: bool) -> (Vec<Vec<u8>>, bool) {
    let open = match sql {
        "BEGIN" => true,
        "COMMIT" => false,
        _ => open,
    };
    let ready = if open { OPEN } else { IDLE }.to_vec();
    let done = completed("OK");
    let all = match prepared {
        true => vec![PARSED.to_vec(), BOUND.to_vec(), done, ready],
        false => vec![done, ready],
    };
    (all, open)
}

proptest! {
    /// Each unit has exactly one complete answer, whether the server gave it to the unit or to what stood in its place.
    #[test]
    fn nothing_is_owed_after_any_errors(
        units in vec(
            (prop::sample::select(vec!["BEGIN", "UPDATE t SET n = 1", "SELECT 1", "COMMIT"]), any::<bool>(), any::<bool>()),
            0..10,
        ),
    ) {
        let mut talk = Talk::new();
        let (mut open, mut failed) = (false, false);
        for (sql, prepared, wanted) in units {
            let bytes = unit(sql, prepared);
            let request = talk.cut(&[&bytes]);
            let codes = talk.0.errors(&[], &bytes, request.context.as_ref());
            prop_assert_eq!(codes.len() == 1, failed || sql == "BEGIN" || (!open && sql != "UPDATE t SET n = 1"));
            if !wanted || codes.len() == 1 {
                let (mut told, stands) = answer(sql, prepared, open);
                if failed && sql != "COMMIT" {
                    told = vec![error("ERROR", "25P02", "no"), FAILED.to_vec()];
                } else {
                    (open, failed) = (stands, false);
                }
                talk.answered(&told.iter().map(Vec::as_slice).collect::<Vec<_>>());
                continue;
            }
            let injected = talk.0.inject(&bytes, request.context.as_ref(), codes[0]);
            prop_assert!(matches!(injected, Injected::Instead(_)));
            let told = match sql {
                "COMMIT" => [completed("ROLLBACK"), IDLE.to_vec()],
                _ => [error("ERROR", codes[0].as_str(), "no"), if open { FAILED } else { IDLE }.to_vec()],
            };
            talk.answered(&[&told[0], &told[1]]);
            (failed, open) = (open && sql != "COMMIT", open && sql != "COMMIT");
        }
        prop_assert!(talk.unasked(IDLE));
    }
}

/// The server is in the middle of something that another query would not end.
#[test]
fn what_no_sync_ends_fails_only_with_the_connection() {
    let mut talk = Talk::new();
    let flushed = [parse("s", "UPDATE t SET n = 1"), bind("s", &[]), execute(""), FLUSH.to_vec()].concat();
    let request = talk.cut(&[&flushed]);
    let codes = talk.0.errors(&[], &flushed, request.context.as_ref());
    assert_eq!(codes, ["57P01".parse().expect("a word")]);
    assert_eq!(talk.0.inject(&flushed, request.context.as_ref(), codes[0]), Injected::End);
}
