//! Owns [`Workload`]: a valid history, drawn from a seed: transactions of many processes that overlap, executed one after the other.

use raceproof::check::{Header, Status, Transactions};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// How many transactions overlap.
const PROCESSES: usize = 20;
/// Keys in use at a time, and how often each is appended to before another takes its place.
const KEYS: usize = 32;
const APPENDS_MAX: i64 = 32;
/// Reads and writes of a transaction.
const MICROS_MAX: u32 = 4;

/// One read or append.
pub(crate) enum Deed {
    Append(u32, i64),
    /// So many values, which are the first ones: each list holds 1, 2, 3 and so on.
    Read(u32, i64),
}

pub(crate) struct One {
    pub(crate) header: Header,
    pub(crate) deeds: Vec<Deed>,
}

/// Transactions in the order in which they began.
pub(crate) struct Workload {
    pub(crate) all: Vec<One>,
    names: Vec<String>,
}

impl Workload {
    pub(crate) fn drawn(seed: u64, count: usize) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut below = |limit: u32| random.next_u32() % limit;
        let (mut lengths, mut keys): (Vec<i64>, Vec<u32>) = (vec![0; KEYS], (0..KEYS as u32).collect());
        let (mut position, mut all) = (0, Vec::<One>::with_capacity(count));
        // The transaction that each process has begun and not ended.
        let mut open: Vec<Option<usize>> = vec![None; PROCESSES];
        let mut ended = 0;
        while ended < count {
            let process = below(PROCESSES as u32);
            position += 1;
            let Some(number) = open[process as usize].take() else {
                if all.len() < count {
                    open[process as usize] = Some(all.len());
                    let header =
                        Header { process, status: Status::Committed, invoked: position, completed: None };
                    all.push(One { header, deeds: Vec::new() });
                }
                continue;
            };
            // It takes effect as a whole just before it ends.
            for _ in 0..=below(MICROS_MAX) {
                let slot = below(KEYS as u32) as usize;
                if lengths[keys[slot] as usize] == APPENDS_MAX {
                    keys[slot] = lengths.len() as u32;
                    lengths.push(0);
                }
                let length = &mut lengths[keys[slot] as usize];
                all[number].deeds.push(if below(2) == 0 {
                    *length += 1;
                    Deed::Append(keys[slot], *length)
                } else {
                    Deed::Read(keys[slot], *length)
                });
            }
            all[number].header.completed = Some(position);
            ended += 1;
        }
        Self { all, names: (0..lengths.len()).map(|key| key.to_string()).collect() }
    }

    /// Puts everything into `history`.
    pub(crate) fn tell(&self, history: &mut Transactions) {
        let values: Vec<i64> = (1..=APPENDS_MAX).collect();
        for One { header, deeds } in &self.all {
            history.begin(*header);
            for deed in deeds {
                let told = match deed {
                    Deed::Append(key, value) => history.append(&self.names[*key as usize], *value),
                    Deed::Read(key, length) => {
                        history.read_list(&self.names[*key as usize], &values[..*length as usize])
                    }
                };
                told.expect("lists are only lists");
            }
        }
    }
}
