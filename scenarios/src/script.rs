//! Owns how scenarios run a script in Redis, and how they send what the client has no method for.

use redis::aio::MultiplexedConnection;
use redis::{FromRedisValue, RedisResult};

/// Runs `script` with these keys and arguments.
pub(crate) async fn eval<T: FromRedisValue>(
    redis: &mut MultiplexedConnection,
    script: &str,
    keys: &[&str],
    arguments: &[&str],
) -> RedisResult<T> {
    redis::cmd("EVAL").arg(script).arg(keys.len()).arg(keys).arg(arguments).query_async(redis).await
}

/// One command, by its words.
pub(crate) async fn send<T: FromRedisValue>(
    redis: &mut MultiplexedConnection,
    words: &[&str],
) -> RedisResult<T> {
    let (name, arguments) = words.split_first().expect("a command has a name");
    redis::cmd(name).arg(arguments).query_async(redis).await
}
