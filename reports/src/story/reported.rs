//! Owns what the workers reported about themselves, one line each, and what really became of what a fault cut off.

use raceproof::history::{Effect, Operation, OperationEnd, OperationFault, Trace, WorkerEnd};

use crate::visible::Visible;

/// Most operations and ends of workers that are listed.
pub const REPORTED_MAX: usize = 40;

/// The operations in order of invocation, then the workers that did not simply finish.
pub(super) fn lines(trace: &Trace) -> Vec<Visible> {
    let operations = trace.operations.iter().map(|operation| told(operation, trace));
    let ends = trace.ends.iter().filter_map(|(worker, end)| match end {
        WorkerEnd::Finished => None,
        WorkerEnd::Failed(error) => Some(format!("{worker} ended with an error: {error}")),
        WorkerEnd::Panicked(message) => Some(format!("{worker} panicked: {message}")),
        WorkerEnd::Crashed => Some(format!("{worker} crashed")),
        WorkerEnd::CutOff => Some(format!("{worker} was still running")),
    });
    let all: Vec<_> = operations.chain(ends).collect();
    let mut told: Vec<_> = all.iter().take(REPORTED_MAX).map(|line| Visible::of(line)).collect();
    if all.len() > REPORTED_MAX {
        told.push(Visible::of(&format!("… and {} more", all.len() - REPORTED_MAX)));
    }
    told
}

fn told(operation: &Operation, trace: &Trace) -> String {
    let end = match &operation.end {
        OperationEnd::Open => "did not return".to_owned(),
        OperationEnd::Ok(result) if result.is_empty() => "done".to_owned(),
        OperationEnd::Ok(result) => format!("returned {result}"),
        OperationEnd::Refused(reason) => format!("refused: {reason}"),
        OperationEnd::Unknown(error) => format!("ended with an error: {error}"),
    };
    let is_unsure = matches!(operation.end, OperationEnd::Open | OperationEnd::Unknown(_));
    let truth = operation.fault.filter(|_| is_unsure).map_or_else(String::new, |fault| {
        format!("; it may or may not have taken effect: {}", truth(fault, trace))
    });
    format!("{} {}({}) {end}{truth}", operation.worker, operation.name, operation.argument)
}

/// What really became of the requests of an operation that a fault hit.
fn truth(fault: OperationFault, trace: &Trace) -> String {
    let step = fault.step;
    // A record may have been edited by hand: a step that is not there hit nothing.
    let told = step.checked_sub(1).and_then(|index| trace.steps.get(index)).map(|told| &told.effect);
    match told {
        _ if fault.executed => format!("what step {step} cut off was executed"),
        Some(Effect::Fault { hit: None, .. }) => format!("no request was under way at step {step}"),
        _ => format!("what step {step} cut off was not executed"),
    }
}
