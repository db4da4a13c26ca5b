//! Owns the withdrawals that check the balance first, and the audit that does not notice.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};

use crate::anomaly::CHECK_THEN_ACT;
use crate::card::{Details, broken};
use crate::rows;

const DEPOSITED: i64 = 2;

/// The books balance all the time; only the promise about the balance itself finds the bug.
///
/// ```text
/// A                       B
/// SELECT balance -> 2
///                         SELECT balance -> 2
/// INSERT withdrawal 2     INSERT withdrawal 2
/// UPDATE balance - 2      UPDATE balance - 2     balance -2, and 2 = -2 + 2 + 2
/// ```
pub(super) struct Overdraft;

#[async_trait(?Send)]
impl Scenario for Overdraft {
    fn card(&self) -> Card {
        let about = "Each withdrawal reads the balance, is recorded, and is subtracted. Parallel ones pass the same \
                     check, and the audit (balance plus withdrawals equals deposits) still finds the books in order.";
        broken("inventory/withdraw-overdraft", about, CHECK_THEN_ACT).after("Poloniex, March 2014")
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let tables = "CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL);
                      CREATE TABLE withdrawals (id text PRIMARY KEY, amount int NOT NULL);
                      INSERT INTO accounts VALUES (1, 2)";
        Ok(stores.postgres().batch_execute(tables).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let postgres = worker.postgres().await?;
        let withdraw = worker.invoke("withdraw", DEPOSITED);
        let row = postgres.query_one("SELECT balance FROM accounts WHERE id = 1", &[]).await?;
        if row.try_get::<_, i32>(0)? < 2 {
            withdraw.refused("balance too low");
            return Ok(());
        }
        let id = worker.id().to_string();
        postgres.execute("INSERT INTO withdrawals VALUES ($1, 2)", &[&id]).await?;
        postgres.execute("UPDATE accounts SET balance = balance - 2 WHERE id = 1", &[]).await?;
        withdraw.ok("paid out");
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![
            Invariant::new("balance and withdrawals together are what was deposited", |view: &View<'_>| {
                let (left, gone) =
                    (rows::sum(view, "accounts", "balance"), rows::sum(view, "withdrawals", "amount"));
                if left + gone == DEPOSITED {
                    Ok(())
                } else {
                    Err(format!("{left} left and {gone} withdrawn"))
                }
            }),
            Invariant::new("the balance is never below zero", |view: &View<'_>| {
                match rows::sum(view, "accounts", "balance") {
                    left if left >= 0 => Ok(()),
                    left => Err(format!("the balance is {left}")),
                }
            }),
        ]
    }
}
