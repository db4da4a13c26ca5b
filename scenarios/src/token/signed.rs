//! Owns the signed token that may be used once: nothing is stored but the mark that it has been used.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, Worker};

use crate::anomaly::ALIVE_AFTER_USE;
use crate::card::{Details, per_model};
use crate::operations::at_most;
use crate::script::send;

/// When the token ends, as it says itself; workers begin at 0.
const ENDS: Duration = Duration::from_secs(120);

/// When a token is marked and looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Marked {
    /// For less time than the token is good.
    ///
    /// ```text
    /// A                            B
    /// SET used NX EX 60 -> OK
    ///    (60 of 120 s pass)
    ///                              SET used NX EX 60 -> OK     used twice
    /// ```
    TooShort,
    /// For as long as any token is good, but the token's end is looked at before.
    ///
    /// ```text
    /// A                            B
    ///                              ends at 120 s: good
    /// SET used NX EX 120 -> OK
    ///    (120 s pass)
    ///                              SET used NX EX 120 -> OK    used twice
    /// ```
    LookFirst,
    /// As long, and the token's end is looked at when it is marked: a mark that has ended was one of a token that has.
    MarkFirst,
}

struct Signed(Marked);

const TOO_SHORT: &str = "Each request checks that a signed token has not ended and marks it as used with SET NX EX 60, though it is good \
                         for two minutes. When the mark ends, the token is good again.";
const LOOK_FIRST: &str = "Each request checks that a signed token has not ended and marks it as used for as long as any token is good. A \
                          request that pauses between the two may find the mark of the other gone.";
const MARK_FIRST: &str = "Each request marks a signed token as used for as long as any token is good, and then checks that it has not \
                          ended. Whoever finds no mark because it has ended finds that the token has ended, too.";

impl Signed {
    fn lasts_s(&self) -> &'static str {
        if self.0 == Marked::TooShort { "60" } else { "120" }
    }
}

#[async_trait(?Send)]
impl Scenario for Signed {
    fn card(&self) -> Card {
        match self.0 {
            Marked::TooShort => per_model("token/used-mark-too-short", TOO_SHORT)
                .holds_under(&["none"])
                .breaks_under(&["pause"], ALIVE_AFTER_USE),
            Marked::LookFirst => per_model("token/used-mark-look-first", LOOK_FIRST)
                .holds_under(&["none"])
                .breaks_under(&["pause"], ALIVE_AFTER_USE),
            Marked::MarkFirst => per_model("token/used-mark-first", MARK_FIRST).workers(3).holds_under(&[
                "none",
                "pause",
                "crash",
                "lost-reply",
            ]),
        }
    }

    async fn set_up(&self, _stores: &mut SetUp) -> Result {
        Ok(())
    }

    /// The token carries its end; the clock of the service is the run's.
    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        let spend = worker.invoke("use", "token 1");
        let has_ended = || worker.clock().now() >= ENDS;
        if self.0 != Marked::MarkFirst && has_ended() {
            spend.refused("ended");
            return Ok(());
        }
        let mark: Option<String> =
            send(&mut redis, &["SET", "used:1", "1", "NX", "EX", self.lasts_s()]).await?;
        if mark.is_none() {
            spend.refused("used");
            return Ok(());
        }
        if self.0 == Marked::MarkFirst && has_ended() {
            spend.refused("ended");
            return Ok(());
        }
        spend.ok("let in");
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![at_most(1, "use")]
    }
}

/// Every variant of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    let every = [Marked::TooShort, Marked::LookFirst, Marked::MarkFirst];
    every.into_iter().map(|marked| Arc::new(Signed(marked)) as Arc<dyn Scenario>).collect()
}
