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

    /// Starts what the workers of `subject` keep, one after the other.
    pub(super) async fn warm_up(&mut self, subject: &Subject) -> Result<(), Halt> {
        self.let_go().await?;
        let warming = subject.warming(START_MS_MAX);
        let team: Vec<_> = (0..u16::try_from(subject.workers).unwrap_or(u16::MAX)).map(WorkerId).collect();
        let mut guided = Guided::new(Schedule::default());
        let executed = Box::pin(self.run_once(&warming, &team, Detail::Needed, &mut guided)).await;
        let what = failure(&executed.map_err(Halt::Error)?);
        match what {
            // The first time that all are at work at once they open what they need for that.
            None => {
                self.bring_back(subject).await?;
                let mut guided = Guided::new(Schedule::default());
                let rehearsed = Box::pin(self.run_once(subject, &team, Detail::Needed, &mut guided)).await;
                rehearsed.map(drop).map_err(Halt::Error)
            }
            Some(what) => {
                self.let_go().await?;
                let scenario = subject.scenario.card().name;
                Err(Halt::Error(Error::WarmUp { scenario, what }))
            }
        }
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
