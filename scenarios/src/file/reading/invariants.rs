//! Owns the reading of promises.

use std::collections::BTreeSet;

use raceproof::store::{postgres, redis};
use toml::Spanned;

use super::{Reader, known, needs};
use crate::file::document::{self, Scalar};
use crate::file::error::Flaw;
use crate::file::race::{Invariant, Question};
use crate::file::template::Template;

impl Reader<'_> {
    pub(super) fn invariant(
        &self,
        given: &Spanned<document::Invariant>,
        stores: &[String],
        workers: &BTreeSet<&str>,
    ) -> Result<Invariant, Flaw> {
        let (place, invariant) = (self.of(given), given.get_ref());
        let of_names = workers.iter().flat_map(|name| [format!("done.{name}"), format!("refused.{name}")]);
        let names: BTreeSet<String> =
            of_names.chain(["done", "refused", "workers"].map(str::to_owned)).collect();
        let none = Default::default();
        let question = match (&invariant.sql, &invariant.redis, &invariant.program) {
            (Some(sql), None, None) => {
                needs(&self.of(sql), stores, postgres::NAME)?;
                Question::Sql(self.template(sql, &names)?)
            }
            (None, Some(command), None) => {
                needs(&self.of(command), stores, redis::NAME)?;
                Question::Redis(self.command(command, &names)?)
            }
            (None, None, Some(program)) => Question::Program(self.program(program, &none)?),
            _ => return Err(place.flaw("an invariant has exactly one of `sql`, `redis` and `program`")),
        };
        let given = [("==", &invariant.equals), (">=", &invariant.at_least), ("<=", &invariant.at_most)];
        let mut conditions = Vec::new();
        for (operator, scalar) in
            given.into_iter().filter_map(|(operator, scalar)| Some((operator, scalar.as_ref()?)))
        {
            conditions.push((operator, self.scalar(scalar, &names)?));
        }
        match &question {
            Question::Redis(_) if conditions.is_empty() => {
                return Err(place.flaw("what Redis answers needs `equals`, `at-least` or `at-most`"));
            }
            Question::Program(_) if !conditions.is_empty() || invariant.no_rows => {
                return Err(place.flaw("a program says itself whether its promise holds"));
            }
            Question::Redis(_) if invariant.no_rows => return Err(place.flaw("`no-rows` belongs to `sql`")),
            Question::Sql(_) if invariant.no_rows && !conditions.is_empty() => {
                return Err(place.flaw("where there is no row there is no value to compare"));
            }
            _ => {}
        }
        let promise = invariant.promise.get_ref().trim().to_owned();
        if promise.is_empty() {
            return Err(self.of(&invariant.promise).flaw("a promise is a sentence"));
        }
        let (always, no_rows) = (invariant.always, invariant.no_rows);
        Ok(Invariant { place, promise, always, question, conditions, no_rows })
    }

    fn scalar(&self, given: &Spanned<Scalar>, names: &BTreeSet<String>) -> Result<Template, Flaw> {
        let (place, text) = match given.get_ref() {
            Scalar::Number(number) => (self.of(given), number.to_string()),
            Scalar::Text(text) => (self.of(given), text.clone()),
        };
        let template = Template::parse(&text).map_err(|what| place.flaw(what))?;
        known(&place, template.names(), names)?;
        Ok(template)
    }
}
