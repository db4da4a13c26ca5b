//! Owns the short version of the long search of what holds.

use std::time::Duration;

use crate::soaking::soak;

/// How long it takes; half an hour is `cargo bench -p raceproof-scenarios --bench search -- soak --seconds 1800`.
const TIME: Duration = Duration::from_secs(120);

/// Random schedules go where a search in order does not come in time, and each round takes others.
#[test]
fn correct_variants_hold_under_random_schedules_and_faults() {
    let soaked = soak(&[], TIME).expect("the stores run");
    assert!(soaked.with_faults > 0 && soaked.executions > u64::try_from(soaked.legs).unwrap_or(0));
    soaked.told().expect("every correct variant holds");
}
