//! Owns [`Versions`]: who wrote what, and which version of a key came after which, as far as the history shows it.

use super::number;
use super::rows::Rows;
use super::transactions::{Kind, Status, Transactions, What};

/// No number.
pub(super) const NONE: u32 = u32::MAX;
/// Most versions that are taken to follow directly on one. A store that gives more has lost so many updates that these suffice.
const SUCCESSORS_MAX: usize = 64;

/// One write to one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Write {
    pub(super) value: i64,
    pub(super) key: u32,
    pub(super) transaction: u32,
    /// Which of all reads and writes it is.
    pub(super) deed: u32,
    /// Its place in the longest list that was read, if it is there.
    pub(super) place: u32,
    /// Whether it is its transaction's last to this key.
    pub(super) is_final: bool,
}

/// The versions of all keys. A version has a number: that of the write that made it, or behind all writes that of the key whose
/// initial state it is.
#[derive(Debug)]
pub(super) struct Versions {
    /// By key, and of one key by value.
    pub(super) writes: Vec<Write>,
    /// Where the writes of each key begin.
    of_key: Vec<u32>,
    /// The write that a read or write is.
    of_deed: Vec<u32>,
    /// The versions that follow directly on each.
    pub(super) next: Rows,
    /// For each key the write of each value of its longest list.
    pub(super) trunks: Vec<Vec<u32>>,
    /// Keys to which one value was written twice: what was read of them says nothing.
    pub(super) ambiguous: Vec<u32>,
    /// Which transactions had their effect: those that committed, and of the unknown those of whose writes one was read.
    effective: Vec<bool>,
}

impl Versions {
    pub(super) fn of(history: &Transactions) -> Self {
        let mut versions = Self::written(history);
        versions.trunks = versions.read_in_lists(history);
        versions.effective = versions.effects(history);
        let mut pairs = versions.pairs_of_lists(history);
        pairs.extend(versions.pairs_of_registers(history));
        versions.next = Rows::of(versions.writes.len() + history.keys.len(), &mut pairs);
        versions
    }

    /// The version that `key` has before anybody writes it.
    pub(super) fn initial(&self, key: u32) -> u32 {
        number(self.writes.len()) + key
    }

    /// The write that made `version`, unless it is an initial one.
    pub(super) fn write(&self, version: u32) -> Option<&Write> {
        self.writes.get(version as usize)
    }

    /// The version that a write made.
    pub(super) fn made_by(&self, deed: u32) -> u32 {
        self.of_deed[deed as usize]
    }

    /// The version of `key` with this value.
    pub(super) fn with_value(&self, key: u32, value: i64) -> Option<u32> {
        let writes = self.writes_of(key);
        let found = writes.binary_search_by_key(&value, |write| write.value).ok()?;
        Some(self.of_key[key as usize] + number(found))
    }

    /// Whether a transaction had its effect.
    pub(super) fn is_effective(&self, transaction: u32) -> bool {
        self.effective[transaction as usize]
    }

    fn writes_of(&self, key: u32) -> &[Write] {
        let (begin, end) = (self.of_key[key as usize], self.of_key[key as usize + 1]);
        &self.writes[begin as usize..end as usize]
    }

    /// All writes, without any order of versions.
    fn written(history: &Transactions) -> Self {
        let mut of_key = vec![0; history.keys.len() + 1];
        let writes = |what: &What| matches!(what, What::Writes(_));
        for deed in history.micros.iter().filter(|deed| writes(&deed.what)) {
            of_key[deed.key as usize + 1] += 1;
        }
        for key in 0..history.keys.len() {
            of_key[key + 1] += of_key[key];
        }
        let nothing = Write { value: 0, key: 0, transaction: 0, deed: 0, place: NONE, is_final: true };
        let mut all = vec![nothing; of_key[history.keys.len()] as usize];
        let mut ends = of_key.clone();
        for transaction in 0..number(history.len()) {
            for (deed, micro) in history.deeds(transaction) {
                let What::Writes(value) = micro.what else { continue };
                let (end, begin) = (&mut ends[micro.key as usize], of_key[micro.key as usize]);
                if *end > begin && all[*end as usize - 1].transaction == transaction {
                    all[*end as usize - 1].is_final = false;
                }
                all[*end as usize] = Write { value, key: micro.key, transaction, deed, ..nothing };
                *end += 1;
            }
        }
        let mut ambiguous = Vec::new();
        for key in 0..history.keys.len() {
            let writes = &mut all[of_key[key] as usize..of_key[key + 1] as usize];
            writes.sort_unstable_by_key(|write| (write.value, write.deed));
            if writes.windows(2).any(|pair| pair[0].value == pair[1].value) {
                ambiguous.push(number(key));
            }
        }
        let mut of_deed = vec![NONE; history.micros.len()];
        for (version, write) in all.iter().enumerate() {
            of_deed[write.deed as usize] = number(version);
        }
        let (next, trunks, effective) = (Rows::default(), Vec::new(), Vec::new());
        Self { writes: all, of_key, of_deed, next, trunks, ambiguous, effective }
    }

