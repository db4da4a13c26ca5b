//! Owns [`Checkpoint`]: a search that was ended before it had come to its end, whole, so that it goes on as if it had not been. Which
//! file it goes to is the business of whoever writes it.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read, Write};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::card::Card;
use crate::explore::StrategyState;
use crate::fault::FaultModel;
use crate::history::Trace;
use crate::isolation::Isolation;
use crate::outcome::counterexample::Counterexample;
use crate::outcome::coverage::Coverage;
use crate::plan::{Plan, StrategyKind};
use crate::regression::Retried;
use crate::shard::Shard;
use crate::verdict::Verdict;

/// What the field `format` of every checkpoint says.
const FORMAT: &str = "raceproof-checkpoint";
/// The version of the form that this program writes, and the only one that it reads: a search goes on only in the program in which it
/// began.
const VERSION: u64 = 2;
/// The longest head that is read.
const HEAD_BYTES_MAX: u64 = 1 << 20;

/// A search that was ended by a budget or by the user.
///
/// It is written as two lines of JSON: the [head](CheckpointHead), which says of which search it is, and all the rest. With 100,000
/// branches waiting, beyond which a search goes on with the newest, it is about 7 MiB long.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    head: CheckpointHead,
    pub(crate) body: CheckpointBody,
}

/// Of which search a checkpoint is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckpointHead {
    format: String,
    version: u64,
    program: String,
    search: SearchIdentity,
    /// Executions that the search has made.
    pub schedules: u64,
}

/// What a search must have in common with the one that goes on from where it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SearchIdentity {
    scenario: String,
    isolation: Option<Isolation>,
    model: FaultModel,
    workers: usize,
    seed: u64,
    strategy: StrategyKind,
    pct_depth: usize,
    reduces: bool,
    preemption_bound: Option<usize>,
    splits_max: usize,
    installs_splits: bool,
    shard: Shard,
    steps_max: usize,
    final_states_max: usize,
}

/// Where a search stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct CheckpointBody {
    pub(crate) verdict: Verdict,
    /// What was counted.
    pub(crate) coverage: Coverage,
    /// Executions in which some worker failed, other than by a conflict.
    pub(crate) failing: u64,
    pub(crate) regressions: Vec<Retried>,
    /// The evidence of the first violation, with the seed and the number of workers of its execution.
    pub(crate) evidence: Option<(u64, usize, Counterexample)>,
    /// In the order in which they were drawn, or the only one.
    pub(crate) workloads: Vec<WorkloadState>,
}

/// How far one workload of a search is explored.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct WorkloadState {
    /// Executions of it.
    pub(crate) schedules: u64,
    /// Whether nothing of it is left to be tried.
    pub(crate) is_over: bool,
    /// Its first execution that passed, by which it is seen whether the code is still the same.
    pub(crate) first: Option<Trace>,
    pub(crate) learnt: Learnt,
    /// Raised whenever more was learnt.
    pub(crate) coarseness: u64,
    /// `None` if it was not begun.
    pub(crate) strategy: Option<StrategyState>,
}

/// What a search has learnt about which requests have to do with each other.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Learnt {
    /// By the name of the store, in a form of its own.
    pub(crate) stores: BTreeMap<String, Value>,
    /// Whether workers have anything in common in their process.
    pub(crate) shares_memory: bool,
}

