//! Owns [`Tally`]: what a search counts while it goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::executed::Executed;
use crate::choice::Schedule;
use crate::gate::Gate;
use crate::history::WorkerEnd;
use crate::outcome::{Coverage, FAILURES_MAX, Grace, Reduction, Stopped, Workloads};
use crate::plan::Plan;

/// Counts over the executions of one search.
pub(crate) struct Tally {
    started: Instant,
    /// Wakings in an undecided order that the gate had seen before.
    herds_before: u64,
    /// Those of this search before it was ended and gone on with, and how long it had taken by then.
    herds_so_far: u64,
    elapsed_before_us: u64,
    /// How often it was gone on with.
    resumed: u64,
    pub(crate) schedules: u64,
    /// How many of them were stopped where another one goes on in the same way.
    pub(super) redundant: u64,
    steps: u64,
    pub(crate) violating: u64,
    violated: BTreeMap<String, u64>,
    first_violation: Option<u64>,
    violating_schedule: Option<Schedule>,
    final_states_max: usize,
    final_states: BTreeMap<String, u64>,
    failures: BTreeMap<String, u64>,
    /// Executions in which some worker failed, other than by a conflict.
    pub(crate) failing: u64,
    conflicts: BTreeMap<String, u64>,
    faults: BTreeMap<String, u64>,
    grace: Option<Grace>,
    /// Executions of regressions.
    pub(crate) regressions: u64,
    /// Executions of schedules that had been executed before.
    pub(crate) repeats: u64,
    /// How many of those told another history.
    pub(crate) differing: u64,
    /// Whether equivalent schedules count as one.
    pub(crate) reduces: bool,
    pub(crate) reduction: Reduction,
    /// The workloads, if they were drawn.
    pub(crate) workloads: Option<Workloads>,
}

impl Tally {
    pub(crate) fn start(gate: &Gate, final_states_max: usize) -> Self {
        Self {
            herds_before: gate.herds(),
            started: Instant::now(),
            herds_so_far: 0,
            elapsed_before_us: 0,
            resumed: 0,
            schedules: 0,
            redundant: 0,
            steps: 0,
            violating: 0,
            violated: BTreeMap::new(),
            first_violation: None,
            violating_schedule: None,
            final_states_max,
            final_states: BTreeMap::new(),
            failures: BTreeMap::new(),
            failing: 0,
            conflicts: BTreeMap::new(),
            grace: None,
            faults: BTreeMap::new(),
            regressions: 0,
            repeats: 0,
            differing: 0,
            reduces: false,
            reduction: Reduction::default(),
            workloads: None,
        }
    }

    /// Goes on counting from `coverage`, of which so many executions were `failing`.
    pub(crate) fn go_on_from(self, coverage: Coverage, failing: u64) -> Self {
        Self {
            started: self.started,
            herds_before: self.herds_before,
            herds_so_far: coverage.undecided_wakings,
            elapsed_before_us: coverage.elapsed_us,
            resumed: coverage.resumed + 1,
            schedules: coverage.schedules,
            redundant: coverage.redundant,
            steps: coverage.steps,
            violating: coverage.violating,
            violated: coverage.violated,
            first_violation: coverage.first_violation,
            violating_schedule: coverage.violating_schedule,
            final_states_max: self.final_states_max,
            final_states: coverage.final_states,
            failures: coverage.failures,
            failing,
            conflicts: coverage.conflicts,
            faults: coverage.faults,
            grace: coverage.grace,
            regressions: coverage.regressions,
            repeats: coverage.repeats,
            differing: coverage.differing,
            workloads: coverage.workloads,
            reduces: false,
            reduction: coverage.reduction.unwrap_or_default(),
        }
    }

