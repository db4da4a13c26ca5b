//! Owns the text form of a [`Regression`]: versioned JSON, a line for each fact and each step, so that a person reads it and
//! version control merges it.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Regression;

/// What the field `format` of every regression says.
pub const FORMAT: &str = "raceproof-regression";
/// The version that this program writes, and the highest that it reads.
pub const VERSION: u64 = 1;

/// Why a text is no regression that can be used.
#[derive(Debug, Error)]
pub enum RegressionError {
    /// Not JSON, or JSON of something else.
    #[error("line {line}: no raceproof regression: {what}")]
    NotARegression {
        /// Where it shows, from 1.
        line: usize,
        /// What shows it.
        what: String,
    },
    /// Written by a later program in a format that this one does not know.
    #[error("version {found} of the format, this program reads up to {VERSION}")]
    Newer {
        /// Its version.
        found: u64,
    },
    /// A regression with a content that makes no sense.
    #[error("line {line}: damaged: {what}")]
    Damaged {
        /// Where, from 1.
        line: usize,
        /// What.
        what: String,
    },
}

/// What every version has.
#[derive(Deserialize)]
struct Envelope {
    format: String,
    version: u64,
}

impl Regression {
    /// The regression as text.
    ///
    /// # Panics
    /// Never: all that it holds is text, numbers and lists of them.
    #[must_use]
    pub fn text(&self) -> String {
        let mut lines = vec![
            member("format", &FORMAT),
            member("version", &VERSION),
            member("program", &self.program),
            member("scenario", &self.scenario),
        ];
        lines.extend(self.isolation.map(|level| member("isolation", &level)));
        lines.extend([
            member("model", &self.model),
            member("workers", &self.workers),
            member("seed", &self.seed),
            member("team", &self.team),
        ]);
        lines.extend(self.programs.as_ref().map(|programs| member("programs", programs)));
        lines.extend([member("violation", &self.violation), member("schedule", &self.schedule)]);
        lines.extend(self.stale.as_ref().map(|stale| member("stale", stale)));
        let steps: Vec<String> = self.steps.iter().map(|step| format!("    {}", json(step))).collect();
        lines.push(format!("  \"steps\": [\n{}\n  ]", steps.join(",\n")));
        format!("{{\n{}\n}}\n", lines.join(",\n"))
    }

    /// Reads a regression from its text.
    ///
    /// # Errors
    /// If it is none, damaged, or of a later version.
    pub fn parse(text: &str) -> Result<Self, RegressionError> {
        let foreign = |line: usize, what: String| RegressionError::NotARegression { line, what };
        let envelope: Envelope =
            serde_json::from_str(text).map_err(|error| foreign(error.line(), error.to_string()))?;
        if envelope.format != FORMAT {
            return Err(foreign(1, format!("its `format` is not `{FORMAT}`")));
        }
        if envelope.version > VERSION {
            return Err(RegressionError::Newer { found: envelope.version });
        }
        let damaged = |line: usize, what: String| RegressionError::Damaged { line, what };
        let regression: Self =
            serde_json::from_str(text).map_err(|error| damaged(error.line(), error.to_string()))?;
        match regression.contradiction() {
            Some((member, what)) => Err(damaged(line_of(text, member), what)),
            None => Ok(regression),
        }
    }

    /// What of it cannot be true together, and the member where that shows.
    fn contradiction(&self) -> Option<(&'static str, String)> {
        let (wanted, told) = (&self.schedule.0, &self.steps);
        let differs = wanted.iter().zip(told).position(|(choice, step)| *choice != step.choice);
        if differs.is_some() || wanted.len() != told.len() {
            let step = differs.unwrap_or(wanted.len().min(told.len())) + 1;
            return Some(("steps", format!("the schedule and the steps differ at step {step}")));
        }
        if let Some(stranger) = self.team.iter().find(|worker| worker.index() >= self.workers) {
            return Some(("team", format!("worker {stranger} is none of {}", self.workers)));
        }
        self.team.is_empty().then(|| ("team", "nobody takes part".to_owned()))
    }
}

fn member(name: &str, value: &impl Serialize) -> String {
    format!("  \"{name}\": {}", json(value))
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("text, numbers and lists of them are JSON")
}

