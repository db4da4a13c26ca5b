//! Owns the reading of everything in a Redis database in one round trip.

use std::collections::BTreeMap;

use crate::history::{Datum, State};
use crate::wire::redis::Value;

/// Answers with a flat list of key, type, whether it expires, and content, by key.
///
/// A string longer than 64 KiB, and a value of a type that is not listed, is answered with its size and digest.
pub(super) const SCRIPT: &str = r"
local out = {}
local keys = redis.call('KEYS', '*')
table.sort(keys)
for _, key in ipairs(keys) do
  local kind = redis.call('TYPE', key).ok
  local content
  if kind == 'string' then
    content = redis.call('GET', key)
    if #content > 65536 then
      kind = 'opaque'
      content = 'string of ' .. #content .. ' bytes, sha1 ' .. redis.sha1hex(content)
    end
  elseif kind == 'list' then content = redis.call('LRANGE', key, 0, -1)
  elseif kind == 'set' then content = redis.call('SMEMBERS', key)
  elseif kind == 'hash' then content = redis.call('HGETALL', key)
  elseif kind == 'zset' then content = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  elseif kind == 'stream' then
    content = {}
    for _, entry in ipairs(redis.call('XRANGE', key, '-', '+')) do
      content[#content + 1] = entry[1] .. ' ' .. table.concat(entry[2], ' ')
    end
  else
    content = kind .. ', sha1 ' .. redis.sha1hex(redis.call('DUMP', key))
    kind = 'opaque'
  end
  out[#out + 1] = key
  out[#out + 1] = kind
  out[#out + 1] = redis.call('PTTL', key) >= 0 and 1 or 0
  out[#out + 1] = content
end
return out
";

/// Reads the script's answer.
pub(super) fn read(answer: &Value<'_>) -> Result<State, String> {
    let Value::Array(items) = answer else {
        return Err(super::exchange::refusal(answer).unwrap_or_else(|| "no list".to_owned()));
    };
    let mut entries = BTreeMap::new();
    for entry in items.chunks(4) {
        let [key, kind, expires, content] = entry else {
            return Err("a list that is cut off".to_owned());
        };
        let datum = datum(&text(kind), content);
        let datum = if *expires == Value::Integer(1) { Datum::Expiring(Box::new(datum)) } else { datum };
        entries.insert(text(key), datum);
    }
    Ok(State::new(entries))
}

fn datum(kind: &str, content: &Value<'_>) -> Datum {
    let items = || match content {
        Value::Array(items) => items.iter().map(text).collect(),
        _ => Vec::new(),
    };
    let pairs = || {
        let items = items();
        items.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect()
    };
    match kind {
        "string" => Datum::Text(text(content)),
        "list" | "stream" => Datum::List(items()),
        "set" => Datum::Set(items().into_iter().collect()),
        "hash" => Datum::Map(pairs()),
        "zset" => Datum::Scores(pairs()),
        _ => Datum::Opaque(text(content)),
    }
}

fn text(value: &Value<'_>) -> String {
    String::from_utf8_lossy(value.text().unwrap_or_default()).into_owned()
}
