//! Owns which stores the scenario at hand has to do with: the others are neither asked nor changed, as if they were not there.

use std::time::Duration;

use super::{Backend, Gate};

impl Gate {
    /// From now on only the stores with these `names` count. To be called before [`expect`](Self::expect) and
    /// [`clear`](Self::clear); what the others hold stays, and is cleared when they are wanted again.
    pub fn want(&mut self, names: &[String]) {
        let wanted: Vec<bool> =
            self.backends.iter().map(|backend| names.iter().any(|name| name == backend.name())).collect();
        if self.wanted != wanted {
            self.wanted = wanted;
            // It is not known what time it is for those that were not wanted.
            self.now = Duration::ZERO;
        }
    }

    /// The positions of the stores that count.
    pub(super) fn wanted(&self) -> impl Iterator<Item = usize> + use<> {
        let wanted: Vec<usize> = (0..self.backends.len()).filter(|store| self.wanted[*store]).collect();
        wanted.into_iter()
    }

    /// The stores that count.
    pub(super) fn wanted_backends(&self) -> impl Iterator<Item = &dyn Backend> {
        let wanted = self.backends.iter().zip(&self.wanted);
        wanted.filter(|(_, wanted)| **wanted).map(|(backend, _)| backend.as_ref())
    }
}
