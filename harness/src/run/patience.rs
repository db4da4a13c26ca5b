//! Owns [`Patience`]: limits on waiting that cost next to nothing while nobody has to wait.

use std::cell::RefCell;
use std::fmt::Display;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use super::halt::Halt;
use crate::alarm::Alarm;
use crate::gate::GateError;
use crate::verdict::Inconclusive;

/// How often a wait that goes on is compared with its limit.
const TICK: Duration = Duration::from_millis(25);

/// One timer for all waits of a run; a timer for each of them would cost more than most of them take.
#[derive(Debug)]
pub(crate) struct Patience(RefCell<Alarm>);

/// The limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exhausted;

impl Patience {
    pub(crate) fn new() -> Self {
        Self(RefCell::new(Alarm::after(TICK)))
    }

    /// What `future` gives, if it does so within `limit` (to within a tick).
    pub(crate) async fn within<T>(
        &self,
        limit: Duration,
        future: impl Future<Output = T>,
    ) -> Result<T, Exhausted> {
        let mut future = pin!(future);
        let mut waiting_since = None;
        poll_fn(|context| {
            if let Poll::Ready(value) = future.as_mut().poll(context) {
                return Poll::Ready(Ok(value));
            }
            let since = *waiting_since.get_or_insert_with(Instant::now);
            let mut tick = self.0.borrow_mut();
            while tick.poll(context).is_ready() {
                *tick = Alarm::after(TICK);
                if since.elapsed() >= limit {
                    return Poll::Ready(Err(Exhausted));
                }
            }
            Poll::Pending
        })
        .await
    }
}

impl Patience {
    /// What a store answers to `asked`; one that is silent for longer than `limit` is lost.
    pub(crate) async fn for_store<T>(
        &self,
        limit: Duration,
        asked: impl Display,
        answer: impl Future<Output = Result<T, GateError>>,
    ) -> Result<T, Halt> {
        match self.within(limit, answer).await {
            Ok(answer) => Ok(answer?),
            Err(Exhausted) => {
                let what = format!("no answer within {} ms to {asked}", limit.as_millis());
                Err(Halt::Inconclusive(Inconclusive::StoreLost { what }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn within(limit_ms: u64, future: impl Future<Output = u8>) -> Result<u8, Exhausted> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        runtime.block_on(async { Patience::new().within(Duration::from_millis(limit_ms), future).await })
    }

    #[test]
    fn ready_future_is_never_late_and_endless_one_always_is() {
        assert_eq!(within(0, std::future::ready(1)), Ok(1));
        assert_eq!(within(30, std::future::pending()), Err(Exhausted));
    }
}
