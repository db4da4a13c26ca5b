//! Owns what GitHub Actions reads of a run: workflow commands, which become annotations of the build. The step summary is
//! [`crate::markdown()`]'s.

use crate::case::{Case, Cases, Standing};
use crate::visible::Visible;

/// Most annotations: GitHub shows ten of each kind for a step.
const ANNOTATIONS_MAX: usize = 50;

/// An error for each surprise and a warning for each case of which nothing can be said, one line each; nothing for the rest.
#[must_use]
pub fn annotations(cases: &Cases<'_>) -> String {
    let told: Vec<_> = cases.iter().filter_map(|case| annotation(&case)).collect();
    let more = told.len().saturating_sub(ANNOTATIONS_MAX);
    let mut text: String = told.into_iter().take(ANNOTATIONS_MAX).collect();
    if more > 0 {
        text += &format!("::warning title=Raceproof::{more} more are in the record\n");
    }
    text
}

fn annotation(case: &Case<'_>) -> Option<String> {
    let level = match case.standing() {
        Standing::Passed | Standing::Skipped => return None,
        Standing::Undecided => "warning",
        Standing::Failed => "error",
    };
    let title = property(&format!("{}: {}", case.name(), case.word()));
    let mut message = format!("{}\nseed {}", case.message(), case.outcome.seed);
    if let Some(command) = case.command() {
        message += &format!("\nreplay: {command}");
    }
    Some(format!("::{level} title={title}::{}\n", data(&message)))
}

/// `text`, in which whoever reads the output finds no commands: it may come from the system under test.
///
/// `token` is what ends it, so nobody may know it before.
#[must_use]
pub fn without_commands(text: &str, token: &str) -> String {
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    format!("::stop-commands::{token}\n{text}{end}::{token}::\n")
}

/// The message of a command: one line, as the runner reads it back.
fn data(text: &str) -> String {
    let lines: Vec<_> =
        text.lines().map(|line| Visible::cut_to(line, MESSAGE_COLUMNS_MAX).to_string()).collect();
    lines.join("\n").replace('%', "%25").replace('\n', "%0A")
}

/// A property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Longer ones are not read.
const MESSAGE_COLUMNS_MAX: usize = 2_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;
    use crate::samples;

    fn told(outcomes: Vec<raceproof::Outcome>) -> String {
        let document = Document::new(Vec::new(), outcomes);
        let commands = [None, None, Some("raceproof replay a.json".to_owned())];
        annotations(&Cases { document: &document, commands: &commands, is_strict_pass: false })
    }

    #[test]
    fn surprises_are_errors_and_doubts_are_warnings() {
        insta::assert_snapshot!(told(samples::everything()));
    }

    /// Each annotation is one line, whatever it tells, and its text cannot begin another command.
    #[test]
    fn hostile_text_is_one_line_of_data() {
        let mut outcome = samples::caught();
        outcome.card.expected = raceproof::Expectation::Pass;
        outcome.card.name = "a/x,file=y::z%\r\n::add-mask::q".to_owned();
        let evidence = outcome.counterexample.as_mut().expect("it was caught");
        evidence.violation.found = "100%\n::error::injected\r::stop-commands::x".to_owned();
        let text = told(vec![outcome]);
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.starts_with("::error title=a/x%2Cfile=y%3A%3Az%25\\r\\n%3A%3Aadd-mask"), "{text}");
        assert!(text.contains("100%25; ::error::injected\\r"), "{text}");
    }

    #[test]
    fn number_of_annotations_is_bounded() {
        let text = told(vec![samples::missed(); 70]);
        assert_eq!(text.lines().count(), 51);
        assert!(text.ends_with("::20 more are in the record\n"), "{text}");
    }

    #[test]
    fn commands_are_stopped_around_text() {
        assert_eq!(without_commands("a\n  ::error::b", "t"), "::stop-commands::t\na\n  ::error::b\n::t::\n");
    }
}