/// Why a search cannot go on from a checkpoint.
#[derive(Debug, Error)]
pub enum CheckpointError {
    /// The file system refused.
    #[error("it could not be read")]
    Unreadable(#[source] io::Error),
    /// Something else.
    #[error("it is no checkpoint of raceproof (delete it, or run without `--resume` to begin anew)")]
    NoCheckpoint(#[source] Option<serde_json::Error>),
    /// Of another version of the program, or of the form.
    #[error(
        "raceproof {found} wrote it (version {version} of the form), and only that goes on from it; this is raceproof {own} \
         (version {VERSION}) (run without `--resume` to begin anew)",
        own = program()
    )]
    OtherProgram {
        /// The version of the program that wrote it.
        found: String,
        /// The version of its form.
        version: u64,
    },
    /// Of another search.
    #[error(
        "it is of another search: {0} (give the same arguments, or run without `--resume` to begin anew)"
    )]
    OtherSearch(String),
    /// A search that several engines made goes on in as many.
    #[error("{found} engines left one each, and {wanted} are to go on (ask for {found}, or begin anew)")]
    OtherParts {
        /// How many there are.
        found: usize,
        /// How many are needed.
        wanted: usize,
    },
    /// The head is right, and what follows is not.
    #[error("it is damaged (delete it, or run without `--resume` to begin anew)")]
    Damaged(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl CheckpointError {
    pub(crate) fn damaged(what: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Damaged(what.into())
    }
}

fn program() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

impl SearchIdentity {
    /// That of a search of the scenario with this `card` as `plan` says.
    #[must_use]
    pub fn of(card: &Card, plan: &Plan) -> Self {
        Self {
            scenario: card.name.clone(),
            isolation: plan.isolation,
            model: plan.model.clone(),
            workers: plan.workers.unwrap_or(card.workers),
            seed: plan.seed,
            strategy: plan.strategy,
            pct_depth: plan.pct_depth,
            reduces: plan.reduces,
            preemption_bound: plan.preemption_bound,
            splits_max: plan.splits_max,
            installs_splits: plan.installs_splits,
            shard: plan.shard,
            steps_max: plan.limits.steps_max,
            final_states_max: plan.final_states_max,
        }
    }

    /// What differs in `other`, in words; `None` if nothing does.
    fn difference(&self, other: &Self) -> Option<String> {
        let fields = |identity| match serde_json::to_value(identity) {
            Ok(Value::Object(fields)) => fields,
            other => unreachable!("a structure is written as an object, not as {other:?}"),
        };
        let (own, theirs) = (fields(self), fields(other));
        let differs = |(name, value): (&String, &Value)| {
            let now = theirs.get(name).unwrap_or(&Value::Null);
            (now != value).then(|| format!("`{}` was {value} and is {now}", name.replace('_', " ")))
        };
        let all: Vec<_> = own.iter().filter_map(differs).collect();
        (!all.is_empty()).then(|| all.join(", "))
    }
}

impl CheckpointHead {
    /// Reads the head of a checkpoint, and nothing else.
    ///
    /// # Errors
    /// It is none, or one of another version of the program.
    pub fn read(from: &mut impl BufRead) -> Result<Self, CheckpointError> {
        let mut line = Vec::new();
        from.take(HEAD_BYTES_MAX).read_until(b'\n', &mut line).map_err(CheckpointError::Unreadable)?;
        let head: Value =
            serde_json::from_slice(&line).map_err(|error| CheckpointError::NoCheckpoint(Some(error)))?;
        if head.get("format").and_then(Value::as_str) != Some(FORMAT) {
            return Err(CheckpointError::NoCheckpoint(None));
        }
        let version = head.get("version").and_then(Value::as_u64).unwrap_or(0);
        let found = head.get("program").and_then(Value::as_str).unwrap_or("of no version");
        if version != VERSION || found != program() {
            return Err(CheckpointError::OtherProgram { found: found.to_owned(), version });
        }
        serde_json::from_value(head).map_err(|error| CheckpointError::Damaged(error.into()))
    }

    /// Whether it is of `search`.
    ///
    /// # Errors
    /// It is of another one, and what differs.
    pub fn check(&self, search: &SearchIdentity) -> Result<(), CheckpointError> {
        self.search.difference(search).map_or(Ok(()), |what| Err(CheckpointError::OtherSearch(what)))
    }
}

impl Checkpoint {
    pub(crate) fn new(search: SearchIdentity, body: CheckpointBody) -> Self {
        let (format, program) = (FORMAT.to_owned(), program().to_owned());
        let schedules = body.coverage.schedules;
        Self { head: CheckpointHead { format, version: VERSION, program, search, schedules }, body }
    }

    /// Of which search it is.
    #[must_use]
    pub fn head(&self) -> &CheckpointHead {
        &self.head
    }

    /// Writes it as it is [read](Self::read), in small pieces.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer(&mut *to, &self.head)?;
        to.write_all(b"\n")?;
        serde_json::to_writer(&mut *to, &self.body)?;
        to.write_all(b"\n")
    }

    /// Reads what was [written](Self::write).
    ///
    /// # Errors
    /// It is no checkpoint, one of another version of the program, or a damaged one.
    pub fn read(from: &mut impl BufRead) -> Result<Self, CheckpointError> {
        let head = CheckpointHead::read(from)?;
        let body = serde_json::from_reader(from).map_err(|error| CheckpointError::Damaged(error.into()))?;
        Ok(Self { head, body })
    }
}

#[cfg(test)]
mod tests;
