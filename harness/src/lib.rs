//! Raceproof's engine: real stores behind a gate, where every interleaving is a choice.

pub mod interrupt;
pub mod store;
pub mod wire;
