//! Owns the real stores: where they come from, and what the gate asks of each kind.

pub mod redis;
mod server;
mod set_up;
mod stub;

pub use server::{Address, Server};
pub use set_up::SetUp;
pub use stub::*;
