//! Owns [`Outsiders`]: the processes in which workers' programs go on, and whether they are at rest.
//!
//! A process is at rest when all its threads, and those of the processes that it has started, sleep: three looks at them tell the
//! same, and no thread was given a processor in between. Between the looks the runtime asks the system for news and does what
//! comes of it, so nothing that they had sent before is overlooked.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::task::Context;
use std::time::{Duration, Instant};

use crate::alarm::Alarm;
use crate::id::WorkerId;
use crate::outcome::Grace;

/// How long nobody looks again at processes that were at work, at first and at most.
const PAUSE_MIN: Duration = Duration::from_micros(50);
const PAUSE_MAX: Duration = Duration::from_millis(2);

/// The processes outside of this one that have to do with an execution.
#[derive(Debug, Default)]
pub(super) struct Outsiders {
    processes: BTreeMap<WorkerId, BTreeSet<u32>>,
    seen: Option<Seen>,
    /// Since when no thread was seen at work, with nothing having come of what they did between looks: many clients wake up now
    /// and then to see whether they are wanted.
    idle_since: Option<Instant>,
    pause: Option<(Alarm, Duration)>,
    /// Workers whose programs did nothing for so long that they are taken to wait for others, the longest first.
    pub(super) dozing: Vec<WorkerId>,
    /// Whether there is nothing left that they could wait for, so that they are waited for.
    pub(super) is_awaited: bool,
    /// How often a program was taken to wait.
    pub(super) graces: u64,
}

/// What looks have shown: of each thread how often it was given a processor.
#[derive(Debug)]
struct Seen {
    turns: BTreeMap<u32, u64>,
    /// How many looks have told the same.
    looks: u32,
}

/// Looks that must tell the same. What was sent before the first has been read at the second, and what our own tasks make of
/// it is done at the third.
const LOOKS: u32 = 3;

/// How the processes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Calm {
    /// Some thread works.
    Working,
    /// All sleep, as far as few looks can tell.
    Perhaps,
    /// All sleep, and have done nothing for so long.
    For(Duration),
}

impl Outsiders {
    pub(super) fn enter(&mut self, worker: WorkerId, process: u32) {
        self.processes.entry(worker).or_default().insert(process);
        self.disturb();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.processes.is_empty()
    }

    /// Whether the program of `worker` goes on in a process of its own.
    pub(super) fn has(&self, worker: WorkerId) -> bool {
        self.processes.contains_key(&worker)
    }

    /// Something has happened, so that what was seen means nothing any more.
    pub(super) fn disturb(&mut self) {
        self.seen = None;
        self.idle_since = None;
        self.pause = None;
        self.is_awaited = false;
    }

    /// How often a program was taken to wait because it did nothing for `grace`.
    pub(super) fn grace(&self, grace: Duration) -> Option<Grace> {
        let ms = u64::try_from(grace.as_millis()).unwrap_or(u64::MAX);
        (self.graces > 0).then_some(Grace { ms, times: self.graces })
    }

    /// Looks at all of them.
    pub(super) fn look(&mut self) -> Calm {
        let mut turns = BTreeMap::new();
        let roots: BTreeSet<u32> = self.processes.values().flatten().copied().collect();
        if !roots.into_iter().all(|process| sleeps(process, &mut turns)) {
            self.seen = None;
            self.idle_since = None;
            return Calm::Working;
        }
        let idle_since = *self.idle_since.get_or_insert_with(Instant::now);
        match &mut self.seen {
            Some(seen) if seen.turns == turns => seen.looks += 1,
            seen => *seen = Some(Seen { turns, looks: 1 }),
        }
        match &self.seen {
            Some(seen) if seen.looks >= LOOKS => Calm::For(idle_since.elapsed()),
            _ => Calm::Perhaps,
        }
    }

    /// Has the task woken in a moment, which is longer each time.
    pub(super) fn pause(&mut self, context: &Context<'_>) {
        let last = self.pause.take().map_or(PAUSE_MIN / 2, |(_, last)| last);
        let next = (2 * last).min(PAUSE_MAX);
        self.wake_after(next, context);
    }

