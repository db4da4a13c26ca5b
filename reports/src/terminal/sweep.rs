//! Owns the drawing of sweeps as text.

use super::Style;
use super::style::Tone;
use crate::sweep::{Cell, Found, Sweep, Swept};
use crate::visible::columns;

/// The widest that the name of a scenario gets.
const NAME_COLUMNS_MAX: usize = 40;
/// What two columns are apart.
const GAP: usize = 2;

/// The table of every family that was swept over several levels or models, each after an empty line.
#[must_use]
pub fn sweeps(outcomes: &[raceproof::Outcome], style: &Style) -> String {
    Sweep::all(outcomes).iter().map(|sweep| format!("\n{}", drawn(sweep, style))).collect()
}

fn drawn(sweep: &Sweep, style: &Style) -> String {
    let tone = match (sweep.is_equal(), sweep.is_different()) {
        (_, true) => Tone::Bad,
        (true, false) => Tone::Good,
        (false, false) => Tone::Unsure,
    };
    let said = style.wrap(&format!("{}: {}", sweep.family, sweep.comparison()), style.width(), 3);
    let said = said.iter().map(|line| style.paint(tone, line) + "\n").collect::<String>();
    let names: Vec<String> = sweep.rows.iter().map(|row| style.fit(&row.name, NAME_COLUMNS_MAX)).collect();
    let longest = names.iter().map(|name| columns(name)).max().unwrap_or(0);
    let mut widths = vec![longest.max(sweep.over.noun().len())];
    for (index, column) in sweep.columns.iter().enumerate() {
        let cells = sweep.rows.iter().map(|row| lettered(sweep, &row.cells[index]).len());
        widths.push(cells.max().unwrap_or(0).max(column.len()));
    }
    let all: usize = widths.iter().map(|width| width + GAP).sum();
    let has_columns = all <= style.width();
    let rows = if has_columns {
        in_columns(sweep, &names, &widths, style) + &letters(sweep, style)
    } else {
        one_below_the_other(sweep, style)
    };
    // Where cells are told one by one, those without a search are left out.
    let legend = sweep.legend();
    let told = legend.iter().filter(|line| has_columns || !line.starts_with(sweep.over.word(Found::Unnamed)));
    let legend = told.map(|line| indented(line, style)).collect::<String>();
    said + &rows + &legend
}

fn in_columns(sweep: &Sweep, names: &[String], widths: &[usize], style: &Style) -> String {
    let head = std::iter::once(sweep.over.noun()).chain(sweep.columns.iter().map(String::as_str));
    let head = head.zip(widths).map(|(word, width)| format!("{:GAP$}{}", "", Style::pad(word, *width)));
    let mut text = style.paint(Tone::Strong, head.collect::<String>().trim_end()) + "\n";
    for (row, name) in sweep.rows.iter().zip(names) {
        let mut line = format!("{:GAP$}{}", "", Style::pad(name, widths[0]));
        for (cell, width) in row.cells.iter().zip(&widths[1..]) {
            let padded = Style::pad(&lettered(sweep, cell), *width);
            line += &format!("{:GAP$}{}", "", painted(cell, &padded, style));
        }
        text += line.trim_end();
        text += "\n";
    }
    text
}

/// The word of a cell; where anomalies are told below the table, with the letter of its own.
fn lettered(sweep: &Sweep, cell: &Cell) -> String {
    let own = cell.anomaly.as_deref();
    let letter = sweep.anomalies().iter().position(|anomaly| Some(*anomaly) == own).and_then(letter);
    match letter {
        Some(letter) => format!("{} {letter}", cell.word(sweep.over)),
        None => cell.word(sweep.over),
    }
}

fn letter(position: usize) -> Option<char> {
    ('a'..='z').nth(position)
}

/// What the letters in the table stand for.
fn letters(sweep: &Sweep, style: &Style) -> String {
    let told = sweep.anomalies();
    let told =
        told.iter().enumerate().filter_map(|(index, anomaly)| Some(format!("{} {anomaly}", letter(index)?)));
    let told = told.collect::<Vec<_>>().join("; ");
    if told.is_empty() { told } else { indented(&format!("broken: {told}"), style) }
}

/// For widths that have no room for columns.
fn one_below_the_other(sweep: &Sweep, style: &Style) -> String {
    let entry = |row: &Swept| {
        let name = style.fit(&row.name, style.width() - GAP);
        let cells = row.cells.iter().zip(&sweep.columns).filter(|(cell, _)| cell.found != Found::Unnamed);
        let told = |(cell, column): (&Cell, &String)| {
            let anomaly = cell.anomaly.as_ref().filter(|_| !sweep.anomalies().is_empty());
            let anomaly = anomaly.map_or_else(String::new, |anomaly| format!(" ({anomaly})"));
            let lines =
                style.wrap(&format!("{column}: {}{anomaly}", cell.word(sweep.over)), style.width() - 4, 2);
            lines.iter().map(|line| format!("    {line}\n")).collect::<String>()
        };
        format!("  {name}\n{}", cells.map(told).collect::<String>())
    };
    sweep.rows.iter().map(entry).collect()
}

fn indented(text: &str, style: &Style) -> String {
    let lines = style.wrap(text, style.width() - GAP, 4);
    lines.iter().map(|line| format!("{:GAP$}{line}\n", "")).collect()
}

fn painted(cell: &Cell, text: &str, style: &Style) -> String {
    let tone = match cell.found {
        _ if cell.differs => Tone::Bad,
        Found::Unsure | Found::NotRun | Found::NotSeen => Tone::Unsure,
        Found::Unnamed => Tone::Quiet,
        Found::Broken | Found::Kept => return text.to_owned(),
    };
    style.paint(tone, text)
}
