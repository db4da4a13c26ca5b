//! Owns a job queue on Postgres that does a job twice, its fix, and the test of both. It is run with
//!
//! ```sh
//! cargo test -p raceproof-test --example job_queue does_a_job_twice      # fails, and shows how
//! cargo test -p raceproof-test --example job_queue does_each_job_once    # passes
//! ```

#![cfg_attr(not(test), expect(dead_code, reason = "it is its tests that are run"))]

use tokio_postgres::{Client, Error};

/// The service: sends the mails that are due.
struct Mailer {
    database: Client,
}

impl Mailer {
    /// The bug: a job that is looked at is not claimed yet.
    async fn look_then_claim(&self) -> Result<Option<i32>, Error> {
        let select = "SELECT id FROM mails WHERE state = 'due' ORDER BY id LIMIT 1";
        let Some(row) = self.database.query_opt(select, &[]).await? else { return Ok(None) };
        let id: i32 = row.try_get(0)?;
        self.database.execute("UPDATE mails SET state = 'sending' WHERE id = $1", &[&id]).await?;
        Ok(Some(id))
    }

    /// The fix: looking locks, and who comes second skips what is locked.
    async fn claim(&self) -> Result<Option<i32>, Error> {
        let update = "UPDATE mails SET state = 'sending' WHERE id = (
            SELECT id FROM mails WHERE state = 'due' ORDER BY id FOR UPDATE SKIP LOCKED LIMIT 1
        ) RETURNING id";
        self.database.query_opt(update, &[]).await?.map(|row| row.try_get(0)).transpose()
    }

    /// What stands for the mail server.
    async fn send(&self, id: i32) -> Result<(), Error> {
        self.database.execute("INSERT INTO sent (mail) VALUES ($1)", &[&id]).await?;
        self.database.execute("UPDATE mails SET state = 'sent' WHERE id = $1", &[&id]).await?;
        Ok(())
    }
}

/// What production has, with two mails that are due.
const SCHEMA: &str = "CREATE TABLE mails (id int PRIMARY KEY, state text NOT NULL);
    CREATE TABLE sent (number serial PRIMARY KEY, mail int NOT NULL);
    INSERT INTO mails VALUES (1, 'due'), (2, 'due');";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use raceproof_test::{View, race};

    use super::*;

    #[tokio::test]
    async fn does_a_job_twice() {
        race("each mail is sent once")
            .postgres()
            .set_up(async |stores| Ok(stores.postgres().batch_execute(SCHEMA).await?))
            .workers(2, async |worker| {
                let mailer = Mailer { database: worker.postgres().await? };
                let Some(id) = mailer.look_then_claim().await? else { return Ok(()) };
                Ok(mailer.send(id).await?)
            })
            .finally("no mail is sent twice", is_sent_once)
            .check()
            .await;
    }

    #[tokio::test]
    async fn does_each_job_once() {
        race("each mail is sent once by who has locked it")
            .postgres()
            .set_up(async |stores| Ok(stores.postgres().batch_execute(SCHEMA).await?))
            .workers(2, async |worker| {
                let mailer = Mailer { database: worker.postgres().await? };
                let Some(id) = mailer.claim().await? else { return Ok(()) };
                Ok(mailer.send(id).await?)
            })
            .finally("no mail is sent twice", is_sent_once)
            .check()
            .await;
    }

    fn is_sent_once(view: &View<'_>) -> bool {
        let mails: Vec<_> = view.state.rows("sent").map(|sent| &sent["mail"]).collect();
        mails.len() == mails.iter().collect::<BTreeSet<_>>().len()
    }
}

fn main() {
    println!("this example is a test: cargo test -p raceproof-test --example job_queue");
}
