//! Owns records to look at, as their JSON says them, so that they are read as a record of any version is.

use raceproof_reports::Document;
use raceproof_reports::html::{Source, page};
use serde_json::{Value, json};

/// Markup, quotes, escape sequences, characters that turn text around.
pub(crate) const MARKUP: &str = "<script>window.owned=1</script><img src=x onerror=\"window.owned=1\"></code></td></table><svg onload=alert(1)>&amp;";
pub(crate) const TURNED: &str = "paid\u{202e}diap\u{2066}\u{200b}\u{1b}[2J\0\u{9b}31m";

/// The page of these outcomes, each of which has a command that replays it if it is a violation.
pub(crate) fn page_of(outcomes: Vec<Value>) -> String {
    let command = ["raceproof", "run", "--stores", "local"];
    let document = json!({
        "format": "raceproof-record", "version": 1, "program": "0.1.0", "command": command, "outcomes": outcomes,
    });
    let document: Document = serde_json::from_value(document).expect("records of any version are read");
    let command = |name: &str| format!("raceproof replay target/raceproof/report.json {name} --stores local");
    let replay_commands = document
        .outcomes
        .iter()
        .map(|outcome| outcome.counterexample.as_ref().map(|_| command(&outcome.card.name)))
        .collect();
    page(&[Source { document: &document, replay_commands }]).expect("rendering fails on no data")
}

/// One of each kind, in three families.
pub(crate) fn mixed() -> Vec<Value> {
    vec![
        caught("counter/get-set", 2),
        passed("counter/incr", None),
        passed("lock/fenced", None),
        passed("lock/unfenced", Some("mutual exclusion violated")),
        caught("lock/lease-del", 2),
        flagged("inventory/script", 3),
        caught("inventory/count-then-book", 4),
    ]
}

/// A broken variant that was caught, `pairs` of steps long.
pub(crate) fn caught(name: &str, pairs: usize) -> Value {
    let mut outcome = passed(name, Some("lost update"));
    let evidence = evidence(pairs);
    outcome["verdict"] = verdict(&evidence["violation"]);
    outcome["coverage"]["stopped"] = json!("first-violation");
    outcome["coverage"]["exhausted"] = json!(false);
    outcome["coverage"]["schedules"] = json!(2);
    outcome["coverage"]["violating"] = json!(1);
    outcome["coverage"]["first_violation"] = json!(2);
    outcome["counterexample"] = evidence;
    outcome
}

/// A correct variant that was flagged.
pub(crate) fn flagged(name: &str, pairs: usize) -> Value {
    let mut outcome = caught(name, pairs);
    outcome["card"]["expected"] = json!({ "is": "pass" });
    outcome
}

/// A violation of which every text is hostile, and values are `bytes` long.
pub(crate) fn hostile(number: usize, bytes: usize) -> Value {
    let long = format!("{}{MARKUP}{TURNED}", "<\"\u{301}\u{301}".repeat(bytes / 6));
    let mut outcome = caught(&format!("{MARKUP}/{number}{TURNED}"), 0);
    outcome["card"]["about"] = json!(long);
    outcome["stores"] = json!([long]);
    outcome["clock"] = json!(long);
    let violation = json!({ "invariant": long, "found": format!("{MARKUP} {TURNED}"), "step": 2 });
    outcome["verdict"] = verdict(&violation);
    let step = |worker: &str| {
        let mut step = step(worker, &long, &long);
        step["changes"] = json!([{ "key": long, "before": TURNED, "after": MARKUP }]);
        step
    };
    for execution in ["shrunk", "original"] {
        let trace = &mut outcome["counterexample"][execution];
        trace["steps"] = json!([step("A"), step("B")]);
        trace["schedule"] = json!("A B");
        trace["initial_state"] = json!(MARKUP);
        trace["final_state"] = json!(long);
        trace["operations"][0]["name"] = json!(long);
    }
    outcome["counterexample"]["violation"] = violation;
    outcome
}

/// A variant of which nothing was seen to break; a broken one if an anomaly is expected of it.
pub(crate) fn passed(name: &str, anomaly: Option<&str>) -> Value {
    let expected = match anomaly {
        Some(anomaly) => json!({ "is": "violation", "anomaly": anomaly }),
        None => json!({ "is": "pass" }),
    };
    let about = "Each worker reads the counter and writes back one more. Two that read the same value write the same.";
    json!({
        "card": { "name": name, "about": about, "expected": expected, "stores": ["redis"], "workers": 2, "source": null },
        "workers": 2, "model": "pause", "seed": 7, "verdict": { "is": "pass" }, "counterexample": null,
        "coverage": {
            "strategy": "portfolio", "schedules": 90, "steps": 540, "exhausted": true, "stopped": "exhausted",
            "preemption_bound": null, "violating": 0, "first_violation": null, "final_states": {}, "failures": {},
            "elapsed_us": 20_412,
        },
        "stores": ["redis 7.0.15 over unix: /usr/bin/redis-server, clock virtual"], "clock": "virtual",
    })
}

fn verdict(violation: &Value) -> Value {
    let mut verdict = violation.clone();
    verdict["is"] = json!("violation");
    verdict
}

fn evidence(pairs: usize) -> Value {
    let violation = json!({ "invariant": "no increment is lost", "found": "the counter is 1 after 2 increments", "step": null });
    let told = |index: usize| {
        let worker = if index.is_multiple_of(2) { "A" } else { "B" };
        match index / 2 {
            0 => step(worker, "GET counter", "(nil)"),
            round => {
                let mut step = step(worker, &format!("SET counter {round}"), "OK");
                let before = if round == 1 { Value::Null } else { json!((round - 1).to_string()) };
                step["changes"] = json!([{ "key": "counter", "before": before, "after": round.to_string() }]);
                step
            }
        }
    };
    let steps: Vec<Value> = (0..2 * pairs).map(told).collect();
    let replays = json!({ "attempts": 10, "reproduced": 10, "differing": 0, "first_difference": null });
    let operation = |worker: &str, at: u64| {
        json!({
            "worker": worker, "name": "increment", "argument": "", "invoked": at, "invoked_after_steps": 0,
            "returned": at + 2, "end": { "is": "ok", "with": "1" },
        })
    };
    let trace = json!({
        "workers": ["A", "B"], "schedule": vec!["A B"; pairs].join(" "), "initial_state": "(empty)", "steps": steps,
        "final_state": "counter=1", "operations": [operation("A", 0), operation("B", 1)],
        "ends": { "A": { "is": "finished" }, "B": { "is": "finished" } }, "verdict": verdict(&violation),
    });
    json!({
        "violation": violation, "original": trace, "original_replays": replays, "shrunk": trace, "replays": replays,
        "shrink_candidates": 12,
    })
}

fn step(worker: &str, request: &str, reply: &str) -> Value {
    let effect = json!({
        "did": "request", "connection": worker, "store": "redis", "queued": [], "request": request, "reply": reply,
        "digest": "00",
    });
    json!({ "effect": effect, "woken": [], "changes": [], "violated": null })
}
