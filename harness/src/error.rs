//! Owns [`enum@Error`]: failures of ours and of the environment. A bug found in the code under test is never one.

use thiserror::Error;

use crate::checkpoint::CheckpointError;
use crate::gate::GateError;
use crate::outcome::MergeError;
use crate::shard::ShardError;
use crate::store::StoreError;

/// Why a scenario could not be explored at all.
#[derive(Debug, Error)]
pub enum Error {
    /// The runtime's thread could not be set up.
    #[error("failed to start the runtime")]
    Runtime(#[source] std::io::Error),
    /// A store could not be started or stopped.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The gate could not be opened, or asks for something that the run does not have.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// A search cannot go on from the checkpoint that was given.
    #[error("the search cannot go on from its checkpoint")]
    Checkpoint(#[from] CheckpointError),
    /// An isolation level was asked for, and no store of the run has any.
    #[error("`{scenario}` cannot be run at an isolation level: none of its stores has any")]
    NoIsolation {
        /// Which scenario.
        scenario: String,
    },
    /// Several jobs were asked for, and there is one set of stores for all.
    #[error(
        "{jobs} jobs need servers of their own, and those named by URL are one set (run one job on them)"
    )]
    SharedStores {
        /// How many.
        jobs: u32,
    },
    /// A job ended by itself, which is a bug of ours.
    #[error("job {job} panicked: {what}")]
    Panicked {
        /// Which, from 1.
        job: u32,
        /// What it said.
        what: String,
    },
    /// A search cannot be split into so many parts.
    #[error(transparent)]
    Shard(#[from] ShardError),
    /// What the parts of a search came to does not belong together.
    #[error(transparent)]
    Merge(#[from] MergeError),
    /// The workers of a scenario cannot be given operations: none can be drawn, or those of a record are not its own.
    #[error("the workers of `{scenario}` have no operations")]
    NoOperations {
        /// Which scenario.
        scenario: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What the workers of a scenario keep between executions could not be started.
    #[error("the warm-up of `{scenario}` failed: {what}")]
    WarmUp {
        /// Which scenario.
        scenario: String,
        /// What its worker returned.
        what: String,
    },
    /// The promises of a scenario could not be looked at.
    #[error("the invariants of `{scenario}` could not be judged")]
    Inspection {
        /// Which scenario.
        scenario: String,
        /// What it returned.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The scenario's own set-up failed.
    #[error("the set-up of `{scenario}` failed")]
    SetUp {
        /// Which scenario.
        scenario: String,
        /// What it returned.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
