//! Tests of where units end.

use super::*;

/// Tags of empty messages, how the server takes them, and the unit in front.
type Case = (&'static [u8], Mode, Option<(usize, Kind)>);

fn kinds(bytes: &[u8], mode: Mode) -> Option<(usize, Kind)> {
    let unit = Cutter::new(Limits::default()).scan(bytes, mode).expect("legal")?;
    Some((unit.length, unit.kind))
}

fn empty(tags: &[u8]) -> Vec<u8> {
    tags.iter().flat_map(|&tag| [tag, 0, 0, 0, 4]).collect()
}

#[test]
fn a_unit_ends_where_the_server_answers() {
    let cases: [Case; 14] = [
        (b"QQ", Mode::Ready, Some((5, Kind::Batch(End::Query)))),
        (b"PBESS", Mode::Ready, Some((20, Kind::Batch(End::Sync)))),
        (b"PDH", Mode::Ready, Some((15, Kind::Batch(End::Flush)))),
        (b"PBE", Mode::Ready, None),
        (b"PX", Mode::Ready, Some((10, Kind::Goodbye))),
        (b"dd", Mode::Ready, Some((5, Kind::LateData))),
        (b"PdS", Mode::Ready, Some((15, Kind::Batch(End::Sync)))),
        (b"p", Mode::Startup, Some((5, Kind::Password))),
        (b"QHdPS", Mode::Skipping, Some((25, Kind::Ignored))),
        (b"dSHdcS", Mode::Copying { extended: false }, Some((25, Kind::Copy(End::Query)))),
        (b"dfQ", Mode::Copying { extended: false }, Some((10, Kind::Copy(End::Query)))),
        (b"ddc", Mode::Copying { extended: true }, None),
        (b"dcSS", Mode::Copying { extended: true }, Some((15, Kind::Copy(End::Sync)))),
        (b"cPBEH", Mode::Copying { extended: true }, Some((25, Kind::Copy(End::Flush)))),
    ];
    for (tags, mode, expected) in cases {
        assert_eq!(kinds(&empty(tags), mode), expected, "{} {mode:?}", tags.escape_ascii());
    }
}

#[test]
fn a_change_of_mode_begins_again() {
    let mut cutter = Cutter::new(Limits::default());
    assert_eq!(cutter.scan(&empty(b"PB"), Mode::Ready), Ok(None));
    assert!(cutter.scan(&empty(b"PB"), Mode::Copying { extended: true }).is_err());
}

#[test]
fn a_unit_has_so_many_messages_and_no_more() {
    let mut cutter = Cutter::new(Limits { elements_max: 3, ..Limits::default() });
    assert!(cutter.scan(&empty(b"PPS"), Mode::Ready).is_ok());
    assert_eq!(cutter.scan(&empty(b"PPPS"), Mode::Ready), Err(too_large("messages", 4, 3)));
}
