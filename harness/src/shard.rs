//! Owns [`Shard`]: which part of a search is made here, where several machines or processes share it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// One of the parts into which a search is split without any communication between those who make them. As text `2/4`: the
/// second of four.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(into = "String", try_from = "String")]
pub struct Shard {
    index: u32,
    count: u32,
}

impl Shard {
    /// The only part: the whole search.
    pub const WHOLE: Self = Self { index: 0, count: 1 };

    /// Part `number`, from 1, of `count`.
    ///
    /// # Errors
    /// There is no such part.
    pub fn new(number: u32, count: u32) -> Result<Self, ShardError> {
        match number.checked_sub(1) {
            Some(index) if index < count => Ok(Self { index, count }),
            _ => Err(ShardError(format!("{number}/{count}"))),
        }
    }

    /// Every part of `count`.
    pub fn all(count: u32) -> impl Iterator<Item = Self> {
        (0..count).map(move |index| Self { index, count })
    }

    /// This part in `count` parts of its own, which together have what it has.
    ///
    /// # Errors
    /// There are more parts than a number can count, or none.
    pub fn split(self, count: u32) -> Result<Vec<Self>, ShardError> {
        match self.count.checked_mul(count) {
            Some(all) if all > 0 => Ok((0..count)
                .map(|part| Self { index: self.index + part * self.count, count: all })
                .collect()),
            _ => Err(ShardError(format!("{self} in {count}"))),
        }
    }

    /// Its position, from 0.
    #[must_use]
    pub fn index(self) -> u32 {
        self.index
    }

    /// How many parts there are.
    #[must_use]
    pub fn count(self) -> u32 {
        self.count
    }

    /// Whether this part has what `digest` stands for; just one of all parts has it.
    #[must_use]
    pub fn owns(self, digest: u64) -> bool {
        digest % u64::from(self.count) == u64::from(self.index)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.index + 1, self.count)
    }
}

/// A text that names no part.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is no part of a search (the second of four is `2/4`)")]
pub struct ShardError(pub String);

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let refused = || ShardError(text.to_owned());
        let (number, count) = text.split_once('/').ok_or_else(refused)?;
        let (number, count) = (number.parse().map_err(|_| refused())?, count.parse().map_err(|_| refused())?);
        Self::new(number, count).map_err(|_| refused())
    }
}

impl From<Shard> for String {
    fn from(shard: Shard) -> Self {
        shard.to_string()
    }
}

impl TryFrom<String> for Shard {
    type Error = ShardError;

    fn try_from(text: String) -> Result<Self, ShardError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_digest_belongs_to_just_one_part() {
        for digest in [0, 1, 2, 3, 17, u64::MAX] {
            assert_eq!(Shard::all(4).filter(|shard| shard.owns(digest)).count(), 1);
            assert!(Shard::WHOLE.owns(digest));
        }
    }

    #[test]
    fn what_a_part_has_belongs_to_just_one_part_of_it() {
        let shard = Shard { index: 1, count: 3 };
        let parts = shard.split(4).expect("twelve can be counted");
        for digest in 0..100 {
            let owners = parts.iter().filter(|part| part.owns(digest)).count();
            assert_eq!(owners, usize::from(shard.owns(digest)), "{digest}");
        }
        assert_eq!(Shard::WHOLE.split(2), Ok(Shard::all(2).collect()));
        assert!(shard.split(0).is_err() && shard.split(u32::MAX).is_err());
    }

    #[test]
    fn text_is_read_back_and_what_names_no_part_is_refused() {
        let shard: Shard = "2/4".parse().expect("a part");
        assert_eq!((shard.index(), shard.count(), shard.to_string().as_str()), (1, 4, "2/4"));
        for wrong in ["0/4", "5/4", "1/0", "2", "a/b", "-1/2"] {
            assert_eq!(wrong.parse::<Shard>(), Err(ShardError(wrong.to_owned())));
        }
    }
}
