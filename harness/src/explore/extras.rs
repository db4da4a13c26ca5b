//! Owns [`Extras`]: when a sampled execution lets time pass, or something break, though workers could go on.

use super::Point;
use super::chance::Chance;
use crate::choice::Choice;

/// Steps that an execution is taken to have before one was seen.
pub(super) const LENGTH_AT_FIRST: usize = 20;
/// Most faults, and most passings of time, that are drawn for one execution.
const DRAWN_MAX: usize = 2;

/// The moments at which something extra happens, as numbers of steps. How many there are, and when, is drawn: what is possible at
/// every step would otherwise happen at nearly every one.
#[derive(Debug, Default)]
pub(super) struct Extras {
    faults: Vec<usize>,
    times: Vec<usize>,
}

impl Extras {
    /// Draws the moments of an execution of about `length` steps.
    pub(super) fn draw(chance: &mut Chance, length: usize) -> Self {
        let mut moments = || {
            let count = chance.below(DRAWN_MAX + 1);
            let mut moments: Vec<usize> = (0..count).map(|_| chance.below(length.max(1))).collect();
            moments.sort_unstable_by(|one, other| other.cmp(one));
            moments
        };
        Self { faults: moments(), times: moments() }
    }

    /// What happens at `step` beside the workers, if something does; what is not possible then happens as soon as it is.
    pub(super) fn at(&mut self, step: usize, point: &Point<'_>, chance: &mut Chance) -> Option<usize> {
        let is_fault = |index: &usize| point.options[*index].fault().is_some();
        let is_time = |index: &usize| point.options[*index] == Choice::Advance;
        if self.faults.last().is_some_and(|moment| *moment <= step) {
            let possible: Vec<usize> = (0..point.options.len()).filter(is_fault).collect();
            if !possible.is_empty() {
                self.faults.pop();
                return Some(possible[chance.below(possible.len())]);
            }
        }
        let is_due = self.times.last().is_some_and(|moment| *moment <= step);
        let time = (0..point.options.len()).find(is_time).filter(|_| is_due)?;
        self.times.pop();
        Some(time)
    }
}

/// The positions of the options that are nothing extra; of all, if there are no others.
pub(super) fn usual(point: &Point<'_>) -> Vec<usize> {
    let is_usual = |index: &usize| {
        let option = point.options[*index];
        option.fault().is_none() && option != Choice::Advance
    };
    let usual: Vec<usize> = (0..point.options.len()).filter(is_usual).collect();
    if !usual.is_empty() {
        return usual;
    }
    let is_time = |index: &usize| point.options[*index] == Choice::Advance;
    let time: Vec<usize> = (0..point.options.len()).filter(is_time).collect();
    if time.is_empty() { (0..point.options.len()).collect() } else { time }
}
