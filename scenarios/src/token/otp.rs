//! Owns the one-time password in Redis: used once, and guessed at only so often.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, Worker};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;

use crate::anomaly::CHECK_THEN_ACT;
use crate::card::{Details, broken, correct};
use crate::operations::at_most;
use crate::script::{eval, send};

const PASSWORD: &str = "471193";

/// How a password is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// `GET`, compare, `DEL`.
    ///
    /// ```text
    /// A                     B
    /// GET otp -> 471193
    ///                       GET otp -> 471193
    /// DEL otp -> 1          DEL otp -> 0          both are in
    /// ```
    GetThenDel,
    /// `GETDEL`: whoever reads it has removed it.
    Getdel,
}

struct Otp(Taken);

const GET_THEN_DEL: &str = "Each login reads the one-time password, compares it, and deletes it. Two that read before either \
                            deletes are both let in.";
const GETDEL: &str = "Each login takes the one-time password with GETDEL and compares it. Reading and deleting are one command, so \
                      the second login finds nothing.";

#[async_trait(?Send)]
impl Scenario for Otp {
    fn card(&self) -> Card {
        match self.0 {
            Taken::GetThenDel => broken("token/otp-get-then-del", GET_THEN_DEL, CHECK_THEN_ACT).on_redis(),
            Taken::Getdel => correct("token/otp-getdel", GETDEL).on_redis().workers(3),
        }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(stores.redis().set_ex("otp", PASSWORD, 300).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        let login = worker.invoke("login", PASSWORD);
        let expected: Option<String> = match self.0 {
            Taken::GetThenDel => redis.get("otp").await?,
            Taken::Getdel => redis.get_del("otp").await?,
        };
        if expected.as_deref() != Some(PASSWORD) {
            login.refused("wrong or used password");
            return Ok(());
        }
        if self.0 == Taken::GetThenDel {
            let _: i64 = redis.del("otp").await?;
        }
        login.ok("logged in");
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![at_most(1, "login")]
    }
}

/// How guesses are counted, in the hash that holds the password.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Counted {
    /// Read the count and the password, compare, count.
    ///
    /// ```text
    /// A                           B
    /// HMGET otp -> 471193, 2
    ///                             HMGET otp -> 471193, 2
    /// HINCRBY guesses -> 3        HINCRBY guesses -> 4       four guesses of three
    /// ```
    ReadThenCount,
    /// Count and comparison in one script.
    Script,
}

struct Guesses(Counted);

/// How often somebody may guess.
const GUESSES_MAX: usize = 3;
/// How often somebody has guessed.
const GUESSED: usize = 2;
/// What is guessed; it is wrong.
const GUESS: &str = "000000";
const COUNT_AND_COMPARE: &str = "
local password = redis.call('HGET', KEYS[1], 'password')
if not password then return 'ended' end
if redis.call('HINCRBY', KEYS[1], 'guesses', 1) > tonumber(ARGV[2]) then return 'too many' end
if password == ARGV[1] then return 'right' end
return 'wrong'
";

const READ_THEN_COUNT: &str = "Each login reads the password and how often has been guessed, compares if that is below three, and counts \
                               a wrong guess. Guesses sent at once all read the same count, and a thousand may be tried.";
const SCRIPT: &str = "Each login runs a script that counts the guess and compares it only if the count is within three. Redis runs a \
                      script as a whole, so the fourth guess is never looked at.";

/// What a guess came to, counted behind the comparison.
async fn read_then_count(redis: &mut MultiplexedConnection) -> Result<&'static str> {
    let found: (Option<String>, Option<usize>) =
        send(redis, &["HMGET", "otp", "password", "guesses"]).await?;
    let (Some(password), Some(guesses)) = found else { return Ok("ended") };
    if guesses >= GUESSES_MAX {
        return Ok("too many");
    }
    if password == GUESS {
        return Ok("right");
    }
    let _: i64 = redis.hincr("otp", "guesses", 1).await?;
    Ok("wrong")
}

#[async_trait(?Send)]
impl Scenario for Guesses {
    fn card(&self) -> Card {
        match self.0 {
            Counted::ReadThenCount => {
                broken("token/guesses-read-then-count", READ_THEN_COUNT, CHECK_THEN_ACT).on_redis()
            }
            Counted::Script => correct("token/guesses-lua", SCRIPT).on_redis().workers(3),
        }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let guessed = GUESSED.to_string();
        let _: i64 =
            send(stores.redis(), &["HSET", "otp", "password", PASSWORD, "guesses", &guessed]).await?;
        Ok(stores.redis().expire("otp", 300).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        let guess = worker.invoke("guess", GUESS);
        let limit = GUESSES_MAX.to_string();
        let answer: String = match self.0 {
            Counted::ReadThenCount => read_then_count(&mut redis).await?.to_owned(),
            Counted::Script => eval(&mut redis, COUNT_AND_COMPARE, &["otp"], &[GUESS, &limit]).await?,
        };
        match answer.as_str() {
            "right" | "wrong" => guess.ok(answer),
            _ => guess.refused(answer),
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![at_most(GUESSES_MAX - GUESSED, "guess")]
    }
}

/// Every variant of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![
        Arc::new(Otp(Taken::GetThenDel)),
        Arc::new(Otp(Taken::Getdel)),
        Arc::new(Guesses(Counted::ReadThenCount)),
        Arc::new(Guesses(Counted::Script)),
    ]
}
