//! Owns RESP2 and RESP3 and what each Redis command means for the gate.
//!
//! From bytes to meaning: [`Scanner`] finds where a server's message ends, `RequestScanner` where a
//! client's request ends, [`Arguments`] reads a request, `command` looks up what it means, and
//! [`RedisSession`] follows one connection with them. [`Value`] is a whole message as a tree, for
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
mod session;
mod show;
mod unchanged;

#[cfg(test)]
mod samples;

pub use arguments::Arguments;
pub use encode::{command, encode};
pub use flags::Flags;
pub use scanner::{Frame, Scanner};
pub use session::RedisSession;
pub use value::{Value, decode};
