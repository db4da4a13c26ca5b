//! Owns the histories of Kleppmann's Hermitage as registers: 1 holds 10 and 2 holds 20, written by a transaction before all others.

use super::*;

const FIRST: &str = "ok 9 0..1 [[:w 1 10] [:w 2 20]]";

/// Each test as a store without isolation would answer it: the gravest anomaly, and the strongest level that is left.
#[test]
fn every_item_test_is_called_by_its_name() {
    let unread = Some(Level::ReadUncommitted);
    let read = Some(Level::ReadCommitted);
    let cases: [(&str, Anomaly, Option<Level>, &[&str]); 8] = [
        ("G0", Anomaly::G0, None, &["ok 0 2..9 [[:w 1 11] [:w 2 21]]", "ok 1 2..9 [[:w 1 12] [:w 2 22]]"]),
        ("G1a", Anomaly::G1a, unread, &["fail 0 2..9 [[:w 1 101]]", "ok 1 2..9 [[:r 1 101] [:r 1 10]]"]),
        ("G1b", Anomaly::G1b, unread, &["ok 0 2..9 [[:w 1 101] [:w 1 11]]", "ok 1 2..9 [[:r 1 101]]"]),
        (
            "G1c",
            Anomaly::G1c,
            unread,
            &["ok 0 2..9 [[:w 1 11] [:r 2 22]]", "ok 1 2..9 [[:w 2 22] [:r 1 11]]"],
        ),
        (
            "OTV",
            Anomaly::GSingle,
            read,
            &[
                "ok 0 2..9 [[:w 1 11] [:w 2 19]]",
                "ok 1 2..9 [[:r 1 11] [:w 1 12] [:r 2 19] [:w 2 18]]",
                "ok 2 2..9 [[:r 1 12] [:r 2 19]]",
            ],
        ),
        (
            "P4",
            Anomaly::LostUpdate,
            read,
            &["ok 0 2..9 [[:r 1 10] [:w 1 11]]", "ok 1 2..9 [[:r 1 10] [:w 1 12]]"],
        ),
        (
            "G-single",
            Anomaly::GSingle,
            read,
            &["ok 0 2..9 [[:r 1 10] [:r 2 18]]", "ok 1 2..9 [[:r 1 10] [:r 2 20] [:w 1 12] [:w 2 18]]"],
        ),
        (
            "G2-item",
            Anomaly::G2Item,
            Some(Level::SnapshotIsolation),
            &["ok 0 2..9 [[:r 1 10] [:r 2 20] [:w 1 11]]", "ok 1 2..9 [[:r 1 10] [:r 2 20] [:w 2 21]]"],
        ),
    ];
    for (name, anomaly, strongest, lines) in cases {
        let lines: Vec<&str> = std::iter::once(FIRST).chain(lines.iter().copied()).collect();
        let mut history = history(&lines);
        if name == "G0" {
            history.order("1", &[10, 11, 12]).unwrap();
            history.order("2", &[20, 22, 21]).unwrap();
        }
        let analysis = Analysis::of(&history, Scope::default());
        let first = analysis.findings.first().map(|finding| finding.anomaly);
        assert_eq!(first, Some(anomaly), "{name}: {:#?}", analysis.findings);
        assert_eq!(analysis.strongest(), strongest, "{name}");
    }
}
