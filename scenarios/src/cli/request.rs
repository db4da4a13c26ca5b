//! Owns the way from arguments to a whole, valid plan; nothing starts before it is whole.

use std::collections::BTreeSet;
use std::sync::Arc;

use raceproof::fault::FaultError;
use raceproof::isolation::IsolationError;
use raceproof::plan::{Plan, StrategyKind};
use raceproof::shard::ShardError;
use raceproof::store::{ClockChoice, Needs, ProviderChoice, StoreOptions, postgres, redis};
use raceproof::{Card, FaultModel, Isolation, Scenario, Shard};
use thiserror::Error;

use super::allowance::Allowance;
use super::args::{ALL_LEVELS, SearchArgs, StoreArgs};
use super::breakage::Breakage;
use super::leg::Leg;

/// Arguments that make no sense together.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum RequestError {
    /// Samples have no bound.
    #[error(
        "`--preemptions` bounds systematic searches only, and `--strategy {0}` samples (drop one of the two)"
    )]
    BoundOfSamples(StrategyKind),
    /// Nothing is chosen in a burst.
    #[error("`{flag}` is about schedules, and `--strategy burst` follows none (drop one of the two)")]
    ChoiceOfBurst {
        /// Which option.
        flag: &'static str,
    },
    /// A burst is no search.
    #[error("`--resume` goes on with searches, and `--strategy burst` makes none (drop one of the two)")]
    ResumeOfBurst,
    /// Kinds of faults, and no fault.
    #[error("`--faults 0` lets nothing break, so `--fault` means nothing (drop one of the two)")]
    FaultOfNone,
    /// A word that is no kind of fault.
    #[error(transparent)]
    Fault(#[from] FaultError),
    /// A URL that would not be used.
    #[error("`{flag}` is used by `--stores url` only (add it, or drop the URL)")]
    UrlUnused {
        /// Which option.
        flag: &'static str,
    },
    /// Servers of the user, without their word.
    #[error(
        "`--stores url` writes to the servers and empties them (add `--disposable` if nothing on them matters)"
    )]
    NotDisposable,
    /// A word that says nothing.
    #[error("`--disposable` speaks of servers named by `--stores url` (add it, or drop the word)")]
    DisposableUnused,
    /// Programs outside run at their own pace, once.
    #[error(
        "`{scenario}` has workers that are programs or requests, which `--strategy burst` cannot release together (drop it)"
    )]
    BurstOfPrograms {
        /// Which scenario.
        scenario: String,
    },
    /// Engines that would disturb each other.
    #[error(
        "`--jobs` gives each job servers of its own, and `--stores url` names one set (drop one of the two)"
    )]
    SharedStores,
    /// A store is needed and not named.
    #[error("the scenarios need {store}, which `--stores url` cannot find (name it with `{flag}`)")]
    UrlMissing {
        /// Which store.
        store: &'static str,
        /// Which option.
        flag: &'static str,
    },
    /// More parts than a number can count.
    #[error("`--shard` and `--jobs` together make more parts than there can be (give smaller numbers)")]
    TooManyParts(#[source] ShardError),
    /// A card that names a store that we do not have.
    #[error(
        "`{scenario}` needs the store `{store}`, which is not known (its card may name `redis`, `redis-2` to `redis-5`, and `postgres`)"
    )]
    UnknownStore {
        /// Which scenario.
        scenario: String,
        /// Which store.
        store: String,
    },
}

/// The plan that the arguments ask for.
pub(super) fn plan(args: &SearchArgs) -> Result<Plan, RequestError> {
    if args.strategy == StrategyKind::Burst {
        check_burst(args)?;
    } else if !args.strategy.is_exhaustive() && args.preemptions.is_some() {
        return Err(RequestError::BoundOfSamples(args.strategy));
    }
    Ok(Plan {
        seed: args.seed,
        strategy: args.strategy,
        pct_depth: usize::from(args.pct_depth),
        reduces: !args.no_reduction,
        preemption_bound: args.preemptions,
        schedules_max: args.schedules,
        budget: Allowance::of(args.budget).each,
        workers: args.workers.map(usize::from),
        splits_max: if args.no_split { 0 } else { usize::from(args.splits) },
        repeat: args.repeat,
        keep_going: args.keep_going,
        shard: args.shard.unwrap_or(Shard::WHOLE),
        ..Plan::default()
    })
}

