//! Owns the reading of our own JSON: an array of operations, or a record with traces.

use serde::Deserialize;
use serde_json::Value;

use super::{History, ReadError};
use crate::history::Operation;

/// Reads every list of operations.
pub(super) fn read(text: &str) -> Result<Vec<History>, ReadError> {
    if text.trim_start().starts_with('[') {
        let operations: Vec<Operation> = serde_json::from_str(text).map_err(|error| broken(&error))?;
        return Ok(vec![checked(text, History { name: String::new(), operations })?]);
    }
    let record: Value = serde_json::from_str(text).map_err(|error| broken(&error))?;
    let mut histories = Vec::new();
    gather(&record, &mut String::new(), &mut histories);
    if histories.is_empty() {
        return Err(ReadError::at(text, 0, "it holds no list of `operations`"));
    }
    histories.into_iter().map(|history| checked(text, history)).collect()
}

fn broken(error: &serde_json::Error) -> ReadError {
    let what = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    ReadError { line: error.line(), column: error.column(), what: what.replace(&place, "") }
}

/// All lists called `operations` under `value`, which lies at `path`.
fn gather(value: &Value, path: &mut String, histories: &mut Vec<History>) {
    let length = path.len();
    let step = |name: &str, value: &Value, path: &mut String, histories: &mut Vec<History>| {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(name);
        gather(value, path, histories);
        path.truncate(length);
    };
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match Vec::<Operation>::deserialize(value) {
                    Ok(operations) if name == "operations" => {
                        histories.push(History { name: path.clone(), operations });
                    }
                    _ => step(name, value, path, histories),
                }
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                step(&index.to_string(), value, path, histories);
            }
        }
        _ => {}
    }
}

/// Refuses operations that return before they were invoked.
fn checked(text: &str, history: History) -> Result<History, ReadError> {
    let is_backwards = |operation: &&Operation| operation.returned.is_some_and(|end| end < operation.invoked);
    match history.operations.iter().find(is_backwards) {
        None => Ok(history),
        Some(operation) => {
            let what = format!(
                "`{}` of {} was invoked at {} and has returned before that",
                operation.name, operation.worker, operation.invoked
            );
            Err(ReadError::at(text, 0, what))
        }
    }
}
