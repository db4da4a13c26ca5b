//! Owns [`Sweep`]: which scenarios of a family broke at which isolation level, or under which fault model, and whether
//! that is what the cards expect. Drawing it is the business of the terminal and of the page.

use std::collections::BTreeSet;
use std::fmt;

use raceproof::outcome::{Coverage, Judgement};
use raceproof::verdict::Verdict;
use raceproof::{Card, Expectation, FaultModel, Isolation, Outcome};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::wording::counted;

/// The family whose cards repeat a table that others have published.
const PUBLISHED_FAMILY: &str = "isolation";

/// One family, run at several levels or under several models.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sweep {
    /// The family.
    pub family: String,
    /// What the columns are.
    pub over: Over,
    /// The columns, from the weakest level to the strongest, or from the mildest model to the harshest.
    pub columns: Vec<String>,
    /// The rows, in the order in which the scenarios ran.
    pub rows: Vec<Swept>,
}

/// What a family was swept over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Over {
    /// Isolation levels: an anomaly is possible or prevented.
    Levels,
    /// Fault models: a scenario holds or breaks.
    Models,
}

/// One scenario in all columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Swept {
    /// The scenario, without its family.
    pub name: String,
    /// One for each column.
    pub cells: Vec<Cell>,
}

/// One scenario in one column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cell {
    /// What was found.
    pub found: Found,
    /// The name of the anomaly that was found, if the card expects it there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anomaly: Option<String>,
    /// Whether the card expects something else.
    pub differs: bool,
    /// Whether it cannot be compared: nothing is certain, or the card says nothing.
    pub is_open: bool,
}

/// What a search says about a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Found {
    /// A schedule broke its promise.
    Broken,
    /// No schedule of all that there are did.
    Kept,
    /// No schedule did, but not all were tried.
    NotSeen,
    /// Nothing can be said.
    Unsure,
    /// There was no search, though the card speaks of one.
    NotRun,
    /// There was no search, and the card speaks of none.
    Unnamed,
}

/// One level or one model.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Column {
    Level(Isolation),
    Model(FaultModel),
}

impl Over {
    /// What a row is called.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Self::Levels => "anomaly",
            Self::Models => "scenario",
        }
    }

    /// The word for what was found.
    #[must_use]
    pub fn word(self, found: Found) -> &'static str {
        match (self, found) {
            (Self::Levels, Found::Broken) => "possible",
            (Self::Levels, Found::Kept) => "prevented",
            (Self::Levels, Found::NotSeen) => "not seen",
            (Self::Models, Found::Broken) => "broken",
            (Self::Models, Found::Kept) => "holds",
            (Self::Models, Found::NotSeen) => "holds?",
            (_, Found::Unsure) => "?",
            (_, Found::NotRun) => "not run",
            (_, Found::Unnamed) => "-",
        }
    }

    fn column_of(self, outcome: &Outcome) -> Option<Column> {
        match self {
            Self::Levels => outcome.isolation.map(Column::Level),
            Self::Models => Some(Column::Model(outcome.model.clone())),
        }
    }

    /// Whether the cards of a family speak of what it was swept over: of levels all must, for the others' verdicts at
    /// a level mean nothing; of models those that do not speak of the default one.
    fn is_told_by(self, outcomes: &[&Outcome]) -> bool {
        match self {
            Self::Levels => outcomes.iter().all(|outcome| !outcome.card.isolation.is_empty()),
            Self::Models => outcomes.iter().any(|outcome| !outcome.card.models.is_empty()),
        }
    }
}

impl Column {
    fn is_named_by(&self, card: &Card) -> bool {
        match self {
            Self::Level(level) => card.isolation.contains_key(level),
            Self::Model(model) if card.models.is_empty() => *model == FaultModel::default(),
            Self::Model(model) => card.models.contains_key(model),
        }
    }
}

impl fmt::Display for Column {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Level(level) => level.fmt(formatter),
            Self::Model(model) => model.fmt(formatter),
        }
    }
}

impl Found {
    fn of(outcome: &Outcome) -> Self {
        let Coverage { exhausted, preemption_bound, shard, .. } = &outcome.coverage;
        let is_everything = *exhausted && preemption_bound.is_none() && shard.is_none();
        match (&outcome.verdict, outcome.judgement()) {
            (_, Judgement::Interrupted | Judgement::Inconclusive) => Self::Unsure,
            (Verdict::Violation(_), _) => Self::Broken,
            (Verdict::Pass, Judgement::Unjudged) => Self::NotSeen,
            (Verdict::Pass, _) if is_everything => Self::Kept,
            _ => Self::NotSeen,
        }
    }
}

impl Cell {
    /// The word in the table, marked if the card expects something else.
    #[must_use]
    pub fn word(&self, over: Over) -> String {
        format!("{}{}", over.word(self.found), if self.differs { " !" } else { "" })
    }

