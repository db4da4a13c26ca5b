//! Owns [`Graph`]: a small directed graph as a drawing, its nodes around the middle and its edges as arrows that bend outwards.

use askama::Template;
use askama::filters::HtmlSafe;

use crate::story::{Circle, Dependencies};
use crate::visible::Visible;

/// Most nodes that are drawn; a larger graph is told in words only.
const NODES_MAX: usize = 8;
/// How wide a character is, about.
const CHARACTER: f64 = 7.3;
/// Half the height of a node.
const HALF_HEIGHT: f64 = 22.0;
/// Most columns of a text in a node.
const NODE_COLUMNS_MAX: usize = 22;
/// How far an edge bends outwards, as a part of its length, and at most.
const BEND: (f64, f64) = (0.22, 34.0);
/// The size of an arrow's head.
const HEAD: f64 = 9.0;

/// A node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) name: String,
    /// What is written below the name.
    pub(super) did: String,
    pub(super) is_marked: bool,
}

/// An arrow from one node to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    /// What is written beside it, line by line.
    pub(super) lines: Vec<String>,
    /// Whether it is part of what the drawing is about.
    pub(super) is_main: bool,
}

/// A graph, laid out.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "graph.svg", escape = "html")]
pub(super) struct Graph {
    /// What is shown, in words.
    about: String,
    width: i32,
    height: i32,
    nodes: Vec<NodeDrawn>,
    edges: Vec<EdgeDrawn>,
}

impl HtmlSafe for Graph {}

#[derive(Debug, Clone, PartialEq, Eq)]
struct NodeDrawn {
    class: &'static str,
    x: i32,
    y: i32,
    left: i32,
    top: i32,
    width: i32,
    height: i32,
    name: Visible,
    did: Visible,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct EdgeDrawn {
    class: &'static str,
    path: String,
    head: String,
    anchor: &'static str,
    lines: Vec<(i32, i32, Visible)>,
}

impl Graph {
    /// The requests that waited for each other in a deadlock.
    pub(super) fn of_waits(circle: &Circle) -> Option<Self> {
        let (mut nodes, mut edges): (Vec<Node>, Vec<Edge>) = (Vec::new(), Vec::new());
        let mut place = |name: &Visible| {
            let known = nodes.iter().position(|node| node.name == name.as_str());
            known.unwrap_or_else(|| {
                let is_marked = *name == circle.victim;
                nodes.push(Node { name: name.to_string(), did: String::new(), is_marked });
                nodes.len() - 1
            })
        };
        let all = circle.links.iter().map(|link| (link, true));
        for (link, is_main) in all.chain(circle.others.iter().map(|link| (link, false))) {
            let (from, to) = (place(&link.waiter), place(&link.holder));
            let lines = vec!["waits for".to_owned(), link.lock.to_string()];
            edges.push(Edge { from, to, lines, is_main });
        }
        let told = |edge: &Edge| format!("{} waits for {}", nodes[edge.from].name, nodes[edge.to].name);
        let about = format!("Wait-for graph: {}", edges.iter().map(told).collect::<Vec<_>>().join(", "));
        Self::laid_out(about, &nodes, &edges)
    }

    /// Who must come before whom.
    pub(super) fn of_dependencies(told: &Dependencies) -> Option<Self> {
        let node = |member: &crate::story::Member| Node {
            name: member.name.to_string(),
            did: member.did.to_string(),
            is_marked: false,
        };
        let nodes: Vec<Node> = told.members.iter().map(node).collect();
        let edge = |(from, member): (usize, &crate::story::Member)| {
            let steps = member.steps.map(|(first, second)| format!("steps {first} and {second}"));
            let lines = std::iter::once(member.label.to_string()).chain(steps).collect();
            Edge { from, to: (from + 1) % nodes.len(), lines, is_main: true }
        };
        let edges: Vec<Edge> = told.members.iter().enumerate().map(edge).collect();
        let names: Vec<&str> = nodes.iter().map(|node| node.name.as_str()).collect();
        let about = format!("Dependency cycle: {}, and again {}", names.join(" before "), names.first()?);
        Self::laid_out(about, &nodes, &edges)
    }

