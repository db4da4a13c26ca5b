//! Owns [`Invariant`]: a promise in words and the pure function that checks it.

use std::fmt;
use std::sync::Arc;

use super::{Explanation, Opinion};
use crate::history::{Operation, OperationEnd, State};
use crate::id::WorkerId;
use crate::verdict::{Culprit, Inconclusive, Verdict, Violation};

/// What an invariant may look at: the stores and what the workers reported, at one moment.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The content of the stores.
    pub state: &'a State,
    /// The operations so far, in the order of their invocations.
    pub operations: &'a [Operation],
    /// How many workers take part (a shrunken execution has fewer than the scenario).
    pub workers: usize,
    /// Who they are.
    pub team: &'a [WorkerId],
    /// Who has crashed so far.
    pub crashed: &'a [WorkerId],
    /// Whose program has ended in an error so far, a crash among them.
    pub failed: &'a [WorkerId],
    /// How much has broken so far.
    pub faults: usize,
}

impl View<'_> {
    /// Whether `worker` has crashed.
    #[must_use]
    pub fn has_crashed(&self, worker: WorkerId) -> bool {
        self.crashed.contains(&worker)
    }

    /// The operations called `name` that took effect.
    pub fn done<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'b Operation> + 'b {
        self.operations
            .iter()
            .filter(move |operation| operation.name == name && matches!(operation.end, OperationEnd::Ok(_)))
    }

    /// How many operations called `name` took effect.
    #[must_use]
    pub fn count(&self, name: &str) -> usize {
        self.done(name).count()
    }

    /// What the operations called `name` that took effect returned, in the order of invocation.
    #[must_use]
    pub fn results(&self, name: &str) -> Vec<&str> {
        self.operations
            .iter()
            .filter(|operation| operation.name == name)
            .filter_map(|operation| match &operation.end {
                OperationEnd::Ok(text) => Some(text.as_str()),
                _ => None,
            })
            .collect()
    }
}

type Judge = dyn Fn(&View<'_>) -> (Opinion, Option<Explanation>) + Send + Sync;

/// A promise and how to check it.
#[derive(Clone)]
pub struct Invariant {
    promise: String,
    judge: Arc<Judge>,
    culprit: Culprit,
}

impl Invariant {
    /// An invariant that promises `promise` (a short sentence without a full stop); `judge` answers
    /// with what was found instead where it does not hold.
    pub fn new(
        promise: impl Into<String>,
        judge: impl Fn(&View<'_>) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        Self::judged(promise, move |view| judge(view).map_or_else(Opinion::Broken, |()| Opinion::Holds))
    }

    /// An invariant as [`Invariant::new`] makes it, of which `judge` may also say that it cannot be decided. That is never a pass.
    pub fn judged(
        promise: impl Into<String>,
        judge: impl Fn(&View<'_>) -> Opinion + Send + Sync + 'static,
    ) -> Self {
        Self::explained(promise, move |view| (judge(view), None))
    }

    /// An invariant as [`Invariant::judged`] makes it, of which `judge` also says as data why it is broken.
    pub fn explained(
        promise: impl Into<String>,
        judge: impl Fn(&View<'_>) -> (Opinion, Option<Explanation>) + Send + Sync + 'static,
    ) -> Self {
        Self { promise: promise.into(), judge: Arc::new(judge), culprit: Culprit::Code }
    }

    /// The same in other words; they name the violation.
    #[must_use]
    pub fn promising(self, promise: impl Into<String>) -> Self {
        Self { promise: promise.into(), ..self }
    }

    /// The same as a promise of the store's documentation: who breaks it is the store, whatever the code under test does.
    #[must_use]
    pub fn of_the_store(self) -> Self {
        Self { culprit: Culprit::Store, ..self }
    }

    /// No promise at all, on purpose: whatever the workers come to is right. A scenario that states no invariant is judged by
    /// the serial orders of its workers.
    #[must_use]
    pub fn anything() -> Self {
        Self::new("anything is right", |_| Ok(()))
    }

    /// The promise in words.
    #[must_use]
    pub fn promise(&self) -> &str {
        &self.promise
    }

    /// What it says of `view`.
    #[must_use]
    pub fn opinion(&self, view: &View<'_>) -> Opinion {
        (self.judge)(view).0
    }

    /// The violation if the promise does not hold in `view`; `step` is where it is looked at.
    #[must_use]
    pub fn violation(&self, view: &View<'_>, step: Option<usize>) -> Option<Violation> {
        match Self::verdict([self], view, step) {
            Verdict::Violation(violation) => Some(violation),
            Verdict::Pass | Verdict::Inconclusive(_) => None,
        }
    }

    /// What `invariants` say of `view`: the first violation, or else the first that cannot be decided.
    pub fn verdict<'a>(
        invariants: impl IntoIterator<Item = &'a Self>,
        view: &View<'_>,
        step: Option<usize>,
    ) -> Verdict {
        let mut verdict = Verdict::Pass;
        for invariant in invariants {
            let Self { promise, judge, culprit } = invariant;
            let (opinion, explanation) = judge(view);
            match opinion {
                Opinion::Holds => {}
                Opinion::Broken(found) => {
                    let (culprit, explanation) = (*culprit, explanation.map(Box::new));
                    let violation = Violation::new(promise, found, step);
                    return Verdict::Violation(Violation { culprit, explanation, ..violation });
                }
                Opinion::Undecided(why) => {
                    let invariant = promise.clone();
                    verdict =
                        verdict.merge(Verdict::Inconclusive(Inconclusive::Undecided { invariant, why }));
                }
            }
        }
        verdict
    }
}

impl fmt::Debug for Invariant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Invariant").field("promise", &self.promise).finish_non_exhaustive()
    }
}
