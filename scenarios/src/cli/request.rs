//! Owns the way from arguments to a whole, valid plan; nothing starts before it is whole.

use raceproof::Card;
use raceproof::plan::{Plan, StrategyKind};
use raceproof::store::{Needs, ProviderChoice, StoreOptions};
use thiserror::Error;

use super::args::{SearchArgs, StoreArgs};

/// Arguments that make no sense together.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum RequestError {
    /// A random walk has no bound.
    #[error("`--preemptions` bounds the search of `--strategy dfs` only (drop one of the two)")]
    BoundOfRandomWalk,
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
    /// A store is needed and not named.
    #[error("the scenarios need {store}, which `--stores url` cannot find (name it with `{flag}`)")]
    UrlMissing {
        /// Which store.
        store: &'static str,
        /// Which option.
        flag: &'static str,
    },
    /// A card that names a store that we do not have.
    #[error(
        "`{scenario}` needs the store `{store}`, which is not known (its card may name `redis` and `postgres`)"
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
    if args.strategy == StrategyKind::Random && args.preemptions.is_some() {
        return Err(RequestError::BoundOfRandomWalk);
    }
    Ok(Plan {
        seed: args.seed,
        strategy: args.strategy,
        preemption_bound: args.preemptions,
        schedules_max: args.schedules,
        budget: args.budget,
        workers: args.workers.map(usize::from),
        keep_going: args.keep_going,
        ..Plan::default()
    })
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
    words.extend(args.disposable.then(|| "--disposable".to_owned()));
    words
}

fn needs(cards: &[&Card]) -> Result<Needs, RequestError> {
    let mut needs = Needs { redis: false, postgres: false };
    for card in cards {
        for store in &card.stores {
            match store.as_str() {
                "redis" => needs.redis = true,
                "postgres" => needs.postgres = true,
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
        ("Redis", "--redis-url", needs.redis, args.redis_url.is_some()),
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
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::args::{Args, Command, RunArgs};
    use crate::cli::fake;

    fn args(words: &[&str]) -> RunArgs {
        // The environment of the test must not choose the stores.
        let pinned = if words.contains(&"--stores") { vec![] } else { vec!["--stores", "auto"] };
        let words = ["raceproof", "run"].iter().chain(words).chain(&pinned).copied();
        match Args::try_parse_from(words).expect("well-formed").command {
            Command::Run(args) => args,
            other => panic!("`run` was read as {other:?}"),
        }
    }

    fn stores_for(words: &[&str]) -> Result<StoreOptions, RequestError> {
        let outcome = fake::passed("counter/incr");
        stores(&args(words).stores, &[&outcome.card])
    }

    #[test]
    fn flags_become_a_plan() {
        let plan =
            plan(&args(&["--seed", "3", "--preemptions", "2", "--workers", "4", "--keep-going"]).search);
        let expected = Plan {
            seed: 3,
            preemption_bound: Some(2),
            workers: Some(4),
            keep_going: true,
            ..Plan::default()
        };
        assert_eq!(plan, Ok(expected));
    }

    #[test]
    fn bound_of_a_random_walk_is_refused() {
        let refused = plan(&args(&["--strategy", "random", "--preemptions", "2"]).search);
        assert_eq!(refused, Err(RequestError::BoundOfRandomWalk));
        assert!(plan(&args(&["--strategy", "random"]).search).is_ok());
    }

    /// Only what the cards name is started.
    #[test]
    fn stores_are_those_that_the_cards_need() {
        let options = stores_for(&[]).expect("auto needs nothing more");
        assert_eq!((options.needs.redis, options.needs.postgres), (true, false));
        let mut card = fake::passed("a/b").card;
        card.stores = vec!["mongo".to_owned()];
        assert!(matches!(stores(&args(&[]).stores, &[&card]), Err(RequestError::UnknownStore { .. })));
    }

    #[test]
    fn servers_named_by_url_need_the_word_and_the_urls() {
        let url = ["--stores", "url", "--redis-url", "redis://h"];
        assert_eq!(stores_for(&url), Err(RequestError::NotDisposable));
        assert!(stores_for(&[&url[..], &["--disposable"]].concat()).is_ok());
        let missing = stores_for(&["--stores", "url", "--disposable"]);
        assert_eq!(missing, Err(RequestError::UrlMissing { store: "Redis", flag: "--redis-url" }));
    }

    /// An option that would be ignored is an error: it was meant.
    #[test]
    fn options_without_effect_are_refused() {
        let unused = stores_for(&["--stores", "docker", "--postgres-url", "postgres://h"]);
        assert_eq!(unused, Err(RequestError::UrlUnused { flag: "--postgres-url" }));
        assert_eq!(stores_for(&["--disposable"]), Err(RequestError::DisposableUnused));
    }

    #[test]
    fn words_choose_the_same_stores_again() {
        let given = ["--stores", "docker", "--redis-image", "redis:8"];
        assert_eq!(words(&args(&given).stores), given);
        assert!(words(&args(&[]).stores).is_empty());
    }
}
