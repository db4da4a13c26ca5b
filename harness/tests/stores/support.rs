//! Owns what the store tests share: starting stores, and asking one something.

use raceproof::store::{Needs, ProviderChoice, Server, StoreOptions, Stores};

pub(crate) fn options(provider: ProviderChoice, needs: Needs) -> StoreOptions {
    StoreOptions { provider, needs, ..StoreOptions::default() }
}

pub(crate) async fn start(provider: ProviderChoice, needs: Needs) -> Stores {
    Stores::start(&options(provider, needs)).await.unwrap()
}

/// Writes and reads a key.
pub(crate) async fn use_redis(server: &Server) {
    let client = redis::Client::open(server.redis_info()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let () = redis::cmd("SET").arg("key").arg("value").query_async(&mut connection).await.unwrap();
    let value: String = redis::cmd("GET").arg("key").query_async(&mut connection).await.unwrap();
    assert_eq!(value, "value");
}

/// Runs one statement and gives the first column of its first row.
pub(crate) async fn query(server: &Server, sql: &str) -> String {
    let (client, connection) = server.postgres_config().connect(tokio_postgres::NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    let value = client.query_one(sql, &[]).await.unwrap().get(0);
    drop(client);
    connection.await.unwrap().unwrap();
    value
}
