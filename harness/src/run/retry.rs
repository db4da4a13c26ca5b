//! Owns [`Retry`]: one regression followed as far as it fits, and what that says.

use std::error::Error as _;
use std::sync::Arc;

use super::executed::Executed;
use super::rig::{Detail, Rig, Subject};
use crate::error::Error;
use crate::explore::Guided;
use crate::history::Trace;
use crate::plan::Plan;
use crate::regression::{Fate, Regression, Stale};
use crate::scenario::Scenario;
use crate::verdict::Verdict;

/// A regression that was retried.
pub(crate) struct Retry {
    /// The scenario with the chance and the workers of the regression.
    pub(crate) subject: Subject,
    pub(crate) executed: Executed,
    pub(crate) fate: Fate,
}

/// What following a regression gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Followed {
    /// What was executed.
    pub trace: Trace,
    /// What it says of the regression.
    pub fate: Fate,
}

impl Retry {
    /// Retries `regression` with the limits of `plan`.
    pub(crate) async fn run(
        rig: &mut Rig,
        scenario: &Arc<dyn Scenario>,
        plan: &Plan,
        regression: &Regression,
        detail: Detail,
    ) -> Result<Self, Error> {
        let subject = rig.subject(scenario, &plan.retrying(regression));
        let subject = match subject.recorded(scenario, regression.programs.as_ref()) {
            Ok(subject) => subject,
            Err(error) => return Ok(Self::impossible(subject, regression, &error)),
        };
        let subject = rig.judged_by_orders(subject).await?;
        let mut guided = Guided::new(regression.schedule.clone());
        let executed = rig.execute(&subject, &regression.team, detail, &mut guided).await?;
        let fate = regression.fate(&rig.trace(&executed), guided.departure());
        Ok(Self { subject, executed, fate })
    }

    /// The operations of `regression` are not those of the code as it is now.
    fn impossible(subject: Subject, regression: &Regression, error: &Error) -> Self {
        let why = error.source().map_or_else(|| error.to_string(), ToString::to_string);
        let stale = Stale { step: 1, reason: format!("its operations cannot be done: {why}") };
        let executed = Executed::never(&regression.team, Verdict::Pass);
        Self { subject, executed, fate: Fate::Stale { stale, violated: false } }
    }
}
