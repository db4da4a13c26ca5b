//! Owns the report as JUnit's XML, as Jenkins' xUnit plugin demands it (`junit-10.xsd`): one suite for each family, one case for each
//! scenario at a level under a model.
//!
//! What is as expected passes, be it a violation: whoever looks at the build wants to see what to look into. A surprise is a failure,
//! what cannot be said is an error, and what was not judged is skipped. Seed and replay command are in the text of each.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, SerializeError, TestCase, TestCaseStatus, TestSuite};
use raceproof::Outcome;
use thiserror::Error;

use crate::case::{Case, Cases, Standing};
use crate::visible::Visible;
use crate::wording;

/// The name of the whole.
const ROOT: &str = "raceproof";

/// The XML could not be written.
#[derive(Debug, Error)]
#[error("failed to write JUnit's XML (this is a bug of ours: please report it)")]
pub struct JunitError(#[from] SerializeError);

/// The cases as XML with a line end.
///
/// # Errors
/// None that we know of; the library cannot promise it.
pub fn junit(cases: &Cases<'_>) -> Result<String, JunitError> {
    let mut report = Report::new(ROOT);
    let all: Vec<_> = cases.iter().collect();
    let mut families: Vec<&str> = all.iter().map(|case| case.outcome.card.family()).collect();
    let mut seen = std::collections::BTreeSet::new();
    families.retain(|family| seen.insert(*family));
    let begun = cases.document.begun_ms.and_then(timestamp);
    for family in families {
        let mut suite = TestSuite::new(Visible::of(family).as_str());
        let of_family: Vec<_> = all.iter().filter(|case| case.outcome.card.family() == family).collect();
        suite.set_time(of_family.iter().map(|case| time(case.outcome)).sum());
        if let Some(begun) = begun {
            suite.set_timestamp(begun);
        }
        suite.add_test_cases(of_family.into_iter().map(test_case));
        report.add_test_suite(suite);
    }
    report.set_time(all.iter().map(|case| time(case.outcome)).sum());
    Ok(as_jenkins_demands(&report.to_string()?) + "\n")
}

fn test_case(case: &Case<'_>) -> TestCase {
    let (mut status, text) = (status(case), case.details());
    // Lines of their own, so that they are aligned.
    status.set_description(format!("\n{text}"));
    let name = wording::name(case.outcome);
    let variant = name.split_once('/').map_or(name.as_str(), |(_, variant)| variant);
    let mut test_case = TestCase::new(Visible::of(variant).as_str(), status);
    test_case.set_classname(format!("{ROOT}.{}", Visible::of(case.outcome.card.family())));
    test_case.set_time(time(case.outcome));
    if case.standing() == Standing::Passed {
        test_case.set_system_out(text);
    }
    test_case
}

fn status(case: &Case<'_>) -> TestCaseStatus {
    let mut status = match case.standing() {
        Standing::Passed => return TestCaseStatus::success(),
        Standing::Skipped => TestCaseStatus::skipped(),
        Standing::Undecided => TestCaseStatus::non_success(NonSuccessKind::Error),
        Standing::Failed => TestCaseStatus::non_success(NonSuccessKind::Failure),
    };
    status.set_message(format!("{}: {}", case.word(), case.message()));
    status.set_type(case.word());
    status
}

fn time(outcome: &Outcome) -> Duration {
    Duration::from_micros(outcome.coverage.elapsed_us)
}

fn timestamp(unix_ms: u64) -> Option<chrono::DateTime<chrono::FixedOffset>> {
    Some(chrono::DateTime::from_timestamp_millis(i64::try_from(unix_ms).ok()?)?.fixed_offset())
}

/// Without the number of skipped cases of all suites together, which the library writes and the schema refuses.
fn as_jenkins_demands(xml: &str) -> String {
    let Some((before, root)) = xml.split_once("<testsuites ") else { return xml.to_owned() };
    let Some((attributes, rest)) = root.split_once('>') else { return xml.to_owned() };
    let is_known = |attribute: &&str| !attribute.starts_with("skipped=");
    let attributes: Vec<&str> = attributes.split(' ').filter(is_known).collect();
    format!("{before}<testsuites {}>{rest}", attributes.join(" "))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::document::Document;
    use crate::samples;

    fn xml(outcomes: Vec<Outcome>, commands: &[Option<String>]) -> String {
        let document = Document { begun_ms: Some(1_700_000_000_123), ..Document::new(Vec::new(), outcomes) };
        junit(&Cases { document: &document, commands, is_strict_pass: false }).expect("it is XML")
    }

    #[test]
    fn one_of_everything() {
        let commands = [Some("raceproof replay out/counter-get-set.json".to_owned())];
        insta::assert_snapshot!(xml(samples::everything(), &commands));
    }

    /// Calls a program with what it is to judge as its last argument, and says whether it is content.
    fn accepts(program: &str, arguments: &[&str], xml: &str) -> bool {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("junit.xml");
        std::fs::write(&path, xml).expect("our own folder");
        let output = Command::new(program).args(arguments).arg(&path).output();
        let output = output.unwrap_or_else(|error| panic!("`{program}`: {error} (run `ci/setup`)"));
        output.status.success()
    }

    /// The schema of Jenkins' xUnit plugin, which refuses reports that it does not allow.
    fn is_valid(xml: &str) -> bool {
        let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schemas/junit-10.xsd");
        accepts("xmllint", &["--noout", "--schema", schema], xml)
    }

    #[test]
    fn report_of_everything_is_valid_for_jenkins() {
        let mut outcomes = samples::everything();
        outcomes.extend([samples::breakdown(), samples::deadlock(), samples::split()]);
        let xml = xml(outcomes, &[]);
        assert!(is_valid(&xml), "{xml}");
        assert!(is_valid(&self::xml(Vec::new(), &[])));
        assert!(
            !is_valid(&xml.replace("<testsuites ", "<testsuites skipped=\"0\" ")),
            "the schema is in force"
        );
    }

    /// `junitparser verify` is content if no case has failed.
    #[test]
    fn viewer_reads_who_has_failed() {
        let verify = |outcomes| accepts("junitparser", &["verify"], &xml(outcomes, &[]));
        assert!(verify(vec![samples::caught(), samples::correct()]));
        assert!(!verify(vec![samples::correct(), samples::missed()]));
        assert!(!verify(vec![samples::correct(), samples::inconclusive()]));
    }

    /// What the library writes it reads as well.
    #[test]
    fn cases_are_read_back() {
        let report = Report::deserialize_from_str(&xml(samples::everything(), &[])).expect("JUnit's XML");
        let suites: Vec<_> = report.test_suites.iter().map(|suite| suite.name.as_str().to_owned()).collect();
        assert_eq!(suites, ["counter", "inventory", "queue"]);
        assert_eq!((report.tests, report.failures, report.errors), (7, 3, 2));
    }

    /// Control characters are illegal in XML, even written as references.
    #[test]
    fn hostile_text_is_written_out() {
        let mut outcome = samples::caught();
        let evidence = outcome.counterexample.as_mut().expect("it was caught");
        evidence.violation.found = "\u{1b}[31m\0 ]]></failure><x a=\"1\"/>&\u{fffe}\u{202e}".to_owned();
        outcome.card.name = "fam<ily/\u{1}\"va'riant".to_owned();
        outcome.card.expected = raceproof::Expectation::Pass;
        let xml = xml(vec![outcome], &[]);
        assert!(xml.chars().all(|character| character == '\n' || !character.is_control()), "{xml}");
        assert!(!xml.contains("<x a") && !xml.contains('\u{fffe}') && !xml.contains('\u{202e}'), "{xml}");
        assert!(xml.contains("\\x1b[31m\\x00") && is_valid(&xml), "{xml}");
    }
}
