//! Owns the reading of workers whose steps stand in the file.

use std::collections::BTreeSet;
use std::time::Duration;

use raceproof::store::{postgres, redis};
use toml::Spanned;

use super::{OF_WORKERS, Reader, needs};
use crate::file::document;
use crate::file::error::{Flaw, Place};
use crate::file::race::{Deed, Step, Steps};
use crate::file::template::may_be_saved;

impl Reader<'_> {
    pub(super) fn steps(
        &self,
        worker: &document::Worker,
        given: &[Spanned<document::Step>],
        stores: &[String],
    ) -> Result<Steps, Flaw> {
        let mut names: BTreeSet<String> = OF_WORKERS.map(str::to_owned).into();
        let mut steps = Vec::new();
        for step in given {
            let (place, step) = (self.of(step), step.get_ref());
            let when = step.when.as_ref().map(|when| self.condition(when, &names)).transpose()?;
            let deed = self.deed(&place, step, stores, &names)?;
            let save = match &step.save {
                Some(save)
                    if may_be_saved(save.get_ref()) && !OF_WORKERS.contains(&save.get_ref().as_str()) =>
                {
                    names.insert(save.get_ref().clone());
                    Some(save.get_ref().clone())
                }
                Some(save) => {
                    let what = format!(
                        "nothing can be saved as `{}` (use lower case, digits, hyphens)",
                        save.get_ref()
                    );
                    return Err(self.of(save).flaw(what));
                }
                None => None,
            };
            if save.is_some() && !matches!(deed, Deed::Sql(_) | Deed::Redis(_)) {
                return Err(place.flaw("only `sql` and `redis` give something to `save`"));
            }
            steps.push(Step { place, when, deed, save });
        }
        let returns = worker.returns.as_ref().map(|text| self.template(text, &names)).transpose()?;
        Ok(Steps { steps, retries: worker.retries.unwrap_or(0), returns })
    }

    fn deed(
        &self,
        place: &Place,
        step: &document::Step,
        stores: &[String],
        names: &BTreeSet<String>,
    ) -> Result<Deed, Flaw> {
        match (&step.sql, &step.redis, step.sleep_ms, &step.require) {
            (Some(sql), None, None, None) => {
                needs(&self.of(sql), stores, postgres::NAME)?;
                Ok(Deed::Sql(self.template(sql, names)?))
            }
            (None, Some(command), None, None) => {
                needs(&self.of(command), stores, redis::NAME)?;
                Ok(Deed::Redis(self.command(command, names)?))
            }
            (None, None, Some(ms), None) => Ok(Deed::Sleep(Duration::from_millis(ms))),
            (None, None, None, Some(require)) => {
                let refused = step.refused.clone().unwrap_or_else(|| format!("not {}", require.get_ref()));
                Ok(Deed::Require { condition: self.condition(require, names)?, refused })
            }
            _ => Err(place.flaw("a step has exactly one of `sql`, `redis`, `sleep-ms` and `require`")),
        }
    }
}
