//! Owns what the template is given: every text already made visible.

use std::collections::BTreeMap;

use askama::Template;
use raceproof::Outcome;
use raceproof::outcome::{Judgement, Stopped};
use raceproof::verdict::Verdict;

use super::{Source, Visible};
use crate::Sweep;
use crate::command::shell_line;
use crate::story::{Line, Row, Story};
use crate::sweep::{Cell, Found, Over, Swept};
use crate::wording;

/// The whole page.
#[derive(Template)]
#[template(path = "page.html")]
pub(super) struct Page {
    title: &'static str,
    headline: String,
    totals: Vec<Total>,
    runs: Vec<Run>,
    /// What all rows ran with.
    shared: Vec<Visible>,
    /// Whether a row ran with something that another did not.
    differs: bool,
    rows: Vec<Summary>,
    tables: Vec<Table>,
    stories: Vec<Told>,
}

/// How many scenarios came to one judgement.
struct Total {
    class: &'static str,
    text: String,
}

/// How one document was made.
struct Run {
    command: Visible,
    program: Visible,
}

/// One line of the summary.
struct Summary {
    /// Which violation tells more, by its number on the page.
    story: Option<usize>,
    name: Visible,
    expected: Visible,
    actual: String,
    /// Whether that is one word.
    actual_is_word: bool,
    judgement: &'static str,
    class: &'static str,
    reason: Option<Visible>,
    coverage: String,
    /// How many schedules violated, where the search went on after the first.
    violating: Option<String>,
    remarks: Vec<Visible>,
    hint: Option<&'static str>,
    time: String,
    /// What it ran with, as far as not all rows did.
    own: Vec<Visible>,
}

/// One family at several levels or under several models.
struct Table {
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

/// One violation, with its number on the page.
struct Told {
    number: usize,
    class: &'static str,
    judgement: &'static str,
    story: Story,
}

impl Page {
    pub(super) fn of(sources: &[Source<'_>]) -> Self {
        let mut page = Self {
            title: "raceproof report",
            headline: String::new(),
            totals: totals(sources),
            runs: sources.iter().map(Run::of).collect(),
            shared: Vec::new(),
            differs: false,
            rows: Vec::new(),
            tables: Sweep::all(outcomes(sources)).iter().map(Table::of).collect(),
            stories: Vec::new(),
        };
        let circumstances: Vec<_> = outcomes(sources).map(circumstances).collect();
        page.shared = shared(&circumstances);
        page.differs = circumstances.iter().any(|of_one| of_one.len() > page.shared.len());
        for source in sources {
            for (index, outcome) in source.document.outcomes.iter().enumerate() {
                let command = source.replay_commands.get(index).and_then(Option::as_deref);
                page.add(outcome, command);
            }
        }
        page.headline = wording::scenarios(outcomes(sources).map(|outcome| outcome.card.name.as_str()));
        page
    }

    fn add(&mut self, outcome: &Outcome, command: Option<&str>) {
        let judgement = outcome.judgement();
        let number = self.stories.len() + 1;
        let story = Story::of(outcome, command);
        self.rows.push(Summary::of(outcome, story.as_ref().map(|_| number), &self.shared));
        self.stories.extend(story.map(|story| Told {
            number,
            class: class(judgement),
            judgement: wording::judgement(judgement),
            story,
        }));
    }
}

impl Run {
    fn of(source: &Source<'_>) -> Self {
        let command = shell_line(&source.document.command);
        Self { command: Visible::of(&command), program: Visible::of(&source.document.program) }
    }
}

impl Table {
    fn of(sweep: &Sweep) -> Self {
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

impl Summary {
    fn of(outcome: &Outcome, story: Option<usize>, shared: &[Visible]) -> Self {
        let coverage = &outcome.coverage;
        let reason = match &outcome.verdict {
            Verdict::Inconclusive(reason) => Some(Visible::of(&reason.to_string())),
            Verdict::Pass | Verdict::Violation(_) => None,
        };
        Self {
            story,
            name: Visible::of(&wording::name(outcome)),
            expected: Visible::of(&wording::expected(outcome)),
            actual: match outcome.judgement() {
                Judgement::Interrupted => "–".to_owned(),
                Judgement::Unjudged => wording::unjudged_verdict(outcome),
                _ => outcome.verdict.word().to_owned(),
            },
            actual_is_word: outcome.judgement() != Judgement::Unjudged,
            judgement: wording::judgement(outcome.judgement()),
            class: class(outcome.judgement()),
            reason,
            coverage: wording::coverage(outcome),
            // Of bursts the coverage tells it.
            violating: (coverage.violating > 0
                && coverage.stopped != Stopped::FirstViolation
                && outcome.bursts.is_none())
            .then(|| format!("{} violating", wording::counted(coverage.violating, "schedule"))),
            remarks: wording::remarks(outcome).iter().map(|remark| Visible::of(remark)).collect(),
            hint: wording::hint(outcome),
            time: wording::duration(coverage.elapsed_us),
            own: circumstances(outcome).into_iter().filter(|fact| !shared.contains(fact)).collect(),
        }
    }
}

fn outcomes<'a>(sources: &'a [Source<'a>]) -> impl Iterator<Item = &'a Outcome> {
    sources.iter().flat_map(|source| &source.document.outcomes)
}

/// What a scenario ran with, one phrase each.
fn circumstances(outcome: &Outcome) -> Vec<Visible> {
    let mut facts = vec![
        wording::counted(outcome.workers as u64, "worker"),
        format!("seed {}", outcome.seed),
        format!("strategy {}", outcome.coverage.strategy),
    ];
    facts.extend(wording::model_beside_name(outcome));
    facts.push(wording::breakage(&outcome.model));
    facts.extend(outcome.stores.iter().cloned());
    facts.push(format!("clock: {}", outcome.clock));
    facts.iter().map(|fact| Visible::of(fact)).collect()
}

/// What all have in common.
fn shared(circumstances: &[Vec<Visible>]) -> Vec<Visible> {
    let Some((first, others)) = circumstances.split_first() else { return Vec::new() };
    first.iter().filter(|fact| others.iter().all(|other| other.contains(fact))).cloned().collect()
}

fn totals(sources: &[Source<'_>]) -> Vec<Total> {
    let mut counts: BTreeMap<Judgement, u64> = BTreeMap::new();
    for outcome in outcomes(sources) {
        *counts.entry(outcome.judgement()).or_default() += 1;
    }
    let total = |(judgement, count): (Judgement, u64)| Total {
        class: class(judgement),
        text: wording::judged(count, judgement),
    };
    counts.into_iter().map(total).collect()
}

fn class(judgement: Judgement) -> &'static str {
    match judgement {
        Judgement::AsExpected => "good",
        Judgement::Inconclusive | Judgement::Interrupted | Judgement::Unjudged => "unsure",
        Judgement::MissedBug | Judgement::FalseAlarm | Judgement::Broken => "bad",
    }
}
