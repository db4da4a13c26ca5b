//! Owns the rule that our crates depend on each other in one direction, and the asking of cargo.

use std::process::Command;

use serde_json::Value;

use crate::files;

/// From the inside out; a crate depends on crates before it only.
const ORDER: [&str; 6] = [
    "raceproof-clock",
    "raceproof",
    "raceproof-reports",
    "raceproof-test",
    "raceproof-scenarios",
    "raceproof-tests",
];

/// What cargo says about our crates and all their dependencies on this platform. It needs no network once they are
/// downloaded, and they are: this test was built.
pub(crate) fn metadata() -> Value {
    let host = run(Command::new("rustc").arg("-vV"));
    let host =
        host.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc says what it builds for");
    let arguments = ["metadata", "--format-version", "1", "--locked", "--filter-platform", host];
    let told = run(Command::new(env!("CARGO")).args(arguments));
    serde_json::from_str(&told).expect("cargo speaks JSON")
}

/// Dependencies between our crates that go the wrong way.
pub(crate) fn broken(metadata: &Value) -> Vec<String> {
    let packages = metadata["packages"].as_array().expect("cargo lists packages");
    let ours: Vec<&Value> = packages.iter().filter(|package| package["source"].is_null()).collect();
    let mut broken = Vec::new();
    for package in ours {
        let name = text(package);
        let Some(place) = ORDER.iter().position(|known| *known == name) else {
            broken.push(format!("`{name}` has no place (enter it in the order of the tidy test)"));
            continue;
        };
        let dependencies = package["dependencies"].as_array().expect("cargo lists dependencies");
        let outer = dependencies.iter().map(text).filter(|other| ORDER[place..].contains(other));
        broken.extend(outer.map(|other| format!("`{name}` depends on `{other}`")));
    }
    broken
}

fn text(package: &Value) -> &str {
    package["name"].as_str().expect("packages have names")
}

fn run(command: &mut Command) -> String {
    let output = command.current_dir(files::root()).output().expect("rustc and cargo have built this test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(name: &str, dependency: &str) -> usize {
        let package = json!({ "name": name, "source": null, "dependencies": [{ "name": dependency }] });
        broken(&json!({ "packages": [package] })).len()
    }

    #[test]
    fn crates_may_depend_on_inner_ones_and_on_those_of_others() {
        assert_eq!(found("raceproof-reports", "raceproof"), 0);
        assert_eq!(found("raceproof", "serde"), 0);
    }

    #[test]
    fn wrong_direction_and_new_crates_are_found() {
        assert_eq!(found("raceproof", "raceproof-reports"), 1);
        assert_eq!(found("raceproof-weather", "serde"), 1);
    }
}
