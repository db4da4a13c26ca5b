//! Owns the proof that histories are read as they are meant, and that what is broken is named with its place.

use proptest::prelude::*;

use super::*;
use crate::check::linearizability::{Judgement, Limits, Model, check};
use crate::check::models::{CasRegister, KeyValue};
use crate::history::OperationEnd;
use crate::id::WorkerId;

fn one(text: &str) -> Vec<Operation> {
    let mut histories = read(text).expect("it can be read");
    assert_eq!(histories.len(), 1);
    histories.remove(0).operations
}

fn told(text: &str) -> String {
    read(text).expect_err("it cannot be read").to_string()
}

fn is_linearizable(model: &impl Model, text: &str) -> bool {
    let judgement = check(model, &one(text), &Limits::default()).expect("understood");
    matches!(judgement, Judgement::Linearizable(_))
}

const LOG: &str = "\
INFO  jepsen.core - something else\n\
INFO  jepsen.util - 0\t:invoke\t:write\t3\n\
INFO  jepsen.util - 1\t:invoke\t:cas\t[3 0]\n\
INFO  jepsen.util - :nemesis\t:info\t:start\tnil\n\
INFO  jepsen.util - 0\t:ok\t:write\t3\n\
INFO  jepsen.util - 1\t:fail\t:cas\t[3 0]\n\
INFO  jepsen.util - 2\t:invoke\t:read\tnil\n\
INFO  jepsen.util - 2\t:fail\t:read\t:timed-out\n\
INFO  jepsen.util - 1\t:invoke\t:write\t4\n\
INFO  jepsen.util - 1\t:info\t:write\t:timed-out\n\
INFO  jepsen.util - 0\t:invoke\t:read\tnil\n\
INFO  jepsen.util - 0\t:ok\t:read\tnil\n\
INFO  jepsen.util - 3\t:invoke\t:read\tnil\n";

#[test]
fn events_of_a_log_become_operations() {
    let operations = one(LOG);
    let shown: Vec<_> = operations
        .iter()
        .map(|o| (o.worker.0, o.name.as_str(), o.argument.as_str(), o.invoked, o.returned, o.end.clone()))
        .collect();
    assert_eq!(
        shown,
        [
            (0, "write", "3", 0, Some(2), OperationEnd::Ok(String::new())),
            (1, "cas", "[3 0]", 1, Some(3), OperationEnd::Refused(String::new())),
            (1, "write", "4", 6, None, OperationEnd::Unknown("timed-out".to_owned())),
            (0, "read", "", 8, Some(9), OperationEnd::Ok("nil".to_owned())),
            (3, "read", "", 10, None, OperationEnd::Open),
        ]
    );
}

/// As one map after the other, and as one vector; with a tag, a comment and keys that nobody asked for.
#[test]
fn maps_of_edn_become_operations() {
    let maps = "{:type :invoke, :f :cas, :value [nil 1], :process 0, :time 12, :index 0}\n\
        #jepsen.history.Op{:type :invoke, :f :read, :value nil, :process 1} ; who comes first?\n\
        {:type :info, :f :start, :value \"x\", :process :nemesis}\n\
        {:type :fail, :f :cas, :value [nil 1], :process 0, :error [:not-found \"gone\"]}\n\
        #_{:type :ok} {:type :ok, :f :read, :value nil, :process 1}\n";
    for text in [maps.to_owned(), format!("[{maps}]"), format!("; a comment\n({maps}) ")] {
        let operations = one(&text);
        assert_eq!(operations.len(), 1, "the failed one is left out: {operations:?}");
        assert_eq!((operations[0].name.as_str(), operations[0].worker), ("read", WorkerId(1)));
        assert!(is_linearizable(&CasRegister::default(), &text));
    }
    let refused = maps.replace(", :error [:not-found \"gone\"]", "");
    assert!(!is_linearizable(&CasRegister::default(), &refused), "it was refused although nothing was there");
}

