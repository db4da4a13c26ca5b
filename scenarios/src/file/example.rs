//! Owns the file that `raceproof init` writes.

/// A commented scenario file that runs as it is, and finds a lost update.
pub const EXAMPLE: &str = include_str!("example.toml");

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::file::reading::parse;

    #[test]
    fn example_makes_sense() {
        let race = parse(Path::new("race.toml"), EXAMPLE).expect("it makes sense");
        assert_eq!((race.workers.len(), race.invariants.len()), (2, 1));
    }
}
