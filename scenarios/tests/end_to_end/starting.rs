//! Owns [`Starting`]: a run that is about to have its servers.

use std::process::{Child, Stdio};

use crate::place::Place;
use crate::running::{send, spawn};

/// A run of both stores that has just begun.
pub(crate) struct Starting(Child);

impl Starting {
    /// Starts it with its temp folder at `place`.
    pub(crate) fn start(place: &Place, provider: &str) -> Self {
        Self(spawn(place, &["run", "cache", "--quiet"], provider, Stdio::piped()))
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
