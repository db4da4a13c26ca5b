//! Owns [`Systematic`]: every schedule, or one of each class of equivalent ones, optionally with a bound on preemptions.

mod reversal;
mod sharing;
mod state;

use std::collections::VecDeque;
use std::sync::Arc;

use super::agenda::{Agenda, Item};
use super::interner::Interner;
use super::races::races;
use super::state::{OTHER_STRATEGY, StateError, StrategyState};
use super::tree::{Node, NodeId, Sleeper, Tree};
use super::{Decision, Point, Strategy, Transition, tell};
use crate::choice::Choice;
use crate::id::WorkerId;
use crate::shard::Shard;

pub use state::SystematicState;

/// Steps from the begin at which every shard of a search tries everything.
const COMMON_STEPS: usize = 3;

/// Stateless search in the manner of `VeriSoft` and CHESS: each execution repeats the choices of one before it up to a point at
/// which something is left to be tried, and takes that. In which order is the business of `Agenda`.
///
/// With reduction, schedules that differ only in the order of transitions that do not
/// [depend](Transition::depends_on) on each other count as one. Which choices need to be tried at a point is found out while
/// the search goes on, from the races of executions that came through it (source sets), and what was tried at a point is not tried
/// again behind another choice until something happens on which it depends (sleep sets); Abdulla, Aronsson, Jonsson and Sagonas,
/// "Source Sets" (JACM 2017). Choices of the same worker at the same point, such as that its request fails, are alternatives, all of
/// which are tried where one is. What is nobody's turn is tried wherever it is possible. Their bounds (the number of faults and of split requests) are
/// the same for equivalent schedules, so they need no care; the number of preemptions is not, so a search with that bound is not
/// reduced (Coons, Musuvathi and McKinley, "Bounded Partial-Order Reduction", OOPSLA 2013).
///
/// Memory grows with the length of a schedule and with what is put off.
#[derive(Debug, Default)]
pub struct Systematic {
    preemption_bound: Option<usize>,
    reduces: bool,
    shard: Option<Shard>,
    /// How many searches there are with which it shares the room for what waits, with itself.
    sharing: usize,
    /// What is to be tried at the points where all shards try everything, in the same order.
    first: VecDeque<Item>,
    is_elsewhere: bool,
    agenda: Agenda,
    tree: Tree,
    options: Interner<[Choice]>,
    transitions: Interner<Transition>,
    /// The nodes that the running execution goes through, with the option that it takes there.
    way: Vec<(NodeId, u16)>,
    /// What it is to try, at the last of them.
    item: Option<Item>,
    taken: Vec<Taken>,
    /// Who could have gone on when it was cut short.
    unfinished: Vec<WorkerId>,
    is_complete: bool,
    is_begun: bool,
    is_exhausted: bool,
    coarseness: u64,
}

/// One choice of the running execution.
#[derive(Debug)]
struct Taken {
    options: Arc<[Choice]>,
    option: u16,
    previous: Option<WorkerId>,
    transition: Option<Arc<Transition>>,
    /// What slept there, if nobody has come there before.
    sleep: Vec<Sleeper>,
}

impl Taken {
    fn choice(&self) -> Choice {
        self.options[usize::from(self.option)]
    }
}

impl Systematic {
    /// A search of all schedules with at most `preemption_bound` preemptions; without a bound of all, or, if it `reduces`, of
    /// one in each class of equivalent ones.
    #[must_use]
    pub fn new(preemption_bound: Option<usize>, reduces: bool) -> Self {
        Self { preemption_bound, reduces: reduces && preemption_bound.is_none(), ..Self::default() }
    }

    /// The same as one of so many `searches` that are kept at once, and together take no more memory than one.
    #[must_use]
    pub fn one_of(self, searches: usize) -> Self {
        Self { sharing: searches, ..self }
    }

    /// Whether equivalent schedules count as one.
    #[must_use]
    pub fn reduces(&self) -> bool {
        self.reduces
    }

    /// Begins the search anew if `coarseness`, which numbers what is known about which transitions depend on each other, was
    /// raised since it began.
    pub fn learn(&mut self, coarseness: u64) {
        if coarseness > self.coarseness {
            self.coarseness = coarseness;
            if self.reduces {
                self.begin_anew();
            }
        }
    }

    /// Begins the search anew, without reduction.
    pub fn distrust(&mut self) {
        self.reduces = false;
        self.begin_anew();
    }

    fn begin_anew(&mut self) {
        (self.agenda, self.tree) = (Agenda::default(), Tree::default());
        self.first.clear();
        self.way.clear();
        self.item = None;
        self.is_begun = false;
    }

    /// The positions of the options within the bound, in the order in which they are to be tried.
    fn order(&self, point: &Point<'_>, preemptions: u32, is_paused: bool) -> Vec<usize> {
        let left = self.preemption_bound.map(|bound| bound.saturating_sub(preemptions as usize));
        let allowed = |index: &usize| left != Some(0) || !point.preempts(point.options[*index]);
        let mut order: Vec<usize> = point.preferred().into_iter().filter(allowed).collect();
        assert!(!order.is_empty(), "letting the previous worker go on is never a preemption");
        // Whoever was on when time went by was paused: it is the others' turn, and that is no further deviation.
        if is_paused {
            order.sort_by_key(|index| {
                let option = point.options[*index];
                (is_extra(option), point.previous.is_some() && option.turn() == point.previous)
            });
        }
        order
    }

