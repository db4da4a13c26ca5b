//! Owns what the template is given: every text already made visible.

use std::collections::BTreeMap;

use askama::Template;
use raceproof::Outcome;
use raceproof::outcome::Judgement;
use raceproof::verdict::Verdict;

use super::{Source, Visible};
use crate::command::shell_line;
use crate::story::{Line, Row, Story};
use crate::wording;

/// The whole page.
#[derive(Template)]
#[template(path = "page.html")]
pub(super) struct Page {
    title: &'static str,
    headline: String,
    totals: Vec<Total>,
    runs: Vec<Run>,
    rows: Vec<Summary>,
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
    actual: &'static str,
    judgement: &'static str,
    class: &'static str,
    reason: Option<Visible>,
    coverage: String,
    strategy: Visible,
    violating: String,
    first_violation: String,
    time: String,
    workers: usize,
    stores: Vec<Visible>,
    clock: Visible,
    seed: u64,
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
            rows: Vec::new(),
            stories: Vec::new(),
        };
        for source in sources {
            for (index, outcome) in source.document.outcomes.iter().enumerate() {
                let command = source.replay_commands.get(index).and_then(Option::as_deref);
                page.add(outcome, command);
            }
        }
        page.headline = wording::counted(page.rows.len() as u64, "scenario");
        page
    }

    fn add(&mut self, outcome: &Outcome, command: Option<&str>) {
        let judgement = outcome.judgement();
        let number = self.stories.len() + 1;
        let story = Story::of(outcome, command);
        self.rows.push(Summary::of(outcome, story.as_ref().map(|_| number)));
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

impl Summary {
    fn of(outcome: &Outcome, story: Option<usize>) -> Self {
        let coverage = &outcome.coverage;
        let reason = match &outcome.verdict {
            Verdict::Inconclusive(reason) => Some(Visible::of(&reason.to_string())),
            Verdict::Pass | Verdict::Violation(_) => None,
        };
        Self {
            story,
            name: Visible::of(&outcome.card.name),
            expected: Visible::of(&wording::expected(outcome)),
            actual: outcome.verdict.word(),
            judgement: wording::judgement(outcome.judgement()),
            class: class(outcome.judgement()),
            reason,
            coverage: wording::coverage(outcome),
            strategy: Visible::of(&coverage.strategy),
            violating: wording::counted(coverage.violating, "schedule"),
            first_violation: coverage.first_violation.map_or("–".to_owned(), |first| first.to_string()),
            time: wording::duration(coverage.elapsed_us),
            workers: outcome.workers,
            stores: outcome.stores.iter().map(|store| Visible::of(store)).collect(),
            clock: Visible::of(&outcome.clock),
            seed: outcome.seed,
        }
    }
}

fn totals(sources: &[Source<'_>]) -> Vec<Total> {
    let mut counts: BTreeMap<Judgement, u64> = BTreeMap::new();
    for outcome in sources.iter().flat_map(|source| &source.document.outcomes) {
        *counts.entry(outcome.judgement()).or_default() += 1;
    }
    let total = |(judgement, count): (Judgement, u64)| Total {
        class: class(judgement),
        text: format!("{count} {}", wording::judgement(judgement)),
    };
    counts.into_iter().map(total).collect()
}

fn class(judgement: Judgement) -> &'static str {
    match judgement {
        Judgement::AsExpected => "good",
        Judgement::Inconclusive => "unsure",
        Judgement::MissedBug | Judgement::FalseAlarm => "bad",
    }
}
