//! Owns [`Series`]: the workloads of a generated scenario, drawn and searched one after the other.

use std::time::Duration;

use super::continuing::Begun;
use super::progress::Progress;
use super::search::{Found, Search, strategy, team};
use super::tally::Tally;
use crate::error::Error;
use crate::generator::Generator;
use crate::outcome::{Stopped, Workloads};
use crate::plan::Plan;

/// What came of the workloads so far.
#[derive(Default)]
pub(super) struct Series {
    /// How many were drawn, and of how many everything was explored.
    pub(super) workloads: Workloads,
    /// Whether equivalent schedules count as one.
    pub(super) reduces: bool,
    /// What was spent before the schedules of a workload were all explored.
    spent: Option<Stopped>,
}

impl Series {
    /// Explores the workloads in turn, until one of them ends the search. Each has an equal part of what those before it
    /// have left of the budget.
    pub(super) async fn run(
        search: &mut Search<'_>,
        generator: &dyn Generator,
        found: &mut Found,
        tally: &mut Tally,
    ) -> Result<Self, Error> {
        let (count, plan) = (generator.workloads().max(1), search.plan);
        let mut series = Self::default();
        for number in 0..count {
            let elapsed = Duration::from_micros(tally.elapsed_us());
            let Some(share) = share(plan, tally.schedules, elapsed, count - number) else {
                series.spent.get_or_insert(Stopped::ScheduleBudget);
                break;
            };
            let subject = search.rig.subject(search.scenario, plan).drawn(generator, number)?;
            let subject = search.rig.judged_by_orders(subject).await?;
            let (mut strategy, workers) = (strategy(plan), team(&subject));
            series.workloads.drawn += 1;
            let total = plan.schedules_max;
            let told = &mut *search.progress;
            let progress = &mut |progress: Progress| told(Progress { schedules_max: total, ..progress });
            let mut part = Search {
                rig: &mut *search.rig,
                scenario: search.scenario,
                plan: &share,
                interrupt: search.interrupt,
                earliest: search.earliest,
                progress,
                checkpoint: None,
                stores: Vec::new(),
            };
            found.stopped = Stopped::Exhausted;
            part.explore(&subject, &workers, strategy.as_mut(), &mut Begun::default(), found, tally).await?;
            found.weigh(&subject);
            series.reduces |= strategy.systematic().is_some_and(|systematic| systematic.reduces());
            series.workloads.exhausted += u64::from(strategy.exhausted());
            match found.stopped {
                Stopped::Exhausted => {}
                spent @ (Stopped::ScheduleBudget | Stopped::TimeBudget) => {
                    series.spent.get_or_insert(spent);
                }
                Stopped::FirstViolation | Stopped::Inconclusive | Stopped::Interrupted => return Ok(series),
            }
        }
        found.stopped = series.spent.unwrap_or(Stopped::Exhausted);
        Ok(series)
    }

    /// Whether every schedule of every workload was explored. Other workloads there are always.
    pub(super) fn exhausted(&self, generator: &dyn Generator) -> bool {
        self.workloads.exhausted == generator.workloads().max(1)
    }
}

/// `plan` with the part of the budget that one of `left` workloads has, when so much of it is used; nothing if all is.
fn share(plan: &Plan, schedules: u64, elapsed: Duration, left: u64) -> Option<Plan> {
    let rest = plan.schedules_max.checked_sub(schedules).filter(|rest| *rest > 0)?;
    let time = plan.budget.saturating_sub(elapsed) / u32::try_from(left).unwrap_or(u32::MAX);
    Some(Plan { schedules_max: schedules + rest.div_ceil(left), budget: elapsed + time, ..plan.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared(schedules: u64, elapsed: u64, left: u64) -> Option<(u64, Duration)> {
        let plan = Plan { schedules_max: 100, budget: Duration::from_secs(40), ..Plan::default() };
        let share = share(&plan, schedules, Duration::from_secs(elapsed), left)?;
        Some((share.schedules_max, share.budget))
    }

    #[test]
    fn what_is_left_is_shared_equally() {
        assert_eq!(shared(0, 0, 4), Some((25, Duration::from_secs(10))));
        assert_eq!(shared(10, 4, 3), Some((40, Duration::from_secs(16))));
        assert_eq!(shared(90, 30, 1), Some((100, Duration::from_secs(40))));
    }

    #[test]
    fn everybody_has_something_until_all_is_used() {
        assert_eq!(shared(98, 41, 16), Some((99, Duration::from_secs(41))));
        assert_eq!(shared(100, 0, 1), None);
    }
}
