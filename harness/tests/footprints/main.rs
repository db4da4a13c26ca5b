//! Owns the proof that footprints are sound: steps deemed independent are taken in both orders on real servers, and nobody can
//! tell; steps that somebody can tell apart are deemed dependent.

#![expect(clippy::unwrap_used, reason = "clippy knows test functions, but not the helpers that they share")]

mod pair;
mod postgres;
mod redis;
mod talker;
