//! Owns minimal examples of each anomaly, after Adya's thesis and Elle's paper, each with a twin that is harmless.

use super::*;

const EVERYTHING: Scope = Scope { process: true, real_time: true };

/// Each history is the smallest of its kind, so exactly one kind may be found and the level just below it must hold.
#[test]
fn smallest_example_of_each_anomaly_is_called_by_its_name() {
    use Anomaly as A;
    let unread = Some(Level::ReadUncommitted);
    let read = Some(Level::ReadCommitted);
    let cases: [(A, Option<Level>, &[&str]); 13] = [
        (
            A::G0,
            None,
            &[
                "ok 0 0..9 [[:append x 1] [:append y 1]]",
                "ok 1 0..9 [[:append x 2] [:append y 2]]",
                "ok 2 0..9 [[:r x [1 2]] [:r y [2 1]]]",
            ],
        ),
        (A::G1a, unread, &["fail 0 0..1 [[:append x 1]]", "ok 1 0..9 [[:r x [1]]]"]),
        (A::G1a, unread, &["fail 0 0..1 [[:w x 1]]", "ok 1 0..9 [[:r x 1]]"]),
        (A::G1b, unread, &["ok 0 0..9 [[:w x 1] [:w x 2]]", "ok 1 0..9 [[:r x 1]]"]),
        (A::G1c, unread, &["ok 0 0..9 [[:append x 1] [:r y [1]]]", "ok 1 0..9 [[:append y 1] [:r x [1]]]"]),
        (A::G1c, unread, &["ok 0 0..9 [[:w x 1] [:r y 1]]", "ok 1 0..9 [[:w y 1] [:r x 1]]"]),
        (A::GSingle, read, &["ok 0 0..9 [[:r x []] [:r y [1]]]", "ok 1 0..9 [[:append x 1] [:append y 1]]"]),
        (A::GSingle, read, &["ok 0 0..9 [[:r x nil] [:r x 1]]", "ok 1 0..9 [[:w x 1]]"]),
        (
            A::G2Item,
            Some(Level::SnapshotIsolation),
            &["ok 0 0..9 [[:r x []] [:append y 1]]", "ok 1 0..9 [[:r y []] [:append x 1]]"],
        ),
        (
            A::GNonadjacent,
            read,
            // Two writers, and each of two readers sees the other one's write only: the long fork.
            &[
                "ok 0 0..9 [[:append x 1]]",
                "ok 1 0..9 [[:append y 1]]",
                "ok 2 0..9 [[:r x [1]] [:r y []]]",
                "ok 3 0..9 [[:r x []] [:r y [1]]]",
            ],
        ),
        (A::Internal, unread, &["ok 0 0..9 [[:append x 1] [:r x []]]"]),
        (A::UnwrittenRead, None, &["ok 0 0..9 [[:r x [7]]]"]),
        (A::RealTime, Some(Level::Serializable), &["ok 0 0..1 [[:append x 1]]", "ok 1 2..3 [[:r x []]]"]),
    ];
    for (anomaly, strongest, lines) in cases {
        let analysis = Analysis::of(&history(lines), EVERYTHING);
        assert_eq!(anomalies(&analysis), [anomaly], "{lines:?}: {:#?}", analysis.findings);
        assert_eq!(analysis.strongest(), strongest, "{lines:?}");
    }
}

/// These cannot come alone: what makes them also makes the others.
#[test]
fn anomalies_that_come_with_others_are_found_beside_them() {
    let cases: [(&[Anomaly], &[&str]); 5] = [
        (
            &[Anomaly::LostUpdate, Anomaly::GSingle],
            &[
                "ok 0 0..9 [[:r x []] [:append x 1]]",
                "ok 1 0..9 [[:r x []] [:append x 2]]",
                "ok 2 0..9 [[:r x [1 2]]]",
            ],
        ),
        (
            // Registers do not tell which of the two came first; both orders lose one.
            &[Anomaly::LostUpdate, Anomaly::G2Item],
            &["ok 0 0..9 [[:r x nil] [:w x 1]]", "ok 1 0..9 [[:r x nil] [:w x 2]]"],
        ),
        (
            &[Anomaly::DirtyUpdate, Anomaly::G1a],
            &["fail 0 0..9 [[:append x 1]]", "ok 1 0..9 [[:append x 2]]", "ok 2 0..9 [[:r x [1 2]]]"],
        ),
        (&[Anomaly::DuplicateAppend], &["ok 0 0..9 [[:append x 1]]", "ok 1 0..9 [[:r x [1 1]]]"]),
        (
            &[Anomaly::IncompatibleOrder],
            &[
                "ok 0 0..9 [[:append x 1]]",
                "ok 1 0..9 [[:append x 2]]",
                "ok 2 0..9 [[:r x [1 2]]]",
                "ok 3 0..9 [[:r x [2]]]",
            ],
        ),
    ];
    for (expected, lines) in cases {
        let analysis = Analysis::of(&history(lines), Scope::default());
        assert_eq!(anomalies(&analysis), expected, "{lines:?}: {:#?}", analysis.findings);
    }
}

