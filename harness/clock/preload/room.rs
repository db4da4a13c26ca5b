//! Owns the room that the library has for the path of its page. The library reads it, and whoever writes the library to
//! a file fills it.

/// How long a path may be, with the zero that ends it.
pub(crate) const ROOM_BYTES: usize = 256;
/// What the room holds before it is filled: a path that does not exist.
pub(crate) const MARKER: &[u8] = b"/raceproof: the path of the page goes here";

/// The room with the marker in it, filled up with zeros.
pub(crate) const fn unfilled() -> [u8; ROOM_BYTES] {
    let mut room = [0; ROOM_BYTES];
    let mut at = 0;
    while at < MARKER.len() {
        room[at] = MARKER[at];
        at += 1;
    }
    room
}
