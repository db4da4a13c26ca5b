//! Owns the aftermath: one more worker that comes when all others have ended, and goes on without anybody in its way.

use super::execution::Execution;
use crate::choice::Choice;

impl Execution<'_> {
    /// Starts the aftermath, if there is one and it has not run yet.
    pub(super) fn begin_aftermath(&mut self) -> bool {
        let Some(worker) = self.last_worker.take() else { return false };
        let scenario = std::sync::Arc::clone(self.setting.scenario);
        self.spawn(worker, move |worker| async move { scenario.aftermath(worker).await });
        true
    }

    /// Whether the aftermath has begun.
    pub(super) fn is_aftermath(&self) -> bool {
        self.setting.aftermath.is_some() && self.last_worker.is_none()
    }

    /// Leaves the one option that is next in a fair order, so that nothing branches: what the aftermath itself wants, else
    /// what others have left to do, else that time passes.
    pub(super) fn leave_one(&self, options: &mut Vec<Choice>) {
        let own = options.iter().find(|option| option.worker() == self.setting.aftermath);
        let next = own.or(options.first()).copied();
        *options = next.into_iter().collect();
    }
}
