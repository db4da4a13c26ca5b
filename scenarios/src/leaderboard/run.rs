//! Owns the best score and, beside it, the recording of the game in which it was made.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::history::Datum;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;

use crate::anomaly::MIXED_UPDATES;
use crate::card::{Details, broken, per_model};
use crate::script::{eval, send};

/// The sorted set of players and their best scores.
pub(super) const BOARD: &str = "board";
/// Who plays, on several devices at once.
pub(super) const PLAYER: &str = "ann";
/// The hash of players and recordings of their best games.
const RECORDINGS: &str = "recordings";
/// Writes score and recording if the score is higher.
const SUBMIT: &str = "
if redis.call('ZADD', KEYS[1], 'GT', 'CH', ARGV[2], ARGV[1]) == 1 then
    redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
    return 1
end
return 0
";

/// The score of the worker's game: 20, 30, 40.
pub(super) fn score(worker: &Worker) -> i64 {
    20 + 10 * i64::try_from(worker.index()).unwrap_or(0)
}

/// The player's score on the board.
fn on_board<'a>(view: &'a View<'_>) -> Option<&'a str> {
    match view.state.get(BOARD) {
        Some(Datum::Scores(scores)) => scores.get(PLAYER).map(String::as_str),
        _ => None,
    }
}

/// No score that was submitted is higher than the one on the board.
pub(super) fn best_counts() -> Invariant {
    Invariant::new("the board shows the best score", |view: &View<'_>| {
        let shown = on_board(view).and_then(|score| score.parse::<i64>().ok()).unwrap_or(0);
        let scores = view.done("submit").filter_map(|submit| submit.argument.parse::<i64>().ok());
        match scores.max() {
            Some(best) if best > shown => Err(format!("it shows {shown}, and {best} was submitted")),
            _ => Ok(()),
        }
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Recorded {
    /// `ZADD GT CH`, and `HSET` if that changed the score.
    ///
    /// ```text
    /// A (20)                    B (30)
    /// ZADD GT CH 20 -> 1
    ///                           ZADD GT CH 30 -> 1
    ///                           HSET recording of 30
    /// HSET recording of 20                             a score of 30, a game of 20
    /// ```
    Apart,
    /// Both in a script.
    Script,
}

struct Run(Recorded);

const APART: &str = "Each game sends its score with ZADD GT, and its recording with HSET if that has changed the score. The slower of two \
                     that both did puts the recording of the lower score beside the higher.";
const SCRIPT: &str = "Each game runs a script that sends its score with ZADD GT and writes its recording if that has changed the score. \
                      Score and recording are of the same game, whoever comes when and whatever breaks.";

#[async_trait(?Send)]
impl Scenario for Run {
    fn card(&self) -> Card {
        match self.0 {
            Recorded::Apart => broken("leaderboard/recording-apart", APART, MIXED_UPDATES).on_redis(),
            Recorded::Script => per_model("leaderboard/recording-lua", SCRIPT).workers(3).holds_under(&[
                "none",
                "crash",
                "lost-reply",
            ]),
        }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let _: i64 = stores.redis().zadd(BOARD, PLAYER, 10).await?;
        Ok(stores.redis().hset(RECORDINGS, PLAYER, "game of 10").await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        let score = score(&worker);
        let (written, recording) = (score.to_string(), format!("game of {score}"));
        let submit = worker.invoke("submit", score);
        if self.0 == Recorded::Script {
            let arguments = [PLAYER, &written, &recording];
            let _: i64 = eval(&mut redis, SUBMIT, &[BOARD, RECORDINGS], &arguments).await?;
            submit.ok("written");
            return Ok(());
        }
        let changed: i64 = send(&mut redis, &["ZADD", BOARD, "GT", "CH", &written, PLAYER]).await?;
        if changed == 1 {
            let _: i64 = redis.hset(RECORDINGS, PLAYER, recording).await?;
        }
        submit.ok("written");
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        let same = Invariant::new("the recording is of the game with the best score", |view: &View<'_>| {
            let recording = match view.state.get(RECORDINGS) {
                Some(Datum::Map(recordings)) => recordings.get(PLAYER),
                _ => None,
            };
            match (on_board(view), recording) {
                (Some(score), Some(recording)) if *recording == format!("game of {score}") => Ok(()),
                found => Err(format!("board and recordings show {found:?}")),
            }
        });
        vec![best_counts(), same]
    }
}

/// Every variant of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(Run(Recorded::Apart)), Arc::new(Run(Recorded::Script))]
}
