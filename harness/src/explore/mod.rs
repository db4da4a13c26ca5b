//! Owns the order in which schedules are tried. Pure: a strategy sees what is possible and answers with
//! one of it; running an execution is the business of `run`.

mod dfs;
mod fixed;
mod guided;
mod moves;
mod random;

pub use dfs::DepthFirst;
pub use fixed::Fixed;
pub use guided::Guided;
pub use moves::block_moves;
pub use random::RandomWalk;

use crate::choice::Choice;
use crate::id::WorkerId;

/// A moment at which something must be chosen.
#[derive(Debug, Clone, Copy)]
pub struct Point<'a> {
    /// What is possible, in canonical order (see [`Choice`]'s order), never empty.
    pub options: &'a [Choice],
    /// Whose turn the previous choice was.
    pub previous: Option<WorkerId>,
}

impl Point<'_> {
    /// The positions of the options in the order in which a search should try them: first those that let
    /// the previous worker go on, then the rest in canonical order.
    #[must_use]
    pub fn preferred(&self) -> Vec<usize> {
        let goes_on =
            |index: &usize| self.previous.is_some() && self.options[*index].worker() == self.previous;
        let (mut first, rest): (Vec<_>, Vec<_>) = (0..self.options.len()).partition(goes_on);
        first.extend(rest);
        first
    }

    /// Whether taking `option` stops a worker that could have gone on.
    #[must_use]
    pub fn preempts(&self, option: Choice) -> bool {
        self.previous.is_some()
            && option.worker() != self.previous
            && self.options.iter().any(|other| other.worker() == self.previous)
    }
}

/// What a strategy decides at a point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Take the option at this position.
    Take(usize),
    /// The schedule is at its end: stop the execution here.
    Stop,
    /// What was expected here is not possible: the code or the stores behaved differently than before.
    Mismatch(String),
}

/// An order in which schedules are tried.
pub trait Strategy {
    /// Prepares the next execution; `false` if none is left.
    fn begin(&mut self) -> bool;

    /// Decides at a point of the running execution.
    fn choose(&mut self, point: &Point<'_>) -> Decision;

    /// The execution ended by itself, `steps` choices after its start; an `Err` says that a former
    /// execution with the same choices went on.
    ///
    /// # Errors
    /// What was expected instead of the end.
    fn end(&mut self, steps: usize) -> Result<(), String> {
        let _ = steps;
        Ok(())
    }

    /// Whether every schedule within the bound has been tried.
    fn exhausted(&self) -> bool;
}

/// Options as text for a message: `A B.1 +`.
pub(crate) fn tell(options: &[Choice]) -> String {
    options.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}
