//! Owns the rule that the gate, the search and the judges know no store: what they do for one they do for all.

use crate::source::{Without, blanked};

const FOLDERS: [&str; 6] = ["check", "explore", "gate", "history", "run", "worker"];
const STORES: [&str; 2] = ["redis", "postgres"];
/// Files that do name a store, each with the reason.
const EXCEPTIONS: [(&str, &str); 1] = [(
    "harness/src/run/engine.rs",
    "somebody must open the backends, and above the engine nobody knows the gate",
)];

/// What in the source at `path` breaks the rule.
pub(crate) fn broken(path: &str, text: &str) -> Vec<String> {
    if !FOLDERS.iter().any(|folder| path.starts_with(&format!("harness/src/{folder}/"))) {
        return Vec::new();
    }
    let named = named(text);
    match EXCEPTIONS.iter().find(|(exception, _)| *exception == path) {
        Some((_, reason)) if named.is_empty() => {
            vec![format!("names no store any more; remove the exception ({reason})")]
        }
        Some(_) => Vec::new(),
        None => named,
    }
}

/// Comments may name stores: examples help.
fn named(text: &str) -> Vec<String> {
    let code = blanked(text, Without::Comments).to_lowercase();
    let mut broken = Vec::new();
    for (index, line) in code.lines().enumerate() {
        let stores = STORES.iter().filter(|store| line.contains(**store));
        broken.extend(stores.map(|store| format!("line {}: `{store}`", index + 1)));
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_other_folders_may_name_stores() {
        assert!(broken("harness/src/gate/mod.rs", "/// Such as `redis`.\nfn f() {}").is_empty());
        assert!(broken("harness/src/wire/redis/mod.rs", "struct RedisSession;").is_empty());
    }

    #[test]
    fn names_in_code_and_in_strings_are_found() {
        assert_eq!(broken("harness/src/gate/mod.rs", "use crate::store::RedisBackend;").len(), 1);
        assert_eq!(broken("harness/src/run/search.rs", "\n\nf(\"POSTGRES\")"), ["line 3: `postgres`"]);
    }

    #[test]
    fn exception_that_is_not_needed_is_found() {
        assert_eq!(broken("harness/src/run/engine.rs", "fn f() {}").len(), 1);
        assert!(broken("harness/src/run/engine.rs", "use redis;").is_empty());
    }
}
