//! Owns [`Remembered`]: the content in which every execution starts, as commands that bring it back.

use std::time::Duration;

use crate::wire::redis::Value;

/// Answers with a flat list of key, remaining life in ms (0 for ever) and serialized value, by key.
pub(super) const SCRIPT: &str = r"
local out = {}
local keys = redis.call('KEYS', '*')
table.sort(keys)
for _, key in ipairs(keys) do
  out[#out + 1] = key
  out[#out + 1] = tostring(math.max(redis.call('PTTL', key), 0))
  out[#out + 1] = redis.call('DUMP', key)
end
return out
";

/// What a set-up left behind.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    /// Key, remaining life in milliseconds (0 for ever), serialized value.
    keys: Vec<[Vec<u8>; 3]>,
    /// What time it was, for a server that lives by a clock of ours; the lives are ends then (0 for ever).
    at: Option<Duration>,
}

impl Remembered {
    /// Reads the script's answer; `at` is what time it is, if that is ours to say.
    pub(super) fn read(answer: &Value<'_>, at: Option<Duration>) -> Result<Self, String> {
        let Value::Array(items) = answer else {
            return Err(super::exchange::refusal(answer).unwrap_or_else(|| "no list".to_owned()));
        };
        let bytes = |value: &Value<'_>| value.text().unwrap_or_default().to_vec();
        let life = |value: &Value<'_>| end_of(&bytes(value), at);
        let keys = items.chunks_exact(3).map(|entry| [bytes(&entry[0]), life(&entry[1]), bytes(&entry[2])]);
        Ok(Self { keys: keys.collect(), at })
    }

    /// What time it was, if that was ours to say.
    pub(super) fn at(&self) -> Option<Duration> {
        self.at
    }

    /// The commands that bring it back into an empty database. A key lives again as long as it did when it was
    /// remembered: by a clock of ours exactly, if it is set to [what it was](Self::at) before.
    pub(super) fn commands(&self) -> impl Iterator<Item = Vec<&[u8]>> {
        self.keys.iter().map(|[key, life, value]| {
            let mut command = vec![b"RESTORE".as_slice(), key, life, value];
            command.extend(self.at.map(|_| b"ABSTTL".as_slice()));
            command
        })
    }
}

/// The end of a remaining life in milliseconds, or that life if it is not known what time it is. For ever stays for ever.
fn end_of(life: &[u8], at: Option<Duration>) -> Vec<u8> {
    let millis: u128 = String::from_utf8_lossy(life).parse().unwrap_or_default();
    match at {
        Some(at) if millis > 0 => (at.as_millis() + millis).to_string().into_bytes(),
        _ => life.to_vec(),
    }
}

/// How many scripts and functions `INFO memory` says that the server holds.
pub(super) fn code_count(info: &str) -> u64 {
    let number = |line: &str| {
        let (name, value) = line.trim().split_once(':')?;
        let counts = matches!(name, "number_of_cached_scripts" | "number_of_functions");
        counts.then(|| value.parse::<u64>().ok()).flatten()
    };
    info.lines().filter_map(number).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lives_become_ends_where_the_time_is_known() {
        let at = Some(Duration::from_millis(5_000));
        assert_eq!((end_of(b"100", at), end_of(b"0", at)), (b"5100".to_vec(), b"0".to_vec()));
        assert_eq!(end_of(b"100", None), b"100");
    }

    #[test]
    fn scripts_and_functions_are_counted_together() {
        let info = "# Memory\r\nused_memory:9\r\nnumber_of_cached_scripts:2\r\nnumber_of_functions:1\r\n";
        assert_eq!(code_count(info), 3);
        assert_eq!(code_count("nonsense"), 0);
    }
}
