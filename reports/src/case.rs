//! Owns [`Case`]: one outcome as the formats of continuous integration see it: what it counts as, what to say of it in a line and
//! in full, and how to see it again.

use raceproof::Outcome;
use raceproof::outcome::Judgement;
use raceproof::verdict::Verdict;

use crate::document::Document;
use crate::mark::Mark;
use crate::story::Story;
use crate::terminal::{Style, full};
use crate::visible::Visible;
use crate::wording;

/// Most columns of a sentence about an outcome.
const MESSAGE_COLUMNS_MAX: usize = 1_000;

/// The records of a run, and what is known about them beside what they hold.
#[derive(Debug, Clone, Copy)]
pub struct Cases<'a> {
    /// The records.
    pub document: &'a Document,
    /// The command that shows the violation of an outcome again, one for each outcome; `None` where there is no violation or
    /// no record.
    pub commands: &'a [Option<String>],
    /// Whether every violation is a surprise.
    pub is_strict_pass: bool,
}

/// What a case amounts to for whoever looks at the build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It is as expected.
    Passed,
    /// Nothing was expected of it.
    Skipped,
    /// Nothing can be said.
    Undecided,
    /// It is a surprise: a missed bug, a false alarm, or a violation where none is accepted.
    Failed,
}

/// One outcome.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The outcome.
    pub outcome: &'a Outcome,
    mark: Mark,
    command: Option<&'a str>,
}

impl<'a> Cases<'a> {
    /// All, in the order in which they ran.
    pub fn iter(&self) -> impl Iterator<Item = Case<'a>> + use<'a> {
        let Self { document, commands, is_strict_pass } = *self;
        document.outcomes.iter().enumerate().map(move |(index, outcome)| Case {
            outcome,
            mark: Mark::of(outcome, is_strict_pass),
            command: commands.get(index).and_then(Option::as_deref),
        })
    }
}

impl Case<'_> {
    /// What it amounts to.
    #[must_use]
    pub fn standing(&self) -> Standing {
        match self.mark {
            Mark::Judged(Judgement::AsExpected) => Standing::Passed,
            Mark::Judged(Judgement::Unjudged) => Standing::Skipped,
            Mark::Judged(Judgement::Inconclusive | Judgement::Interrupted) => Standing::Undecided,
            Mark::Judged(Judgement::MissedBug | Judgement::FalseAlarm | Judgement::Broken)
            | Mark::Refused => Standing::Failed,
        }
    }

    /// The scenario, with its level and its fault model where these are told.
    #[must_use]
    pub fn name(&self) -> Visible {
        Visible::of(&wording::name(self.outcome))
    }

    /// What it counts as: `as expected`, `missed bug` …
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self.mark {
            Mark::Judged(judgement) => wording::judgement(judgement),
            Mark::Refused => "refused by --strict-pass",
        }
    }

    /// What it came to, in one line: what was found and what was promised, why nothing can be said, or how much was seen.
    #[must_use]
    pub fn message(&self) -> Visible {
        let outcome = self.outcome;
        let message = match (&outcome.verdict, Story::of(outcome, None)) {
            (_, Some(story)) => format!("{}; promised: {}", story.found, story.promised),
            (Verdict::Inconclusive(reason), None) => reason.to_string(),
            _ => match wording::hint(outcome) {
                Some(hint) => format!("{}; {hint}", wording::coverage(outcome)),
                None => wording::coverage(outcome),
            },
        };
        Visible::cut_to(&message, MESSAGE_COLUMNS_MAX)
    }

    /// All that there is to tell, in lines of harmless text that need a fixed pitch: the violation step by step, else how much was
    /// looked at; with the seed.
    #[must_use]
    pub fn details(&self) -> String {
        if let Some(story) = Story::of(self.outcome, self.command) {
            return full(&story, &Style::plain());
        }
        let outcome = self.outcome;
        let mut facts = vec![
            format!("expected  {}", wording::expected(outcome)),
            format!("found     {}", outcome.verdict.word()),
            format!("explored  {}", wording::coverage(outcome)),
        ];
        if let Verdict::Inconclusive(reason) = &outcome.verdict {
            facts.push(format!("because   {reason}"));
        }
        facts.extend(wording::hint(outcome).map(|hint| format!("hint      {hint}")));
        facts.extend(wording::model(outcome).map(|model| format!("model     {model}")));
        facts.extend(wording::remarks(outcome).iter().map(|remark| format!("remark    {remark}")));
        facts.push(format!("seed      {}", outcome.seed));
        facts.iter().map(|fact| format!("{}\n", Visible::cut_to(fact, MESSAGE_COLUMNS_MAX))).collect()
    }

    /// The command that shows the violation again, if there is one and a record.
    #[must_use]
    pub fn command(&self) -> Option<Visible> {
        self.command.map(Visible::of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    /// Every mark, in a run that accepts expected violations and in one that accepts none.
    #[test]
    fn standing_follows_from_the_mark() {
        let mut unjudged = samples::split();
        unjudged.isolation = Some(raceproof::Isolation::Serializable);
        let outcomes = vec![
            samples::caught(),
            samples::correct(),
            samples::missed(),
            samples::inconclusive(),
            samples::interrupted(),
            unjudged,
        ];
        let document = Document::new(Vec::new(), outcomes);
        let standings = |is_strict_pass| {
            let cases = Cases { document: &document, commands: &[], is_strict_pass };
            cases.iter().map(|case| case.standing()).collect::<Vec<_>>()
        };
        use Standing::{Failed, Passed, Skipped, Undecided};
        assert_eq!(standings(false), [Passed, Passed, Failed, Undecided, Undecided, Skipped]);
        assert_eq!(standings(true), [Failed, Passed, Failed, Undecided, Undecided, Failed]);
    }
}
