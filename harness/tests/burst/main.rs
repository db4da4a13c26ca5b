//! Tests of bursts: workers that run free on several threads, against real stores, started by the local provider.

mod clock;
mod counter;
mod probe;
mod records;
mod sql;
mod threads;
mod waits;
