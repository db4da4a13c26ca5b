//! Owns the legs of the tables: every scenario at each level and under each model of which its card speaks, with the engine
//! that it runs on.

use std::sync::Arc;

use raceproof::interrupt::Interrupt;
use raceproof::run::Engine;
use raceproof::store::{Needs, ProviderChoice, StoreOptions, postgres, redis};
use raceproof::{Card, Expectation, FaultModel, Isolation, Scenario};
use raceproof_scenarios::catalogue;

use crate::Failure;

/// One scenario at one level under one model.
pub(crate) struct Leg {
    pub(crate) scenario: Arc<dyn Scenario>,
    pub(crate) card: Card,
    pub(crate) isolation: Option<Isolation>,
    pub(crate) model: FaultModel,
}

impl Leg {
    pub(crate) fn name(&self) -> String {
        let level = self.isolation.map_or_else(String::new, |level| format!(" at {level}"));
        let model =
            if self.card.tells(&self.model) { format!(" under {}", self.model) } else { String::new() };
        format!("{}{level}{model}", self.card.name)
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.card.expected_under(self.isolation, &self.model).is_some_and(Expectation::is_violation)
    }

    fn needs(&self) -> Needs {
        needs(&self.card.stores)
    }
}

/// The servers that a scenario on these `stores` needs.
pub(crate) fn needs(stores: &[String]) -> Needs {
    let has = |name: &str| stores.iter().any(|store| store == name);
    let redis = redis::NAMES.iter().filter(|name| has(name)).count();
    Needs { redis, postgres: has(postgres::NAME) }
}

/// All legs whose name contains one of `wanted`, or all; those that need the same stores one after the other.
pub(crate) fn legs(wanted: &[String]) -> Vec<Leg> {
    let mut legs: Vec<Leg> = catalogue::all().into_iter().flat_map(|scenario| of(&scenario)).collect();
    legs.retain(|leg| wanted.is_empty() || wanted.iter().any(|part| leg.name().contains(part)));
    legs.sort_by_key(|leg| (leg.needs().postgres, leg.needs().redis));
    legs
}

/// Those of one scenario.
pub(crate) fn of(scenario: &Arc<dyn Scenario>) -> Vec<Leg> {
    let card = scenario.card();
    let levels: Vec<_> = match card.isolation.is_empty() {
        true => vec![None],
        false => card.isolation.keys().copied().map(Some).collect(),
    };
    let models: Vec<_> = match card.models.is_empty() {
        true => vec![FaultModel::default()],
        false => card.models.keys().cloned().collect(),
    };
    let leg = |isolation: Option<Isolation>, model: FaultModel| Leg {
        scenario: Arc::clone(scenario),
        card: card.clone(),
        isolation,
        model,
    };
    levels
        .iter()
        .flat_map(|level| models.iter().map(move |model| (*level, model.clone())))
        .map(|(level, model)| leg(level, model))
        .collect()
}

/// The engine that a leg runs on; started anew where the next leg needs other stores.
#[derive(Default)]
pub(crate) struct Engines(Option<(Needs, Engine)>);

impl Engines {
    pub(crate) fn for_leg(&mut self, leg: &Leg) -> Result<&mut Engine, Failure> {
        let needs = leg.needs();
        if self.0.as_ref().is_none_or(|(has, _)| *has != needs) {
            self.stop()?;
            let options = StoreOptions { provider: ProviderChoice::Local, needs, ..StoreOptions::default() };
            self.0 = Some((needs, Engine::start(&options, Interrupt::never())?));
        }
        let (_, engine) = self.0.as_mut().ok_or("an engine was started")?;
        Ok(engine)
    }

    pub(crate) fn stop(&mut self) -> Result<(), Failure> {
        match self.0.take() {
            Some((_, engine)) => Ok(engine.stop()?),
            None => Ok(()),
        }
    }
}
