//! Owns the anomalies that are planted into a valid history, one at a time.

use raceproof::check::{Analysis, Header, MicroList, Scope, Status, Transactions};

use crate::history::Workload;

/// The name of each, and who takes part: `ok` or `fail`, and what it does, to keys that nobody else touches. All overlap.
const PLANTED: [(&str, &[(&str, &str)]); 11] = [
    ("duplicate-append", &[("ok", "[[:append X 1]]"), ("ok", "[[:r X [1 1]]]")]),
    (
        "G0",
        &[
            ("ok", "[[:append X 1] [:append Y 1]]"),
            ("ok", "[[:append X 2] [:append Y 2]]"),
            ("ok", "[[:r X [1 2]] [:r Y [2 1]]]"),
        ],
    ),
    (
        "incompatible-order",
        &[
            ("ok", "[[:append X 1]]"),
            ("ok", "[[:append X 2]]"),
            ("ok", "[[:r X [1 2]]]"),
            ("ok", "[[:r X [2]]]"),
        ],
    ),
    ("dirty-update", &[("fail", "[[:append X 1]]"), ("ok", "[[:append X 2]]"), ("ok", "[[:r X [1 2]]]")]),
    ("G1a", &[("fail", "[[:append X 1]]"), ("ok", "[[:r X [1]]]")]),
    ("G1b", &[("ok", "[[:append X 1] [:append X 2]]"), ("ok", "[[:r X [1]]]")]),
    ("internal", &[("ok", "[[:append X 1] [:r X []]]")]),
    ("G1c", &[("ok", "[[:append X 1] [:r Y [1]]]"), ("ok", "[[:append Y 1] [:r X [1]]]")]),
    (
        "lost-update",
        &[("ok", "[[:r X []] [:append X 1]]"), ("ok", "[[:r X []] [:append X 2]]"), ("ok", "[[:r X [1 2]]]")],
    ),
    ("G-single", &[("ok", "[[:r X []] [:r Y [1]]]"), ("ok", "[[:append X 1] [:append Y 1]]")]),
    ("G2-item", &[("ok", "[[:r X []] [:append Y 1]]"), ("ok", "[[:r Y []] [:append X 1]]")]),
];

/// What each was found to be: the gravest finding in the history that it was planted into.
pub(crate) fn all(workload: &Workload) -> Vec<(&'static str, &'static str)> {
    PLANTED.iter().map(|(name, parts)| (*name, found(workload, parts))).collect()
}

fn found(workload: &Workload, parts: &[(&str, &str)]) -> &'static str {
    let mut history = Transactions::new();
    workload.tell(&mut history);
    for (process, (status, micros)) in (1_000..).zip(parts) {
        let status = if *status == "ok" { Status::Committed } else { Status::Aborted };
        let header = Header { process, status, invoked: 0, completed: Some(u64::MAX) };
        let micros: MicroList = micros.parse().expect("they are written as they should be");
        history.push(header, &micros.0).expect("their keys are only lists");
    }
    let analysis = Analysis::of(&history, Scope { process: true, real_time: true });
    analysis.findings.first().map_or("nothing", |finding| finding.anomaly.name())
}