    fn of(outcome: &Outcome) -> Self {
        let differs =
            matches!(outcome.judgement(), Judgement::MissedBug | Judgement::FalseAlarm | Judgement::Broken);
        let found = Found::of(outcome);
        let anomaly = match outcome.expected() {
            Some(Expectation::Violation { anomaly }) if found == Found::Broken => Some(anomaly.clone()),
            _ => None,
        };
        let is_certain = matches!(found, Found::Broken | Found::Kept);
        Self { found, anomaly, differs, is_open: !is_certain || outcome.judgement() == Judgement::Unjudged }
    }

    fn without_search(is_named: bool) -> Self {
        let found = if is_named { Found::NotRun } else { Found::Unnamed };
        Self { found, anomaly: None, differs: false, is_open: is_named }
    }
}

impl Sweep {
    /// The table of every family that was run at several levels or under several models, and whose cards speak of them.
    #[must_use]
    pub fn all<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>) -> Vec<Self> {
        let outcomes: Vec<&Outcome> = outcomes.into_iter().collect();
        let families = distinct(outcomes.iter().map(|outcome| outcome.card.family()));
        let of_family = |family: &&str| {
            let of_this = |outcome: &&&Outcome| outcome.card.family() == *family;
            let own: Vec<_> = outcomes.iter().filter(of_this).copied().collect();
            [Over::Levels, Over::Models].map(|over| Self::of(family, over, &own))
        };
        families.iter().flat_map(of_family).flatten().collect()
    }

    fn of(family: &str, over: Over, outcomes: &[&Outcome]) -> Option<Self> {
        let columns: BTreeSet<Column> =
            outcomes.iter().filter_map(|outcome| over.column_of(outcome)).collect();
        if columns.len() < 2 || !over.is_told_by(outcomes) {
            return None;
        }
        let cell = |name: &str, column: &Column| {
            let of_row = || outcomes.iter().filter(|outcome| outcome.card.name == name);
            let here = of_row().filter(|outcome| over.column_of(outcome).as_ref() == Some(column));
            // Of several searches one that showed it decides, else the last.
            match here.max_by_key(|outcome| outcome.verdict.violation().is_some()) {
                Some(outcome) => Cell::of(outcome),
                None => Cell::without_search(of_row().any(|outcome| column.is_named_by(&outcome.card))),
            }
        };
        let row = |name: &&str| Swept {
            name: name.split_once('/').map_or(*name, |(_, variant)| variant).to_owned(),
            cells: columns.iter().map(|column| cell(name, column)).collect(),
        };
        let names = distinct(outcomes.iter().map(|outcome| outcome.card.name.as_str()));
        let rows = names.iter().map(row).collect();
        let columns = columns.iter().map(ToString::to_string).collect();
        Some(Self { family: family.to_owned(), over, columns, rows })
    }

    /// How it compares with what the cards expect, in words.
    #[must_use]
    pub fn comparison(&self) -> String {
        let whole =
            if self.family == PUBLISHED_FAMILY { "the published table" } else { "what the cards expect" };
        match (self.differing(), self.open()) {
            (0, 0) => format!("equals {whole}"),
            (0, open) => format!("equals {whole} as far as it goes; open: {}", counted(open, "cell")),
            (1, _) => format!("1 cell (marked !) differs from {whole}"),
            (differing, _) => format!("{} (marked !) differ from {whole}", counted(differing, "cell")),
        }
    }

    /// Whether every cell is there and is what the cards expect.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        self.differing() == 0 && self.open() == 0
    }

    /// Whether a cell is other than the cards expect.
    #[must_use]
    pub fn is_different(&self) -> bool {
        self.differing() > 0
    }

    /// What the table explains: a search that saw no violation, but not everything, and a cell without a search.
    #[must_use]
    pub fn legend(&self) -> Vec<String> {
        let has = |found: Found| self.cells().any(|cell| cell.found == found);
        let not_seen = "no violation in what was explored, which was not everything";
        [(Found::NotSeen, not_seen), (Found::Unnamed, "the scenario's card does not speak of it")]
            .into_iter()
            .filter(|(found, _)| has(*found))
            .map(|(found, meaning)| format!("{}: {meaning}", self.over.word(found)))
            .collect()
    }

    /// The anomalies that were found under the models, in the order of their first appearance; of levels the rows say it.
    #[must_use]
    pub fn anomalies(&self) -> Vec<&str> {
        match self.over {
            Over::Levels => Vec::new(),
            Over::Models => distinct(self.cells().filter_map(|cell| cell.anomaly.as_deref())),
        }
    }

    fn cells(&self) -> impl Iterator<Item = &Cell> {
        self.rows.iter().flat_map(|row| &row.cells)
    }

    fn differing(&self) -> u64 {
        self.cells().filter(|cell| cell.differs).count() as u64
    }

    fn open(&self) -> u64 {
        self.cells().filter(|cell| cell.is_open && !cell.differs).count() as u64
    }
}

