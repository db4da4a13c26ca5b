//! Owns the giving of generated operations to the workers of a [`Subject`].

use std::sync::Arc;

use super::rig::Subject;
use crate::error::Error;
use crate::generator::Generator;
use crate::programs::Programs;
use crate::scenario::{Result as ScenarioResult, Scenario};

impl Subject {
    /// The same, whose workers do `programs` of `generator`.
    pub(crate) fn doing(&self, generator: &dyn Generator, programs: Programs) -> Result<Self, Error> {
        let mut subject = self.clone();
        subject.scenario = self.given(generator.doing(&programs))?;
        subject.programs = Some(Arc::new(programs));
        Ok(subject)
    }

    /// The same, whose workers do the workload of `generator` with this `number`.
    pub(crate) fn drawn(&self, generator: &dyn Generator, number: u64) -> Result<Self, Error> {
        let programs = self.given(generator.draw(self.seed, number, self.workers))?;
        self.doing(generator, programs)
    }

    /// The same, whose workers do what a record of `scenario` says.
    pub(crate) fn recorded(
        &self,
        scenario: &Arc<dyn Scenario>,
        programs: Option<&Programs>,
    ) -> Result<Self, Error> {
        match (scenario.generator(), programs) {
            (Some(generator), Some(programs)) => self.doing(generator, programs.clone()),
            (None, None) => Ok(self.clone()),
            (Some(_), None) => self.given(Err("the record has none".into())),
            (None, Some(_)) => {
                self.given(Err("those of the record were generated, and it generates none".into()))
            }
        }
    }

    pub(super) fn given<T>(&self, result: ScenarioResult<T>) -> Result<T, Error> {
        result.map_err(|source| Error::NoOperations { scenario: self.scenario.card().name, source })
    }
}
