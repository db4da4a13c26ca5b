//! Owns [`Tree`]: the points of a search at which something is left to be tried, and the way to each.

mod state;

use std::sync::Arc;

pub(super) use state::TreeState;

use super::Transition;
use crate::choice::Choice;
use crate::id::WorkerId;

/// A node of the tree.
pub(super) type NodeId = u32;

/// A choice that needs not be tried, as what it would lead to is reached elsewhere, with what it did there.
#[derive(Debug, Clone)]
pub(super) struct Sleeper {
    pub(super) choice: Choice,
    pub(super) transition: Arc<Transition>,
}

/// A point that executions have come to.
#[derive(Debug)]
pub(super) struct Node {
    /// The point before it, and which of its branches leads here.
    pub(super) parent: Option<(NodeId, usize)>,
    /// What was possible, in canonical order; a repetition must find the same.
    pub(super) options: Arc<[Choice]>,
    pub(super) previous: Option<WorkerId>,
    pub(super) preemptions: u32,
    pub(super) deviations: u32,
    pub(super) has_extra: bool,
    pub(super) sleep: Vec<Sleeper>,
    /// What was taken here or is to be, in the order in which it was.
    pub(super) branches: Vec<Branch>,
    /// How many branches are not done.
    open: u32,
}

/// What was chosen at a node, or is to be.
#[derive(Debug)]
pub(super) struct Branch {
    /// Which of the options.
    pub(super) option: u16,
    /// What it did, once it was tried.
    pub(super) transition: Option<Arc<Transition>>,
    is_done: bool,
}

impl Node {
    pub(super) fn new(options: Arc<[Choice]>, previous: Option<WorkerId>) -> Self {
        Self {
            parent: None,
            options,
            previous,
            preemptions: 0,
            deviations: 0,
            has_extra: false,
            sleep: Vec::new(),
            branches: Vec::new(),
            open: 0,
        }
    }

    pub(super) fn sleeps(&self, choice: Choice) -> bool {
        self.sleep.iter().any(|sleeper| sleeper.choice == choice)
    }

    /// The branch that takes `option`, if it is there.
    pub(super) fn branch(&self, option: u16) -> Option<usize> {
        self.branches.iter().position(|branch| branch.option == option)
    }

    /// Adds a branch that is to be tried; `false` if it is there.
    pub(super) fn plan(&mut self, option: u16) -> bool {
        let is_new = self.branch(option).is_none();
        if is_new {
            self.branches.push(Branch { option, transition: None, is_done: false });
            self.open += 1;
        }
        is_new
    }

    /// What need not be tried behind a branch that did `transition`: what sleeps here or was tried before, unless it depends
    /// on that.
    pub(super) fn sleep_behind(&self, transition: &Transition) -> Vec<Sleeper> {
        let tried = self.branches.iter().filter_map(|branch| {
            let choice = self.options[usize::from(branch.option)];
            branch.transition.clone().map(|transition| Sleeper { choice, transition })
        });
        let stays = |sleeper: &Sleeper| !sleeper.transition.depends_on(transition);
        self.sleep.iter().cloned().chain(tried).filter(stays).collect()
    }
}

/// The nodes that are not done.
#[derive(Debug, Default)]
pub(super) struct Tree {
    nodes: Vec<Option<Node>>,
    free: Vec<NodeId>,
}

impl Tree {
    pub(super) fn add(&mut self, node: Node) -> NodeId {
        match self.free.pop() {
            Some(id) => {
                self.nodes[id as usize] = Some(node);
                id
            }
            None => {
                self.nodes.push(Some(node));
                NodeId::try_from(self.nodes.len() - 1).expect("memory ends before numbers do")
            }
        }
    }

    pub(super) fn get(&self, id: NodeId) -> &Node {
        self.nodes[id as usize].as_ref().expect("only nodes that are not done are spoken of")
    }

    pub(super) fn get_mut(&mut self, id: NodeId) -> &mut Node {
        self.nodes[id as usize].as_mut().expect("only nodes that are not done are spoken of")
    }

    /// The nodes from the root to `id`, which is the last.
    pub(super) fn path(&self, id: NodeId) -> Vec<NodeId> {
        let mut path = vec![id];
        while let Some((parent, _)) = self.get(path[path.len() - 1]).parent {
            path.push(parent);
        }
        path.reverse();
        path
    }

    /// A branch of `id` is done; forgets every node that has nothing left to be tried because of it.
    pub(super) fn finish(&mut self, mut id: NodeId, mut branch: usize) {
        loop {
            let node = self.get_mut(id);
            if !std::mem::replace(&mut node.branches[branch].is_done, true) {
                node.open -= 1;
            }
            if node.open > 0 {
                return;
            }
            let parent = node.parent;
            self.nodes[id as usize] = None;
            self.free.push(id);
            let Some(above) = parent else { return };
            (id, branch) = above;
        }
    }
}
