//! Owns [`Commands`]: what the server's own table says about a command, and where it says that a request has its keys.

use std::collections::BTreeMap;

use super::super::exchange::{Exchange, refusal};
use crate::gate::BackendError;
use crate::wire::redis::Value;

/// What is known of the server's commands, by their names in capitals; it is the same for as long as the server lives.
#[derive(Debug, Default)]
pub(super) struct Commands {
    by_name: BTreeMap<String, Option<Command>>,
}

/// One row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Command {
    flags: Vec<String>,
    /// Positions of the first and the last key, the command's name being 0; a negative one is counted from the end.
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) step: i64,
}

impl Command {
    pub(super) fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|own| own == flag)
    }

    /// Whether it does more than its keys say.
    pub(super) fn reaches_beyond(&self) -> bool {
        ["admin", "pubsub", "module"].iter().any(|flag| self.has(flag))
    }
}

/// A key of a request, and whether it is only read.
pub(super) type Key = (Vec<u8>, bool);

const ACTION: &str = "say what a command touches";

impl Commands {
    /// What the server says about the command called `name`. `None` if it knows none, or says it in a way that we do not know.
    pub(super) async fn of(
        &mut self,
        control: &mut Exchange,
        name: &str,
    ) -> Result<Option<Command>, BackendError> {
        if let Some(known) = self.by_name.get(name) {
            return Ok(known.clone());
        }
        let info: &[&[u8]] = &[b"COMMAND", b"INFO", name.as_bytes()];
        let mut read = control.ask(ACTION, &[info], |_, value| Ok(read_row(value))).await?;
        let command = read.pop().flatten();
        self.by_name.insert(name.to_owned(), command.clone());
        Ok(command)
    }
}

/// The keys of a request. `None` if the server does not say, as one before 7.0 does not.
pub(super) async fn keys(
    control: &mut Exchange,
    arguments: &[&[u8]],
) -> Result<Option<Vec<Key>>, BackendError> {
    let question = [&[b"COMMAND", b"GETKEYSANDFLAGS".as_slice()], arguments].concat();
    let mut read = control.ask(ACTION, &[&question], |_, value| Ok(read_keys(value))).await?;
    Ok(read.pop().flatten())
}

fn read_row(value: &Value<'_>) -> Option<Command> {
    let Value::Array(rows) = value else { return None };
    let [Value::Array(row)] = rows.as_slice() else { return None };
    let [_, _, Value::Array(flags), first, last, step, ..] = row.as_slice() else { return None };
    let (Value::Integer(first), Value::Integer(last), Value::Integer(step)) = (first, last, step) else {
        return None;
    };
    let flags = flags.iter().map(|flag| word(flag)).collect::<Option<_>>()?;
    Some(Command { flags, first: *first, last: *last, step: *step })
}

fn read_keys(value: &Value<'_>) -> Option<Vec<Key>> {
    if let Some(refused) = refusal(value) {
        return refused.contains("no key arguments").then(Vec::new);
    }
    let Value::Array(rows) = value else { return None };
    let read = |row: &Value<'_>| {
        let Value::Array(row) = row else { return None };
        let [key, Value::Array(flags)] = row.as_slice() else { return None };
        let flags = flags.iter().map(|flag| word(flag)).collect::<Option<Vec<_>>>()?;
        Some((key.text()?.to_vec(), flags.iter().any(|flag| flag == "RO")))
    };
    rows.iter().map(read).collect()
}

fn word(value: &Value<'_>) -> Option<String> {
    value.text().map(|text| String::from_utf8_lossy(text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::redis::decode;

    #[test]
    fn row_of_the_table_is_read_and_what_is_none_is_not() {
        let row = b"*1\r\n*7\r\n$3\r\nget\r\n:2\r\n*2\r\n+readonly\r\n+fast\r\n:1\r\n:1\r\n:1\r\n*0\r\n";
        let read = read_row(&decode(row).unwrap()).unwrap();
        assert!(read.has("readonly") && !read.has("write") && !read.reaches_beyond());
        assert_eq!((read.first, read.last, read.step), (1, 1, 1));
        for unknown in [&b"*1\r\n*-1\r\n"[..], b"-ERR x\r\n", b"*1\r\n*1\r\n$3\r\nget\r\n"] {
            assert_eq!(read_row(&decode(unknown).unwrap()), None);
        }
    }

    #[test]
    fn request_without_keys_differs_from_one_of_which_nothing_is_known() {
        let read = |reply: &[u8]| read_keys(&decode(reply).unwrap());
        assert_eq!(read(b"-ERR The command has no key arguments\r\n"), Some(Vec::new()));
        assert_eq!(read(b"-ERR Unknown subcommand or wrong number of arguments\r\n"), None);
        let keys = b"*2\r\n*2\r\n$1\r\na\r\n*1\r\n+RO\r\n*2\r\n$1\r\nb\r\n*2\r\n+RW\r\n+access\r\n";
        assert_eq!(read(keys), Some(vec![(b"a".to_vec(), true), (b"b".to_vec(), false)]));
    }
}
