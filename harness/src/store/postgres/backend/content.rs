//! Owns what lies in the database as a whole: read, removed, kept and brought back.

use super::super::batch::Batch;
use super::super::catalog::{self, Table};
use super::super::control;
use super::super::exchange::refused;
use super::super::moments::{self, Moments};
use super::super::remembered::{Manner, Mendings, Remembered, copy};
use super::super::{clear, in_doubt, snapshot};
use super::PostgresBackend;
use crate::gate::{BackendError, Upstream};
use crate::history::State;

impl PostgresBackend {
    async fn tables(&mut self) -> Result<Vec<Table>, BackendError> {
        let mut batch = Batch::default();
        batch.query(catalog::TABLES_SQL);
        let answers = self.ask("list its tables", &batch).await?;
        Ok(catalog::tables(&answers[0]))
    }

    /// The content of whatever tables there are.
    pub(super) async fn read_anew(&mut self) -> Result<State, BackendError> {
        let tables = self.tables().await?;
        let mut batch = Batch::default();
        for table in &tables {
            batch.prepare("", &format!("SELECT ctid, * FROM ONLY {}", table.quoted));
            batch.run("", &[]);
        }
        batch.sync();
        let answers = self.ask("read all data", &batch).await?;
        let read = tables.iter().zip(&answers);
        Ok(State::new(read.flat_map(|(table, rows)| snapshot::entries(table, rows)).collect()))
    }

    /// Asks for the structure of the data, as far as it decides what steps touch, unless it is known.
    pub(super) async fn look_at_schema(&mut self) -> Result<(), BackendError> {
        if self.following.knows_schema() {
            return Ok(());
        }
        let mut batch = Batch::default();
        self.following.ask(&mut batch);
        let answers = self.ask("say what its tables are", &batch).await?;
        let crowded = self.remembered.as_ref().map(Remembered::crowded).unwrap_or_default();
        self.following.learn_schema(answers, crowded);
        Ok(())
    }

    /// Brings back what has changed; what does not come out as it was is rebuilt, once.
    async fn mend(&mut self, mut mendings: Mendings) -> Result<(), BackendError> {
        const ACTION: &str = "bring back all data";
        while !mendings.is_empty() {
            let remembered = self.remembered.as_mut().expect("only what was remembered is brought back");
            let mut batch = Batch::default();
            remembered.mend(&mut batch, &mendings);
            let answers = self.control.exchange.ask(ACTION, &batch).await?;
            let different = |table| {
                refused(ACTION, format!("the rows of `{table}` are not what they were after the set-up"))
            };
            mendings = remembered.mended(&mendings, &answers).map_err(different)?;
        }
        Ok(())
    }

    /// Forgets what was remembered, with everything that was prepared for it.
    async fn start_over(&mut self, batch: &mut Batch) -> Result<(), BackendError> {
        self.disarm_all().await?;
        (self.remembered, self.is_stale, self.splits) = (None, false, false);
        self.following.forget_schema();
        self.moments = Moments::default();
        batch.query("DEALLOCATE ALL");
        control::prepare(batch);
        batch.sync();
        Ok(())
    }

    /// Empties the database.
    pub(super) async fn remove_all(&mut self) -> Result<(), BackendError> {
        let mut batch = Batch::default();
        self.start_over(&mut batch).await?;
        batch.query(&clear::statement(self.control.version));
        if !self.server.confined {
            batch.query(clear::ROLES);
        }
        self.ask("remove all data", &batch).await.map(drop)
    }

    /// Takes what is there for what every execution starts with.
    pub(super) async fn keep_all(&mut self) -> Result<(), BackendError> {
        let mut batch = Batch::default();
        self.start_over(&mut batch).await?;
        batch.query(&format!("DROP SCHEMA IF EXISTS {} CASCADE", catalog::OWN_SCHEMA));
        for sql in
            [catalog::TABLES_SQL, catalog::SEQUENCES_SQL, catalog::REFERENCES_SQL, moments::COLUMNS_SQL]
        {
            batch.query(sql);
        }
        let answers = self.ask("list its tables", &batch).await?;
        let [.., tables, sequences, references, columns] = answers.as_slice() else {
            return Err(refused("list its tables", "it gave fewer answers than there were questions"));
        };
        let tables = catalog::in_order(catalog::tables(tables), references);
        let sequences: Vec<_> =
            sequences.iter().map(|row| (row.text(0).into_owned(), row.text(1).into_owned())).collect();
        let manner = Manner {
            splits: self.wants_splits,
            vacuums: self.server.confined,
            constrained: !self.control.replicates,
            durable: self.is_durable,
        };
        let mut batch = Batch::default();
        copy(&mut batch, &tables, manner);
        let mut remembered = Remembered::new(tables, &sequences, manner);
        remembered.prepare(&mut batch);
        self.moments = Moments::new(columns);
        self.moments.prepare(&mut batch);
        self.ask("keep all data", &batch).await?;
        let mut batch = Batch::default();
        remembered.read(&mut batch);
        let answers = self.ask("keep all data", &batch).await?;
        let mendings = remembered.take(&answers);
        (self.remembered, self.splits) = (Some(remembered), manner.splits);
        self.mend(mendings).await
    }

    /// What is there, which is brought back to what every execution starts with.
    pub(super) async fn bring_back(
        &mut self,
        code: bool,
        left: Vec<Upstream>,
    ) -> Result<(State, Vec<Upstream>), BackendError> {
        const ACTION: &str = "read and reset all data";
        self.disarm_all().await?;
        let renewal = self.begin_renewal(left).await?;
        if self.is_stale && !code {
            return Err(refused(
                ACTION,
                "its structure has changed since the set-up (empty it and set it up anew)",
            ));
        }
        if self.remembered.is_none() {
            let renewed = self.end_renewal(renewal).await?;
            let state = self.read_anew().await?;
            self.remove_all().await?;
            return Ok((state, renewed));
        }
        if code {
            self.is_stale = true;
            let renewed = self.end_renewal(renewal).await?;
            return Ok((self.read_anew().await?, renewed));
        }
        let remembered = self.remembered.as_mut().expect("it was looked at above");
        let mut batch = Batch::default();
        remembered.read(&mut batch);
        batch.run(in_doubt::IN_DOUBT, &[]);
        batch.sync();
        let answers = self.control.exchange.ask(ACTION, &batch).await?;
        let (state, mendings) = (remembered.state(&answers), remembered.mendings(&answers));
        // Whatever they held is in nobody's way from here on.
        let renewed = self.end_renewal(renewal).await?;
        let mut batch = Batch::default();
        if answers.last().is_some_and(|rows| in_doubt::take_back(&mut batch, rows)) {
            self.ask(ACTION, &batch).await?;
        }
        self.mend(mendings).await?;
        Ok((state, renewed))
    }
}
