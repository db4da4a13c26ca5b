//! Owns [`Table`]: the lanes of an execution as text, one column for each worker and one for the stores;
//! where the columns would get too narrow, one step below the other.

use super::circle;
use super::style::{Style, Tone};
use crate::story::{Cell, Changed, Lanes, Line, Row, Step};
use crate::visible::{Visible, columns};
use crate::wording::counted;

/// The narrowest column that is worth having.
const COLUMN_COLUMNS_MIN: usize = 12;
/// The widest that is easy to follow.
const COLUMN_COLUMNS_MAX: usize = 48;
/// Most lines that one text takes in a column.
const CELL_LINES_MAX: usize = 3;
/// Columns before the first lane: indentation, mark, number.
const GUTTER_COLUMNS: usize = 7;
/// Columns between two lanes.
const RULE_COLUMNS: usize = 3;

/// Lanes laid out for a width.
pub(super) struct Table<'a> {
    lanes: &'a Lanes,
    style: &'a Style,
    /// The width of each lane, and of the column of the stores as the last; `None` if there is no room
    /// for columns.
    widths: Option<Vec<usize>>,
}

impl<'a> Table<'a> {
    /// `lanes` laid out for the width of `style`.
    pub(super) fn of(lanes: &'a Lanes, style: &'a Style) -> Self {
        let mut wanted: Vec<usize> = vec![1; lanes.workers.len()];
        let mut stores = "state".len();
        for step in steps(lanes) {
            for cell in &step.cells {
                let widest =
                    cell_lines(cell, style, COLUMN_COLUMNS_MAX).iter().map(|line| columns(line)).max();
                wanted[cell.lane] = wanted[cell.lane].max(widest.unwrap_or(0));
            }
            let widest = step.changes.iter().map(|change| columns(&changed(change, style))).max();
            stores = stores.max(widest.unwrap_or(0));
        }
        // What goes across all lanes gets what the others leave of its width.
        let across = steps(lanes).filter_map(|step| step.across.as_ref()).map(Visible::columns).max();
        let missing = across.unwrap_or(0).saturating_sub(across_columns(&wanted));
        if let Some(last) = wanted.last_mut() {
            *last = (*last).max((*last + missing).min(COLUMN_COLUMNS_MAX));
        }
        wanted.push(stores);
        let rules = RULE_COLUMNS * wanted.len();
        let room = style.width().saturating_sub(GUTTER_COLUMNS + rules);
        Self { lanes, style, widths: shared_out(&wanted, room) }
    }

    /// The rows, with a head where there are columns.
    pub(super) fn draw(&self) -> String {
        let mut text = self.widths.as_ref().map_or(String::new(), |widths| self.head(widths));
        for row in &self.lanes.rows {
            match (row, &self.widths) {
                (Row::LeftOut(count), _) => {
                    text +=
                        &self.style.say(&format!("       … {} left out …", counted(*count as u64, "step")));
                    text += "\n";
                }
                (Row::Step(step), Some(widths)) => text += &self.row(step, widths),
                (Row::Step(step), None) => text += &self.entry(step),
            }
        }
        text
    }

    fn head(&self, widths: &[usize]) -> String {
        let mut names: Vec<_> = self.lanes.workers.iter().map(ToString::to_string).collect();
        names.push("state".to_owned());
        let cells = names.iter().zip(widths).map(|(name, width)| Style::pad(name, *width));
        let named = format!("  step │ {}", cells.collect::<Vec<_>>().join(" │ "));
        let rules = widths.iter().map(|width| "─".repeat(width + 2)).collect::<Vec<_>>().join("┼");
        let named = self.style.say(named.trim_end());
        format!(
            "{}\n{}\n",
            self.style.paint(Tone::Strong, &named),
            self.style.say(&format!("  ─────┼{rules}"))
        )
    }

    /// One step as a row of columns.
    fn row(&self, step: &Step, widths: &[usize]) -> String {
        let Some((stores, lanes)) = widths.split_last() else { return String::new() };
        let mut cells: Vec<Vec<String>> = vec![Vec::new(); lanes.len()];
        for cell in &step.cells {
            cells[cell.lane] = cell_lines(cell, self.style, lanes[cell.lane]);
        }
        let state: Vec<_> = step
            .changes
            .iter()
            .flat_map(|change| self.style.wrap(&changed(change, self.style), *stores, CELL_LINES_MAX))
            .collect();
        // What happened across all lanes stands above what it did to each.
        let across = self.across(step, across_columns(lanes));
        let above = across.len();
        let below = cells.iter().map(Vec::len).max().unwrap_or(0);
        let height = (above + below).max(state.len()).max(1);
        let line = |index: usize| {
            let text = |lines: &[String], index: usize| lines.get(index).cloned().unwrap_or_default();
            let all = match across.get(index) {
                Some(line) => line.clone(),
                None if above > 0 && index >= above + below => Style::pad("", across_columns(lanes)),
                None => {
                    let cells = cells.iter().zip(lanes);
                    let columns = cells.map(|(lines, width)| Style::pad(&text(lines, index - above), *width));
                    columns.collect::<Vec<_>>().join(&self.style.say(" │ "))
                }
            };
            let rule = self.style.say("│");
            let line = format!("{}{rule} {all} {rule} {}", self.gutter(step, index), text(&state, index));
            line.trim_end().to_owned() + "\n"
        };
        (0..height).map(line).collect::<String>() + &self.circle(step) + &self.broken(step)
    }

