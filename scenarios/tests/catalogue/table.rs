//! Owns the proof that `CATALOGUE.md` is what the program says of its catalogue, which [`models`](crate::models) and the end-to-end
//! tests prove to be true.

use std::path::Path;
use std::process::Command;

#[test]
fn document_is_what_the_program_lists() {
    let mut list = Command::new(env!("CARGO_BIN_EXE_raceproof"));
    let listed = list.args(["list", "--format", "markdown"]).output().expect("the program was built");
    assert!(listed.status.success(), "{listed:?}");
    let expected = String::from_utf8(listed.stdout).expect("it is text");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("CATALOGUE.md");
    if std::fs::read_to_string(&path).unwrap_or_default() != expected {
        let proposed = Path::new(env!("CARGO_TARGET_TMPDIR")).join("CATALOGUE.md");
        std::fs::write(&proposed, expected).expect("the target folder can be written to");
        panic!("`{}` is not what the program lists; `{}` is", path.display(), proposed.display());
    }
}
