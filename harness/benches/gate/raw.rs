//! Owns the baseline: the same client, the same commands, no gate.

use std::time::Instant;

use raceproof::store::Address;
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;

/// A connection straight to the server.
pub(crate) async fn connect(address: &Address) -> redis::RedisResult<MultiplexedConnection> {
    let url = match address {
        Address::Unix(path) => format!("unix://{}", path.display()),
        tcp @ Address::Tcp { .. } => format!("redis://{tcp}"),
    };
    redis::Client::open(url)?.get_multiplexed_async_connection().await
}

/// GET and SET in turn, each after the reply to the one before.
pub(crate) async fn alternate(
    connection: &mut MultiplexedConnection,
    commands: usize,
) -> redis::RedisResult<f64> {
    let started = Instant::now();
    for number in 0..commands / 2 {
        let _: Option<String> = connection.get("counter").await?;
        let () = connection.set("counter", number).await?;
    }
    Ok(commands as f64 / started.elapsed().as_secs_f64())
}

pub(crate) async fn commands_per_second(address: &Address, commands: usize) -> redis::RedisResult<f64> {
    alternate(&mut connect(address).await?, commands).await
}
