//! Owns what passing time means in Redis: which keys end, when the next one does, and the shifting of times to live where
//! the server's own clock cannot be set.
//!
//! A key is alive as long as the clock is not past its last millisecond, and a command that waits goes on waiting as
//! long: seen on 7.0. So the moment at which something has changed is one millisecond later.

use std::time::Duration;

use super::exchange::refusal;
use crate::wire::redis::Value;

/// The first time at which what ends at a time has ended.
pub(super) const GRAIN: Duration = Duration::from_millis(1);
/// Moments in values that are farther away than this are numbers that mean something else.
const AHEAD_MS_MAX: u64 = 86_400_000;
/// A time to live that the real clock has eaten into is taken for what it was when it was set.
const SHIFTED_GRAIN_MS: u64 = 100;

/// Every database with keys, or the one that is ours alone, selected in turn. A script's own choice of database ends
/// with it.
macro_rules! in_each_database {
    ($body:literal) => {
        concat!(
            r"
local databases = {}
if ARGV[1] == 'confined' then
  databases[1] = false
else
  for number in string.gmatch(redis.call('INFO', 'keyspace'), 'db(%d+):') do
    databases[#databases + 1] = tonumber(number)
  end
end
local out = {}
for _, database in ipairs(databases) do
  if database then redis.call('SELECT', database) end
  local keys = redis.call('KEYS', '*')
  table.sort(keys)
",
            $body,
            "
end
"
        )
    };
}

/// Answers with a flat list of database (empty for ours alone) and key for each key that ends before the time in
/// milliseconds `ARGV[3]`, the first that ends first; `ARGV[2]` is what time it is.
pub(super) const ENDING: &str = concat!(
    in_each_database!(
        r"
  for _, key in ipairs(keys) do
    local life = redis.call('PTTL', key)
    if life >= 0 and ARGV[2] + life < tonumber(ARGV[3]) then
      out[#out + 1] = { life, #out, database or '', key }
    end
  end"
    ),
    r"
table.sort(out, function(a, b) if a[1] == b[1] then return a[2] < b[2] end return a[1] < b[1] end)
local flat = {}
for _, ending in ipairs(out) do
  flat[#flat + 1] = tostring(ending[3])
  flat[#flat + 1] = ending[4]
end
return flat"
);

/// Looks at keys, each behind its database, so that those that have ended are removed and told of in this order.
pub(super) const END: &str = r"
for index = 1, #ARGV, 2 do
  if ARGV[index] ~= '' then redis.call('SELECT', ARGV[index]) end
  redis.call('EXISTS', ARGV[index + 1])
end";

/// Takes `ARGV[2]` milliseconds off every time to live.
pub(super) const SHIFT: &str = in_each_database!(
    r"
  for _, key in ipairs(keys) do
    local life = redis.call('PTTL', key)
    if life >= 0 then redis.call('PEXPIRE', key, math.max(life - ARGV[2], 0)) end
  end"
);

/// Answers with the next moment at or after `ARGV[2]`, in milliseconds, at which a key ends, or at which a moment has come
/// that a string names in seconds, milliseconds or microseconds; in microseconds, or nothing.
pub(super) const NEXT: &str = concat!(
    in_each_database!(
        r"
  local now = tonumber(ARGV[2])
  local function offer(moment)
    if moment >= now and (not out[1] or moment < out[1]) then out[1] = moment end
  end
  for _, key in ipairs(keys) do
    local life = redis.call('PTTL', key)
    if life >= 0 then offer(math.floor(now) + life) end
    if redis.call('TYPE', key).ok == 'string' and redis.call('STRLEN', key) <= 32 then
      local value = redis.call('GET', key)
      local number = string.match(value, '^%d+%.?%d*$') and tonumber(value)
      for _, moment in ipairs(number and { number * 1000, number, number / 1000 } or {}) do
        if moment < now + ARGV[3] then offer(moment) end
      end
    end
  end"
    ),
    r"
return out[1] and string.format('%.0f', out[1] * 1000) or false"
);

/// The words for [`NEXT`] and the others that say which databases are meant.
pub(super) fn scope(is_confined: bool) -> &'static [u8] {
    if is_confined { b"confined" } else { b"all" }
}

/// A time in milliseconds, as the scripts take it.
pub(super) fn millis(time: Duration) -> String {
    format!("{}.{:03}", time.as_millis(), time.subsec_micros() % 1_000)
}

pub(super) fn ahead_ms_max() -> String {
    AHEAD_MS_MAX.to_string()
}

/// Reads the answer of [`ENDING`].
pub(super) fn read_ending(answer: &Value<'_>) -> Result<Vec<Vec<u8>>, String> {
    match answer {
        Value::Array(items) => {
            Ok(items.iter().map(|item| item.text().unwrap_or_default().to_vec()).collect())
        }
        other => Err(refusal(other).unwrap_or_else(|| "no list".to_owned())),
    }
}

/// Reads the answer of [`NEXT`].
pub(super) fn read_next(answer: &Value<'_>) -> Result<Option<Duration>, String> {
    if let Some(refused) = refusal(answer) {
        return Err(refused);
    }
    let micros = answer.text().and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
    Ok(micros.map(Duration::from_micros))
}

/// The next deadline under a clock that runs on while keys live: a moment that is likely to be told again the next time.
pub(super) fn rounded(deadline: Duration) -> Duration {
    let millis = u64::try_from(deadline.as_micros().div_ceil(1_000)).unwrap_or(u64::MAX);
    Duration::from_millis(millis.next_multiple_of(SHIFTED_GRAIN_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_to_the_microsecond() {
        assert_eq!(millis(Duration::from_micros(1_893_456_000_000_042)), "1893456000000.042");
    }

    #[test]
    fn shifted_deadline_is_the_one_that_was_meant() {
        let at = Duration::from_millis;
        assert_eq!(rounded(at(1_893_456_000_997)), at(1_893_456_001_000));
        assert_eq!(rounded(at(1_893_456_001_000)), at(1_893_456_001_000));
    }
}
