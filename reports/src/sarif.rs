//! Owns the report as SARIF 2.1.0: a result for each surprise, with its schedule as a code flow that has a thread for each worker, and a
//! notification for each case of which nothing can be said. What is as expected is no result, since viewers show every one as an alert.

use std::collections::BTreeMap;

use raceproof::history::Trace;
use serde_sarif::sarif::{
    ArtifactLocation, CodeFlow, Invocation, Location, LogicalLocation, Message, MultiformatMessageString,
    Notification, PhysicalLocation, ReportingDescriptor, Result as Found, ResultLevel, Run, Sarif,
    ThreadFlow, ThreadFlowLocation, Tool, ToolComponent,
};

use crate::case::{Case, Cases, Standing};
use crate::folder::WHOLE_RUN;
use crate::story::STEPS_MAX;
use crate::visible::Visible;
use crate::wording;

/// Where the schema that the report follows is published.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// Most surprises: what GitHub reads of one run.
const RESULTS_MAX: usize = 5_000;

/// The cases as SARIF, indented, with a line end.
///
/// # Errors
/// None for values that JSON knows, which these are.
pub fn sarif(cases: &Cases<'_>) -> Result<String, serde_json::Error> {
    let all: Vec<_> = cases.iter().collect();
    let failed: Vec<_> =
        all.iter().filter(|case| case.standing() == Standing::Failed).take(RESULTS_MAX).collect();
    let undecided: Vec<_> = all.iter().filter(|case| case.standing() == Standing::Undecided).collect();
    let driver = ToolComponent::builder()
        .name("raceproof")
        .version(cases.document.program.clone())
        .information_uri(env!("CARGO_PKG_REPOSITORY"))
        .rules(rules(&failed))
        .build();
    let invocation = Invocation::builder()
        .execution_successful(undecided.is_empty())
        .arguments(
            cases.document.command.iter().map(|word| Visible::of(word).to_string()).collect::<Vec<_>>(),
        )
        .tool_execution_notifications(undecided.into_iter().map(notification).collect::<Vec<_>>())
        .build();
    let run = Run::builder()
        .tool(Tool::builder().driver(driver).build())
        .invocations(vec![invocation])
        .results(failed.into_iter().map(result).collect::<Vec<_>>())
        .build();
    let sarif = Sarif::builder().schema(SCHEMA).version("2.1.0").runs(vec![run]).build();
    Ok(serde_json::to_string_pretty(&sarif)? + "\n")
}

