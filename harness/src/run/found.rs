//! Owns [`Found`]: what a search has found so far.

use super::executed::Executed;
use super::rig::Subject;
use crate::outcome::{Counterexample, Stopped};
use crate::regression::Retried;
use crate::verdict::{Inconclusive, Verdict};

/// What a search has found so far.
pub(super) struct Found {
    pub(super) verdict: Verdict,
    /// The first execution that violated an invariant, and of what.
    pub(super) violating: Option<(Subject, Executed)>,
    /// The evidence of an earlier one, with its seed and its number of workers, if the search goes on behind that.
    pub(super) earlier: Option<(u64, usize, Counterexample)>,
    /// The regressions that were retried.
    pub(super) regressions: Vec<Retried>,
    pub(super) stopped: Stopped,
}

impl Default for Found {
    fn default() -> Self {
        Self {
            verdict: Verdict::Pass,
            violating: None,
            earlier: None,
            regressions: Vec::new(),
            stopped: Stopped::Exhausted,
        }
    }
}

impl Found {
    /// Takes in whether anything says what is right for `subject`.
    pub(super) fn weigh(&mut self, subject: &Subject) {
        self.verdict = subject.judged(std::mem::replace(&mut self.verdict, Verdict::Pass));
    }

    /// Takes in one execution of `subject`; says whether the search ends with it.
    pub(super) fn take(
        &mut self,
        verdict: Verdict,
        subject: &Subject,
        executed: Executed,
        keep_going: bool,
    ) -> bool {
        let stopped = match &verdict {
            Verdict::Pass | Verdict::Inconclusive(Inconclusive::StepLimit { .. }) => None,
            Verdict::Inconclusive(_) => Some(Stopped::Inconclusive),
            Verdict::Violation(_) => (!keep_going).then_some(Stopped::FirstViolation),
        };
        if verdict.violation().is_some() && self.violating.is_none() {
            self.violating = Some((subject.clone(), executed));
        }
        self.verdict = std::mem::replace(&mut self.verdict, Verdict::Pass).merge(verdict);
        self.stopped = stopped.unwrap_or(self.stopped);
        stopped.is_some()
    }
}
