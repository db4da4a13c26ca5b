//! Owns [`Readings`]: which version each read saw, and what is wrong with single reads, whatever the order of transactions.

use super::anomaly::Anomaly;
use super::finding::Findings;
use super::number;
use super::transactions::{Kind, Status, Transactions, What};
use super::versions::{NONE, Versions};

/// One read of a version by a committed transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) transaction: u32,
    /// The version, as [`Versions`] numbers them.
    pub(super) version: u32,
}

/// What committed transactions read that they had not written themselves.
#[derive(Debug, Default)]
pub(super) struct Readings(pub(super) Vec<Reading>);

/// What the transaction that is looked at knows of one key.
#[derive(Debug, Clone, Copy)]
struct Known {
    transaction: u32,
    /// The last version of others that it read.
    read: u32,
    /// Its own last version.
    own: u32,
}

/// Looks at one transaction after the other.
struct Reader<'a> {
    history: &'a Transactions,
    versions: &'a Versions,
    findings: &'a mut Findings,
    readings: Vec<Reading>,
    known: Vec<Known>,
    /// From which place on the longest list of each key has a value that was aborted.
    aborted_from: Vec<u32>,
    /// Versions that were read and then replaced, and by whom.
    updates: Vec<(u32, u32)>,
}

impl Readings {
    pub(super) fn of(history: &Transactions, versions: &Versions, findings: &mut Findings) -> Self {
        let aborted_from = lists(history, versions, findings);
        in_order(history, versions, findings);
        let nothing = Known { transaction: NONE, read: NONE, own: NONE };
        let known = vec![nothing; history.keys.len()];
        let (readings, updates) = (Vec::new(), Vec::new());
        let mut reader = Reader { history, versions, findings, readings, known, aborted_from, updates };
        for transaction in 0..number(history.len()) {
            if history.status(transaction) == Status::Committed {
                reader.look_at(transaction);
            }
        }
        reader.lost_updates();
        Self(reader.readings)
    }
}

/// Looks at the longest list of each key; returns from which place on it has a value that was aborted.
fn lists(history: &Transactions, versions: &Versions, findings: &mut Findings) -> Vec<u32> {
    let mut aborted_from = vec![NONE; history.keys.len()];
    for (key, trunk) in versions.trunks.iter().enumerate() {
        if versions.ambiguous.binary_search(&number(key)).is_ok() {
            continue;
        }
        let mut aborted = None;
        for (place, version) in trunk.iter().enumerate() {
            let (text, value) = (history.keys.text(number(key)), history.trunks[key][place]);
            let Some(write) = versions.write(*version) else {
                findings.add(Anomaly::UnwrittenRead, || {
                    format!("`{text}` was read with {value}, which nobody appended")
                });
                continue;
            };
            if write.place != number(place) {
                let by = history.name(write.transaction);
                findings.add(Anomaly::DuplicateAppend, || {
                    format!("{by} appended {value} to `{text}` once, and it was read there twice")
                });
            } else if history.status(write.transaction) == Status::Aborted {
                aborted = aborted.or(Some(write));
                aborted_from[key] = aborted_from[key].min(number(place));
            } else if let Some(aborted) = aborted.take() {
                let (by, of) = (history.name(write.transaction), history.name(aborted.transaction));
                findings.add(Anomaly::DirtyUpdate, || {
                    format!(
                        "{by} appended {value} to `{text}` behind {} of {of}, which was aborted",
                        aborted.value
                    )
                });
            }
        }
    }
    aborted_from
}

/// Of what one transaction appended to one list the earlier is read wherever the later is, and before it.
fn in_order(history: &Transactions, versions: &Versions, findings: &mut Findings) {
    let mut last = vec![NONE; history.keys.len()];
    let appends = history.micros.iter().enumerate().filter(|(_, micro)| {
        matches!(micro.what, What::Writes(_)) && history.kinds[micro.key as usize] == Kind::List
    });
    for (deed, micro) in appends {
        let made = versions.made_by(number(deed));
        let before = std::mem::replace(&mut last[micro.key as usize], made);
        let (Some(before), Some(write)) = (versions.write(before), versions.write(made)) else { continue };
        let is_one = before.transaction == write.transaction && versions.is_effective(write.transaction);
        if is_one && write.place != NONE && before.place > write.place {
            findings.add(Anomaly::IncompatibleOrder, || {
                let (by, text) = (history.name(write.transaction), history.keys.text(micro.key));
                let (first, second) = (before.value, write.value);
                format!("`{text}` was read with {second} and without {first} before it, which {by} had appended first")
            });
        }
    }
}

