//! Owns [`Bars`]: the operations of the workers in time as a drawing, with the points at which a checker lets them take effect.

use askama::Template;
use askama::filters::HtmlSafe;

use crate::story::{Bar, BarEnd, History, Mark};
use crate::visible::{Visible, columns};

/// How wide the drawing is without the names on its left, if there is much to draw, and how wide a mark is at most.
const WIDTH: i32 = 820;
const MARK_MAX: i32 = 64;
const MARK_MIN: i32 = 10;
/// Room for the names on the left, and for what does not return on the right.
const LEFT: i32 = 36;
const RIGHT: i32 = 120;
/// Room for the numbers of the steps at the top, and the height of a row.
const TOP: i32 = 24;
const ROW: i32 = 44;
/// How high a bar is, and where it lies in its row.
const BAR: (i32, i32) = (14, 22);
/// How wide a character is, in tenths.
const CHARACTER_TENTHS: i32 = 73;

/// Operations in time, laid out.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "bars.svg", escape = "html")]
pub(super) struct Bars {
    about: String,
    width: i32,
    height: i32,
    rows: Vec<(i32, String)>,
    steps: Vec<StepLine>,
    bars: Vec<BarDrawn>,
}

impl HtmlSafe for Bars {}

#[derive(Debug, Clone, PartialEq, Eq)]
struct StepLine {
    x: i32,
    label: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct BarDrawn {
    class: &'static str,
    x: i32,
    y: i32,
    width: i32,
    height: i32,
    label_y: i32,
    label: Visible,
    whole: Visible,
    point: Option<PointDrawn>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct PointDrawn {
    x: i32,
    y: i32,
    number: usize,
}

impl Bars {
    pub(super) fn of(history: &History) -> Self {
        let count = i32::try_from(history.marks.len().max(1)).unwrap_or(i32::MAX);
        let mark = (WIDTH / count).clamp(MARK_MIN, MARK_MAX);
        let scale = Scale { mark, end: LEFT + count * mark };
        let rows = history.rows.len();
        let step = |(index, mark): (usize, &Mark)| match mark {
            Mark::Event => None,
            Mark::Step(step) => Some(StepLine { x: scale.at(index), label: step.to_string() }),
            Mark::Steps(from, to) => Some(StepLine { x: scale.at(index), label: format!("{from}–{to}") }),
        };
        let is_new = |(row, worker): &(usize, &raceproof::WorkerId)| {
            row.checked_sub(1).is_none_or(|before| history.rows[before] != **worker)
        };
        let name =
            |(row, worker): (usize, &raceproof::WorkerId)| (scale.top(row) + BAR.1 + 11, worker.to_string());
        Self {
            about: about(history),
            width: scale.end + RIGHT,
            height: scale.top(rows) + 6,
            rows: history.rows.iter().enumerate().filter(is_new).map(name).collect(),
            steps: history.marks.iter().enumerate().filter_map(step).collect(),
            bars: history.bars.iter().map(|bar| scale.bar(bar, history)).collect(),
        }
    }
}

fn about(history: &History) -> String {
    let count = crate::wording::counted(history.bars.len() as u64, "operation");
    let points = history.bars.iter().filter(|bar| bar.point.is_some()).count();
    let order = match &history.order {
        Some(_) => format!(", {points} of them with a place in the longest order that explains the answers"),
        None => String::new(),
    };
    format!("{count} in time, one row for each worker{order}; they are listed below")
}

/// Where marks and rows lie.
struct Scale {
    mark: i32,
    end: i32,
}

impl Scale {
    /// The middle of a mark.
    fn at(&self, mark: usize) -> i32 {
        LEFT + i32::try_from(mark).unwrap_or(i32::MAX / 100) * self.mark + self.mark / 2
    }

    fn top(&self, row: usize) -> i32 {
        TOP + i32::try_from(row).unwrap_or(i32::MAX / 100) * ROW
    }

    fn bar(&self, bar: &Bar, history: &History) -> BarDrawn {
        let (x, top) = (self.at(bar.from), self.top(bar.row));
        let end = bar.to.map_or(self.end + 12, |to| self.at(to));
        // The label may go on until the next bar of the row begins.
        let next = history.bars.iter().filter(|other| other.row == bar.row && other.from > bar.from);
        let room = next.map(|other| self.at(other.from)).min().unwrap_or(self.end + RIGHT) - x;
        let columns_max = usize::try_from(room * 10 / CHARACTER_TENTHS).unwrap_or_default();
        let point = bar.point.map(|moment| {
            let (place, of) = (moment.place, moment.of + 1);
            let offset = self.mark * i32::try_from(place).unwrap_or(1) / i32::try_from(of).unwrap_or(2);
            let x = (self.at(moment.mark) + offset).min(end);
            PointDrawn { x, y: top + BAR.1 + BAR.0 / 2, number: moment.number }
        });
        BarDrawn {
            class: match (bar.is_blocked, bar.end) {
                (true, _) => "bar blocked",
                (false, BarEnd::Done) => "bar",
                (false, BarEnd::Refused) => "bar refused",
                (false, BarEnd::Unknown) => "bar unknown",
            },
            x,
            y: top + BAR.1,
            width: (end - x).max(4),
            height: BAR.0,
            label_y: top + BAR.1 - 6,
            label: Visible::cut_to(bar.label.as_str(), columns_max.max(1)),
            whole: if columns(bar.label.as_str()) > columns_max {
                bar.label.clone()
            } else {
                Visible::default()
            },
            point,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;
    use crate::story::Story;

    fn drawn(outcome: &raceproof::Outcome) -> Bars {
        let story = Story::of(outcome, None).expect("a violation");
        Bars::of(&story.history.expect("operations"))
    }

    #[test]
    fn operations_are_drawn_with_their_points_and_what_has_none() {
        let bars = drawn(&samples::stale());
        assert_eq!(bars.bars.iter().map(|bar| bar.class).collect::<Vec<_>>(), ["bar", "bar blocked"]);
        let [write, read] = &bars.bars[..] else { panic!("two operations") };
        let point = write.point.as_ref().expect("it took effect");
        assert!((write.x..=write.x + write.width).contains(&point.x) && read.point.is_none());
        assert!(write.x + write.width < read.x, "it had returned before the read began");
        insta::assert_snapshot!(bars);
    }

    /// Markup stays text, long labels end before the next bar, and the drawing is as wide as it says.
    #[test]
    fn hostile_and_long_labels_are_escaped_and_cut() {
        let bars = drawn(&samples::hostile());
        let text = bars.to_string();
        assert!(!text.contains("<script") && text.contains("&#60;"), "{text}");
        for bar in &bars.bars {
            assert!(bar.x + bar.width <= bars.width && bar.y + bar.height <= bars.height, "{bar:?}");
        }
    }
}