    /// What sleeps at the next point, where nobody has come before.
    fn sleep_here(&self) -> Vec<Sleeper> {
        let Some(last) = self.taken.last().filter(|_| self.reduces) else { return Vec::new() };
        let Some(transition) = &last.transition else { return Vec::new() };
        if let Some((node, _)) = self.way.get(self.taken.len() - 1) {
            return self.tree.get(*node).sleep_behind(transition);
        }
        let stays = |sleeper: &&Sleeper| !sleeper.transition.depends_on(transition);
        last.sleep.iter().filter(stays).cloned().collect()
    }

    /// Preemptions up to the next point, where nobody has come before.
    fn preemptions_here(&self) -> u32 {
        let known = self.way.last().map_or(0, |(node, _)| self.tree.get(*node).preemptions);
        let from = self.way.len().saturating_sub(1);
        let preempts = |taken: &&Taken| {
            Point { options: &taken.options, previous: taken.previous }.preempts(taken.choice())
        };
        let more = self.taken[from.min(self.taken.len())..].iter().filter(preempts).count();
        known + u32::try_from(more).unwrap_or(u32::MAX)
    }

    fn decide(&mut self, point: &Point<'_>) -> Decision {
        let depth = self.taken.len();
        let (option, sleep) = match self.way.get(depth) {
            Some((node, option)) => {
                let expected = &self.tree.get(*node).options;
                if **expected != *point.options {
                    let (expected, found) = (tell(expected), tell(point.options));
                    return Decision::Mismatch(format!("possible before: {expected}; possible now: {found}"));
                }
                (usize::from(*option), Vec::new())
            }
            None if depth == COMMON_STEPS && self.is_of_another() => {
                self.is_elsewhere = true;
                return Decision::Redundant;
            }
            None => {
                let sleep = self.sleep_here();
                let sleeps = |index: &usize| {
                    sleep.iter().any(|sleeper: &Sleeper| sleeper.choice == point.options[*index])
                };
                let order = self.order(point, self.preemptions_here(), is_paused(&self.taken, depth));
                match order.into_iter().find(|index| !sleeps(index)) {
                    Some(option) => (option, sleep),
                    None => return Decision::Redundant,
                }
            }
        };
        let options = self.options.keep(point.options.to_vec());
        let number = u16::try_from(option).expect("nobody has so many options");
        let previous = point.previous;
        self.taken.push(Taken { options, option: number, previous, transition: None, sleep });
        Decision::Take(option)
    }

    /// Takes in the execution that is over.
    fn integrate(&mut self) {
        if self.taken.is_empty() {
            return;
        }
        let taken = std::mem::take(&mut self.taken);
        let ids = self.grow(&taken);
        // Only a reduced search asks what a branch did.
        let tried = taken.get(self.way.len().wrapping_sub(1)).filter(|_| self.reduces);
        if let (Some(item), Some(tried)) = (self.item, tried) {
            let did = self.transitions.keep_shared(done(tried));
            let node = self.tree.get_mut(item.node);
            let branch = node.branch(item.option).expect("it was planned there");
            node.branches[branch].transition = Some(did);
        }
        if self.reduces {
            let transitions: Vec<_> = taken.iter().map(done).collect();
            let from = self.way.len().saturating_sub(1);
            for race in races(&transitions, from, &self.unfinished) {
                self.plan_the_other_way_round(&race, &ids, &taken);
            }
        }
        let last = taken.len() - 1;
        let branch = self.tree.get(ids[last]).branch(taken[last].option).expect("it was taken there");
        self.tree.finish(ids[last], branch);
    }

    /// Adds a node for each point where nobody had come before; returns the nodes of the whole execution.
    fn grow(&mut self, taken: &[Taken]) -> Vec<NodeId> {
        let mut ids: Vec<NodeId> = self.way.iter().map(|(node, _)| *node).collect();
        ids.truncate(taken.len());
        for depth in ids.len()..taken.len() {
            let point = &taken[depth];
            let mut node = Node::new(Arc::clone(&point.options), point.previous);
            node.sleep.clone_from(&point.sleep);
            if let Some(above) = depth.checked_sub(1) {
                let (before, parent) = (&taken[above], self.tree.get(ids[above]));
                let branch = parent.branch(before.option).expect("it was taken there");
                node.parent = Some((ids[above], branch));
                let at = Point { options: &before.options, previous: before.previous };
                node.preemptions = parent.preemptions + u32::from(at.preempts(before.choice()));
                let tried = self.item.filter(|_| depth == self.way.len());
                (node.deviations, node.has_extra) = tried
                    .map_or((parent.deviations, parent.has_extra), |item| (item.deviations, item.has_extra));
            }
            node.plan(point.option);
            node.branches[0].transition = point.transition.is_some().then(|| done(point));
            let id = self.tree.add(node);
            ids.push(id);
            let is_paused = is_paused(taken, depth);
            for option in self.needed(id, is_paused, self.is_common(depth)) {
                self.plan(id, depth, option, is_paused);
            }
        }
        ids
    }

