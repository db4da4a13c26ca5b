//! Owns what happened in one execution: steps at the gate, operations of the workers, states of the
//! stores. Judging it is the business of `check`, drawing it that of the reports.

mod operation;
mod state;
mod trace;
mod typed;

pub use operation::{Operation, OperationEnd, OperationFault};
pub use state::{Change, Datum, State};
pub use trace::{Cause, Effect, Fault, Hit, Trace, TraceStep, WaitFor, Wake, WorkerEnd};
pub use typed::Typed;
