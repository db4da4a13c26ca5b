//! Owns [`Grid`]: the lanes of an execution as a table, one column for each worker and each store, one for what changed and one
//! for what was promised.

use std::borrow::Cow;

use super::cut::{Cut, Scissors};
use super::worth::{breaks, worth};
use crate::story::{Cell, Changed, DeedKind, Held, Lanes, Line, Promised, Row, Step};
use crate::visible::Visible;
use crate::wording::counted;

/// A table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Grid {
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<GridRow>,
    /// What is promised, if that has numbers.
    pub(super) promises: Vec<String>,
}

/// One column of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) class: &'static str,
    pub(super) name: String,
}

/// One row of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct GridRow {
    pub(super) class: &'static str,
    /// `start`, the number of a step, `end`.
    pub(super) head: String,
    pub(super) cells: Vec<GridCell>,
}

/// One cell of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct GridCell {
    pub(super) class: String,
    /// How many columns it takes.
    pub(super) span: usize,
    pub(super) lines: Vec<GridLine>,
}

/// One line of a cell.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct GridLine {
    pub(super) class: &'static str,
    pub(super) pieces: Vec<Piece>,
}

/// One piece of a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Words(Cow<'static, str>),
    Quiet(&'static str),
    Code(Cut),
}

impl Grid {
    pub(super) fn of(lanes: &Lanes, scissors: &mut Scissors) -> Self {
        let mut drawing = Drawing { lanes, scissors };
        let mut rows = vec![drawing.start()];
        rows.extend(lanes.rows.iter().map(|row| match row {
            Row::Step(step) => drawing.step(step),
            Row::LeftOut(count) => drawing.left_out(*count),
        }));
        rows.push(drawing.end());
        Self { columns: columns(lanes), rows, promises: numbered(&lanes.promises) }
    }
}

fn columns(lanes: &Lanes) -> Vec<Column> {
    let column = |class, name: String| Column { class, name };
    let workers = lanes.workers.iter().map(|worker| column("worker", worker.to_string()));
    let stores = lanes.stores.iter().map(|store| column("store", store.to_string()));
    let mut columns: Vec<_> = workers.chain(stores).collect();
    columns.push(column("state", "what changed".to_owned()));
    if !lanes.promises.is_empty() {
        let noun = if lanes.promises.len() == 1 { "promise" } else { "promises" };
        columns.push(column("worth", noun.to_owned()));
    }
    columns
}

/// The promises with their numbers; one alone needs none.
fn numbered(promises: &[Promised]) -> Vec<String> {
    let when = |promised: &Promised| if promised.is_for_the_end { "in the end" } else { "at any time" };
    let told = |promised: &Promised| format!("{} ({})", promised.promise, when(promised));
    promises.iter().map(told).collect()
}

struct Drawing<'a> {
    lanes: &'a Lanes,
    scissors: &'a mut Scissors,
}

