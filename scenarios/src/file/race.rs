//! Owns [`Race`]: a scenario file that makes sense, whole before anything starts.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::error::Place;
use super::template::{Condition, Template};
use super::words::Command;

/// A scenario file that makes sense.
#[derive(Debug)]
pub struct Race {
    pub(super) path: PathBuf,
    /// Where programs run.
    pub(super) folder: PathBuf,
    pub(super) name: String,
    pub(super) about: String,
    pub(super) expected: Option<String>,
    pub(super) stores: Vec<String>,
    pub(super) grace: Duration,
    pub(super) set_up: SetUp,
    /// One for each that runs at the same time; many may be the same.
    pub(super) workers: Vec<Arc<Worker>>,
    pub(super) invariants: Vec<Invariant>,
    pub(super) services: BTreeMap<String, Service>,
}

/// What brings the stores to where executions start.
#[derive(Debug, Default)]
pub(super) struct SetUp {
    pub(super) sql: Vec<(Place, String)>,
    pub(super) redis: Vec<(Place, Command)>,
    pub(super) program: Option<Program>,
}

/// A program with its arguments.
#[derive(Debug, Clone)]
pub(super) struct Program {
    pub(super) place: Place,
    pub(super) words: Vec<String>,
    pub(super) environment: BTreeMap<String, String>,
}

/// One kind of worker.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) name: String,
    pub(super) work: Work,
}

#[derive(Debug)]
pub(super) enum Work {
    Steps(Steps),
    /// Started for each execution.
    Once(Program),
    /// Started once; the number tells it from other kinds.
    Lasting(Program),
    Request(Request),
}

#[derive(Debug)]
pub(super) struct Steps {
    pub(super) steps: Vec<Step>,
    pub(super) retries: u32,
    pub(super) returns: Option<Template>,
}

#[derive(Debug)]
pub(super) struct Step {
    pub(super) place: Place,
    pub(super) when: Option<Condition>,
    pub(super) deed: Deed,
    pub(super) save: Option<String>,
}

#[derive(Debug)]
pub(super) enum Deed {
    Sql(Template),
    Redis(Command),
    Sleep(Duration),
    Require { condition: Condition, refused: String },
}

/// An HTTP request to a service.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) service: String,
    pub(super) method: hyper::Method,
    pub(super) path: Template,
    pub(super) headers: Vec<(hyper::header::HeaderName, hyper::header::HeaderValue)>,
    pub(super) body: Option<Template>,
}

#[derive(Debug)]
pub(super) struct Service {
    pub(super) program: Program,
    pub(super) ready: Option<String>,
}

#[derive(Debug)]
pub(super) struct Invariant {
    pub(super) place: Place,
    pub(super) promise: String,
    pub(super) always: bool,
    pub(super) question: Question,
    pub(super) conditions: Vec<(&'static str, Template)>,
    pub(super) no_rows: bool,
}

#[derive(Debug)]
pub(super) enum Question {
    Sql(Template),
    Redis(Command),
    Program(Program),
}
