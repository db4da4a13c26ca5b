//! Owns the search for cycles: which questions are asked of a graph, the gravest first, and how each is answered.

use super::anomaly::Anomaly;
use super::components::Components;
use super::cycle::Dependency;
use super::finding::TOLD_MAX;
use super::graph::Graph;
use super::shortest::Shortest;
use super::versions::NONE;
use super::walks::Walks;

/// Most arcs that are looked at to make the cycles that are told for one question shorter. That there is one is known before.
const ARCS_MAX: usize = 4_000_000;
/// Longest cycle: as long as one likes.
const ANY_LENGTH: usize = usize::MAX;

/// A cycle as numbers of arcs, with the node where each begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) anomaly: Anomaly,
    pub(crate) arcs: Vec<(u32, u32)>,
}

/// One question: is there a cycle along these, with at least one of those?
struct Question {
    walks: Walks,
    needs: &'static [Dependency],
    told: Told,
}

#[derive(Clone, Copy, PartialEq)]
enum Told {
    /// As this anomaly.
    As(Anomaly),
    /// As what the anti-dependencies on it make of it.
    ByAnti,
}

const WW: Dependency = Dependency::Writes;
const WR: Dependency = Dependency::Reads;
const RW: Dependency = Dependency::Overwrites;
const PREDICATE: Dependency = Dependency::ChangesSelection;
const PROCESS: Dependency = Dependency::Process;
const REAL_TIME: Dependency = Dependency::RealTime;
const ALL: [Dependency; 6] = [WW, WR, RW, PREDICATE, PROCESS, REAL_TIME];

fn questions() -> [Question; 6] {
    let ask = |kinds: &[Dependency], needs, told| Question { walks: Walks::along(kinds), needs, told };
    let apart = ask(&[WW, WR, RW, PREDICATE], &[RW, PREDICATE], Told::ByAnti);
    [
        ask(&[WW], &[WW], Told::As(Anomaly::G0)),
        ask(&[WW, WR], &[WR], Told::As(Anomaly::G1c)),
        Question { walks: apart.walks.apart(), ..apart },
        ask(&[WW, WR, RW, PREDICATE], &[RW, PREDICATE], Told::ByAnti),
        ask(&[WW, WR, RW, PREDICATE, PROCESS], &[PROCESS], Told::As(Anomaly::Process)),
        ask(&ALL, &[REAL_TIME], Told::As(Anomaly::RealTime)),
    ]
}

/// A shortest cycle for each component of each question, at most [`TOLD_MAX`] for each; `count` is told of all of them.
///
/// That a question has an answer is decided in time linear in the graph. Only the search for short cycles is given up after a while; then a
/// longer one is told.
pub(crate) fn cycles(graph: &Graph) -> Vec<Found> {
    let all = Components::of(graph, Walks::along(&ALL), |_| true);
    let mut found: Vec<Found> = Vec::new();
    if all.members.is_empty() {
        return found;
    }
    for question in questions() {
        answer(graph, &all, &question, &mut found);
    }
    found
}

fn answer(graph: &Graph, all: &Components, question: &Question, found: &mut Vec<Found>) {
    let walks = question.walks;
    let components = Components::of(graph, walks, |node| all.at(node).is_some());
    let mut shortest = Shortest::new(graph, &components, walks.places(graph), ARCS_MAX);
    let mut told = 0;
    for (component, members) in (0..).zip(&components.members) {
        if told == TOLD_MAX {
            break;
        }
        shortest.arcs_left = ARCS_MAX;
        if let Some(arcs) = in_component(graph, &components, component, members, question, &mut shortest) {
            let anomaly = match question.told {
                Told::As(anomaly) => anomaly,
                Told::ByAnti => by_anti(graph, &arcs),
            };
            let cycle = Found { anomaly, arcs };
            // One that was told for a graver question may be the shortest here as well.
            if !found.iter().any(|other| is_same(other, &cycle)) {
                told += 1;
                found.push(cycle);
            }
        }
    }
}

fn is_same(one: &Found, other: &Found) -> bool {
    let sorted = |found: &Found| {
        let mut arcs = found.arcs.clone();
        arcs.sort_unstable();
        arcs
    };
    one.anomaly == other.anomaly && sorted(one) == sorted(other)
}

