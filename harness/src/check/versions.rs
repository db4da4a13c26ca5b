//! Owns [`Versioned`]: reads and writes whose results are versions, as several checkers look at them.

use super::linearizability::words;
use crate::history::{Operation, OperationEnd};

/// A read or a write of one version.
///
/// | operation | argument | result |
/// | --- | --- | --- |
/// | `read`, `get` | the key, or nothing | the version that was read; `nil` is 0 |
/// | `write`, `set`, `put` | the key first, or nothing | the version that was written |
///
/// Versions are whole numbers that grow with each write of the key. Behind one may stand `@` and a time in milliseconds: when the read was
/// invoked, or when the write was acknowledged. Other operations, and those that did not return a version, are ignored.
#[derive(Debug, Clone, Copy)]
pub(super) struct Versioned<'a> {
    pub(super) operation: &'a Operation,
    pub(super) key: &'a str,
    pub(super) version: i64,
    pub(super) at_ms: Option<i64>,
    pub(super) is_write: bool,
}

/// All of them, in the order of their invocations, or which operation is not understood.
pub(super) fn versioned(operations: &[Operation]) -> Result<Vec<Versioned<'_>>, String> {
    let mut all = Vec::new();
    for operation in operations {
        let is_write = match operation.name.as_str() {
            "read" | "get" => false,
            "write" | "set" | "put" => true,
            _ => continue,
        };
        let OperationEnd::Ok(result) = &operation.end else { continue };
        let misfit =
            || format!("`{}` returns a version such as `3` or `3@1500`, not `{result}`", operation.name);
        let (version, at_ms) = match result.split_once('@') {
            Some((version, at_ms)) => (version, Some(at_ms.trim().parse().map_err(|_| misfit())?)),
            None => (result.as_str(), None),
        };
        let version =
            if matches!(version, "" | "nil") { 0 } else { version.parse().map_err(|_| misfit())? };
        let key = words(&operation.argument).next().unwrap_or_default();
        all.push(Versioned { operation, key, version, at_ms, is_write });
    }
    all.sort_by_key(|versioned| versioned.operation.invoked);
    Ok(all)
}
