//! Owns how operations are named in explanations.

use crate::history::{Operation, OperationEnd};

/// `A write 1 → ok [3, 7]`: who, what, what came back, and the events between which it was under way.
pub(super) fn operation(operation: &Operation) -> String {
    let Operation { worker, name, argument, invoked, returned, .. } = operation;
    let blank = if argument.is_empty() { "" } else { " " };
    let end = match &operation.end {
        OperationEnd::Open => "never returned".to_owned(),
        OperationEnd::Ok(result) if result.is_empty() => "ok".to_owned(),
        OperationEnd::Ok(result) => format!("→ {result}"),
        OperationEnd::Refused(reason) if reason.is_empty() => "refused".to_owned(),
        OperationEnd::Refused(reason) => format!("refused ({reason})"),
        OperationEnd::Unknown(error) => format!("may or may not have happened ({error})"),
    };
    let until = returned.map_or_else(|| "…".to_owned(), |returned| returned.to_string());
    format!("{worker} {name}{blank}{argument} {end} [{invoked}, {until}]")
}

/// Whether what it did is known: it took effect or was refused.
pub(super) fn has_returned(operation: &Operation) -> bool {
    matches!(operation.end, OperationEnd::Ok(_) | OperationEnd::Refused(_))
}
