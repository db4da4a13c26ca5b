//! Owns what happened in one execution: steps at the gate, operations of the workers, states of the
//! stores. Judging it is the business of `check`, drawing it that of the reports.

mod operation;
mod state;
mod trace;

pub use operation::{Operation, OperationEnd};
pub use state::{Change, Datum, State};
pub use trace::{Effect, Trace, TraceStep, Wake, WorkerEnd};
