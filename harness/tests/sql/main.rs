//! Tests of the gate before a real Postgres, started by the local provider: waits, wake-ups, deadlocks, split
//! statements, and how executions are kept apart.

mod apart;
mod clients;
mod deadlocks;
mod herds;
mod hostile;
mod levels;
mod psql;
mod script;
mod splits;
mod time;
mod waits;
