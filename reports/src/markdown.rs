//! Owns the report as Markdown, short enough to be pasted into an issue and harmless there: whatever comes from outside stands in
//! code, where nothing is a link, a mention or markup.

use crate::case::{Case, Cases, Standing};
use crate::terminal::{Style, totals};
use crate::visible::Visible;
use crate::wording;

/// Most bytes: what GitHub takes as one comment is 65,536 characters.
pub const MARKDOWN_BYTES_MAX: usize = 60_000;
/// Most columns of a cell of the table.
const CELL_COLUMNS_MAX: usize = 200;

/// The cases as Markdown: what they come to, a table with what is to be looked into first, and each surprise in full (if there is one
/// case only, that); as much of it as fits.
#[must_use]
pub fn markdown(cases: &Cases<'_>) -> String {
    let mut all: Vec<_> = cases.iter().collect();
    // The gravest first; those alike stay in their order.
    all.sort_by_key(|case| std::cmp::Reverse(case.standing()));
    let totals = totals(&cases.document.outcomes, cases.is_strict_pass, &Style::plain());
    let mut text = format!("## Raceproof\n\n{totals}");
    text += "\n| | scenario | expected | found | coverage |\n| --- | --- | --- | --- | --- |\n";
    let rows = all.iter().map(row);
    let left = append(&mut text, rows, MARKDOWN_BYTES_MAX / 2);
    if left > 0 {
        text += &format!("\n{} left out of the table: see the record.\n", wording::counted(left, "scenario"));
    }
    let told = all.iter().filter(|case| case.standing() > Standing::Skipped || all.len() == 1);
    let left = append(&mut text, told.map(section), MARKDOWN_BYTES_MAX - ENDING_BYTES_MAX);
    if left > 0 {
        text += &format!("\n{left} more told in the record.\n");
    }
    text
}

/// What the last sentence takes at most.
const ENDING_BYTES_MAX: usize = 100;

/// Appends pieces as long as they fit, and says how many do not.
fn append(text: &mut String, pieces: impl Iterator<Item = String>, bytes_max: usize) -> u64 {
    let mut left = 0;
    for piece in pieces {
        if text.len() + piece.len() > bytes_max || left > 0 {
            left += 1;
        } else {
            *text += &piece;
        }
    }
    left
}

fn row(case: &Case<'_>) -> String {
    let cells = [
        symbol(case.standing()).to_owned(),
        code(&case.name()),
        code(&Visible::of(&wording::expected(case.outcome))),
        code(&Visible::of(case.outcome.verdict.word())),
        code(&Visible::cut_to(&wording::coverage(case.outcome), CELL_COLUMNS_MAX)),
    ];
    // A bar ends a cell, in code, too, unless it is escaped.
    let cells = cells.map(|cell| cell.replace('|', "\\|"));
    format!("| {} |\n", cells.join(" | "))
}

fn symbol(standing: Standing) -> &'static str {
    match standing {
        Standing::Passed => "✅",
        Standing::Skipped => "➖",
        Standing::Undecided => "❔",
        Standing::Failed => "❌",
    }
}

fn section(case: &Case<'_>) -> String {
    let mut text = format!("\n### {} {}: {}\n\n", symbol(case.standing()), code(&case.name()), case.word());
    text += &format!("{}\n\n{}", code(&case.message()), block("text", &case.details()));
    if let Some(command) = case.command() {
        text += &format!("\nTo see it again:\n\n{}", block("sh", &format!("{command}\n")));
    }
    text
}

/// Text as code within a line.
fn code(text: &Visible) -> String {
    let fence = "`".repeat(longest_run(text.as_str()) + 1);
    // A blank on both sides is taken away when it is read; it keeps back-ticks of the text apart from the fence.
    let pad = if text.as_str().starts_with('`') || text.as_str().ends_with('`') { " " } else { "" };
    if text.as_str().trim().is_empty() { String::new() } else { format!("{fence}{pad}{text}{pad}{fence}") }
}

/// Lines as a block of code.
fn block(language: &str, text: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    format!("{fence}{language}\n{text}{fence}\n")
}

/// The most back-ticks in a row.
fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;
    use crate::samples;

    fn told(outcomes: Vec<raceproof::Outcome>, commands: &[Option<String>]) -> String {
        let document = Document::new(Vec::new(), outcomes);
        markdown(&Cases { document: &document, commands, is_strict_pass: false })
    }

    #[test]
    fn one_of_everything() {
        insta::assert_snapshot!(told(samples::everything(), &[]));
    }

    /// One violation alone is told in full, though it was expected.
    #[test]
    fn one_violation() {
        let command = "raceproof replay 'my records/counter-get-set.json'";
        insta::assert_snapshot!(told(vec![samples::caught()], &[Some(command.to_owned())]));
    }

    fn hostile(found: &str) -> String {
        let mut outcome = samples::caught();
        outcome.counterexample.as_mut().expect("it was caught").violation.found = found.to_owned();
        outcome.card.name = "a/x | y ``` @nobody".to_owned();
        told(vec![outcome], &[])
    }

    /// No text ends its block or its cell, and none stands outside of code.
    #[test]
    fn hostile_text_stays_in_code() {
        let text = hostile("``` <img src=x onerror=alert(1)> `````\n# head\n[a](javascript:b) @team #1");
        assert!(text.contains("``````text\n") && text.contains("\n``````\n"), "{text}");
        let row = text.lines().find(|line| line.starts_with("| ✅")).expect("a row");
        assert_eq!(row.replace("\\|", "").matches('|').count(), 6, "{row}");
        assert!(!text.contains("\n# head"), "{text}");
    }

    /// What is pasted has a limit; what does not fit is counted.
    #[test]
    fn length_is_bounded() {
        let mut outcome = samples::caught();
        outcome.card.expected = raceproof::Expectation::Pass;
        let text = told(vec![outcome; 2_000], &[]);
        assert!(text.len() <= MARKDOWN_BYTES_MAX, "{}", text.len());
        assert!(text.contains("left out of the table") && text.contains("more told in the record"), "{text}");
    }
}
