//! Where units end, what they mean for the gate, and what opens a connection.

use super::*;

#[test]
fn a_simple_query_and_a_function_call_are_steps() {
    let mut talk = Talk::new();
    assert_eq!(talk.ask(&[&query("SELECT 1")]), STEP);
    assert_eq!(talk.ask(&[&message(b'F', b"\0\0\0\x01\0\0\0\0\0\0")]), STEP);
    assert_eq!(talk.ask(&[TERMINATE]), RequestClass::Goodbye);
}

#[test]
fn a_batch_is_a_step_if_something_is_executed() {
    let mut talk = Talk::new();
    assert_eq!(talk.ask(&[&parse("s", "SELECT 1"), &describe("s"), SYNC]), RequestClass::Pass);
    assert_eq!(talk.ask(&[&bind("s", &[]), &execute(""), SYNC]), STEP);
    assert_eq!(talk.ask(&[&close("s"), SYNC]), RequestClass::Pass);
    assert_eq!(talk.ask(&[SYNC]), RequestClass::Pass);
    assert_eq!(talk.ask(&[FLUSH]), RequestClass::Part);
}

#[test]
fn pipelined_syncs_end_a_batch_each() {
    let mut talk = Talk::new();
    let batch = [parse("", "SELECT 1"), bind("", &[]), execute(""), SYNC.to_vec()].concat();
    let two = [&batch[..], &batch].concat();
    for rest in [&two[..], &batch] {
        let request = talk.0.request(rest).expect("legal").expect("whole");
        assert_eq!((request.length, request.class), (batch.len(), STEP));
    }
}

#[test]
fn a_batch_is_cut_when_its_end_is_here_and_its_messages_are_looked_at_once() {
    let batch = [parse("", "SELECT 1").repeat(1000), SYNC.to_vec()].concat();
    let mut cutter = Cutter::new(Limits::default());
    for end in 0..batch.len() {
        assert_eq!(cutter.scan(&batch[..end], Mode::Ready), Ok(None));
        assert!(end - cutter.position() < 32, "what is known stays known");
    }
    let whole = Unit { length: batch.len(), kind: Kind::Batch(End::Sync) };
    assert_eq!(cutter.scan(&batch, Mode::Ready), Ok(Some(whole)));
}

#[test]
fn the_sql_of_what_is_executed_decides_whether_it_splits() {
    let mut talk = Talk::new();
    talk.ask(&[&parse("u", "UPDATE t SET n = 1"), &parse("s", "SELECT 1"), SYNC]);
    assert!(!talk.cut(&[&bind("s", &[]), &execute(""), SYNC]).splits);
    assert!(talk.cut(&[&bind("u", &[]), &execute(""), SYNC]).splits);
    assert!(talk.cut(&[&bind("never seen", &[]), &execute(""), SYNC]).splits);
    assert!(talk.cut(&[&query("SELECT 1; DELETE FROM t")]).splits);
    assert!(!talk.cut(&[&bind_portal("p", "s", &[]), SYNC]).splits);
    assert!(!talk.cut(&[&execute("p"), SYNC]).splits);
}

#[test]
fn what_is_no_request_is_refused_at_its_first_byte() {
    for bytes in [&b"\0"[..], b"Z", b"\x16\x03\x01", b"p"] {
        let refused = Talk::new().0.request(bytes);
        assert!(matches!(refused, Err(WireError::Malformed { .. })), "{bytes:?}: {refused:?}");
    }
    let broken =
        [message(b'P', b"name"), message(b'B', b"\0\0\0\x01"), message(b'D', b"x\0"), message(b'Q', b"x")];
    for broken in broken {
        let refused = Talk::new().0.request(&[&broken[..], SYNC].concat());
        assert!(matches!(refused, Err(WireError::Malformed { .. })), "{broken:?}: {refused:?}");
    }
}

#[test]
fn a_gigabyte_is_refused_before_it_comes() {
    assert!(matches!(Talk::new().0.request(b"Q\x40\0\0\0"), Err(WireError::TooLarge { .. })));
    assert!(matches!(Talk::new().0.reply(b"D\x40\0\0\0"), Err(WireError::TooLarge { .. })));
    // Many short messages add up too.
    let mut talk = Talk(PostgresSession::new(Limits { message_bytes_max: 100, ..Limits::default() }));
    let batch = parse("", "SELECT 1").repeat(6);
    assert!(matches!(talk.0.request(&batch), Err(WireError::TooLarge { limit: 100, .. })));
}

#[test]
fn after_an_error_behind_a_flush_all_up_to_the_sync_is_one_unit_that_passes() {
    let mut talk = Talk::new();
    talk.ask(&[&parse("s", "SELEC"), FLUSH]);
    let rest: [&[u8]; 5] = [&bind("s", &[]), &execute(""), FLUSH, &query("DELETE FROM t"), SYNC];
    assert!(talk.waits(&rest), "whether it is ignored is not known yet");
    talk.answered(&[&error("ERROR", "42601", "syntax error")]);
    let request = talk.cut(&rest);
    assert_eq!((request.class, request.splits), (RequestClass::Pass, false));
    talk.answered(&[IDLE]);
    talk.done("SELECT 1", IDLE);
}

