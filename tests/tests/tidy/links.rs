//! Owns the rule that a link from one of our documents to a file leads to a file.

use std::path::{Component, Path, PathBuf};

/// The links in the document at `path` for which `exists` says no.
pub(crate) fn broken(path: &str, text: &str, exists: &dyn Fn(&Path) -> bool) -> Vec<String> {
    let folder = Path::new(path).parent().unwrap_or(Path::new(""));
    let mut broken = Vec::new();
    for (line, target) in targets(text) {
        let file = target.split_once('#').map_or(target.as_str(), |(file, _)| file);
        let is_elsewhere = file.is_empty() || target.contains("://") || target.starts_with("mailto:");
        if !is_elsewhere && !exists(&plain(&folder.join(file))) {
            broken.push(format!("line {line}: `{target}`"));
        }
    }
    broken
}

/// What stands in the round brackets of `[…](…)`, outside of code.
fn targets(text: &str) -> Vec<(usize, String)> {
    let (mut found, mut is_code) = (Vec::new(), false);
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        } else if !is_code {
            // Every other piece between back-ticks is code.
            for piece in line.split('`').step_by(2) {
                let ends = piece.split("](").skip(1).filter_map(|rest| rest.split(')').next());
                found.extend(ends.map(|target| (index + 1, target.trim().to_owned())));
            }
        }
    }
    found
}

/// The path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => (),
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> usize {
        broken("ci/README.md", text, &|path| path == Path::new("DESIGN.md")).len()
    }

    #[test]
    fn links_to_files_that_exist_and_to_the_web_are_fine() {
        assert_eq!(found("[a](../DESIGN.md) [b](../DESIGN.md#why) [c](https://x.test/a) [d](#here)"), 0);
        assert_eq!(found("`[a](nowhere)`\n```\n[b](nowhere)\n```"), 0);
    }

    #[test]
    fn links_to_nowhere_are_found() {
        assert_eq!(found("[a](DESIGN.md) and [`b`](nowhere.md#x)"), 2);
    }
}