/// How many engines explore at once.
pub(super) fn jobs(search: &SearchArgs, stores: &StoreArgs) -> Result<u32, RequestError> {
    match (search.jobs, stores.stores) {
        (2.., ProviderChoice::Url) => Err(RequestError::SharedStores),
        (jobs, _) => {
            let parts = search.shard.unwrap_or(Shard::WHOLE).split(jobs);
            parts.map(|_| jobs).map_err(RequestError::TooManyParts)
        }
    }
}

/// Refuses bursts of what runs outside of this process.
pub(super) fn check_programs(args: &SearchArgs, scenarios: &[Arc<dyn Scenario>]) -> Result<(), RequestError> {
    let outside = scenarios.iter().find(|scenario| scenario.has_warm_up());
    match outside.filter(|_| args.strategy == StrategyKind::Burst) {
        Some(scenario) => Err(RequestError::BurstOfPrograms { scenario: scenario.card().name }),
        None => Ok(()),
    }
}

/// Refuses what speaks of choices.
fn check_burst(args: &SearchArgs) -> Result<(), RequestError> {
    let given = [
        ("--preemptions", args.preemptions.is_some()),
        ("--no-split", args.no_split),
        ("--faults", args.faults.is_some()),
        ("--fault", !args.fault.is_empty()),
        ("--no-time", args.no_time),
        ("--repeat", args.repeat > 1),
        ("--jobs", args.jobs > 1),
        ("--shard", args.shard.is_some()),
    ];
    match given.into_iter().find(|(_, is_given)| *is_given) {
        Some((flag, _)) => Err(RequestError::ChoiceOfBurst { flag }),
        None if args.resume => Err(RequestError::ResumeOfBurst),
        None => Ok(()),
    }
}

/// The isolation levels that the arguments name, the weakest first; none if they name none.
pub(super) fn levels(args: &SearchArgs) -> Result<BTreeSet<Isolation>, IsolationError> {
    if args.isolation.iter().any(|word| word == ALL_LEVELS) {
        return Ok(Isolation::ALL.into());
    }
    args.isolation.iter().map(|word| word.parse()).collect()
}

/// Every scenario with every level and every fault model with which it is to run: the `levels` and the `breakage` that
/// were asked for, else its own. In bursts nothing is broken, and the machine may keep anybody waiting.
pub(super) fn legs(
    cards: &[&Card],
    levels: &BTreeSet<Isolation>,
    breakage: Option<&Breakage>,
    strategy: StrategyKind,
) -> Vec<Leg> {
    let of_card = |card: &&Card| {
        let models = match strategy {
            StrategyKind::Burst => vec![FaultModel::pause()],
            _ => models_of(card, breakage),
        };
        let of_level = |level: &Option<Isolation>| {
            let leg = |model: &FaultModel| Leg::of(card, *level, model.clone());
            models.iter().map(leg).collect::<Vec<_>>()
        };
        levels_of(card, levels).iter().flat_map(of_level).collect::<Vec<_>>()
    };
    cards.iter().flat_map(of_card).collect()
}

/// The levels at which a scenario runs; one whose stores know no levels, or that speaks of none, runs without one.
fn levels_of(card: &Card, asked: &BTreeSet<Isolation>) -> Vec<Option<Isolation>> {
    let levels: Vec<_> = match () {
        () if !knows_levels(card) => Vec::new(),
        () if asked.is_empty() => card.isolation.keys().copied().map(Some).collect(),
        () => asked.iter().copied().map(Some).collect(),
    };
    if levels.is_empty() { vec![None] } else { levels }
}

/// The models under which a scenario runs; one that speaks of none runs under the default.
fn models_of(card: &Card, asked: Option<&Breakage>) -> Vec<FaultModel> {
    match asked {
        Some(breakage) => vec![breakage.model(card)],
        None if card.models.is_empty() => vec![FaultModel::default()],
        None => card.models.keys().cloned().collect(),
    }
}

