//! Owns [`OutcomeLine`]: one scenario in one line, and the totals of a run.

use std::collections::BTreeMap;

use raceproof::Outcome;
use raceproof::outcome::Judgement;
use raceproof::verdict::Verdict;

use super::Style;
use super::style::Tone;
use crate::mark::Mark;
use crate::visible::{Visible, columns};
use crate::wording;

/// What a scenario came to, in one line (two where it does not fit).
#[derive(Debug, Clone, Copy)]
pub struct OutcomeLine<'a> {
    /// What it came to.
    pub outcome: &'a Outcome,
    /// How many columns names take, so that what follows lines up.
    pub name_columns: usize,
    /// Whether the run accepts no violation at all.
    pub is_strict_pass: bool,
}

impl OutcomeLine<'_> {
    /// The line, with its line end, and what there is to remark on below it.
    #[must_use]
    pub fn draw(&self, style: &Style) -> String {
        let remarks = wording::remarks(self.outcome);
        let remark = |remark: &String| {
            let lines = style.wrap(remark, style.width() - INDENT, 3);
            lines.iter().map(|line| format!("{:INDENT$}{line}\n", "")).collect::<String>()
        };
        self.line(style) + &remarks.iter().map(remark).collect::<String>()
    }

    fn line(&self, style: &Style) -> String {
        let outcome = self.outcome;
        let mark = Mark::of(outcome, self.is_strict_pass);
        let (glyph, tone) = glyph(mark);
        let name = style.fit(&wording::name(outcome), NAME_COLUMNS_MAX);
        let name = Style::pad(&name, self.name_columns.min(NAME_COLUMNS_MAX));
        let said = style.fit(&said(outcome, mark), usize::MAX);
        let tail = style.fit(&tail(outcome), usize::MAX);
        let glyph = style.say(glyph);
        let head_columns = columns(&glyph) + columns(&name) + 4;
        let coloured = format!("{} {name}  {}", style.paint(tone, &glyph), style.paint(tone, &said));
        if head_columns + columns(&said) + columns(&tail) < style.width() {
            return format!("{coloured}: {tail}\n");
        }
        let coloured = if head_columns + columns(&said) > style.width() {
            let name = style.fit(name.trim_end(), style.width() - 2);
            let said = style.fit(&said, style.width() - INDENT);
            format!("{} {name}\n{:INDENT$}{}", style.paint(tone, &glyph), "", style.paint(tone, &said))
        } else {
            coloured
        };
        let lines = style.wrap(&tail, style.width() - INDENT, 4);
        let lines = lines.iter().map(|line| format!("{:INDENT$}{line}\n", "")).collect::<String>();
        format!("{coloured}\n{lines}")
    }
}

/// The totals of a run, with its line end: `9 scenarios: 9 as expected`.
#[must_use]
pub fn totals(outcomes: &[Outcome], is_strict_pass: bool, style: &Style) -> String {
    let mut counts = BTreeMap::new();
    for outcome in outcomes {
        *counts.entry(Mark::of(outcome, is_strict_pass)).or_insert(0u64) += 1;
    }
    let is_alarm =
        |outcome: &&Outcome| Mark::of(outcome, is_strict_pass) == Mark::Judged(Judgement::FalseAlarm);
    // Of the user's own code it is what they want to know.
    let are_files = outcomes.iter().filter(is_alarm).all(|outcome| outcome.card.file.is_some());
    let told = |(mark, count): (&Mark, &u64)| match mark {
        Mark::Judged(Judgement::FalseAlarm) if are_files => wording::counted(*count, "violation"),
        _ => total(*mark, *count),
    };
    let told: Vec<_> = counts.iter().map(|each| style.paint(glyph(*each.0).1, &told(each))).collect();
    let told = if told.is_empty() { "nothing to judge".to_owned() } else { told.join(", ") };
    let names = outcomes.iter().map(|outcome| outcome.card.name.as_str());
    format!("{}: {told}\n", wording::scenarios(names))
}

const NAME_COLUMNS_MAX: usize = 60;
/// Where the second line of an outcome begins.
const INDENT: usize = 4;

fn total(mark: Mark, count: u64) -> String {
    match mark {
        Mark::Judged(judgement) => wording::judged(count, judgement),
        Mark::Refused => format!("{} refused by --strict-pass", wording::counted(count, "violation")),
    }
}

fn glyph(mark: Mark) -> (&'static str, Tone) {
    match mark {
        Mark::Judged(Judgement::AsExpected) => ("✓", Tone::Good),
        Mark::Judged(Judgement::Inconclusive | Judgement::Interrupted | Judgement::Unjudged) => {
            ("?", Tone::Unsure)
        }
        Mark::Judged(Judgement::MissedBug | Judgement::FalseAlarm | Judgement::Broken) | Mark::Refused => {
            ("✗", Tone::Bad)
        }
    }
}

/// The verdict and what it means for this scenario; surprises are loud.
fn said(outcome: &Outcome, mark: Mark) -> String {
    let anomaly = wording::anomaly(outcome).map_or(String::new(), |name| format!(" ({})", Visible::of(name)));
    match mark {
        Mark::Judged(Judgement::AsExpected) if outcome.card.unproven => outcome.verdict.word().to_owned(),
        Mark::Judged(Judgement::AsExpected) => format!("expected {}{anomaly}", outcome.verdict.word()),
        Mark::Judged(Judgement::MissedBug) => format!("MISSED BUG, a violation{anomaly} was expected"),
        Mark::Judged(Judgement::FalseAlarm) if outcome.card.file.is_some() => "VIOLATION".to_owned(),
        Mark::Judged(Judgement::FalseAlarm) => "FALSE ALARM, no violation was expected".to_owned(),
        Mark::Judged(Judgement::Broken) => "VIOLATION, a promise is broken".to_owned(),
        Mark::Judged(Judgement::Inconclusive) => "inconclusive".to_owned(),
        Mark::Judged(Judgement::Interrupted) => "interrupted, so not judged".to_owned(),
        Mark::Judged(Judgement::Unjudged) => wording::unjudged_verdict(outcome),
        Mark::Refused if outcome.judgement() == Judgement::Unjudged => {
            "REFUSED by --strict-pass, a violation of which the card says nothing".to_owned()
        }
        Mark::Refused => format!("REFUSED by --strict-pass, an expected violation{anomaly}"),
    }
}

fn tail(outcome: &Outcome) -> String {
    let mut facts = vec![wording::coverage(outcome)];
    facts.extend(wording::model_beside_name(outcome));
    let coverage = facts.join("; ");
    let time = wording::duration(outcome.coverage.elapsed_us);
    match &outcome.verdict {
        Verdict::Inconclusive(reason) => {
            format!("{}; {coverage}; {time}", Visible::of(&reason.to_string()))
        }
        Verdict::Pass | Verdict::Violation(_) => match wording::hint(outcome) {
            Some(hint) => format!("{coverage}; {time}; {hint}"),
            None => format!("{coverage}; {time}"),
        },
    }
}
