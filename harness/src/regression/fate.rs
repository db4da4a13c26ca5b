//! Owns [`Fate`]: what became of a regression that was retried, judged by what was executed.

use serde::{Deserialize, Serialize};

use super::{Regression, SentStep, Stale};
use crate::explore::{Departure, tell};
use crate::history::Trace;
use crate::redacted::is_like;
use crate::verdict::{Inconclusive, Verdict};

/// What became of a regression that was retried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Fate {
    /// The code sends what it sent, and an invariant broke again.
    Reproduced,
    /// The code sends what it sent to the end of the schedule, and every invariant held.
    Fixed {
        /// The first step (from 1) that was answered otherwise than when it was found, if one was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answered: Option<usize>,
    },
    /// The code no longer sends what it sent, so the schedule was followed as far as it fits.
    Stale {
        /// Where and how it departs.
        #[serde(flatten)]
        stale: Stale,
        /// Whether an invariant broke all the same.
        violated: bool,
    },
    /// Nothing can be said.
    Unsure {
        /// Why.
        because: Inconclusive,
    },
}

impl Fate {
    /// Whether an invariant broke.
    #[must_use]
    pub fn is_violation(&self) -> bool {
        matches!(self, Self::Reproduced | Self::Stale { violated: true, .. })
    }
}

/// A regression that was retried, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Retried {
    /// What was retried.
    pub regression: Regression,
    /// What became of it.
    pub fate: Fate,
}

impl Regression {
    /// What `executed` says, which followed the schedule as far as it fits, up to `departure`.
    #[must_use]
    pub fn fate(&self, executed: &Trace, departure: Option<&Departure>) -> Fate {
        if let Verdict::Inconclusive(reason) = &executed.verdict {
            return Fate::Unsure { because: reason.clone() };
        }
        let (now, violated) = (SentStep::all(executed), executed.verdict.violation().is_some());
        match self.stale(&now, departure) {
            Some(stale) => Fate::Stale { stale, violated },
            None if violated => Fate::Reproduced,
            None => Fate::Fixed { answered: self.answered_otherwise(&now) },
        }
    }

    /// The first step at which the code does something else than when this was found: it cannot do what is chosen, it sends
    /// something else, or it goes on behind the end.
    fn stale(&self, now: &[SentStep], departure: Option<&Departure>) -> Option<Stale> {
        let other = self.steps.iter().zip(now).position(|(then, now)| !then.sends_as(now));
        let step = other.map_or(usize::MAX, |index| index + 1);
        if let Some(departure) = departure.filter(|departure| departure.step <= step) {
            return Some(self.departed(departure));
        }
        if let Some(index) = other {
            let (then, now) = (&self.steps[index], &now[index]);
            let with_store = then.store != now.store;
            let reason = format!("wanted {}, the code sent {}", then.told(with_store), now.told(with_store));
            return Some(Stale { step, reason });
        }
        // A violation that showed before the end ended the execution, so more is to come if it no longer shows.
        let more = now.get(self.steps.len()).filter(|_| self.violation.step.is_none())?;
        let reason = format!("wanted the end, the code sent {}", more.told(false));
        Some(Stale { step: self.steps.len() + 1, reason })
    }

    fn departed(&self, departure: &Departure) -> Stale {
        let Departure { step, wanted, possible } = departure;
        let sent = self.steps.get(step - 1).filter(|then| then.choice == *wanted && !then.sent.is_empty());
        let sent = sent.map_or_else(String::new, |then| format!(" with {}", then.told(false)));
        let instead = match possible.as_slice() {
            [] => "it is the end".to_owned(),
            options => format!("possible is {}", tell(options)),
        };
        Stale { step: *step, reason: format!("wanted the choice `{wanted}`{sent}, but {instead}") }
    }

