//! Tests of generated workloads against a real Redis: what is searched, and what shrinking leaves of operations, arguments and
//! schedules.

#[path = "../common/resuming.rs"]
mod resuming;

mod continued;
mod counter;
mod records;
mod support;
mod transfers;
