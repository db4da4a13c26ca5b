//! Owns the names of what may break ([`FaultKind`]) and of how much of it may happen in one execution ([`FaultModel`]).

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// One kind of thing that may break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// A worker stops for ever before its next request, and its connections close.
    Crash,
    /// The store executes a request, and the client sees the connection end instead of the reply.
    LostReply,
    /// The connection ends before the request that is held on it is executed.
    Drop,
    /// The store answers a request with a legal error instead of executing it.
    Error,
    /// A store is killed and comes back with everything that it had acknowledged.
    Restart,
    /// A store is killed and comes back with nothing.
    Wipe,
    /// A store's replica takes over, without the last writes.
    FailOver,
}

impl FaultKind {
    /// Every kind.
    pub const ALL: [Self; 7] =
        [Self::Crash, Self::LostReply, Self::Drop, Self::Error, Self::Restart, Self::Wipe, Self::FailOver];

    /// Its name, such as `lost-reply`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Crash => "crash",
            Self::LostReply => "lost-reply",
            Self::Drop => "drop",
            Self::Error => "error",
            Self::Restart => "restart",
            Self::Wipe => "wipe",
            Self::FailOver => "fail-over",
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A text that names no fault or no fault model.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{0}` names no faults (use `none`, or some of `pause`, `crash`, `lost-reply`, `drop`, `error`, `restart`, `wipe` and \
     `fail-over` joined by `+`, with `*2` behind them if two may happen)"
)]
pub struct FaultError(pub String);

impl FromStr for FaultKind {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let named = Self::ALL.into_iter().find(|kind| kind.name() == text);
        named.ok_or_else(|| FaultError(text.to_owned()))
    }
}

/// Under which faults and which passing of time something is explored.
///
/// As text: `none`, `pause`, `crash`, `pause+lost-reply`, `crash+drop*2`.
///
/// ```
/// use raceproof::fault::{FaultKind, FaultModel};
/// let model: FaultModel = "pause+crash".parse().unwrap();
/// assert!(model.pauses && model.allows(FaultKind::Crash));
/// assert_eq!((model.faults_max, model.to_string().as_str()), (1, "pause+crash"));
/// ```
///
/// Models are ordered as a reader goes through them: `none`, `pause`, one fault of each kind, several of one kind, and
/// then what is put together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(into = "String", try_from = "String")]
pub struct FaultModel {
    /// Whether time may pass while workers could go on, so that any of them may pause for any time; otherwise time
    /// passes only when nobody can go on without it.
    pub pauses: bool,
    /// What may break.
    pub kinds: BTreeSet<FaultKind>,
    /// How many faults one execution may have.
    pub faults_max: usize,
}

impl FaultModel {
    /// Nothing breaks, and nobody pauses.
    #[must_use]
    pub fn none() -> Self {
        Self { pauses: false, kinds: BTreeSet::new(), faults_max: 0 }
    }

    /// Nothing breaks, and anybody may pause for any time.
    #[must_use]
    pub fn pause() -> Self {
        Self { pauses: true, ..Self::none() }
    }

    /// One fault of this kind may happen, and nobody pauses.
    #[must_use]
    pub fn one(kind: FaultKind) -> Self {
        Self { pauses: false, kinds: BTreeSet::from([kind]), faults_max: 1 }
    }

    /// The same, and anybody may pause for any time.
    #[must_use]
    pub fn with_pauses(self) -> Self {
        Self { pauses: true, ..self }
    }

    /// Whether a fault of this kind may happen.
    #[must_use]
    pub fn allows(&self, kind: FaultKind) -> bool {
        self.faults_max > 0 && self.kinds.contains(&kind)
    }

    /// Whether anything may break at all.
    #[must_use]
    pub fn breaks(&self) -> bool {
        FaultKind::ALL.iter().any(|kind| self.allows(*kind))
    }

    /// Whether everything that may happen under this model may happen under `other` too.
    ///
    /// ```
    /// use raceproof::FaultModel;
    /// let within = |part: &str, whole: &str| {
    ///     let model = |text: &str| text.parse::<FaultModel>().unwrap();
    ///     model(part).is_within(&model(whole))
    /// };
    /// assert!(within("none", "pause") && within("crash", "pause+crash*2"));
    /// assert!(!within("pause", "crash") && !within("crash*2", "crash"));
    /// ```
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        (!self.pauses || other.pauses)
            && FaultKind::ALL.iter().filter(|kind| self.allows(**kind)).all(|kind| other.allows(*kind))
            && (!self.breaks() || self.faults_max <= other.faults_max)
    }

