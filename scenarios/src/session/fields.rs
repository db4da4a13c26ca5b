//! Owns the session that two requests of one visitor change at once, each another field.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::history::Datum;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;

use crate::anomaly::LOST_UPDATE;
use crate::card::{Details, broken, correct};
use crate::script::{eval, send};

/// Where the session is, as one text or as a hash.
pub(super) const SESSION: &str = "session";
/// How long a session lasts.
pub(super) const LASTS_S: &str = "3600";
/// How often a save is tried: each of the others can come before once.
const SAVES_MAX: u32 = 3;
/// Saves the session if its version is the one that was read.
const SAVE: &str = "
local version = redis.call('HGET', KEYS[1], 'version')
if version ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'version', version + 1, 'fields', ARGV[2])
return 1
";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Saved {
    /// The whole session is read, changed and written.
    ///
    /// ```text
    /// A (puts something in the cart)    B (changes the language)
    /// GET session -> {}
    ///                                   GET session -> {}
    /// SET session {A}                   SET session {B}              the cart is empty again
    /// ```
    Whole,
    /// Each field is a field of a hash.
    PerField,
    /// The whole session, if nobody has saved since it was read; else it is read again.
    Versioned,
}

struct Fields(Saved);

const WHOLE: &str = "Each request reads the session as one text, sets a field and writes all of it back. Of two requests that read \
                     the same session the second writes over what the first has set.";
const PER_FIELD: &str =
    "Each request writes its field of a hash with HSET. Nothing that others have written is written again.";
const VERSIONED: &str = "Each request reads the session with its version, and a script writes it back if the version is the same. Who was \
                         overtaken reads the session again and sets the field in that.";

/// The text of a session with one more field.
fn with_field(session: &str, field: &str) -> String {
    if session.is_empty() { field.to_owned() } else { format!("{session} {field}") }
}

impl Fields {
    /// Sets `field`; whether the session has it now.
    async fn set(&self, redis: &mut MultiplexedConnection, field: &str) -> Result<bool> {
        match self.0 {
            Saved::Whole => {
                let session: Option<String> = redis.get(SESSION).await?;
                let session = with_field(session.as_deref().unwrap_or_default(), field);
                let () = send(redis, &["SET", SESSION, &session, "EX", LASTS_S]).await?;
                Ok(true)
            }
            Saved::PerField => {
                let _: i64 = redis.hset(SESSION, field, "set").await?;
                Ok(true)
            }
            Saved::Versioned => versioned(redis, field).await,
        }
    }
}

async fn versioned(redis: &mut MultiplexedConnection, field: &str) -> Result<bool> {
    for _ in 0..SAVES_MAX {
        let found: (Option<String>, Option<String>) =
            send(redis, &["HMGET", SESSION, "version", "fields"]).await?;
        let (Some(version), Some(fields)) = found else { return Ok(false) };
        if eval(redis, SAVE, &[SESSION], &[&version, &with_field(&fields, field)]).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The fields of the session, whichever way they are kept.
fn has_field(view: &View<'_>, field: &str) -> bool {
    let within = |text: &str| text.split(' ').any(|word| word == field);
    match view.state.get(SESSION).map(Datum::lasting) {
        Some(Datum::Text(text)) => within(text),
        Some(Datum::Map(fields)) => {
            fields.contains_key(field) || fields.get("fields").is_some_and(|text| within(text))
        }
        _ => false,
    }
}

#[async_trait(?Send)]
impl Scenario for Fields {
    fn card(&self) -> Card {
        let card = match self.0 {
            Saved::Whole => broken("session/get-modify-set", WHOLE, LOST_UPDATE),
            Saved::PerField => correct("session/hset-per-field", PER_FIELD).workers(3),
            Saved::Versioned => correct("session/version-checked", VERSIONED),
        };
        card.on_redis()
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        if self.0 == Saved::Versioned {
            let _: i64 = send(stores.redis(), &["HSET", SESSION, "version", "1", "fields", ""]).await?;
        }
        Ok(())
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        let field = worker.id().to_string();
        let set = worker.invoke("set", &field);
        if self.set(&mut redis, &field).await? {
            set.ok("set");
        } else {
            set.refused("others were faster all the time, or the session is over");
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("what a request has set is in the session", |view: &View<'_>| {
            let lost = view.done("set").find(|set| !has_field(view, &set.argument));
            lost.map_or(Ok(()), |set| {
                Err(format!("what {} has set is not in it: {}", set.worker, view.state))
            })
        })]
    }
}

/// Every variant of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    let every = [Saved::Whole, Saved::PerField, Saved::Versioned];
    every.into_iter().map(|saved| Arc::new(Fields(saved)) as Arc<dyn Scenario>).collect()
}
