//! Owns the rule of the rings: in `harness/src` an inner module never imports an outer one, and the innermost are pure.

use crate::source::{Without, blanked, lines_with, named_after};

/// The modules of each ring, from the inside. `lib` is outside of all: it only re-exports.
const RINGS: [&[&str]; 3] = [
    &[
        "budget",
        "burst",
        "card",
        "check",
        "checkpoint",
        "choice",
        "digest",
        "explore",
        "fault",
        "history",
        "id",
        "isolation",
        "octets",
        "outcome",
        "plan",
        "programs",
        "redacted",
        "regression",
        "shard",
        "verdict",
        "wire",
    ],
    &["alarm", "clock", "file", "gate", "interrupt", "program", "store", "worker"],
    // `error` gathers the failures of gate and stores, so it lies outside of both.
    &["error", "generator", "run", "scenario", "workload"],
];
/// What of `std` the innermost ring does without: the world outside, and the time.
const STD_BANNED: [&str; 6] = ["env", "fs", "net", "os", "process", "thread"];
const WORDS_BANNED: [&str; 5] = ["tokio", "async", "await", "Instant", "SystemTime"];

/// What in the source at `path` breaks the rule.
pub(crate) fn broken(path: &str, text: &str) -> Vec<String> {
    let Some(parts) = path.strip_prefix("harness/src/").and_then(|path| path.strip_suffix(".rs")) else {
        return Vec::new();
    };
    let parts: Vec<&str> = parts.split('/').filter(|part| *part != "mod").collect();
    if parts == ["lib"] {
        return Vec::new();
    }
    let Some(ring) = ring_of(parts[0]) else {
        return vec![format!("`{}` belongs to no ring (enter it in the table of the tidy test)", parts[0])];
    };
    let code = blanked(text, Without::CommentsAndStrings);
    let mut broken: Vec<String> = imports(&code, parts.len())
        .into_iter()
        .filter(|(_, name)| ring_of(name).is_some_and(|other| other > ring))
        .map(|(line, name)| format!("line {line}: `{}` (ring {ring}) imports `{name}`", parts[0]))
        .collect();
    if ring == 0 {
        broken.extend(impure(&code));
    }
    broken
}

fn ring_of(module: &str) -> Option<usize> {
    RINGS.iter().position(|ring| ring.contains(&module))
}

/// Names of modules of the crate: after `crate::`, and after so many `super::` that they lead to its root.
fn imports(code: &str, depth: usize) -> Vec<(usize, String)> {
    let mut imports = named_after(code, "crate");
    imports.extend(named_after(code, &vec!["super"; depth].join("::")));
    imports.extend(named_after(code, &vec!["super"; depth + 1].join("::")));
    imports
}

fn impure(code: &str) -> Vec<String> {
    let banned = named_after(code, "std").into_iter().filter(|(_, name)| STD_BANNED.contains(&name.as_str()));
    let mut broken: Vec<_> =
        banned.map(|(line, name)| format!("line {line}: ring 0 uses `std::{name}`")).collect();
    for word in WORDS_BANNED {
        let lines = lines_with(code, word).into_iter();
        broken.extend(lines.map(|line| format!("line {line}: ring 0 uses `{word}`")));
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_of_the_same_and_of_inner_rings_are_fine() {
        assert!(
            broken("harness/src/gate/step.rs", "use crate::wire::Wait; use crate::worker::Event;").is_empty()
        );
        assert!(broken("harness/src/id.rs", "/// See `crate::run`.\nuse crate::choice;").is_empty());
        assert!(broken("reports/src/lib.rs", "use crate::run;").is_empty());
    }

    #[test]
    fn imports_of_outer_rings_are_found_in_every_form() {
        let found = |text| broken("harness/src/wire/redis/value.rs", text).len();
        assert_eq!(found("use crate::gate::Gate;"), 1);
        assert_eq!(found("use crate::{id, run::Engine};"), 1);
        assert_eq!(found("fn f() -> super::super::super::store::Server {}"), 1);
        assert_eq!(broken("harness/src/store/mod.rs", "use crate::error::Error;").len(), 1);
    }

    #[test]
    fn innermost_ring_has_no_time_no_files_and_no_tasks() {
        let found = |text| broken("harness/src/explore/mod.rs", text).len();
        assert_eq!(found("use std::time::Duration; use std::collections::BTreeMap;"), 0);
        assert_eq!(found("use std::time::Instant;"), 1);
        assert_eq!(found("use std::{fs, net::TcpStream};"), 2);
        assert_eq!(found("use tokio::sync::mpsc; async fn f() {}"), 2);
    }

    #[test]
    fn new_module_needs_a_ring() {
        assert_eq!(broken("harness/src/weather.rs", "").len(), 1);
    }
}
