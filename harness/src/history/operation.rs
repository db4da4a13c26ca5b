//! Owns [`Operation`]: what a worker set out to do, between its invocation and its return.

use serde::{Deserialize, Serialize};

use crate::id::WorkerId;

/// One operation of a worker, as the worker itself reported it.
///
/// Two operations are concurrent if neither's `returned` lies before the other's `invoked`. Positions
/// count events of all workers together, so that they are totally ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Operation {
    /// Who did it.
    pub worker: WorkerId,
    /// What it is called, such as `increment`.
    pub name: String,
    /// What it was invoked with, as text; empty if nothing.
    pub argument: String,
    /// Position of the invocation among all invocations and returns.
    pub invoked: u64,
    /// Steps that were over when it was invoked.
    pub invoked_after_steps: usize,
    /// Position of the return; `None` while it is open (the worker failed, crashed or was cut off),
    /// in which case it may or may not have taken effect.
    pub returned: Option<u64>,
    /// Steps that were over when it returned, where that was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returned_after_steps: Option<usize>,
    /// How it ended.
    pub end: OperationEnd,
    /// The fault that hit its worker while it was open, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<OperationFault>,
}

/// A fault that hit a worker during an operation: what really happened, which the worker was not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OperationFault {
    /// The step at which it happened, from 1; the last one if there were several.
    pub step: usize,
    /// Whether the store has executed a request of which the worker was told nothing, in this fault or in one before it.
    pub executed: bool,
}

/// How an operation ended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "is", content = "with", rename_all = "kebab-case")]
pub enum OperationEnd {
    /// It has not returned: it may or may not have taken effect.
    Open,
    /// It took effect and returned this, as text.
    Ok(String),
    /// It returned without any effect (a limit reached, a lock not obtained), with this reason.
    Refused(String),
    /// It returned an error, so nobody knows whether it took effect.
    Unknown(String),
}
