//! Owns [`TreeState`]: a [`Tree`] as a value that is written and read. Option lists and transitions, which come again and again, are
//! written once.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Branch, Node, NodeId, Sleeper, Tree};
use crate::choice::{Choice, Schedule};
use crate::explore::Transition;
use crate::explore::interner::Interner;
use crate::explore::state::StateError;
use crate::explore::table::Table;
use crate::id::WorkerId;

/// The nodes that are not done, each behind the one that leads to it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(in crate::explore) struct TreeState {
    options: Vec<Schedule>,
    transitions: Vec<Transition>,
    nodes: Vec<NodeState>,
}

/// A node, with numbers for what it has in common with others. The names are short, for there are many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct NodeState {
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    parent: Option<(NodeId, usize)>,
    #[serde(rename = "o")]
    options: u32,
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    previous: Option<WorkerId>,
    #[serde(rename = "n", default, skip_serializing_if = "is_zero")]
    preemptions: u32,
    #[serde(rename = "d", default, skip_serializing_if = "is_zero")]
    deviations: u32,
    #[serde(rename = "x", default, skip_serializing_if = "std::ops::Not::not")]
    has_extra: bool,
    #[serde(rename = "s", default, skip_serializing_if = "Vec::is_empty")]
    sleep: Vec<(Choice, u32)>,
    /// Which option, what it did, and whether it is done.
    #[serde(rename = "b")]
    branches: Vec<(u16, Option<u32>, bool)>,
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

const DANGLING: StateError = StateError("it speaks of something that it does not hold");

/// The one with this number.
fn numbered<T>(values: &[Arc<T>], number: u32) -> Result<Arc<T>, StateError>
where
    T: ?Sized,
{
    values.get(number as usize).cloned().ok_or(DANGLING)
}

impl Tree {
    /// The tree as a value, and the number of each node in it.
    pub(in crate::explore) fn state(&self) -> (TreeState, Vec<NodeId>) {
        let (order, numbers) = self.numbered();
        let (mut options, mut transitions) = (Table::<[Choice]>::default(), Table::default());
        let mut nodes = Vec::with_capacity(order.len());
        for id in order {
            let node = self.get(id);
            let mut branch = |branch: &Branch| {
                let transition = branch.transition.as_ref().map(|transition| transitions.number(transition));
                (branch.option, transition, branch.is_done)
            };
            let branches = node.branches.iter().map(&mut branch).collect();
            let sleep = node.sleep.iter().map(|one| (one.choice, transitions.number(&one.transition)));
            nodes.push(NodeState {
                parent: node.parent.map(|(parent, branch)| (numbers[parent as usize], branch)),
                options: options.number(&node.options),
                previous: node.previous,
                preemptions: node.preemptions,
                deviations: node.deviations,
                has_extra: node.has_extra,
                sleep: sleep.collect(),
                branches,
            });
        }
        let options = options.into_values().iter().map(|list| Schedule(list.to_vec())).collect();
        let transitions = transitions.into_values().iter().map(|one| Transition::clone(one)).collect();
        (TreeState { options, transitions, nodes }, numbers)
    }

    /// The nodes, each behind the one that leads to it, and the place of each in that order.
    fn numbered(&self) -> (Vec<NodeId>, Vec<NodeId>) {
        let (mut order, mut numbers) = (Vec::new(), vec![NodeId::MAX; self.nodes.len()]);
        for (id, _) in self.nodes.iter().enumerate().filter(|(_, node)| node.is_some()) {
            let mut way = Vec::new();
            let mut next = Some(NodeId::try_from(id).expect("memory ends before numbers do"));
            while let Some(id) = next.filter(|id| numbers[*id as usize] == NodeId::MAX) {
                way.push(id);
                next = self.get(id).parent.map(|(parent, _)| parent);
            }
            for id in way.into_iter().rev() {
                numbers[id as usize] = NodeId::try_from(order.len()).expect("memory ends before numbers do");
                order.push(id);
            }
        }
        (order, numbers)
    }

    /// The tree that `state` is of, in which `pending` branches, each with its node and option, wait to be tried.
    ///
    /// # Errors
    /// The state does not hang together.
    pub(in crate::explore) fn restored(
        state: TreeState,
        pending: impl Iterator<Item = (NodeId, u16)>,
        options: &mut Interner<[Choice]>,
        transitions: &mut Interner<Transition>,
    ) -> Result<Self, StateError> {
        let lists: Vec<_> = state.options.into_iter().map(|list| options.keep(list.0)).collect();
        let kept: Vec<_> = state.transitions.into_iter().map(|one| transitions.keep(one)).collect();
        let mut tree = Self::default();
        let mut led = BTreeSet::new();
        for node in state.nodes {
            let node = node.restored(&lists, &kept)?;
            if let Some((parent, branch)) = node.parent {
                let option = tree
                    .nodes
                    .get(parent as usize)
                    .and_then(|above| above.as_ref()?.branches.get(branch).filter(|branch| !branch.is_done));
                let is_new = option.is_some_and(|branch| led.insert((parent, branch.option)));
                is_new.then_some(()).ok_or(DANGLING)?;
            } else if !tree.nodes.is_empty() {
                return Err(DANGLING);
            }
            tree.nodes.push(Some(node));
        }
        for (id, option) in pending {
            let node = tree.nodes.get(id as usize).and_then(Option::as_ref).ok_or(DANGLING)?;
            let branch = node.branch(option).ok_or(DANGLING)?;
            let is_open = !node.branches[branch].is_done && led.insert((id, option));
            is_open.then_some(()).ok_or(DANGLING)?;
        }
        Ok(tree)
    }
}

impl NodeState {
    fn restored(
        self,
        options: &[Arc<[Choice]>],
        transitions: &[Arc<Transition>],
    ) -> Result<Node, StateError> {
        let mut node = Node::new(numbered(options, self.options)?, self.previous);
        (node.parent, node.preemptions) = (self.parent, self.preemptions);
        (node.deviations, node.has_extra) = (self.deviations, self.has_extra);
        for (choice, number) in self.sleep {
            node.sleep.push(Sleeper { choice, transition: numbered(transitions, number)? });
        }
        for (option, number, is_done) in self.branches {
            let transition = number.map(|number| numbered(transitions, number)).transpose()?;
            let is_known = usize::from(option) < node.options.len() && node.branch(option).is_none();
            is_known.then_some(()).ok_or(DANGLING)?;
            node.branches.push(Branch { option, transition, is_done });
            node.open += u32::from(!is_done);
        }
        (node.open > 0).then_some(node).ok_or(DANGLING)
    }
}