    /// Has the task woken after `duration`.
    pub(super) fn wake_after(&mut self, duration: Duration, context: &Context<'_>) {
        let mut alarm = Alarm::after(duration);
        if alarm.poll(context).is_ready() {
            context.waker().wake_by_ref();
        }
        self.pause = Some((alarm, duration));
    }
}

/// Whether all threads of `process` and of those that it has started sleep; notes how often each was given a processor. One
/// that is gone sleeps.
fn sleeps(process: u32, turns: &mut BTreeMap<u32, u64>) -> bool {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { return true };
    threads.flatten().all(|thread| {
        let folder = thread.path();
        let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
        let children = read("children");
        // proc(5): the state follows the name, which stands in brackets and may hold anything; an empty text is that of
        // a thread that is gone.
        let stat = read("stat");
        let state = stat.rsplit_once(')').and_then(|(_, rest)| rest.trim_start().chars().next());
        if !matches!(state, None | Some('S' | 'Z' | 'X' | 'I' | 'T')) {
            return false;
        }
        turns.extend(number_of(&folder).zip(turns_of(&read("schedstat"))));
        let mut children = children.split_ascii_whitespace().filter_map(|child| child.parse().ok());
        children.all(|child| sleeps(child, turns))
    })
}

fn number_of(folder: &Path) -> Option<u32> {
    folder.file_name()?.to_str()?.parse().ok()
}

/// The third number is how often the thread was given a processor.
fn turns_of(schedstat: &str) -> Option<u64> {
    schedstat.split_ascii_whitespace().nth(2)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::process::{Child, Command, Stdio};

    use super::*;

    fn of(child: &Child) -> Outsiders {
        let mut outsiders = Outsiders::default();
        outsiders.enter(WorkerId(0), child.id());
        outsiders
    }

    fn end(mut child: Child) {
        child.kill().and_then(|()| child.wait()).expect("it is ours");
    }

    /// Looks until two in a row tell the same.
    fn until_calm(outsiders: &mut Outsiders) {
        while !matches!(outsiders.look(), Calm::For(_)) {
            std::thread::yield_now();
        }
    }

    #[test]
    fn program_that_computes_is_at_work_and_one_that_waits_is_not() {
        let busy = Command::new("sh").args(["-c", "while :; do :; done"]).spawn().expect("a shell");
        let mut outsiders = of(&busy);
        for _ in 0..20 {
            assert!(!matches!(outsiders.look(), Calm::For(_)));
        }
        end(busy);
        let idle = Command::new("sleep").arg("60").spawn().expect("every system has `sleep`");
        until_calm(&mut of(&idle));
        end(idle);
    }

    /// The shell waits for its child, and only the child works.
    #[test]
    fn what_a_program_has_started_counts() {
        let script = "sh -c 'echo begun; while :; do :; done' & wait";
        let mut shell = Command::new("sh");
        let mut parent = shell.args(["-c", script]).stdout(Stdio::piped()).spawn().expect("a shell");
        let mut line = String::new();
        BufReader::new(parent.stdout.take().expect("a pipe")).read_line(&mut line).expect("it speaks");
        let mut outsiders = of(&parent);
        for _ in 0..20 {
            assert!(!matches!(outsiders.look(), Calm::For(_)));
        }
        let child = fs::read_to_string(format!("/proc/{0}/task/{0}/children", parent.id())).expect("proc");
        let killed = Command::new("kill").arg(child.trim()).status().expect("every system has `kill`");
        assert!(killed.success());
        end(parent);
    }

    /// It sleeps at both looks, but was at work in between.
    #[test]
    fn program_that_was_at_work_between_two_looks_is_not_calm() {
        let mut echo = Command::new("cat");
        let mut echo =
            echo.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("every system has `cat`");
        let (mut input, output) = (echo.stdin.take().expect("a pipe"), echo.stdout.take().expect("a pipe"));
        let (mut output, mut line) = (BufReader::new(output), String::new());
        let mut outsiders = of(&echo);
        until_calm(&mut outsiders);
        input.write_all(b"x\n").and_then(|()| output.read_line(&mut line)).expect("it answers");
        assert!(!matches!(outsiders.look(), Calm::For(_)));
        until_calm(&mut outsiders);
        end(echo);
    }
}