    pub(crate) fn count(&mut self, executed: &Executed) {
        self.schedules += 1;
        self.steps += executed.steps.len() as u64;
        self.grace = Grace::sum(self.grace, executed.grace);
        for kind in executed.steps.iter().filter_map(|step| step.choice.fault()) {
            *self.faults.entry(kind.name().to_owned()).or_default() += 1;
        }
        if let Some(violation) = executed.verdict.violation() {
            self.violating += 1;
            count_bounded(&mut self.violated, &violation.invariant, FAILURES_MAX);
            if self.first_violation.is_none() {
                self.first_violation = Some(self.schedules);
                self.violating_schedule = Some(executed.schedule());
            }
        }
        if executed.is_redundant {
            self.redundant += 1;
            return;
        }
        if let Some(state) = &executed.final_state {
            count_bounded(&mut self.final_states, &state.to_string(), self.final_states_max);
        }
        let mut failed = false;
        for (worker, end) in &executed.ends {
            if let WorkerEnd::Failed(text) = end {
                count_bounded(&mut self.failures, &format!("{worker}: {text}"), FAILURES_MAX);
                // A conflict is an outcome to judge: the invariants were put to the test.
                failed |= !executed.conflicts.contains_key(worker);
            }
        }
        self.failing += u64::from(failed);
        for code in executed.conflicts.values().collect::<BTreeSet<_>>() {
            *self.conflicts.entry(code.clone()).or_default() += 1;
        }
    }

    /// The failure because of which no execution put the invariants to the test, if that is so.
    pub(crate) fn vacuous(&self) -> Option<String> {
        let always = self.schedules > self.redundant && self.failing == self.schedules - self.redundant;
        always.then(|| self.failures.keys().next().cloned()).flatten()
    }

    pub(crate) fn elapsed_us(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Whether so much time of `plan` is used as `budget` says.
    pub(crate) fn over_budget(&self, plan: &Plan, budget: Duration) -> bool {
        let has_its_fault = !plan.model.breaks() || !self.faults.is_empty();
        let patience = if has_its_fault { Duration::ZERO } else { plan.patience };
        self.started.elapsed() >= budget + patience
    }

    pub(crate) fn coverage(self, plan: &Plan, exhausted: bool, stopped: Stopped, gate: &Gate) -> Coverage {
        let is_told = self.reduces || self.reduction.refuted.is_some();
        Coverage {
            reduction: is_told.then(|| self.reduction.clone()),
            redundant: self.redundant,
            strategy: plan.strategy.to_string(),
            schedules: self.schedules,
            steps: self.steps,
            workloads: self.workloads,
            exhausted,
            preemption_bound: plan.preemption_bound,
            splits_max: gate.can_split().then_some(plan.splits_max),
            regressions: self.regressions,
            resumed: self.resumed,
            repeats: self.repeats,
            differing: self.differing,
            conflicts: self.conflicts.clone(),
            faults: self.faults.clone(),
            grace: self.grace,
            undecided_wakings: self.herds_so_far + gate.herds() - self.herds_before,
            stopped,
            violating: self.violating,
            violated: self.violated.clone(),
            first_violation: self.first_violation,
            violating_schedule: self.violating_schedule.clone(),
            shard: (plan.shard.count() > 1).then_some(plan.shard),
            missing: Vec::new(),
            elapsed_us: self.elapsed_before_us + self.elapsed_us(),
            final_states: self.final_states,
            failures: self.failures,
        }
    }
}

/// Counts `key`, unless it is new and there are `most` already.
fn count_bounded<K: Ord + Clone>(counts: &mut BTreeMap<K, u64>, key: &K, most: usize) {
    if let Some(count) = counts.get_mut(key) {
        *count += 1;
    } else if counts.len() < most {
        counts.insert(key.clone(), 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_keys_are_counted_beyond_the_bound_and_new_ones_are_not() {
        let mut counts = BTreeMap::new();
        for key in ["a", "b", "c", "a"] {
            count_bounded(&mut counts, &key, 2);
        }
        assert_eq!(counts.into_iter().collect::<Vec<_>>(), [("a", 2), ("b", 1)]);
    }
}
