//! Owns the frontend/backend protocol 3 of PostgreSQL and what its messages mean for the gate.
//!
//! From bytes to meaning: `opening` and `greeting` read how a connection begins, `frame` finds where a
//! message ends, `cut` where a unit of the client's ends that is forwarded at once, `message` reads one,
//! `facts` says what its SQL may do, `owed` counts the answers, and [`PostgresSession`] follows one
//! connection with them. Grammar: <https://www.postgresql.org/docs/current/protocol-message-formats.html>.

mod refusal;

mod fields;
mod frame;
mod message;

mod greeting;
mod opening;

mod cut;

mod facts;
mod sql;

mod statements;

mod batch;
mod owed;
mod standing;

mod session;

mod errors;
mod essence;
mod executed;
mod literal;
mod show;
mod transcript;
mod verb;

#[cfg(test)]
mod samples;

pub use executed::{Executed, Parameter, executed, status, tags};
pub use opening::{startup_parameters, startup_user};
pub use session::PostgresSession;
pub use show::sqlstate;