    /// The writes of the longest lists; the places of what is twice in one are those of the first.
    fn read_in_lists(&mut self, history: &Transactions) -> Vec<Vec<u32>> {
        let mut trunks = Vec::with_capacity(history.trunks.len());
        for (key, values) in history.trunks.iter().enumerate() {
            let mut trunk = Vec::with_capacity(values.len());
            for (place, value) in values.iter().enumerate() {
                let version = self.with_value(number(key), *value);
                if let Some(version) = version {
                    let write = &mut self.writes[version as usize];
                    write.place = write.place.min(number(place));
                }
                trunk.push(version.unwrap_or(NONE));
            }
            trunks.push(trunk);
        }
        trunks
    }

    fn effects(&self, history: &Transactions) -> Vec<bool> {
        let committed = history.headers.iter().map(|header| header.status == Status::Committed);
        let mut effective: Vec<bool> = committed.collect();
        let mut take = |write: &Write| {
            effective[write.transaction as usize] |= history.status(write.transaction) == Status::Unknown;
        };
        self.writes.iter().filter(|write| write.place != NONE).for_each(&mut take);
        for micro in &history.micros {
            if let What::ReadsValue(value) = micro.what
                && let Some(write) = self.with_value(micro.key, value).and_then(|version| self.write(version))
            {
                take(write);
            }
        }
        effective
    }

    /// In a list that was read versions follow each other; behind its end come those that have committed and that nobody has read.
    fn pairs_of_lists(&self, history: &Transactions) -> Vec<(u32, u32)> {
        let mut pairs = Vec::new();
        for key in 0..number(history.keys.len()) {
            if history.kinds[key as usize] != Kind::List || self.ambiguous.binary_search(&key).is_ok() {
                continue;
            }
            let mut before = vec![self.initial(key)];
            for (place, version) in self.trunks[key as usize].iter().enumerate() {
                let Some(write) = self.write(*version).filter(|write| write.place == number(place)) else {
                    continue;
                };
                if !self.is_effective(write.transaction) {
                    before.push(*version);
                    continue;
                }
                pairs.extend(before.drain(..).map(|before| (before, *version)));
                before.push(*version);
            }
            let unread = |write: &&Write| write.place == NONE && self.is_effective(write.transaction);
            for write in self.writes_of(key).iter().filter(unread).take(SUCCESSORS_MAX) {
                pairs.extend(before.iter().map(|before| (*before, self.made_by(write.deed))));
            }
        }
        pairs
    }

    /// Who reads a register and then writes it has made the next version; every version comes after the initial one.
    fn pairs_of_registers(&self, history: &Transactions) -> Vec<(u32, u32)> {
        let is_register = |key: u32| {
            history.kinds[key as usize] == Kind::Register && self.ambiguous.binary_search(&key).is_err()
        };
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        let mut known: Vec<(u32, u32)> = vec![(NONE, NONE); history.keys.len()];
        for transaction in 0..number(history.len()) {
            for (deed, micro) in history.deeds(transaction).filter(|(_, micro)| is_register(micro.key)) {
                let (by, version) = &mut known[micro.key as usize];
                let before = (*by == transaction).then_some(*version);
                *version = match micro.what {
                    What::Writes(_) => {
                        let made = self.made_by(deed);
                        pairs.extend(before.filter(|before| *before != NONE).map(|before| (before, made)));
                        made
                    }
                    What::ReadsInitial => self.initial(micro.key),
                    What::ReadsValue(value) => self.with_value(micro.key, value).unwrap_or(NONE),
                    _ => continue,
                };
                *by = transaction;
            }
        }
        for (key, values) in history.orders.iter().filter(|(key, _)| is_register(**key)) {
            let versions: Vec<u32> =
                values.iter().filter_map(|value| self.with_value(*key, *value)).collect();
            pairs.extend(versions.windows(2).map(|pair| (pair[0], pair[1])));
        }
        self.complete(pairs, is_register)
    }

    /// The pairs without those of transactions that had no effect, with the initial versions before all that follow on no other.
    fn complete(&self, mut pairs: Vec<(u32, u32)>, is_register: impl Fn(u32) -> bool) -> Vec<(u32, u32)> {
        let counts =
            |version: u32| self.write(version).is_none_or(|write| self.is_effective(write.transaction));
        pairs.retain(|(_, to)| counts(*to));
        let mut follows = vec![false; self.writes.len()];
        for (_, to) in &pairs {
            follows[*to as usize] = true;
        }
        let firsts = self.writes.iter().enumerate().filter(|(version, write)| {
            is_register(write.key) && !follows[*version] && counts(number(*version))
        });
        pairs.extend(firsts.map(|(version, write)| (self.initial(write.key), number(version))));
        pairs.sort_unstable();
        pairs.dedup();
        let mut run = (NONE, 0);
        pairs.retain(|(from, _)| {
            run = if run.0 == *from { (*from, run.1 + 1) } else { (*from, 1) };
            run.1 <= SUCCESSORS_MAX
        });
        pairs
    }
}
