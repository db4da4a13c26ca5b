//! Owns the lock per user and process: one user's import must not run twice, but may run beside the user's export.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::{Card, Invariant, Scenario, Worker};

use super::guarded::{Guarded, Hand, Lock, TTL_MS};
use super::link::Link;
use crate::anomaly::{CHECK_THEN_ACT, TWO_HOLDERS};
use crate::card::{Details, per_model};

/// All workers act for the same user.
const USER: &str = "user:1";
/// Takes the user's key unless the same process is written in it.
const SET_UNLESS_SAME: &str = "
if redis.call('GET', KEYS[1]) == ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
";
/// Deletes the key if this is written in it.
const DELETE_OWN: &str = "
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// The process is the value of the user's key, so that another process overwrites it.
    ///
    /// ```text
    /// A (import)              B (export)              C (import)
    /// user:1 = import
    ///                         user:1 = export
    ///                                                 user:1 = import     import runs twice
    /// ```
    ProcessInValue,
    /// `EXISTS`, then `SET`.
    CheckThenSet,
    /// `SET NX PX` with a key of user and process.
    SetNx,
}

struct PerProcess {
    name: &'static str,
    about: &'static str,
    taken: Taken,
}

/// Every second worker exports.
fn process(worker: &Worker) -> &'static str {
    if worker.index() % 2 == 1 { "export" } else { "import" }
}

fn key(redis: &Link) -> String {
    format!("{USER}:{}", process(redis.worker()))
}

#[async_trait(?Send)]
impl Lock for PerProcess {
    type Hand = Link;

    fn card(&self) -> Card {
        let card = per_model(self.name, self.about).workers(3);
        match self.taken {
            Taken::ProcessInValue => card.breaks_under(&["none"], TWO_HOLDERS),
            Taken::CheckThenSet => card.breaks_under(&["none"], CHECK_THEN_ACT),
            Taken::SetNx => card.holds_under(&["none", "crash"]),
        }
    }

    fn name(&self, worker: &Worker) -> String {
        format!("{USER}:{}", process(worker))
    }

    async fn acquire(&self, redis: &mut Link) -> Result<bool> {
        let (key, owner) = (key(redis), redis.owner());
        let ttl = TTL_MS.to_string();
        match self.taken {
            Taken::ProcessInValue => {
                let process = process(redis.worker());
                return Ok(redis.eval(SET_UNLESS_SAME, USER, &[process, &ttl]).await?);
            }
            Taken::CheckThenSet => {
                if redis.send(redis::cmd("EXISTS").arg(&key)).await? {
                    return Ok(false);
                }
                let _: () = redis.send(redis::cmd("SET").arg(&key).arg(owner).arg("PX").arg(ttl)).await?;
                return Ok(true);
            }
            Taken::SetNx => {}
        }
        let mut set = redis::cmd("SET");
        set.arg(key).arg(owner).arg("NX").arg("PX").arg(ttl);
        Ok(redis.send::<Option<String>>(&set).await?.is_some())
    }

    async fn work(&self, redis: &mut Link) -> Result<bool> {
        redis.look().await
    }

    async fn release(&self, redis: &mut Link) -> Result {
        let (key, owner) = match self.taken {
            Taken::ProcessInValue => (USER.to_owned(), process(redis.worker()).to_owned()),
            _ => (key(redis), redis.owner()),
        };
        let _: i64 = redis.eval(DELETE_OWN, &key, &[&owner]).await?;
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        Vec::new()
    }
}

/// Every lock of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![
        Arc::new(Guarded(PerProcess {
            name: "lock/process-in-value",
            about: "A user's running process is written under the user's key, and a process is refused if it finds itself \
                    there. Another process overwrites the name, and the first one can start a second time.",
            taken: Taken::ProcessInValue,
        })),
        Arc::new(Guarded(PerProcess {
            name: "lock/process-check-then-set",
            about: "Each worker asks whether there is a key of its user and process, and writes it if there is none. Two ask \
                    before either writes.",
            taken: Taken::CheckThenSet,
        })),
        Arc::new(Guarded(PerProcess {
            name: "lock/process-set-nx",
            about: "Each worker takes a key of its user and process with SET NX PX. The same process of a user runs once, and \
                    two processes of a user do not hinder each other.",
            taken: Taken::SetNx,
        })),
    ]
}
