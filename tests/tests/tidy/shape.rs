//! Owns the rules about single files: their head, their length, and what must not stand in them.

use crate::source::{Without, blanked};

const LINES_MAX: usize = 400;
/// How a longer file begins to say why.
const EXCUSE: &str = "// Longer than 400 lines because ";

const BANNED: [(&str, &str); 5] = [
    ("#[allow(", "`#[expect(lint, reason = \"…\")]` says why, and says so when it is no longer needed"),
    ("#![allow(", "`#[expect(lint, reason = \"…\")]` says why, and says so when it is no longer needed"),
    ("#[ignore", "a test that does not run proves nothing"),
    ("#[should_panic", "it takes every panic for the right one"),
    ("todo!", "what is not done is not in the code"),
];
const SLEEPS: [&str; 2] = ["thread::sleep", "time::sleep"];

/// What is wrong with the head and the length of a source.
pub(crate) fn broken(text: &str) -> Vec<String> {
    let mut broken = Vec::new();
    if !text.lines().next().is_some_and(|line| line.starts_with("//! ") && line.len() > 10) {
        broken.push("does not begin with `//!` and what the file owns".to_owned());
    }
    let count = text.lines().count();
    let is_excused =
        text.lines().any(|line| line.strip_prefix(EXCUSE).is_some_and(|reason| !reason.is_empty()));
    if count > LINES_MAX && !is_excused {
        broken.push(format!("has {count} lines (split it, or write `{EXCUSE}…`)"));
    }
    broken
}

/// What stands in the source at `path` and must not.
pub(crate) fn banned(path: &str, text: &str) -> Vec<String> {
    let code = blanked(text, Without::CommentsAndStrings);
    let is_test_file = path.split('/').any(|part| part == "tests" || part == "tests.rs" || part == "benches");
    let (mut broken, mut is_test) = (Vec::new(), is_test_file);
    for (index, line) in code.lines().enumerate() {
        is_test |= line.starts_with("#[cfg(test)]") || line.starts_with("#[cfg(all(test");
        let told = |what: &str, why: &str| format!("line {}: `{what}` ({why})", index + 1);
        broken
            .extend(BANNED.iter().filter(|(what, _)| line.contains(what)).map(|(what, why)| told(what, why)));
        let slept = SLEEPS.iter().filter(|what| is_test && line.contains(**what));
        broken.extend(slept.map(|what| told(what, "wait for a state, never for a duration")));
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_is_required() {
        assert!(broken("//! Owns the weather.\n").is_empty());
        for text in ["", "use std::fmt;\n", "\n//! Owns the weather.\n", "//!\n"] {
            assert_eq!(broken(text).len(), 1, "{text:?}");
        }
    }

    #[test]
    fn long_file_needs_its_reason() {
        let long = format!("//! Owns the weather.\n{}", "\n".repeat(LINES_MAX));
        assert_eq!(broken(&long).len(), 1);
        assert_eq!(broken(&format!("{long}{EXCUSE}")).len(), 1);
        assert!(broken(&format!("{long}{EXCUSE}weather is long.")).is_empty());
    }

    #[test]
    fn banned_things_are_found_and_the_talk_of_them_is_not() {
        let found = |text| banned("harness/src/a.rs", text).len();
        assert_eq!(found("#[allow(unused)]\n#[ignore = \"slow\"]\n#[should_panic]\ntodo!()"), 4);
        assert_eq!(found("// todo!\nf(\"#[ignore]\")"), 0);
    }

    /// Production code polls a server that starts; a test waits for what the code says.
    #[test]
    fn sleeping_is_for_production_code() {
        let sleeps = "fn f() { std::thread::sleep(x) }";
        assert!(banned("harness/src/a.rs", sleeps).is_empty());
        assert_eq!(banned("harness/src/a.rs", &format!("#[cfg(test)]\n{sleeps}")).len(), 1);
        assert_eq!(banned("harness/tests/a/main.rs", sleeps).len(), 1);
        assert_eq!(banned("harness/src/a/tests.rs", "tokio::time::sleep(x).await").len(), 1);
        assert!(banned("harness/tests/a.rs", "worker.sleep(x).await").is_empty());
    }
}
