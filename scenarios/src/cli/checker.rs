//! Owns [`Checker`]: from the name of a model and its numbers to the question that is asked of a history.

use clap::ValueEnum;
use raceproof::check::linearizability::{Judgement, Limits, Misfit, Model, WithoutRefusals, check};
use raceproof::check::models::{
    CasRegister, Counter, Inventory, KeyValue, Lock, Queue, RateLimiter, Register, Set, UniqueId,
};
use raceproof::check::{
    Delivery, Guarantee, Opinion, SlidingWindow, Staleness, judge_transactions, mutual_exclusion,
};
use raceproof::history::Operation;

use super::args::CheckArgs;
use super::failure::Failure;

/// What a history is compared with. The first ten are objects whose operations must be linearizable; the rest promise less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ModelName {
    /// One value: read, write
    Register,
    /// One value: read, write, cas
    CasRegister,
    /// A number: increment, add, decrement, read
    Counter,
    /// Distinct elements: add, remove, contains, read
    Set,
    /// First in, first out: enqueue, dequeue
    Queue,
    /// One owner at a time: acquire, release, expire
    Lock,
    /// A lock that its owner may acquire again
    ReentrantLock,
    /// A lock whose acquire returns a token that always grows
    FencedLock,
    /// `--initial` units, never less than none: sell, restock, read
    Inventory,
    /// At most `--max` in each window, which the argument names (or the time, with `--window-ms`): allow
    RateLimiter,
    /// No id twice: generate
    UniqueId,
    /// Texts under keys: get, put, append, delete
    KeyValue,
    /// No read older than the worker's own writes: read, write with versions as results
    ReadYourWrites,
    /// No read older than the worker's reads before
    MonotonicReads,
    /// No write older than the worker's writes before
    MonotonicWrites,
    /// No write older than the worker's reads before
    WritesFollowReads,
    /// No read that misses more than `--max` acknowledged writes (or, with `--window-ms`, any older than that)
    Staleness,
    /// No two holders at once: acquire, release
    MutualExclusion,
    /// No effect twice: request, effect
    AtMostOnce,
    /// An effect for each acknowledged request
    AtLeastOnce,
    /// Both
    ExactlyOnce,
    /// At most `--max` in any `--window-ms`, wherever it begins: allow, with a time in the argument
    SlidingWindow,
    /// Transactions on lists in Elle's notation, consistent with `--level`: txn
    ListAppend,
    /// Transactions on registers in Elle's notation, consistent with `--level`: txn
    RwRegister,
}

/// What a checker has to say of one history.
pub(super) struct Finding {
    pub(super) opinion: Opinion,
    /// Of a linearizable history: each operation's position and the event behind which it took effect, in order.
    pub(super) points: Option<Vec<(usize, u64)>>,
}

type Judge = dyn Fn(&[Operation]) -> Result<Finding, Misfit>;

/// A question that is asked of histories.
pub(super) struct Checker {
    model: ModelName,
    is_linearizability: bool,
    judge: Box<Judge>,
}

