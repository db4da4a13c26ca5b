//! Nothing but tests: see `tests/`. They look at the repository as a whole, so they belong to no other crate.
