//! Owns the virality score: a bot's reply adds 1, a like 20, a comment 50, and each user scores once per
//! cooldown.

use std::time::Duration;

use async_trait::async_trait;
use raceproof::history::{Operation, OperationEnd};
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;

use super::card;

const COOLDOWN_S: u64 = 3_600;

/// What the worker's user does and what it is worth: Ann's like and Ann's comment race, a bot replies.
fn action(worker: &Worker) -> (&'static str, i64) {
    match worker.index() % 3 {
        0 => ("ann", 20),
        1 => ("ann", 50),
        _ => ("bot", 1),
    }
}

async fn prepare(stores: &mut SetUp) -> Result {
    Ok(stores.redis().set("score", 0).await?)
}

fn promises() -> Vec<Invariant> {
    vec![
        Invariant::new("each user scores once per cooldown", |view: &View<'_>| {
            let scores: Vec<Score<'_>> = view.done("score").filter_map(Score::of).collect();
            let early = |(index, score): (usize, &Score<'_>)| {
                scores[..index].iter().any(|other| other.is_within_cooldown_of(score))
            };
            match scores.iter().enumerate().find(|score| early(*score)) {
                Some((_, Score { user, .. })) => {
                    Err(format!("{user} scored more than once in {COOLDOWN_S} s; {}", view.state))
                }
                None => Ok(()),
            }
        }),
        Invariant::new("the score is the sum of what was granted", |view: &View<'_>| {
            let granted: i64 = view.done("score").filter_map(Score::of).map(|score| score.points).sum();
            match view.state.integer("score") {
                Some(score) if score == granted => Ok(()),
                score => Err(format!("the score is {score:?}, granted were {granted}")),
            }
        }),
    ]
}

/// What a user was granted, and when by the run's clock.
struct Score<'a> {
    user: &'a str,
    points: i64,
    at: Duration,
}

impl<'a> Score<'a> {
    /// Read from an operation that ended with [`granted`].
    fn of(operation: &'a Operation) -> Option<Self> {
        let OperationEnd::Ok(granted) = &operation.end else { return None };
        let (points, at) = granted.split_once(" at ")?;
        let at = Duration::from_millis(at.strip_suffix(" ms")?.parse().ok()?);
        Some(Self { user: &operation.argument, points: points.parse().ok()?, at })
    }

    fn is_within_cooldown_of(&self, other: &Self) -> bool {
        self.user == other.user && self.at.abs_diff(other.at) < Duration::from_secs(COOLDOWN_S)
    }
}

/// The end of an operation that was granted `points` when the cooldown key had been set at `at`.
fn granted(points: i64, at: Duration) -> String {
    format!("{points} at {} ms", at.as_millis())
}

/// Looks whether the cooldown key exists, and sets it if not.
///
/// ```text
/// A (Ann likes)               B (Ann comments)
/// EXISTS cooldown:ann -> 0
///                             EXISTS cooldown:ann -> 0
/// SET cooldown:ann EX 3600
/// INCRBY score 20             SET cooldown:ann EX 3600
///                             INCRBY score 50           Ann scored twice
/// ```
pub(super) struct CheckThenSet;

#[async_trait(?Send)]
impl Scenario for CheckThenSet {
    fn card(&self) -> Card {
        let about = "A score is granted if the user's cooldown key does not exist, and the key is set afterwards. Two \
                     actions of the same user both find no key and both score.";
        card("virality-check-then-set", about, Some("time of check to time of use"), 3)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        let (user, points) = action(&worker);
        let score = worker.invoke("score", user);
        let cooldown = format!("cooldown:{user}");
        if redis.exists(&cooldown).await? {
            score.refused("cooldown");
            return Ok(());
        }
        let () = redis.set_ex(&cooldown, 1, COOLDOWN_S).await?;
        let since = worker.clock().now();
        let _: i64 = redis.incr("score", points).await?;
        score.ok(granted(points, since));
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promises()
    }
}

/// Sets the cooldown key with `SET NX EX`: only one of two actions gets it.
pub(super) struct SetNxEx;

#[async_trait(?Send)]
impl Scenario for SetNxEx {
    fn card(&self) -> Card {
        let about = "A score is granted to whoever creates the user's cooldown key with SET NX EX. Checking and \
                     setting are one command, so one of two actions is refused.";
        card("virality-set-nx-ex", about, None, 3)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        let (user, points) = action(&worker);
        let score = worker.invoke("score", user);
        let mut set = redis::cmd("SET");
        set.arg(format!("cooldown:{user}")).arg(1).arg("NX").arg("EX").arg(COOLDOWN_S);
        let taken: Option<String> = set.query_async(&mut redis).await?;
        if taken.is_none() {
            score.refused("cooldown");
            return Ok(());
        }
        let since = worker.clock().now();
        let _: i64 = redis.incr("score", points).await?;
        score.ok(granted(points, since));
        Ok(())
    }

    fn always(&self) -> Vec<Invariant> {
        vec![Invariant::new("every cooldown ends by itself", |view: &View<'_>| {
            let endless = |key: &&String| key.starts_with("cooldown:") && !view.state.expires(key);
            let endless = view.state.entries().keys().find(endless);
            endless.map_or(Ok(()), |key| Err(format!("`{key}` has no expiry")))
        })]
    }

    fn finally(&self) -> Vec<Invariant> {
        promises()
    }
}