impl Drawing<'_> {
    /// How many lanes there are.
    fn width(&self) -> usize {
        self.lanes.workers.len() + self.lanes.stores.len()
    }

    fn code(&mut self, text: &Visible) -> Piece {
        Piece::Code(self.scissors.cut(text))
    }

    fn start(&mut self) -> GridRow {
        let initial = self.code(&self.lanes.initial);
        let mut cells = vec![self.across("", Vec::new()), cell("", vec![line("", vec![initial])])];
        cells.extend(worth(self.lanes, &self.lanes.at_start, 0));
        GridRow { class: "edge", head: "start".to_owned(), cells }
    }

    fn end(&mut self) -> GridRow {
        let last = self.code(&self.lanes.last);
        let mut lines = vec![line("", vec![last])];
        let broken = self.lanes.broken_at_end.as_ref();
        lines.extend(
            broken.map(|promise| line("promise", vec![words(format!("✗ broken at the end: {promise}"))])),
        );
        let mut state = cell("", lines);
        state.span = self.beside_lanes();
        let class = if broken.is_some() { "edge broken" } else { "edge" };
        GridRow { class, head: "end".to_owned(), cells: vec![self.across("", Vec::new()), state] }
    }

    fn left_out(&self, count: usize) -> GridRow {
        let told = format!("{} left out", counted(count as u64, "step"));
        let mut all = cell("", vec![line("", vec![words(told)])]);
        all.span = self.width() + self.beside_lanes();
        GridRow { class: "edge", head: "…".to_owned(), cells: vec![all] }
    }

    /// How many columns there are beside the lanes.
    fn beside_lanes(&self) -> usize {
        1 + usize::from(!self.lanes.promises.is_empty())
    }

    /// A cell across all lanes.
    fn across(&self, class: &str, lines: Vec<GridLine>) -> GridCell {
        GridCell { span: self.width().max(1), ..cell(class, lines) }
    }

    fn step(&mut self, step: &Step) -> GridRow {
        let mut cells = match &step.across {
            Some(across) => vec![self.everywhere(step, across)],
            None => self.lanes_of(step),
        };
        let mut lines: Vec<_> = step.changes.iter().map(|change| self.change(change)).collect();
        let is_since = self.lanes.promises.iter().any(|promised| breaks(self.lanes, promised, step.number));
        // Else it is told with what the promises are worth.
        let is_new = |promise: &&Visible| self.lanes.promises.iter().all(|known| known.promise != **promise);
        if let Some(promise) = step.broken.as_ref().filter(is_new) {
            lines.push(line("promise", vec![words(format!("✗ broken here: {promise}"))]));
        }
        cells.push(cell("", lines));
        cells.extend(worth(self.lanes, &step.promises, step.number));
        let class = if step.is_the_violation || is_since { "broken" } else { "" };
        GridRow { class, head: step.number.to_string(), cells }
    }

    /// What happened to no worker in particular, with what it did to each.
    fn everywhere(&mut self, step: &Step, across: &Visible) -> GridCell {
        let mut lines = vec![line("", vec![words(across.to_string())])];
        for cell in &step.cells {
            let worker = self.lanes.workers[cell.lane];
            for mut told in self.lines(cell, step) {
                told.pieces.insert(0, words(format!("{worker} ")));
                lines.push(told);
            }
        }
        let class = if step.is_fault { "across fault" } else { "across" };
        self.across(class, lines)
    }

    /// One cell for each worker and each store, with a line from who asks to who is asked.
    fn lanes_of(&mut self, step: &Step) -> Vec<GridCell> {
        let workers = self.lanes.workers.len();
        let from = step.cells.iter().find(|cell| !matches!(cell.lines.first(), Some(Line::Woken(_))));
        let reach = from.zip(step.deed.as_ref()).map(|(cell, deed)| (cell.lane, workers + deed.store));
        let mut cells = Vec::with_capacity(self.width());
        for lane in 0..self.width() {
            let told = step.cells.iter().find(|cell| cell.lane == lane);
            let mut lines = told.map_or_else(Vec::new, |cell| self.lines(cell, step));
            if let Some(deed) = step.deed.as_ref().filter(|deed| workers + deed.store == lane) {
                lines.push(line(deed_class(deed.kind), vec![words(deed.words.to_string())]));
            }
            let held = step.held.iter().find(|(at, _)| *at == lane).map(|(_, held)| match held {
                Held::Waits => "held",
                Held::Stopped => "held split",
            });
            // A line through a text would strike it out.
            let is_between =
                |(from, to): &(usize, usize)| (*from + 1..*to).contains(&lane) && lines.is_empty();
            let via = reach.filter(is_between).map(|_| "via");
            let classes: Vec<&str> = held.into_iter().chain(via).collect();
            cells.push(cell(&classes.join(" "), lines));
        }
        cells
    }

    fn lines(&mut self, cell: &Cell, step: &Step) -> Vec<GridLine> {
        let is_victim = step.deed.as_ref().is_some_and(|deed| deed.kind == DeedKind::Breaks);
        let mut lines: Vec<_> = cell.lines.iter().map(|told| self.line(told)).collect();
        if let (true, Some(Line::Continued(_)), Some(first)) =
            (is_victim, cell.lines.first(), lines.first_mut())
        {
            first.class = "fault";
        }
        lines
    }

    fn line(&mut self, told: &Line) -> GridLine {
        match told {
            Line::Queued(text) => line("queued", vec![self.code(text)]),
            Line::Request(text) => line("", vec![self.code(text)]),
            Line::Reply(text) => line("reply", vec!["→ ".into(), self.code(text)]),
            Line::Blocked(text) => line("blocked", vec![words(format!("… {text}"))]),
            Line::Stopped => line("blocked", vec!["… split: stopped before its first row".into()]),
            Line::Continued(text) => line("continued", vec![words(format!("▶ {text}"))]),
            Line::Woken(text) => line("continued", vec!["▶ woken → ".into(), self.code(text)]),
            Line::Received(text) => line("reply", vec!["← ".into(), self.code(text)]),
            Line::Fault(text) => line("fault", vec![words(format!("✗ {text}"))]),
        }
    }

    fn change(&mut self, change: &Changed) -> GridLine {
        let mut pieces = vec![self.code(&change.key)];
        match (&change.before, &change.after) {
            (None, None) => {}
            (None, Some(after)) => pieces.extend([": ".into(), Piece::Quiet("new "), self.code(after)]),
            (Some(before), None) => {
                pieces.extend([": ".into(), self.code(before), " → ".into(), Piece::Quiet("gone")]);
            }
            (Some(before), Some(after)) => {
                pieces.extend([": ".into(), self.code(before), " → ".into(), self.code(after)]);
            }
        }
        line("", pieces)
    }
}

