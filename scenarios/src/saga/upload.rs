//! Owns the file whose record is in Postgres and whose content is in an object store, for which Redis stands.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use raceproof::history::Datum;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;

use crate::anomaly::{CHECK_THEN_ACT, DUAL_WRITE};
use crate::card::{Details, per_model};
use crate::rows;

const OBJECTS: &str = "objects";
/// How old a record must be before the reconciler takes its upload for given up.
const GRACE: Duration = Duration::from_millis(100);

/// What is written first, and who looks after what was left behind.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Upload {
    /// ```text
    /// A
    /// PUT object
    /// (crash)          an object that no record knows
    /// INSERT record
    /// ```
    ObjectFirst,
    /// ```text
    /// A
    /// INSERT record
    /// (crash)          a record whose object there is not
    /// PUT object
    /// ```
    RecordFirst,
    /// The object first, and a reconciler that deletes objects without a record.
    ///
    /// ```text
    /// A                      B (reconciler)
    /// PUT object
    ///                        lists objects -> a
    ///                        SELECT record of a -> none
    ///                        DELETE object a
    /// INSERT record                                         a record whose object there is not
    /// ```
    Swept,
    /// A pending record first, then the object, then the record is ready; the reconciler begins with the records.
    Pending,
}

fn now_ms(worker: &Worker) -> Result<i64> {
    Ok(i64::try_from(worker.now().as_millis())?)
}

/// Two writes, in this order or that.
async fn upload(worker: &Worker, file: &str, is_object_first: bool) -> Result {
    let (postgres, mut redis) = (worker.postgres().await?, worker.redis().await?);
    let insert = "INSERT INTO files VALUES ($1, 'ready', 0)";
    if is_object_first {
        let _: i64 = redis.hset(OBJECTS, file, "content").await?;
        postgres.execute(insert, &[&file]).await?;
    } else {
        postgres.execute(insert, &[&file]).await?;
        let _: i64 = redis.hset(OBJECTS, file, "content").await?;
    }
    Ok(())
}

/// Whether the upload was still wanted when it was ready.
async fn upload_pending(worker: &Worker, file: &str) -> Result<bool> {
    let (postgres, mut redis) = (worker.postgres().await?, worker.redis().await?);
    let insert = "INSERT INTO files VALUES ($1, 'pending', $2)";
    postgres.execute(insert, &[&file, &now_ms(worker)?]).await?;
    let _: i64 = redis.hset(OBJECTS, file, "content").await?;
    let ready = "UPDATE files SET state = 'ready' WHERE name = $1 AND state = 'pending'";
    let is_ready = postgres.execute(ready, &[&file]).await? == 1;
    if !is_ready {
        let _: i64 = redis.hdel(OBJECTS, file).await?;
    }
    Ok(is_ready)
}

/// Deletes objects that have no record.
async fn sweep(worker: &Worker) -> Result {
    let (postgres, mut redis) = (worker.postgres().await?, worker.redis().await?);
    let objects: Vec<String> = redis.hkeys(OBJECTS).await?;
    for object in objects {
        if postgres.query_opt("SELECT FROM files WHERE name = $1", &[&object]).await?.is_none() {
            let _: i64 = redis.hdel(OBJECTS, &object).await?;
        }
    }
    Ok(())
}

/// Gives up the uploads that were begun too long ago, and deletes the objects that then have no record. An object has had a
/// record before it, so one without a record was given up.
async fn reconcile(worker: &Worker) -> Result {
    worker.sleep(GRACE).await;
    let postgres = worker.postgres().await?;
    let limit = now_ms(worker)? - i64::try_from(GRACE.as_millis())?;
    postgres.execute("DELETE FROM files WHERE state = 'pending' AND since <= $1", &[&limit]).await?;
    sweep(worker).await
}

impl Upload {
    fn has_reconciler(self) -> bool {
        matches!(self, Self::Swept | Self::Pending)
    }
}

#[async_trait(?Send)]
impl Scenario for Upload {
    fn card(&self) -> Card {
        let card = match self {
            Self::ObjectFirst => {
                let about = "Each upload puts its object into the store and then inserts its record. If it dies in between, the object \
                             stays for ever, and no record knows it.";
                per_model("saga/object-before-record", about)
                    .holds_under(&["none"])
                    .breaks_under(&["crash"], DUAL_WRITE)
            }
            Self::RecordFirst => {
                let about = "Each upload inserts its record and then puts its object into the store. If it dies in between, the record \
                             says that there is a file which nobody can download.";
                per_model("saga/record-before-object", about)
                    .holds_under(&["none"])
                    .breaks_under(&["crash"], DUAL_WRITE)
            }
            Self::Swept => {
                let about = "An upload puts its object and then inserts its record, while a reconciler deletes objects without a \
                             record. It also deletes the object of an upload that is between the two.";
                per_model("saga/reconciler-without-grace", about).breaks_under(&["none"], CHECK_THEN_ACT)
            }
            Self::Pending => {
                let about = "An upload inserts a pending record, puts its object and marks the record as ready, and a reconciler deletes \
                             records that are pending for too long and objects without a record. An upload that was given up finds \
                             no record to mark, and deletes its object itself.";
                per_model("saga/upload-reconciled", about).holds_under(&["none", "pause", "crash"])
            }
        };
        card.on_both()
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let table = "CREATE TABLE files (name text PRIMARY KEY, state text NOT NULL, since bigint NOT NULL)";
        Ok(stores.postgres().batch_execute(table).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let file = format!("file of {}", worker.id());
        match self {
            Self::Swept if worker.index() > 0 => return sweep(&worker).await,
            Self::Pending if worker.index() > 0 => return reconcile(&worker).await,
            _ => {}
        }
        let operation = worker.invoke("upload", &file);
        let is_kept = match self {
            Self::Pending => upload_pending(&worker, &file).await?,
            _ => upload(&worker, &file, *self != Self::RecordFirst).await.map(|()| true)?,
        };
        if is_kept {
            operation.ok("uploaded");
        } else {
            operation.refused("it took too long");
        }
        Ok(())
    }

    fn has_aftermath(&self) -> bool {
        self.has_reconciler()
    }

    /// The reconciler's next round.
    async fn aftermath(&self, worker: Worker) -> Result {
        if *self == Self::Pending { reconcile(&worker).await } else { sweep(&worker).await }
    }

    fn finally(&self) -> Vec<Invariant> {
        let both = |view: &View<'_>| {
            let objects: BTreeSet<&str> = match view.state.get(OBJECTS) {
                Some(Datum::Map(objects)) => objects.keys().map(String::as_str).collect(),
                _ => BTreeSet::new(),
            };
            let records: BTreeSet<&str> =
                view.state.rows("files").map(|row| rows::text(row, "name")).collect();
            match objects.symmetric_difference(&records).next() {
                None => Ok(()),
                Some(file) => Err(format!("the {file} has one of the two: {}", view.state)),
            }
        };
        let kept = |view: &View<'_>| {
            let mut uploads = view.done("upload");
            let lost = uploads.find(|upload| rows::count(view, "files", "name", &upload.argument) == 0);
            lost.map_or(Ok(()), |upload| Err(format!("{} is gone: {}", upload.argument, view.state)))
        };
        vec![
            Invariant::new("in the end every record has its object, and every object its record", both),
            Invariant::new("what was uploaded is there", kept),
        ]
    }
}

/// All four.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![
        Arc::new(Upload::ObjectFirst),
        Arc::new(Upload::RecordFirst),
        Arc::new(Upload::Swept),
        Arc::new(Upload::Pending),
    ]
}
