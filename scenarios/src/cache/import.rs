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

/// How old what is served may be where copies are left to end by themselves.
const BOUND: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3_600);
/// When the reader comes back.
const NEXT_VISIT: Duration = Duration::from_secs(50);
const LATER: Duration = Duration::from_secs(600);
/// How long the import rests before its next batch. Where copies last a day it makes no difference.
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
    /// They are in the process, and last as long as is promised, counted from before the row is read.
    InProcess,
}

impl Copies {
    fn last_a_day(self) -> bool {
        matches!(self, Self::LastADay | Self::OfAGeneration)
    }

    /// How long the reader rests before it comes, each time. To a generation time makes no difference.
    fn rests(self) -> [Duration; 2] {
        let rest = match self {
            Self::OfAGeneration => Duration::ZERO,
            Self::LastADay => LATER,
            Self::LastFromFill | Self::LastFromLoad | Self::InProcess => NEXT_VISIT,
        };
        [Duration::ZERO, rest]
    }

    /// What is promised: nobody is served what was replaced longer ago than this.
    fn bound(self) -> Duration {
        if self == Self::OfAGeneration { Duration::ZERO } else { BOUND }
    }
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

    /// The copy in the process while it lasts, else the record.
    async fn read_near(worker: &Worker, hand: &Hand, near: &mut Option<(i64, Duration)>) -> Result<i64> {
        let now = worker.now();
        if let Some((value, end)) = *near
            && now < end
        {
            return Ok(value);
        }
        let value = hand.load().await?;
        *near = Some((value, now + BOUND));
        Ok(value)
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
            Copies::LastFromLoad | Copies::InProcess => {
                set.arg("PXAT").arg(u64::try_from((before + BOUND).as_millis())?)
            }
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
        if !self.copies.last_a_day() {
            worker.sleep(BATCH).await;
        }
        Ok(())
    }
}

/// The moment in `text`, such as `at 7 ms`.
fn moment(text: &str) -> Option<Duration> {
    let ms = text.strip_prefix("at ")?.strip_suffix(" ms")?.parse().ok()?;
    Some(Duration::from_millis(ms))
}

/// The import and when it was over, if it is.
fn imported(operation: &Operation) -> Option<(&Operation, Duration)> {
    match &operation.end {
        OperationEnd::Ok(text) if operation.name == IMPORT => Some((operation, moment(text)?)),
        _ => None,
    }
}

fn bounded_staleness(bound: Duration) -> Invariant {
    let promise = match bound.as_secs() {
        0 => "nobody is served what was replaced before they asked".to_owned(),
        seconds => format!("nobody is served what was replaced more than {seconds} s before they asked"),
    };
    Invariant::new(promise, move |view: &View<'_>| {
        let Some((import, over)) = view.operations.iter().find_map(imported) else { return Ok(()) };
        let is_late = |read: &&Operation| {
            let is_old = matches!(&read.end, OperationEnd::Ok(value) if *value != NEW.to_string());
            let follows = import.returned.is_some_and(|returned| returned < read.invoked);
            let is_over = |begun| bound.is_zero() || begun > over + bound;
            is_old && follows && moment(&read.argument).is_some_and(is_over)
        };
        view.done(READ).find(is_late).map_or(Ok(()), |read| {
            let (worker, begun, over) = (read.worker, &read.argument, over.as_millis());
            Err(format!("{worker} asked {begun}, and was served what was replaced at {over} ms"))
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
            Copies::InProcess => {
                let about = "Each process keeps its own copy until 60 s after the moment before the row was read, and hears nothing \
                             of writes. No message can be lost or late, and what is served is as old as promised at most.";
                correct("cache/near-with-ttl", about).on_both()
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
        let mut near = None;
        for rest in self.copies.rests() {
            if !rest.is_zero() {
                worker.sleep(rest).await;
            }
            let read = worker.invoke(READ, format!("at {} ms", worker.clock().now().as_millis()));
            read.ok(match self.copies {
                Copies::InProcess => Self::read_near(&worker, &hand, &mut near).await?,
                _ => self.read(&worker, &mut hand).await?,
            });
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![bounded_staleness(self.copies.bound())]
    }
}

/// Every cache of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    let of = |copies| -> Arc<dyn Scenario> { Arc::new(Import { copies }) };
    vec![
        of(Copies::LastADay),
        of(Copies::OfAGeneration),
        of(Copies::LastFromFill),
        of(Copies::LastFromLoad),
        of(Copies::InProcess),
    ]
}
