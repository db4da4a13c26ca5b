//! Owns [`Transactions`]: a history of transactions on lists and registers, as compactly as the search for cycles needs it.

use std::collections::BTreeMap;

use thiserror::Error;

use super::micro::{Micro, MicroList, Seen};
use super::names::Names;
use super::number;

/// What became of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Its writes took effect and its reads are known.
    Committed,
    /// It had no effect.
    Aborted,
    /// It may have had its effect, in full or not at all; what it read is not known. It counts as committed if somebody read what it wrote.
    Unknown,
}

/// Who made a transaction, when, and what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Who: a process makes one transaction after the other.
    pub process: u32,
    /// What became of it.
    pub status: Status,
    /// Position of its beginning among the beginnings and ends of all.
    pub invoked: u64,
    /// Position of its end; `None` if nobody saw it end.
    pub completed: Option<u64>,
}

/// Most reads and writes in one history.
pub const MICROS_MAX: usize = 1 << 30;

/// A history of transactions, in the order in which they began.
///
/// Lists cost memory only once: of two reads of one key the shorter should be the beginning of the longer, and then only its length
/// is kept.
#[derive(Debug, Clone, Default)]
pub struct Transactions {
    pub(super) headers: Vec<Header>,
    pub(super) micros: Vec<Deed>,
    /// Where the reads and writes of each transaction begin.
    pub(super) begins: Vec<u32>,
    pub(super) keys: Names,
    pub(super) kinds: Vec<Kind>,
    /// The longest list read under each key.
    pub(super) trunks: Vec<Vec<i64>>,
    /// Lists that are no beginning of their key's longest.
    pub(super) odd: Vec<Vec<i64>>,
    /// In which order registers got their values, where somebody else knows it.
    pub(super) orders: BTreeMap<u32, Vec<i64>>,
    labels: BTreeMap<u32, String>,
}

/// One read or write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Deed {
    pub(super) key: u32,
    pub(super) what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// An append or a write, which the kind of the key tells apart.
    Writes(i64),
    ReadsInitial,
    ReadsValue(i64),
    /// So many of the values of the longest list.
    ReadsBeginning(u32),
    /// The one of the odd lists with this number.
    ReadsOdd(u32),
    /// Nobody knows.
    ReadsUnknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Only its initial state was read.
    Untold,
    List,
    Register,
}

/// A history that cannot be judged.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Malformed {
    /// A key that is used in two ways.
    #[error("the key `{0}` is a list in one place and a register in another (use two keys)")]
    MixedKey(String),
    /// More than [`MICROS_MAX`] reads and writes.
    #[error("the history has more than {MICROS_MAX} reads and writes (check it in parts)")]
    TooLong,
}

impl Transactions {
    /// A history without transactions.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a transaction and returns its number, from 0.
    ///
    /// # Errors
    /// A key is used in two ways, or the history is too long.
    pub fn push(&mut self, header: Header, micros: &[Micro]) -> Result<u32, Malformed> {
        let transaction = self.begin(header);
        for micro in micros {
            match micro {
                Micro::Append(key, value) => self.append(key, *value)?,
                Micro::Write(key, value) => self.write(key, *value)?,
                Micro::Read(key, None) => self.read_initial(key)?,
                Micro::Read(key, Some(Seen::Value(value))) => self.read_value(key, *value)?,
                Micro::Read(key, Some(Seen::List(values))) => self.read_list(key, values)?,
            }
        }
        Ok(transaction)
    }

    /// Begins a transaction, to which what follows belongs, and returns its number, from 0.
    pub fn begin(&mut self, header: Header) -> u32 {
        let transaction = number(self.headers.len());
        self.headers.push(header);
        self.begins.push(number(self.micros.len()));
        transaction
    }

    /// The last transaction appends `value` to the list under `key`.
    ///
    /// # Errors
    /// The key is a register, or the history is too long.
    pub fn append(&mut self, key: &str, value: i64) -> Result<(), Malformed> {
        let key = self.key(key, Kind::List)?;
        self.add(key, What::Writes(value))
    }

    /// The last transaction gives the register under `key` this `value`.
    ///
    /// # Errors
    /// The key is a list, or the history is too long.
    pub fn write(&mut self, key: &str, value: i64) -> Result<(), Malformed> {
        let key = self.key(key, Kind::Register)?;
        self.add(key, What::Writes(value))
    }

    /// The last transaction reads the initial state of `key`, or nobody knows what it read if it has not committed.
    ///
    /// # Errors
    /// The history is too long.
    pub fn read_initial(&mut self, key: &str) -> Result<(), Malformed> {
        let key = self.key(key, Kind::Untold)?;
        self.add(key, if self.is_committed() { What::ReadsInitial } else { What::ReadsUnknown })
    }

