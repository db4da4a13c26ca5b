//! Owns one line of the overview: a scenario with its verdict, what that holds for and how far the search went.

use askama::Template;
use raceproof::Outcome;
use raceproof::outcome::{Judgement, Stopped};
use raceproof::verdict::Verdict;

use super::Visible;
use super::circumstances::Circumstances;
use crate::wording;

/// One line of the overview.
#[derive(Template)]
#[template(path = "row.html")]
pub(super) struct Summary {
    /// Where the violation is told, if one is.
    pub(super) story: Option<String>,
    pub(super) name: Visible,
    expected: Visible,
    actual: String,
    /// Whether that is one word.
    actual_is_word: bool,
    /// The verdict itself, by which lines are filtered.
    verdict: &'static str,
    judgement: &'static str,
    class: &'static str,
    /// What it ran with, as far as not all did: the model in force first.
    model: Vec<Visible>,
    coverage: String,
    reason: Option<Visible>,
    /// How many schedules violated, where the search went on after the first.
    violating: Option<String>,
    hint: Option<&'static str>,
    remarks: Vec<Visible>,
    /// Which execution was the first to violate.
    first: Option<String>,
    time: String,
}

impl Summary {
    /// The line of `outcome`, whose violation is told at `story`, if it is told.
    pub(super) fn of(outcome: &Outcome, story: Option<String>, circumstances: &Circumstances) -> Self {
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
            verdict: outcome.verdict.word(),
            judgement: wording::judgement(outcome.judgement()),
            class: class(outcome.judgement()),
            model: circumstances.own(outcome),
            coverage: wording::explored(outcome),
            reason,
            // Of bursts the coverage tells it.
            violating: (coverage.violating > 0
                && coverage.stopped != Stopped::FirstViolation
                && outcome.bursts.is_none())
            .then(|| format!("{} violating", wording::counted(coverage.violating, "schedule"))),
            hint: wording::hint(outcome),
            remarks: wording::remarks(outcome).iter().map(|remark| Visible::of(remark)).collect(),
            first: wording::first_violation(outcome),
            time: wording::duration(coverage.elapsed_us),
        }
    }

    /// The line without what may be long.
    pub(super) fn brief(mut self) -> Self {
        for text in [&mut self.name, &mut self.expected] {
            *text = Visible::cut_to(text.as_str(), BRIEF_COLUMNS_MAX);
        }
        self.model.clear();
        self.remarks.clear();
        self.reason = self.reason.map(|reason| Visible::cut_to(reason.as_str(), BRIEF_COLUMNS_MAX));
        self
    }
}

const BRIEF_COLUMNS_MAX: usize = 80;

/// The colour of a judgement.
pub(super) fn class(judgement: Judgement) -> &'static str {
    match judgement {
        Judgement::AsExpected => "good",
        Judgement::Inconclusive | Judgement::Interrupted | Judgement::Unjudged => "unsure",
        Judgement::MissedBug | Judgement::FalseAlarm => "bad",
    }
}
