//! Owns what a step touches of a Redis server.
//!
//! `commands` asks the server what its commands touch, `reach` says what one request does, and `following` what follows from
//! where its connection stands.

mod commands;
mod following;
mod reach;

pub(super) use following::Following;