    /// What is to be tried at a new node, beside what was taken there.
    fn needed(&self, id: NodeId, is_paused: bool, is_common: bool) -> Vec<usize> {
        let node = self.tree.get(id);
        let point = Point { options: &node.options, previous: node.previous };
        let order = self.order(&point, node.preemptions, is_paused);
        if !self.reduces || is_common {
            return order;
        }
        let taken = node.options[usize::from(node.branches[0].option)];
        let is_consequence = |option: &Choice| matches!(option, Choice::Wake(_) | Choice::Victim(_));
        let branches_fully = node.options.iter().any(is_consequence);
        let goes_on = |worker: WorkerId| node.options.iter().any(|option| option.turn() == Some(worker));
        let is_needed = |index: &usize| match node.options[*index].worker() {
            Some(worker) => branches_fully || taken.worker() == Some(worker) || !goes_on(worker),
            None => true,
        };
        order.into_iter().filter(is_needed).collect()
    }

    /// Sees to it that an option is tried, unless it is or need not be.
    fn plan(&mut self, id: NodeId, depth: usize, index: usize, is_paused: bool) {
        let node = self.tree.get_mut(id);
        let (choice, option) = (node.options[index], u16::try_from(index).expect("it is one of the options"));
        if node.sleeps(choice) || !node.plan(option) {
            return;
        }
        let point = Point { options: &node.options, previous: node.previous };
        let is_extra = is_extra(choice);
        let deviates = is_extra || (point.preempts(choice) && !is_paused);
        let (deviations, has_extra) = (node.deviations + u32::from(deviates), node.has_extra || is_extra);
        let item = Item { node: id, option, deviations, has_extra };
        match self.is_common(depth) {
            true => self.first.push_back(item),
            false => self.agenda.add(item),
        }
    }
}

/// What a choice did; in doubt anything.
fn done(taken: &Taken) -> Arc<Transition> {
    taken.transition.clone().unwrap_or_else(|| {
        let turn = taken.choice().worker();
        Arc::new(Transition { turn, is_total: true, ..Transition::default() })
    })
}

/// Whether time has just gone by at the point behind `depth` choices, so that whoever was on was paused.
fn is_paused(taken: &[Taken], depth: usize) -> bool {
    depth > 0 && taken[depth - 1].choice() == Choice::Advance
}

/// Whether a choice is a deviation whoever is on; those come last in the order of trying.
fn is_extra(choice: Choice) -> bool {
    choice == Choice::Advance || choice.fault().is_some()
}

impl Strategy for Systematic {
    fn begin(&mut self) -> bool {
        if self.is_begun {
            self.integrate();
            let Some(item) = self.first.pop_front().or_else(|| self.agenda.next(self.sharing)) else {
                self.is_exhausted = true;
                return false;
            };
            let path = self.tree.path(item.node);
            let above = |id: &NodeId| {
                let (parent, branch) = self.tree.get(*id).parent.expect("only the root has none");
                (parent, self.tree.get(parent).branches[branch].option)
            };
            self.way = path[1..].iter().map(above).chain([(item.node, item.option)]).collect();
            self.item = Some(item);
        }
        self.is_begun = true;
        self.rewind();
        true
    }

    fn rewind(&mut self) {
        self.taken.clear();
        self.unfinished.clear();
        self.is_complete = false;
        self.is_elsewhere = false;
    }

    fn choose(&mut self, point: &Point<'_>) -> Decision {
        self.decide(point)
    }

    fn observes(&self) -> bool {
        self.reduces
    }

    fn observe(&mut self, transition: Transition) {
        if !self.reduces {
            return;
        }
        let transition = self.transitions.keep(transition);
        if let Some(taken) = self.taken.last_mut() {
            taken.transition = Some(transition);
        }
    }

    fn end(&mut self, steps: usize) -> Result<(), String> {
        self.is_complete = true;
        self.is_elsewhere = steps <= COMMON_STEPS && self.is_of_another();
        match self.way.get(steps) {
            Some((node, _)) => {
                Err(format!("possible before: {}; now it is the end", tell(&self.tree.get(*node).options)))
            }
            None => Ok(()),
        }
    }

    fn cut_short(&mut self, unfinished: &[WorkerId]) {
        self.unfinished = unfinished.to_vec();
    }

    fn is_elsewhere(&self) -> bool {
        self.is_elsewhere
    }

    fn exhausted(&self) -> bool {
        self.is_exhausted
    }

    fn checkpoint(&mut self) -> Option<StrategyState> {
        Some(StrategyState::Systematic(self.state()))
    }

    fn restore(&mut self, state: StrategyState) -> Result<(), StateError> {
        let StrategyState::Systematic(state) = state else { return Err(OTHER_STRATEGY) };
        self.go_on_from(state)
    }

    fn systematic(&mut self) -> Option<&mut Systematic> {
        Some(self)
    }
}

#[cfg(test)]
mod tests;
