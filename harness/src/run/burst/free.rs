//! Owns [`FreeRun`]: one burst, from the start of its workers to the verdict.

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

use super::crew::{Haul, News};
use super::crews::Crews;
use super::reported::operations;
use crate::alarm::Alarm;
use crate::check::{Invariant, View};
use crate::clock::{EPOCH, RunClock};
use crate::error::Error;
use crate::gate::{Call, Tape, Timings};
use crate::history::{Operation, State, WorkerEnd};
use crate::id::WorkerId;
use crate::interrupt::Interrupt;
use crate::run::executed::Executed;
use crate::run::halt::{Halt, reason};
use crate::run::inspecting::Inspection;
use crate::run::judging::{NO_DEADLOCK, panicked};
use crate::run::rig::{Rig, Subject};
use crate::scenario::Moment;
use crate::verdict::{Inconclusive, Verdict, Violation};
use crate::worker::{Event, Worker};

/// How often the run's clock is set to the real one, and looked whether anything goes on.
const TICK: Duration = Duration::from_millis(1);
/// How long workers may take to send their first command. Who takes longer starts later.
const START_MS_MAX: u64 = 200;

/// A burst that is under way.
pub(super) struct FreeRun<'a> {
    pub(super) rig: &'a mut Rig,
    pub(super) crews: &'a mut Crews,
    pub(super) subject: &'a Subject,
    pub(super) workers: &'a [WorkerId],
    pub(super) interrupt: &'a Interrupt,
    /// The longest time that it may take.
    pub(super) longest: Duration,
    pub(super) course: Course,
}

/// How far a burst has come.
pub(super) struct Course {
    clock: RunClock,
    tick: Alarm,
    started: Instant,
    released: Option<Instant>,
    /// Who waits for the release, or is past it.
    ready: BTreeSet<WorkerId>,
    ended: BTreeSet<WorkerId>,
    sleepers: Vec<Sleeper>,
    /// Whether the worker of the aftermath has begun.
    has_aftermath: bool,
    /// Commands that were answered and other news, and when there was more of them than before.
    news: u64,
    last_seen: (u64, u64),
    moved: Instant,
}

struct Sleeper {
    deadline: Duration,
    wake: oneshot::Sender<()>,
}

impl Default for Course {
    fn default() -> Self {
        Self {
            clock: RunClock::default(),
            tick: Alarm::after(TICK),
            started: Instant::now(),
            released: None,
            ready: BTreeSet::new(),
            ended: BTreeSet::new(),
            sleepers: Vec::new(),
            has_aftermath: false,
            news: 0,
            last_seen: (0, 0),
            moved: Instant::now(),
        }
    }
}

/// Why a burst ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// All workers have.
    Done,
    /// Nothing went by for too long.
    Stuck,
    /// It went on for too long.
    TooLong,
    /// The user wanted it.
    Interrupted,
}

/// A burst that is over.
pub(super) struct Ran {
    pub(super) executed: Executed,
    pub(super) tapes: Vec<Tape>,
    pub(super) timings: Timings,
    /// Commands that the stores have answered.
    pub(super) commands: u64,
    /// How long the workers ran free.
    pub(super) running: Duration,
    /// When they were released, in nanoseconds since the threads were started.
    pub(super) released: u64,
    /// Whether the user ended it.
    pub(super) is_interrupted: bool,
}

impl Ran {
    /// A burst that could not even begin.
    pub(super) fn never(executed: Executed) -> Self {
        Self {
            executed,
            tapes: Vec::new(),
            timings: Timings::default(),
            commands: 0,
            running: Duration::ZERO,
            released: 0,
            is_interrupted: false,
        }
    }
}