    /// What happened across all lanes, in lines of this width; none if nothing did.
    fn across(&self, step: &Step, width: usize) -> Vec<String> {
        let Some(across) = &step.across else { return Vec::new() };
        let lines = self.style.wrap(across.as_str(), width, CELL_LINES_MAX);
        let padded = lines.iter().map(|line| Style::pad(line, width));
        padded.map(|line| if step.is_fault { self.style.paint(Tone::Bad, &line) } else { line }).collect()
    }

    /// One step as a paragraph, for widths that have no room for columns.
    fn entry(&self, step: &Step) -> String {
        let width = self.style.width() - GUTTER_COLUMNS - 5;
        let mut lines = self.across(step, width);
        for cell in &step.cells {
            let worker = self.lanes.workers[cell.lane].to_string();
            for (position, line) in cell_lines(cell, self.style, width).into_iter().enumerate() {
                let worker = if position == 0 { worker.as_str() } else { "" };
                lines.push(format!("{worker:<3} {line}"));
            }
        }
        for change in &step.changes {
            let told = self.style.wrap(&changed(change, self.style), width, CELL_LINES_MAX);
            lines.extend(told.into_iter().map(|line| format!("    {line}")));
        }
        let draw = |(index, line): (usize, &String)| {
            format!("{} {line}", self.gutter(step, index)).trim_end().to_owned() + "\n"
        };
        lines.iter().enumerate().map(draw).collect::<String>() + &self.circle(step) + &self.broken(step)
    }

    /// Mark and number of a step, on its first line.
    fn gutter(&self, step: &Step, index: usize) -> String {
        if index > 0 {
            return " ".repeat(GUTTER_COLUMNS);
        }
        let mark = if step.is_the_violation { "✗" } else { " " };
        let mark = self.style.paint(Tone::Bad, &self.style.say(mark));
        format!("  {mark}{:>3} ", step.number)
    }

    /// The deadlock that was broken at this step.
    fn circle(&self, step: &Step) -> String {
        let Some(circle) = &step.circle else { return String::new() };
        let lines = circle::drawn(circle, self.style, self.style.width() - GUTTER_COLUMNS);
        lines.iter().map(|line| format!("{:GUTTER_COLUMNS$}{}\n", "", line.trim_end())).collect()
    }

    /// The promise that broke at this step.
    fn broken(&self, step: &Step) -> String {
        let Some(promise) = &step.broken else { return String::new() };
        let told =
            self.style.wrap(&format!("✗ broken here: {promise}"), self.style.width() - GUTTER_COLUMNS, 2);
        let draw = |line: &String| format!("{:GUTTER_COLUMNS$}{}\n", "", self.style.paint(Tone::Bad, line));
        told.iter().map(draw).collect()
    }
}

/// The columns of all lanes together, with the rules between them.
fn across_columns(lanes: &[usize]) -> usize {
    (lanes.iter().sum::<usize>() + RULE_COLUMNS * lanes.len()).saturating_sub(RULE_COLUMNS)
}

fn steps(lanes: &Lanes) -> impl Iterator<Item = &Step> {
    lanes.rows.iter().filter_map(|row| match row {
        Row::Step(step) => Some(step.as_ref()),
        Row::LeftOut(_) => None,
    })
}

/// The lines of a cell; request and reply on one line where they fit.
fn cell_lines(cell: &Cell, style: &Style, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in &cell.lines {
        let text = match line {
            Line::Queued(request) => format!("· {request}"),
            Line::Request(request) => request.to_string(),
            Line::Reply(reply) => format!("→ {reply}"),
            Line::Blocked(waiting) => format!("… {waiting}"),
            Line::Stopped => "… stopped before its first row".to_owned(),
            Line::Continued(why) => format!("↪ {why}"),
            Line::Woken(reply) => format!("↪ woken → {reply}"),
            Line::Received(message) => format!("← {message}"),
            Line::Fault(what) => format!("✗ {what}"),
        };
        let text = style.say(&text);
        let joins = matches!(line, Line::Reply(_) | Line::Blocked(_) | Line::Stopped);
        match lines.last_mut() {
            Some(last) if joins && columns(last) + 1 + columns(&text) <= width => {
                last.push(' ');
                last.push_str(&text);
            }
            _ => lines.extend(style.wrap(&text, width, CELL_LINES_MAX)),
        }
    }
    lines
}

fn changed(change: &Changed, style: &Style) -> String {
    let text = match (&change.before, &change.after) {
        (None, None) => change.key.to_string(),
        (None, Some(after)) => format!("{}: {after} (new)", change.key),
        (Some(before), None) => format!("{}: {before} → (gone)", change.key),
        (Some(before), Some(after)) => format!("{}: {before} → {after}", change.key),
    };
    style.say(&text)
}

/// `room` shared out so that narrow columns get what they want and wide ones the same; `None` if a
/// column would get too little.
fn shared_out(wanted: &[usize], room: usize) -> Option<Vec<usize>> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by_key(|index| wanted[*index]);
    let (mut given, mut left) = (vec![0; wanted.len()], room);
    for (position, index) in order.iter().enumerate() {
        let share = left / (wanted.len() - position);
        given[*index] = wanted[*index].min(share).min(COLUMN_COLUMNS_MAX);
        if given[*index] < wanted[*index].min(COLUMN_COLUMNS_MIN) {
            return None;
        }
        left -= given[*index];
    }
    Some(given)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrow_columns_keep_what_they_want() {
        assert_eq!(shared_out(&[10, 40, 20], 80), Some(vec![10, 40, 20]));
        assert_eq!(shared_out(&[10, 90, 90], 60), Some(vec![10, 25, 25]));
        assert_eq!(shared_out(&[30, 30, 30, 30], 40), None);
        assert_eq!(shared_out(&[], 40), Some(vec![]));
    }
}
