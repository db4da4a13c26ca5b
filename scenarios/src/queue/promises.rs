//! Owns what queues promise, judged from what the workers ran and from what the stores hold.

use std::collections::BTreeSet;

use raceproof::history::Datum;
use raceproof::{Invariant, View, Worker};

use crate::rows;

/// The operation of whoever runs a job, called with the job's name.
const RUN: &str = "run";
/// The Redis set of the jobs that were done: an effect that is the same when it happens twice.
pub(super) const DONE: &str = "done";
/// The Redis list of the mails that were sent, one for each run of a job: an effect that adds up.
pub(super) const MAILS: &str = "mails";
/// The same as a table.
pub(super) const MAILS_TABLE: &str = "CREATE TABLE mails (id serial PRIMARY KEY, job int NOT NULL)";

/// Runs the job, which has no effect but that it was run.
pub(super) fn run(worker: &Worker, job: impl ToString) {
    worker.invoke(RUN, job).ok("done");
}

/// The items of the list `key`.
pub(super) fn list<'a>(view: &View<'a>, key: &str) -> &'a [String] {
    match view.state.get(key).map(Datum::lasting) {
        Some(Datum::List(items)) => items,
        _ => &[],
    }
}

/// Whether the set `key` has `member`.
pub(super) fn has(view: &View<'_>, key: &str, member: &str) -> bool {
    matches!(view.state.get(key).map(Datum::lasting), Some(Datum::Set(members)) if members.contains(member))
}

/// How often the list `key` has `item`.
pub(super) fn times(view: &View<'_>, key: &str, item: &str) -> usize {
    list(view, key).iter().filter(|other| *other == item).count()
}

/// Nothing is run twice.
pub(super) fn no_job_runs_twice() -> Invariant {
    Invariant::new("each job is run once", |view: &View<'_>| {
        let mut seen = BTreeSet::new();
        let twice = view.done(RUN).find(|run| !seen.insert(&run.argument));
        twice.map_or(Ok(()), |run| {
            let who: Vec<_> = view.done(RUN).filter(|other| other.argument == run.argument).collect();
            let who: Vec<_> = who.iter().map(|run| run.worker.to_string()).collect();
            Err(format!("job {} was run by {}", run.argument, who.join(" and ")))
        })
    })
}

/// Every one of these jobs was done when all have ended, and a restarted worker has done what it found.
pub(super) fn every_job_is_done(jobs: &'static [&'static str]) -> Invariant {
    Invariant::new("in the end every job is done", move |view: &View<'_>| {
        let lost = jobs.iter().find(|job| !has(view, DONE, job));
        lost.map_or(Ok(()), |job| Err(format!("job {job} was never done; the stores hold {}", view.state)))
    })
}

/// The mail of every job from 1 to `jobs` was sent, and only once.
pub(super) fn one_mail_per_job(jobs: i32) -> Invariant {
    Invariant::new("in the end the mail of every job was sent, once", move |view: &View<'_>| {
        let sent = |job: &i32| rows::count(view, "mails", "job", &job.to_string());
        let wrong = (1..=jobs).find(|job| sent(job) != 1);
        wrong.map_or(Ok(()), |job| {
            Err(format!("the mail of job {job} was sent {} times: {}", sent(&job), view.state))
        })
    })
}
