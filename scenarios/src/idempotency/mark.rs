//! Owns the payments whose keys are marked in Redis, before or after the bank has charged.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Scenario, Worker};
use redis::aio::MultiplexedConnection;

use super::client::{Answer, Client, Payment, charges};
use crate::anomaly::{CHECK_THEN_ACT, DUPLICATE_EFFECT, LOST_EFFECT};
use crate::card::{Details, broken, per_model};
use crate::script::send;

/// How long a request may be under way, as its mark says.
const UNDER_WAY_S: &str = "60";
/// How long an answer is kept.
const ANSWER_S: &str = "86400";
/// The mark of a request that is under way.
const UNDER_WAY: &str = "under way";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Marked {
    /// `GET`, then `SETEX`, which overwrites the mark of whoever was faster.
    ///
    /// ```text
    /// A                          B
    /// GET key -> nil
    ///                            GET key -> nil
    /// SETEX key under way        SETEX key under way
    /// charge                     charge                 charged twice, no error anywhere
    /// ```
    Setex,
    /// `SET NX EX`: the loser is told that one is under way.
    ///
    /// ```text
    /// A                          B
    /// SET key NX EX 60 -> OK
    /// charge
    ///    (60 seconds pass)       SET key NX EX 60 -> OK
    ///                            charge                 charged twice
    /// ```
    NxWithLimit,
    /// The same, claimed by the look-up itself (`SET NX EX GET`), and the bank is told the key: it charges each once.
    NxAndBank,
    /// `SETNX`, for ever.
    ///
    /// ```text
    /// A                          A, again
    /// SETNX key under way -> 1
    /// (crashes)
    ///                            SETNX key -> 0: under way, for ever
    /// ```
    NxForEver,
    /// Nothing before the charge, and `NX` on the answer.
    ///
    /// ```text
    /// A                          B
    /// GET key -> nil
    ///                            GET key -> nil
    /// charge                     charge                 charged twice
    /// SET key A NX -> OK         SET key B NX -> nil    and it looks right
    /// ```
    NxOnAnswer,
}

struct Mark(Marked);

const SETEX: &str = "Each request looks for its key, marks it as under way with SETEX if it is new, and charges. Two that \
                     look before either marks overwrite each other's mark, and both charge.";
const NX_WITH_LIMIT: &str = "Each request marks its key with SET NX EX 60 before it charges, and a duplicate is answered with 409. That \
                             keeps two at once apart, but a mark that ends before the request has stored its answer lets the next one charge again.";
const NX_AND_BANK: &str = "Each request marks its key with SET NX EX 60 and hands the key on to the bank, which charges each key \
                           once. The mark saves work, and the bank keeps the promise when the mark has ended too early.";
const NX_FOR_EVER: &str = "Each request marks its key with SETNX and then charges, so that nobody charges twice. If it dies in \
                           between, every further request is told that one is under way, and nobody is ever charged.";
const NX_ON_ANSWER: &str = "Each request looks for its key, charges, and stores its answer with SET NX so that the first answer is \
                            kept. What is stored looks right, but two requests have charged by then.";

impl Mark {
    /// What is known of a request, which is marked as under way if nothing is.
    async fn known(&self, redis: &mut MultiplexedConnection, order: &str) -> Result<Option<String>> {
        if self.0 == Marked::NxAndBank {
            return Ok(send(redis, &["SET", order, UNDER_WAY, "NX", "EX", UNDER_WAY_S, "GET"]).await?);
        }
        let known: Option<String> = send(redis, &["GET", order]).await?;
        if known.is_some() || self.claim(redis, order).await? {
            return Ok(known);
        }
        Ok(Some(UNDER_WAY.to_owned()))
    }

    /// Marks a new request as under way; `false` if another one has been faster.
    async fn claim(&self, redis: &mut MultiplexedConnection, order: &str) -> Result<bool> {
        let words: &[&str] = match self.0 {
            Marked::NxOnAnswer => return Ok(true),
            Marked::Setex => &["SETEX", order, UNDER_WAY_S, UNDER_WAY],
            Marked::NxForEver => &["SET", order, UNDER_WAY, "NX"],
            Marked::NxWithLimit | Marked::NxAndBank => &["SET", order, UNDER_WAY, "NX", "EX", UNDER_WAY_S],
        };
        Ok(send::<Option<String>>(redis, words).await?.is_some())
    }

    /// What the bank does; the charge that it has made, now or before.
    async fn charge(&self, worker: &Worker, order: &str, charge: &str) -> Result<String> {
        let bank = worker.postgres().await?;
        if self.0 != Marked::NxAndBank {
            bank.execute("INSERT INTO charges VALUES ($1, $2)", &[&charge, &order]).await?;
            return Ok(charge.to_owned());
        }
        let once = "INSERT INTO charges VALUES ($1, $2)
                    ON CONFLICT (order_id) DO UPDATE SET order_id = excluded.order_id RETURNING id";
        Ok(bank.query_one(once, &[&charge, &order]).await?.try_get(0)?)
    }
}

#[async_trait(?Send)]
impl Payment for Mark {
    fn card(&self) -> Card {
        let issue = "idempot-dev/idempot-js#182";
        let card = match self.0 {
            Marked::Setex => broken("idempotency/setex-overwrites", SETEX, CHECK_THEN_ACT).after(issue),
            Marked::NxWithLimit => per_model("idempotency/set-nx-under-way", NX_WITH_LIMIT)
                .after(issue)
                .holds_under(&["none"])
                .breaks_under(&["pause", "crash", "drop"], DUPLICATE_EFFECT),
            Marked::NxAndBank => per_model("idempotency/key-handed-on", NX_AND_BANK).holds_under(&[
                "none",
                "pause",
                "crash",
                "lost-reply",
            ]),
            Marked::NxForEver => per_model("idempotency/setnx-for-ever", NX_FOR_EVER)
                .holds_under(&["none", "pause"])
                .breaks_under(&["crash"], LOST_EFFECT),
            Marked::NxOnAnswer => {
                let source = "jcagarcia/grape-idempotency#3";
                broken("idempotency/nx-on-the-answer", NX_ON_ANSWER, CHECK_THEN_ACT).after(source)
            }
        };
        card.on_both()
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        charges(stores, if self.0 == Marked::NxAndBank { "UNIQUE" } else { "" }).await
    }

    async fn request(&self, worker: &Worker, order: &str, charge: &str) -> Result<Answer> {
        let mut redis = worker.redis().await?;
        match self.known(&mut redis, order).await?.as_deref() {
            Some(UNDER_WAY) => return Ok(Answer::Refused("409: under way")),
            Some(charge) => return Ok(Answer::Paid(charge.to_owned())),
            None => {}
        }
        let charge = self.charge(worker, order, charge).await?;
        let keep: &[&str] = match self.0 {
            Marked::NxForEver => &["SET", order, &charge],
            Marked::NxOnAnswer => &["SET", order, &charge, "EX", ANSWER_S, "NX"],
            _ => &["SET", order, &charge, "EX", ANSWER_S],
        };
        let _: Option<String> = send(&mut redis, keep).await?;
        Ok(Answer::Paid(charge))
    }

    fn comes_back(&self) -> bool {
        matches!(self.0, Marked::NxWithLimit | Marked::NxAndBank | Marked::NxForEver)
    }
}

/// Every variant of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    let every =
        [Marked::Setex, Marked::NxWithLimit, Marked::NxAndBank, Marked::NxForEver, Marked::NxOnAnswer];
    every.into_iter().map(|marked| Arc::new(Client(Mark(marked))) as Arc<dyn Scenario>).collect()
}
