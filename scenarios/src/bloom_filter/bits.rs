//! Owns the bits themselves: where a member's are, and how they are set and read.

use raceproof::scenario::Result;
use redis::aio::MultiplexedConnection;

use crate::script::{eval, send};

/// The key of the filter.
pub(super) const FILTER: &str = "filter";
/// Whose bits they are: those of everybody here are distinct, so that a "perhaps" has no other cause.
const MEMBERS: [(&str, [&str; 2]); 3] = [("ann", ["1", "10"]), ("bob", ["2", "11"]), ("cid", ["3", "12"])];
/// Sets all bits; whether one of them was not set.
const ADD: &str = "
local new = 0
for _, place in ipairs(ARGV) do
    if redis.call('SETBIT', KEYS[1], place, 1) == 0 then new = 1 end
end
return new
";

/// The bits of `member`.
pub(super) fn places(member: &str) -> [&'static str; 2] {
    MEMBERS.iter().find(|(name, _)| *name == member).expect("the bits of everybody here are known").1
}

/// Sets the bits of `member` one by one; whether one of them was not set.
pub(super) async fn add_one_by_one(
    redis: &mut MultiplexedConnection,
    filter: &str,
    member: &str,
) -> Result<bool> {
    let mut is_new = false;
    for place in places(member) {
        is_new |= send::<i64>(redis, &["SETBIT", filter, place, "1"]).await? == 0;
    }
    Ok(is_new)
}

/// Sets the bits of `member` in one script; whether one of them was not set.
pub(super) async fn add(redis: &mut MultiplexedConnection, filter: &str, member: &str) -> Result<bool> {
    Ok(eval(redis, ADD, &[filter], &places(member)).await?)
}

/// Whether `member` is perhaps one, bit by bit.
pub(super) async fn might_contain(redis: &mut MultiplexedConnection, member: &str) -> Result<bool> {
    for place in places(member) {
        if send::<i64>(redis, &["GETBIT", FILTER, place]).await? == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}
