//! Owns [`Rerun`]: the command that runs the test again from which a race was started.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use raceproof_reports::command::shell_line;

/// A test and its program, as far as they can be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rerun {
    words: Vec<String>,
    /// The package of the test, if cargo says it.
    pub(crate) package: Option<String>,
    /// The folder of the package, if cargo says it.
    pub(crate) folder: Option<PathBuf>,
    /// Where cargo builds, if the program lies where it builds tests.
    pub(crate) target: Option<PathBuf>,
}

impl Rerun {
    /// Of the test called `test` in this process.
    pub(crate) fn of_process(test: Option<&str>) -> Self {
        let program = std::env::current_exe().unwrap_or_default();
        Self::of(&program, test, &|name| std::env::var_os(name))
    }

    /// Of the test called `test` in `program`, which was started with these variables.
    fn of(program: &Path, test: Option<&str>, variable: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let package = variable("CARGO_PKG_NAME").and_then(|name| name.into_string().ok());
        let folder = variable("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let built = Built::at(program);
        let words = match (&package, &built) {
            (Some(package), Some(built)) => built.words(package, folder.as_deref(), test),
            _ => by_path(program, test),
        };
        Self { words, package, folder, target: built.map(|built| built.target) }
    }

    /// The words of the command.
    pub(crate) fn words(&self) -> &[String] {
        &self.words
    }

    /// The command with these variables, as a shell reads it.
    pub(crate) fn line(&self, variables: &[(&str, String)]) -> String {
        let set =
            |(name, value): &(&str, String)| format!("{name}={} ", shell_line(std::slice::from_ref(value)));
        variables.iter().map(set).collect::<String>() + &shell_line(&self.words)
    }
}

fn by_path(program: &Path, test: Option<&str>) -> Vec<String> {
    let words = [program.display().to_string()].into_iter();
    words.chain(test.into_iter().flat_map(|test| ["--exact".to_owned(), test.to_owned()])).collect()
}

/// What the place of a program says: `<target>/<profile>/deps/<name>-<hash>`, or `examples` instead of `deps`.
struct Built {
    target: PathBuf,
    name: String,
    is_release: bool,
    is_example: bool,
}

impl Built {
    fn at(program: &Path) -> Option<Self> {
        let folder = program.parent()?;
        let profile = folder.parent()?;
        let is_example = folder.ends_with("examples");
        let (name, _hash) = program.file_stem()?.to_str()?.rsplit_once('-')?;
        (is_example || folder.ends_with("deps")).then_some(())?;
        let is_release = profile.ends_with("release");
        Some(Self { target: profile.parent()?.to_owned(), name: name.to_owned(), is_release, is_example })
    }

    /// The command that has cargo build it again and run `test` alone. In which unit of the package a test lies need not be said:
    /// the others have none of that name. But to build them takes time.
    fn words(&self, package: &str, folder: Option<&Path>, test: Option<&str>) -> Vec<String> {
        let mut words = ["cargo", "test", "-p", package].map(str::to_owned).to_vec();
        if self.is_release {
            words.push("--release".to_owned());
        }
        let is_file = |path: &str| folder.is_some_and(|folder| folder.join(path).is_file());
        if self.is_example {
            words.extend(["--example".to_owned(), self.name.clone()]);
        } else if is_file(&format!("tests/{}.rs", self.name))
            || is_file(&format!("tests/{}/main.rs", self.name))
        {
            words.extend(["--test".to_owned(), self.name.clone()]);
        }
        words.extend(test.into_iter().flat_map(|test| ["--", "--exact", test].map(str::to_owned)));
        words
    }
}

/// The test that runs on this thread, which the test harness names after it; `None` on other threads.
pub(crate) fn test_of_this_thread() -> Option<String> {
    let thread = std::thread::current();
    let name = thread.name().filter(|name| *name != "main")?;
    let is_path = name.split("::").all(|part| {
        let mut letters = part.chars();
        letters.next().is_some_and(|first| first.is_alphabetic() || first == '_')
            && letters.all(|letter| letter.is_alphanumeric() || letter == '_')
    });
    is_path.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(program: &str, test: Option<&str>, given: &[(&str, &str)]) -> Rerun {
        let value =
            |name: &str| given.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
        Rerun::of(Path::new(program), test, &value)
    }

    fn of_cargo(program: &str, test: Option<&str>) -> Rerun {
        of(program, test, &[("CARGO_PKG_NAME", "shop"), ("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"))])
    }

    #[test]
    fn command_names_package_unit_and_test() {
        let line = |rerun: Rerun| rerun.line(&[]);
        let test = of_cargo("/w/target/debug/deps/examples-0a1b", Some("sold"));
        assert_eq!(test.target, Some("/w/target".into()));
        assert_eq!(line(test), "cargo test -p shop --test examples -- --exact sold");
        let unit = of_cargo("/w/target/release/deps/shop-0a1b", Some("a::sold"));
        assert_eq!(line(unit), "cargo test -p shop --release -- --exact a::sold");
        let example = of_cargo("/w/target/debug/examples/till-0a1b", None);
        assert_eq!(line(example), "cargo test -p shop --example till");
    }

    #[test]
    fn program_that_cargo_did_not_start_is_named_by_its_path() {
        let rerun = of("/a b/till", Some("sold"), &[]);
        assert_eq!(
            rerun.line(&[("RACEPROOF_REPLAY", "/c d.json".to_owned())]),
            "RACEPROOF_REPLAY='/c d.json' '/a b/till' --exact sold"
        );
        assert_eq!(rerun.target, None);
    }

    #[test]
    fn thread_of_a_test_is_known_by_its_name() {
        let named = |name: &str| {
            let thread = std::thread::Builder::new().name(name.to_owned()).spawn(test_of_this_thread);
            thread.expect("a thread").join().expect("it does not panic")
        };
        assert_eq!(named("till::sold_once").as_deref(), Some("till::sold_once"));
        assert_eq!(named("tokio-rt-worker"), None);
        assert_eq!(named("main"), None);
    }
}
