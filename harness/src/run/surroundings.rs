//! Owns [`Surroundings`]: whether this process has anything that could wake a worker by itself, besides what the gate and
//! the run's clock let through.

use std::fs;
use std::path::Path;

/// How many threads, children and open files the process has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Surroundings {
    threads: usize,
    children: usize,
    descriptors: usize,
}

impl Surroundings {
    /// Those of now without `known` descriptors, which are the gate's and its clients'; `None` where the system does not
    /// tell.
    pub(crate) fn now(known: usize) -> Option<Self> {
        let process = Path::new("/proc/self");
        let tasks = fs::read_dir(process.join("task")).ok()?;
        let (mut threads, mut children) = (0, 0);
        for task in tasks {
            threads += 1;
            let listed = fs::read_to_string(task.ok()?.path().join("children")).ok()?;
            children += listed.split_whitespace().count();
        }
        let descriptors = fs::read_dir(process.join("fd")).ok()?.count().checked_sub(known)?;
        Some(Self { threads, children, descriptors })
    }

    /// These, when what was `before` has become `after` by our own doing.
    pub(crate) fn moved(self, before: Self, after: Self) -> Self {
        let moved = |own: usize, before: usize, after: usize| (own + after).saturating_sub(before);
        Self {
            threads: moved(self.threads, before.threads, after.threads),
            children: moved(self.children, before.children, after.children),
            descriptors: moved(self.descriptors, before.descriptors, after.descriptors),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each of the three would wake somebody some day.
    #[test]
    fn thread_child_and_socket_are_noticed() {
        let before = Surroundings::now(0).expect("the system tells");
        let (release, released) = std::sync::mpsc::channel::<()>();
        let thread = std::thread::spawn(move || {
            let _ = released.recv();
        });
        assert!(Surroundings::now(0).expect("the system tells").threads > before.threads);
        drop(release);
        thread.join().expect("it does nothing");
        let mut child =
            std::process::Command::new("sleep").arg("10").spawn().expect("every system has `sleep`");
        assert!(Surroundings::now(0).expect("the system tells").children > before.children);
        child.kill().and_then(|()| child.wait()).expect("it is ours");
        let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        assert!(Surroundings::now(0).expect("the system tells").descriptors > before.descriptors);
        drop(socket);
    }
}