impl Checker {
    /// The checker that the arguments name, whole.
    pub(super) fn of(args: &CheckArgs) -> Result<Self, Failure> {
        let model = args.model;
        let initial = args.initial.as_deref().unwrap_or_default();
        let number = || {
            initial
                .parse()
                .map_err(|_| Failure::Needs { model: name(model), what: "a number for `--initial`" })
        };
        let max = || args.max.ok_or_else(|| Failure::Needs { model: name(model), what: "`--max`" });
        let window =
            || args.window_ms.ok_or_else(|| Failure::Needs { model: name(model), what: "`--window-ms`" });
        let delivered = |delivery: Delivery| Self::plain(model, move |operations| delivery.judge(operations));
        let session =
            |guarantee: Guarantee| Self::plain(model, move |operations| guarantee.judge(operations));
        Ok(match model {
            ModelName::Register => Self::linearizability(args, Register { initial: initial.into() }),
            ModelName::CasRegister => Self::linearizability(args, CasRegister { initial: initial.into() }),
            ModelName::Counter if initial.is_empty() => Self::linearizability(args, Counter::default()),
            ModelName::Counter => Self::linearizability(args, Counter { initial: number()? }),
            ModelName::Set => Self::linearizability(args, Set),
            ModelName::Queue => Self::linearizability(args, Queue),
            ModelName::Lock => Self::linearizability(args, Lock::default()),
            ModelName::ReentrantLock => {
                Self::linearizability(args, Lock { is_reentrant: true, is_fenced: false })
            }
            ModelName::FencedLock => {
                Self::linearizability(args, Lock { is_reentrant: false, is_fenced: true })
            }
            ModelName::Inventory => {
                let units = number().ok().and_then(|number: i64| u64::try_from(number).ok());
                let what = "`--initial`, how many units there are";
                let units = units.ok_or_else(|| Failure::Needs { model: name(model), what })?;
                Self::linearizability(args, Inventory { units })
            }
            ModelName::RateLimiter => {
                Self::linearizability(args, RateLimiter { accepted_max: max()?, window_ms: args.window_ms })
            }
            ModelName::UniqueId => Self::linearizability(args, UniqueId),
            ModelName::KeyValue => Self::linearizability(args, KeyValue),
            ModelName::ReadYourWrites => session(Guarantee::ReadYourWrites),
            ModelName::MonotonicReads => session(Guarantee::MonotonicReads),
            ModelName::MonotonicWrites => session(Guarantee::MonotonicWrites),
            ModelName::WritesFollowReads => session(Guarantee::WritesFollowReads),
            ModelName::Staleness => {
                let staleness = match args.window_ms {
                    Some(ms) => Staleness::Milliseconds(i64::try_from(ms).unwrap_or(i64::MAX)),
                    None => Staleness::Writes(usize::try_from(max()?).unwrap_or(usize::MAX)),
                };
                Self::plain(model, move |operations| staleness.judge(operations))
            }
            ModelName::ListAppend | ModelName::RwRegister => {
                let level = args.level;
                Self::plain(model, move |operations| judge_transactions(operations, level))
            }
            ModelName::MutualExclusion => Self::plain(model, mutual_exclusion),
            ModelName::AtMostOnce => delivered(Delivery::AtMostOnce),
            ModelName::AtLeastOnce => delivered(Delivery::AtLeastOnce),
            ModelName::ExactlyOnce => delivered(Delivery::ExactlyOnce),
            ModelName::SlidingWindow => {
                let accepted_max = usize::try_from(max()?).unwrap_or(usize::MAX);
                let sliding = SlidingWindow { accepted_max, window_ms: window()? };
                Self::plain(model, move |operations| sliding.judge(operations))
            }
        })
    }

    fn linearizability(args: &CheckArgs, model: impl Model + 'static) -> Self {
        let memory_bytes_max = usize::try_from(args.memory_mb_max << 20).unwrap_or(usize::MAX);
        let limits = Limits { steps_max: args.steps_max, memory_bytes_max };
        if args.ignore_refusals {
            return Self::within(args.model, WithoutRefusals(model), limits);
        }
        Self::within(args.model, model, limits)
    }

    fn within(name: ModelName, model: impl Model + 'static, limits: Limits) -> Self {
        let judge = move |operations: &[Operation]| {
            let judgement = check(&model, operations, &limits)?;
            let opinion = judgement.opinion(operations);
            let points = match judgement {
                Judgement::Linearizable(points) => {
                    Some(points.iter().map(|point| (point.operation, point.after_event)).collect())
                }
                Judgement::Broken(_) | Judgement::Undecided(_) => None,
            };
            Ok(Finding { opinion, points })
        };
        Self { model: name, is_linearizability: true, judge: Box::new(judge) }
    }

    fn plain(model: ModelName, judge: impl Fn(&[Operation]) -> Opinion + 'static) -> Self {
        let judge = move |operations: &[Operation]| Ok(Finding { opinion: judge(operations), points: None });
        Self { model, is_linearizability: false, judge: Box::new(judge) }
    }

    /// What the checker says of these operations.
    pub(super) fn judge(&self, operations: &[Operation]) -> Result<Finding, Misfit> {
        (self.judge)(operations)
    }

    /// The model as it is named on the command line.
    pub(super) fn name(&self) -> String {
        name(self.model)
    }

    /// The opinion in a word or two.
    pub(super) fn word(&self, opinion: &Opinion) -> &'static str {
        match opinion {
            Opinion::Holds if self.is_linearizability => "linearizable",
            Opinion::Broken(_) if self.is_linearizability => "not linearizable",
            Opinion::Holds => "holds",
            Opinion::Broken(_) => "broken",
            Opinion::Undecided(_) => "undecided",
        }
    }
}

fn name(model: ModelName) -> String {
    model.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}
