//! Owns the simplifying of the arguments of generated operations, as their strategies say.

use std::collections::BTreeMap;

use super::Shrink;
use crate::error::Error;
use crate::explore::Guided;
use crate::generator::{Generator, Simplifying};
use crate::id::WorkerId;
use crate::programs::{Planned, Programs};
use crate::run::executed::Executed;
use crate::run::rig::Subject;

/// Most executions of the search for the violation with a simpler argument that changes what is sent, at each bound.
const ARGUMENT_SEARCH_MAX: u64 = 20;

/// How each operation (its worker, and its position in what was drawn) became what it is: of each candidate in turn, whether it
/// had the violation.
pub(super) type Paths = BTreeMap<(WorkerId, usize), Vec<bool>>;

/// One operation whose arguments are to become simpler.
struct Place<'a> {
    generator: &'a dyn Generator,
    programs: &'a Programs,
    worker: WorkerId,
    /// Where it stands now.
    place: usize,
}

/// A candidate with the violation, and how it was reached.
type Found = (Subject, Executed);

impl Shrink<'_> {
    /// Makes the arguments of one operation as simple as possible; `true` if any of it is simpler.
    pub(super) async fn simplify_an_argument(&mut self) -> Result<bool, Error> {
        let (Some(generator), Some(programs)) = (self.generator, self.best.programs.clone()) else {
            return Ok(false);
        };
        for worker in self.best.workers.clone() {
            let places = programs.operations.get(&worker).map_or(0, Vec::len);
            for place in 0..places {
                let place = Place { generator, programs: &programs, worker, place };
                if self.simplify(&place).await? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Goes the way from the operation that was drawn to the present one again, and leaves it where a candidate now has the violation
    /// that had it not, since other operations have changed. From there, and from the end of the way, it goes on as far as the
    /// strategy does. So what it comes to is simpler than the present one, or the same.
    async fn simplify(&mut self, place: &Place<'_>) -> Result<bool, Error> {
        let key = (place.worker, place.now().position);
        let Some(mut tree) = self.tree(place)? else { return Ok(false) };
        let before = self.paths.get(&key).cloned().unwrap_or_default();
        let (mut path, mut found, mut has_left) = (Vec::new(), None::<Found>, false);
        let mut is_next = tree.simplify();
        while is_next {
            let known = before.get(path.len()).copied().filter(|_| !has_left);
            let violates = known == Some(true) || self.try_out(place, tree.as_ref(), &mut found).await?;
            has_left |= known.is_some_and(|known| known != violates);
            path.push(violates);
            is_next = if violates { tree.simplify() } else { tree.complicate() };
        }
        self.paths.insert(key, path);
        let Some((subject, executed)) = found else { return Ok(false) };
        (self.subject, self.best) = (subject, executed);
        Ok(true)
    }

    /// Whether the candidate at which `tree` stands has the violation; if it is not the present operation, it is `found`.
    async fn try_out(
        &mut self,
        place: &Place<'_>,
        tree: &dyn Simplifying,
        found: &mut Option<Found>,
    ) -> Result<bool, Error> {
        let planned = self.told(tree)?;
        let present = found.as_ref().and_then(|(subject, _)| subject.programs.as_deref());
        let programs = place.programs.with(place.worker, place.place, planned);
        if programs == *present.unwrap_or(place.programs) {
            return Ok(true);
        }
        let subject = self.subject.doing(place.generator, programs)?;
        let subject = self.rig.judged_by_orders(subject).await?;
        let Some(executed) = self.still_violating(&subject).await? else { return Ok(false) };
        *found = Some((subject, executed));
        Ok(true)
    }

    /// An execution of `subject` with the violation, along the schedule, or, where that does not fit, found by a small search.
    async fn still_violating(&mut self, subject: &Subject) -> Result<Option<Executed>, Error> {
        let mut guided = Guided::new(self.best.schedule());
        let found = self.along(subject, &mut guided).await?;
        if found.is_some() || guided.departure().is_none() {
            return Ok(found);
        }
        self.near(subject, ARGUMENT_SEARCH_MAX).await
    }

    /// What was drawn for `place`; nothing if the present operation does not come from it.
    fn tree(&self, place: &Place<'_>) -> Result<Option<Box<dyn Simplifying>>, Error> {
        let Place { generator, programs, worker, .. } = *place;
        let (seed, position) = (self.subject.seed, place.now().position);
        let tree = self.subject.given(generator.simplifying(seed, programs.number, worker, position))?;
        // A record may be older than the strategy, and what it holds is simple already.
        let is_present =
            self.paths.contains_key(&(worker, position)) || self.told(tree.as_ref())? == *place.now();
        Ok(is_present.then_some(tree))
    }

    fn told(&self, tree: &dyn Simplifying) -> Result<Planned, Error> {
        self.subject.given(tree.current())
    }
}

impl Place<'_> {
    /// The operation as it is now.
    fn now(&self) -> &Planned {
        &self.programs.operations[&self.worker][self.place]
    }
}
