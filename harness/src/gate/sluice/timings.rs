//! Owns [`Timings`]: how long the stores took to answer, by store and word of the command.

use hdrhistogram::Histogram;

/// Digits of a duration that are kept.
const DIGITS: u8 = 2;

/// One histogram, in nanoseconds, for each kind of command; there are few.
#[derive(Debug, Default)]
pub(crate) struct Timings {
    kinds: Vec<Kind>,
}

#[derive(Debug)]
struct Kind {
    store: usize,
    verb: Box<[u8]>,
    nanos: Histogram<u64>,
}

/// Most kinds that are told apart: a client that makes up words does not fill the memory.
const KINDS_MAX: usize = 256;

impl Timings {
    /// The number of the kind of commands to `store` that begin with `verb`, in whichever case.
    pub(crate) fn kind(&mut self, store: usize, verb: &[u8]) -> usize {
        let is_it = |kind: &Kind| kind.store == store && kind.verb.eq_ignore_ascii_case(verb);
        if let Some(known) = self.kinds.iter().position(is_it) {
            return known;
        }
        if self.kinds.len() == KINDS_MAX {
            return KINDS_MAX - 1;
        }
        let nanos = Histogram::new(DIGITS).expect("the library has room for so many digits");
        self.kinds.push(Kind { store, verb: verb.to_ascii_uppercase().into(), nanos });
        self.kinds.len() - 1
    }

    /// A command of this kind was answered after so long.
    pub(crate) fn add(&mut self, kind: usize, nanos: u64) {
        self.kinds[kind].nanos.record(nanos).expect("a histogram that grows has room for every duration");
    }

    /// Adds those of another thread.
    pub(crate) fn merge(&mut self, other: &Self) {
        for Kind { store, verb, nanos } in &other.kinds {
            let kind = self.kind(*store, verb);
            self.kinds[kind].nanos.add(nanos).expect("a histogram that grows has room for every other");
        }
    }

    /// Store, word and histogram (in nanoseconds) of each kind.
    pub(crate) fn each(&self) -> impl Iterator<Item = (usize, &[u8], &Histogram<u64>)> {
        self.kinds.iter().map(|kind| (kind.store, &*kind.verb, &kind.nanos))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same word in another case is the same kind, on another store it is not; merging adds up.
    #[test]
    fn kinds_are_counted_apart_and_merged() {
        let (mut first, mut second) = (Timings::default(), Timings::default());
        let add = |timings: &mut Timings, store, verb: &[u8], nanos| {
            let kind = timings.kind(store, verb);
            timings.add(kind, nanos);
        };
        add(&mut first, 0, b"get", 1_000);
        add(&mut second, 0, b"GET", 3_000);
        add(&mut second, 1, b"GET", 5_000);
        first.merge(&second);
        let told: Vec<_> = first
            .each()
            .map(|(store, verb, nanos)| (store, verb, nanos.len(), nanos.max() / 1_000))
            .collect();
        assert_eq!(told, [(0, &b"GET"[..], 2, 3), (1, b"GET", 1, 5)]);
    }
}
