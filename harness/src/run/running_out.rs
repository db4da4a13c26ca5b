//! Owns what becomes of workers when an execution is over before they are.

use super::execution::Execution;
use crate::explore::Point;

impl Execution<'_> {
    /// Drops the programs of workers that have not ended.
    pub(super) async fn cut_off(&mut self) {
        for task in self.tasks.iter_mut().filter(|task| task.end.is_none()) {
            task.handle.abort();
            // Whatever it was doing when it was cut off is of no interest.
            let _ = (&mut task.handle).await;
        }
    }

    /// Lets the workers come to their ends, of which nobody takes note: a connection whose worker has ended is kept for
    /// the next execution, and one that is cut off in the middle has to be made anew, which takes longer than what is left.
    pub(super) async fn run_out(&mut self) {
        self.following.is_wanted = false;
        let noted = self.steps.len();
        let mut previous = None;
        while self.steps.len() < self.setting.limits.steps_max && self.settle().await.is_ok() {
            let Ok(options) = self.options().await else { break };
            let point = Point { options: &options, previous };
            let first = point.preferred().first().map(|index| options[*index]);
            let Some(choice) = first.filter(|choice| choice.fault().is_none()) else { break };
            previous = choice.turn().or(previous);
            if self.take(choice).await.is_err() {
                break;
            }
        }
        self.steps.truncate(noted);
    }
}
