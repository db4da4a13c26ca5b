//! Owns the job that charges a card when the balance in Redis is low, after the incident at Twilio in July 2013.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};

use crate::anomaly::DUPLICATE_EFFECT;
use crate::card::{Details, per_model};
use crate::script::{eval, send};

const SOURCE: &str = "Twilio, July 2013";
/// A customer's card is charged when the balance is lower.
const LOW: i64 = 10;
/// How often the job is run: again if it failed, as schedulers do.
const RUNS_MAX: u32 = 2;
/// Credits the recharge of this number, unless it has been credited.
const CREDIT: &str = "
if redis.call('HGET', KEYS[1], 'recharges') ~= ARGV[1] then return 0 end
redis.call('HINCRBY', KEYS[1], 'recharges', 1)
return redis.call('HINCRBY', KEYS[1], 'balance', 50)
";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Recharged {
    /// Charge the card, then add to the balance; no balance is taken for zero.
    ///
    /// ```text
    /// A                                     A, again
    /// HGET balance -> 5
    /// charge the card
    /// HINCRBY balance 50 -> READONLY
    ///                                       HGET balance -> 5
    ///                                       charge the card        charged twice
    /// ```
    ChargeThenStore,
    /// Each recharge has a number, of which the ledger knows; without a balance nothing is charged.
    Numbered,
}

struct Job(Recharged);

const CHARGE_THEN_STORE: &str = "A job that finds a low balance in Redis charges the card and then adds to the balance, and is run again if that \
                                 fails. A store that comes back read-only or empty makes it charge with every run.";
const NUMBERED: &str = "A job that finds a low balance charges the card under the number of the next recharge, which the ledger takes \
                        once, and then credits that number by script. Run again it charges nothing, and without a balance it \
                        stops.";

impl Job {
    async fn run(&self, worker: &Worker, run: u32) -> Result<&'static str> {
        let (mut redis, ledger) = (worker.redis().await?, worker.postgres().await?);
        let account: (Option<i64>, Option<String>) =
            send(&mut redis, &["HMGET", "account", "balance", "recharges"]).await?;
        let charge = format!("{}{run}", worker.id());
        match (self.0, account) {
            (_, (Some(balance), _)) if balance >= LOW => return Ok("enough"),
            (Recharged::ChargeThenStore, _) => {
                ledger.execute("INSERT INTO charges VALUES ($1, '')", &[&charge]).await?;
                let _: i64 = send(&mut redis, &["HINCRBY", "account", "balance", "50"]).await?;
            }
            (Recharged::Numbered, (Some(_), Some(number))) => {
                let once = "INSERT INTO charges VALUES ($1, $1) ON CONFLICT DO NOTHING";
                ledger.execute(once, &[&number]).await?;
                let _: i64 = eval(&mut redis, CREDIT, &["account"], &[&number]).await?;
            }
            (Recharged::Numbered, _) => return Ok("no balance: to be looked at"),
        }
        Ok("recharged")
    }
}

#[async_trait(?Send)]
impl Scenario for Job {
    fn card(&self) -> Card {
        let card = match self.0 {
            Recharged::ChargeThenStore => per_model("idempotency/recharge-then-store", CHARGE_THEN_STORE)
                .holds_under(&["none"])
                .breaks_under(&["error", "wipe"], DUPLICATE_EFFECT),
            Recharged::Numbered => per_model("idempotency/recharge-numbered", NUMBERED).holds_under(&[
                "none",
                "crash",
                "lost-reply",
                "error",
                "wipe",
            ]),
        };
        card.on_both().workers(1).after(SOURCE)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let table = "CREATE TABLE charges (id text PRIMARY KEY, recharge text NOT NULL)";
        stores.postgres().batch_execute(table).await?;
        Ok(send(stores.redis(), &["HSET", "account", "balance", "5", "recharges", "0"]).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        for run in 1..=RUNS_MAX {
            let recharge = worker.invoke("recharge", "account");
            match self.run(&worker, run).await {
                Ok("recharged") => {
                    recharge.ok("recharged");
                    break;
                }
                Ok(reason) => {
                    recharge.refused(reason);
                    break;
                }
                Err(error) => recharge.unknown(error),
            }
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("one low balance charges the card once", |view: &View<'_>| {
            match view.state.rows("charges").count() {
                0 | 1 => Ok(()),
                charges => Err(format!("the card was charged {charges} times: {}", view.state)),
            }
        })]
    }
}

/// Every variant of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(Job(Recharged::ChargeThenStore)), Arc::new(Job(Recharged::Numbered))]
}