fn deed_class(kind: DeedKind) -> &'static str {
    match kind {
        DeedKind::Executes => "deed",
        DeedKind::Holds => "deed blocked",
        DeedKind::Sends => "deed reply",
        DeedKind::Breaks => "deed fault",
    }
}

pub(super) fn cell(class: &str, lines: Vec<GridLine>) -> GridCell {
    GridCell { class: class.to_owned(), span: 1, lines }
}

pub(super) fn line(class: &'static str, pieces: Vec<Piece>) -> GridLine {
    GridLine { class, pieces }
}

pub(super) fn words(text: String) -> Piece {
    Piece::Words(Cow::Owned(text))
}

impl From<&'static str> for Piece {
    fn from(text: &'static str) -> Self {
        Self::Words(Cow::Borrowed(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;
    use crate::story::Story;

    fn grid(outcome: &raceproof::Outcome) -> Grid {
        let story = Story::of(outcome, None).expect("a violation");
        Grid::of(&story.lanes.expect("lanes"), &mut Scissors::default())
    }

    fn text(cell: &GridCell) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Words(text) => text.to_string(),
            Piece::Quiet(text) => (*text).to_owned(),
            Piece::Code(cut) => cut.shown.to_string(),
        };
        let line = |line: &GridLine| line.pieces.iter().map(piece).collect::<String>();
        cell.lines.iter().map(line).collect::<Vec<_>>().join(" / ")
    }

    fn classes(row: &GridRow) -> Vec<&str> {
        row.cells.iter().map(|cell| cell.class.as_str()).collect()
    }

    /// However a row is made, it fills the columns.
    #[test]
    fn rows_are_as_wide_as_the_table() {
        let mut outcomes = samples::everything();
        outcomes.extend([
            samples::deadlock(),
            samples::split(),
            samples::breakdown(),
            samples::stale(),
            samples::hostile(),
        ]);
        let told = outcomes.iter().filter(|outcome| outcome.counterexample.is_some());
        for outcome in told {
            let grid = grid(outcome);
            for row in &grid.rows {
                let width: usize = row.cells.iter().map(|cell| cell.span).sum();
                assert_eq!(width, grid.columns.len(), "{} of {}", row.head, outcome.card.name);
            }
        }
    }

    /// The step that loses the update is marked, though the promise is for the end; before it the promise was kept.
    #[test]
    fn step_since_which_a_promise_is_broken_is_marked() {
        let grid = grid(&samples::caught());
        assert_eq!(grid.promises, ["the counter ends at the number of increments (in the end)"]);
        let marked: Vec<_> =
            grid.rows.iter().filter(|row| row.class.contains("broken")).map(|row| &row.head).collect();
        assert_eq!(marked, ["4", "end"]);
        let worth: Vec<_> = grid.rows[..6].iter().filter_map(|row| row.cells.last()).map(text).collect();
        assert_eq!(worth[..5], ["✓ holds", "✓", "✓", "✓", "✗ broken: the counter is 1 after 2 increments"]);
    }

    /// From the block to the waking, and from the worker to its store, but never through a text.
    #[test]
    fn lines_are_drawn_through_empty_cells_only() {
        let grid = grid(&samples::deadlock());
        assert_eq!(classes(&grid.rows[1]), ["", "via", "via", "", ""]);
        assert_eq!(classes(&grid.rows[5]), ["held", "held", "", "", ""]);
        assert_eq!(classes(&grid.rows[6]), ["", "", "held via", "", ""]);
        assert_eq!(text(&grid.rows[6].cells[3]), "gives it up, wakes B");
        let split = self::grid(&samples::split());
        assert_eq!(classes(&split.rows[2])[0], "held split");
    }

    /// Several promises have numbers; those that are for the end and not kept yet are no alarm.
    #[test]
    fn several_promises_are_numbered() {
        let mut outcome = samples::caught();
        let trace = &mut outcome.counterexample.as_mut().expect("evidence").shrunk;
        let mut other = trace.courses[0].clone();
        other.invariant = "everybody is done".to_owned();
        other.said.truncate(1);
        other.said[0].opinion = raceproof::check::Opinion::Broken("nobody is".to_owned());
        trace.courses.insert(0, other);
        let grid = grid(&outcome);
        assert_eq!(grid.promises.len(), 2);
        assert_eq!(
            grid.rows[0].cells.last().map(text).as_deref(),
            Some("1 ✗ would not hold now: nobody is / 2 ✓ holds")
        );
        let worth = |row: usize| grid.rows[row].cells.last().map(text);
        assert_eq!(worth(1).as_deref(), Some("1 ✗ 2 ✓"));
        assert_eq!(worth(4).as_deref(), Some("2 ✗ broken: the counter is 1 after 2 increments / 1 ✗"));
    }
}
