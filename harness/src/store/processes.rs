//! Owns [`Processes`]: where the processes of a server are, seen from this machine; who stops them and why is decided
//! by whoever asks.

use std::fs;

/// How the processes of a server can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Processes {
    /// Not at all: on another machine, or not ours to touch.
    None,
    /// What the server calls a process is its number here too.
    SameHost,
    /// They are in a container, with numbers of their own.
    Container {
        /// The number that the container's first process has here.
        init: u32,
    },
}

impl Processes {
    /// The number that the process which the server calls `pid` has here, if it is there and called `name`.
    pub(crate) fn find(self, pid: u32, name: &str) -> Option<u32> {
        let look = || match self {
            Self::None => None,
            Self::SameHost => Some(pid),
            Self::Container { init } => find_inside(init, pid),
        };
        (0..LOOKS_MAX).find_map(|_| look().filter(|found| is_called(*found, name)))
    }
}

/// proc(5): a list of children may lack some while others of them exit, so one look that finds nothing proves nothing.
const LOOKS_MAX: usize = 4;

/// The descendant of `process`, or itself, that has the number `pid` in the namespace it lives in.
fn find_inside(process: u32, pid: u32) -> Option<u32> {
    if pid_inside(process) == Some(pid) {
        return Some(process);
    }
    children(process).into_iter().find_map(|child| find_inside(child, pid))
}

/// The children of all threads of a process; none where the kernel does not list them.
pub(crate) fn children(process: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let listed = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    let numbers = |listed: String| -> Vec<u32> {
        listed.split_ascii_whitespace().filter_map(|child| child.parse().ok()).collect()
    };
    listed.flat_map(numbers).collect()
}

/// proc(5): `NSpid` names a process in every namespace from ours to its own.
fn pid_inside(process: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let numbers = status.lines().find_map(|line| line.strip_prefix("NSpid:"))?;
    numbers.split_ascii_whitespace().last()?.parse().ok()
}

fn is_called(process: u32, name: &str) -> bool {
    fs::read_to_string(format!("/proc/{process}/comm")).is_ok_and(|found| found.trim_end() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_found_by_number_and_name_only() {
        let (me, name) = (std::process::id(), fs::read_to_string("/proc/self/comm").unwrap());
        assert_eq!(Processes::SameHost.find(me, name.trim_end()), Some(me));
        assert_eq!(Processes::SameHost.find(me, "somebody else"), None);
        assert_eq!(Processes::None.find(me, name.trim_end()), None);
    }

    /// A child in our own namespace is called the same inside and outside. The kernel lets the parent go on a moment
    /// before the child bears its new name, so the test waits until it does.
    #[test]
    fn a_child_of_the_first_process_is_found() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        while !is_called(child.id(), "sleep") {
            std::thread::yield_now();
        }
        let found = Processes::Container { init: std::process::id() }.find(child.id(), "sleep");
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(found, Some(child.id()));
    }
}