/// A short cycle in a component with an arc of a kind that is needed; one with a single anti-dependency goes first.
fn in_component(
    graph: &Graph,
    components: &Components,
    component: u32,
    members: &[u32],
    question: &Question,
    shortest: &mut Shortest<'_>,
) -> Option<Vec<(u32, u32)>> {
    let walks = question.walks;
    let mut best: Option<Vec<(u32, u32)>> = None;
    let without_anti = Walks::along(&[WW, WR]);
    // First back without any further anti-dependency, which makes the gravest cycle; then back along everything.
    let is_grave = question.told == Told::ByAnti;
    for (way_back, is_single) in [(without_anti, true), (walks, false)] {
        if (is_single && !is_grave) || best.is_some() {
            continue;
        }
        for (place, number) in needed(graph, components, component, members, question) {
            let arc = graph.arc(number);
            let to = walks.step(place, arc).expect("only arcs along which one may walk are needed");
            let length = best.as_ref().map_or(ANY_LENGTH, Vec::len);
            let way = if is_single {
                let inside =
                    |components: &Components, node: u32| components.at(walks.open(node)) == Some(component);
                shortest.way(way_back, walks.node(to), walks.node(place), length.saturating_sub(1), inside)
            } else {
                let inside = |components: &Components, place: u32| components.at(place) == Some(component);
                shortest.way(way_back, to, place, length.saturating_sub(1), inside)
            };
            if let Some(way) = way {
                best = Some(nodes(graph, walks.node(place), number, &way));
            }
            if best.as_ref().is_some_and(|best| best.len() == 2) || shortest.arcs_left == 0 {
                break;
            }
        }
        // The second search must find what is known to be there.
        shortest.arcs_left = ARCS_MAX.max(2 * graph.arcs() + 1);
    }
    best
}

/// Places and arcs within a component of kinds that a question needs.
fn needed<'a>(
    graph: &'a Graph,
    components: &'a Components,
    component: u32,
    members: &'a [u32],
    question: &'a Question,
) -> impl Iterator<Item = (u32, u32)> + 'a {
    let walks = question.walks;
    members.iter().flat_map(move |place| {
        let fits = move |number: &u32| {
            let arc = graph.arc(*number);
            let to = walks.step(*place, arc).and_then(|to| components.at(to));
            question.needs.contains(&arc.why) && to == Some(component)
        };
        graph.from(walks.node(*place)).filter(fits).map(move |number| (*place, number))
    })
}

/// The cycle that begins at `node` along the arc `first`, with the node where each arc begins.
fn nodes(graph: &Graph, node: u32, first: u32, way: &[u32]) -> Vec<(u32, u32)> {
    let mut at = node;
    std::iter::once(&first)
        .chain(way)
        .map(|number| {
            let from = std::mem::replace(&mut at, graph.arc(*number).to);
            (from, *number)
        })
        .collect()
}

/// What the anti-dependencies of a cycle make of it.
fn by_anti(graph: &Graph, arcs: &[(u32, u32)]) -> Anomaly {
    let whys: Vec<Dependency> = arcs.iter().map(|(_, number)| graph.arc(*number).why).collect();
    let anti: Vec<bool> = whys.iter().map(|why| why.is_anti()).collect();
    let follow = (0..anti.len()).any(|place| anti[place] && anti[(place + 1) % anti.len()]);
    match anti.iter().filter(|anti| **anti).count() {
        0 => Anomaly::G1c,
        1 => Anomaly::GSingle,
        _ if !follow => Anomaly::GNonadjacent,
        _ if whys.contains(&PREDICATE) => Anomaly::G2,
        _ => Anomaly::G2Item,
    }
}

/// The transactions on a cycle in order, with the arcs between them; what lies between two moments is one arc of real time.
pub(crate) fn members(graph: &Graph, found: &Found) -> Vec<(u32, u32)> {
    let mut arcs: Vec<(u32, u32)> = found.arcs.clone();
    let first = arcs.iter().position(|(node, _)| graph.is_transaction(*node)).unwrap_or(0);
    arcs.rotate_left(first);
    arcs.retain(|(node, _)| graph.is_transaction(*node));
    debug_assert!(arcs.iter().all(|(_, number)| *number != NONE), "every member has an arc");
    arcs
}
