//! Tests of the gate and of searches against a real Redis, started by the local provider.

#[path = "../common/resuming.rs"]
mod resuming;

mod aftermath;
mod blocking;
mod clients;
mod conformance;
mod connections;
mod counter;
mod courses;
mod culprit;
mod endings;
mod inside;
mod jobs;
mod oracle;
mod passing;
mod polling;
mod probe;
mod pushes;
mod regressions;
mod resumed;
mod shared_time;
mod team;
mod time;
