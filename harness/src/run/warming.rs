//! Owns what workers keep between executions: when it is started, and when it is given up because an execution has left it in
//! the middle of something.

use std::sync::Arc;

use super::executed::Executed;
use super::halt::Halt;
use super::rig::{Detail, Rig, Subject};
use crate::choice::Schedule;
use crate::error::Error;
use crate::explore::Guided;
use crate::history::WorkerEnd;
use crate::id::WorkerId;
use crate::verdict::Verdict;
use crate::worker::Shared;

/// The longest time that a program may take to start.
const START_MS_MAX: u64 = 30_000;

/// What the workers of one subject keep.
#[derive(Debug)]
pub(crate) struct Kept {
    subject: u64,
    values: Arc<Shared>,
}

impl Rig {
    /// What the workers of `subject` keep.
    pub(super) fn keeps_for(&mut self, subject: &Subject) -> Arc<Shared> {
        let kept = self.kept.take().filter(|kept| kept.subject == subject.number);
        let kept = kept.unwrap_or_else(|| Kept { subject: subject.number, values: Arc::default() });
        Arc::clone(&self.kept.insert(kept).values)
    }

    /// Whether something is to be started that is not there.
    pub(super) fn wants_warm_up(&self, subject: &Subject) -> bool {
        let is_warm = self.kept.as_ref().is_some_and(|kept| kept.subject == subject.number);
        !is_warm && subject.scenario.has_warm_up()
    }

    /// Starts what the workers of `subject` keep, and has all of them work at once for the first time, in which they open what
    /// they need for that.
    pub(super) async fn warm_up(&mut self, subject: &Subject) -> Result<(), Halt> {
        self.start_kept(subject).await?;
        self.bring_back(subject).await?;
        let mut guided = Guided::new(Schedule::default());
        let rehearsed = self.run_once(subject, &whole_team(subject), Detail::Needed, &mut guided).await;
        if let Verdict::Inconclusive(reason) = rehearsed.map_err(Halt::Error)?.verdict {
            return Err(Halt::Inconclusive(reason));
        }
        if self.wants_warm_up(subject) { self.start_kept(subject).await } else { Ok(()) }
    }

    /// Starts what the workers of `subject` keep, one after the other.
    async fn start_kept(&mut self, subject: &Subject) -> Result<(), Halt> {
        self.let_go().await?;
        let (warming, mut guided) = (subject.warming(START_MS_MAX), Guided::new(Schedule::default()));
        let started = self.run_once(&warming, &whole_team(subject), Detail::Needed, &mut guided).await;
        let Some(what) = failure(&started.map_err(Halt::Error)?) else { return Ok(()) };
        self.let_go().await?;
        let scenario = subject.scenario.card().name;
        Err(Halt::Error(Error::WarmUp { scenario, what }))
    }

    /// Gives up what is kept and its connections.
    pub(super) async fn let_go(&mut self) -> Result<(), Halt> {
        self.kept = None;
        Ok(self.gate.evict().await?)
    }

    /// Gives up what is kept if `executed` may have left it in another state than it was in.
    pub(super) fn drop_broken(&mut self, executed: &Executed) {
        let is_cut_off = |end: &WorkerEnd| matches!(end, WorkerEnd::CutOff | WorkerEnd::Crashed);
        if self.gate.is_torn() || executed.ends.values().any(is_cut_off) {
            self.kept = None;
        }
    }
}

/// All workers of `subject`, whoever takes part.
fn whole_team(subject: &Subject) -> Vec<WorkerId> {
    (0..u16::try_from(subject.workers).unwrap_or(u16::MAX)).map(WorkerId).collect()
}

/// Why a warm-up came to nothing.
fn failure(executed: &Executed) -> Option<String> {
    let failed = executed.ends.iter().find_map(|(worker, end)| match end {
        WorkerEnd::Failed(what) | WorkerEnd::Panicked(what) => Some(format!("{worker}: {what}")),
        _ => None,
    });
    failed.or_else(|| match &executed.verdict {
        Verdict::Inconclusive(reason) => Some(reason.to_string()),
        Verdict::Violation(violation) => Some(violation.found.clone()),
        Verdict::Pass => None,
    })
}
