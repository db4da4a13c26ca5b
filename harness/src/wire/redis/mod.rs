//! Owns RESP2 and RESP3 and what each Redis command means for the gate.
//!
//! From bytes to meaning: [`Scanner`] finds where a server's message ends, `RequestScanner` where a
//! client's request ends, [`Arguments`] reads a request, `command` looks up what it means, and
//! [`RedisSession`] follows one connection with them. [`calls`] reads what a script does. [`Value`] is a whole message as a tree, for
//! reports and for the harness' own questions. Grammar: <https://redis.io/docs/latest/develop/reference/protocol-spec/>.

mod refusal;

mod cursor;
mod head;
mod inline;
mod reader;

mod arguments;
mod request;
mod scanner;

mod encode;
mod value;

mod command;
mod errors;
mod flags;
mod limiting;
mod owed;
mod script;
mod session;
mod show;
mod transcript;
mod unchanged;

#[cfg(test)]
mod samples;

pub use arguments::Arguments;
pub use encode::{command, encode};
pub use flags::Flags;
pub(crate) use flags::name;
pub use scanner::{Frame, Scanner};
pub use script::{Argument, Call, calls};
pub use session::{Elsewhere, RedisSession};
pub(crate) use unchanged::is_told;
pub use value::{Value, decode};