/// The line (from 1) on which a member of the outermost object begins.
fn line_of(text: &str, member: &str) -> usize {
    let name = format!("\"{member}\"");
    text.lines().position(|line| line.contains(&name)).map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::regression::{SentStep, Stale};
    use crate::verdict::Violation;
    use crate::{FaultModel, Isolation, Schedule, WorkerId};

    fn regression(schedule: &str, request: &str) -> Regression {
        let schedule: Schedule = schedule.parse().expect("a schedule");
        let step = |choice: &crate::Choice| SentStep {
            choice: *choice,
            store: Some("redis".into()),
            sent: vec!["MULTI".into(), request.into()],
            digest: Some("00ff".into()),
        };
        Regression {
            program: "0.1.0".into(),
            scenario: "counter/get-set".into(),
            isolation: Some(Isolation::Serializable),
            model: FaultModel::default(),
            workers: 3,
            seed: u64::MAX,
            team: vec![WorkerId(0), WorkerId(2)],
            programs: None,
            violation: Violation::new("a", request, None),
            steps: schedule.0.iter().map(step).collect(),
            stale: Some(Stale { step: 2, reason: "wanted `a`".into() }),
            schedule,
        }
    }

    /// It is meant to be read, and a merge must not touch what did not change: one line for each fact.
    #[test]
    fn text_has_a_line_for_each_fact_and_each_step() {
        let expected = r#"{
  "format": "raceproof-regression",
  "version": 1,
  "program": "0.1.0",
  "scenario": "counter/get-set",
  "isolation": "serializable",
  "model": "pause",
  "workers": 3,
  "seed": 18446744073709551615,
  "team": ["A","C"],
  "violation": {"invariant":"a","found":"GET a","step":null},
  "schedule": "A C",
  "stale": {"step":2,"reason":"wanted `a`"},
  "steps": [
    {"choice":"A","store":"redis","sent":["MULTI","GET a"],"digest":"00ff"},
    {"choice":"C","store":"redis","sent":["MULTI","GET a"],"digest":"00ff"}
  ]
}
"#;
        assert_eq!(regression("A C", "GET a").text(), expected);
    }

    proptest! {
        /// Whatever a request holds, the text loses nothing of it, and no line end breaks the lines.
        #[test]
        fn text_parses_back(request in ".{0,40}", schedule in "([AC][!<>]? ){0,9}") {
            let regression = regression(&schedule, &request);
            let text = regression.text();
            prop_assert_eq!(text.lines().count(), 16 + regression.steps.len().max(1));
            prop_assert_eq!(Regression::parse(&text).ok(), Some(regression));
        }

        /// Any text is refused or read, and what is refused has a line to look at.
        #[test]
        fn parsing_never_panics(cut in 0..600usize, put in ".{0,3}") {
            let text = regression("A C A", "GET a").text();
            let cut = text.floor_char_boundary(cut.min(text.len()));
            let changed = format!("{}{put}{}", &text[..cut], &text[cut..]);
            match Regression::parse(&changed) {
                Err(RegressionError::NotARegression { line, .. } | RegressionError::Damaged { line, .. }) => {
                    prop_assert!(line <= changed.lines().count() + 1);
                }
                Ok(_) | Err(RegressionError::Newer { .. }) => {}
            }
        }
    }

    fn refused(change: (&str, &str)) -> String {
        let text = regression("A C", "GET a").text();
        let changed = text.replacen(change.0, change.1, 1);
        assert_ne!(changed, text, "{change:?}");
        Regression::parse(&changed).expect_err("refused").to_string()
    }

    #[test]
    fn damage_is_told_with_its_line() {
        assert!(refused((r#""seed": 1"#, r#""seed": "x"#)).starts_with("line 9: "));
        assert_eq!(
            refused((r#""schedule": "A C""#, r#""schedule": "A A""#)),
            "line 14: damaged: the schedule and the steps differ at step 2"
        );
        assert!(refused((r#""A C""#, r#""A C C""#)).contains("differ at step 3"));
        assert!(
            refused((r#"["A","C"]"#, r#"["A","D"]"#)).starts_with("line 10: damaged: worker D is none of 3")
        );
        assert!(refused((r#"["A","C"]"#, "[]")).contains("nobody takes part"));
        assert!(refused((r#""A C""#, r#""A ?""#)).starts_with("line 12: damaged: choice 2"));
    }

    /// A later version may mean anything else, so nothing but the envelope is read of it.
    #[test]
    fn other_formats_and_later_versions_are_told_apart() {
        assert!(refused(("raceproof-regression", "raceproof-record")).contains("`format` is not"));
        assert!(Regression::parse("").is_err_and(|error| error.to_string().starts_with("line 1: no")));
        let later = regression("A", "GET a").text().replace("\"version\": 1", "\"version\": 2");
        let later = later.replace("\"schedule\"", "\"choices\"");
        assert!(matches!(Regression::parse(&later), Err(RegressionError::Newer { found: 2 })));
    }
}