#[test]
fn behind_a_flush_that_succeeds_work_goes_on() {
    let mut talk = Talk::new();
    talk.ask(&[&parse("s", "SELECT $1"), &describe("s"), FLUSH]);
    talk.answered(&[PARSED, &parameters(&[23]), &columns(&[("n", 23, 0)])]);
    assert_eq!(talk.ask(&[&bind("s", &[None]), &execute(""), FLUSH]), STEP);
    talk.answered(&[BOUND, &row(&[None]), &completed("SELECT 1")]);
    assert_eq!(talk.ask(&[SYNC]), RequestClass::Pass);
    talk.answered(&[IDLE]);
}

#[test]
fn a_query_may_end_a_batch() {
    let mut talk = Talk::new();
    assert_eq!(talk.ask(&[&parse("s", "SELECT 1"), &query("SELECT 2")]), STEP);
    talk.answered(&[PARSED, &completed("SELECT 1"), IDLE]);
    talk.ask(&[&parse("s", "SELEC"), &query("SELECT 2")]);
    talk.answered(&[&error("ERROR", "42601", "syntax error")]);
    assert_eq!(talk.ask(&[&query("SELECT 3"), SYNC]), RequestClass::Pass);
    talk.answered(&[IDLE]);
}

#[test]
fn a_password_is_part_of_the_start_up_and_requests_wait_for_its_end() {
    let mut session = PostgresSession::new(Limits::default());
    assert_eq!(session.greeted(b"R\0\0\0\x08\0\0\0\x03"), Ok(None));
    let mut talk = Talk(session);
    assert_eq!(talk.ask(&[&message(b'p', b"secret\0")]), RequestClass::Part);
    assert!(talk.waits(&[&query("SELECT 1")]));
    talk.answered(&[b"R\0\0\0\x08\0\0\0\0", SETTING, b"K\0\0\0\x0c\0\0\0\x09\0\0\0\x07", IDLE]);
    assert_eq!(talk.0.key(), Some(9));
    assert!(!talk.0.used());
    assert_eq!(talk.ask(&[&query("SELECT 1")]), STEP);
}

#[test]
fn replication_is_refused_with_its_name() {
    let mut talk = Talk::new();
    let startup = b"\0\0\0\x25\0\x03\0\0user\0a\0replication\0database\0\0";
    assert_eq!(talk.0.opening(startup), Ok(Some(Opening::Connect { length: startup.len() })));
    let RequestClass::Unsupported(reason) = talk.ask(&[&query("IDENTIFY_SYSTEM")]) else {
        panic!("it is refused");
    };
    assert!(reason.contains("`replication=database`"), "{reason}");
    assert_eq!(talk.ask(&[TERMINATE]), RequestClass::Goodbye);
    assert!(talk.unasked(b"W\0\0\0\x07\0\0\0"));
}

#[test]
fn the_essence_and_the_text_of_a_batch_come_from_its_context() {
    let shown = |name: &str| {
        let mut talk = Talk::new();
        talk.ask(&[&parse(name, "UPDATE stock\n  SET n = n - 1 WHERE id = $1"), &describe(name), SYNC]);
        let batch = [bind(name, &[Some(1)]), execute(""), SYNC.to_vec()].concat();
        let request = talk.cut(&[&batch]);
        talk.answered(&[PARSED, &parameters(&[23]), NO_DATA, IDLE]);
        let context = request.context.as_ref();
        let essence = talk.0.essence_of_request(&batch, context).into_owned();
        (essence, talk.0.show_request(&batch, context))
    };
    assert_eq!(shown("s17").1, "UPDATE stock SET n = n - 1 WHERE id = $1 [1]");
    assert_eq!(shown("s17"), shown("s18"));
}

#[test]
fn binary_rows_are_shown_by_what_was_described_before() {
    let mut talk = Talk::new();
    talk.ask(&[&parse("s", "SELECT n FROM t"), &describe("s"), SYNC]);
    talk.answered(&[PARSED, &parameters(&[]), &columns(&[("n", 23, 0)]), IDLE]);
    let request = talk.cut(&[&bind("s", &[]), &execute(""), &bind("s", &[]), &execute(""), SYNC]);
    let result = |n: i32| [row(&[Some(&n.to_be_bytes())]), completed("SELECT 1")].concat();
    let reply = [&result(10)[..], &result(11), IDLE].concat();
    assert_eq!(talk.0.show_reply(&reply, request.context.as_ref()), "1 row: (10); 1 row: (11)");
}
