//! Owns what a step touches of a Postgres database.
//!
//! `schema` asks the server what its tables and functions are, `deed` says what one statement does, with `walk` for the tables
//! that it names, `order` for what its answer shows of the order of rows and `proof` for the one row that it means; `following`
//! says what follows from the transaction in which it runs.

mod deed;
mod following;
mod key;
mod learnt;
mod names;
mod order;
mod proof;
mod schema;
mod walk;

pub(super) use following::Following;
pub(super) use schema::isolation;
