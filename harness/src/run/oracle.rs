//! Owns the judgement of scenarios that promise nothing: their workers are run one after the other, in every order, and what
//! that comes to is what they must come to at the same time.

use super::rig::{Detail, Rig, Subject};
use crate::check::SerialOutcomes;
use crate::choice::Schedule;
use crate::error::Error;
use crate::explore::Guided;
use crate::id::WorkerId;
use crate::verdict::Verdict;

/// Most workers of which every set is run in every order, which shrinking needs to leave some out.
const SETS_WORKERS_MAX: usize = 4;
/// Most workers of which all together are.
const WORKERS_MAX: usize = 6;

impl Rig {
    /// `subject` with the promise by which its executions are judged, if it states none itself. Where it has too many workers
    /// for that, or they never come to an end alone, it says why nothing can be said.
    pub(crate) async fn judged_by_orders(&mut self, subject: Subject) -> Result<Subject, Error> {
        if !subject.is_judged_by_orders {
            return Ok(subject);
        }
        if subject.workers > WORKERS_MAX {
            let workers = subject.workers;
            return Ok(subject.unjudged(format!("{workers} workers have too many orders to compare with")));
        }
        let alone = subject.one_after_the_other();
        let mut known = SerialOutcomes::default();
        for order in orders(&subject.whole_team()) {
            let mut guided = Guided::new(Schedule::default());
            let executed = self.execute(&alone, &order, Detail::Needed, &mut guided).await?;
            if let (Verdict::Pass, Some(state)) = (&executed.verdict, &executed.final_state) {
                known.insert(&order, state, &executed.operations);
            }
        }
        if known.is_empty() {
            return Ok(subject.unjudged("one after the other the workers never come to an end".to_owned()));
        }
        Ok(subject.promising(known.into_invariant()))
    }
}

/// Every order of all of `team`, and of each part of it if it is small.
fn orders(team: &[WorkerId]) -> Vec<Vec<WorkerId>> {
    let has_all = |order: &Vec<WorkerId>| order.len() == team.len();
    let wants_parts = team.len() <= SETS_WORKERS_MAX;
    let mut orders: Vec<Vec<WorkerId>> = vec![Vec::new()];
    let mut begun = 0;
    while begun < orders.len() {
        let longer = |worker: &WorkerId| [orders[begun].as_slice(), &[*worker]].concat();
        let next: Vec<_> = team.iter().filter(|worker| !orders[begun].contains(worker)).map(longer).collect();
        orders.extend(next);
        begun += 1;
    }
    orders.retain(|order| !order.is_empty() && (wants_parts || has_all(order)));
    orders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_team_has_the_orders_of_its_parts_and_a_larger_one_only_its_own() {
        let count = |workers: u16| orders(&(0..workers).map(WorkerId).collect::<Vec<_>>()).len();
        assert_eq!([1, 2, 3, 4, 5, 6].map(count), [1, 4, 15, 64, 120, 720]);
    }
}
