//! Owns [`Bursts`]: what it came to that workers were released together and ran free. How that was done is the business
//! of `run`, and no schedule is claimed: a burst cannot be replayed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::history::{Operation, WorkerEnd};
use crate::id::{ConnectionId, WorkerId};

/// What bursts came to, all of them together.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Bursts {
    /// Threads over which the workers were spread.
    pub threads: usize,
    /// Operations that the workers have begun.
    pub operations: u64,
    /// Commands that the stores have answered.
    pub commands: u64,
    /// Real time in which workers ran free, in microseconds: without what lies between the bursts.
    pub running_us: u64,
    /// How long the stores took to answer, as seen at the gate, by store and first word of the command (`redis GET`).
    pub latencies: BTreeMap<String, Latency>,
    /// How it went in the course of time; at most [`MOMENTS_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub series: Vec<Moment>,
    /// The first burst that violated an invariant.
    pub violating: Option<BurstRecord>,
}

impl Bursts {
    /// Commands per second while the workers ran.
    #[must_use]
    pub fn commands_per_second(&self) -> u64 {
        let rate = u128::from(self.commands) * 1_000_000 / u128::from(self.running_us.max(1));
        u64::try_from(rate).unwrap_or(u64::MAX)
    }
}

/// How long commands of one kind took, from the gate to the store and back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Latency {
    /// How many there were.
    pub count: u64,
    /// Half of them took no longer, in microseconds (as the others).
    pub p50_us: u64,
    /// 99 of 100 took no longer.
    pub p99_us: u64,
    /// None took longer.
    pub max_us: u64,
}

/// Some bursts that ran one after the other, taken together; equally many in each but the last.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Moment {
    /// How many bursts.
    pub bursts: u64,
    /// Real time in which their workers ran free, in microseconds.
    pub running_us: u64,
    /// Commands that the stores have answered in it.
    pub commands: u64,
    /// How many of the bursts violated an invariant.
    pub violating: u64,
    /// How long the stores took to answer, as in [`Bursts::latencies`].
    pub latencies: BTreeMap<String, Latency>,
}

/// Most moments of which a series consists.
pub const MOMENTS_MAX: usize = 120;

/// One burst as it went by at the gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BurstRecord {
    /// Which burst it was, from 1.
    pub number: u64,
    /// The workers that took part.
    pub workers: Vec<WorkerId>,
    /// What went by, in the order of the answers; at most [`PASSED_MAX`].
    pub passed: Vec<Passed>,
    /// How much more went by that is not told.
    pub left_out: u64,
    /// What the workers reported about themselves.
    pub operations: Vec<Operation>,
    /// How each worker ended.
    pub ends: BTreeMap<WorkerId, WorkerEnd>,
    /// The content of the stores before the burst, as text.
    pub initial_state: String,
    /// The content of the stores after it, as text.
    pub final_state: String,
}

/// Most commands and messages of a burst that its record tells.
pub const PASSED_MAX: usize = 1_000;

/// A command with its answer, or a message that nobody asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Passed {
    /// Which connection.
    pub connection: ConnectionId,
    /// Which store, such as `redis`.
    pub store: String,
    /// The command as one would type it, shortened; `None` of a message that nobody asked for.
    pub request: Option<String>,
    /// What the store said, shortened; `None` if it had not answered when the burst ended.
    pub reply: Option<String>,
    /// When the command went to the store, in microseconds since the workers were released.
    pub sent_us: u64,
    /// When the answer (or the message) came.
    pub answered_us: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_is_that_of_the_time_in_which_workers_ran() {
        let bursts = Bursts { commands: 3_000, running_us: 1_500_000, ..Bursts::default() };
        assert_eq!(bursts.commands_per_second(), 2_000);
        assert_eq!(Bursts::default().commands_per_second(), 0);
    }
}