/// The promises of the scenarios, each once.
fn rules(failed: &[&Case<'_>]) -> Vec<ReportingDescriptor> {
    let about: BTreeMap<&str, &str> = failed
        .iter()
        .map(|case| (case.outcome.card.name.as_str(), case.outcome.card.about.as_str()))
        .collect();
    let rule = |(name, about): (&str, &str)| {
        let short = MultiformatMessageString::builder().text(Visible::of(about).to_string()).build();
        ReportingDescriptor::builder().id(Visible::of(name).to_string()).short_description(short).build()
    };
    about.into_iter().map(rule).collect()
}

fn result(case: &Case<'_>) -> Found {
    let mut message = format!("{}: {} (seed {})", case.word(), case.message(), case.outcome.seed);
    if let Some(command) = case.command() {
        message += &format!(". To see it again: {command}");
    }
    let mut found = Found::builder()
        .rule_id(Visible::of(&case.outcome.card.name).to_string())
        .level(ResultLevel::Error)
        .message(text(&message))
        .locations(vec![location(case)])
        .partial_fingerprints(BTreeMap::from([("raceproof/v1".to_owned(), fingerprint(case))]))
        .build();
    found.code_flows = case.outcome.counterexample.as_ref().map(|evidence| vec![code_flow(&evidence.shrunk)]);
    found
}

fn notification(case: &Case<'_>) -> Notification {
    let message =
        format!("{}: {}: {} (seed {})", case.name(), case.word(), case.message(), case.outcome.seed);
    Notification::builder().level("warning").message(text(&message)).locations(vec![location(case)]).build()
}

/// The scenario. Its file is not known, so what is pointed at is the record beside the report, which viewers want a name of.
fn location(case: &Case<'_>) -> Location {
    let record = ArtifactLocation::builder().uri(WHOLE_RUN).build();
    let physical = PhysicalLocation::builder().artifact_location(record).build();
    let scenario = LogicalLocation::builder().fully_qualified_name(case.name().to_string()).build();
    Location::builder().physical_location(physical).logical_locations(vec![scenario]).build()
}

/// What tells one violation from another in the next run, too: where it was found and what was promised.
fn fingerprint(case: &Case<'_>) -> String {
    let promised = case.outcome.verdict.violation().map_or("", |violation| violation.invariant.as_str());
    Visible::of(&format!("{}: {promised}", wording::name(case.outcome))).to_string()
}

/// A thread for each worker, with its steps by their numbers; what is nobody's step is a thread of its own.
fn code_flow(trace: &Trace) -> CodeFlow {
    let mut threads: BTreeMap<Option<raceproof::WorkerId>, Vec<ThreadFlowLocation>> = BTreeMap::new();
    for (index, (choice, step)) in trace.schedule.0.iter().zip(&trace.steps).take(STEPS_MAX).enumerate() {
        let told = format!("step {}: {}", index + 1, Visible::of(&step.tell()));
        let location = Location::builder().message(text(&told)).build();
        let order = i64::try_from(index + 1).expect("a schedule is short");
        let step = ThreadFlowLocation::builder().execution_order(order).location(location).build();
        threads.entry(choice.worker()).or_default().push(step);
    }
    let thread = |(worker, locations): (Option<raceproof::WorkerId>, Vec<_>)| {
        let id = worker.map_or_else(|| "stores and time".to_owned(), |worker| worker.to_string());
        ThreadFlow::builder().id(id).locations(locations).build()
    };
    CodeFlow::builder().thread_flows(threads.into_iter().map(thread).collect::<Vec<_>>()).build()
}

fn text(text: &str) -> Message {
    Message::builder().text(text).build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;
    use crate::samples;

    const OFFICIAL: &str = include_str!("../tests/schemas/sarif-schema-2.1.0.json");

    /// What of a report the official schema refuses.
    fn refused(report: &str) -> Vec<String> {
        // One of its patterns is none, for a bracket in it is never opened; the errata put it right.
        let (wrong, right) = ("^[a-zA-Z]{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}]?$", "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$");
        assert!(OFFICIAL.contains(wrong));
        let schema = serde_json::from_str(&OFFICIAL.replace(wrong, right)).expect("JSON");
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        let report = serde_json::from_str(report).expect("JSON");
        validator.iter_errors(&report).map(|error| error.to_string()).collect()
    }

    /// The official schema refuses what it does not name, so it would find a wrong member.
    #[test]
    fn report_of_everything_is_valid() {
        let mut outcomes = samples::everything();
        outcomes.extend([samples::breakdown(), samples::deadlock(), samples::split()]);
        let document = Document::new(Vec::new(), outcomes);
        let told = sarif(&Cases { document: &document, commands: &[], is_strict_pass: true }).expect("JSON");
        assert_eq!(refused(&told), [""; 0]);
        assert!(told.contains("\"threadFlows\""), "{told}");
        assert!(!refused(&told.replace("\"ruleId\"", "\"ruleName\"")).is_empty());
    }

    #[test]
    fn surprises_are_results_and_doubts_are_notifications() {
        let mut surprise = samples::caught();
        surprise.card.expected = raceproof::Expectation::Pass;
        let outcomes = vec![surprise, samples::correct(), samples::missed(), samples::inconclusive()];
        let document = Document::new(vec!["raceproof".into(), "run".into()], outcomes);
        let commands = [Some("raceproof replay a.json".to_owned())];
        let cases = Cases { document: &document, commands: &commands, is_strict_pass: false };
        insta::assert_snapshot!(sarif(&cases).expect("it is JSON"));
    }
}