impl FreeRun<'_> {
    /// Runs to the end.
    pub(super) async fn run(mut self) -> Result<Ran, Error> {
        let before = self.crews.commands();
        let Subject { scenario, seed, .. } = self.subject;
        let (first, events) = self.crews.begin(scenario, self.workers, *seed, &self.course.clock);
        let watched = self.watch(&first, &events).await;
        let over = Instant::now();
        let released = self.course.released.unwrap_or(over);
        let hauls = self.gather().await;
        let (mut ran, waiting, given_back) = self.unload(hauls).await;
        let inspected = self.inspect(&watched, &ran.executed).await;
        let finished = self.finish(given_back).await;
        let verdict = match (watched, finished) {
            (Err(Halt::Error(error)), _) | (_, Err(Halt::Error(error))) => return Err(error),
            (Ok(ended), Ok(state)) => {
                let verdict = self.judge(ended, &ran.executed, &waiting, &state).merge(inspected?);
                ran.is_interrupted = ended == Ended::Interrupted;
                ran.executed.final_state = Some(state);
                verdict
            }
            (Err(halt), _) | (_, Err(halt)) => Verdict::Inconclusive(reason(halt)),
        };
        ran.executed.verdict = verdict;
        ran.commands = self.crews.commands() - before;
        ran.running = over.saturating_duration_since(released);
        let since = released.saturating_duration_since(self.crews.zero);
        ran.released = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
        Ok(ran)
    }

    /// Serves the workers, and lets their time go on, until all have ended or something ends them.
    async fn watch(&mut self, first: &Worker, events: &UnboundedSender<Event>) -> Result<Ended, Halt> {
        loop {
            match self.next().await {
                Some(news) => self.receive(news).await?,
                None => self.let_time_go_on(),
            }
            let is_late = self.course.started.elapsed() >= Duration::from_millis(START_MS_MAX);
            if self.course.released.is_none() && (self.course.ready.len() >= self.workers.len() || is_late) {
                self.release();
            }
            if self.course.ended.len() == self.workers.len() + usize::from(self.course.has_aftermath) {
                let last = self.subject.aftermath.filter(|_| !self.course.has_aftermath);
                let Some(last) = last else { return Ok(Ended::Done) };
                self.course.has_aftermath = true;
                self.crews.follow_up(first.colleague(last, events.clone()));
            }
            if let Some(ended) = self.is_to_end() {
                return Ok(ended);
            }
        }
    }

    /// What the threads say next; `None` now and then.
    async fn next(&mut self) -> Option<News> {
        poll_fn(|context| {
            if let Poll::Ready(news) = self.crews.poll_news(context) {
                return Poll::Ready(Some(news));
            }
            if self.course.tick.poll(context).is_ready() {
                self.course.tick = Alarm::after(TICK);
                assert!(!self.crews.is_broken(), "a thread ends only when it is let go");
                return Poll::Ready(None);
            }
            Poll::Pending
        })
        .await
    }

    async fn receive(&mut self, news: News) -> Result<(), Halt> {
        self.course.news += 1;
        match news {
            News::Gate(call) => {
                let limit = Duration::from_millis(self.subject.limits.step_ms_max);
                let attended = self.rig.gate.attend(call);
                match self.rig.patience.for_store(limit, "a connection", attended).await? {
                    Some(Call::Held(worker)) => drop(self.course.ready.insert(worker)),
                    Some(Call::Failed(error)) => return Err(error.into()),
                    _ => {}
                }
            }
            News::Sleeps { worker, deadline, wake } => {
                self.course.ready.insert(worker);
                self.course.sleepers.push(Sleeper { deadline, wake });
            }
            News::Ended(worker) => {
                self.course.ready.insert(worker);
                self.course.ended.insert(worker);
            }
            News::Over(_) => unreachable!("no thread was told to end"),
        }
        Ok(())
    }

    fn release(&mut self) {
        let now = Instant::now();
        (self.course.released, self.course.moved) = (Some(now), now);
        self.crews.release();
    }

    /// Makes it what time it is for stores and workers; the stores first, as they are the ones that are asked later.
    fn let_time_go_on(&mut self) {
        let Some(released) = self.course.released else { return };
        let now = released.elapsed();
        self.rig.gate.run_to(EPOCH + now);
        self.course.clock.move_to(now);
        // The clock has microseconds.
        let now = self.course.clock.now();
        for Sleeper { wake, .. } in self.course.sleepers.extract_if(.., |sleeper| sleeper.deadline <= now) {
            self.course.news += 1;
            // A worker that no longer waits needs no waking.
            let _ = wake.send(());
        }
    }

    fn is_to_end(&mut self) -> Option<Ended> {
        if self.interrupt.is_set() {
            return Some(Ended::Interrupted);
        }
        let released = self.course.released?;
        if released.elapsed() >= self.longest {
            return Some(Ended::TooLong);
        }
        let seen = (self.crews.commands(), self.course.news);
        self.course.sleepers.retain(|sleeper| !sleeper.wake.is_closed());
        if seen != self.course.last_seen || !self.course.sleepers.is_empty() {
            (self.course.last_seen, self.course.moved) = (seen, Instant::now());
        }
        let patience = Duration::from_millis(self.subject.limits.settle_ms_max);
        (self.course.moved.elapsed() >= patience).then_some(Ended::Stuck)
    }

    /// Ends the burst on all threads, and takes what it has left there.
    async fn gather(&mut self) -> Vec<Haul> {
        self.crews.end();
        let mut hauls = Vec::new();
        while hauls.len() < self.crews.len() {
            if let Some(News::Over(haul)) = self.next().await {
                hauls.push(*haul);
            }
        }
        hauls
    }

    /// What was seen, who waits for a store, and whether all connections were given back.
    async fn unload(&mut self, hauls: Vec<Haul>) -> (Ran, BTreeSet<WorkerId>, Result<(), Halt>) {
        let (mut reported, mut ends, mut waiting) = (Vec::new(), BTreeMap::new(), BTreeSet::new());
        let (mut tapes, mut timings, mut given_back) = (Vec::new(), Timings::default(), Ok(()));
        let mut conflicts = BTreeMap::new();
        let limit = Duration::from_millis(self.subject.limits.step_ms_max);
        for mut haul in hauls {
            reported.append(&mut haul.reported);
            ends.append(&mut haul.ends);
            waiting.append(&mut haul.waiting);
            timings.merge(&haul.timings);
            for (returned, mut tape) in haul.gone {
                let taken = self.rig.gate.take_back(returned);
                let taken = self.rig.patience.for_store(limit, "the end of a connection", taken).await;
                given_back = given_back.and(taken);
                conflicts.extend(tape.conflict.take().map(|code| (tape.connection.worker, code)));
                tapes.push(tape);
            }
        }
        conflicts.retain(|worker, _| matches!(ends.get(worker), Some(WorkerEnd::Failed(_))));
        let aftermath = self.subject.aftermath.filter(|worker| ends.contains_key(worker));
        let executed = Executed {
            operations: operations(reported),
            ends,
            conflicts,
            aftermath,
            ..Executed::never(self.workers, Verdict::Pass)
        };
        let ran = Ran { tapes, timings, ..Ran::never(executed) };
        (ran, waiting, given_back)
    }

    /// Brings the stores back; what they held.
    async fn finish(&mut self, given_back: Result<(), Halt>) -> Result<State, Halt> {
        let limit = Duration::from_millis(self.subject.limits.step_ms_max);
        let finished = self.rig.gate.finish();
        let finished = self.rig.patience.for_store(limit, "its content", finished).await;
        given_back.and(finished)
    }

    fn judge(&self, ended: Ended, run: &Executed, waiting: &BTreeSet<WorkerId>, state: &State) -> Verdict {
        let is_cut_off = |(_, end): &(&WorkerId, &WorkerEnd)| **end == WorkerEnd::CutOff;
        let left: Vec<WorkerId> = run.ends.iter().filter(is_cut_off).map(|(worker, _)| *worker).collect();
        let named =
            |workers: &[WorkerId]| workers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        match ended {
            Ended::Interrupted => Verdict::Pass,
            Ended::TooLong => {
                let limit_ms = u64::try_from(self.longest.as_millis()).unwrap_or(u64::MAX);
                Verdict::Inconclusive(Inconclusive::Unfinished { workers: named(&left), limit_ms })
            }
            Ended::Stuck => {
                let settle_ms_max = self.subject.limits.settle_ms_max;
                let idle: Vec<_> = left.iter().copied().filter(|worker| !waiting.contains(worker)).collect();
                if !idle.is_empty() {
                    let workers = named(&idle);
                    return Verdict::Inconclusive(Inconclusive::Unsettled { workers, settle_ms_max });
                }
                let found = format!(
                    "{} waits for ever: nobody is left that could wake it, and nothing went by for {settle_ms_max} ms",
                    named(&left)
                );
                Verdict::Violation(Violation::new(NO_DEADLOCK, found, None))
            }
            Ended::Done => self.judge_end(run, state),
        }
    }

    /// What the scenario itself sees at the end, if all workers came to theirs.
    async fn inspect(&mut self, watched: &Result<Ended, Halt>, run: &Executed) -> Result<Verdict, Error> {
        if !matches!(watched, Ok(Ended::Done)) {
            return Ok(Verdict::Pass);
        }
        let Rig { set_up, patience, gate, .. } = &mut *self.rig;
        let Subject { scenario, limits, .. } = self.subject;
        let (limit, outages) = (Duration::from_millis(limits.step_ms_max), gate.outages());
        for moment in [Moment::Always, Moment::Finally] {
            let inspection =
                Inspection { scenario, moment, operations: &run.operations, step: None, limit, outages };
            match inspection.run(set_up, patience).await {
                Ok(None) => {}
                Ok(Some(violation)) => return Ok(Verdict::Violation(violation)),
                Err(Halt::Error(error)) => return Err(error),
                Err(halt) => return Ok(Verdict::Inconclusive(reason(halt))),
            }
        }
        Ok(Verdict::Pass)
    }

    /// Checks at the end what must hold there and what must always hold.
    fn judge_end(&self, run: &Executed, state: &State) -> Verdict {
        let operations: &[Operation] = &run.operations;
        let ends = run.ends.iter().filter(|(_, end)| **end != WorkerEnd::Finished);
        let failed: Vec<WorkerId> = ends.map(|(worker, _)| *worker).collect();
        let (team, workers) = (self.workers, self.workers.len());
        let view = View { state, operations, workers, team, crashed: &[], failed: &failed, faults: 0 };
        let invariants = self.subject.always.iter().chain(&self.subject.finally);
        match panicked(&run.ends) {
            Some(panic) => Verdict::Violation(panic),
            None => Invariant::verdict(invariants, &view, None),
        }
    }
}
