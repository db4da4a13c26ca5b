//! Owns the telling of a burst: what went by on all its connections, in one order, as text.

use super::free::Ran;
use crate::burst::{BurstRecord, Latency, PASSED_MAX, Passed};
use crate::gate::{Backend, Entry, Tape, Timings};
use crate::history::State;
use crate::wire::Session;

/// Nanoseconds in a microsecond.
const NANOS: u64 = 1_000;

/// The burst `ran`, which was the one with this `number`, for records.
pub(super) fn told(
    ran: &Ran,
    number: u64,
    initial: Option<&State>,
    backends: &[Box<dyn Backend>],
    sessions: &[Box<dyn Session>],
) -> BurstRecord {
    let of_tape = |tape| Tape::entries_of(tape);
    let mut entries: Vec<(&Tape, &Entry)> = ran.tapes.iter().flat_map(of_tape).collect();
    // What was not answered comes last.
    entries.sort_by_key(|(tape, entry)| (entry.answered.unwrap_or(u64::MAX), entry.sent, tape.connection));
    let left_out = ran.tapes.iter().map(|tape| tape.left_out).sum::<u64>();
    let untold = entries.len().saturating_sub(PASSED_MAX) as u64;
    let since = |at: u64| at.saturating_sub(ran.released) / NANOS;
    let passed = entries.into_iter().take(PASSED_MAX).map(|(tape, entry)| {
        let session = &sessions[tape.store];
        let reply = || session.show_reply(tape.reply(entry), entry.context.as_ref());
        let request = || session.show_request(tape.request(entry), entry.context.as_ref());
        Passed {
            connection: tape.connection,
            store: backends[tape.store].name().to_owned(),
            request: (!entry.is_message).then(request),
            reply: entry.answered.map(|_| reply()),
            sent_us: since(entry.sent),
            answered_us: entry.answered.map(since),
        }
    });
    let text = |state: Option<&State>| state.map(ToString::to_string).unwrap_or_default();
    BurstRecord {
        number,
        workers: ran.executed.workers.iter().copied().chain(ran.executed.aftermath).collect(),
        passed: passed.collect(),
        left_out: left_out + untold,
        operations: ran.executed.operations.clone(),
        ends: ran.executed.ends.clone(),
        initial_state: text(initial),
        final_state: text(ran.executed.final_state.as_ref()),
    }
}

/// What the latencies amount to, by store and word.
pub(super) fn latencies(
    timings: &Timings,
    backends: &[Box<dyn Backend>],
) -> std::collections::BTreeMap<String, Latency> {
    let told = |(store, verb, nanos): (usize, &[u8], &hdrhistogram::Histogram<u64>)| {
        let name = format!("{} {}", backends[store].name(), String::from_utf8_lossy(verb));
        let at = |quantile| nanos.value_at_quantile(quantile) / NANOS;
        let latency =
            Latency { count: nanos.len(), p50_us: at(0.5), p99_us: at(0.99), max_us: nanos.max() / NANOS };
        (name.trim_end().to_owned(), latency)
    };
    timings.each().map(told).collect()
}
