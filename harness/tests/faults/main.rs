//! Tests of faults at the gate before real stores, started by the local provider: what the client sees, what the store
//! keeps, and that each schedule with a fault tells the same every time.

mod connections;
mod crashes;
mod errors;
mod plights;
mod script;
mod shrinking;
