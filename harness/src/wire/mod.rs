//! Owns the protocols as pure state machines: bytes in, requests and replies out.
//!
//! Nothing here reads a socket, a clock or a random number. A [`Session`] follows one client
//! connection; the gate feeds it both directions and never looks inside the bytes itself, so that
//! the gate knows no store.

mod error;
mod limits;
pub mod redis;
mod session;

pub use error::WireError;
pub use limits::Limits;
pub use session::{Reply, ReplyClass, Request, RequestClass, Session, Wait};