    /// The drawing; `None` if there are no nodes or too many.
    fn laid_out(about: String, nodes: &[Node], edges: &[Edge]) -> Option<Self> {
        if nodes.is_empty() || nodes.len() > NODES_MAX {
            return None;
        }
        let canvas = Canvas::of(nodes.len());
        let boxes: Vec<Oval> =
            nodes.iter().enumerate().map(|(index, node)| canvas.oval(index, node)).collect();
        let drawn = |(node, oval): (&Node, &Oval)| oval.drawn(node);
        Some(Self {
            about,
            width: canvas.width,
            height: canvas.height,
            nodes: nodes.iter().zip(&boxes).map(drawn).collect(),
            edges: edges.iter().map(|edge| canvas.edge(edge, &boxes[edge.from], &boxes[edge.to])).collect(),
        })
    }
}

/// Where nodes lie.
struct Canvas {
    count: usize,
    width: i32,
    height: i32,
}

/// The outline of a node, for the ends of arrows.
struct Oval {
    x: f64,
    y: f64,
    half_width: f64,
}

impl Canvas {
    fn of(count: usize) -> Self {
        let (width, height) = match count {
            1 => (460, 170),
            2 => (560, 200),
            _ => (680, 360),
        };
        Self { count, width, height }
    }

    /// Two nodes lie beside each other, more on a ring, clockwise from the top.
    fn oval(&self, index: usize, node: &Node) -> Oval {
        let (middle_x, middle_y) = (f64::from(self.width) / 2.0, f64::from(self.height) / 2.0);
        let text = columns_of(&node.name).max(columns_of(&node.did));
        let half_width = (text * CHARACTER / 2.0 + 14.0).max(30.0);
        let (x, y) = match (self.count, index) {
            (1, _) => (middle_x, middle_y + 30.0),
            (2, 0) => (middle_x - 185.0, middle_y),
            (2, _) => (middle_x + 185.0, middle_y),
            (count, index) => {
                let turn = index as f64 / count as f64 * std::f64::consts::TAU;
                (middle_x + turn.sin() * 170.0, middle_y - turn.cos() * 125.0)
            }
        };
        Oval { x, y, half_width }
    }

    fn edge(&self, edge: &Edge, from: &Oval, to: &Oval) -> EdgeDrawn {
        let class = if edge.is_main { "edge main" } else { "edge" };
        if edge.from == edge.to {
            return Self::loop_of(edge, class, from);
        }
        let (across_x, across_y) = (to.x - from.x, to.y - from.y);
        let length = across_x.hypot(across_y).max(1.0);
        // To the left of its direction, which is outwards on a ring that is walked clockwise.
        let (out_x, out_y) = (across_y / length, -across_x / length);
        let bend = (length * BEND.0).min(BEND.1);
        let control =
            ((from.x + to.x) / 2.0 + out_x * bend * 2.0, (from.y + to.y) / 2.0 + out_y * bend * 2.0);
        let (begin, end) = (from.towards(control, 2.0), to.towards(control, 4.0));
        let top = ((begin.0 + 2.0 * control.0 + end.0) / 4.0, (begin.1 + 2.0 * control.1 + end.1) / 4.0);
        let anchor = match out_x {
            x if x > 0.4 => "start",
            x if x < -0.4 => "end",
            _ => "middle",
        };
        let columns_max = if self.count > 2 { 26 } else { 62 };
        let count = edge.lines.len() as f64;
        // The block of lines lies outside of the bend.
        let first = top.1 + out_y * 10.0 + if out_y < 0.0 { -(count - 1.0) * 14.0 } else { 10.0 * out_y };
        let line = |(index, text): (usize, &String)| {
            let y = first + index as f64 * 14.0;
            (rounded(top.0 + out_x * 10.0), rounded(y), Visible::cut_to(text, columns_max))
        };
        EdgeDrawn {
            class,
            path: format!(
                "M{} {}Q{} {} {} {}",
                rounded(begin.0),
                rounded(begin.1),
                rounded(control.0),
                rounded(control.1),
                rounded(end.0),
                rounded(end.1)
            ),
            head: head(control, end),
            anchor,
            lines: edge.lines.iter().enumerate().map(line).collect(),
        }
    }

    /// An arrow of a node to itself.
    fn loop_of(edge: &Edge, class: &'static str, node: &Oval) -> EdgeDrawn {
        let (left, right, top) = (node.x - 14.0, node.x + 14.0, node.y - HALF_HEIGHT - 3.0);
        let line = |(index, text): (usize, &String)| {
            let y = top - 46.0 - (edge.lines.len() - 1 - index) as f64 * 14.0;
            (rounded(node.x), rounded(y), Visible::cut_to(text, 48))
        };
        let [x1, x2, y, far] = [left, right, top, top - 52.0].map(rounded);
        EdgeDrawn {
            class,
            path: format!("M{x1} {y}C{} {far} {} {far} {x2} {y}", x1 - 24, x2 + 24),
            head: head((right + 12.0, top - 26.0), (right, top)),
            anchor: "middle",
            lines: edge.lines.iter().enumerate().map(line).collect(),
        }
    }
}

impl Oval {
    /// The point of the outline towards `target`, and `gap` beyond it.
    fn towards(&self, (x, y): (f64, f64), gap: f64) -> (f64, f64) {
        let (across_x, across_y) = (x - self.x, y - self.y);
        let (radius_x, radius_y) = (self.half_width + gap, HALF_HEIGHT + gap);
        let scale = 1.0 / (across_x / radius_x).hypot(across_y / radius_y).max(f64::EPSILON);
        (self.x + across_x * scale, self.y + across_y * scale)
    }

