//! Owns the preload library as bytes, made ready for one page.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use thiserror::Error;

#[path = "../preload/room.rs"]
mod room;

use room::{ROOM_BYTES, unfilled};

include!(concat!(env!("OUT_DIR"), "/library.rs"));

/// Why there is no library.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Unavailable(String);

/// Whether this program holds a library, which was built for the machines that the program was built for.
///
/// # Errors
/// Why it holds none.
pub fn availability() -> Result<(), Unavailable> {
    LIBRARY.map(drop).map_err(|reason| Unavailable(reason.to_owned()))
}

/// The bytes of a shared library that reads the page at the absolute path `page`, as the process sees it that the library
/// is loaded into.
///
/// # Errors
/// This program holds no library, or the path is too long: 255 bytes are possible.
pub fn library(page: &Path) -> Result<Vec<u8>, Unavailable> {
    let mut library = LIBRARY.map_err(|reason| Unavailable(reason.to_owned()))?.to_vec();
    let path = page.as_os_str().as_bytes();
    if path.len() >= ROOM_BYTES || path.contains(&0) || !page.is_absolute() {
        let shown = page.display();
        return Err(Unavailable(format!("`{shown}` is no absolute path of less than {ROOM_BYTES} bytes")));
    }
    let at = library.windows(ROOM_BYTES).position(|window| window == unfilled());
    let at = at.expect("the library has room for the path, as the tests show");
    let room = &mut library[at..at + ROOM_BYTES];
    room.fill(0);
    room[..path.len()].copy_from_slice(path);
    Ok(library)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held() -> &'static [u8] {
        LIBRARY.expect("the tests run where there is a library")
    }

    /// A second place would be left as it is.
    #[test]
    fn library_has_one_place_for_the_path() {
        assert_eq!(held().windows(ROOM_BYTES).filter(|window| *window == unfilled()).count(), 1);
        assert_eq!(availability(), Ok(()));
    }

    #[test]
    fn path_is_filled_in_and_nothing_else_changes() {
        let library = library(Path::new("/a/page")).expect("a short path");
        assert_eq!(library.len(), held().len());
        assert!(library.windows(8).any(|window| window == b"/a/page\0"));
        assert!(!library.windows(ROOM_BYTES).any(|window| window == unfilled()));
    }

    #[test]
    fn path_that_does_not_fit_is_refused() {
        let long = format!("/{}", "a".repeat(ROOM_BYTES - 1));
        assert!(library(Path::new(&long)).is_err() && library(Path::new(&long[..ROOM_BYTES - 1])).is_ok());
        assert!(library(Path::new("a/page")).is_err());
    }
}
