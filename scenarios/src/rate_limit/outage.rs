//! Owns what limiters do when Redis does not answer: let calls through, or refuse them, as was declared.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::history::OperationEnd;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker, WorkerId};

use super::line::Line;
use super::promise::{CALL, LIMIT, WINDOW_MS};
use crate::anomaly::STUCK_FALLBACK;
use crate::card::{Details, per_model};

const KEY: &str = "usage:ann";
const SCRIPT: &str = "
local usage = redis.call('INCR', KEYS[1])
if usage == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return usage
";
/// How often each worker calls: once when Redis is gone, and then again.
const CALLS: usize = 2;

const COUNTED: &str = "counted";
const UNCOUNTED: &str = "not counted";
const UNAVAILABLE: &str = "unavailable";

/// What becomes of a call that Redis does not answer for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Falls {
    /// It goes on.
    Open,
    /// It does not.
    Closed,
}

/// Each worker calls twice, over one connection or over a new one where the first is gone.
///
/// ```text
/// A
/// EVAL -> (the connection ends)      let through, not counted
/// EVAL over the same connection      let through, not counted, and so on for ever
/// ```
struct Outage {
    name: &'static str,
    about: &'static str,
    falls: Falls,
    reconnects: bool,
}

impl Outage {
    async fn call(&self, worker: &Worker, line: &mut Line<'_>) {
        let call = worker.invoke(CALL, "");
        let mut count = redis::cmd("EVAL");
        count.arg(SCRIPT).arg(1).arg(KEY).arg(WINDOW_MS);
        match (line.send::<usize>(&count).await, self.falls) {
            (Ok(usage), _) if usage <= LIMIT => call.ok(COUNTED),
            (Ok(_), _) => call.refused("too many"),
            (Err(_), Falls::Open) => call.ok(UNCOUNTED),
            (Err(_), Falls::Closed) => call.refused(UNAVAILABLE),
        }
    }
}

/// How many calls of a worker ended without Redis.
fn without_redis(view: &View<'_>, worker: WorkerId) -> usize {
    let is_without = |end: &OperationEnd| {
        matches!(end, OperationEnd::Ok(text) if text == UNCOUNTED)
            || matches!(end, OperationEnd::Refused(text) if text == UNAVAILABLE)
    };
    view.operations.iter().filter(|call| call.worker == worker && is_without(&call.end)).count()
}

#[async_trait(?Send)]
impl Scenario for Outage {
    fn card(&self) -> Card {
        let card = per_model(self.name, self.about);
        if self.reconnects {
            card.holds_under(&["none", "drop", "lost-reply", "error", "restart"])
        } else {
            card.holds_under(&["none", "error"])
                .breaks_under(&["drop", "lost-reply", "restart"], STUCK_FALLBACK)
        }
    }

    async fn set_up(&self, _stores: &mut SetUp) -> Result {
        Ok(())
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut line = Line::of(&worker, self.reconnects);
        for _ in 0..CALLS {
            self.call(&worker, &mut line).await;
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        let limit = Invariant::new(
            format!("at most {LIMIT} calls are let through that Redis has counted"),
            |view: &View<'_>| match view.results(CALL).into_iter().filter(|result| *result == COUNTED).count()
            {
                counted if counted <= LIMIT => Ok(()),
                counted => Err(format!("{counted} were let through: {}", view.state)),
            },
        );
        let over = Invariant::new(
            "one failure costs each process one call without Redis at most",
            |view: &View<'_>| {
                let stuck = view
                    .operations
                    .iter()
                    .map(|call| call.worker)
                    .find(|worker| without_redis(view, *worker) > 1);
                stuck.map_or(Ok(()), |worker| {
                    Err(format!("{worker} has made {} calls without it", without_redis(view, worker)))
                })
            },
        );
        vec![limit, over]
    }
}

/// Every limiter of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![
        Arc::new(Outage {
            name: "rate-limit/fail-open-for-ever",
            about: "A call that Redis does not answer for is let through, and the process keeps the connection that is gone. Every \
                    later call fails on it and is let through, so there is no limit any more when Redis is long back.",
            falls: Falls::Open,
            reconnects: false,
        }),
        Arc::new(Outage {
            name: "rate-limit/fail-open",
            about: "A call that Redis does not answer for is let through, and the next one goes over a new connection. One call \
                    of each process escapes the limit, and that is what was declared.",
            falls: Falls::Open,
            reconnects: true,
        }),
        Arc::new(Outage {
            name: "rate-limit/fail-closed-for-ever",
            about: "A call that Redis does not answer for is refused, and the process keeps the connection that is gone. Every later \
                    call fails on it and is refused, though Redis is long back.",
            falls: Falls::Closed,
            reconnects: false,
        }),
        Arc::new(Outage {
            name: "rate-limit/fail-closed",
            about: "A call that Redis does not answer for is refused, and the next one goes over a new connection. Nobody escapes \
                    the limit, and each process refuses one call because of the failure.",
            falls: Falls::Closed,
            reconnects: true,
        }),
    ]
}
