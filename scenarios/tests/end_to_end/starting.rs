//! Owns [`Starting`]: a run that is about to have its servers, and what can be seen of it by its folder.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::place::Place;
use crate::running::send;

/// A run of both stores that has just begun.
pub(crate) struct Starting(Child);

impl Starting {
    /// Starts it with its temp folder at `place`.
    pub(crate) fn start(place: &Place, provider: &str) -> Self {
        let mut command = place.command(&["run", "cache", "--stores", provider, "--quiet"]);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        Self(command.spawn().expect("the program was built"))
    }

    /// Sends Ctrl-C twice, and gives its exit code, if it ended with one, and what it said.
    pub(crate) fn interrupted_twice(self) -> (Option<i32>, String) {
        for _ in 0..2 {
            send(u64::from(self.0.id()), "INT");
        }
        let output = self.0.wait_with_output().expect("our child");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// What containers see of `folder`, whether or not they run.
pub(crate) fn containers_at(folder: &Path) -> Vec<String> {
    let list = ["ps", "--all", "--no-trunc", "--format", "{{.ID}} {{.Mounts}}"];
    let listed = Command::new("docker").args(list).output().expect("`docker` is there (run `ci/setup`)");
    assert!(listed.status.success(), "docker does not answer: {listed:?}");
    let folder = folder.display().to_string();
    let lines = String::from_utf8(listed.stdout).expect("text");
    lines.lines().filter(|line| line.contains(&folder)).map(str::to_owned).collect()
}