    fn drawn(&self, node: &Node) -> NodeDrawn {
        let [x, y, left, top] = [self.x, self.y, self.x - self.half_width, self.y - HALF_HEIGHT].map(rounded);
        NodeDrawn {
            class: if node.is_marked { "node victim" } else { "node" },
            x,
            y: if node.did.is_empty() { y + 4 } else { y - 3 },
            left,
            top,
            width: rounded(self.half_width * 2.0),
            height: rounded(HALF_HEIGHT * 2.0),
            name: Visible::cut_to(&node.name, NODE_COLUMNS_MAX),
            did: Visible::cut_to(&node.did, NODE_COLUMNS_MAX),
        }
    }
}

/// The head of an arrow that comes from `before` and ends at `end`.
fn head(before: (f64, f64), end: (f64, f64)) -> String {
    let (across_x, across_y) = (end.0 - before.0, end.1 - before.1);
    let length = across_x.hypot(across_y).max(1.0);
    let (x, y) = (across_x / length * HEAD, across_y / length * HEAD);
    let (back_x, back_y) = (end.0 - x, end.1 - y);
    let points = [(end.0, end.1), (back_x - y / 2.0, back_y + x / 2.0), (back_x + y / 2.0, back_y - x / 2.0)];
    let told = points.map(|(x, y)| format!("{},{}", rounded(x), rounded(y)));
    told.join(" ")
}

fn columns_of(text: &str) -> f64 {
    crate::visible::columns(text).min(NODE_COLUMNS_MAX) as f64
}

fn rounded(coordinate: f64) -> i32 {
    coordinate.round() as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;
    use crate::story::Story;

    fn circle() -> Circle {
        let story = Story::of(&samples::deadlock(), None).expect("a violation");
        story.lanes.expect("lanes").circles().next().expect("a deadlock").1.clone()
    }

    #[test]
    fn deadlock_is_drawn_with_its_victim_and_those_beside_it() {
        let drawing = Graph::of_waits(&circle()).expect("three nodes");
        let marked: Vec<_> =
            drawing.nodes.iter().map(|node| (node.name.as_str(), node.class == "node victim")).collect();
        assert_eq!(marked, [("A", true), ("B", false), ("C", false)]);
        assert_eq!(drawing.edges.iter().filter(|edge| edge.class == "edge main").count(), 2);
        assert_eq!(drawing.about, "Wait-for graph: A waits for B, B waits for A, C waits for A");
        insta::assert_snapshot!(drawing);
    }

    #[test]
    fn cycle_is_drawn_with_its_kinds_and_steps() {
        let story = Story::of(&samples::caught(), None).expect("a violation");
        let drawing = Graph::of_dependencies(&story.dependencies.expect("a cycle")).expect("two nodes");
        assert_eq!(drawing.about, "Dependency cycle: B before A, and again B");
        insta::assert_snapshot!(drawing);
    }

    /// Whatever a lock or an operation is called, it stays text, and everything lies on the canvas.
    #[test]
    fn hostile_names_are_escaped_and_nothing_lies_outside() {
        for count in 1..=NODES_MAX {
            let name = "</text><script>alert(1)</script>".repeat(9);
            let node = Node { name: name.clone(), did: name.clone(), is_marked: false };
            let edge = |from| Edge { from, to: (from + 1) % count, lines: vec![name.clone()], is_main: true };
            let edges: Vec<Edge> = (0..count).map(edge).collect();
            let drawing = Graph::laid_out(name.clone(), &vec![node; count], &edges).expect("few nodes");
            let text = drawing.to_string();
            assert!(!text.contains("<script") && text.contains("&#60;script"), "{text}");
            for node in &drawing.nodes {
                assert!(node.left >= 0 && node.left + node.width <= drawing.width, "{count}: {node:?}");
                assert!(node.top >= 0 && node.top + node.height <= drawing.height, "{count}: {node:?}");
            }
        }
        assert_eq!(Graph::laid_out(String::new(), &[], &[]), None);
    }
}
