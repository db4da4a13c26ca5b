//! Owns what a panic says, and the silence about panics of workers and of invariants that are asked early: they are judged and told
//! with the outcome, once, instead of being printed in each of thousands of executions.

use std::any::Any;
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::panic;
use std::pin::pin;
use std::sync::Once;

thread_local! {
    static IN_WORKER: Cell<bool> = const { Cell::new(false) };
}

/// Runs a worker's program; its panics are not printed.
pub(super) async fn told_elsewhere<T>(program: impl Future<Output = T>) -> T {
    hook();
    let mut program = pin!(program);
    poll_fn(|context| {
        let _inside = Inside::enter();
        program.as_mut().poll(context)
    })
    .await
}

/// Asks an invariant; if it panics, that is not printed, and what it said is the error.
pub(super) fn caught<T>(ask: impl FnOnce() -> T) -> Result<T, String> {
    hook();
    let asked = panic::AssertUnwindSafe(|| {
        let _inside = Inside::enter();
        ask()
    });
    panic::catch_unwind(asked).map_err(|payload| message(payload.as_ref()))
}

/// Sees to it that what panics inside is not printed.
fn hook() {
    static HOOKED: Once = Once::new();
    HOOKED.call_once(|| {
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |panicked| {
            if !IN_WORKER.get() {
                print(panicked);
            }
        }));
    });
}

/// What a panic said.
pub(super) fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "(no text)".to_owned())
}

/// While it lives, this thread runs a worker's program, or asks an invariant.
struct Inside;

impl Inside {
    fn enter() -> Self {
        IN_WORKER.set(true);
        Self
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        IN_WORKER.set(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The flag is up inside only, also after a panic, so that panics of ours are still printed.
    #[test]
    fn flag_is_down_outside_and_after_a_panic() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        assert!(runtime.block_on(told_elsewhere(async { IN_WORKER.get() })));
        let program = told_elsewhere(async { panic!("not printed") });
        let panicked = panic::catch_unwind(panic::AssertUnwindSafe(|| runtime.block_on(program)));
        assert!(panicked.is_err() && !IN_WORKER.get());
    }

    #[test]
    fn panic_of_an_invariant_is_what_it_said() {
        assert_eq!(caught(|| 1), Ok(1));
        assert_eq!(caught(|| -> u8 { panic!("no row") }), Err("no row".to_owned()));
        assert!(!IN_WORKER.get());
    }
}
