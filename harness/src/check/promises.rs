//! Owns the invariants that checkers make, so that a scenario says in a word what it promises.

use super::linearizability::{Limits, Model, check};
use super::{
    Delivery, Explanation, Guarantee, Invariant, Opinion, SlidingWindow, Staleness, View, conserved,
    mutual_exclusion,
};

impl Invariant {
    /// The operations are linearizable with respect to `model`. An operation that the model does not understand makes it undecided: see
    /// [`super::linearizability::Only`].
    ///
    /// ```
    /// use raceproof::Invariant;
    /// use raceproof::check::models::Inventory;
    ///
    /// let promise = Invariant::linearizable(Inventory { units: 1 });
    /// assert_eq!(promise.promise(), "the operations are linearizable");
    /// ```
    pub fn linearizable(model: impl Model + Send + Sync + 'static) -> Self {
        Self::linearizable_within(model, Limits::default())
    }

    /// As [`Invariant::linearizable`], with limits of one's own.
    pub fn linearizable_within(model: impl Model + Send + Sync + 'static, limits: Limits) -> Self {
        Self::explained("the operations are linearizable", move |view| {
            match check(&model, view.operations, &limits) {
                Ok(judgement) => {
                    let opinion = judgement.opinion(view.operations);
                    (opinion, judgement.stuck().map(Explanation::NotLinearizable))
                }
                Err(misfit) => (Opinion::Undecided(misfit.to_string()), None),
            }
        })
    }

    /// Each worker's session has this guarantee.
    #[must_use]
    pub fn session(guarantee: Guarantee) -> Self {
        Self::judged(guarantee.to_string(), move |view| guarantee.judge(view.operations))
    }

    /// No read is further behind.
    #[must_use]
    pub fn fresh_within(staleness: Staleness) -> Self {
        let promise = match staleness {
            Staleness::Writes(0) => "no read is stale".to_owned(),
            Staleness::Writes(writes_max) => format!("no read misses more than {writes_max} writes"),
            Staleness::Milliseconds(ms_max) => format!("no read is staler than {ms_max} ms"),
        };
        Self::judged(promise, move |view| staleness.judge(view.operations))
    }

    /// No two workers hold the same lock at the same time: see [`mutual_exclusion`].
    #[must_use]
    pub fn mutual_exclusion() -> Self {
        Self::judged("no two hold the same lock", |view| mutual_exclusion(view.operations))
    }

    /// What `amounts` finds adds up to `total`.
    pub fn conserved(
        total: i64,
        amounts: impl Fn(&View<'_>) -> Vec<(String, i64)> + Send + Sync + 'static,
    ) -> Self {
        Self::judged(format!("the sum stays {total}"), move |view| conserved(total, &amounts(view)))
    }

    /// What was asked for is done as often as promised.
    #[must_use]
    pub fn delivered(delivery: Delivery) -> Self {
        let promise = match delivery {
            Delivery::AtMostOnce => "every request is carried out at most once",
            Delivery::AtLeastOnce => "every acknowledged request is carried out",
            Delivery::ExactlyOnce => "every acknowledged request is carried out exactly once",
        };
        Self::judged(promise, move |view| delivery.judge(view.operations))
    }

    /// No stretch of time lets more through.
    #[must_use]
    pub fn sliding_window(window: SlidingWindow) -> Self {
        let SlidingWindow { accepted_max, window_ms } = window;
        let promise = format!("at most {accepted_max} in any {window_ms} ms");
        Self::judged(promise, move |view| window.judge(view.operations))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::models::Register;
    use crate::check::sample::ok;
    use crate::history::{Operation, State};
    use crate::verdict::{Inconclusive, Verdict};

    fn judged(invariant: &Invariant, operations: &[Operation]) -> Verdict {
        let (state, workers) = (State::default(), 2);
        let view =
            View { state: &state, operations, workers, team: &[], crashed: &[], failed: &[], faults: 0 };
        Invariant::verdict([invariant], &view, Some(3))
    }

    #[test]
    fn checker_makes_a_violation_a_pass_or_an_inconclusive_verdict() {
        let register = Invariant::linearizable(Register::default());
        assert_eq!(
            judged(&register, &[ok('A', "write 1", "", 0, 1), ok('B', "read", "1", 2, 3)]),
            Verdict::Pass
        );
        let Verdict::Violation(violation) = judged(&register, &[ok('B', "read", "1", 2, 3)]) else {
            panic!("nobody wrote it");
        };
        assert_eq!(
            (violation.invariant.as_str(), violation.step),
            ("the operations are linearizable", Some(3))
        );
        let Verdict::Inconclusive(Inconclusive::Undecided { invariant, why }) =
            judged(&register, &[ok('A', "sing", "", 0, 1)])
        else {
            panic!("a register cannot sing");
        };
        assert_eq!(invariant, "the operations are linearizable");
        assert!(why.starts_with("operation 1: `sing` is no operation"), "{why}");
    }

    /// One history that each of them accepts and one that it rejects.
    #[test]
    fn each_checker_is_a_promise() {
        let twice = |first, first_result, second, second_result| {
            vec![ok('A', first, first_result, 0, 1), ok('A', second, second_result, 2, 3)]
        };
        let table = [
            (
                Invariant::session(Guarantee::ReadYourWrites),
                twice("write k", "1", "read k", "1"),
                twice("write k", "1", "read k", "0"),
            ),
            (
                Invariant::fresh_within(Staleness::Writes(0)),
                twice("write k", "1", "read k", "1"),
                twice("write k", "1", "read k", "0"),
            ),
            (
                Invariant::mutual_exclusion(),
                twice("acquire k", "", "release k", ""),
                [
                    twice("acquire k", "", "release k", ""),
                    vec![ok('B', "acquire k", "", 0, 1), ok('B', "release k", "", 9, 9)],
                ]
                .concat(),
            ),
            (
                Invariant::delivered(Delivery::ExactlyOnce),
                twice("request x", "", "effect x", ""),
                twice("request x", "", "request y", ""),
            ),
            (
                Invariant::sliding_window(SlidingWindow { accepted_max: 1, window_ms: 10 }),
                twice("allow 1", "", "allow 11", ""),
                twice("allow 1", "", "allow 10", ""),
            ),
            (
                Invariant::conserved(3, |view| {
                    view.operations
                        .iter()
                        .map(|o| (o.name.clone(), o.argument.parse().unwrap_or(0)))
                        .collect()
                }),
                twice("a 1", "", "b 2", ""),
                twice("a 1", "", "b 3", ""),
            ),
        ];
        for (invariant, right, wrong) in table {
            assert_eq!(judged(&invariant, &right), Verdict::Pass, "{}", invariant.promise());
            assert!(judged(&invariant, &wrong).violation().is_some(), "{}", invariant.promise());
        }
    }
}
