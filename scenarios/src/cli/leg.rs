//! Owns [`Leg`]: one scenario at one isolation level under one fault model, which is what a run explores at a time.

use std::fmt;

use raceproof::checkpoint::SearchIdentity;
use raceproof::{Card, Expectation, FaultModel, Isolation, Plan};
use raceproof_reports::wording;

/// One scenario at one level under one model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Leg {
    /// The scenario.
    pub(super) name: String,
    /// The level; `None` is the store's own.
    pub(super) isolation: Option<Isolation>,
    /// What may break, and whether anybody may pause.
    pub(super) model: FaultModel,
    /// The name with what is told beside it.
    title: String,
    card: Card,
}

impl Leg {
    /// The scenario of `card` at a level under a model.
    pub(super) fn of(card: &Card, isolation: Option<Isolation>, model: FaultModel) -> Self {
        let title = wording::name_of(&card.name, isolation, card.tells(&model).then_some(&model));
        Self { name: card.name.clone(), isolation, model, title, card: card.clone() }
    }

    /// `plan`, of which the level and the model are missing, for it.
    pub(super) fn plan(&self, plan: &Plan) -> Plan {
        Plan { isolation: self.isolation, model: self.model.clone(), ..plan.clone() }
    }

    /// Which search of it that is.
    pub(super) fn search(&self, plan: &Plan) -> SearchIdentity {
        SearchIdentity::of(&self.card, &self.plan(plan))
    }

    /// Whether its search is to find a violation.
    pub(super) fn is_to_break(&self) -> bool {
        self.card.expected_under(self.isolation, &self.model).is_some_and(Expectation::is_violation)
    }

    /// The model, if it is told beside the name.
    pub(super) fn told_model(&self) -> Option<&FaultModel> {
        self.card.tells(&self.model).then_some(&self.model)
    }
}

impl fmt::Display for Leg {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.title)
    }
}
