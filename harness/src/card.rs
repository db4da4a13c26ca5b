//! Owns [`Card`]: what a scenario says about itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::fault::FaultModel;
use crate::isolation::Isolation;
use crate::verdict::Culprit;

/// A scenario's name, promise and expected verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Card {
    /// `family/variant`, such as `counter/get-set`; lower case, digits and hyphens.
    pub name: String,
    /// Two sentences for a back-end engineer: what the code does and why it breaks or holds.
    pub about: String,
    /// The verdict that a search must come to, at the store's own isolation level and under the default fault model; a
    /// violation if any of `models` has one.
    pub expected: Expectation,
    /// The isolation levels at which it is run unless told otherwise, and the verdict at each; none where levels
    /// make no difference.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub isolation: BTreeMap<Isolation, Expectation>,
    /// The fault models under which it is run unless told otherwise, and the verdict under each; none where it is run
    /// under the default model only. A scenario has several levels or several models, not both.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub models: BTreeMap<FaultModel, Expectation>,
    /// Whether the expected violation lies within single requests, so that it shows only where they are split.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub needs_splits: bool,
    /// Whether its promises are those of a store's documentation, at each level at which it is expected to pass: who breaks
    /// them there is the store.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub promises_of_the_store: bool,
    /// Whether nobody has said yet that the code is right, as of code of one's own: then a violation is a bug of the code, and
    /// no false alarm.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unproven: bool,
    /// The stores it needs, such as `redis`.
    pub stores: Vec<String>,
    /// How many workers it runs unless told otherwise.
    pub workers: usize,
    /// The real bug that it is built from, such as `mozilla/send#1240`, if any.
    pub source: Option<String>,
    /// The scenario file that it comes from, as it was named, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

impl Default for Card {
    /// Two workers, no name, no stores, and nothing is expected to break.
    fn default() -> Self {
        Self {
            name: String::new(),
            about: String::new(),
            expected: Expectation::Pass,
            isolation: BTreeMap::new(),
            models: BTreeMap::new(),
            needs_splits: false,
            promises_of_the_store: false,
            unproven: false,
            stores: Vec::new(),
            workers: 2,
            source: None,
            file: None,
        }
    }
}

impl Card {
    /// The verdict that a search must come to at `level` (`None`: the store's own); `None` if the card does not say.
    #[must_use]
    pub fn expected_at(&self, level: Option<Isolation>) -> Option<&Expectation> {
        level.map_or(Some(&self.expected), |level| self.isolation.get(&level))
    }

    /// The verdict that a search must come to at `level` under `model`; `None` if the card does not say.
    ///
    /// What the card says of one model speaks of others, too: what holds under a model holds where less may happen, and
    /// what breaks under a model breaks where more may happen.
    #[must_use]
    pub fn expected_under(&self, level: Option<Isolation>, model: &FaultModel) -> Option<&Expectation> {
        if self.models.is_empty() {
            let (default, expected) = (FaultModel::default(), self.expected_at(level)?);
            return (default == *model || expected.is_implied(&default, model)).then_some(expected);
        }
        if level.is_some() {
            return None;
        }
        let implying = || self.models.iter().find(|(named, expected)| expected.is_implied(named, model));
        self.models.get(model).or_else(|| implying().map(|(_, expected)| expected))
    }

    /// Who has broken the promises if a violation is found at `level` under `model`.
    #[must_use]
    pub fn culprit(&self, level: Option<Isolation>, model: &FaultModel) -> Culprit {
        match self.expected_under(level, model) {
            Some(Expectation::Pass) if self.promises_of_the_store => Culprit::Store,
            _ => Culprit::Code,
        }
    }

    /// Whether `model` is told beside the scenario's name: it is one of several, or not the default.
    #[must_use]
    pub fn tells(&self, model: &FaultModel) -> bool {
        !self.models.is_empty() || *model != FaultModel::default()
    }

    /// The part of the name before the slash.
    #[must_use]
    pub fn family(&self) -> &str {
        self.name.split_once('/').map_or(self.name.as_str(), |(family, _)| family)
    }
}

/// The verdict that a search must come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Expectation {
    /// Every invariant holds in every schedule.
    Pass,
    /// Some schedule breaks an invariant.
    Violation {
        /// The standard name of the anomaly, such as `lost update`.
        anomaly: String,
    },
}

