//! Owns the repository's files, as the rules see them: path from the root, and text.

use std::fs;
use std::path::{Path, PathBuf};

/// What holds no text of ours.
const SKIPPED: [&str; 2] = ["target", ".git"];

/// One text file.
pub(crate) struct File {
    /// From the root, with `/` between the parts.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// The folder of the virtual manifest.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("this crate lies in a folder of the repository").to_owned()
}

/// The text of the file at `path` from the root.
pub(crate) fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("`{path}`: {error}"))
}

/// All Rust sources, by path.
pub(crate) fn rust() -> Vec<File> {
    with_extension("rs")
}

/// All documents, by path.
pub(crate) fn documents() -> Vec<File> {
    with_extension("md")
}

fn with_extension(extension: &str) -> Vec<File> {
    let (root, mut paths) = (root(), Vec::new());
    walk(&root, &mut paths);
    paths.retain(|path| path.extension().is_some_and(|found| found == extension));
    paths.sort();
    assert!(!paths.is_empty(), "the repository has `.{extension}` files");
    let file = |path: &PathBuf| {
        let path = path.strip_prefix(&root).expect("walked from the root");
        let path = path.to_str().expect("our names are text").to_owned();
        File { text: text(&path), path }
    };
    paths.iter().map(file).collect()
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the repository can be read") {
        let path = entry.expect("the repository can be read").path();
        let skipped = path.file_name().is_some_and(|name| SKIPPED.iter().any(|skipped| name == *skipped));
        if path.is_dir() && !skipped {
            walk(&path, found);
        } else if path.is_file() {
            found.push(path);
        }
    }
}
