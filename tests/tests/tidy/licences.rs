//! Owns the rule that every dependency has a licence that is on the list of `deny.toml`.

use serde_json::Value;

/// The licences that `deny.toml` allows.
pub(crate) fn allowed(deny: &str) -> Vec<String> {
    let list = deny
        .split_once("\nallow = [")
        .and_then(|(_, rest)| rest.split_once(']'))
        .map_or("", |(list, _)| list);
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The packages in cargo's `metadata` whose licence is not among `allowed`.
pub(crate) fn broken(metadata: &Value, allowed: &[String]) -> Vec<String> {
    let packages = metadata["packages"].as_array().expect("cargo lists packages");
    let mut broken = Vec::new();
    for package in packages {
        let licence = package["license"].as_str().unwrap_or_default();
        if !satisfied(licence, allowed) {
            broken.push(format!("{} {}: `{licence}`", package["name"], package["version"]));
        }
    }
    broken
}

/// Whether an SPDX expression leaves us a way that is allowed: one side of each `OR`, all of each `AND`.
fn satisfied(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let (is_fine, rest) = any(&words, allowed);
    is_fine && rest.is_empty()
}

fn any<'a>(words: &'a [&'a str], allowed: &[String]) -> (bool, &'a [&'a str]) {
    let (mut is_fine, mut rest) = all(words, allowed);
    while let ["OR", after @ ..] = rest {
        let other = all(after, allowed);
        (is_fine, rest) = (is_fine | other.0, other.1);
    }
    (is_fine, rest)
}

fn all<'a>(words: &'a [&'a str], allowed: &[String]) -> (bool, &'a [&'a str]) {
    let (mut is_fine, mut rest) = one(words, allowed);
    while let ["AND", after @ ..] = rest {
        let other = one(after, allowed);
        (is_fine, rest) = (is_fine & other.0, other.1);
    }
    (is_fine, rest)
}

fn one<'a>(words: &'a [&'a str], allowed: &[String]) -> (bool, &'a [&'a str]) {
    match words {
        ["(", inside @ ..] => {
            let (is_fine, rest) = any(inside, allowed);
            (is_fine, rest.strip_prefix(&[")"]).unwrap_or(rest))
        }
        // An exception only gives more freedom than the licence alone.
        [licence, "WITH", _, rest @ ..] | [licence, rest @ ..] => {
            (allowed.iter().any(|one| one == licence), rest)
        }
        [] => (false, words),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fine(expression: &str) -> bool {
        satisfied(expression, &["MIT".to_owned(), "ISC".to_owned()])
    }

    #[test]
    fn one_allowed_way_is_enough() {
        for expression in
            ["MIT", "GPL-3.0 OR MIT", "MIT/Apache-2.0", "(GPL-3.0 OR MIT) AND ISC", "MIT WITH x OR GPL-3.0"]
        {
            assert!(fine(expression), "{expression}");
        }
    }

    #[test]
    fn what_is_not_on_the_list_is_refused() {
        for expression in [
            "",
            "GPL-3.0",
            "MIT AND GPL-3.0",
            "(MIT OR ISC) AND GPL-3.0",
            "MIT GPL-3.0",
            "(MIT AND GPL-3.0) OR GPL-2.0",
        ] {
            assert!(!fine(expression), "{expression}");
        }
        let metadata = json!({ "packages": [{ "name": "a", "version": "1", "license": null }] });
        assert_eq!(broken(&metadata, &["MIT".to_owned()]).len(), 1);
    }

    #[test]
    fn list_is_read() {
        assert_eq!(allowed("[licenses]\nallow = [\n  \"MIT\",\n  \"ISC\",\n]\n"), ["MIT", "ISC"]);
        assert!(allowed("[licenses]\n").is_empty());
    }
}
