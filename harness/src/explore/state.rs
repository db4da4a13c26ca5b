//! Owns [`StrategyState`]: where a strategy stands between two executions, as a value that is written and read. How it is taken
//! and put back is the business of each strategy.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Transition;
use super::systematic::SystematicState;
use crate::choice::Choice;

/// Where a strategy stands between two executions: one of the same kind, made with the same parameters, goes on from it as the
/// one would have that it was taken from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StrategyState {
    /// Of a [`Systematic`](super::Systematic) search.
    Systematic(SystematicState),
    /// Of one that samples.
    Sampler(SamplerState),
    /// Of a [`Portfolio`](super::Portfolio).
    Portfolio(Box<PortfolioState>),
}

/// Where a strategy that samples stands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SamplerState {
    /// The execution whose numbers were drawn last, counted over all shards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) execution: Option<u64>,
    /// The longest execution so far, in steps.
    #[serde(default)]
    pub(super) length: u32,
    /// What choices did last, each with how many its worker had had before and the number of its transition.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) known: Vec<(Choice, usize, u32)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) transitions: Vec<Transition>,
}

/// Where each part of a portfolio stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PortfolioState {
    pub(super) executions: u64,
    pub(super) systematic: SystematicState,
    pub(super) pos: SamplerState,
    pub(super) pct: SamplerState,
    pub(super) random: SamplerState,
}

/// A state that does not hang together, or is of another kind of strategy.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct StateError(pub(super) &'static str);

/// The state is of another kind of strategy.
pub(super) const OTHER_STRATEGY: StateError = StateError("it is of another strategy");
