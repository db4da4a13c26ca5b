//! What is kept of bursts in records.

use raceproof::burst::PASSED_MAX;
use raceproof::{Outcome, Worker};

use crate::probe::{Probe, bursts, query};

/// The record of a long burst is bounded and says what it leaves out; as text and back it is the same.
#[test]
fn record_is_bounded_and_survives_its_text() {
    const COMMANDS: usize = 1_500;
    let outcome = Probe::redis(2, "", |worker: Worker| async move {
        let mut redis = worker.redis().await?;
        for _ in 0..COMMANDS {
            let () = query(&mut redis, "INCR counter").await?;
        }
        Ok(())
    })
    .promising("never", |_| Err("as promised".to_owned()))
    .run(&bursts(1));
    let burst = outcome.bursts.as_ref().and_then(|bursts| bursts.violating.as_ref()).expect("it was seen");
    assert_eq!((burst.passed.len(), burst.left_out), (PASSED_MAX, (2 * COMMANDS - PASSED_MAX) as u64));
    let text = serde_json::to_string(&outcome).expect("an outcome has a text form");
    assert_eq!(serde_json::from_str::<Outcome>(&text).expect("which is read back"), outcome);
}
