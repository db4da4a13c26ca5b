//! Owns the protocols as pure state machines: bytes in, requests and replies out.
//!
//! Nothing here reads a socket, a clock or a random number. A [`Session`] follows one client
//! connection; the gate feeds it both directions and never looks inside the bytes itself, so that
//! the gate knows no store.

mod error;
mod escape;
mod injected;
mod limits;
pub mod postgres;
pub mod redis;
mod session;

pub use error::WireError;
pub use injected::Injected;
pub use limits::Limits;
pub use session::{Context, Limiting, Opening, Reply, ReplyClass, Request, RequestClass, Session, Wait};
