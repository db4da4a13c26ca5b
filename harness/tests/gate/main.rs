//! Tests of the gate and of searches against a real Redis, started by the local provider.

mod blocking;
mod clients;
mod conformance;
mod connections;
mod counter;
mod endings;
mod probe;
mod pushes;
mod time;
