//! Owns the limit that most variants keep, and what is promised of it.

use raceproof::{Invariant, View, Worker};

/// How many calls a client may make in a window.
pub(super) const LIMIT: usize = 2;
/// How long a window is.
pub(super) const WINDOW_MS: u64 = 100;

/// The operation of whoever asks whether it may go on.
pub(super) const CALL: &str = "call";
/// The operation of the last worker, when everybody has been silent for a window.
pub(super) const IN_THE_END: &str = "call in the end";

/// What a call returns that is let through; `ms` is when that was decided.
pub(super) fn admitted(ms: u64) -> String {
    format!("admitted at {ms} ms")
}

/// What time it is, in whole milliseconds of the same clock as Redis has.
pub(super) fn now_ms(worker: &Worker) -> u64 {
    u64::try_from(worker.now().as_millis()).unwrap_or(u64::MAX)
}

/// When calls were let through, the first one first.
fn moments(view: &View<'_>) -> Vec<u64> {
    let moment = |text: &str| text.strip_prefix("admitted at ")?.strip_suffix(" ms")?.parse().ok();
    let mut moments: Vec<u64> = view.results(CALL).into_iter().filter_map(moment).collect();
    moments.sort_unstable();
    moments
}

/// Moments for people: since the first one.
fn told(moments: &[u64]) -> String {
    let first = moments.first().copied().unwrap_or(0);
    let since: Vec<String> = moments.iter().map(|moment| (moment - first).to_string()).collect();
    format!("calls were let through at {} ms (the first at 0)", since.join(", "))
}

/// For windows that begin with a call and end by themselves.
pub(super) fn windows_of_their_own() -> Invariant {
    let promise = format!("at most {LIMIT} calls are let through in a window, which begins with the first");
    Invariant::new(promise, |view: &View<'_>| {
        let moments = moments(view);
        let mut rest = &moments[..];
        while let Some(first) = rest.first() {
            let inside = rest.iter().take_while(|moment| **moment < first + WINDOW_MS).count();
            if inside > LIMIT {
                return Err(told(&moments));
            }
            rest = &rest[inside..];
        }
        Ok(())
    })
}

/// For windows that the clock numbers.
pub(super) fn numbered_windows() -> Invariant {
    let promise = format!("at most {LIMIT} calls are let through in each {WINDOW_MS} ms of the clock");
    Invariant::new(promise, |view: &View<'_>| {
        let moments = moments(view);
        let is_full = |pair: &[u64]| pair[0] / WINDOW_MS == pair[LIMIT] / WINDOW_MS;
        if moments.windows(LIMIT + 1).any(is_full) { Err(told(&moments)) } else { Ok(()) }
    })
}

/// For a window that may begin at any moment.
pub(super) fn sliding_window() -> Invariant {
    let promise = format!("at most {LIMIT} calls are let through in any {WINDOW_MS} ms");
    Invariant::new(promise, |view: &View<'_>| {
        let moments = moments(view);
        let is_full = |pair: &[u64]| pair[LIMIT] - pair[0] < WINDOW_MS;
        if moments.windows(LIMIT + 1).any(is_full) { Err(told(&moments)) } else { Ok(()) }
    })
}

/// For a bucket of [`LIMIT`] tokens that gets one more every `refill_ms`.
pub(super) fn bucket(refill_ms: u64) -> Invariant {
    let promise = "no more calls are let through than the bucket had tokens and got new ones";
    Invariant::new(promise, move |view: &View<'_>| {
        let moments = moments(view);
        for (place, first) in moments.iter().enumerate() {
            for (further, last) in moments[place..].iter().enumerate() {
                let refilled = usize::try_from((last - first) / refill_ms).unwrap_or(usize::MAX);
                if further + 1 > LIMIT.saturating_add(refilled) {
                    return Err(told(&moments));
                }
            }
        }
        Ok(())
    })
}

/// Nobody is refused for ever: a window without calls later, one is let through.
pub(super) fn free_in_the_end() -> Invariant {
    Invariant::new("a window without calls later, a call is let through", |view: &View<'_>| {
        match view.count(IN_THE_END) {
            0 => Err(format!("it is refused: {}", view.state)),
            _ => Ok(()),
        }
    })
}