/// Each differs from an example above in one thing, which makes it harmless.
#[test]
fn harmless_twins_are_consistent_with_the_strongest_level() {
    let twins: [&[&str]; 8] = [
        &[
            "ok 0 0..9 [[:append x 1] [:append y 1]]",
            "ok 1 0..9 [[:append x 2] [:append y 2]]",
            "ok 2 0..9 [[:r x [1 2]] [:r y [1 2]]]",
        ],
        &["info 0 0.. [[:append x 1]]", "ok 1 0..9 [[:r x [1]]]"],
        &["fail 0 0..1 [[:append x 1]]", "ok 1 0..9 [[:r x []]]"],
        &["ok 0 0..9 [[:w x 1] [:w x 2]]", "ok 1 0..9 [[:r x 2]]"],
        &["ok 0 0..9 [[:append x 1] [:r y []]]", "ok 1 0..9 [[:append y 1] [:r x [1]]]"],
        &["ok 0 0..9 [[:r x []] [:append y 1]]", "ok 1 0..9 [[:r y [1]] [:append x 1]]"],
        &["ok 0 0..2 [[:append x 1]]", "ok 1 1..3 [[:r x []]]"],
        &["info 0 0.. [[:append x 1] [:r y nil]]", "ok 1 2..3 [[:r x []]]", "fail 0 4..5 [[:append x 2]]"],
    ];
    for lines in twins {
        let analysis = Analysis::of(&history(lines), EVERYTHING);
        let strongest = Some(Level::StrictSerializable);
        assert_eq!(analysis.strongest(), strongest, "{lines:?}: {:#?}", analysis.findings);
    }
}

/// Without real time only the order within the process makes the cycle.
#[test]
fn session_that_goes_back_in_time_is_serializable_all_the_same() {
    let lines = ["ok 0 0..9 [[:append x 1]]", "ok 0 10..19 [[:r x []]]"];
    let analysis = Analysis::of(&history(&lines), Scope { process: true, real_time: false });
    assert_eq!(anomalies(&analysis), [Anomaly::Process]);
    assert_eq!(analysis.strongest(), Some(Level::Serializable));
}

/// The same two transactions, with and without somebody who knows.
#[test]
fn known_order_of_blind_writes_is_used() {
    let mut history = committed(&["[[:w x 1] [:w y 1]]", "[[:w x 2] [:w y 2]]"]);
    assert!(anomalies(&Analysis::of(&history, Scope::default())).is_empty());
    history.order("x", &[1, 2]).unwrap();
    history.order("y", &[2, 1]).unwrap();
    assert_eq!(anomalies(&Analysis::of(&history, Scope::default())), [Anomaly::G0]);
}

/// Whom the reader read from cannot be told.
#[test]
fn value_written_twice_leaves_the_level_undecided() {
    let analysis = Analysis::of(&committed(&["[[:w x 1]]", "[[:w x 1]]", "[[:r x 1]]"]), Scope::default());
    assert!(matches!(analysis.opinion(Level::Serializable), Opinion::Undecided(_)));
}

/// A list has no value and a register no end.
#[test]
fn key_that_is_a_list_and_a_register_is_refused() {
    let mut history = committed(&["[[:w x 1]]"]);
    assert_eq!(history.append("x", 1), Err(Malformed::MixedKey("x".into())));
}

/// Two members, so every clause and both ends of the story are there.
#[test]
fn cycle_is_told_as_a_story() {
    let lines = ["[[:r x []] [:append y 1]]", "[[:r y []] [:append x 1]]"];
    let analysis = Analysis::of(&committed(&lines), Scope::default());
    let cycle = analysis.findings[0].cycle.as_ref().unwrap();
    let lines = [
        "Let:",
        "  T1 = transaction 1: [[:r x []] [:append y 1]]",
        "  T2 = transaction 2: [[:r y []] [:append x 1]]",
        "Then:",
        "  - T1 comes before T2, because transaction 1 read `x` as [] before transaction 2 wrote 1 to it (rw).",
        "  - however, T2 comes before T1, because transaction 2 read `y` as [] before transaction 1 wrote 1 to it (rw): \
         a contradiction, a write skew (G2-item).",
    ];
    assert_eq!(cycle.to_string(), lines.join("\n"));
    assert_eq!(
        cycle.sentence(),
        "transaction 1 read `x` as [] before transaction 2 wrote 1 to it (rw); transaction 2 read `y` as [] before \
         transaction 1 wrote 1 to it (rw); so transaction 1 must come before itself: a write skew (G2-item)"
    );
}