    /// What decides the order of models: how much is put together, how often it may happen, what it is.
    fn place(&self) -> (usize, usize, bool, &BTreeSet<FaultKind>) {
        (self.kinds.len() + usize::from(self.pauses), self.faults_max, !self.pauses, &self.kinds)
    }
}

impl Ord for FaultModel {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place().cmp(&other.place())
    }
}

impl PartialOrd for FaultModel {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Default for FaultModel {
    /// Time may pass at any moment; nothing breaks.
    fn default() -> Self {
        Self::pause()
    }
}

impl fmt::Display for FaultModel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words: Vec<&str> = Vec::new();
        words.extend(self.pauses.then_some("pause"));
        if self.faults_max > 0 {
            words.extend(self.kinds.iter().map(|kind| kind.name()));
        }
        if words.is_empty() {
            return formatter.write_str("none");
        }
        formatter.write_str(&words.join("+"))?;
        if self.faults_max > 1 && !self.kinds.is_empty() {
            write!(formatter, "*{}", self.faults_max)?;
        }
        Ok(())
    }
}

impl FromStr for FaultModel {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        if text == "none" {
            return Ok(Self::none());
        }
        let refused = || FaultError(text.to_owned());
        let (words, faults_max) = match text.split_once('*') {
            Some((words, count)) => {
                (words, count.parse().ok().filter(|count| (2..=99).contains(count)).ok_or_else(refused)?)
            }
            None => (text, 1),
        };
        let mut model = Self::none();
        for word in words.split('+') {
            match word {
                "pause" => model.pauses = true,
                kind => {
                    model.kinds.insert(kind.parse().map_err(|_| refused())?);
                }
            }
        }
        match (model.kinds.is_empty(), faults_max) {
            (true, 1) => {}
            (true, _) => return Err(refused()),
            (false, _) => model.faults_max = faults_max,
        }
        Ok(model)
    }
}

impl From<FaultModel> for String {
    fn from(model: FaultModel) -> Self {
        model.to_string()
    }
}

impl TryFrom<String> for FaultModel {
    type Error = FaultError;

    fn try_from(text: String) -> Result<Self, FaultError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A model is a key in cards and records, so its text must lose nothing.
    #[test]
    fn printed_model_parses_back() {
        for text in ["none", "pause", "crash", "pause+crash", "crash+lost-reply*2", "pause+error+fail-over*3"]
        {
            let model: FaultModel = text.parse().expect("a model");
            assert_eq!(model.to_string(), text);
        }
        assert_eq!(FaultModel::default().to_string(), "pause");
        assert_eq!(FaultModel::one(FaultKind::Wipe).with_pauses().to_string(), "pause+wipe");
    }

    /// Tables have their columns in this order, and no two models may take the same place.
    #[test]
    fn models_are_ordered_from_nothing_to_everything() {
        let ordered = [
            "none",
            "pause",
            "crash",
            "lost-reply",
            "drop",
            "error",
            "restart",
            "wipe",
            "fail-over",
            "crash*2",
            "pause+crash",
            "crash+drop",
            "pause+crash*2",
        ];
        let models: BTreeSet<FaultModel> =
            ordered.iter().rev().map(|text| text.parse().expect("a model")).collect();
        assert!(models.iter().map(ToString::to_string).eq(ordered), "{models:?}");
    }

    /// A model is within itself, and kinds that may happen no time are none.
    #[test]
    fn model_is_within_what_allows_as_much_or_more() {
        let crash = FaultModel::one(FaultKind::Crash);
        let never = FaultModel { faults_max: 0, ..crash.clone() };
        let both = FaultModel { kinds: FaultKind::ALL.into(), faults_max: 2, pauses: true };
        for (part, whole) in
            [(&crash, &crash), (&never, &FaultModel::none()), (&crash, &both), (&never, &both)]
        {
            assert!(part.is_within(whole), "{part} within {whole}");
        }
        let drop = FaultModel::one(FaultKind::Drop);
        for (part, whole) in
            [(&crash, &never), (&crash, &drop), (&both, &crash), (&both, &FaultModel::pause())]
        {
            assert!(!part.is_within(whole), "{part} within {whole}");
        }
    }

    #[test]
    fn what_is_no_model_is_refused() {
        for text in ["", "nope", "pause*2", "crash*0", "crash*1", "crash*x", "none+crash", "crash+"] {
            assert!(text.parse::<FaultModel>().is_err(), "{text}");
        }
    }
}
