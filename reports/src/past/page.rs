//! Owns the page of past runs: which there are, what changed from each to the next, and each scenario through the newest of them.

use std::collections::BTreeMap;

use askama::Template;

use super::{Finding, PastRun, changes};
use crate::html::{PageError, class};
use crate::visible::Visible;
use crate::wording;

/// Most changes of a run that are told one by one.
const CHANGES_MAX: usize = 20;
/// Most runs beside each other.
const COLUMNS_MAX: usize = 8;
/// Most scenarios in the table.
const ROWS_MAX: usize = 2_000;

#[derive(Template)]
#[template(path = "past.html")]
struct Page {
    folder: Visible,
    runs: Vec<Row>,
    columns: Vec<Visible>,
    scenarios: Vec<Scenario>,
    left_out: usize,
}

struct Row {
    href: String,
    name: Visible,
    moment: String,
    time: String,
    totals: Vec<(&'static str, String)>,
    problem: Option<Visible>,
    changes: Vec<Visible>,
    more: usize,
    is_first: bool,
}

struct Scenario {
    name: Visible,
    is_changed: bool,
    cells: Vec<Option<Cell>>,
}

struct Cell {
    class: &'static str,
    verdict: &'static str,
    is_changed: bool,
    coverage: Visible,
    time: String,
}

/// Runs, the newest first, as a page that needs neither network nor script. `folder` is where they lie; a run's own page is at `href`.
///
/// # Errors
/// None for the template that we have; the library cannot promise it.
pub fn past_page(
    folder: &str,
    runs: &[PastRun],
    href: &dyn Fn(&PastRun) -> String,
) -> Result<String, PageError> {
    let row = |(index, run): (usize, &PastRun)| row(run, runs.get(index + 1), href(run));
    let newest = &runs[..runs.len().min(COLUMNS_MAX)];
    let mut scenarios = scenarios(newest);
    let left_out = scenarios.len().saturating_sub(ROWS_MAX);
    scenarios.truncate(ROWS_MAX);
    let page = Page {
        folder: Visible::of(folder),
        runs: runs.iter().enumerate().map(row).collect(),
        columns: newest.iter().map(|run| Visible::of(&run.name)).collect(),
        scenarios,
        left_out,
    };
    Ok(page.render()? + "\n")
}

fn row(run: &PastRun, before: Option<&PastRun>, href: String) -> Row {
    let changes = before.map_or_else(Vec::new, |before| changes(before, run));
    let findings = || run.found.iter().flatten();
    let mut counts = BTreeMap::new();
    for finding in findings() {
        *counts.entry(finding.judgement).or_insert(0_u64) += 1;
    }
    Row {
        href,
        name: Visible::of(&run.name),
        moment: moment(run.moment_ms),
        time: wording::duration(findings().map(|finding| finding.elapsed_us).sum()),
        totals: counts
            .iter()
            .map(|(judgement, count)| (class(*judgement), wording::judged(*count, *judgement)))
            .collect(),
        problem: run.found.as_ref().err().map(|problem| Visible::of(problem)),
        changes: changes.iter().take(CHANGES_MAX).map(|change| Visible::of(&change.to_string())).collect(),
        more: changes.len().saturating_sub(CHANGES_MAX),
        is_first: before.is_none(),
    }
}

/// Those that changed first.
fn scenarios(newest: &[PastRun]) -> Vec<Scenario> {
    let by_name: Vec<_> = newest.iter().map(PastRun::by_name).collect();
    let names: std::collections::BTreeSet<_> = by_name.iter().flat_map(BTreeMap::keys).collect();
    let scenario = |name: &&&str| {
        let found: Vec<Option<&Finding>> = by_name.iter().map(|run| run.get(**name).copied()).collect();
        let cell = |(index, now): (usize, &Option<&Finding>)| {
            let before = found.get(index + 1).copied().flatten();
            now.map(|now| Cell::of(now, before))
        };
        let cells: Vec<_> = found.iter().enumerate().map(cell).collect();
        let is_changed = cells.iter().flatten().any(|cell| cell.is_changed);
        Scenario { name: Visible::of(name), is_changed, cells }
    };
    let mut scenarios: Vec<_> = names.iter().map(scenario).collect();
    scenarios.sort_by_key(|scenario| !scenario.is_changed);
    scenarios
}

impl Cell {
    fn of(now: &Finding, before: Option<&Finding>) -> Self {
        Self {
            class: class(now.judgement),
            verdict: now.verdict,
            is_changed: before.is_some_and(|before| before.verdict != now.verdict),
            coverage: Visible::of(&now.coverage),
            time: wording::duration(now.elapsed_us),
        }
    }
}

fn moment(unix_ms: u64) -> String {
    let moment = i64::try_from(unix_ms).ok().and_then(chrono::DateTime::from_timestamp_millis);
    moment.map_or_else(|| "–".to_owned(), |moment| moment.format("%Y-%m-%d %H:%M:%S UTC").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;
    use crate::samples;

    fn run(name: &str, begun_ms: u64, outcomes: Vec<raceproof::Outcome>) -> PastRun {
        let document = Document { begun_ms: Some(begun_ms), ..Document::new(Vec::new(), outcomes) };
        PastRun::of(name.to_owned(), &document, 0)
    }

    fn made(runs: &[PastRun]) -> String {
        past_page("runs", runs, &|run| format!("/run/{}", run.name.len())).expect("it is rendered")
    }

    #[test]
    fn page_of_three_runs() {
        let mut fixed = samples::caught();
        fixed.verdict = raceproof::verdict::Verdict::Pass;
        let damaged =
            PastRun { name: "b".into(), moment_ms: 60_000, found: Err("it is <b>damaged</b>".into()) };
        let runs = [
            run("c", 1_800_000_000_000, vec![fixed, samples::correct()]),
            run("old", 1_700_000_000_000, samples::everything()),
            damaged,
        ];
        insta::assert_snapshot!(made(&runs));
    }

    #[test]
    fn no_runs_are_told_with_the_way_to_some() {
        assert!(made(&[]).contains("raceproof run --out"));
    }

    /// Names are data of whoever wrote the record.
    #[test]
    fn hostile_names_are_escaped_and_size_is_bounded() {
        let mut outcomes = vec![samples::caught(); 5_000];
        for (index, outcome) in outcomes.iter_mut().enumerate() {
            outcome.card.name = format!("a/{index}<script>\u{202e}{}", "x".repeat(3_000));
        }
        let page = made(&[run("<img>", 1, outcomes.clone()), run("b", 0, outcomes[..1].to_vec())]);
        assert!(!page.contains("<script>") && !page.contains("<img>") && !page.contains('\u{202e}'));
        assert!(page.len() < 16 << 20, "{}", page.len());
        assert!(page.contains("3000 scenarios more"), "what is left out is counted");
    }
}