    /// The last transaction reads this `value` of the register under `key`.
    ///
    /// # Errors
    /// The key is a list, or the history is too long.
    pub fn read_value(&mut self, key: &str, value: i64) -> Result<(), Malformed> {
        let key = self.key(key, Kind::Register)?;
        self.add(key, if self.is_committed() { What::ReadsValue(value) } else { What::ReadsUnknown })
    }

    /// The last transaction reads these `values` in the list under `key`.
    ///
    /// # Errors
    /// The key is a register, or the history is too long.
    pub fn read_list(&mut self, key: &str, values: &[i64]) -> Result<(), Malformed> {
        let key = self.key(key, Kind::List)?;
        if !self.is_committed() {
            return self.add(key, What::ReadsUnknown);
        }
        let trunk = &mut self.trunks[key as usize];
        let shared = trunk.len().min(values.len());
        let what = if trunk[..shared] != values[..shared] {
            self.odd.push(values.to_vec());
            What::ReadsOdd(number(self.odd.len() - 1))
        } else {
            trunk.extend_from_slice(&values[shared..]);
            if values.is_empty() { What::ReadsInitial } else { What::ReadsBeginning(number(values.len())) }
        };
        self.add(key, what)
    }

    /// The register under `key` got these values one after the other, as somebody knows who saw it. Values that nobody wrote are passed over.
    ///
    /// # Errors
    /// The key is a list.
    pub fn order(&mut self, key: &str, values: &[i64]) -> Result<(), Malformed> {
        let key = self.key(key, Kind::Register)?;
        self.orders.insert(key, values.to_vec());
        Ok(())
    }

    /// Gives a transaction a name of its own for stories, such as its worker's.
    pub fn label(&mut self, transaction: u32, label: impl Into<String>) {
        self.labels.insert(transaction, label.into());
    }

    /// How many transactions there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.headers.len()
    }

    /// Whether there is no transaction.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.headers.is_empty()
    }

    /// What stories call a transaction.
    #[must_use]
    pub fn name(&self, transaction: u32) -> String {
        let given = self.labels.get(&transaction);
        given.cloned().unwrap_or_else(|| format!("transaction {}", u64::from(transaction) + 1))
    }

    /// What a transaction did. Reads of one that has not committed are told as `nil`.
    #[must_use]
    pub fn told(&self, transaction: u32) -> MicroList {
        MicroList(self.deeds(transaction).map(|(_, deed)| self.micro(deed)).collect())
    }

    fn micro(&self, deed: &Deed) -> Micro {
        let key = self.keys.text(deed.key).to_owned();
        let is_list = self.kinds[deed.key as usize] == Kind::List;
        match deed.what {
            What::Writes(value) if is_list => Micro::Append(key, value),
            What::Writes(value) => Micro::Write(key, value),
            What::ReadsInitial if is_list => Micro::list(key, []),
            What::ReadsInitial | What::ReadsUnknown => Micro::Read(key, None),
            What::ReadsValue(value) => Micro::value(key, Some(value)),
            What::ReadsBeginning(length) => {
                Micro::list(key, &self.trunks[deed.key as usize][..length as usize])
            }
            What::ReadsOdd(odd) => Micro::list(key, self.odd[odd as usize].as_slice()),
        }
    }

    /// Numbers of the reads and writes of a transaction, and what they are.
    pub(super) fn deeds(&self, transaction: u32) -> impl Iterator<Item = (u32, &Deed)> {
        let begin = self.begins[transaction as usize];
        let end = self.begins.get(transaction as usize + 1).copied().unwrap_or(number(self.micros.len()));
        (begin..end).zip(&self.micros[begin as usize..end as usize])
    }

    pub(super) fn status(&self, transaction: u32) -> Status {
        self.headers[transaction as usize].status
    }

    fn is_committed(&self) -> bool {
        self.headers.last().is_some_and(|header| header.status == Status::Committed)
    }

    fn key(&mut self, text: &str, kind: Kind) -> Result<u32, Malformed> {
        let key = self.keys.number(text);
        if key as usize == self.kinds.len() {
            self.kinds.push(kind);
            self.trunks.push(Vec::new());
        }
        match &mut self.kinds[key as usize] {
            known if *known == kind || kind == Kind::Untold => Ok(key),
            known if *known == Kind::Untold => {
                *known = kind;
                Ok(key)
            }
            _ => Err(Malformed::MixedKey(text.to_owned())),
        }
    }

    fn add(&mut self, key: u32, what: What) -> Result<(), Malformed> {
        assert!(!self.headers.is_empty(), "a read or write belongs to a transaction that has begun");
        if self.micros.len() >= MICROS_MAX {
            return Err(Malformed::TooLong);
        }
        self.micros.push(Deed { key, what });
        Ok(())
    }
}
