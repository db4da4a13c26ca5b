//! Owns what the template of the whole page is given, and how the page keeps its bound: every text already made visible,
//! every list cut, every part fitted into what the parts before it have left.

use std::collections::BTreeMap;

use askama::Template;
use raceproof::Outcome;
use raceproof::outcome::Judgement;

use super::anchors::Anchors;
use super::burst::Burst;
use super::fitting::fitted;
use super::overview::Overview;
use super::row::class;
use super::script::{SCRIPT, policy};
use super::table::Table;
use super::told::{Evidence, LEVELS};
use super::{PAGE_BYTES_MAX, PageError, Source, Visible, more};
use crate::Sweep;
use crate::command::shell_line;
use crate::wording;

/// What style, script and everything that is said once take at most.
const FRAME_BYTES_MAX: usize = 512 << 10;
/// Most that the tables of levels and models take.
const TABLES_BYTES_MAX: usize = 512 << 10;
/// Most that the plots of bursts take.
const BURSTS_BYTES_MAX: usize = 512 << 10;
/// Most commands that are told.
const RUNS_MAX: usize = 10;
/// Most violations that are told: first those that nobody expected.
const STORIES_MAX: usize = 1_000;
/// How many violations are unfolded at first; of more, the reader chooses.
const OPEN_MAX: usize = 3;

/// The whole page.
#[derive(Template)]
#[template(path = "page.html")]
pub(super) struct Page {
    policy: String,
    script: &'static str,
    headline: String,
    totals: Vec<Total>,
    runs: Vec<Run>,
    more_runs: Option<String>,
    overview: String,
    tables: Vec<String>,
    more_tables: Option<String>,
    bursts: Vec<String>,
    more_bursts: Option<String>,
    stories: Vec<String>,
    more_stories: Option<String>,
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

/// One outcome, and where it comes from.
struct Found<'a> {
    outcome: &'a Outcome,
    program: &'a str,
    command: Option<&'a str>,
}

impl Page {
    pub(super) fn of(sources: &[Source<'_>]) -> Result<Self, PageError> {
        let found: Vec<Found<'_>> = sources.iter().flat_map(Found::all).collect();
        let outcomes: Vec<&Outcome> = found.iter().map(|found| found.outcome).collect();
        let mut anchors = Anchors::default();
        let ids = ids(&outcomes, &mut anchors);
        let overview = Overview::of(&outcomes, &ids, &mut anchors)?.render()?;
        let tables = tables(&outcomes, &mut anchors)?;
        let bursts = bursts(&outcomes, &mut anchors)?;
        let parts = tables.iter().chain(&bursts).flatten().map(String::len);
        let so_far = overview.len() + parts.sum::<usize>();
        let stories = stories(&found, &ids, PAGE_BYTES_MAX - FRAME_BYTES_MAX - so_far)?;
        let violations = outcomes.iter().filter(|outcome| is_told(outcome)).count();
        Ok(Self {
            policy: policy(),
            script: SCRIPT,
            headline: wording::scenarios(outcomes.iter().map(|outcome| outcome.card.name.as_str())),
            totals: totals(&outcomes),
            runs: sources.iter().take(RUNS_MAX).map(Run::of).collect(),
            more_runs: more(sources.len().saturating_sub(RUNS_MAX), "run"),
            more_tables: more(tables.iter().filter(|table| table.is_none()).count(), "table"),
            tables: tables.into_iter().flatten().collect(),
            more_bursts: more(bursts.iter().filter(|burst| burst.is_none()).count(), "burst plot"),
            bursts: bursts.into_iter().flatten().collect(),
            more_stories: more(violations - stories.len(), "violation"),
            overview,
            stories,
        })
    }
}

impl<'a> Found<'a> {
    fn all(source: &'a Source<'_>) -> impl Iterator<Item = Self> {
        source.document.outcomes.iter().enumerate().map(|(index, outcome)| Self {
            outcome,
            program: &source.document.program,
            command: source.replay_commands.get(index).and_then(Option::as_deref),
        })
    }
}

impl Run {
    fn of(source: &Source<'_>) -> Self {
        let command = shell_line(&source.document.command);
        Self { command: Visible::of(&command), program: Visible::of(&source.document.program) }
    }
}

/// Whether there is a violation to tell of.
fn is_told(outcome: &Outcome) -> bool {
    outcome.counterexample.is_some() || outcome.verdict.violation().is_some()
}

/// The name of each violation's place on the page; `None` where there is no violation, or no room to tell of it.
fn ids(outcomes: &[&Outcome], anchors: &mut Anchors) -> Vec<Option<String>> {
    let mut told: Vec<usize> = (0..outcomes.len()).filter(|index| is_told(outcomes[*index])).collect();
    told.sort_by_key(|index| outcomes[*index].judgement() == Judgement::AsExpected);
    told.truncate(STORIES_MAX);
    told.sort_unstable();
    let mut ids = vec![None; outcomes.len()];
    for index in told {
        ids[index] = Some(anchors.name("violation", &wording::name(outcomes[index])));
    }
    ids
}

fn tables(outcomes: &[&Outcome], anchors: &mut Anchors) -> Result<Vec<Option<String>>, PageError> {
    let tables: Vec<Table> = Sweep::all(outcomes.iter().copied())
        .iter()
        .map(|sweep| Table::of(sweep, anchors.name("table", &sweep.family)))
        .collect();
    fitted(tables.len(), 1, TABLES_BYTES_MAX, |index, _, into| tables[index].render_into(into))
}

fn bursts(outcomes: &[&Outcome], anchors: &mut Anchors) -> Result<Vec<Option<String>>, PageError> {
    let of = |outcome: &&Outcome| Burst::of(outcome, || anchors.name("bursts", &wording::name(outcome)));
    let bursts: Vec<Burst> = outcomes.iter().filter_map(of).collect();
    fitted(bursts.len(), 1, BURSTS_BYTES_MAX, |index, _, into| bursts[index].render_into(into))
}

/// The violations, each as whole as there is room for.
fn stories(found: &[Found<'_>], ids: &[Option<String>], bytes_max: usize) -> Result<Vec<String>, PageError> {
    let told: Vec<_> =
        found.iter().zip(ids).filter_map(|(found, id)| Some((found, id.as_deref()?))).collect();
    let is_open = told.len() <= OPEN_MAX;
    let stories = fitted(told.len(), LEVELS, bytes_max, |index, level, into| {
        let (Found { outcome, program, command }, id) = told[index];
        Evidence { id, program, outcome, command: *command, is_open }.render(level, into)
    })?;
    Ok(stories.into_iter().flatten().collect())
}

fn totals(outcomes: &[&Outcome]) -> Vec<Total> {
    let mut counts: BTreeMap<Judgement, u64> = BTreeMap::new();
    for outcome in outcomes {
        *counts.entry(outcome.judgement()).or_default() += 1;
    }
    let total = |(judgement, count): (Judgement, u64)| Total {
        class: class(judgement),
        text: wording::judged(count, judgement),
    };
    counts.into_iter().map(total).collect()
}
