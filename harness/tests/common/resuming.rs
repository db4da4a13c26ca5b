//! Owns what tests of searches that are ended and resumed have in common.

use raceproof::outcome::Coverage;
use raceproof::{Checkpoint, Outcome};

/// What the checkpoint of an outcome is after a way through a file.
pub(crate) fn read_back(outcome: &Outcome) -> Checkpoint {
    let mut bytes = Vec::new();
    let [checkpoint] = outcome.checkpoints.as_slice() else { panic!("a budget has ended it: {outcome:?}") };
    checkpoint.write(&mut bytes).expect("memory takes everything");
    Checkpoint::read(&mut bytes.as_slice()).expect("just written")
}

/// What does not depend on how often a search was ended.
pub(crate) fn told(coverage: &Coverage) -> Coverage {
    Coverage { elapsed_us: 0, resumed: 0, ..coverage.clone() }
}
