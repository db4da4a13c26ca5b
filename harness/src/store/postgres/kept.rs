//! Owns [`Kept`]: one table of what was remembered, and how it is brought back to that.
//!
//! Every execution must find the rows in the same order, for that is the order in which a statement without `ORDER BY`
//! answers. New versions of rows are put behind the old ones for as long as there is room on the page, so deleting all
//! rows and inserting them anew gives the order of a fresh table. Once a page fills up the server takes back the space
//! of what was deleted, at a moment of its own choosing, and puts new versions into the gaps:
//!
//! ```text
//! fresh     | a b c                          |
//! rewritten | - - - a b c                    |   order a b c
//! full      | - - - - - - - - - - - - a b c  |
//! pruned    | x b c . . . . . . . . . a      |   order x b c a
//! ```
//!
//! So long before that the table is rebuilt: emptied, vacuumed to no pages at all, and filled again.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::catalog::Table;
use super::row::Row;

/// How much of a page of 8 KiB may be used when an execution starts. The rest is for what the execution writes.
const USED_BYTES_MAX: usize = 3 << 10;
/// Content above this leaves no room to rewrite it, so it is rebuilt each time.
const CONTENT_BYTES_MAX: usize = 2 << 10;
/// What a row takes on a page beside its values.
const ROW_BYTES: usize = 32;
/// Rows that were rolled back take room unseen, so after so many executions a table is rebuilt in any case: the first
/// number is for one that has changed, the second for one that has not.
const ROUNDS_MAX: u32 = 16;
const UNCHANGED_ROUNDS_MAX: u32 = 64;

/// A table as it is at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Reading {
    /// A digest of its rows in their order.
    content: u64,
    /// A digest of where they are.
    places: u64,
    /// Where the last one is.
    block: u32,
    offset: usize,
    rows: usize,
    /// Of all values as text.
    bytes: usize,
}

impl Reading {
    /// Reads rows whose first value is where they are.
    pub(super) fn of(rows: &[Row]) -> Self {
        let (mut content, mut places) = (DefaultHasher::new(), DefaultHasher::new());
        let mut reading = Self { rows: rows.len(), ..Self::default() };
        for row in rows {
            let (place, values) = (row.text(0), row.behind_first());
            place.hash(&mut places);
            values.hash(&mut content);
            reading.bytes += values.len();
            let (block, offset) = read_place(&place);
            (reading.block, reading.offset) = (block, offset);
        }
        Self { content: content.finish(), places: places.finish(), ..reading }
    }

    fn row_bytes(&self) -> usize {
        ROW_BYTES + self.bytes / self.rows.max(1)
    }

    fn content_bytes(&self) -> usize {
        self.rows * self.row_bytes()
    }

    fn is_spread(&self) -> bool {
        self.block > 0 || self.offset * self.row_bytes() > USED_BYTES_MAX
    }
}

/// `(block,offset)`
fn read_place(place: &str) -> (u32, usize) {
    let (block, offset) = place.trim_matches(['(', ')']).split_once(',').unwrap_or_default();
    (block.parse().unwrap_or(u32::MAX), offset.parse().unwrap_or(usize::MAX >> 32))
}

/// How a table is brought back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mending {
    /// All rows are deleted and inserted again.
    Rewrite,
    /// The same, with the space given back in between.
    Rebuild,
}

/// A table of what was remembered.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) table: Table,
    remembered: Reading,
    /// Its rows as they were seen last.
    pub(super) seen: Vec<Row>,
    /// Whether it must be rebuilt before the next execution, whatever that one does.
    is_used_up: bool,
    /// Whether it is rebuilt whenever it has changed.
    is_always_rebuilt: bool,
    /// Executions since it was rebuilt.
    rounds: u32,
}

impl Kept {
    /// Whether an execution may fill a page of it up.
    pub(super) fn is_crowded(&self) -> bool {
        self.is_always_rebuilt
    }

    pub(super) fn new(table: Table, remembered: Reading) -> Self {
        let is_always_rebuilt = table.has_fill_factor || remembered.content_bytes() > CONTENT_BYTES_MAX;
        Self { table, remembered, seen: Vec::new(), is_used_up: false, is_always_rebuilt, rounds: 0 }
    }

