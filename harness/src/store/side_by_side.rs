//! Owns the waiting for several things of one kind that go on at the same time.

use std::future::poll_fn;
use std::task::Poll;

use super::StoreError;

/// What all of them give, or the first error when all are done: nothing is given up half-way.
pub(super) async fn side_by_side<T>(
    futures: impl Iterator<Item = impl Future<Output = Result<T, StoreError>>>,
) -> Result<Vec<T>, StoreError> {
    let mut running: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    poll_fn(|context| {
        for (future, given) in running.iter_mut().filter(|(_, given)| given.is_none()) {
            if let Poll::Ready(value) = future.as_mut().poll(context) {
                *given = Some(value);
            }
        }
        if running.iter().all(|(_, given)| given.is_some()) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    running.into_iter().map(|(_, given)| given.expect("all are done")).collect()
}
