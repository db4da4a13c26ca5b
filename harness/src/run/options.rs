//! Owns what may happen next in an execution.

use super::executed::Step;
use super::execution::Execution;
use super::halt::Halt;
use crate::choice::Choice;
use crate::id::{ConnectionId, WorkerId};

impl Execution<'_> {
    /// What may happen next, in canonical order.
    pub(super) async fn options(&mut self) -> Result<Vec<Choice>, Halt> {
        // Whoever has given up sleeping is woken by nothing.
        self.timers.retain(|timer| !timer.wake.is_closed());
        let mut options = self.requests();
        if self.may_time_pass(&options).await? {
            options.push(Choice::Advance);
            options.sort();
        }
        if self.is_aftermath() {
            self.leave_one(&mut options);
        }
        let is_stuck = options.is_empty();
        if is_stuck && self.polling.forced.is_none() && self.has_timer().await? {
            return Ok(vec![Choice::Advance]);
        }
        if !self.is_aftermath() && !options.iter().any(|option| matches!(option, Choice::Wake(_))) {
            options.extend(self.possible_faults());
        }
        if is_stuck && !self.polling.circles.is_empty() {
            // What breaks instead of a repetition can do so before the first one.
            if self.polling.forced.is_some() {
                options.clear();
            }
            let repetition = self.repeat();
            options.splice(0..0, repetition);
        }
        Ok(options)
    }

    /// What may happen at the gate.
    ///
    /// A worker that polls is left out while nothing has changed. A request is split only if somebody else can do
    /// something meanwhile, and goes on only after somebody has: the rest would be the same as releasing it whole.
    fn requests(&mut self) -> Vec<Choice> {
        let may_split = self.splits < self.setting.splits_max && !self.is_aftermath();
        let mut options = self.gate.options(may_split);
        self.find_circles(&options);
        options.retain(|option| match option {
            Choice::Run(id) | Choice::Split(id) => !self.polling.goes_in_circles(id.worker),
            _ => true,
        });
        let workers: Vec<WorkerId> = options.iter().filter_map(|option| option.worker()).collect();
        let has_company = |id: ConnectionId| workers.iter().any(|worker| *worker != id.worker);
        let just_split = match self.steps.last() {
            Some(Step { choice: Choice::Split(id), .. }) => Some(*id),
            _ => None,
        };
        options.retain(|option| match option {
            Choice::Split(id) => has_company(*id),
            Choice::Resume(id) => just_split != Some(*id) || !has_company(*id),
            _ => true,
        });
        options
    }
}