#[test]
fn keys_stand_before_values() {
    let text = |read: &str| {
        format!(
            "{{:process 0, :type :invoke, :f :put, :key \"7\", :value \"a b\"}}\n\
             {{:process 0, :type :ok, :f :put, :key \"7\", :value \"a b\"}}\n\
             {{:process 1, :type :invoke, :f :append, :key \"7\", :value \" \\\"c\\u0041\"}}\n\
             {{:process 1, :type :ok, :f :append, :key \"7\", :value \" \\\"c\\u0041\"}}\n\
             {{:process 1, :type :invoke, :f :get, :key \"7\", :value nil}}\n\
             {{:process 1, :type :ok, :f :get, :key \"7\", :value \"{read}\"}}\n"
        )
    };
    assert_eq!(one(&text(""))[1].argument, "7  \"cA");
    assert!(is_linearizable(&KeyValue, &text("a b \\\"cA")));
    assert!(!is_linearizable(&KeyValue, &text("a b")));
}

#[test]
fn operations_are_read_back_from_json() {
    let operations = one(LOG);
    let array = serde_json::to_string(&operations).expect("JSON");
    assert_eq!(one(&array), operations);
    let record =
        format!("{{\"outcomes\": [{{\"trace\": {{\"operations\": {array}}}}}, {{\"operations\": []}}]}}");
    let histories = read(&record).expect("a record");
    let names: Vec<_> = histories.iter().map(|history| history.name.as_str()).collect();
    assert_eq!(names, ["outcomes.0.trace", "outcomes.1"]);
    assert_eq!(histories[0].operations, operations);
}

#[test]
fn what_is_broken_is_named_with_its_place() {
    assert_eq!(told("{:type :invoke\n :f}"), "line 2, column 2: this key of a map has no value");
    assert_eq!(
        told("[{:type :invoke, :f :read, :process 0}"),
        "line 1, column 39: the vector of events has no end"
    );
    assert_eq!(told("{:type :invoke :f :read}"), "line 1, column 1: this event has no `:process`");
    assert_eq!(told("\n  [:read]"), "line 2, column 4: this is no event (they are maps)");
    let log = |line| format!("INFO  jepsen.util - 0 :invoke :read nil\nINFO  jepsen.util - {line}\n");
    assert_eq!(
        told(&log("0 :invoke :read nil")),
        "line 2, column 21: process 0 invokes while its operation before is open"
    );
    assert_eq!(
        told(&log("1 :ok :read nil")),
        "line 2, column 21: process 1 has no open operation that could end here"
    );
    assert_eq!(told(&log("0 :ok :write 3")), "line 2, column 27: `write` is not what process 0 has invoked");
    assert_eq!(
        told(&log("0 :okay :read 3")),
        "line 2, column 23: this is no event (they are `:invoke`, `:ok`, `:fail` and `:info`)"
    );
    assert_eq!(told(&log("0 :ok :read [3")), "line 2, column 33: this `[` has no `]`");
    assert_eq!(told(&log("0 :ok :read")), "line 2, column 32: the line ends before the value");
    assert!(told("Dear diary,").starts_with("line 1, column 1: it holds no operation"));
    assert!(told("[{\"worker\": 1}]").starts_with("line 1, column 13: invalid type: integer"));
    assert!(told("{\"a\": [1, 2}").starts_with("line 1, column 12: expected `,` or `]`"));
    assert!(
        told(&"[".repeat(100)).contains("lie in each other") || told(&"[".repeat(100)).contains("column")
    );
}

#[test]
fn edn_has_places_and_a_depth() {
    let deep = format!("{{:a {}", "[".repeat(1_000));
    assert!(told(&deep).contains("more than 64 values lie in each other"), "{}", told(&deep));
    let mut reader = edn::Reader::new(" ; x\n #{1N -2.5} \"a\\tb\" foo/bar", 0);
    let mut shown = Vec::new();
    while let Some(value) = reader.next_value().expect("EDN") {
        shown.push((value.at, value.plain().into_owned()));
    }
    assert_eq!(shown, [(6, "#{1N -2.5}".to_owned()), (17, "a\tb".to_owned()), (24, "foo/bar".to_owned())]);
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "[\\[\\]{}()\"\\\\;#_: a-z0-9\n\u{e9}]{0,60}", edn in "[{\\[:#]{0,3}[ -~\u{e9}]{0,40}") {
        let _ = read(&text);
        let _ = read(&edn);
        let _ = read(&format!("{LOG}INFO  jepsen.util - {edn}"));
    }
}