/// What is to be said of the scenarios to which the levels that were asked for mean nothing.
pub(super) fn levels_unused(cards: &[&Card], levels: &BTreeSet<Isolation>) -> Option<String> {
    let without: Vec<_> = cards.iter().filter(|card| !knows_levels(card)).collect();
    match without.as_slice() {
        _ if levels.is_empty() => None,
        [] => None,
        [only] => Some(format!(
            "`{}` uses no Postgres, so `--isolation` means nothing to it: it runs once, without a level",
            only.name
        )),
        several => Some(format!(
            "{} scenarios use no Postgres, so `--isolation` means nothing to them: each runs once, without a level",
            several.len()
        )),
    }
}

/// What is to be said of fault models under which scenarios do not run in bursts.
pub(super) fn models_unused(cards: &[&Card], strategy: StrategyKind) -> Option<String> {
    let of_card = |card: &&&Card| card.models.keys().any(|model| *model != FaultModel::pause());
    let count = cards.iter().filter(of_card).count();
    (strategy == StrategyKind::Burst && count > 0).then(|| {
        let whose = if count == 1 { "1 scenario".to_owned() } else { format!("{count} scenarios") };
        format!(
            "nothing is made to break in a burst: other fault models of {whose} than `pause` are left out"
        )
    })
}

/// Only Postgres has transactions with levels.
fn knows_levels(card: &Card) -> bool {
    card.stores.iter().any(|store| store == "postgres")
}

/// The stores that `cards` need, provided as the arguments say.
pub(super) fn stores(args: &StoreArgs, cards: &[&Card]) -> Result<StoreOptions, RequestError> {
    let needs = needs(cards)?;
    check_urls(args, needs)?;
    let defaults = StoreOptions::default();
    Ok(StoreOptions {
        provider: args.stores,
        redis_image: args.redis_image.clone().unwrap_or(defaults.redis_image),
        postgres_image: args.postgres_image.clone().unwrap_or(defaults.postgres_image),
        redis_url: args.redis_url.clone(),
        postgres_url: args.postgres_url.clone(),
        disposable: args.disposable,
        needs,
        clock: args.clock,
        persistence: defaults.persistence,
    })
}

/// The options of `stores` as words, so that a replay runs on the same ones.
pub(super) fn words(args: &StoreArgs) -> Vec<String> {
    let mut words = Vec::new();
    if args.stores != ProviderChoice::default() {
        words.extend(["--stores".to_owned(), args.stores.to_string()]);
    }
    let values = [
        ("--redis-image", &args.redis_image),
        ("--postgres-image", &args.postgres_image),
        ("--redis-url", &args.redis_url),
        ("--postgres-url", &args.postgres_url),
    ];
    for (flag, value) in values {
        words.extend(value.iter().flat_map(|value| [flag.to_owned(), value.clone()]));
    }
    if args.clock != ClockChoice::default() {
        words.extend(["--clock".to_owned(), args.clock.to_string()]);
    }
    words.extend(args.disposable.then(|| "--disposable".to_owned()));
    words
}

fn needs(cards: &[&Card]) -> Result<Needs, RequestError> {
    let mut needs = Needs { redis: 0, postgres: false };
    for card in cards {
        for store in &card.stores {
            let redis = redis::NAMES.iter().position(|name| name == store);
            match (redis, store.as_str()) {
                (Some(position), _) => needs.redis = needs.redis.max(position + 1),
                (None, postgres::NAME) => needs.postgres = true,
                _ => {
                    let (scenario, store) = (card.name.clone(), store.clone());
                    return Err(RequestError::UnknownStore { scenario, store });
                }
            }
        }
    }
    Ok(needs)
}

fn check_urls(args: &StoreArgs, needs: Needs) -> Result<(), RequestError> {
    let named = [
        ("Redis", "--redis-url", needs.redis > 0, args.redis_url.is_some()),
        ("Postgres", "--postgres-url", needs.postgres, args.postgres_url.is_some()),
    ];
    if args.stores != ProviderChoice::Url {
        let unused = named.iter().find(|(_, _, _, is_given)| *is_given);
        return match unused {
            Some((_, flag, _, _)) => Err(RequestError::UrlUnused { flag }),
            None if args.disposable => Err(RequestError::DisposableUnused),
            None => Ok(()),
        };
    }
    if !args.disposable {
        return Err(RequestError::NotDisposable);
    }
    match named.iter().find(|(_, _, is_needed, is_given)| *is_needed && !is_given) {
        Some((store, flag, _, _)) => Err(RequestError::UrlMissing { store, flag }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
