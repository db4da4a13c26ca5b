//! Owns [`Batch`]: statements of the harness's own, packed to be sent in one write.

use std::error::Error;

use bytes::{BufMut, BytesMut};
use postgres_protocol::IsNull;
use postgres_protocol::message::frontend;

/// Messages to the server, of which each section is answered with the word that it is ready for the next.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) bytes: BytesMut,
    pub(super) sections: usize,
}

impl Batch {
    /// Keeps `sql` under `name` on this connection; `name` must be free.
    pub(super) fn prepare(&mut self, name: &str, sql: &str) {
        frontend::parse(name, sql, [], &mut self.bytes).expect(NO_ZERO);
    }

    /// Runs what was prepared under `name`, with parameters as text.
    pub(super) fn run(&mut self, name: &str, parameters: &[&str]) {
        let bound = frontend::bind("", name, [], parameters, write_text, [], &mut self.bytes);
        assert!(bound.is_ok(), "our own names and values fit into a message");
        frontend::execute("", 0, &mut self.bytes).expect(NO_ZERO);
    }

    /// Ends a section: what was run in it takes effect together, and if one fails, none does.
    pub(super) fn sync(&mut self) {
        frontend::sync(&mut self.bytes);
        self.sections += 1;
    }

    /// A section of its own that runs `name` after `lock`, both prepared, unless the lock is refused. The last of several
    /// is followed by [`roll_back`](Self::roll_back).
    pub(super) fn run_unless_locked(&mut self, lock: &str, name: &str, parameters: &[&str]) {
        // A section before this one may have been refused in the middle of its transaction.
        for word in [ROLL_BACK, BEGIN, lock] {
            self.run(word, &[]);
        }
        self.run(name, parameters);
        self.run(COMMIT, &[]);
        self.sync();
    }

    /// A section of its own that ends a transaction which was refused.
    pub(super) fn roll_back(&mut self) {
        self.run(ROLL_BACK, &[]);
        self.sync();
    }

    /// Prepares the words for transactions.
    pub(super) fn prepare_words(&mut self) {
        self.prepare(ROLL_BACK, "ROLLBACK");
        self.prepare(BEGIN, "BEGIN");
        self.prepare(COMMIT, "COMMIT");
    }

    /// A section of its own with statements in plain text, separated by semicolons.
    pub(super) fn query(&mut self, sql: &str) {
        frontend::query(sql, &mut self.bytes).expect(NO_ZERO);
        self.sections += 1;
    }
}

const ROLL_BACK: &str = "roll_back";
const BEGIN: &str = "begin";
const COMMIT: &str = "commit";

const NO_ZERO: &str = "neither our statements nor the server's names hold a zero byte";

fn write_text(text: &&str, buffer: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
    buffer.put_slice(text.as_bytes());
    Ok(IsNull::No)
}

/// A name in SQL, whatever letters it has.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text in SQL, whatever letters it has.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// An array of numbers, as a parameter.
pub(super) fn array(numbers: &[u64]) -> String {
    let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    format!("{{{}}}", numbers.join(","))
}

/// The numbers of an array without nulls, as an answer gives it.
pub(super) fn numbers(array: &str) -> Vec<u64> {
    let inside = array.trim_start_matches('{').trim_end_matches('}');
    inside.split(',').filter_map(|number| number.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_texts_are_quoted() {
        assert_eq!(quoted(r#"a"b"#), r#""a""b""#);
        assert_eq!(literal("it's"), "'it''s'");
    }

    #[test]
    fn arrays_round_trip() {
        for all in [vec![], vec![7], vec![1, 2, 3]] {
            assert_eq!(numbers(&array(&all)), all);
        }
    }
}