/// Each text once, in the order of its first appearance.
fn distinct<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    texts.filter(|text| seen.insert(*text)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    fn words(sweep: &Sweep) -> Vec<Vec<String>> {
        let row = |row: &Swept| row.cells.iter().map(|cell| cell.word(sweep.over)).collect();
        sweep.rows.iter().map(row).collect()
    }

    #[test]
    fn table_that_is_as_expected_says_so() {
        let sweeps = Sweep::all(&samples::swept());
        assert_eq!(sweeps.len(), 1);
        assert_eq!(sweeps[0].comparison(), "equals the published table");
        assert_eq!(sweeps[0].columns, Isolation::ALL.map(Isolation::name));
        assert_eq!(words(&sweeps[0])[1], ["possible", "possible", "prevented"]);
        assert!(sweeps[0].is_equal() && !sweeps[0].is_different());
    }

    /// A cell that differs, one that is open and one that was not run are three things.
    #[test]
    fn cells_that_differ_are_marked_and_open_ones_counted() {
        let mut outcomes = samples::swept();
        outcomes[4].coverage.stopped = raceproof::outcome::Stopped::Interrupted;
        outcomes[4].verdict = Verdict::Pass;
        outcomes.remove(2);
        let sweep = &Sweep::all(&outcomes)[0];
        assert_eq!(words(sweep), [["possible", "prevented", "not run"], ["possible", "?", "prevented"],]);
        assert_eq!(sweep.comparison(), "equals the published table as far as it goes; open: 2 cells");
        // Lost updates were prevented where the card now says that they are possible.
        outcomes[1].card.isolation = outcomes[2].card.isolation.clone();
        let sweep = &Sweep::all(&outcomes)[0];
        assert_eq!(sweep.comparison(), "1 cell (marked !) differs from the published table");
        assert!(sweep.is_different() && !sweep.is_equal());
    }

    /// A search that did not see everything prevents nothing, so the table does not claim to equal another.
    #[test]
    fn pass_that_is_not_exhausted_prevents_nothing() {
        let mut outcomes = samples::swept();
        outcomes[5].coverage.exhausted = false;
        let mut part = samples::swept();
        part[5].coverage.shard = "1/2".parse().ok();
        assert_eq!(Sweep::all(&part), Sweep::all(&outcomes));
        let sweep = &Sweep::all(&outcomes)[0];
        assert_eq!(words(sweep)[1][2], "not seen");
        assert!(sweep.legend()[0].starts_with("not seen: ") && !sweep.is_equal());
        assert_eq!(sweep.comparison(), "equals the published table as far as it goes; open: 1 cell");
    }

    /// Statements that were taken for atomic hide the anomaly: its cell is open, not equal and not different.
    #[test]
    fn cell_beyond_the_model_is_open() {
        let mut outcomes = samples::swept();
        outcomes[3].verdict = Verdict::Pass;
        (outcomes[3].card.needs_splits, outcomes[3].coverage.splits_max) = (true, Some(0));
        let sweep = &Sweep::all(&outcomes)[0];
        assert_eq!(words(sweep)[1][0], "not seen");
        assert!(!sweep.is_equal() && !sweep.is_different(), "{}", sweep.comparison());
    }

    #[test]
    fn one_level_and_cards_that_do_not_speak_of_levels_make_no_table() {
        let outcomes = samples::swept();
        assert!(Sweep::all(&outcomes[..1]).is_empty());
        let mut outcomes = outcomes;
        outcomes[0].card.isolation.clear();
        assert!(Sweep::all(&outcomes).is_empty());
        assert!(Sweep::all(&samples::everything()).is_empty());
    }

    /// The columns are the models that occur, and a card that does not name one has nothing to say there.
    #[test]
    fn models_make_a_table_of_what_holds_and_what_breaks() {
        let sweeps = Sweep::all(&samples::locks());
        assert_eq!(sweeps.len(), 1);
        assert_eq!(sweeps[0].columns, ["none", "pause", "crash", "fail-over"]);
        assert_eq!(
            words(&sweeps[0]),
            [
                ["holds", "holds", "broken", "-"],
                ["holds", "broken", "holds", "broken"],
                ["holds", "holds", "holds", "-"],
                ["-", "holds", "-", "-"],
            ]
        );
        assert_eq!(sweeps[0].anomalies(), ["lock held for ever", "mutual exclusion violated"]);
        assert_eq!(sweeps[0].comparison(), "equals what the cards expect");
    }

    /// A lock that holds where it should break is marked; one that the card names and that did not run is open.
    #[test]
    fn cells_under_models_are_compared_with_the_cards() {
        let mut outcomes = samples::locks();
        let broken = outcomes.iter().position(|outcome| outcome.verdict.violation().is_some());
        outcomes[broken.expect("a lock breaks")].verdict = Verdict::Pass;
        outcomes.remove(0);
        let sweep = &Sweep::all(&outcomes)[0];
        assert_eq!(words(sweep)[0], ["not run", "holds", "holds !", "-"]);
        assert!(sweep.is_different());
        assert!(Sweep::all(&outcomes[..1]).is_empty(), "one model makes no table");
    }
}
