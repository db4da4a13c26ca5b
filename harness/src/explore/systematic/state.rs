//! Owns [`SystematicState`]: where a [`Systematic`] search stands between two executions.

use serde::{Deserialize, Serialize};

use super::Systematic;
use crate::explore::Strategy;
use crate::explore::agenda::{Agenda, Item};
use crate::explore::state::StateError;
use crate::explore::tree::{Tree, TreeState};

/// Where a systematic search stands: what is left to be tried, the way there, and what sleeps on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SystematicState {
    reduces: bool,
    coarseness: u64,
    is_begun: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    first: Vec<Item>,
    agenda: Agenda,
    tree: TreeState,
}

impl Systematic {
    /// Where it stands; the execution that is over counts as made.
    pub(in crate::explore) fn state(&mut self) -> SystematicState {
        match self.is_begun {
            true => self.integrate(),
            false => self.taken.clear(),
        }
        let (tree, numbers) = self.tree.state();
        let (mut first, mut agenda) = (Vec::from(self.first.clone()), self.agenda.clone());
        for item in first.iter_mut().chain(agenda.items_mut()) {
            item.node = numbers[item.node as usize];
        }
        let (reduces, coarseness, is_begun) = (self.reduces, self.coarseness, self.is_begun);
        SystematicState { reduces, coarseness, is_begun, first, agenda, tree }
    }

    /// Goes on from `state`, which is of a search with the same bound and the same shard.
    ///
    /// # Errors
    /// The state does not hang together.
    pub(in crate::explore) fn go_on_from(&mut self, state: SystematicState) -> Result<(), StateError> {
        let SystematicState { reduces, coarseness, is_begun, first, mut agenda, tree } = state;
        if !agenda.is_sound() {
            return Err(StateError("what is left to be tried is in no order"));
        }
        let pending = first.iter().copied().chain(agenda.items_mut().map(|item| *item));
        let pending: Vec<_> = pending.map(|item| (item.node, item.option)).collect();
        self.begin_anew();
        self.tree = Tree::restored(tree, pending.into_iter(), &mut self.options, &mut self.transitions)?;
        (self.first, self.agenda) = (first.into(), agenda);
        (self.reduces, self.coarseness, self.is_begun) = (reduces, coarseness, is_begun);
        self.rewind();
        Ok(())
    }
}