impl Reader<'_> {
    fn look_at(&mut self, transaction: u32) {
        let history = self.history;
        for (deed, micro) in history.deeds(transaction) {
            let key = micro.key;
            if self.versions.ambiguous.binary_search(&key).is_ok() {
                continue;
            }
            if self.known[key as usize].transaction != transaction {
                self.known[key as usize] = Known { transaction, read: NONE, own: NONE };
            }
            let seen = match micro.what {
                What::Writes(_) => {
                    self.writes(transaction, key, deed);
                    continue;
                }
                What::ReadsUnknown => continue,
                What::ReadsInitial => Some(self.versions.initial(key)),
                What::ReadsBeginning(length) => {
                    let place = length as usize - 1;
                    Some(self.versions.trunks[key as usize][place]).filter(|version| *version != NONE)
                }
                What::ReadsValue(value) => self.value(transaction, key, value),
                What::ReadsOdd(odd) => {
                    self.odd(transaction, key, odd);
                    continue;
                }
            };
            let Some(version) = seen else { continue };
            self.check_own(transaction, key, version, deed);
            self.check_writer(transaction, key, version, micro.what);
            let by = self.versions.write(version).map(|write| write.transaction);
            if by != Some(transaction) {
                self.known[key as usize].read = version;
                self.readings.push(Reading { transaction, version });
            }
        }
    }

    fn writes(&mut self, transaction: u32, key: u32, deed: u32) {
        let known = &mut self.known[key as usize];
        if known.own == NONE && known.read != NONE {
            self.updates.push((known.read, transaction));
        }
        known.own = self.versions.made_by(deed);
    }

    fn value(&mut self, transaction: u32, key: u32, value: i64) -> Option<u32> {
        let found = self.versions.with_value(key, value);
        if found.is_none() {
            let (by, key) = (self.history.name(transaction), self.history.keys.text(key));
            self.findings
                .add(Anomaly::UnwrittenRead, || format!("{by} read `{key}` as {value}, which nobody wrote"));
        }
        found
    }

    fn odd(&mut self, transaction: u32, key: u32, odd: u32) {
        let history = self.history;
        self.findings.add(Anomaly::IncompatibleOrder, || {
            let (by, text) = (history.name(transaction), history.keys.text(key));
            let (one, other) = (&history.odd[odd as usize], &history.trunks[key as usize]);
            let agreed = one.iter().zip(other).take_while(|(one, other)| one == other).count();
            let from = |list: &[i64]| list.get(agreed).map_or("nothing".to_owned(), ToString::to_string);
            let (one, other) = (from(one), from(other));
            format!("behind the same {agreed} values of `{text}` {by} read {one}, and others {other}")
        });
    }

    /// Whoever reads what it has written itself must find it, and not before it has written it.
    fn check_own(&mut self, transaction: u32, key: u32, version: u32, deed: u32) {
        let (history, versions) = (self.history, self.versions);
        let own = versions.write(self.known[key as usize].own);
        let read = versions.write(version);
        let is_early = read.is_some_and(|read| read.transaction == transaction && read.deed > deed);
        let is_missing = own.is_some_and(|own| match history.kinds[key as usize] {
            Kind::List => read.is_none_or(|read| own.place > read.place),
            _ => read.is_none_or(|read| read.deed != own.deed),
        });
        if is_early || is_missing {
            self.findings.add(Anomaly::Internal, || {
                let (by, text) = (history.name(transaction), history.keys.text(key));
                let what =
                    if is_early { "what it wrote only later" } else { "not what it had written itself" };
                format!("{by} read in `{text}` {what}: {}", history.told(transaction))
            });
        }
    }

    /// What is read must have been committed, and be the last of its transaction.
    fn check_writer(&mut self, transaction: u32, key: u32, version: u32, what: What) {
        let (history, versions) = (self.history, self.versions);
        let Some(write) = versions.write(version).filter(|write| write.transaction != transaction) else {
            return;
        };
        let (by, of) = (transaction, write.transaction);
        let told = |value: i64, of: u32, why: &str| {
            let text = history.keys.text(key);
            format!("{} read {value} in `{text}`, which {} {why}", history.name(by), history.name(of))
        };
        let aborted = match what {
            What::ReadsBeginning(length) if self.aborted_from[key as usize] < length => {
                versions.write(versions.trunks[key as usize][self.aborted_from[key as usize] as usize])
            }
            _ => Some(write).filter(|write| history.status(write.transaction) == Status::Aborted),
        };
        if let Some(aborted) = aborted {
            self.findings.add(Anomaly::G1a, || told(aborted.value, aborted.transaction, "wrote and aborted"));
        }
        if !write.is_final && history.status(of) != Status::Aborted {
            self.findings
                .add(Anomaly::G1b, || told(write.value, of, "wrote and then wrote over before it committed"));
        }
    }

    fn lost_updates(&mut self) {
        self.updates.sort_unstable();
        let (history, versions) = (self.history, self.versions);
        for pair in self.updates.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
            let [(version, one), (_, other)] = [pair[0], pair[1]];
            self.findings.add(Anomaly::LostUpdate, || {
                let of = versions.write(version);
                let key = of.map_or_else(|| version - versions.initial(0), |write| write.key);
                let read = match of {
                    None => "in its initial state".to_owned(),
                    Some(write) => format!("after the write of {}", write.value),
                };
                let (one, other) = (history.name(one), history.name(other));
                let text = history.keys.text(key);
                format!("{one} and {other} both read `{text}` {read}, and both wrote it then")
            });
        }
    }
}