    /// What has to be done after an execution that has left `now`.
    pub(super) fn mending(&mut self, now: &Reading, together: bool) -> Option<Mending> {
        self.rounds += 1;
        let unchanged = now.content == self.remembered.content && now.places == self.remembered.places;
        let rounds_max = if unchanged { UNCHANGED_ROUNDS_MAX } else { ROUNDS_MAX };
        // A large table that nothing was written to is not worth it: what is put into it goes to its last page.
        let worn = self.rounds >= rounds_max && !(unchanged && self.is_always_rebuilt);
        let full = self.is_used_up || self.is_always_rebuilt || now.is_spread();
        if worn || (full && !unchanged) {
            Some(Mending::Rebuild)
        } else if unchanged && !together {
            None
        } else {
            Some(Mending::Rewrite)
        }
    }

    /// Takes note that it was brought back, and is `now`; `false` if that is not what was remembered.
    pub(super) fn mended(&mut self, mending: Mending, now: &Reading) -> bool {
        self.remembered.places = now.places;
        self.is_used_up = now.is_spread();
        if mending == Mending::Rebuild {
            self.rounds = 0;
        }
        now.content == self.remembered.content
    }
}

#[cfg(test)]
mod tests {
    use super::super::row::row;
    use super::*;

    fn table() -> Table {
        let (name, quoted) = ("t".to_owned(), "\"public\".\"t\"".to_owned());
        Table { name, quoted, columns: Vec::new(), key: Vec::new(), has_fill_factor: false }
    }

    fn reading(first: usize, values: &[&str]) -> Reading {
        let places = (first..).map(|offset| format!("(0,{offset})"));
        let rows: Vec<_> =
            places.zip(values).map(|(place, value)| row(&[Some(&place), Some(value)])).collect();
        Reading::of(&rows)
    }

    #[test]
    fn an_untouched_table_is_left_alone_and_a_touched_one_is_rewritten() {
        let fresh = reading(1, &["a", "b"]);
        let mut kept = Kept::new(table(), fresh);
        assert_eq!(kept.mending(&fresh, false), None);
        assert_eq!(kept.mending(&reading(1, &["a", "c"]), false), Some(Mending::Rewrite));
        // The same rows elsewhere, or in another order, are not what was remembered.
        assert_eq!(kept.mending(&reading(3, &["a", "b"]), false), Some(Mending::Rewrite));
        assert_eq!(kept.mending(&reading(1, &["b", "a"]), false), Some(Mending::Rewrite));
        assert_eq!(kept.mending(&fresh, true), Some(Mending::Rewrite));
    }

    #[test]
    fn a_page_that_fills_up_is_rebuilt() {
        let mut kept = Kept::new(table(), reading(1, &["a", "b"]));
        assert_eq!(kept.mending(&reading(90, &["a", "c"]), false), Some(Mending::Rebuild));
        assert!(kept.mended(Mending::Rewrite, &reading(90, &["a", "b"])));
        assert_eq!(kept.mending(&reading(1, &["a", "c"]), false), Some(Mending::Rebuild));
        assert!(kept.mended(Mending::Rebuild, &reading(1, &["a", "b"])));
        assert_eq!(kept.mending(&reading(3, &["a", "c"]), false), Some(Mending::Rewrite));
        assert!(!kept.mended(Mending::Rewrite, &reading(5, &["b", "a"])));
    }

    #[test]
    fn a_table_of_a_quarter_page_is_always_rebuilt() {
        let long = "x".repeat(CONTENT_BYTES_MAX);
        let mut kept = Kept::new(table(), reading(1, &[&long]));
        assert_eq!(kept.mending(&reading(1, &["a"]), false), Some(Mending::Rebuild));
    }

    /// Nothing of it is to be seen, but inserts that were rolled back have filled the page.
    #[test]
    fn what_looks_untouched_is_rebuilt_in_the_end() {
        let fresh = reading(1, &["a"]);
        let mut kept = Kept::new(table(), fresh);
        let mendings =
            (0..UNCHANGED_ROUNDS_MAX).filter_map(|_| kept.mending(&fresh, false)).collect::<Vec<_>>();
        assert_eq!(mendings, [Mending::Rebuild]);
    }
}
