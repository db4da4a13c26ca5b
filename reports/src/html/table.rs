//! Owns what the template of a sweep is given: one family at several levels or under several models.

use askama::Template;

use super::Visible;
use crate::Sweep;
use crate::sweep::{Cell, Found, Over, Swept};

/// One family at several levels or under several models.
#[derive(Template)]
#[template(path = "table.html")]
pub(super) struct Table {
    id: String,
    title: Visible,
    class: &'static str,
    comparison: Visible,
    noun: &'static str,
    columns: Vec<Visible>,
    rows: Vec<TableRow>,
    /// What its words mean, where that is not plain.
    legend: Vec<String>,
}

/// One scenario in all columns.
struct TableRow {
    name: Visible,
    cells: Vec<TableCell>,
}

/// One scenario in one column.
struct TableCell {
    word: String,
    anomaly: Option<Visible>,
    class: &'static str,
}

impl Table {
    pub(super) fn of(sweep: &Sweep, id: String) -> Self {
        let what = match sweep.over {
            Over::Levels => "which anomaly is possible at which level",
            Over::Models => "what holds when faults happen and time passes",
        };
        let names_anomalies = !sweep.anomalies().is_empty();
        let cell = |cell: &Cell| TableCell {
            word: cell.word(sweep.over),
            anomaly: cell.anomaly.as_deref().filter(|_| names_anomalies).map(Visible::of),
            class: match cell.found {
                _ if cell.differs => "differs",
                Found::Broken if names_anomalies => "breaks",
                Found::Unnamed => "quiet",
                _ => "",
            },
        };
        let row = |row: &Swept| TableRow {
            name: Visible::of(&row.name),
            cells: row.cells.iter().map(cell).collect(),
        };
        Self {
            id,
            title: Visible::of(&format!("{}: {what}", sweep.family)),
            class: match (sweep.is_equal(), sweep.is_different()) {
                (_, true) => "bad",
                (true, false) => "good",
                (false, false) => "unsure",
            },
            comparison: Visible::of(&sweep.comparison()),
            noun: sweep.over.noun(),
            columns: sweep.columns.iter().map(|column| Visible::of(column)).collect(),
            rows: sweep.rows.iter().map(row).collect(),
            legend: sweep.legend(),
        }
    }
}
