//! Owns the renewal of connections: whatever transaction, lock or temporary table a client has left is gone afterwards.

use std::time::Duration;

use bytes::Bytes;

use super::batch::Batch;
use super::exchange::Exchange;
use crate::gate::{BackendError, Upstream};

const ACTION: &str = "renew a connection";
/// A connection that does not answer is not worth to be kept.
const ANSWER_MS_MAX: Duration = Duration::from_millis(5_000);

/// Connections that were told to be as new, and have yet to say that they are.
pub(super) struct Renewal {
    batch: Batch,
    asked: Vec<Asked>,
}

struct Asked {
    exchange: Exchange,
    key: u64,
    opening: Bytes,
    greeting: Bytes,
    sent: Result<(), BackendError>,
}

impl Renewal {
    /// Tells all of them, side by side.
    pub(super) async fn begin(upstreams: Vec<Upstream>) -> Self {
        let mut batch = Batch::default();
        // Two sections, as the second is refused within a transaction; outside of one the first is only warned of.
        batch.query("ROLLBACK");
        batch.query("DISCARD ALL");
        let mut asked = Vec::with_capacity(upstreams.len());
        for Upstream { stream, key, opening, greeting } in upstreams {
            let mut exchange = Exchange::over(stream);
            let sent = exchange.send(ACTION, &batch).await;
            asked.push(Asked { exchange, key, opening, greeting, sent });
        }
        Self { batch, asked }
    }

    /// Waits for them; those for which it was not possible are told by their keys.
    pub(super) async fn end(self) -> (Vec<Upstream>, Vec<u64>) {
        let (mut renewed, mut failed) = (Vec::with_capacity(self.asked.len()), Vec::new());
        for Asked { mut exchange, key, opening, greeting, sent } in self.asked {
            let answered = match sent {
                Ok(()) => answered(&mut exchange, &self.batch).await,
                Err(error) => Err(error),
            };
            let (stream, left) = exchange.into_parts();
            match answered {
                Ok(true) if left.is_empty() => renewed.push(Upstream { stream, key, opening, greeting }),
                _ => failed.push(key),
            }
        }
        (renewed, failed)
    }
}

async fn answered(exchange: &mut Exchange, batch: &Batch) -> Result<bool, BackendError> {
    match crate::alarm::timeout(ANSWER_MS_MAX, exchange.answers(ACTION, batch)).await {
        Ok(answers) => Ok(answers?.is_ok()),
        Err(_) => Ok(false),
    }
}
