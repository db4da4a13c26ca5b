//! Owns the bulk import that changes rows behind the cache's back, and how old what is served may become.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use raceproof::history::{Operation, OperationEnd};
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;

use super::record::{Hand, KEY, NEW, READ, prepare};
use crate::anomaly::STALE_READ;
use crate::card::{Details, broken, correct, per_model};

/// What is promised: nobody is served what was replaced longer ago than this.
const BOUND: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3_600);
/// When the reader comes back.
const NEXT_VISIT: Duration = Duration::from_secs(50);
const LATER: Duration = Duration::from_secs(600);
/// How long the import rests between two batches.
const BATCH: Duration = Duration::from_secs(40);
const GENERATION: &str = "generation";

/// The operation of the import; it returns the moment at which the record was changed.
const IMPORT: &str = "import";

/// How copies are made, and what the import does about them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Copies {
    /// They last a day, and the import writes to the database only.
    ///
    /// ```text
    /// A (reads)                     B (imports)
    /// SET record 1 EX 86400
    ///                               UPDATE 2
    /// (600 s pass)
    /// GET record -> 1               served ten minutes after it was replaced
    /// ```
    LastADay,
    /// They last as long as is promised, counted from when they are written.
    ///
    /// ```text
    /// A (reads)                     B (imports)
    /// GET record -> nil
    /// SELECT -> 1
    ///                               UPDATE 2
    /// (40 s pass)
    /// SET record 1 EX 60
    /// (50 s pass)
    /// GET record -> 1               served 90 s after it was replaced
    /// ```
    LastFromFill,
    /// The same, counted from before the row is read.
    LastFromLoad,
    /// They last a day, and bear the number of the import before them in their key.
    ///
    /// ```text
    /// A (reads)                     B (imports)
    /// GET generation -> 0
    /// GET record:0 -> nil
    /// SELECT -> 1
    ///                               UPDATE 2
    ///                               INCR generation -> 1
    /// SET record:0 1 EX 86400       nobody asks for record:0 any more
    /// ```
    OfAGeneration,
}

struct Import {
    copies: Copies,
}

impl Import {
    async fn key(&self, hand: &mut Hand) -> Result<String> {
        if self.copies != Copies::OfAGeneration {
            return Ok(KEY.to_owned());
        }
        let generation: Option<i64> = hand.redis.get(GENERATION).await?;
        Ok(format!("{KEY}:{}", generation.unwrap_or(0)))
    }

    async fn read(&self, worker: &Worker, hand: &mut Hand) -> Result<i64> {
        let key = self.key(hand).await?;
        let found: Option<i64> = hand.redis.get(&key).await?;
        if let Some(value) = found {
            return Ok(value);
        }
        let before = worker.now();
        let value = hand.load().await?;
        let mut set = redis::cmd("SET");
        set.arg(&key).arg(value);
        match self.copies {
            Copies::LastADay | Copies::OfAGeneration => set.arg("EX").arg(DAY.as_secs()),
            Copies::LastFromFill => set.arg("EX").arg(BOUND.as_secs()),
            Copies::LastFromLoad => set.arg("PXAT").arg(u64::try_from((before + BOUND).as_millis())?),
        };
        set.exec_async(&mut hand.redis).await?;
        Ok(value)
    }

    async fn import(&self, worker: &Worker, hand: &mut Hand) -> Result {
        let import = worker.invoke(IMPORT, NEW);
        hand.store(NEW).await?;
        if self.copies == Copies::OfAGeneration {
            let _: i64 = hand.redis.incr(GENERATION, 1).await?;
        }
        import.ok(format!("at {} ms", worker.clock().now().as_millis()));
        worker.sleep(BATCH).await;
        Ok(())
    }
}

/// The moment in `text`, such as `at 7 ms`.
fn moment(text: &str) -> Option<Duration> {
    let ms = text.strip_prefix("at ")?.strip_suffix(" ms")?.parse().ok()?;
    Some(Duration::from_millis(ms))
}

/// When the import was over, if it is.
fn imported(operation: &Operation) -> Option<Duration> {
    match &operation.end {
        OperationEnd::Ok(text) if operation.name == IMPORT => moment(text),
        _ => None,
    }
}

fn bounded_staleness() -> Invariant {
    let promise = format!("nobody is served what was replaced more than {} s before", BOUND.as_secs());
    Invariant::new(promise, |view: &View<'_>| {
        let Some(imported) = view.operations.iter().find_map(imported) else { return Ok(()) };
        let late = |read: &&Operation| {
            let is_old = matches!(&read.end, OperationEnd::Ok(value) if *value != NEW.to_string());
            is_old && moment(&read.argument).is_some_and(|begun| begun > imported + BOUND)
        };
        view.done(READ).find(late).map_or(Ok(()), |read| {
            Err(format!(
                "{} asked {}, and was served what was replaced at {} ms",
                read.worker,
                read.argument,
                imported.as_millis()
            ))
        })
    })
}

#[async_trait(?Send)]
impl Scenario for Import {
    fn card(&self) -> Card {
        match self.copies {
            Copies::LastADay => {
                let about = "Copies last a day because every write through the application deletes them, and a bulk import writes \
                             to the database past it. Readers are served what was imported over until the day has passed.";
                broken("cache/import-bypasses-cache", about, STALE_READ).on_both()
            }
            Copies::LastFromFill => {
                let about = "Nobody deletes copies, which may be 60 s old and get a TTL of 60 s when they are written. A reader \
                             that pauses between its read and its fill writes an old value that then lasts 60 s more.";
                per_model("cache/ttl-from-fill", about)
                    .on_both()
                    .holds_under(&["none"])
                    .breaks_under(&["pause"], STALE_READ)
            }
            Copies::LastFromLoad => {
                let about = "Nobody deletes copies, which may be 60 s old and end 60 s after the moment before the row was read. \
                             However late the fill comes, the copy ends in time.";
                correct("cache/ttl-from-load", about).on_both()
            }
            Copies::OfAGeneration => {
                let about = "Every key bears the number of a generation that readers ask for first, and a bulk import counts it \
                             up when it is done. What was cached before, and what is filled in late, is never asked for again.";
                correct("cache/import-new-generation", about).on_both()
            }
        }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut hand = Hand::of(&worker).await?;
        if worker.index() > 0 {
            return self.import(&worker, &mut hand).await;
        }
        let lasts_a_day = matches!(self.copies, Copies::LastADay | Copies::OfAGeneration);
        for visit in [Duration::ZERO, if lasts_a_day { LATER } else { NEXT_VISIT }] {
            if !visit.is_zero() {
                worker.sleep(visit).await;
            }
            let read = worker.invoke(READ, format!("at {} ms", worker.clock().now().as_millis()));
            read.ok(self.read(&worker, &mut hand).await?);
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![bounded_staleness()]
    }
}

/// Every cache of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    let of = |copies| -> Arc<dyn Scenario> { Arc::new(Import { copies }) };
    vec![of(Copies::LastADay), of(Copies::OfAGeneration), of(Copies::LastFromFill), of(Copies::LastFromLoad)]
}
