//! placeholder while the skeleton grows.