impl Expectation {
    /// Whether a violation is expected.
    #[must_use]
    pub fn is_violation(&self) -> bool {
        matches!(self, Self::Violation { .. })
    }

    /// Whether what is expected under the model `named` must be so under `other`, too.
    fn is_implied(&self, named: &FaultModel, other: &FaultModel) -> bool {
        match self {
            Self::Pass => other.is_within(named),
            Self::Violation { .. } => named.is_within(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(text: &str) -> FaultModel {
        text.parse().expect("a model")
    }

    fn broken() -> Expectation {
        Expectation::Violation { anomaly: "lost lock".to_owned() }
    }

    /// `P` for a pass, `V` for a violation, `-` where the card does not say.
    fn told(card: &Card, level: Option<Isolation>, under: &str) -> char {
        match card.expected_under(level, &model(under)) {
            Some(Expectation::Pass) => 'P',
            Some(Expectation::Violation { .. }) => 'V',
            None => '-',
        }
    }

    fn with_models(models: &[(&str, Expectation)]) -> Card {
        let models = models.iter().map(|(text, expected)| (model(text), expected.clone())).collect();
        Card { models, ..Card::default() }
    }

    /// What a level allows is for the code to know; what it rules out, the store has promised.
    #[test]
    fn store_is_to_blame_only_where_it_promises_that_nothing_breaks() {
        let isolation = [(Isolation::ReadCommitted, broken()), (Isolation::Serializable, Expectation::Pass)];
        let card = Card {
            isolation: isolation.into(),
            promises_of_the_store: true,
            expected: broken(),
            ..Card::default()
        };
        let culprit = |card: &Card, level| card.culprit(Some(level), &FaultModel::default());
        assert_eq!(culprit(&card, Isolation::ReadCommitted), Culprit::Code);
        assert_eq!(culprit(&card, Isolation::Serializable), Culprit::Store);
        let of_code = Card { promises_of_the_store: false, ..card };
        assert_eq!(culprit(&of_code, Isolation::Serializable), Culprit::Code);
    }

    /// Fewer behaviours cannot break what more do not, and the other way round.
    #[test]
    fn pass_holds_where_less_may_happen_and_violation_where_more_may() {
        let card = with_models(&[("pause", Expectation::Pass), ("crash", broken())]);
        for (under, expected) in [
            ("pause", 'P'),
            ("none", 'P'),
            ("crash", 'V'),
            ("crash*2", 'V'),
            ("pause+crash", 'V'),
            ("drop", '-'),
            ("pause+drop", '-'),
        ] {
            assert_eq!(told(&card, None, under), expected, "{under}");
        }
    }

    /// What the card says itself outranks what follows from it, as it names another anomaly, perhaps.
    #[test]
    fn model_that_is_named_speaks_for_itself() {
        let stranded = Expectation::Violation { anomaly: "lock held for ever".to_owned() };
        let card = with_models(&[("none", broken()), ("crash", stranded.clone())]);
        assert_eq!(card.expected_under(None, &model("crash")), Some(&stranded));
        assert_eq!(card.expected_under(None, &model("pause")), Some(&broken()));
    }

    /// A card without models speaks of the default one, at each of its levels.
    #[test]
    fn card_without_models_speaks_of_the_default_one() {
        let levels = [(Isolation::ReadCommitted, broken()), (Isolation::Serializable, Expectation::Pass)];
        let card = Card { expected: broken(), isolation: levels.into(), ..Card::default() };
        let correct = Card::default();
        for (under, passing, breaking) in [("pause", 'P', 'V'), ("none", 'P', '-'), ("pause+crash", '-', 'V')]
        {
            assert_eq!(
                (told(&correct, None, under), told(&card, None, under)),
                (passing, breaking),
                "{under}"
            );
            assert_eq!(told(&card, Some(Isolation::Serializable), under), passing, "{under}");
            assert_eq!(told(&card, Some(Isolation::ReadCommitted), under), breaking, "{under}");
            assert_eq!(told(&card, Some(Isolation::RepeatableRead), under), '-', "{under}");
        }
    }

    #[test]
    fn card_with_models_says_nothing_of_levels() {
        let card = with_models(&[("pause", Expectation::Pass)]);
        assert_eq!(told(&card, Some(Isolation::Serializable), "pause"), '-');
    }
}