    fn answered_otherwise(&self, now: &[SentStep]) -> Option<usize> {
        let other = self.steps.iter().zip(now).position(|(then, now)| !is_like(&then.digest, &now.digest));
        other.map(|index| index + 1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::choice::Schedule;
    use crate::history::{Effect, TraceStep};
    use crate::verdict::Violation;

    /// An execution of requests, each a choice with what was sent and what was answered.
    fn executed(steps: &[(&str, &str, &str)], verdict: Verdict) -> Trace {
        let step = |(choice, request, answer): &(&str, &str, &str)| TraceStep {
            effect: Effect::Request {
                connection: choice.parse().expect("a connection"),
                store: "redis".to_owned(),
                queued: Vec::new(),
                request: (*request).to_owned(),
                reply: Some((*answer).to_owned()),
                stopped: false,
                blocked_by: Vec::new(),
                digest: format!("{request} {answer}"),
            },
            woken: Vec::new(),
            changes: Vec::new(),
            violated: None,
            typed: None,
        };
        Trace {
            workers: Vec::new(),
            programs: None,
            schedule: Schedule(steps.iter().map(|step| step.0.parse().expect("a choice")).collect()),
            initial_state: String::new(),
            steps: steps.iter().map(step).collect(),
            final_state: String::new(),
            operations: Vec::new(),
            ends: BTreeMap::new(),
            verdict,
            courses: Vec::new(),
        }
    }

    fn violated() -> Verdict {
        let violation = Violation::new("a", "b", None);
        Verdict::Violation(violation)
    }

    const FOUND: [(&str, &str, &str); 3] = [("A", "GET a", "0"), ("B", "GET a", "0"), ("B", "SET a 1", "OK")];

    fn regression(step: Option<usize>) -> Regression {
        let trace = executed(&FOUND, violated());
        Regression {
            program: String::new(),
            scenario: "a/a".into(),
            isolation: None,
            model: crate::FaultModel::default(),
            workers: 2,
            seed: 0,
            programs: None,
            team: Vec::new(),
            violation: Violation::new("a", "b", step),
            schedule: trace.schedule.clone(),
            stale: None,
            steps: SentStep::all(&trace),
        }
    }

    fn fate(steps: &[(&str, &str, &str)], verdict: Verdict, departure: Option<&Departure>) -> Fate {
        regression(None).fate(&executed(steps, verdict), departure)
    }

    fn stale(step: usize, reason: &str, violated: bool) -> Fate {
        Fate::Stale { stale: Stale { step, reason: reason.to_owned() }, violated }
    }

    #[test]
    fn same_requests_are_reproduced_or_fixed() {
        assert_eq!(fate(&FOUND, violated(), None), Fate::Reproduced);
        assert_eq!(fate(&FOUND, Verdict::Pass, None), Fate::Fixed { answered: None });
        // It broke even before the end.
        assert_eq!(fate(&FOUND[..2], violated(), None), Fate::Reproduced);
    }

    /// Another answer is no other code: it is told, and the schedule still fits.
    #[test]
    fn other_answers_are_told_of_what_is_fixed() {
        let now = [FOUND[0], ("B", "GET a", "7"), FOUND[2]];
        assert_eq!(fate(&now, Verdict::Pass, None), Fate::Fixed { answered: Some(2) });
        assert_eq!(fate(&now, violated(), None), Fate::Reproduced);
    }

    #[test]
    fn other_requests_are_stale_whether_or_not_they_violate() {
        let now = [FOUND[0], ("B", "INCR a", "1"), FOUND[2]];
        let reason = "wanted `GET a`, the code sent `INCR a`";
        assert_eq!(fate(&now, Verdict::Pass, None), stale(2, reason, false));
        assert_eq!(fate(&now, violated(), None), stale(2, reason, true));
    }

    #[test]
    fn first_of_several_departures_is_the_reason() {
        let departure = |step: usize, possible: &str| {
            let Schedule(possible) = possible.parse().expect("a schedule");
            Departure { step, wanted: "B".parse().expect("a choice"), possible }
        };
        let now = [FOUND[0], ("A", "INCR a", "1")];
        let told = fate(&now, Verdict::Pass, Some(&departure(2, "A +")));
        assert_eq!(told, stale(2, "wanted the choice `B` with `GET a`, but possible is A +", false));
        let told = fate(&FOUND[..2], Verdict::Pass, Some(&departure(3, "")));
        assert_eq!(told, stale(3, "wanted the choice `B` with `SET a 1`, but it is the end", false));
        let now = [("A", "INCR a", "1"), FOUND[1]];
        let told = fate(&now, Verdict::Pass, Some(&departure(3, "")));
        assert_eq!(told, stale(1, "wanted `GET a`, the code sent `INCR a`", false));
    }

    /// Behind a violation that showed at the end nothing was sent; behind one that ended the execution more is to come.
    #[test]
    fn requests_behind_the_end_are_stale_unless_the_violation_was_the_end() {
        let now = [FOUND[0], FOUND[1], FOUND[2], ("A", "DEL a", "1")];
        assert_eq!(fate(&now, Verdict::Pass, None), stale(4, "wanted the end, the code sent `DEL a`", false));
        let early = regression(Some(3));
        assert_eq!(early.fate(&executed(&now, Verdict::Pass), None), Fate::Fixed { answered: None });
    }

    #[test]
    fn other_store_is_another_request() {
        let mut old = regression(None);
        old.steps[0].store = Some("redis-2".to_owned());
        let told = old.fate(&executed(&FOUND, Verdict::Pass), None);
        assert_eq!(told, stale(1, "wanted `GET a` to redis-2, the code sent `GET a` to redis", false));
    }

    #[test]
    fn execution_that_says_nothing_decides_nothing() {
        let because = Inconclusive::StepLimit { steps_max: 1 };
        let told = fate(&FOUND, Verdict::Inconclusive(because.clone()), None);
        assert_eq!(told, Fate::Unsure { because });
    }
}
